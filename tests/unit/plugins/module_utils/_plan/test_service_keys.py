# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service key is written as the host has it, also at the start of a message."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    BOOT_MARK,
    recorded,
    server_2019,
    service,
    with_dns,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import plan

OWN = {"name": "own", "services": ["ownAgent"], "ports": ["6000"], "hold": "always"}
RAN = recorded({"ran_before": "ownAgent"}, boot_mark=BOOT_MARK)


def _messages(found: dict[str, Any], key: str, **options: Any) -> dict[str, str]:
    made = server_2019()
    made["services"] = {key: found}
    made["state"] = options.pop("state", made["state"])
    problems = plan(with_dns(made), **options)["problems"]
    return {problem["id"]: problem["message"] for problem in problems if problem["data"].get("service") == key}


@pytest.mark.parametrize(
    ("problem", "start", "found", "options"),
    [
        ("service_not_running", "klnagent does not run", service(state=1, exit_code=1067), {}),
        ("port_not_held", "ownAgent runs but does not hold", service(pid=9), {"catalogue_extra": [OWN]}),
        ("service_not_yet_running", "ownAgent starts", service(state=2), {"catalogue_extra": [OWN]}),
        ("service_ran_before", "ownAgent ran before", service(state=1), {"state": RAN}),
        ("service_state_unreadable", "The state of klnagent", {**service(), "state": None}, {}),
    ],
)
def test_a_key_keeps_its_case(problem: str, start: str, found: dict[str, Any], options: dict[str, Any]) -> None:
    key = "ownAgent" if start.startswith("own") else "klnagent"
    assert _messages(found, key, **options)[problem].startswith(start)
