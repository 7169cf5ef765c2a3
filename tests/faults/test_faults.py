# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other faults between controller and host: refusals, broken answers, other runs and programs."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands import window as window_commands
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.window import Window, script
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils import _files
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection import session
from fault_host import STATE_KEY, VALUES, FaultHost
from matrix import WORKS, Matrix

REFUSALS = ("quota", "quota_shells", "shell_gone", "access_denied", "aborted")
BROKEN = ("empty_output", "half_output", "wrong_message_id", "garbage")
NOT_WINRM = ("html", "xhtml", "unavailable")
COMMANDS = 3
"""Commands of a change: read, prepare, write."""
REQUESTS = 11
AFTER_THE_REQUEST_TO_BOOT = 12
UNGUARDED_COMMAND = 4
"""The command of a window in a shell: the host was read, the start of a task was tried and taken back."""
LOGONS_MAX = 3
"""Refused logons of one task."""


@pytest.fixture
def matrix(ready: Callable[[str], FaultHost], monkeypatch: pytest.MonkeyPatch) -> Matrix:
    """The change of a 2003 host."""
    return Matrix(ready("nt5"), WORKS["apply"], monkeypatch)


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_at_any_command_changes_nothing_by_halves(kind: str, matrix: Matrix) -> None:
    assert all(matrix.point(kind, n, action="Command") for n in range(1, COMMANDS + 1))
    assert matrix.point(kind, action="Create")
    assert not matrix.problems, "\n".join(matrix.problems)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_answer_is_never_taken_for_a_whole_one(kind: str, matrix: Matrix) -> None:
    assert all(matrix.point(kind, n, action="Receive") for n in range(1, COMMANDS + 1))
    assert not matrix.problems, "\n".join(matrix.problems)


@pytest.mark.parametrize("kind", NOT_WINRM)
def test_what_is_not_winrm_is_said(kind: str, matrix: Matrix) -> None:
    assert all(matrix.point(kind, n) for n in (1, 4, 5, 6, REQUESTS - 1))
    assert not matrix.problems, "\n".join(matrix.problems)


@pytest.mark.parametrize("connection", ["winrm", "psrp"])
def test_refused_credentials_get_one_further_attempt_at_most(
    connection: str, matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix.host, "connection", connection)
    for n in range(1, REQUESTS + 1):
        matrix.start()
        host = matrix.host
        host.server.counters.reset()
        rule = host.fault("unauthorized", n, times=0)
        result = matrix.act()
        assert rule.fired, n
        # Each handshake is three requests, the last of which carries the proof of the password.
        assert host.server.counters.requests - n < 2 * 3, n
        # The last request deletes the shell of a task that has ended.
        assert n == REQUESTS or result.get("failed") or result.get("unreachable")
        assert n == REQUESTS or "credentials" in result["msg"]
        assert host.value() in (matrix.target, host.baselines["fresh"].value)
        host.new_call()


@pytest.mark.parametrize("connection", ["winrm", "psrp"])
def test_no_account_is_locked_while_a_boot_is_waited_for(
    connection: str, ready: Callable[[str], FaultHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password is changed in the middle: the task stops asking, and the host boots without it."""
    monkeypatch.setattr(session, "REFUSED_PAUSES_S", (0.5, 0.5))
    host = ready("nt6")
    with host.over(connection):
        matrix = Matrix(host, WORKS["reboot"], monkeypatch)
        seen = matrix.start()
        host.server.counters.reset()
        rule = host.fault("unauthorized", AFTER_THE_REQUEST_TO_BOOT, times=0)
        result = matrix.act()
        assert rule.fired and result["failed"] and result["dns_may_be_stopped"] is True, result["msg"]
        tried = host.server.counters.requests - AFTER_THE_REQUEST_TO_BOOT
        assert tried < (1 + LOGONS_MAX) * 3, "each takes three requests, and the first is the library's own"
        host.new_call()
        assert host.wait(host.answers, 30)
        settled = host.glance_until(lambda now: now.runs("DNS") and now.runs("WINS"), 60)
        matrix.converge("after refused logons", seen, settled)
    assert not matrix.problems, "\n".join(matrix.problems)


def test_no_account_is_locked_over_ssh_either(
    ready: Callable[[str], FaultHost], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is taken from the account when the host was asked to reboot."""
    monkeypatch.setattr(session, "REFUSED_PAUSES_S", (0.5, 0.5))
    host = ready("nt6")
    with host.over("ssh"):
        assert host.ssh is not None
        server, reconnect = host.ssh.server, session.Session.reconnect
        keys = server.folder / "authorized_keys"
        key = keys.read_bytes()

        def without_the_key(lost: session.Session) -> None:
            if keys.read_bytes():
                keys.write_bytes(b"")
                server.control({"op": "reset_counters"})
            reconnect(lost)

        monkeypatch.setattr(session.Session, "reconnect", without_the_key)
        matrix = Matrix(host, WORKS["reboot"], monkeypatch)
        seen = matrix.start()
        result = matrix.act()
        assert result["failed"] and result["dns_may_be_stopped"] is True, result["msg"]
        assert "it is not tried again" in result["msg"] and "rejected the credentials" in result["msg"]
        assert server.control({"op": "counters"})["connections"] == LOGONS_MAX
        monkeypatch.setattr(session.Session, "reconnect", reconnect)
        keys.write_bytes(key)
        host.new_call()
        assert host.wait(host.answers, 30)
        settled = host.glance_until(lambda now: now.runs("DNS") and now.runs("WINS"), 60)
        matrix.converge("after refused logons", seen, settled)
    assert not matrix.problems, "\n".join(matrix.problems)


@pytest.mark.parametrize("at", range(1, COMMANDS + 1))
def test_a_command_that_never_ends_is_given_up(at: int, matrix: Matrix) -> None:
    host = matrix.host
    host.fault("operation_timeout", at, action="Receive", times=0)
    began = time.monotonic()
    result = host.act("port_reservations", command_timeout=10)
    assert 8 < time.monotonic() - began < 60
    assert result["failed"] and "in the time it was given" in result["msg"]
    host.new_call()
    assert host.wait(lambda: not host.shells(), 6)
    assert not host.act("port_reservations").get("failed")


def test_a_reply_of_200_mb_is_cut_off(matrix: Matrix) -> None:
    host = matrix.host
    host.fault("huge_output", action="Receive")
    result = host.act("port_reservations", read_timeout=120)
    assert result["failed"] and "was given up: more than 4194304 bytes in one reply" in result["msg"]
    assert host.value() == host.baselines["fresh"].value


def test_a_byte_at_a_time_is_only_slow(matrix: Matrix) -> None:
    matrix.host.fault("dribble", action="Receive", times=0)
    assert not matrix.host.act("port_reservations").get("failed")
    assert matrix.host.value() == matrix.target


@pytest.mark.parametrize("at", (2, 3))
def test_a_reboot_between_read_and_write(at: int, matrix: Matrix) -> None:
    host = matrix.host
    assert matrix.point("call_before", at, action="Command", call=host.host.reboot)
    assert not matrix.problems, "\n".join(matrix.problems)


@pytest.mark.parametrize("at", (2, 3))
@pytest.mark.parametrize("family", ("nt5", "nt6"))
def test_a_change_of_somebody_else_is_seen_and_kept(family: str, at: int, ready: Callable[[str], FaultHost]) -> None:
    host = ready(family)
    key, name = VALUES[family]
    foreign = f"reg add {key} /v {name} /t REG_MULTI_SZ /d 7000-7010 /f"
    host.fault("call_before", at, action="Command", call=lambda: host.cmd(foreign))
    result = host.act("port_reservations")
    assert result["failed"] and "nothing was written" in result["msg"]
    assert host.value() == ["7000-7010"]
    host.new_call()
    assert host.act("port_reservations")["changed"]
    assert "7000-7010" in (host.value() or [])


@pytest.mark.parametrize("tool", ("sc.exe", "reg.exe", "netstat.exe", "findstr.exe"))
def test_a_tool_that_is_missing_is_no_reason_to_guess(tool: str, matrix: Matrix) -> None:
    host = matrix.host
    with absent(host, tool):
        result = host.act("port_reservations")
    assert host.runs("DNS")
    assert result.get("failed"), "nothing is proved without it"
    written = host.value() != host.baselines["fresh"].value
    assert result["changed"] is written
    assert not written or tool in ("sc.exe", "netstat.exe"), "the registry says what is needed, nothing else does"
    host.new_call()
    assert not host.act("port_reservations").get("failed")


@contextmanager
def absent(host: FaultHost, tool: str) -> Iterator[None]:
    """A program of the host is not there."""
    file = host.windows / "system32" / tool
    aside = file.with_suffix(".aside")
    file.rename(aside)
    try:
        yield
    finally:
        aside.rename(file)


def test_access_denied_is_explained_and_changes_nothing(matrix: Matrix) -> None:
    result = matrix.host.act("port_reservations", user="Clerk", password="Lab-Passw0rd-2")
    assert result["failed"] and "administrator" in result["msg"]
    assert matrix.host.value() == matrix.host.baselines["fresh"].value


def test_no_room_for_the_backup_on_the_controller(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(_files.os, "fsync", full)
        result = matrix.host.act("port_reservations")
    assert result["failed"] and result["phase"] == "backup" and "Nothing was written" in result["msg"]
    assert matrix.host.value() == matrix.host.baselines["fresh"].value
    matrix.host.new_call()
    assert not matrix.host.act("port_reservations").get("failed")


def test_no_room_for_the_backup_on_the_host(matrix: Matrix) -> None:
    """A file stands where our folder is to be made, as good as a disk that takes nothing."""
    host = matrix.host
    host.folder.write_bytes(b"")
    result = host.act("port_reservations")
    assert result["failed"] and "takeown /f %SystemRoot%\\portkeeper /a /r" in result["msg"]
    assert "icacls %SystemRoot%\\portkeeper" in result["msg"]
    assert host.value() == host.baselines["fresh"].value
    host.folder.unlink()
    host.new_call()
    assert not host.act("port_reservations").get("failed")


@contextmanager
def misbehaving(host: FaultHost, service: str, name: str, value: int) -> Iterator[None]:
    """A service behaves badly from its next start on; afterwards the host boots without that."""
    key = rf"HKLM\SYSTEM\CurrentControlSet\Services\{service}\Lab"
    host.cmd(f"reg add {key} /v {name} /t REG_DWORD /d {value} /f")
    try:
        yield
    finally:
        host.cmd(f"reg delete {key} /v {name} /f")
        host.host.reboot()
        assert host.wait(host.answers, 30) and host.runs("DNS")


def test_dns_that_hangs_while_it_stops(matrix: Matrix) -> None:
    host = matrix.host
    with misbehaving(host, "DNS", "StopHang", 1):
        host.conflict()
        result = host.act("dns_restart", window_timeout=10)
        assert not host.runs("DNS")
    assert result["failed"] and result["phase"] == "restart"
    assert result["dns_may_be_stopped"] is True and "console" in result["msg"]


def test_dns_that_hangs_while_it_starts(matrix: Matrix) -> None:
    host = matrix.host
    host.conflict()
    with misbehaving(host, "DNS", "StartHang", 1):
        result = host.act("dns_restart", window_timeout=10)
        assert not host.runs("DNS")
    assert result["failed"] and result["phase"] in ("restart", "verify")
    assert result["dns_may_be_stopped"] is True


def test_a_dependent_that_does_not_start_again_is_named(matrix: Matrix) -> None:
    host = matrix.host
    host.conflict()
    with misbehaving(host, "WINS", "FailWith", 1067):
        result = host.act("dns_restart", window_timeout=20)
        assert host.runs("DNS") and host.runs(host.victim)
    assert result["failed"] and "WINS ran before" in result["msg"]
    assert result["dns_may_be_stopped"] is False


@pytest.mark.parametrize("name", ("DNS", "WINS"))
def test_a_script_stops_nothing_if_dns_was_disabled_meanwhile(name: str, matrix: Matrix) -> None:
    """Somebody disables the service after the session has read the host, and before the task runs."""
    host = matrix.host
    host.conflict()
    host.fault("call_before", 2, action="Command", call=lambda: host.cmd(f"sc config {name} start= disabled"))
    before = [row for row in host.cmd("tasklist /fo csv /nh").splitlines() if "dns.exe" in row]
    result = host.act("dns_restart", window_timeout=20)
    host.cmd(f"sc config {name} start= auto")
    assert result["failed"] and f"nothing was stopped: {name} is disabled (Start 4)" in result["msg"]
    assert result["dns_may_be_stopped"] is False
    assert [row for row in host.cmd("tasklist /fo csv /nh").splitlines() if "dns.exe" in row] == before
    assert host.runs("WINS") and "ran_before" not in host.cmd(rf"reg query {STATE_KEY} /s")
    host.new_call()
    assert not host.act("dns_restart").get("failed")
    assert "ran_before" not in host.cmd(rf"reg query {STATE_KEY} /s")


@pytest.mark.parametrize("missing", ("program", "service"))
def test_without_a_task_scheduler_nothing_is_stopped(missing: str, matrix: Matrix) -> None:
    host = matrix.host
    host.conflict()
    pid = host.cmd("tasklist /fo csv /nh")
    with absent(host, "schtasks.exe") if missing == "program" else stopped_scheduler(host):
        result = host.act("dns_restart", window_timeout=20)
    assert result["failed"] and "Task Scheduler" in result["msg"]
    assert result["dns_may_be_stopped"] is False and host.runs("DNS")
    assert next(row for row in pid.splitlines() if "dns.exe" in row) in host.cmd("tasklist /fo csv /nh")
    host.new_call()
    assert not host.act("dns_restart").get("failed")


@contextmanager
def stopped_scheduler(host: FaultHost) -> Iterator[None]:
    """The Task Scheduler does not run."""
    file = host.windows / "portkeeper-lab" / "tasks" / "stopped"
    file.parent.mkdir(exist_ok=True)
    file.touch()
    try:
        yield
    finally:
        file.unlink()


def test_without_a_task_scheduler_it_can_be_asked_for_nevertheless(matrix: Matrix) -> None:
    host = matrix.host
    host.conflict()
    with absent(host, "schtasks.exe"):
        result = host.act("dns_restart", window_timeout=20, allow_unguarded=True)
    assert not result.get("failed"), result["msg"]
    assert host.runs("DNS") and host.runs(host.victim) and host.runs("WINS")


@pytest.mark.parametrize("connection", ["winrm", "psrp"])
def test_a_window_in_a_shell_that_loses_its_connection_is_ended(
    connection: str, matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script has begun and waits before it stops anything; the first look behind the loss finds DNS running."""
    host = matrix.host
    host.conflict()

    def slow(window: Window) -> list[str]:
        lines = script(window)
        begun = next(at for at, line in enumerate(lines) if line.startswith("ren %w%"))
        return [*lines[: begun + 1], "ping.exe -n 9 127.0.0.1>nul", *lines[begun + 1 :]]

    monkeypatch.setattr(window_commands, "script", slow)
    monkeypatch.setattr(host, "connection", connection)
    with absent(host, "schtasks.exe"):
        rule = host.fault("call_after", UNGUARDED_COMMAND, action="Command", call=lambda: time.sleep(2))
        host.fault("drop_after", UNGUARDED_COMMAND, action="Receive")
        result = host.act("dns_restart", window_timeout=20, allow_unguarded=True)
    assert rule.fired and result["failed"] and result["dns_may_be_stopped"] is False, result["msg"]
    assert "the session started DNS, and it runs" in result["msg"]
    assert not [shell for shell in host.shells() if shell["commands"]], "the script's shell was ended"
    time.sleep(7)
    assert host.runs("DNS") and host.runs("WINS")


def test_over_ssh_no_window_runs_in_a_shell(ready: Callable[[str], FaultHost]) -> None:
    host = ready("nt6")
    host.conflict()
    pid = host.cmd("tasklist /fo csv /nh")
    with host.over("ssh"), absent(host, "schtasks.exe"):
        result = host.act("dns_restart", window_timeout=20, allow_unguarded=True)
    assert result["failed"] and "ansible_connection=winrm" in result["msg"], result["msg"]
    assert result["dns_may_be_stopped"] is False and host.runs("DNS")
    assert next(row for row in pid.splitlines() if "dns.exe" in row) in host.cmd("tasklist /fo csv /nh")


@pytest.mark.parametrize("files", ((), ("claimed",), ("claimed.session", "token")))
def test_a_stray_task_of_an_earlier_window_is_harmless(files: tuple[str, ...], matrix: Matrix) -> None:
    """A task that stayed on the host runs at the next boot: its token is gone, or the session was first."""
    host = matrix.host
    window = Window("00000000000000aa", "1800000000-00000000000000aa", (host.victim,), (), (), 60, 1_800_000_060)
    stray = host.windows / f"portkeeper-{window.lock}"
    shutil.rmtree(stray, ignore_errors=True)
    stray.mkdir()
    (stray / "run.cmd").write_bytes("\r\n".join([*script(window), ""]).encode("ascii"))
    for name in files:
        (stray / name).touch()
    host.conflict()
    before = [row for row in host.cmd("tasklist /fo csv /nh").splitlines() if "dns.exe" in row]
    host.cmd(rf"cmd /c C:\windows\portkeeper-{window.lock}\run.cmd")
    assert [row for row in host.cmd("tasklist /fo csv /nh").splitlines() if "dns.exe" in row] == before
    assert host.runs("DNS") and not host.runs(host.victim)
    assert not (stray / "steps").exists()
