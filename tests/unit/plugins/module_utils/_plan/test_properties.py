# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner has its properties on generated hosts and policies; every plan conforms to its schema."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet, parse_entries
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    ABSENT,
    UNREAD,
    applied,
    facts,
    number,
    ranges,
    rebooted,
    redrawn,
    server_2019,
    service,
    socket,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import PLAN_SCHEMA

NAMES = [
    "IAS",
    "PolicyAgent",
    "MSMQ",
    "SQLBrowser",
    "MSSQL$A",
    "MSExchangeIS",
    "W3SVC",
    "BlackBerry X",
    "wspsrv",
    "IKEEXT",
]
PORTS = st.integers(1, 65535)
RANGES = st.tuples(PORTS, st.integers(0, 40)).map(lambda pair: f"{pair[0]}-{min(pair[0] + pair[1], 65535)}")
GOOD_ENTRIES = RANGES | PORTS.map(str) | st.sampled_from(["1645-1645", "1646-1646", "3343-3343"])
BAD_ENTRIES = st.sampled_from(["", " ", "x", "5-4", "0-1", "65536", "1-2-3", "１-２"])
SERVICES = st.builds(
    service,
    state=st.integers(1, 7),
    start=st.integers(0, 4) | st.none(),
    pid=st.integers(5, 9) | st.none(),
    exit_code=st.sampled_from([0, 2, 32, 1066, 1077, 10013, 10048, None]),
    trigger=st.booleans(),
)
SOCKETS = st.builds(
    socket,
    st.sampled_from([500, 1434, 1645, 1812, 4500, 5000]),
    st.integers(4, 9) | st.none(),
    st.sampled_from(["lsass.exe", "x.exe"]) | st.none(),
    st.sampled_from(["0.0.0.0", "::", "10.0.0.1"]),
)
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "profiles": st.sampled_from([[], ["auto"], ["sbs2003"]]),
        "detect": st.booleans(),
        "extra_ports": st.lists(GOOD_ENTRIES.filter(lambda entry: 53 not in PortSet.from_text([entry])), max_size=3),
        "ignore_services": st.lists(st.sampled_from(NAMES), max_size=2),
        "include_listeners": st.booleans(),
        "reserve_unexposed": st.booleans(),
        "socket_pool_size": st.sampled_from([0, 2500, 10000]),
        "allow_small_pool": st.just(True),
        "repair": st.booleans(),
        "max_risk": st.floats(0, 1),
        "start_services": st.lists(st.sampled_from(["IAS", "SQLBrowser"]), max_size=1),
    },
).map(lambda options: {**options, "allow_small_pool": True})


@st.composite
def hosts(draw: Any, entries: Any = GOOD_ENTRIES) -> dict[str, Any]:
    """Any host that the planner may meet."""
    family = draw(st.sampled_from([facts, server_2019]))
    sockets = draw(st.lists(SOCKETS, max_size=4))
    held = PortSet.from_ports({row["port"] for row in sockets}).strings()
    setting = draw(st.lists(entries, max_size=6).map(lambda found: ranges(*found)) | st.sampled_from([ABSENT]))
    made: dict[str, Any] = family(
        settings={
            "max_user_port": draw(st.sampled_from([ABSENT, *(number(limit) for limit in (5000, 60000, 65534, 65536))])),
            "reserved_ports": setting,
            "socket_pool_excluded_port_ranges": setting,
            "socket_pool_size": draw(st.sampled_from([ABSENT, number(2500), number(0)])),
        },
        udp_endpoints=sockets,
        udp_ports={"udp4": held, "udp6": []},
        hotfixes=draw(st.sampled_from([[], ["KB958644"]])),
    )
    made["services"] = draw(st.dictionaries(st.sampled_from(NAMES), SERVICES, max_size=4))
    made["dns"]["udp_ports"]["udp4"] = PortSet.from_ports(draw(st.sets(st.sampled_from([53, 1645, 4500])))).strings()
    made["dns"]["installed"] = draw(st.booleans())
    return made


def listed(made: dict[str, Any]) -> dict[str, Any]:
    name = "reserved_ports" if made["os"]["family"] == "nt5" else "socket_pool_excluded_port_ranges"
    value: dict[str, Any] = made["settings"][name]
    return value


def after_of(plan: dict[str, Any]) -> list[Any]:
    return [entry["after"] for entry in plan["settings"] if isinstance(entry["after"], list)]


@given(hosts(GOOD_ENTRIES | BAD_ENTRIES) | hosts(), POLICIES)
@settings(max_examples=120, deadline=None)
def test_every_plan_fits_the_schema_and_is_the_same_again(made: dict[str, Any], options: dict[str, Any]) -> None:
    before = json.dumps(made)
    plan = make_plan(made, Policy.from_options(options))
    PLAN_SCHEMA.validate(plan)
    assert json.dumps(plan) == json.dumps(make_plan(json.loads(before), Policy.from_options(options)))
    assert json.dumps(made) == before
    for after in after_of(plan):
        assert parse_entries(after)[1:] == ([], True)


@given(hosts(), POLICIES)
@settings(max_examples=100, deadline=None)
def test_planning_is_idempotent(made: dict[str, Any], options: dict[str, Any]) -> None:
    policy = Policy.from_options(options)
    plan = make_plan(made, policy)
    written = make_plan(applied(made, plan), policy)
    assert written["settings"] == []
    booted = make_plan(redrawn(rebooted(applied(made, plan))), policy)
    assert (booted["settings"], booted["reboot_required"]) == ([], False)
    assert set(booted["effective"].values()) <= {"yes"}


@given(hosts(), POLICIES)
@settings(max_examples=100, deadline=None)
def test_nothing_reserved_is_ever_lost_without_prune(made: dict[str, Any], options: dict[str, Any]) -> None:
    plan = make_plan(made, Policy.from_options(options))
    reserved = parse_entries(listed(made)["data"] or [])[0]
    for after in after_of(plan):
        assert reserved <= PortSet.from_text(after)
        assert PortSet.from_json(plan["kept"]) <= PortSet.from_text(after)


@given(hosts(GOOD_ENTRIES | BAD_ENTRIES), POLICIES, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_what_was_found_does_not_matter(made: dict[str, Any], options: dict[str, Any], mixer: Any) -> None:
    mixed = json.loads(json.dumps(made))
    mixer.shuffle(mixed["udp_endpoints"])
    names = list(mixed["services"])
    mixer.shuffle(names)
    mixed["services"] = {name: mixed["services"][name] for name in names}
    policy = Policy.from_options(options)
    assert json.dumps(make_plan(made, policy)) == json.dumps(make_plan(mixed, policy))


@given(hosts(BAD_ENTRIES), POLICIES)
@settings(max_examples=60, deadline=None)
def test_a_value_that_is_not_understood_is_never_written_over(made: dict[str, Any], options: dict[str, Any]) -> None:
    plan = make_plan(made, Policy.from_options({**options, "repair": False}))
    if listed(made)["data"]:
        assert after_of(plan) == []
        assert plan["status"] != "safe" or plan["mechanism"] == "none"
        assert not plan["in_sync"] or plan["mechanism"] == "none"


@given(hosts(), POLICIES, st.sampled_from(["reserved_ports", "socket_pool_excluded_port_ranges", "max_user_port"]))
@settings(max_examples=60, deadline=None)
def test_unread_values_never_make_a_host_safe(made: dict[str, Any], options: dict[str, Any], name: str) -> None:
    used = "reserved_ports max_user_port" if made["os"]["family"] == "nt5" else "socket_pool_excluded_port_ranges"
    made["settings"][name] = UNREAD
    made["dns"]["installed"] = True
    if name in used:
        plan = make_plan(made, Policy.from_options(options))
        assert plan["status"] == "unknown"
        assert not plan["in_sync"]
