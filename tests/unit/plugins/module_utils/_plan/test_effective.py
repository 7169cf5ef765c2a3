# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.host import Host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.effective import effect_of
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.settings import SETTINGS
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    BOOT_MARK,
    DNS_PID,
    NEXT_BOOT_MARK,
    applied,
    facts,
    number,
    ranges,
    recorded,
    server_2019,
    service,
    with_dns,
)

LIST = "1645-1646,3343-3343"


def effect(setting: str, state: dict[str, Any], **changes: Any) -> str:
    values = {"reserved_ports": ranges(*LIST.split(",")), "socket_pool_size": number(2500)}
    return effect_of(Host(facts(settings=values, state=state, **changes)), SETTINGS[setting])


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"present": False, "settings": {}}, "unknown"),
        ({"present": None, "settings": {}}, "unknown"),
        (recorded({"reserved_ports": LIST}, BOOT_MARK), "no"),
        (recorded({"reserved_ports": LIST}, BOOT_MARK, DNS_PID - 1), "no"),
        (recorded({"reserved_ports": LIST}, NEXT_BOOT_MARK), "yes"),
        (recorded({"reserved_ports": "1645-1646"}, NEXT_BOOT_MARK), "unknown"),
    ],
)
def test_reserved_ports_need_a_boot(state: dict[str, Any], expected: str) -> None:
    assert effect("reserved_ports", state) == expected


@pytest.mark.parametrize(
    ("pid", "changes", "expected"),
    [
        (DNS_PID, {}, "no"),
        (DNS_PID - 1, {}, "yes"),
        (0, {}, "no"),
        ("4711", {}, "no"),
        ("x", {}, "no"),
        (-1, {}, "no"),
        (True, {}, "no"),
        (None, {}, "no"),
        ("stopped", {}, "yes"),
        ("stopped", {"dns": {"state": 7}}, "no"),
        (DNS_PID - 1, {"dns": {"state": 7}}, "no"),
        (DNS_PID - 1, {"dns": {"pid": None}}, "no"),
        (DNS_PID, {"dns": {"state": 1, "pid": None}}, "yes"),
        (DNS_PID, {"dns": {"state": 1}}, "no"),
        *((DNS_PID, {"dns": {"state": state, "pid": None}}, "no") for state in (2, 3, 5, 6, 7)),
        (DNS_PID, {"dns": {"state": None, "pid": None}}, "no"),
        (DNS_PID, {"boot_mark": NEXT_BOOT_MARK}, "yes"),
        (DNS_PID - 1, {"boot_mark": None}, "unknown"),
    ],
)
def test_the_pool_size_needs_a_new_dns_process(pid: Any, changes: dict[str, Any], expected: str) -> None:
    state = recorded({"socket_pool_size": "2500"}, BOOT_MARK, pid)
    assert effect("socket_pool_size", state, **changes) == expected


def test_split_entries_are_not_the_recorded_value() -> None:
    made = facts(settings={"reserved_ports": ranges("1645-1645", "1646-1646", "3343-3343")}, boot_mark=NEXT_BOOT_MARK)
    made["state"] = recorded({"reserved_ports": LIST}, BOOT_MARK)
    assert effect_of(Host(made), SETTINGS["reserved_ports"]) == "unknown"


KEPT = ("50000-50000", "50100-50100")
EXCLUSIONS = "socket_pool_excluded_port_ranges"
NEEDED = Policy.from_options({"extra_ports": ["50000", "50100"]})


def excluding(*entries: str, recorded_pid: Any = DNS_PID, mark: str = BOOT_MARK, **dns: Any) -> dict[str, Any]:
    """Return a server whose recorded value excludes 50000 and 50100, and entries that somebody has added."""
    made = server_2019(
        settings={EXCLUSIONS: ranges(*KEPT, *entries)},
        state=recorded({EXCLUSIONS: ",".join(KEPT)}, mark, recorded_pid),
        services={"IAS": service(1, 4, None, 1077), "IKEEXT": service(1, 3, None, 1077, trigger=True)},
        udp_endpoints=[],
        udp_ports={"udp4": [], "udp6": []},
    )
    made["dns"].update(dns)
    return with_dns(made)


@pytest.mark.parametrize("recorded_pid", [DNS_PID - 1, "stopped"])
def test_ports_that_were_recorded_count_after_a_restart_although_somebody_added_others(recorded_pid: Any) -> None:
    found = make_plan(excluding("60000-60000", recorded_pid=recorded_pid), NEEDED)
    assert found["risk"]["now"] == 0
    assert not any(need["exposed"] for need in found["needs"])


@pytest.mark.parametrize("recorded_pid", [DNS_PID, None, 0])
def test_they_do_not_count_without_a_restart(recorded_pid: Any) -> None:
    found = make_plan(excluding("60000-60000", recorded_pid=recorded_pid), NEEDED)
    assert found["risk"]["now"] > 0.2


def test_only_what_was_recorded_and_is_still_there_counts_after_a_restart() -> None:
    added = Policy.from_options({"extra_ports": ["60000"]})
    found = make_plan(excluding("60000-60000", recorded_pid=DNS_PID - 1), added)
    assert found["risk"]["now"] > 0, "DNS may have started before somebody added the port"
    made = excluding(recorded_pid=DNS_PID - 1)
    made["settings"][EXCLUSIONS] = ranges(KEPT[0])
    found = make_plan(made, NEEDED)
    assert found["risk"]["now"] > 0, "nothing keeps the next start off a port that somebody took out"


def test_dns_on_an_excluded_port_after_a_boot_is_due_one_window_and_recorded_anew() -> None:
    held = {"udp_ports": {"udp4": ["53-53", "50100-50100"], "udp6": ["53-53"]}}
    made = excluding(mark=NEXT_BOOT_MARK, **held)
    found = make_plan(made, NEEDED)
    assert found["effective"][EXCLUSIONS] == "no"
    assert [action["action"] for action in found["actions"]] == ["dns_window"]
    assert [entry["id"] for entry in found["settings"]] == ["state"]
    after = applied(made, found)
    after["dns"]["pid"] += 1
    again = make_plan(with_dns(after), NEEDED)
    assert again["effective"][EXCLUSIONS] == "unknown"
    assert (again["settings"], again["actions"]) == ([], []), "a second window would change nothing"
    assert "excluded_port_held" in {problem["id"] for problem in again["problems"]}
    assert again["risk"]["now"] > 0, "the port that DNS holds does not count as reserved"


def test_port_53_and_a_fixed_send_port_are_no_draw() -> None:
    held = {"udp_ports": {"udp4": ["53-53", "50100-50100"], "udp6": ["53-53"]}, "send_port": 50100}
    made = excluding("53-53", mark=NEXT_BOOT_MARK, **held)
    made["state"] = recorded({EXCLUSIONS: ",".join((*KEPT, "53-53"))}, NEXT_BOOT_MARK)
    assert effect_of(Host(made), SETTINGS[EXCLUSIONS]) == "yes"
    made["dns"]["send_port"] = None
    assert effect_of(Host(made), SETTINGS[EXCLUSIONS]) == "no"


@pytest.mark.parametrize("mark", ["", "x", NEXT_BOOT_MARK[:-1], f"{NEXT_BOOT_MARK}-", f"{BOOT_MARK}-1F"])
def test_a_boot_mark_that_is_cut_or_has_a_counter_of_its_own_is_no_other_boot(mark: str) -> None:
    assert effect("reserved_ports", recorded({"reserved_ports": LIST}, mark)) != "yes"
