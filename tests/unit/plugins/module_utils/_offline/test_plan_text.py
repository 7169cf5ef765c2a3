# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""plan.txt tells the person at the server all that apply.cmd does there, and what to do in which order."""

from __future__ import annotations

from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.host import Host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.plan_text import plan_text
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import plan_host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    conflict_facts,
    server_2019,
    service,
)


def text_of(found: dict[str, Any], **options: Any) -> list[str]:
    plan = plan_host(Host(found), Policy.from_options({"profiles": [], **options}))
    return plan_text(found, plan, True, None)


def test_the_restart_comes_before_the_last_transcript() -> None:
    text = text_of(conflict_facts())
    assert "2. Restart the server when it suits. Then run collect.cmd, and bring its file back." in text


def test_without_a_restart_the_last_transcript_is_due_at_once() -> None:
    assert "2. Run collect.cmd afterwards, and bring its file back." in text_of(server_2019(), extra_ports=["50601"])


def test_running_services_that_are_stopped_are_named() -> None:
    held = {"udp_ports": {"udp4": ["53-53", "15000-15000"], "udp6": ["53-53"]}}
    lowered = {"start": 1025, "count": 64511}
    found = server_2019(
        dns=held, services={"klnagent": service(pid=44)}, dynamic_ports={"udp4": lowered, "udp6": lowered}
    )
    told = "\n".join(text_of(found, restart_services=["klnagent"]))
    assert "These are stopped before DNS, and started before it: klnagent." in told
    assert "Reason: UDP 15000 of klnagent is held by dns.exe" in told
