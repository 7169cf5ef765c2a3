# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running service that takes another port, or whose need of UDP is only assumed, has no conflict but is exposed."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    server_2019,
    service,
    socket,
    with_dns,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import plan

LOWERED = {family: {"start": 1025, "count": 64511} for family in ("udp4", "udp6")}
ANOTHER = "It takes another port instead, so this is no conflict."
ASSUMED = "over UDP is only assumed, so this is no conflict."
MILD = {
    "Tailscale": (41641, ANOTHER),
    "QuickBooksDB33": (55370, ASSUMED),
    "AeXNSClient": (52028, ASSUMED),
    "SEVPNSERVER": (1194, ASSUMED),
    "AdmPwd.E.PDS": (61184, ASSUMED),
    "ADAM_app": (50636, ASSUMED),
}


def _lost(name: str, *ports: int, found: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a domain controller on which DNS holds ports of a service."""
    held = ["53-53", *(f"{port}-{port}" for port in ports)]
    made = server_2019(dns={"udp_ports": {"udp4": held, "udp6": ["53-53"]}}, dynamic_ports=LOWERED)
    made["services"] = {name: found or service(pid=3000)}
    made["udp_endpoints"], made["udp_ports"] = [], {"udp4": [], "udp6": []}
    return with_dns(made)


def _told(found: dict[str, Any], problem_id: str = "service_runs_without_port") -> list[tuple[str, str]]:
    return [(problem["severity"], problem["message"]) for problem in found["problems"] if problem["id"] == problem_id]


@pytest.mark.parametrize("name", MILD)
def test_it_is_no_conflict_while_the_service_runs_and_yet_exposed_and_said(name: str) -> None:
    port, meaning = MILD[name]
    found = plan(_lost(name, port))
    assert (found["live_conflicts"], found["status"]) == ([], "drifted")
    ((severity, message),) = _told(found)
    assert severity == "info"
    assert message.startswith(f"{name} runs without UDP {port}, which DNS holds.") and message.endswith(meaning)
    need = next(need for need in found["needs"] if f"{port}-{port}" in need["ports"] or name in need["services"])
    assert need["exposed"] is True
    assert found["risk"]["now"] > 0


def test_the_configured_ports_of_ad_lds_are_assumed_as_well() -> None:
    made = _lost("ADAM_app", 50010)
    made["configured_ports"] = {"ADAM_app": {"Port LDAP": 50010, "Port SSL": 50011}}
    found = plan(made)
    assert found["live_conflicts"] == []
    assert [severity for severity, _message in _told(found)] == ["info"]


@pytest.mark.parametrize("name", MILD)
def test_it_is_a_conflict_where_the_service_has_failed_for_its_port(name: str) -> None:
    port, meaning = MILD[name]
    found = plan(_lost(name, port, found=service(state=1, exit_code=10048)))
    assert (found["status"], [row["port"] for row in found["live_conflicts"]]) == ("conflict", [port])
    assumed = _told(found, "udp_need_assumed")
    assert bool(assumed) == (meaning == ASSUMED)
    assert all(message.startswith(f"That {name} needs {port} over UDP is only assumed") for _level, message in assumed)


@pytest.mark.parametrize("name", MILD)
def test_it_is_restarted_on_request(name: str) -> None:
    found = plan(_lost(name, MILD[name][0]), restart_services=[name])
    assert [action.get("services_to_restart") for action in found["actions"]] == [[name]]


def test_a_service_that_needs_its_port_for_certain_has_a_conflict_still() -> None:
    found = plan(_lost("Netbird", 51820))
    assert (found["status"], [row["port"] for row in found["live_conflicts"]]) == ("conflict", [51820])
    assert [severity for severity, _message in _told(found)] == ["warning"]


def test_an_unnamed_holder_of_such_a_port_is_no_reason_to_be_unsure() -> None:
    made = _lost("Tailscale")
    made["udp_endpoints"] = [socket(41641, None, None)]
    made["udp_ports"]["udp4"] = ["41641-41641"]
    assert "holder_unknown" not in {problem["id"] for problem in plan(made)["problems"]}
