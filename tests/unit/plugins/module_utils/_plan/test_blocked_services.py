# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service whose port is in a block that Windows itself has excluded is named, with the block and the way out."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    block,
    server_2019,
    service,
    socket,
    starred,
    with_dns,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import plan, verify

FAILED = "service_failed_for_port"
EXCLUDED = "service_port_excluded"


def bigfix(exit_code: int, start: int | None = 2, rows: list[dict[str, Any]] | None = None, **parts: Any) -> Any:
    """Return a Server 2019 whose BigFix client is stopped, with its port in a block unless said otherwise."""
    made = server_2019(exclusions={"udp4": block("52300-52399") if rows is None else rows, "udp6": []})
    made["services"] = {"BESClient": service(1, start, None, exit_code, **parts)}
    return with_dns(made)


def about(found: dict[str, Any], *ids: str) -> list[tuple[str, str, str]]:
    """Return id, severity and service of the problems about services."""
    return [
        (problem["id"], problem["severity"], problem["data"]["service"])
        for problem in found["problems"]
        if problem["id"] in (ids or (FAILED, EXCLUDED, "service_not_running"))
    ]


@pytest.mark.parametrize("error", [10013, 10048])
@pytest.mark.parametrize("start", [2, None])
@pytest.mark.parametrize("trigger", [False, True])
def test_an_automatic_service_that_failed_in_a_block_is_named(trigger: bool, start: int | None, error: int) -> None:
    found = plan(bigfix(error, start, trigger=trigger))
    assert (found["status"], about(found)) == ("service_down", [(FAILED, "warning", "BESClient")])
    (problem,) = [problem for problem in found["problems"] if problem["id"] == FAILED]
    assert problem["data"] == {
        "service": "BESClient",
        "start": start,
        "error": error,
        "ports": ["52311-52311"],
        "held_by_dns": [],
        "blocks": ["52300-52399"],
    }


def test_its_message_names_error_block_and_the_ways_out() -> None:
    (problem,) = [problem for problem in plan(bigfix(10013))["problems"] if problem["id"] == FAILED]
    assert problem["message"] == (
        "BESClient failed for its port with error 10013 (the port is excluded or held exclusively); UDP 52311 lies in"
        " 52300-52399, which Windows itself has excluded (WinNAT, HNS, http.sys), so the service cannot start before"
        " that is gone: stop what excluded it, and exclude this port with use_netsh, or give the service another port."
        " If that is accepted, name the service in ignore_services, or for some time in accepted_risks."
    )


@pytest.mark.parametrize("trigger", [False, True])
def test_disabled_it_is_information(trigger: bool) -> None:
    made = bigfix(10013, 4, trigger=trigger)
    found = plan(made)
    assert about(found) == [(FAILED, "info", "BESClient")]
    assert found["status"] not in ("service_down", "conflict")
    assert verify(made, Policy.from_options())["ok"]


@pytest.mark.parametrize("trigger", [False, True])
@pytest.mark.parametrize("exit_code", [0, 1077, 10013, 10048])
def test_on_demand_it_is_down_whether_or_not_it_has_failed_already(exit_code: int, trigger: bool) -> None:
    """From 2008 on a trigger may start it at any time: the failure itself must not make it look better."""
    made = bigfix(exit_code, 3, trigger=trigger)
    found = plan(made)
    assert [row[1:] for row in about(found)] == [("warning", "BESClient")]
    assert found["status"] == "service_down"
    assert not verify(made, Policy.from_options())["ok"]


def test_a_service_that_the_policy_always_wants_is_down_on_demand_too() -> None:
    extra = {"name": "agent", "services": ["Agent"], "ports": ["52320"], "hold": "always"}
    made = bigfix(0)
    made["services"]["Agent"] = service(1, 3, None, 10013)
    found = plan(made, catalogue_extra=[extra])
    assert (found["status"], about(found)[:1]) == ("service_down", [(FAILED, "warning", "Agent")])


def test_its_own_range_that_an_administrator_made_is_no_block() -> None:
    found = plan(bigfix(10013, rows=starred("52300-52399")))
    assert ("service_not_running", "warning", "BESClient") in about(found)


def test_without_detection_the_block_is_named_too() -> None:
    found = plan(bigfix(10013), detect=False)
    (problem,) = [problem for problem in found["problems"] if problem["id"] == FAILED]
    assert problem["data"]["blocks"] == ["52300-52399"]
    assert found["status"] == "service_down"


def test_a_service_that_runs_in_spite_of_the_block_is_no_finding() -> None:
    made = bigfix(0)
    made["services"]["BESClient"] = service(pid=7)
    made["udp_endpoints"].append(socket(52311, 7, "BESClient.exe"))
    made["udp_ports"]["udp4"].append("52311-52311")
    found = plan(made)
    assert (found["status"], about(found)) == ("drifted", [])
    assert about(found, "port_in_excluded_block") == [("port_in_excluded_block", "warning", "bigfix")]


def test_a_service_that_a_trigger_starts_into_a_block_is_named_before_it_fails() -> None:
    found = plan(bigfix(1077, 3, trigger=True))
    assert (found["status"], about(found)) == ("service_down", [(EXCLUDED, "warning", "BESClient")])


@pytest.mark.parametrize("exit_code", [0, 2, 32, 1066, 1077, 10013, 10048])
@pytest.mark.parametrize("start", [None, 0, 2, 3, 4])
@pytest.mark.parametrize("state", [None, 1, 2, 3, 4, 7])
@pytest.mark.parametrize("hold", ["always", "when_running", "never"])
def test_no_service_is_a_finding_without_a_problem_that_names_it(
    hold: str, state: int | None, start: int | None, exit_code: int
) -> None:
    """Accepted risks look at these problems only."""
    extra = {"name": "agent", "services": ["Agent"], "ports": ["52320"], "hold": hold}
    for trigger in (False, True):
        made = bigfix(0)
        made["services"] = {"Agent": service(state, start, None, exit_code, trigger=trigger)}
        found = plan(with_dns(made), catalogue_extra=[extra])
        named = [
            problem["data"].get("service")
            for problem in found["problems"]
            if problem["severity"] != "info" and problem["id"] != "port_in_excluded_block"
        ]
        assert ("Agent" in named) == (found["status"] in ("service_down", "unknown"))
