# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that takes free ports of a range, and ports that the pool cannot reach, are judged port by port."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    block,
    server_2019,
    service,
    socket,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import plan, verify

RANGE = range(64001, 65001)


def deployment_server(*dns_ports: str, **changes: Any) -> dict[str, Any]:
    """Return a Server 2019 with a running WDS on UDP 4011; DNS holds the given ports."""
    made = server_2019(services={"WDSServer": service(pid=3000)}, **changes)
    made["udp_endpoints"].append(socket(4011, 3000, "svchost.exe"))
    made["udp_ports"]["udp4"] = sorted(
        {*made["udp_ports"]["udp4"], "4011-4011"}, key=lambda text: int(text.split("-")[0])
    )
    made["dns"]["udp_ports"]["udp4"] = ["53-53", *dns_ports]
    return made


def excluded(found: dict[str, Any]) -> list[str]:
    """Return what the pool is to leave out."""
    after = {entry["id"]: entry["after"] for entry in found["settings"]}
    return list(after["socket_pool_excluded_port_ranges"])


def wds(found: dict[str, Any]) -> dict[str, Any]:
    """Return the need of WDS."""
    return next(need for need in found["needs"] if need["service"] == "wds")


@pytest.mark.parametrize("held", ["64500-64500", "64001-64899"])
def test_some_ports_of_a_range_are_no_conflict_but_exposed(held: str) -> None:
    found = plan(deployment_server(held))
    assert found["live_conflicts"] == []
    assert found["status"] not in ("conflict", "service_down")
    assert wds(found)["exposed"] is True


def test_nearly_all_ports_of_a_range_are_a_conflict_and_the_cut_list_says_so() -> None:
    found = plan(deployment_server("64001-64900"))
    assert found["status"] == "conflict"
    assert len(found["live_conflicts"]) == 100
    (problem,) = [problem for problem in found["problems"] if problem["id"] == "conflicts_cut"]
    assert (
        problem["message"] == "The first 100 of 900 conflicts are listed. All of them together concern UDP 64001-64900."
    )


def _over_both(udp4: str, udp6: str) -> dict[str, Any]:
    made = deployment_server(udp4)
    made["dns"]["udp_ports"]["udp6"] = ["53-53", udp6]
    return made


def test_what_is_lost_over_one_family_each_is_not_added_up() -> None:
    """A range of which 55 % are free over either address family is no conflict."""
    found = plan(_over_both("64001-64450", "64451-64900"))
    assert found["live_conflicts"] == []
    assert not [problem for problem in found["problems"] if "WDSServer" in problem["message"]]
    assert wds(found)["exposed"] is True


@pytest.mark.parametrize("families", [("64001-64900", "64991-65000"), ("64991-65000", "64001-64900")])
def test_a_range_that_is_lost_over_one_family_is_a_conflict_about_the_ports_of_this_family(families: Any) -> None:
    found = plan(_over_both(*families))
    assert found["status"] == "conflict"
    message = next(problem["message"] for problem in found["problems"] if problem["id"] == "service_runs_without_port")
    assert message.startswith("WDSServer runs without UDP 64001-64900, which DNS holds.")


@pytest.mark.parametrize(("rows", "lost"), [(("64001-64900", "64991-65000"), 900), (("64001-64450", "64451-64900"), 0)])
def test_blocks_of_windows_are_counted_in_the_same_way(rows: tuple[str, str], lost: int) -> None:
    """A service that is down for another reason has lost the range only if nearly all of it is excluded."""
    made = deployment_server(
        exclusions={family: block(row) for family, row in zip(("udp4", "udp6"), rows, strict=True)}
    )
    made["services"]["WDSServer"] = service(state=1, exit_code=1067)
    made["udp_endpoints"] = []
    made["udp_ports"] = {"udp4": [], "udp6": []}
    failures = verify(made, Policy.from_options({"profiles": []}))["failures"]
    assert sum(failure["reason"] == "port_excluded" for failure in failures) == lost


def test_the_one_fixed_port_of_the_service_is_a_conflict_still() -> None:
    made = deployment_server("4011-4011", "64500-64500")
    made["udp_endpoints"] = [row for row in made["udp_endpoints"] if row["port"] != 4011]
    made["udp_ports"]["udp4"].remove("4011-4011")
    assert [conflict["port"] for conflict in plan(made)["live_conflicts"]] == [4011]


def test_only_ports_that_the_pool_can_reach_are_reserved() -> None:
    assert excluded(plan(deployment_server())) == ["64001-65000"]


@pytest.mark.parametrize("options", [{"reserve_unexposed": True}, {"profiles": ["wds"]}])
def test_on_request_all_ports_are_reserved(options: dict[str, Any]) -> None:
    assert {"4011-4011", "64001-65000"} <= set(excluded(plan(deployment_server(), **options)))


WIDE = {"UdpPortPolicy": 1, "UdpStartPort": 50000, "UdpEndPort": 65000}


def wide_range(**changes: Any) -> dict[str, Any]:
    """Return a server whose WDS has a wider range than the pool, as KB977512 tells administrators to set."""
    made = deployment_server("53000-53999", **changes)
    made["configured_ports"] = {"WDSServer": WIDE}
    return made


def test_a_range_that_the_pool_cannot_fill_needs_no_reservation() -> None:
    found = plan(wide_range())
    assert (wds(found)["ports"], wds(found)["exposed"]) == (["4011-4011"], False)
    assert "15001 ports in 50000-65000" in wds(found)["source"]
    assert not [problem for problem in found["problems"] if problem["id"] == "pool_does_not_fit"]
    assert "socket_pool_excluded_port_ranges" not in {entry["id"] for entry in found["settings"]}
    assert found["risk"]["now"] == 0
    assert found["status"] == "safe"


@pytest.mark.parametrize("end", [50999, 52776])
def test_a_range_that_the_pool_may_fill_is_reserved(end: int) -> None:
    made = wide_range()
    made["configured_ports"] = {"WDSServer": {**WIDE, "UdpEndPort": end}}
    assert excluded(plan(made)) == [f"50000-{end}"]


def test_a_larger_pool_may_fill_it_and_so_may_one_of_unknown_size() -> None:
    made = wide_range()
    made["configured_ports"] = {"WDSServer": {**WIDE, "UdpEndPort": 57000}}
    assert wds(plan(made))["ports"] == ["4011-4011"]
    assert wds(plan(made, socket_pool_size=10000))["ports"] == ["4011-4011", "50000-57000"]
    made["dns"]["pool_present"] = "no"
    assert wds(plan(made))["ports"] == ["4011-4011", "50000-57000"]


@pytest.mark.parametrize(("held", "status"), [(["50002-50002"], "drifted"), (["50001-50003"], "conflict")])
def test_anydesk_takes_any_free_port_of_its_three(held: list[str], status: str) -> None:
    made = server_2019(services={"AnyDesk": service(pid=3000)})
    made["dns"]["udp_ports"]["udp4"] = ["53-53", *held]
    found = plan(made)
    assert (found["status"], excluded(found)) == (status, ["50001-50003"])
    assert [row["port"] for row in found["live_conflicts"]] == ([] if status == "drifted" else [50001, 50002, 50003])
