# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host is not rebooted before its values are written; a doubtful record does not prevent it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks.reboot import unwritten


def entry(name: str, value_name: str | None, before: Any, after: Any) -> dict[str, Any]:
    return {"id": name, "value_name": value_name, "before": before, "after": after}


@pytest.mark.parametrize(
    ("entries", "names"),
    [
        ([], []),
        ([entry("reserved_ports", "ReservedPorts", ["1-1"], ["2-2"])], ["ReservedPorts"]),
        # The right data under a wrong type is not right.
        ([entry("reserved_ports", "ReservedPorts", ["2-2"], ["2-2"])], ["ReservedPorts"]),
        ([entry("state", None, {"reserved_ports": None}, {"reserved_ports": "2-2"})], ["state"]),
        ([entry("state", None, {"reserved_ports": "2-2"}, {"reserved_ports": "2-2"})], []),
    ],
)
def test_what_has_to_be_written_before_a_boot(entries: list[dict[str, Any]], names: list[str]) -> None:
    assert unwritten({"settings": entries}) == names
