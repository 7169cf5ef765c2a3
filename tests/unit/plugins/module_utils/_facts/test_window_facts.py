# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts say what a window stops, what it must start again, and what to wait for."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.host import Host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.window_facts import (
    awaited_at_boot,
    not_yet,
    on_record,
    owed,
    record_ends,
    running_dependents,
    startable,
    unproved_processes,
    unsettled,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.window_refusal import stop_refusals
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    BOOT_MARK,
    DNS_PID,
    facts,
    number,
    recorded,
    service,
)

STOPPED, START_PENDING, STOP_PENDING, RUNNING, CONTINUE_PENDING, PAUSE_PENDING, PAUSED = range(1, 8)
FINE: dict[str, Any] = {"failures": []}


def host(state: dict[str, Any] | None = None, dependents: tuple[str, ...] = (), **services: Any) -> dict[str, Any]:
    made = facts(services={"DNS": service(pid=DNS_PID), **services}, dns={"dependents": list(dependents)})
    return {**made, "state": state} if state else made


def test_what_goes_down_with_dns_is_what_runs() -> None:
    found = host(dependents=("WINS", "Idle"), WINS=service(), Idle=service(state=STOPPED))
    assert running_dependents(found) == ("WINS",)
    found["dns"]["dependents"] = None
    assert running_dependents(found) is None


def test_what_could_not_be_started_again() -> None:
    found = host(dependents=("wins", "Idle"), WINS=service(start=4), Idle=service(state=STOPPED, start=4))
    assert stop_refusals(Host(found)) == ["WINS is disabled (Start 4)"]
    found["services"]["DNS"]["start"] = 4
    assert stop_refusals(Host(found)) == ["DNS, WINS are disabled (Start 4)"]
    found["services"]["WINS"]["state"] = PAUSED
    assert "WINS" in stop_refusals(Host(found))[0], "what is paused goes down, too"
    found["services"]["WINS"]["start"] = None
    assert stop_refusals(Host(found))[1] == "the start type of WINS could not be read"
    found["services"]["DNS"]["state"] = found["dns"]["state"] = STOPPED
    assert len(stop_refusals(Host(found))) == 1, "what does not run is not stopped"


def test_an_entry_ends_when_it_runs_or_is_ignored() -> None:
    record = recorded({"ran_before": "DNS,WINS,Gone,MSSQL$A B"})
    found = host(record, WINS=service(state=STOPPED))
    assert on_record(found) == ("DNS", "WINS", "Gone", "MSSQL$A B")
    assert owed(found) == ("WINS",) and record_ends(found)
    assert owed(found, ["wins"]) == ()
    assert owed(host()) == () and not record_ends(host())


@pytest.mark.parametrize("unread", ["services", "registry"])
def test_a_service_is_gone_only_if_all_could_be_read(unread: str) -> None:
    found = host(recorded({"ran_before": "WINS,Gone,MSSQL$A B"}), WINS=service(state=STOPPED))
    if unread == "services":
        found["services_total"] = None
    else:
        found["problems"].append({"id": "service_starts_unreadable", "severity": "error", "message": "", "data": {}})
    assert owed(found) == ("WINS", "Gone", "MSSQL$A B") and not record_ends(found)
    assert owed(found, ["wins", "gone"]) == ("MSSQL$A B",)


def test_a_record_that_cannot_be_read_as_a_whole_is_left_alone() -> None:
    assert not record_ends(host(recorded({"ran_before": "DNS,%PATH%"})))


def test_only_what_is_stopped_and_not_disabled_can_be_started() -> None:
    found = host(A=service(state=STOPPED), B=service(state=STOPPED, start=4), C=service(state=STOP_PENDING))
    assert startable(found, ["a", "B", "C", "Gone"]) == ["a"]


@pytest.mark.parametrize("value", ['x" & del', "a|b", "%PATH%", "x" * 81])
def test_what_is_no_service_key_is_not_believed(value: str) -> None:
    assert on_record(host(recorded({"ran_before": f"DNS,{value}"}))) == ("DNS",)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (service(state=START_PENDING, start=3), True),
        (service(state=STOPPED, exit_code=1077), True),
        (service(state=STOPPED, exit_code=1077, start=3), False),
        (service(state=STOPPED, exit_code=1077, trigger=True), False),
        (service(state=STOPPED, exit_code=0), False),
        (service(state=STOPPED, exit_code=10048), False),
        (service(), False),
        (service(state=PAUSED), False),
    ],
)
def test_not_yet(row: dict[str, Any], expected: bool) -> None:
    assert not_yet(host(IAS=row), "ias") is expected


def test_waiting_helps_only_those_that_are_waited_for() -> None:
    found = host(A=service(state=START_PENDING), B=service(state=START_PENDING), C=service(), D=service())
    verdict = {"failures": [{"service": "C"}, {"service": "D"}]}
    assert unsettled(found, verdict, {"a", "c"}) == ["A", "C"]
    assert unsettled(found, FINE, {"C", "D"}) == []


def test_a_boot_is_to_bring_up_what_ran_and_what_the_last_one_tried() -> None:
    found = host(
        IAS=service(state=STOPPED, exit_code=10048),
        Never=service(state=STOPPED, exit_code=1077),
        Demand=service(state=STOPPED, start=3, exit_code=0),
        Ran=service(start=3),
        Triggered=service(state=STOPPED, exit_code=0, trigger=True),
    )
    found["services"].pop("RemoteAccess")
    assert awaited_at_boot(found) == {"DNS", "IAS", "PolicyAgent", "Ran"}


class TestUnprovedProcesses:
    """A record without a process gets the one that the window replaced; never without proof."""

    @staticmethod
    def pair(dns_pid: int | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        before = host(recorded({"socket_pool_size": "2500"}, dns_pid=dns_pid))
        before["settings"]["socket_pool_size"] = number(2500)
        after = copy.deepcopy(before)
        after["services"]["DNS"]["pid"] = DNS_PID + 1
        return before, after

    def test_the_old_process(self) -> None:
        assert unproved_processes(*self.pair(), False) == {"socket_pool_size": DNS_PID}

    def test_a_record_that_has_one_stays(self) -> None:
        assert unproved_processes(*self.pair(4711), True) == {}

    def test_a_process_that_is_not_known_was_stopped(self) -> None:
        before, after = self.pair()
        before["services"]["DNS"]["pid"] = after["services"]["DNS"]["pid"] = None
        assert unproved_processes(before, after, False) == {}
        assert unproved_processes(before, after, True) == {"socket_pool_size": None}

    def test_the_same_process_proves_nothing(self) -> None:
        before, after = self.pair()
        after["services"]["DNS"]["pid"] = DNS_PID
        assert unproved_processes(before, after, True) == {}
        after["services"]["DNS"]["pid"] = None
        assert unproved_processes(before, after, True) == {}

    def test_dns_that_does_not_run_proves_nothing(self) -> None:
        before, after = self.pair()
        after["services"]["DNS"]["state"] = START_PENDING
        assert unproved_processes(before, after, True) == {}

    @pytest.mark.parametrize("side", [0, 1])
    def test_another_value_or_boot_proves_nothing(self, side: int) -> None:
        pair = self.pair()
        pair[side]["settings"]["socket_pool_size"] = number(100)
        assert unproved_processes(*pair, True) == {}
        pair = self.pair()
        pair[side]["boot_mark"] = BOOT_MARK[::-1]
        assert unproved_processes(*pair, True) == {}
