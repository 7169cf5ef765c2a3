# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of states is complete and documented, and plan and verify follow it for DNS."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.gate import judge
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.service_states import (
    EXCUSED,
    FAILED_ON_DEMAND,
    HOLDS,
    PORT_ERRORS,
    TABLE,
    UNREAD,
    StateRow,
    state_row,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    DNS_PID,
    applied,
    facts,
    recorded,
    server_2019,
    service,
    socket,
    with_dns,
    without_process,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import verify

DOCUMENT = Path(__file__).resolve().parents[5] / "docs" / "service_states.md"
POLICY = Policy.from_options({"extra_ports": ["50600"]})
STARTS = (0, 1, 2, 3, 4, None)
STATES = range(1, 8)
EXITS = (0, 1077, 5, None, *PORT_ERRORS)
START_WORDS = {0: "automatic", 3: "on demand (3)", 4: "disabled (4)"}
STATE_WORDS = {1: "1", 2: "2", 3: "3", 4: "4", 5: "5", 6: "6", 7: "7"}


def protected() -> dict[str, Any]:
    """Return a server with everything written, recorded and waiting for its restart of DNS only."""
    base = server_2019()
    return applied(base, make_plan(base, POLICY))


def restarted() -> dict[str, Any]:
    """Return the same after the restart: safe."""
    made = protected()
    made["dns"]["pid"] = DNS_PID + 1
    return with_dns(made)


def cells(row: StateRow) -> list[str]:
    starts = list(dict.fromkeys(START_WORDS.get(start or 0, "automatic") for start in row.starts))
    trigger = {None: "", True: " with a trigger", False: ""}[row.triggered]
    exits = "any other" if row.exits is None else ", ".join(map(str, row.exits))
    states = ", ".join(STATE_WORDS[state] for state in row.states)
    return [
        " or ".join(starts) + trigger,
        states,
        exits,
        *(word or "-" for word in (row.needed, row.dns, row.before)),
        row.proves,
    ]


def test_the_document_shows_the_table() -> None:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    shown = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    head = next(at for at, row in enumerate(shown) if row[0] == "start type")
    assert shown[head + 2 : head + 2 + len(TABLE)] == [cells(row) for row in TABLE]


IAS_IN = {
    "holds": service(4, 2, 1500, 0),
    "excused": service(1, 2, None, 0),
    "not_yet": service(1, 2, None, 1077),
    "down": service(1, 2, None, 1067),
    "failed": service(1, 2, None, 10048),
    "failed_on_demand": service(1, 3, None, 10048),
    "unread": service(None, 2, None, None),
}


@pytest.mark.parametrize("word", IAS_IN)
def test_a_service_gives_its_host_the_status_that_the_document_says(word: str) -> None:
    base = facts()
    default = Policy.from_options({})
    made = applied(base, make_plan(base, default))
    made["boot_mark"] = "90E3B2C4D5E6DA01"
    made["services"]["IAS"] = {**IAS_IN[word], "pid": made["services"]["IAS"]["pid"] if word == "holds" else None}
    if word != "holds":
        pid = base["services"]["IAS"]["pid"]
        made["udp_endpoints"] = [row for row in made["udp_endpoints"] if row["pid"] != pid]
        made["udp_ports"]["udp4"] = [f"{row['port']}-{row['port']}" for row in made["udp_endpoints"]]
    listed = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert make_plan(made, default)["status"] == dict(listed)[word]


@pytest.mark.parametrize("triggered", [False, True])
def test_every_service_has_a_row_and_only_an_unread_state_has_none(triggered: bool) -> None:
    for start, state, code in itertools.product(STARTS, STATES, EXITS):
        found = state_row(start, triggered, state, code)
        assert UNREAD not in (found.needed, found.dns, found.before)
        assert state_row(start, triggered, None, code).needed == UNREAD


def test_no_status_is_better_without_evidence() -> None:
    order = (HOLDS, EXCUSED, FAILED_ON_DEMAND)
    for state, code, triggered in itertools.product(STATES, EXITS, (False, True)):
        for start in STARTS:
            with_start = state_row(start, triggered, state, code)
            for less in (state_row(None, triggered, state, code), state_row(start, False, state, code)):
                for column in ("needed", "dns", "before"):
                    known, unknown = getattr(with_start, column), getattr(less, column)
                    assert known is None or unknown not in order or known in order
                if start not in (3, 4) and not triggered:
                    assert state_row(start, triggered, state, None).needed not in order or state == 4


def test_the_protected_server_is_safe_and_waits_before_for_its_restart() -> None:
    assert make_plan(protected(), POLICY)["status"] == "pending_restart"
    assert make_plan(restarted(), POLICY)["status"] == "safe"
    assert verify(restarted(), POLICY)["ok"]


@pytest.mark.parametrize("make", [restarted, facts])
@pytest.mark.parametrize("state", [2, 3, 5, 6, 7])
def test_dns_that_does_not_work_is_a_finding(make: Any, state: int) -> None:
    made = make()
    made["dns"]["state"] = state
    found = make_plan(with_dns(made), POLICY)
    assert found["status"] == "service_down"
    reason = "not_yet" if state == 2 else "not_running"
    assert [row["reason"] for row in verify(made, POLICY)["failures"]] == [reason]
    wanted = "service_not_yet_running" if state == 2 else "service_not_running"
    assert wanted in {problem["id"] for problem in found["problems"]}


@pytest.mark.parametrize("exit_code", [0, 1067, 1077, 10048, None])
def test_dns_that_is_down_is_a_finding(exit_code: int | None) -> None:
    made = without_process(restarted())
    made["services"]["DNS"]["win32_exit_code"] = exit_code
    assert make_plan(made, POLICY)["status"] == "service_down"
    (failure,) = verify(made, POLICY)["failures"]
    assert failure["service"] == "DNS"
    assert failure["reason"] == ("not_yet" if exit_code == 1077 else "not_running")
    silent = Policy.from_options({"extra_ports": ["50600"], "ignore_services": ["DNS"]})
    assert make_plan(made, silent)["status"] == "safe"
    assert verify(made, silent)["ok"]


@pytest.mark.parametrize("start", [3, 4])
def test_dns_of_a_cluster_or_disabled_is_no_finding_without_a_record(start: int) -> None:
    made = without_process(restarted(), start=start)
    assert make_plan(made, POLICY)["status"] == "safe"
    made["state"]["settings"].update(recorded({"ran_before": "DNS"})["settings"])
    found = make_plan(made, POLICY)
    assert found["status"] == "service_down"
    (told,) = [problem["message"] for problem in found["problems"] if problem["id"] == "service_ran_before"]
    assert "ignore_services" in told
    assert [row["reason"] for row in verify(made, POLICY)["failures"]] == ["ran_before"]
    silent = Policy.from_options({"extra_ports": ["50600"], "ignore_services": ["DNS"]})
    assert verify(made, silent)["ok"]
    made["dns"].update(state=4, pid=DNS_PID + 1, udp_ports={"udp4": ["53-53"], "udp6": []})
    assert verify(with_dns(made), POLICY)["ok"]


def test_what_ran_before_a_window_is_a_finding_whatever_its_start() -> None:
    for start in (2, 3, 4, None):
        made = restarted()
        made["services"]["Netlogon"] = service(1, start, None, 0)
        made["state"]["settings"].update(recorded({"ran_before": "DNS,Netlogon"})["settings"])
        assert [row["reason"] for row in verify(made, POLICY)["failures"]] == ["ran_before"]
        made["services"]["Netlogon"].update(state=4, pid=7)
        assert verify(made, POLICY)["ok"]
        del made["services"]["Netlogon"]
        assert verify(made, POLICY)["ok"], "both sources say that it is gone"


@pytest.mark.parametrize("value", [None, "", 7, "DNS,,X", "a&b"])
def test_a_record_of_what_ran_before_that_cannot_be_read_hides_nothing(value: Any) -> None:
    made = restarted()
    made["state"]["settings"]["ran_before"] = {"value": value, "boot_mark": None, "dns_pid": None}
    assert make_plan(made, POLICY)["status"] == "unknown"
    assert verify(made, POLICY)["failures"][-1]["reason"] == "record_unreadable"


def test_dns_that_runs_and_does_not_hold_its_port_is_not_proved() -> None:
    made = restarted()
    made["dns"]["udp_ports"] = {"udp4": ["50000-50002"], "udp6": []}
    assert [row["reason"] for row in verify(made, POLICY)["failures"]] == ["port_not_held"]
    assert make_plan(made, POLICY)["status"] == "service_down"
    made["udp_endpoints"].insert(0, socket(53, 77, "docker.exe"))
    made["udp_ports"]["udp4"].insert(0, "53-53")
    found = make_plan(made, POLICY)
    assert found["status"] == "conflict"
    assert found["live_conflicts"][0] == {
        "port": 53,
        "service": "DNS",
        "holder": "docker.exe",
        "pid": 77,
        "error": None,
    }


def test_windows_2000_names_no_process_and_dns_is_proved_by_the_port_alone() -> None:
    made = facts()
    made["os"].update(release="2000", nt="5.0", sbs=False)
    made["dns"]["udp_ports"] = None
    made["udp_endpoints"] = [{**row, "pid": None, "process": None} for row in made["udp_endpoints"]]
    without = verify(made, POLICY)["failures"]
    assert [(row["service"], row["reason"]) for row in without] == [("DNS", "port_not_held")]
    made["udp_ports"]["udp4"].insert(0, "53-53")
    assert verify(made, POLICY)["ok"]
    made["os"].update(release="2003", nt="5.2")
    assert make_plan(made, POLICY)["status"] == "unknown"


@pytest.mark.parametrize("name", ["IAS", "PolicyAgent"])
def test_automatic_and_1077_is_not_yet(name: str) -> None:
    base = facts()
    default = Policy.from_options({})
    made = applied(base, make_plan(base, default))
    pid = made["services"][name]["pid"]
    made["boot_mark"] = "90E3B2C4D5E6DA01"
    made["services"][name] = service(1, 2, None, 1077)
    made["udp_endpoints"] = [row for row in made["udp_endpoints"] if row["pid"] != pid]
    made["udp_ports"]["udp4"] = [f"{row['port']}-{row['port']}" for row in made["udp_endpoints"]]
    found = make_plan(made, default)
    assert found["status"] == "service_down"
    assert [(row["service"], row["reason"]) for row in verify(made, default)["failures"]] == [(name, "not_yet")]
    artifact = {"format": 1, "host": "a", "status": found["status"], "facts": made, "plan": found}
    assert judge(["a"], {"a": artifact}).exit_code == 2
    made["services"][name] = service(1, 2, None, 0)
    assert verify(made, default)["ok"]
    made["services"][name] = service(1, 2, None, 1077, trigger=True)
    assert verify(made, default)["ok"]


def test_a_window_for_dns_that_is_disabled_is_refused_by_the_plan() -> None:
    for start, words in ((4, "DNS is disabled (Start 4)"), (None, "the start type of DNS could not be read")):
        made = server_2019()
        made["services"]["DNS"]["start"] = start
        found = make_plan(made, POLICY)
        assert found["actions"] == []
        assert (found["status"], found["dns_restart_required"], found["in_sync"]) == ("drifted", True, False)
        (problem,) = [problem for problem in found["problems"] if problem["id"] == "window_refused"]
        assert words in problem["message"]
    written = applied(made, found)
    assert make_plan(written, POLICY)["status"] == "drifted"


def test_a_window_that_would_stop_a_disabled_dependent_is_refused_by_the_plan() -> None:
    made = server_2019(dns={"dependents": ["Foo", "Bar"]})
    made["services"].update(Foo=service(start=4, pid=9), Bar=service(1, 4, None, 0))
    found = make_plan(made, POLICY)
    assert found["actions"] == []
    (problem,) = [problem for problem in found["problems"] if problem["id"] == "window_refused"]
    assert problem["data"]["reasons"] == ["Foo is disabled (Start 4)"]
    made["services"]["Foo"]["start"] = 3
    assert [action["action"] for action in make_plan(made, POLICY)["actions"]] == ["dns_window"]
