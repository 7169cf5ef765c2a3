# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guarded window always ends and reports how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.exchange import Exchange
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host import dns_window
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.window_request import window_of
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._verbose import SILENT
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._host.window_case import Case, run_on
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import (
    RUNNING,
    FakeHost,
    Service,
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    run_on(monkeypatch)


def test_the_window_runs_as_a_task_and_is_looked_at() -> None:
    case = Case()
    opened = case.open()
    assert opened.steps == [
        {"step": "stop_dns", "error_level": 0},
        {"step": "start PolicyAgent", "error_level": 0},
        {"step": "start_dns", "error_level": 1056},
    ]
    assert len(case.host.lines) == 4, "gather, start, look, finish"
    assert case.host.services["PolicyAgent"].state == RUNNING
    assert case.host.locks is None
    assert "netstat" in opened.transcript.sections


def test_only_dependents_that_ran_are_started_again() -> None:
    host = FakeHost(dependents=["DnsMgmt", "Idle"])
    host.services |= {"DnsMgmt": Service(RUNNING, 77), "Idle": Service(1, 0)}
    case = Case(host)
    assert window_of(case.lock(), case.gathered, case.action, 300).dependents == ("DnsMgmt",)


def test_unknown_dependents_forbid_the_window() -> None:
    case = Case()
    case.gathered.facts["dns"]["dependents"] = None
    with pytest.raises(HostFailure, match="would stay stopped"):
        case.open()


def test_a_name_that_must_not_be_sent_forbids_the_window() -> None:
    case = Case()
    case.action = replace(case.action, services_to_start=('x" & del',))
    with pytest.raises(HostFailure, match="No window was opened"):
        case.open()
    assert len(case.host.lines) == 1


def test_without_a_task_scheduler_nothing_is_stopped() -> None:
    case = Case(FakeHost(scheduler="missing"))
    with pytest.raises(HostFailure, match="allow_unguarded") as caught:
        case.open()
    assert caught.value.details["dns_may_be_stopped"] is False
    assert case.dns_runs
    assert case.host.locks is None


def test_a_task_that_never_runs_is_distinguished_from_one_that_hangs() -> None:
    case = Case(FakeHost(scheduler="never_runs"))
    with pytest.raises(HostFailure, match="never ran the scheduled task") as caught:
        case.open()
    assert caught.value.details["dns_may_be_stopped"] is False
    assert case.host.locks is None
    assert case.dns_runs


def test_at_the_deadline_the_session_starts_dns() -> None:
    case = Case(FakeHost(scheduler="hangs"))
    with pytest.raises(HostFailure, match="the session started DNS, and it runs") as caught:
        case.open()
    assert case.dns_runs
    assert caught.value.phase == "restart"
    assert caught.value.details["dns_may_be_stopped"] is False
    assert case.host.locks, "the script may still run: the lock stays until it is stale"


@pytest.mark.parametrize("command", [3, 4])
@pytest.mark.parametrize("when", ["faults", "receive_faults"])
def test_a_lost_connection_after_the_start_is_survived(command: int, when: str) -> None:
    case = Case()
    getattr(case.wire, when)[command] = ConnectionResetError("gone")
    assert case.open().steps
    assert case.host.locks is None


def test_a_service_that_hangs_while_it_stops_is_tried_again() -> None:
    case = Case(FakeHost(scheduler="hangs"))
    rescue, tries = case.host._on_rescue, []

    def slowly() -> tuple[str, int]:
        tries.append(1)
        return rescue() if len(tries) > 2 else ("start_dns 2\n", 0)

    case.host._on_rescue = slowly  # type: ignore[method-assign]
    with pytest.raises(HostFailure, match="it runs") as caught:
        case.open()
    assert len(tries) == 3
    assert caught.value.details["dns_may_be_stopped"] is False


def test_error_level_2_of_net_start_is_no_proof_that_dns_runs() -> None:
    case = Case(FakeHost(scheduler="hangs"))
    case.host._on_rescue = lambda: ("start_dns 2\n", 0)  # type: ignore[method-assign]
    with pytest.raises(HostFailure, match="DNS does not run") as caught:
        case.open()
    assert caught.value.details["dns_may_be_stopped"] is True


def test_a_script_that_was_only_slow_gives_the_lock_back() -> None:
    case = Case(FakeHost(scheduler="hangs"))
    rescue = case.host._on_rescue

    def ends() -> tuple[str, int]:
        case.host.ended = True
        return rescue()

    case.host._on_rescue = ends  # type: ignore[method-assign]
    with pytest.raises(HostFailure, match="did not end the window within 300 seconds"):
        case.open()
    assert case.host.locks is None


def test_a_host_that_stays_away_may_have_dns_stopped() -> None:
    case = Case(FakeHost(scheduler="hangs"))
    answer = case.host.answer

    def gone(line: str) -> bytes:
        if "begin window" in line or "begin abort" in line:
            raise ConnectionResetError("gone")
        return answer(line)

    case.host.answer = gone  # type: ignore[method-assign]
    with pytest.raises(HostFailure, match="look at its console") as caught:
        case.open()
    assert caught.value.details["dns_may_be_stopped"] is True


def test_a_lost_answer_to_the_start_is_followed_up() -> None:
    case = Case()
    case.wire.receive_faults[2] = ConnectionResetError("gone")
    assert case.open().steps
    assert case.host.locks is None


def test_a_start_that_never_arrived_stops_nothing() -> None:
    case = Case()
    case.wire.faults[2] = ConnectionResetError("gone")
    with pytest.raises(HostFailure, match="nothing was stopped") as caught:
        case.open()
    assert caught.value.details["dns_may_be_stopped"] is False
    assert case.dns_runs


def test_a_start_whose_task_did_not_run_yet_is_taken_back() -> None:
    case = Case(FakeHost(scheduler="never_runs"))
    case.wire.receive_faults[2] = ConnectionResetError("gone")
    with pytest.raises(HostFailure, match="Nothing was stopped") as caught:
        case.open()
    assert caught.value.details["dns_may_be_stopped"] is False
    assert case.host.locks is None


def test_a_lock_of_another_run_forbids_the_window() -> None:
    case = Case()
    case.host.locks = ["9999999999-fedcba9876543210"]
    with pytest.raises(HostFailure, match="locked by another run"):
        case.open()
    assert len(case.host.lines) == 3, "the lock was looked at"
    assert case.dns_runs


@pytest.mark.parametrize(("timeout", "waits"), [(10, 5), (60, 45), (900, 45)])
def test_a_look_ends_before_its_command(timeout: int, waits: int) -> None:
    case = Case()
    case.exchange = Exchange(case.session, case.gathered.run, "restart", timeout)
    case.open()
    (look,) = [line for line in case.host.lines if "begin window" in line]
    assert f"(1,1,{waits // 2})" in look


def test_what_ran_is_on_record_before_anything_stops() -> None:
    host = FakeHost(dependents=["WINS"], scheduler="hangs")
    host.services["WINS"] = Service(RUNNING, 77)
    case = Case(host)
    with pytest.raises(HostFailure):
        case.open()
    line = next(line for line in host.lines if "begin run" in line)
    assert line.index('ran_before /v value /t REG_SZ /d "DNS,WINS" /f') < line.index("schtasks.exe /run")


def test_a_window_that_ended_well_leaves_no_record() -> None:
    case = Case()
    case.open()
    assert "ran_before" not in case.host.state


def test_what_does_not_run_after_a_window_stays_on_record() -> None:
    host = FakeHost(dependents=["WINS"])
    host.services["WINS"] = Service(RUNNING, 77)
    case = Case(host)
    window = host._do_window

    def in_vain() -> None:
        window()
        host.services["WINS"] = Service(1, 0, 1067)

    host._do_window = in_vain  # type: ignore[method-assign]
    case.open()
    assert host.state["ran_before"]["value"] == "DNS,WINS"


def test_an_earlier_record_stays_until_its_services_run() -> None:
    host = FakeHost(state={"ran_before": {"value": "DNS,WINS", "boot_mark": "AB"}})
    host.services["WINS"] = Service(1, 0, 1067)
    window = host._do_window

    def in_vain() -> None:
        window()
        host.services["WINS"] = Service(1, 0, 1067)

    host._do_window = in_vain  # type: ignore[method-assign]
    case = Case(host)
    assert window_of(case.lock(), case.gathered, case.action, 300).owed == ("WINS",)
    assert window_of(case.lock(), case.gathered, case.action, 300, ["wins"]).owed == ()
    assert window_of(case.lock(), case.gathered, case.action, 300).dependents == ("WINS",), "started behind DNS"
    assert window_of(case.lock(), case.gathered, case.action, 300, ["wins"]).dependents == ()
    case.open()
    assert host.state["ran_before"]["value"] == "DNS,WINS"


def test_what_the_session_started_is_not_owed_any_more() -> None:
    host = FakeHost(dependents=["WINS"], scheduler="hangs")
    host.services["WINS"] = Service(RUNNING, 77)
    case = Case(host)
    with pytest.raises(HostFailure, match="it runs"):
        case.open()
    assert "ran_before" not in host.state
    host = FakeHost(dependents=["WINS"], scheduler="hangs")
    host.services["WINS"] = Service(RUNNING, 77)
    case = Case(host)
    rescue = host._on_rescue

    def half() -> tuple[str, int]:
        host.services["WINS"] = Service(1, 0, 1067)
        return rescue()

    host._on_rescue = half  # type: ignore[method-assign]
    with pytest.raises(HostFailure, match="it runs"):
        case.open()
    assert host.state["ran_before"]["value"] == "WINS"


def test_a_record_is_left_to_a_run_that_has_taken_the_lock() -> None:
    host = FakeHost(scheduler="hangs")
    case = Case(host)
    rescue = host._on_rescue

    def meets_another() -> tuple[str, int]:
        host.locks = ["9999999999-fedcba9876543210"]
        return rescue()

    host._on_rescue = meets_another  # type: ignore[method-assign]
    with pytest.raises(HostFailure, match="it runs"):
        case.open()
    assert host.state["ran_before"]["value"] == "DNS"


@pytest.mark.parametrize("scheduler", ["missing", "never_runs"])
def test_a_window_that_never_ran_leaves_no_record(scheduler: str) -> None:
    case = Case(FakeHost(scheduler=scheduler))
    with pytest.raises(HostFailure):
        case.open()
    assert "ran_before" not in case.host.state


@pytest.mark.parametrize(
    ("level", "word"),
    [
        (1058, "WINS is disabled (Start 4), and could not"),
        (1062, "DNS no longer runs"),
        (5, "could not be recorded"),
        (9, "error 9"),
    ],
)
def test_a_script_that_refuses_has_stopped_nothing(level: int, word: str) -> None:
    host = FakeHost(dependents=["WINS"], refuses=level)
    host.services["WINS"] = Service(RUNNING, 77)
    case = Case(host)
    host.services["WINS"].start = 4
    with pytest.raises(HostFailure, match="nothing was stopped") as caught:
        case.open()
    assert word in str(caught.value)
    assert caught.value.details["dns_may_be_stopped"] is False
    assert case.host.locks is None and case.dns_runs


def test_the_process_is_that_of_the_service_manager() -> None:
    case = Case()
    assert window_of(case.lock(), case.gathered, case.action, 300).process == 1484
    case.gathered.facts["services"]["DNS"]["pid"] = None
    assert window_of(case.lock(), case.gathered, case.action, 300).process is None


@pytest.mark.parametrize("there", [True, False])
def test_a_script_that_the_disk_did_not_take_is_never_started(there: bool) -> None:
    """Half of it would stop DNS and not start it again."""
    case = Case(FakeHost(scheduler="never_runs" if there else "works"))
    case.host.drop_sections = {"run"} if there else {"create", "run"}
    with pytest.raises(HostFailure, match="make room on its disk") as caught:
        case.open()
    assert caught.value.details["dns_may_be_stopped"] is False
    assert not case.host.started and not case.host.locks


def test_an_end_without_a_report_of_what_was_done_is_no_success() -> None:
    case = Case(FakeHost(told=False))
    with pytest.raises(HostFailure, match="has not written down what it did") as caught:
        case.open()
    assert caught.value.details["dns_may_be_stopped"] is not case.dns_runs
    assert caught.value.details["changed"] is True


def test_a_refused_logon_ends_the_looks_at_a_window() -> None:
    """The session says when: another logon could lock the account."""
    pauses: Iterator[float | None] = iter((0, 0, None))
    sent: list[str] = []

    def refuse(line: str) -> None:
        sent.append(line)
        raise HostFailure("refused", "restart")

    session = SimpleNamespace(pause_before_retry=lambda _usual: next(pauses), reconnect=lambda: None, verbose=SILENT)
    lock: Any = SimpleNamespace(exchange=SimpleNamespace(session=session, send=refuse))
    window: Any = None
    assert dns_window._Opening(lock, window)._repeated("a look") is None
    assert len(sent) == 3
