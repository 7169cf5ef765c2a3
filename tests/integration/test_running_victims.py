# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that runs without its port, which DNS holds, gets it back in a window on request."""

from __future__ import annotations

import re
from functools import partial

import pytest

BES_PORT = 52311
SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"


@pytest.fixture(scope="module")
def host(make_host):
    """Start a host whose BigFix client runs on without its port."""
    made = make_host("2016", "--winrm", "full_chunks=true")
    made.exec(rf"reg add {SERVICES}\BESClient\Lab /v OnConflict /t REG_SZ /d ignore /f")
    made.exec("net start BESClient")
    return made


@pytest.fixture
def act(controller, host):
    """Give a function that runs one module once and returns its result."""
    return partial(controller.module, host)


def holders(host) -> set[str]:
    """Return the processes that hold the client's port."""
    return set(re.findall(rf":{BES_PORT}\s+\*:\*\s+(\d+)", host.exec("netstat -ano -p udp")))


def told(result: dict, name: str) -> list[str]:
    return [problem["message"] for problem in result["plan"]["problems"] if problem["id"] == name]


def test_the_whole_way(act, host) -> None:
    dns, client = host.pid("DNS"), host.pid("BESClient")
    assert holders(host) == {dns}

    missing = act("port_reservations", "--check", restart_services=["Netbird"])
    assert missing["_kind"] != "failed", "one list can serve a group of hosts: Netbird is not installed on this one"
    assert told(missing, "restart_refused") == [] and told(missing, "service_runs_without_port")

    (sentence,) = told(act("port_reservations"), "service_runs_without_port")
    assert sentence.startswith(f"BESClient runs without UDP {BES_PORT}, which DNS holds.")

    checked = act("dns_restart", "--check", restart_services=["BESClient"])
    assert checked["changed"] and "BESClient runs without, and is restarted while DNS is stopped" in checked["msg"]
    assert (host.pid("DNS"), host.pid("BESClient")) == (dns, client)

    done = act("dns_restart", restart_services=["BESClient"])
    assert done["changed"], done["msg"]
    names = [step["step"] for step in done["steps"]]
    assert names == ["stop BESClient", "stop_dns", "restart BESClient", "start_dns"]
    assert host.pid("DNS") != dns and host.pid("BESClient") != client
    assert holders(host) == {host.pid("BESClient")}
    assert "ran_before" not in host.exec(r"reg query HKLM\SOFTWARE\portkeeper\state /s", check=False)

    again = act("dns_restart", restart_services=["BESClient"])
    assert (again["changed"], again["plan"]["status"]) == (False, "safe")


def test_a_service_that_does_not_stop_ends_the_window_before_dns_is_stopped(act, host) -> None:
    """DNS takes the port once more, and the client hangs when it is stopped."""
    parameters, lab = rf"{SERVICES}\DNS\Parameters", rf"{SERVICES}\BESClient\Lab"
    host.exec(
        f"net stop BESClient & net stop DNS /y & reg delete {parameters} /v SocketPoolExcludedPortRanges /f"
        f" & net start DNS & reg add {lab} /v StopHang /t REG_DWORD /d 1 /f & net start BESClient"
    )
    dns = host.pid("DNS")
    assert holders(host) == {dns}
    refused = act("dns_restart", restart_services=["BESClient"])
    assert refused["_kind"] == "failed"
    assert "DNS was not stopped: BESClient did not stop" in refused["msg"]
    assert refused["dns_may_be_stopped"] is False
    assert host.pid("DNS") == dns
