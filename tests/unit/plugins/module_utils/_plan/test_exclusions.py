# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planning of netsh's exclusions has its properties on generated hosts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    applied,
    block,
    server_2019,
    socket,
    starred,
    windowed,
    with_dns,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import PLAN_SCHEMA, plan

FAMILIES = ("udp4", "udp6")
NEAR = st.integers(60000, 60060)
RANGES = st.tuples(NEAR, st.integers(0, 20)).map(lambda pair: f"{pair[0]}-{pair[0] + pair[1]}")
PORT_SETS = st.sets(NEAR, max_size=30).map(lambda ports: PortSet.from_ports(ports).strings())


@st.composite
def hosts(draw: Any) -> dict[str, Any]:
    """A plain 2008 or a 2019 with sockets, starred rows and blocks among the needed ports."""
    family = draw(st.sampled_from(["nt6", "nt6_r2"]))
    by_dns = {name: draw(PORT_SETS) for name in FAMILIES}
    others = {name: (PortSet.from_text(draw(PORT_SETS)) - PortSet.from_text(by_dns[name])) for name in FAMILIES}
    made = server_2019(
        os={"family": family, "sbs": False},
        dns={"udp_ports": by_dns},
        udp_endpoints=[],
        udp_ports={name: ports.strings() for name, ports in others.items()},
        exclusions={
            name: starred(*draw(st.lists(RANGES, max_size=3))) + block(*draw(st.lists(RANGES, max_size=2)))
            for name in FAMILIES
        },
    )
    made["services"] = {}
    return with_dns(made)


POLICIES = st.builds(
    lambda ports: Policy.from_options({"extra_ports": ports, "use_netsh": True}), st.lists(RANGES, max_size=3)
)


def tables(plan: dict[str, Any], key: str) -> dict[str, PortSet]:
    found = {entry["id"]: PortSet.from_text(entry[key]) for entry in plan["settings"] if key in entry}
    return {family: found.get(f"excluded_{family}", PortSet()) for family in FAMILIES}


def deferred(plan: dict[str, Any]) -> dict[str, PortSet]:
    listed = [row for action in plan["actions"] for row in action.get("deferred_exclusions", ())]
    found = {row["id"]: PortSet.from_text(row["ports"]) for row in listed}
    return {family: found.get(f"excluded_{family}", PortSet()) for family in FAMILIES}


@given(hosts(), POLICIES)
@settings(max_examples=100, deadline=None)
def test_nothing_that_somebody_holds_is_added_and_nothing_is_lost(made: dict[str, Any], policy: Policy) -> None:
    plan = make_plan(made, policy)
    PLAN_SCHEMA.validate(plan)
    added, later = tables(plan, "added"), deferred(plan)
    for family in FAMILIES:
        rows = made["exclusions"][family]
        covered = PortSet.from_ranges((row["start"], row["end"]) for row in rows if row["administered"])
        blocked = PortSet.from_ranges((row["start"], row["end"]) for row in rows if not row["administered"])
        by_dns = PortSet.from_text(made["dns"]["udp_ports"][family])
        in_the_way = PortSet.from_text(made["udp_ports"][family]) | blocked
        assert added[family].isdisjoint(by_dns | in_the_way | covered | later[family])
        assert later[family].isdisjoint(in_the_way | covered)
        assert policy.extra_ports - covered - in_the_way == added[family] | later[family]
    assert tables(plan, "removed") == dict.fromkeys(FAMILIES, PortSet())


@given(hosts(), POLICIES)
@settings(max_examples=100, deadline=None)
def test_write_and_window_leave_nothing_to_do(made: dict[str, Any], policy: Policy) -> None:
    plan = make_plan(made, policy)
    written = applied(made, plan)
    second = make_plan(written, policy)
    assert second["settings"] == []
    assert deferred(second) == deferred(plan)
    after = make_plan(windowed(written, second), policy)
    assert (after["settings"], after["actions"]) == ([], [])


@pytest.mark.parametrize(
    ("ports", "words"),
    [
        (
            ["51820"],
            "this UDP port is held: 51820 by wireguard.exe (PID 16). No other program can take it meanwhile. To exclude"
            " it, stop its service, run again, and start the service.",
        ),
        (
            ["51820-51821"],
            "these UDP ports are held: 51820 by wireguard.exe (PID 16), 51821 by wireguard.exe (PID 16). No other"
            " program can take them meanwhile. To exclude them, stop their services, run again, and start the"
            " services.",
        ),
    ],
)
def test_ports_that_others_hold_are_named_with_their_holders(ports: list[str], words: str) -> None:
    """Also without DNS, which cannot take anything then."""
    held = PortSet.from_text(ports)
    made = server_2019(
        dns={"installed": False},
        udp_endpoints=[socket(port, 16, "wireguard.exe") for port in held],
        udp_ports={"udp4": held.to_json(), "udp6": []},
        services={},
    )
    found = plan(made, extra_ports=ports, use_netsh=True)
    (message,) = [problem["message"] for problem in found["problems"] if problem["id"] == "exclusion_port_held"]
    assert message == f"netsh cannot exclude a port while a process holds it. Over ipv4, {words}"


def test_a_long_list_of_held_ports_says_how_many_it_leaves_out() -> None:
    held = PortSet.from_text(["50000-50024"])
    endpoints = [socket(port, 16, "agent.exe") for port in held]
    made = server_2019(udp_endpoints=endpoints, udp_ports={"udp4": held.to_json(), "udp6": []}, services={})
    found = plan(made, extra_ports=["50000-50024"], use_netsh=True)
    (message,) = [problem["message"] for problem in found["problems"] if problem["id"] == "exclusion_port_held"]
    assert "50019 by agent.exe (PID 16) and 5 more. No other program" in message
