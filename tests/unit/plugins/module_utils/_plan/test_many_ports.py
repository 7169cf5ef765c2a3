# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many ports of one service are one problem, and many problems push no failed service out of the list."""

from __future__ import annotations

from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.host import Host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import plan_host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._problems import PROBLEMS_MAX
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    number,
    server_2019,
    service,
    socket,
    with_dns,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import plan, verify

AGENT = {"name": "agent", "services": ["Agent"], "ports": ["7000-7200"]}


def host(**services: dict[str, Any]) -> dict[str, Any]:
    """Return a Server 2019 with these services and DNS."""
    made = server_2019(udp_endpoints=[], udp_ports={"udp4": [], "udp6": []})
    made["services"] = services
    return with_dns(made)


def of_kind(found: dict[str, Any], problem_id: str) -> list[dict[str, Any]]:
    return [problem for problem in found["problems"] if problem["id"] == problem_id]


def test_a_wide_range_that_is_not_held_is_one_problem_and_hides_no_failed_service() -> None:
    made = host(Agent=service(pid=5), SageAdvantageSvc=service(1, exit_code=10048))
    found = plan(made, catalogue_extra=[AGENT])
    (problem,) = of_kind(found, "port_not_held")
    assert problem["message"] == "Agent runs but does not hold UDP 7000-7200."
    assert problem["data"] == {"service": "Agent", "port": None, "ports": ["7000-7200"]}
    assert [entry["data"]["service"] for entry in of_kind(found, "service_failed_for_port")] == ["SageAdvantageSvc"]
    assert of_kind(found, "problems_truncated") == []
    assert len(verify(made, Policy.from_options({"catalogue_extra": [AGENT]}))["failures"]) == 201


def test_ports_of_a_holder_that_is_not_known_are_one_problem() -> None:
    made = host(Agent=service(pid=5))
    made["udp_endpoints"] = [socket(port, None, None) for port in (7000, 7001, 7005)]
    made["udp_ports"]["udp4"] = ["7000-7001", "7005-7005"]
    found = plan(made, catalogue_extra=[AGENT])
    (problem,) = of_kind(found, "holder_unknown")
    assert problem["message"].startswith("UDP 7000-7001, 7005 are held by a process that the list of sockets does not")
    assert (problem["severity"], problem["data"]["ports"]) == ("error", ["7000-7001", "7005-7005"])
    (lost,) = of_kind(found, "port_not_held")
    assert lost["data"]["ports"] == ["7002-7004", "7006-7200"]
    assert found["status"] == "unknown"


def test_a_port_under_two_rows_is_named_once() -> None:
    rows = [AGENT, {"name": "agent_too", "services": ["Agent"], "ports": ["7200-7201"]}]
    (problem,) = of_kind(plan(host(Agent=service(pid=5)), catalogue_extra=rows), "port_not_held")
    assert problem["data"] == {"service": "Agent", "port": None, "ports": ["7000-7201"]}


def test_each_service_has_its_own_problem() -> None:
    rows = [AGENT, {"name": "other", "services": ["Other"], "ports": ["8000"]}]
    found = plan(host(Agent=service(pid=5), Other=service(pid=6)), catalogue_extra=rows)
    assert [entry["data"]["service"] for entry in of_kind(found, "port_not_held")] == ["Agent", "Other"]
    assert of_kind(found, "port_not_held")[1]["data"] == {"service": "Other", "port": 8000, "ports": ["8000-8000"]}


def test_more_services_than_the_list_takes_push_no_failed_one_out() -> None:
    names = [f"Agent{number}" for number in range(PROBLEMS_MAX + 10)]
    made = host(**{name: service(pid=5) for name in names}, Zulu=service(1, exit_code=10013))
    made["services"]["IAS"] = service(1, exit_code=10048)
    found = plan(made, catalogue_extra=[{**AGENT, "services": names}])
    assert len(of_kind(found, "problems_truncated")) == 1
    assert [problem["data"]["service"] for problem in found["problems"][:2]] == ["IAS", "Zulu"]


def test_an_error_behind_the_end_of_the_list_still_counts() -> None:
    failed = {f"Agent{number}": service(1, exit_code=10048) for number in range(PROBLEMS_MAX + 10)}
    made = host(**failed, Odd={**service(), "state": None})
    found = plan(made, catalogue_extra=[{**AGENT, "services": ["Odd"]}])
    assert len(of_kind(found, "problems_truncated")) == 1
    assert found["status"] == "unknown"
    assert not found["in_sync"]
    assert found["problems"][0]["severity"] == "error"


def test_no_number_of_failed_services_hides_an_error_that_forbids_changes() -> None:
    failed = {f"Agent{place}": service(1, exit_code=10048) for place in range(PROBLEMS_MAX + 10)}
    made = host(**failed)
    made["settings"]["socket_pool_size"] = number(3000, "REG_SZ")
    found = plan_host(Host(made), Policy.from_options({"socket_pool_size": 5000}))
    assert [problem["id"] for problem in found.blocking] == ["wrong_type"]
