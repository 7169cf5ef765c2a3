# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dynamic range is planned on request only, and only where it is proved that everything fits into it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.host import Host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.order import OrderError, plan_scripts
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import Transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.diff import diff_of, summary_of
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan, plan_host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    BOOT_MARK,
    DNS_PID,
    IAS_PID,
    NEXT_BOOT_MARK,
    facts,
    number,
    server_2019,
    service,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.later_hosts import DEFAULT_RANGE

LOWERED = {"start": 1025, "count": 64510}


def host(**changes: Any) -> dict[str, Any]:
    """Return a DNS server whose dynamic range was lowered for both address families."""
    made = server_2019(**changes)
    made["dynamic_ports"] = {"udp4": dict(LOWERED), "udp6": dict(LOWERED)}
    return made


def planned(made: dict[str, Any], **options: Any) -> dict[str, Any]:
    return make_plan(made, Policy.from_options(options))


def changed(plan: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        entry["id"]: (entry["before"], entry["after"])
        for entry in plan["settings"]
        if entry["id"].startswith("dynamicport_")
    }


def refusal(plan: dict[str, Any]) -> str:
    found = [entry for entry in plan["problems"] if entry["id"].startswith("dynamic_port_range_")]
    assert changed(plan) == {} and found
    assert {entry["severity"] for entry in found} == {"error"}
    return " ".join(entry["id"].rpartition("_")[2] + ": " + entry["message"] for entry in found)


def test_it_is_never_changed_without_being_asked_for() -> None:
    plan = planned(host())
    assert changed(plan) == {}
    assert not any(name.startswith("dynamicport_") for name in plan["effective"])


def test_both_families_are_set_before_anything_else_and_wait_for_dns() -> None:
    plan = planned(host(), dynamic_port_range=DEFAULT_RANGE, extra_ports=["50000"])
    assert changed(plan) == {
        "dynamicport_udp4": ("1025-65534", "49152-65535"),
        "dynamicport_udp6": ("1025-65534", "49152-65535"),
    }
    assert [entry["id"] for entry in plan["settings"]][:3] == [
        "dynamicport_udp4",
        "dynamicport_udp6",
        "socket_pool_excluded_port_ranges",
    ]
    assert plan["effective"]["dynamicport_udp4"] == "no"
    assert plan["dns_restart_required"] and not plan["in_sync"]
    assert [action["action"] for action in plan["actions"]] == ["dns_window"]


def test_one_family_alone() -> None:
    plan = planned(host(), dynamic_port_range={"ipv6": {"start": 20000, "count": 20000}})
    assert changed(plan) == {"dynamicport_udp6": ("1025-65534", "20000-39999")}
    plan = planned(host(), dynamic_port_range={**DEFAULT_RANGE, "ipv6": {"start": 20000, "count": 20000}})
    assert changed(plan)["dynamicport_udp4"][1] == "49152-65535"
    assert changed(plan)["dynamicport_udp6"][1] == "20000-39999"


def test_the_plan_shows_the_risk_under_the_new_range_before_it_is_set() -> None:
    """NPS lies in the lowered range, and outside of the default one; what is out of reach is not reserved either."""
    old = planned(host())
    policy = Policy.from_options({"dynamic_port_range": DEFAULT_RANGE})
    plan = plan_host(Host(host()), policy)
    assert plan.risk.now == old["risk"]["now"] > 0
    assert plan.risk.after_reload == 0
    assert "1812-1813" in old["settings"][0]["after"]
    assert not any("1812" in str(change.after) for change in plan.settings)
    assert "the dynamic UDP port range over ipv4" in summary_of(plan)
    diff = diff_of(plan)["after"]
    assert "next start" in diff and "at once" in diff
    assert f"{plan.risk.now:.2%} now and 0.00%" in diff


def test_a_lowered_range_exposes_ports_and_they_are_reserved_with_it() -> None:
    made = server_2019()
    made["dynamic_ports"] = {"udp4": dict(DEFAULT_RANGE), "udp6": dict(DEFAULT_RANGE)}
    plan = planned(made, dynamic_port_range=LOWERED)
    (listed,) = [entry for entry in plan["settings"] if entry["id"] == "socket_pool_excluded_port_ranges"]
    assert "1812-1813" in listed["after"]
    assert plan["pool_range"] == {"udp4": "49152-65535", "udp6": "49152-65535"}


def recorded(made: dict[str, Any], pid: int) -> dict[str, Any]:
    row = {"value": "49152-65535", "boot_mark": BOOT_MARK, "dns_pid": pid}
    made["dynamic_ports"] = {"udp4": dict(DEFAULT_RANGE), "udp6": dict(DEFAULT_RANGE)}
    made["state"] = {"present": True, "settings": {f"dynamicport_{name}": row for name in ("udp4", "udp6")}}
    return made


def test_it_is_pending_until_dns_has_started_again() -> None:
    waiting = planned(recorded(server_2019(), DNS_PID), dynamic_port_range=DEFAULT_RANGE)
    assert changed(waiting) == {} and waiting["effective"]["dynamicport_udp4"] == "no"
    assert waiting["status"] == "pending_restart"
    assert "dynamic UDP port range over ipv4" in waiting["actions"][0]["reason"]
    done = planned(recorded(server_2019(), DNS_PID - 1), dynamic_port_range=DEFAULT_RANGE)
    assert done["effective"]["dynamicport_udp4"] == "yes"
    assert not any(entry["id"] != "socket_pool_excluded_port_ranges" for entry in done["settings"])
    assert planned(recorded(server_2019(), DNS_PID))["dns_restart_required"], (
        "without the option, what we set still waits"
    )


def test_what_somebody_else_has_set_since_is_drift() -> None:
    made = recorded(server_2019(), DNS_PID - 1)
    made["dynamic_ports"]["udp4"] = {"start": 10000, "count": 50000}
    plan = planned(made, dynamic_port_range=DEFAULT_RANGE)
    assert changed(plan) == {"dynamicport_udp4": ("10000-59999", "49152-65535")}
    assert plan["status"] == "drifted"


def test_a_host_without_dns_follows_at_once() -> None:
    made = host()
    made["dns"].update(installed=False, pool_present="no")
    del made["services"]["DNS"]
    made["dns"].update(state=None, pid=None, udp_ports={"udp4": [], "udp6": []})
    plan = planned(made, dynamic_port_range=DEFAULT_RANGE)
    assert {entry["takes_effect"] for entry in plan["settings"]} == {"now"}
    assert plan["actions"] == []


def test_it_is_refused_up_to_2003() -> None:
    plan = planned(facts(), dynamic_port_range=DEFAULT_RANGE)
    assert "Vista" in refusal(plan) and "MaxUserPort" in refusal(plan)
    assert not any(entry["id"] == "max_user_port" for entry in plan["settings"])


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("MSExchangeIS", "exchange"),
        ("msexchangeTransport", "exchange"),
        ("MSExchangeServiceHost", "exchange"),
        ("ADAM_MSExchange", "exchange"),
        ("fwsrv", "tmg"),
        ("fwsrv", "isa"),
    ],
)
def test_a_product_that_sets_the_range_refuses_it_unless_it_is_named(key: str, name: str) -> None:
    made = host()
    made["services"][key] = service(state=1, start=4)
    others = [force for force in ("exchange", "isa", "tmg") if (force == "exchange") != (name == "exchange")]
    assert refusal(planned(made, dynamic_port_range=DEFAULT_RANGE)).startswith("refused: ")
    assert refusal(planned(made, dynamic_port_range={**DEFAULT_RANGE, "force": others})).startswith("refused: ")
    assert changed(planned(made, dynamic_port_range={**DEFAULT_RANGE, "force": [name]}))


def test_a_range_that_is_right_needs_no_force() -> None:
    made = recorded(server_2019(), DNS_PID - 1)
    made["services"]["MSExchangeIS"] = service(pid=8)
    plan = planned(made, dynamic_port_range=DEFAULT_RANGE)
    assert not any(entry["id"].startswith("dynamic_port_range") for entry in plan["problems"])


def test_pool_and_255_clients_must_fit_with_all_exclusions() -> None:
    assert changed(planned(host(), dynamic_port_range={"start": 50000, "count": 2755}))
    assert "2755" in refusal(planned(host(), dynamic_port_range={"start": 50000, "count": 2754}))
    assert refusal(planned(host(), dynamic_port_range={"start": 50000, "count": 2755}, socket_pool_size=2501))


@pytest.mark.parametrize("starred", [True, False])
@pytest.mark.parametrize("family", ["udp4", "udp6"])
def test_exclusions_of_either_kind_and_family_count(family: str, starred: bool) -> None:
    made = host()
    made["exclusions"][family] = [{"start": 50100, "end": 50100, "administered": starred}]
    assert refusal(planned(made, dynamic_port_range={"start": 50000, "count": 2755}))
    assert changed(planned(made, dynamic_port_range={"start": 50000, "count": 2756}))


def test_a_larger_pool_in_the_value_of_the_host_counts() -> None:
    made = host(settings={"socket_pool_size": number(10000)})
    assert refusal(planned(made, dynamic_port_range={"start": 50000, "count": 10254}))
    assert changed(planned(made, dynamic_port_range={"start": 50000, "count": 10255}))


def test_a_pool_that_is_not_seen_counts_with_its_size() -> None:
    """Its next start may draw it."""
    made = host()
    made["dns"]["pool_present"] = "no"
    assert refusal(planned(made, dynamic_port_range={"start": 50000, "count": 2754}))
    asked = {"start": 50000, "count": 5254}
    assert refusal(planned(made, dynamic_port_range=asked, socket_pool_size=5000))


def with_pool(made: dict[str, Any], first: int) -> dict[str, Any]:
    """Return these facts with a pool of 2,500 sockets per address family from this port on."""
    ports = ["53-53", f"{first}-{first + 2499}"]
    made["dns"].update(pool_present="yes", udp_ports={"udp4": ports, "udp6": ports})
    return made


def only_ranges(plan: dict[str, Any]) -> set[str]:
    names = {name for entry in plan["settings"] if entry["id"] == "state" for name in entry["after"]}
    return {name for name in names | set(changed(plan)) if name.startswith("dynamicport_")}


def test_a_range_that_was_there_already_needs_no_restart_where_the_pool_lies_inside() -> None:
    plan = planned(with_pool(server_2019(), 51000), dynamic_port_range=DEFAULT_RANGE)
    assert only_ranges(plan) == set()
    assert plan["effective"]["dynamicport_udp4"] == plan["effective"]["dynamicport_udp6"] == "yes"
    assert not any("dynamic UDP" in action["reason"] for action in plan["actions"])


@pytest.mark.parametrize("first", [46700, 20000, None])
def test_it_is_recorded_and_waits_for_dns_where_the_pool_does_not_show_it(first: int | None) -> None:
    made = server_2019() if first is None else with_pool(server_2019(), first)
    plan = planned(made, dynamic_port_range=DEFAULT_RANGE)
    assert only_ranges(plan) == {"dynamicport_udp4", "dynamicport_udp6"}
    assert plan["dns_restart_required"] and not plan["in_sync"]


def test_a_pool_outside_of_the_range_contradicts_the_record() -> None:
    """Somebody moved the range for a while, and DNS started meanwhile."""
    made = with_pool(recorded(server_2019(), DNS_PID - 1), 20000)
    plan = planned(made, dynamic_port_range=DEFAULT_RANGE)
    assert plan["effective"]["dynamicport_udp4"] != "yes"
    assert {entry["id"] for entry in plan["problems"]} >= {"pool_outside_range"}
    booted = {**made, "boot_mark": NEXT_BOOT_MARK}
    later = planned(booted, dynamic_port_range=DEFAULT_RANGE)
    assert later["effective"]["dynamicport_udp4"] == "no" and later["dns_restart_required"]


FIVE_THOUSAND = {"start": 50000, "count": 5000}
FIRST = "run with socket_pool_size and without dynamic_port_range first, restart DNS, then set the range."


def large_pool(configured: int) -> dict[str, Any]:
    """Return a server on which DNS holds 10,000 sockets of an earlier value."""
    made = host(services={"IAS": service(pid=IAS_PID)})
    made["settings"]["socket_pool_size"] = number(configured)
    made["dns"]["udp_ports"] = {family: ["53-53", "20001-30000"] for family in ("udp4", "udp6")}
    return made


def test_a_smaller_pool_that_would_make_room_comes_first() -> None:
    both = planned(large_pool(10000), dynamic_port_range=FIVE_THOUSAND, socket_pool_size=2500)
    assert "a pool of 10000 sockets" in refusal(both)
    assert f"A pool of 2500 sockets would fit, but DNS may have more until it is restarted: {FIRST}" in refusal(both)
    written = planned(large_pool(2500), dynamic_port_range=FIVE_THOUSAND, socket_pool_size=2500)
    assert "until it is restarted: restart DNS, then set the range." in refusal(written)
    done = large_pool(2500)
    done["dns"]["udp_ports"] = {family: ["53-53", "20001-22500"] for family in ("udp4", "udp6")}
    assert changed(planned(done, dynamic_port_range=FIVE_THOUSAND, socket_pool_size=2500))


def test_a_smaller_pool_that_would_not_help_is_not_advised() -> None:
    small = {"start": 50000, "count": 2000}
    assert "would fit" not in refusal(planned(large_pool(10000), dynamic_port_range=small, socket_pool_size=2500))
    assert "would fit" not in refusal(planned(large_pool(10000), dynamic_port_range=FIVE_THOUSAND))


def wide(size: int, **changes: Any) -> dict[str, Any]:
    """Return a server with the range 10000-59999 and this SocketPoolSize."""
    made = server_2019(settings={"socket_pool_size": number(size)}, **changes)
    made["dynamic_ports"] = {family: {"start": 10000, "count": 50000} for family in ("udp4", "udp6")}
    return made


@pytest.mark.parametrize("pool", ["yes", "no"])
@pytest.mark.parametrize("options", [{}, {"socket_pool_size": 5000}, {"socket_pool_size": 10000}])
def test_a_size_above_the_documented_one_counts_as_it_was_found(options: dict[str, Any], pool: str) -> None:
    """It fits today. DNS may have that many sockets, or take them with its next start, so the range must hold them."""
    made = wide(20000)
    made["dns"]["pool_present"] = pool
    plan = planned(made, dynamic_port_range=DEFAULT_RANGE, **options)
    assert "a pool of 20000 sockets and 255 client ports need 20255 ports, but only 16384 " in refusal(plan)
    advice = f"sockets would fit, but DNS may have more until it is restarted: {FIRST}"
    assert (advice in refusal(plan)) == bool(options)
    assert ("would fit" in refusal(plan)) == bool(options)
    assert not any(problem["id"] == "pool_does_not_fit" for problem in plan["problems"])
    assert changed(planned(made, dynamic_port_range={"start": 40000, "count": 20500}, **options))


def test_a_pool_that_does_not_fit_already_is_said_of_the_range_as_it_is() -> None:
    made = wide(10000)
    made["dynamic_ports"] = {family: {"start": 50000, "count": 9000} for family in ("udp4", "udp6")}
    plan = planned(made, dynamic_port_range=DEFAULT_RANGE)
    assert len(changed(plan)) == 2
    found = [problem for problem in plan["problems"] if problem["id"] == "pool_does_not_fit"]
    assert [problem["data"]["free"] for problem in found] == [9000, 9000]
    assert found[0]["message"].endswith("9000 are not reserved: the pool does not fit already.")


def broken(name: str) -> dict[str, Any]:
    made = host()
    if name == "range":
        made["dynamic_ports"]["udp4"] = None
    elif name == "table":
        made["exclusions"]["udp6"] = None
    elif name == "services":
        made["services_total"] = 0
    elif name == "pool size":
        made["settings"]["socket_pool_size"] = {"present": None, "type": None, "data": None}
    elif name == "pool size is text":
        made["settings"]["socket_pool_size"] = {"present": True, "type": "REG_SZ", "data": "10000"}
    elif name == "list":
        made["settings"]["socket_pool_excluded_port_ranges"] = {"present": None, "type": None, "data": None}
    elif name == "dns":
        made["dns"]["installed"] = None
    else:
        made["problems"] = [{"id": "services_incomplete", "severity": "error", "message": "x", "data": {}}]
    return made


@pytest.mark.parametrize(
    "name", ["range", "table", "services", "dns", "error", "pool size", "pool size is text", "list"]
)
def test_what_was_not_read_leaves_the_range_as_it_is(name: str) -> None:
    plan = planned(broken(name), dynamic_port_range=DEFAULT_RANGE)
    assert refusal(plan).startswith("unchecked: ")
    assert plan["status"] == "unknown"


def test_the_scripts_of_the_offline_kit_leave_it_to_the_person_at_the_console() -> None:
    plan = plan_host(Host(host()), Policy.from_options({"dynamic_port_range": {"ipv4": DEFAULT_RANGE}}))
    with pytest.raises(OrderError, match=r"'netsh\.exe interface ipv4 set dynamicport udp start=49152 num=16384'"):
        plan_scripts(host(), plan, Transcript(None, {}))
