# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After the guarded window on a lab host, the blocked services run, and DNS runs in any case."""

from __future__ import annotations

import re
from functools import partial

import pytest


@pytest.fixture(scope="module")
def host(make_host):
    """Start a host whose IAS and PolicyAgent were kept down by DNS; the tests run in order."""
    return make_host()


@pytest.fixture
def act(controller, host):
    """Give a function that runs one module once and returns its result."""
    return partial(controller.module, host)


def running(host, service: str) -> bool:
    return bool(re.search(r":\s*4\s", host.exec(f"sc query {service}", check=False)))


def fail_again(host) -> None:
    """Make DNS take 4500 again, and PolicyAgent fail for it."""
    host.exec("net stop PolicyAgent & net stop DNS & net start DNS & net start PolicyAgent", check=False)
    assert not running(host, "PolicyAgent")


def test_verify_names_the_holder(act, host) -> None:
    result = act("port_verify")
    assert result["_kind"] == "failed"
    pid = host.pid("DNS")
    for port, service in ((4500, "PolicyAgent"), (1645, "IAS")):
        assert f"UDP {port} is held by dns.exe (PID {pid}); {service}" in result["msg"]
    assert result["msg"].count("10048") == 2


def test_check_mode_touches_nothing(act, host) -> None:
    pid = host.pid("DNS")
    result = act("dns_restart", "--check")
    assert result["changed"] is True
    assert "PolicyAgent" in result["msg"] and "IAS" in result["msg"]
    assert host.pid("DNS") == pid
    assert act("port_verify", "--check")["ok"] is False


def test_the_window_brings_the_services_up(act, host) -> None:
    pid = host.pid("DNS")
    result = act("dns_restart")
    assert result["_kind"] == "ok", result["msg"]
    assert [step["step"] for step in result["steps"]] == ["stop_dns", "start IAS", "start PolicyAgent", "start_dns"]
    assert all(running(host, service) for service in ("DNS", "IAS", "PolicyAgent"))
    assert host.pid("DNS") != pid
    assert act("port_verify")["ok"] is True
    left = host.exec("dir /b C:\\windows\\portkeeper&dir /b C:\\windows\\portkeeper-*", check=False)
    assert "lock" not in left and "run.cmd" not in left
    assert "portkeeper-" not in host.exec("schtasks /query", check=False)


def test_nothing_is_touched_where_nothing_is_due(act, host) -> None:
    pid = host.pid("DNS")
    assert act("dns_restart")["changed"] is False
    assert host.pid("DNS") == pid


def test_a_connection_that_is_cut_during_the_window_changes_nothing(act, host) -> None:
    fail_again(host)
    host.winrm(op="fault", kind="drop_before", action="Command", request=3)
    result = act("dns_restart")
    host.winrm(op="clear_faults")
    assert result["_kind"] == "ok", result["msg"]
    assert running(host, "DNS") and running(host, "PolicyAgent")


def test_the_answer_to_the_start_is_lost(act, host) -> None:
    fail_again(host)
    host.winrm(op="fault", kind="drop_after", action="Command", request=2)
    result = act("dns_restart")
    host.winrm(op="clear_faults")
    assert result["dns_may_be_stopped"] is False
    assert running(host, "DNS")
    if result["_kind"] != "ok":
        assert act("dns_restart")["_kind"] == "ok"
    assert running(host, "PolicyAgent")


def test_dns_that_does_not_run_gets_no_window(act, host) -> None:
    host.exec("net stop DNS")
    result = act("dns_restart", force=True)
    assert result["changed"] is False
    assert "DNS does not run" in result["msg"]
    assert not running(host, "DNS")
    host.exec("net start DNS")


def test_what_depends_on_dns_and_ran_is_started_again(act, host) -> None:
    image = re.search(r"BINARY_PATH_NAME\s*:\s*(\S+)", host.exec("sc qc IAS"))
    assert image
    for name in ("DnsHelper", "DnsIdle"):
        host.exec(f"sc create {name} binPath= {image[1]} type= own start= demand depend= DNS DisplayName= {name}")
    host.exec("net start DnsHelper")
    result = act("dns_restart", force=True)
    assert result["_kind"] == "ok", result["msg"]
    assert "restart DnsHelper" in [step["step"] for step in result["steps"]], result["msg"]
    assert running(host, "DnsHelper")
    assert not running(host, "DnsIdle")
    for name in ("DnsHelper", "DnsIdle"):
        host.exec(f"net stop {name} & sc delete {name}", check=False)


def test_dns_that_hangs_while_it_stops_runs_at_the_end(act, host) -> None:
    key = r"HKLM\SYSTEM\CurrentControlSet\Services\DNS\Lab"
    host.exec(f"reg add {key} /v SlowStopMs /t REG_DWORD /d 100000 /f & net stop DNS", check=False)
    host.exec("net start DNS", check=False)
    result = act("dns_restart", force=True, window_timeout=60)
    assert result["_kind"] == "failed"
    assert "did not end the window within 60 seconds: the session started DNS, and it runs" in result["msg"]
    assert running(host, "DNS")
    assert result["dns_may_be_stopped"] is False
    assert "lock" not in host.exec("dir /b C:\\windows\\portkeeper", check=False)
    host.exec(f"reg delete {key} /v SlowStopMs /f", check=False)
