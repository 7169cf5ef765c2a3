# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is stopped that cannot be started again, stopped services are started again, processes are not guessed."""

from __future__ import annotations

import re
from functools import partial

import pytest

STATE = r"HKLM\SOFTWARE\portkeeper\state"
LAB = r"HKLM\SYSTEM\CurrentControlSet\Services\{}\Lab"


@pytest.fixture(scope="module")
def host(make_host):
    """Start a host and bring its services up: nothing waits for a window."""
    made = make_host()
    bring_up(made)
    return made


def bring_up(host) -> None:
    """All services run: those that need a port before DNS draws."""
    host.exec("net stop DNS /y & net start PolicyAgent & net start IAS & net start DNS", check=False)


@pytest.fixture
def act(controller, host):
    """Give a function that runs one module once and returns its result."""
    return partial(controller.module, host)


def state(host, service: str) -> int:
    return int(re.findall(r"STATE\s*:\s*(\d)", host.exec(f"sc query {service}", check=False))[0])


def record(host, name: str) -> dict[str, str]:
    """Return the values of one of the collection's records, or an empty dict."""
    shown = host.exec(rf"reg query {STATE}\{name}", check=False)
    return dict(re.findall(r"^\s+(\w+)\s+REG_SZ\s+(.*?)\s*$", shown, re.MULTILINE))


def test_a_disabled_dns_is_not_stopped(act, host) -> None:
    before = host.pid("DNS")
    host.exec("sc config DNS start= disabled")
    told = act("dns_restart", "--check", force=True)
    assert told["_kind"] == "ok" and told["changed"] is False
    assert "DNS is disabled" in told["msg"]
    refused = act("dns_restart", force=True)
    host.exec("sc config DNS start= auto")
    assert refused["_kind"] == "failed" and "DNS is disabled" in refused["msg"]
    assert refused["dns_may_be_stopped"] is False
    assert (state(host, "DNS"), host.pid("DNS")) == (4, before)
    assert not record(host, "ran_before")


def test_what_somebody_stopped_by_hand_stays_so(act, host) -> None:
    host.exec("net stop IAS")
    result = act("dns_restart", force=True)
    assert result["_kind"] == "ok", result["msg"]
    assert state(host, "IAS") == 1 and state(host, "DNS") == 4
    assert not record(host, "ran_before")
    bring_up(host)


def test_a_paused_dns_is_a_finding_and_is_left_alone(act, host) -> None:
    """Its process and its ports are there, as with a DNS that works; it answers no query."""
    host.exec(f"reg add {LAB.format('DNS')} /v Pausable /t REG_DWORD /d 1 /f & net stop DNS /y", check=False)
    bring_up(host)
    host.exec("sc pause DNS")
    before = host.pid("DNS")
    drift = act("port_reservations", "--check")
    proof = act("port_verify", timeout=5)
    window = act("dns_restart", force=True)
    left = (state(host, "DNS"), host.pid("DNS"))
    host.exec(f"sc continue DNS & reg delete {LAB.format('DNS')} /v Pausable /f & net stop DNS /y", check=False)
    bring_up(host)
    assert drift["status"] == "service_down", drift["msg"]
    assert proof["_kind"] == "failed" and "DNS" in proof["msg"]
    assert window["changed"] is False and "DNS does not run: no window is opened" in window["msg"]
    assert left == (7, before)


def test_dns_that_fails_at_its_start_is_reported_and_started_by_the_next_run(act, host) -> None:
    host.exec(f"reg add {LAB.format('DNS')} /v FailWith /t REG_DWORD /d 1067 /f")
    failed = act("dns_restart", force=True, window_timeout=60)
    host.exec(f"reg delete {LAB.format('DNS')} /v FailWith /f")
    assert failed["_kind"] == "failed" and failed["dns_may_be_stopped"] is True, failed["msg"]
    assert state(host, "DNS") == 1
    assert record(host, "ran_before")["value"] == "DNS"
    last = {step["step"]: step["error_level"] for step in failed["steps"]}
    assert "start_dns" not in last
    assert last["gave_up_dns"] == 0, "the service manager takes each start, and the service fails afterwards"
    again = act("dns_restart")
    assert again["_kind"] == "ok" and again["changed"] is True, again["msg"]
    assert state(host, "DNS") == 4 and not record(host, "ran_before")


def test_dns_that_is_killed_during_the_window_runs_at_the_end(act, host) -> None:
    """Its process goes while it stops; what is left to do is done."""
    host.exec(f"reg add {LAB.format('DNS')} /v SlowStopMs /t REG_DWORD /d 20000 /f & net stop DNS", check=False)
    host.exec("net start DNS", check=False)
    before = host.pid("DNS")
    host.exec(f'start /b cmd /c "ping -n 12 127.0.0.1 >nul & taskkill /f /pid {before} >nul 2>nul"')
    result = act("dns_restart", force=True, window_timeout=120)
    host.exec(f"reg delete {LAB.format('DNS')} /v SlowStopMs /f")
    assert result["_kind"] == "ok", result["msg"]
    assert state(host, "DNS") == 4 and host.pid("DNS") != before
    assert not record(host, "ran_before")


def test_another_program_of_the_same_name_is_not_taken_for_dns(act, host) -> None:
    host.exec(r"copy C:\windows\system32\ping.exe C:\dns.exe")
    host.exec(r"start /b C:\dns.exe -n 60 127.0.0.1 >nul")
    written = act("port_reservations", extra_ports=["50600"])
    assert written["_kind"] == "ok" and written["changed"] is True, written["msg"]
    assert record(host, "reserved_ports")["dns_pid"] == host.pid("DNS")


def test_a_list_of_processes_that_fails_leaves_no_number_behind(act, host) -> None:
    host.exec(r"ren C:\windows\system32\tasklist.exe tasklist.off")
    written = act("port_reservations", extra_ports=["50700"])
    host.exec(r"ren C:\windows\system32\tasklist.off tasklist.exe")
    assert written["changed"] is True, written["msg"]
    assert record(host, "reserved_ports")["dns_pid"] == host.pid("DNS"), "the service manager was asked"


def test_a_stopped_dns_is_recorded_as_stopped(act, host) -> None:
    host.exec("net stop DNS")
    written = act("port_reservations", extra_ports=["50800"])
    host.exec("net start DNS")
    assert written["changed"] is True, written["msg"]
    assert record(host, "reserved_ports")["dns_pid"] == "stopped"


def test_what_the_service_manager_does_not_tell_is_not_recorded(act, host) -> None:
    host.exec(r"ren C:\windows\system32\sc.exe sc.off")
    written = act("port_reservations", extra_ports=["50900"])
    host.exec(r"ren C:\windows\system32\sc.off sc.exe")
    if written["changed"]:
        assert "dns_pid" not in record(host, "reserved_ports")
