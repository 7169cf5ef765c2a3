# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A window in a shell, where there is no Task Scheduler: what a lost connection leaves running is ended first."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.winrm import WinRM
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.session_case import named
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._host.window_case import Case, run_on
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    run_on(monkeypatch)


def test_unguarded_it_runs_in_a_shell_that_outlives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(FakeHost(scheduler="missing"))
    monkeypatch.setattr(WinRM, "_own_protocol", lambda self: case.wire)
    case.open(allow_unguarded=True)
    assert case.wire.opened[1]["idle_timeout"] == "PT360S"
    assert case.wire.deleted[0] == "shell-2", "only after the end was confirmed"
    assert case.dns_runs


def test_a_shell_of_its_own_is_closed_when_the_lock_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(FakeHost(scheduler="missing"))
    monkeypatch.setattr(WinRM, "_own_protocol", lambda self: case.wire)
    answer = case.host.answer

    def meets_another(line: str) -> bytes:
        if "cmd.exe /d /c" in line and case.host.locks is None:
            case.host.locks = ["9999999999-fedcba9876543210"]
        return answer(line)

    case.host.answer = meets_another  # type: ignore[method-assign]
    with pytest.raises(HostFailure, match="locked by another run"):
        case.open(allow_unguarded=True)
    assert "shell-2" in case.wire.deleted


def test_a_lost_answer_of_an_unguarded_window_starts_dns_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(FakeHost(scheduler="missing"))
    monkeypatch.setattr(WinRM, "_own_protocol", lambda self: case.wire)
    case.host.drop_sections = {"window"}
    with pytest.raises(HostFailure) as caught:
        case.open(allow_unguarded=True)
    assert isinstance(caught.value.details["dns_may_be_stopped"], bool)
    assert "shell-2" in case.wire.deleted


def test_a_window_whose_connection_is_lost_in_a_shell_is_ended_before_dns_is_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its script goes on in that shell, and would stop DNS when the host has been seen with DNS running."""
    case = Case(FakeHost(scheduler="missing"))
    monkeypatch.setattr(WinRM, "_own_protocol", lambda self: case.wire)
    case.host._run_script = lambda: None  # type: ignore[method-assign]
    rescue, ended = case.host._on_rescue, []

    def rescued() -> tuple[str, int]:
        ended.append("shell-2" in case.wire.deleted)
        return rescue()

    case.host._on_rescue = rescued  # type: ignore[method-assign]
    case.wire.receive_faults[4] = ConnectionResetError("gone")
    with pytest.raises(HostFailure, match="the session started DNS, and it runs") as caught:
        case.open(allow_unguarded=True)
    assert ended[-1], "what was read while the script could still stop DNS proves nothing"
    assert caught.value.details["dns_may_be_stopped"] is False


def test_a_shell_that_cannot_be_ended_may_still_stop_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(FakeHost(scheduler="missing"))
    monkeypatch.setattr(WinRM, "_own_protocol", lambda self: case.wire)
    monkeypatch.setattr(WinRM, "_delete_left", lambda _self, _client: None)
    case.wire.receive_faults[4] = ConnectionResetError("gone")
    with pytest.raises(HostFailure, match="may still stop it") as caught:
        case.open(allow_unguarded=True)
    assert caught.value.details["dns_may_be_stopped"] is True


def test_what_a_shell_that_cannot_be_ended_may_still_stop_stays_on_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later run starts what the script stops after the session has looked."""
    case = Case(FakeHost(scheduler="missing"))
    monkeypatch.setattr(WinRM, "_own_protocol", lambda self: case.wire)
    monkeypatch.setattr(WinRM, "_delete_left", lambda _self, _client: None)
    case.host._run_script = lambda: None  # type: ignore[method-assign]
    case.wire.receive_faults[4] = ConnectionResetError("gone")
    with pytest.raises(HostFailure, match="may still stop it"):
        case.open(allow_unguarded=True)
    assert "DNS" in case.host.state["ran_before"]["value"]


def test_a_refused_logon_ends_the_tries_to_end_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password was changed meanwhile: each try is a logon, and Windows locks the account after some."""
    case = Case(FakeHost(scheduler="missing"))
    monkeypatch.setattr(WinRM, "_own_protocol", lambda self: case.wire)
    logons: list[str] = []

    def refused(shell_id: str, **_options: Any) -> None:
        if shell_id == "shell-2":
            logons.append(shell_id)
            raise named("InvalidCredentialsError")

    case.wire.close_shell = refused  # type: ignore[method-assign,assignment]
    case.host._run_script = lambda: None  # type: ignore[method-assign]
    case.wire.receive_faults[4] = ConnectionResetError("gone")
    with pytest.raises(HostFailure, match="may still stop it"):
        case.open(allow_unguarded=True)
    assert len(logons) == 1
    assert case.session._refusals.count == 1, "the session's own tries count it"


def test_a_script_that_never_ran_in_its_shell_is_not_a_matter_of_the_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(FakeHost(scheduler="missing"))
    monkeypatch.setattr(WinRM, "_own_protocol", lambda self: case.wire)
    case.host._run_script = lambda: None  # type: ignore[method-assign]
    rescue = case.host._on_rescue

    def rescued() -> tuple[str, int]:
        case.host.claimed = False
        return rescue()

    case.host._on_rescue = rescued  # type: ignore[method-assign]
    case.wire.receive_faults[4] = ConnectionResetError("gone")
    with pytest.raises(HostFailure, match="never ran the window's script in its shell, so nothing was") as caught:
        case.open(allow_unguarded=True)
    assert "Schedule" not in str(caught.value)
    assert caught.value.details["dns_may_be_stopped"] is False


def test_no_window_runs_in_a_shell_that_outlives_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over ssh nothing can end it: what was read after a loss would not say whether DNS stays up."""
    case = Case(FakeHost(scheduler="missing"))
    monkeypatch.setattr(WinRM, "survives_disconnection", True)
    with pytest.raises(HostFailure, match="start the service Schedule, or set ansible_connection=winrm") as caught:
        case.open(allow_unguarded=True)
    assert caught.value.details["dns_may_be_stopped"] is False
    assert not any("cmd.exe /d /c" in line for line in case.host.lines), "nothing that could stop DNS was sent"
    assert case.dns_runs and case.host.locks is None
