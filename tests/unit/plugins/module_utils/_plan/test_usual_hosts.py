# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts as administrators describe them in public, which were judged right from the beginning, stay right."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    IAS_PID,
    block,
    facts,
    number,
    ranges,
    server_2019,
    service,
    starred,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import plan, problem_ids

RADIUS = ["1645-1646", "1812-1813"]
DEFAULT_RANGE = {"start": 49152, "count": 16384}


def after(found: dict[str, Any]) -> dict[str, Any]:
    """Return what is to be written, by setting."""
    return {entry["id"]: entry["after"] for entry in found["settings"] if entry["id"] != "state"}


def test_a_dynamic_range_of_255_ports_does_not_fit_and_is_not_narrowed() -> None:
    small = {"start": 65000, "count": 255}
    found = plan(server_2019(dynamic_ports={"udp4": small, "udp6": small}), extra_ports=["65100"])
    assert set(problem_ids(found)) == {("pool_does_not_fit", "warning")}
    assert [problem["data"]["free"] for problem in found["problems"]] == [255, 255]


def test_a_pool_of_10000_fits_the_default_range_and_its_risk_is_told() -> None:
    made = server_2019(services={"BESClient": service(pid=4000)})
    made["settings"]["socket_pool_size"] = number(10000)
    made["dns"]["udp_ports"]["udp4"] = ["53-53", "50000-50100"]
    found = plan(made)
    assert problem_ids(found) == [("port_not_held", "warning")]
    assert found["risk"]["now"] == pytest.approx(10000 / 16384, abs=1e-6)
    assert after(found) == {"socket_pool_excluded_port_ranges": ["52311-52311"]}


def test_reserved_ports_on_2008_r2_are_information_and_stay() -> None:
    made = server_2019(settings={"reserved_ports": ranges("51820-51820")})
    made["os"].update(release="2008r2", nt="6.1", build=7601)
    found = plan(made)
    assert ("reserved_ports_no_effect", "info") in problem_ids(found)
    assert "reserved_ports" not in after(found)


def test_max_user_port_from_vista_on_is_information_and_the_range_is_that_of_netsh() -> None:
    quiet = plan(server_2019())
    found = plan(server_2019(settings={"max_user_port": number(65534)}))
    assert ("max_user_port_not_used", "info") in problem_ids(found)
    assert (found["pool_range"], found["risk"], found["status"]) == (
        quiet["pool_range"],
        quiet["risk"],
        quiet["status"],
    )


def test_windows_2000_is_planned_from_the_registry_and_unknown() -> None:
    made = facts(services_total=None, settings={"max_user_port": number(65534)})
    made["os"].update(release="2000", nt="5.0", build=2195, sbs=False)
    made["services"] = {name: service(state=None, exit_code=None) for name in ("DNS", "IAS", "PolicyAgent")}
    found = plan(made)
    assert found["status"] == "unknown"
    assert after(found)["reserved_ports"] == ["1645-1646", "1812-1813", "3343-3343", "4500-4500"]


def test_a_range_that_was_lowered_for_ipv4_only_exposes_radius() -> None:
    made = server_2019(
        services={"IAS": service(pid=IAS_PID)},
        dynamic_ports={"udp4": {"start": 1025, "count": 64511}, "udp6": DEFAULT_RANGE},
    )
    found = plan(made)
    assert [need["service"] for need in found["needs"] if need["exposed"]] == ["ias"]
    assert after(found)["socket_pool_excluded_port_ranges"] == RADIUS


def test_dhcp_failover_raises_no_alarm() -> None:
    made = server_2019()
    quiet = plan(made)
    made["services"]["DHCPServer"] = service(pid=2200)
    assert plan(made) == quiet


def test_an_exclusion_that_shows_in_both_families_is_effective_in_both() -> None:
    made = server_2019(exclusions={"udp4": starred("51820-51820"), "udp6": starred("51820-51820")})
    found = plan(made, extra_ports=["51820"], use_netsh=True)
    assert not {"excluded_udp4", "excluded_udp6"} & set(after(found))
    assert found["risk"]["now"] == 0


def test_a_block_of_hyper_v_around_a_needed_port_is_a_warning() -> None:
    found = plan(server_2019(exclusions={"udp4": block("51800-51899"), "udp6": []}), extra_ports=["51820"])
    assert ("port_in_excluded_block", "warning") in problem_ids(found)


def test_foreign_rows_of_netsh_stay_with_prune() -> None:
    made = server_2019(exclusions={"udp4": starred("50000-50059"), "udp6": []})
    found = plan(made, extra_ports=["51820"], use_netsh=True, prune=True)
    added = {entry["id"]: (entry["added"], entry["removed"]) for entry in found["settings"] if "added" in entry}
    assert added["excluded_udp4"] == (["51820-51820"], [])
