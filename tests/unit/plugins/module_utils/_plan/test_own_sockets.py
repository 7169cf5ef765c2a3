# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A socket of a service's own process outside of the dynamic range is a need; anything less is none, and not better."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.status import STATUSES
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    ABSENT,
    facts,
    number,
    ranges,
    server_2019,
    service,
    socket,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import after, plan, reason
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import facts_of, sbs2003

HINT = "own_sockets_in_dynamic_range"
UNKNOWN = "own_sockets_unknown"
LOWERED = {"start": 10000, "count": 50000}


def entry(*ports: str, doubtful: Any = ()) -> dict[str, Any]:
    """Return the fact about one service."""
    return {"ports": list(ports), "doubtful": doubtful if doubtful is None else list(doubtful)}


def netbird(fact: Any, made: dict[str, Any]) -> dict[str, Any]:
    """Return a host with NetBird running, and what its sockets show."""
    made["services"]["Netbird"] = service(pid=3000)
    made["own_sockets"] = fact
    return made


def sbs(*ports: str, reserved: tuple[str, ...] = ("3343-3343",), **options: Any) -> dict[str, Any]:
    """Return an SBS 2003 host whose clients and pool draw from 1024-60000."""
    settings = {"max_user_port": number(60000), "reserved_ports": ranges(*reserved)}
    return netbird({"Netbird": entry(*ports, **options)}, facts(settings=settings))


def others(found: dict[str, Any]) -> list[list[str]]:
    """Return the ports of the needs that sockets have shown."""
    return [need["ports"] for need in found["needs"] if need["source"].startswith("its own sockets")]


def problems(found: dict[str, Any]) -> list[str]:
    """Return ids of the problems about sockets."""
    return [problem["id"] for problem in found["problems"] if problem["id"].startswith("own_sockets")]


def excluded(found: dict[str, Any]) -> list[str]:
    """Return what the pool of a later host is to leave out."""
    return next(row["after"] for row in found["settings"] if row["id"] == "socket_pool_excluded_port_ranges")


def test_a_port_outside_of_the_dynamic_range_is_needed_beside_that_of_the_catalogue() -> None:
    found = plan(sbs("61184-61184"))
    needs = [need for need in found["needs"] if need["service"] == "netbird"]
    assert [need["ports"] for need in needs] == [["51820-51820"], ["61184-61184"]]
    assert needs[1]["services"] == ["Netbird"]
    assert needs[1]["reason"] == "detected"
    assert (needs[1]["protocol"], needs[1]["in_pool_range"], needs[1]["exposed"]) == ("udp", False, False)
    assert needs[1]["source"] == (
        "its own sockets: held on all addresses by the process of Netbird (PID 3000) while the host was read"
    )
    assert "61184-61184" in after(found)
    assert "61184 (netbird)" in reason(found)
    assert problems(found) == []


def test_a_port_inside_of_the_range_is_only_named() -> None:
    found = plan(sbs("50999-50999"))
    assert others(found) == []
    assert "50999-50999" not in after(found)
    (hint,) = [problem for problem in found["problems"] if problem["id"] == HINT]
    assert (hint["severity"], hint["data"]) == ("info", {"service": "Netbird", "ports": ["50999-50999"]})
    assert "Netbird holds UDP 50999 in the dynamic range. Windows may have drawn this port" in hint["message"]
    assert problems(plan(sbs("50999-50999"), extra_ports=["50999"])) == []
    listening = sbs("50999-50999")
    listening["udp_endpoints"].append(socket(50999, 3000, "netbird.exe"))
    listening["udp_ports"]["udp4"].append("50999-50999")
    assert problems(plan(listening)) == [HINT]
    assert problems(plan(listening, include_listeners=True)) == []


def test_ports_that_the_catalogue_has_or_that_no_pool_reaches_are_no_other_ports() -> None:
    found = plan(sbs("53-53", "443-443", "51820-51820"))
    assert (others(found), problems(found)) == ([], [])


def test_without_max_user_port_neither_the_range_of_the_pool_nor_that_of_clients_is_outside() -> None:
    made = netbird({"Netbird": entry("3000-3000", "5001-5001", "61184-61184")}, facts())
    made["settings"]["max_user_port"] = ABSENT
    found = plan(made)
    assert others(found) == [["5001-5001"]]
    assert problems(found) == [HINT]


def test_from_vista_on_a_port_outside_is_reserved_only_for_a_range_that_reaches_it() -> None:
    made = netbird({"Netbird": entry("3478-3478", "61184-61184")}, server_2019())
    found = plan(made)
    assert others(found) == [["3478-3478"]]
    assert problems(found) == [HINT]
    assert excluded(found) == ["51820-51820"]
    assert "3478-3478" in excluded(plan(made, reserve_unexposed=True))
    moved = plan(made, dynamic_port_range={"start": 1025, "count": 64000})
    assert "3478-3478" in excluded(moved)
    assert "61184-61184" not in excluded(moved)


@pytest.mark.parametrize("lost", ["udp4", "udp6"])
def test_the_range_of_either_family_counts_and_one_that_is_unknown_holds_every_port(lost: str) -> None:
    wide = {"udp4": LOWERED, "udp6": {"start": 49152, "count": 16384}}
    made = netbird({"Netbird": entry("9000-9000", "20000-20000", "61184-61184")}, server_2019(dynamic_ports=wide))
    assert others(plan(made)) == [["9000-9000"]]
    made["dynamic_ports"][lost] = None
    found = plan(made)
    assert (others(found), found["status"]) == ([], "unknown")


def test_a_profile_reserves_no_more_than_the_list_of_the_catalogue() -> None:
    made = netbird({"Netbird": entry("3478-3478")}, server_2019())
    assert "3478-3478" not in excluded(plan(made, profiles=["vpn"]))
    assert others(plan(made, profiles=["vpn"], detect=False)) == []


def test_rows_with_fixed_ports_are_left_alone_and_those_of_the_user_say_what_they_want() -> None:
    made = facts(settings={"max_user_port": number(60000)})
    made["services"].update(Agent=service(pid=3000), MSMQ=service(pid=3001))
    made["own_sockets"] = {"Agent": entry("61184-61184"), "MSMQ": entry("61185-61185")}
    row = {"name": "agent", "services": ["AGENT"], "ports": ["7000"], "hold": "never"}
    assert others(plan(made, catalogue_extra=[row])) == []
    assert others(plan(made, catalogue_extra=[{**row, "own_sockets": True}])) == [["61184-61184"]]
    assert others(plan(made, catalogue_extra=[{**row, "own_sockets": True, "protocol": "tcp"}])) == []


def test_dns_and_an_ignored_or_stopped_service_have_no_other_ports() -> None:
    made = sbs("61184-61184")
    made["own_sockets"]["DNS"] = entry("61185-61185")
    assert others(plan(made, ignore_services=["netbird"])) == []
    made["services"]["Netbird"] = service(state=1, exit_code=0)
    assert others(plan(made)) == []


@pytest.mark.parametrize(
    "fact",
    [
        None,
        "?",
        {"Netbird": None},
        {"NETBIRD": entry(doubtful=None)},
        {"Netbird": entry(doubtful=["61184-61184"])},
        {"Netbird": {"ports": ["61184-61184"]}},
        {"Netbird": entry("61184-61184", doubtful=None)},
        {"Netbird": {"ports": ["?"], "doubtful": []}},
    ],
)
def test_what_was_not_read_is_unknown_and_reserves_nothing(fact: Any) -> None:
    found = plan(netbird(fact, sbs()))
    assert (set(problems(found)), found["status"]) == ({UNKNOWN}, "unknown")
    assert others(found) == []
    assert "61184-61184" not in after(found)


def test_a_doubt_about_a_port_that_does_not_matter_is_none() -> None:
    for port in ("443-443", "50999-50999", "51820-51820"):
        assert problems(plan(sbs(doubtful=[port]))) == []
    doubtful = entry(doubtful=None)
    assert problems(plan(netbird({"Agent": doubtful}, sbs()))) == []
    windows_2000 = netbird({"Netbird": doubtful}, sbs())
    windows_2000["os"]["nt"] = "5.0"
    assert problems(plan(windows_2000)) == []


def test_prune_keeps_what_the_sockets_may_show_and_is_refused_where_that_is_not_known() -> None:
    kept = ("3343-3343", "50999-50999", "61184-61184", "62000-62000")
    pruned = after(plan(sbs("50999-50999", doubtful=["61184-61184"], reserved=kept), prune=True))
    assert {"50999-50999", "61184-61184"} < set(pruned)
    assert "62000-62000" not in pruned
    refused = plan(sbs(doubtful=None, reserved=kept), prune=True)
    assert "prune_refused" in [problem["id"] for problem in refused["problems"]]
    assert set(kept) < set(after(refused))


ROW = "  UDP    0.0.0.0:61184          *:*                                1856\n"


def transcript(row: str = ROW) -> str:
    """Return the SBS 2003 host with NetBird in a process of its own, PID 1856, on a port above MaxUserPort."""
    text = sbs2003().replace("SQLBrowser", "Netbird")
    return text.replace(next(line for line in text.splitlines(keepends=True) if ":1434 " in line), row)


def _block(old: str, new: str) -> str:
    front, name, rest = transcript().partition("SERVICE_NAME: Netbird\n")
    return front + name + rest.replace(old, new, 1)


LESS = {
    "no type": _block("        TYPE               : 10  WIN32_OWN_PROCESS \n", ""),
    "damaged type": _block(": 10  WIN32", ": 1?  WIN32"),
    "type of a driver": _block(": 10  WIN32", ": 1  WIN32"),
    "no pid": _block("        PID                : 1856\n", ""),
    "pid 0": _block(": 1856", ": 0"),
    "row without pid": transcript(ROW.replace("1856", "")),
    "row that is cut": transcript("  UDP    0.0.0.0:611\n"),
    "another block damaged": transcript().replace("SERVICE_NAME: W32Time\n", "SERVICE_NAME: W32Time\nW32Time\n"),
}
OTHERWISE = {
    "shared type": _block(": 10  WIN32_OWN", ": 20  WIN32_SHARE"),
    "shared pid": transcript().replace("PID                : 1748", "PID                : 1856"),
    "connected": transcript(ROW.replace("*:*", "203.0.113.5:4000")),
    "loopback": transcript(ROW.replace("0.0.0.0", "127.0.0.1")),
    "one address": transcript(ROW.replace("0.0.0.0", "192.168.16.2")),
    "inside of the range": transcript(ROW.replace("61184", "59000")),
}


@pytest.mark.parametrize("name", [*LESS, *OTHERWISE])
def test_with_less_evidence_nothing_is_reserved_and_nothing_gets_better(name: str) -> None:
    whole = plan(facts_of(transcript()))
    assert others(whole) == [["61184-61184"]]
    assert "61184-61184" in after(whole)
    found = plan(facts_of({**LESS, **OTHERWISE}[name]))
    assert others(found) == []
    assert not {"59000-59000", "61184-61184"} & set(after(found))
    assert STATUSES.index(found["status"]) <= STATUSES.index(whole["status"])
    assert found["risk"]["now"] is None or found["risk"]["now"] >= whole["risk"]["now"]
    if name in LESS:
        assert found["status"] == "unknown"
