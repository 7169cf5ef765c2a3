# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts from 2008 on use the mechanism of their release, from the conflict to the second run and the rollback."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any

import pytest
from full_cycle import run_full_cycle

DNS_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\DNS\Parameters"
TCPIP = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"


@pytest.fixture
def modules(controller):
    """Give a function that runs modules, one after the other, on a host; their results by name."""

    def run(host, names: list[str], *options: str, **arguments: Any) -> dict[str, dict[str, Any]]:
        tasks = [{"name": name, f"portkeeper.windows_dns.{name}": arguments} for name in names]
        play = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
        done = controller.playbook(play, host.inventory, *options)
        assert done.returncode == 0, done.stdout + done.stderr
        return {name: done.result(name) for name in names}

    return run


def excluded(host) -> list[str]:
    text = host.exec(f"reg query {DNS_KEY} /v SocketPoolExcludedPortRanges", check=False)
    return [entry.strip() for entry in text.partition("REG_MULTI_SZ")[2].split("\\0") if entry.strip()]


def rows(host, family: str) -> list[str]:
    text = host.exec(f"netsh interface {family} show excludedportrange protocol=udp")
    return [f"{first}-{last}" for first, last in re.findall(r"^\s+(\d+)\s+(\d+)\s+\*", text, re.MULTILINE)]


def holds(host, service: str, port: int) -> bool:
    pid = re.search(r"PID\s+: (\d+)", host.exec(f"sc queryex {service}"))
    assert pid
    return re.search(rf"UDP\s+0\.0\.0\.0:{port}\s+\S+\s+{pid[1]}\s", host.exec("netstat -ano -p udp")) is not None


def assert_budget(counters: dict[str, Any], result: dict[str, Any]) -> None:
    """Steady state with 2 x 2,500 sockets and 120 services: one session, one command, 7 requests plus Receives."""
    receives = -(-counters["output_bytes"] // (64 * 1024))
    print(f"{counters['requests']} requests, {counters['receives']} receives, {counters['output_bytes']} bytes")
    facts = result["facts"]
    assert facts["services_total"] >= 120
    assert all(facts["dns"]["udp_ports"][family]["count"] >= 2500 for family in ("udp4", "udp6"))
    assert (counters["sessions"], counters["commands"]) == (1, 1)
    assert counters["requests"] <= 7 + receives
    assert len(json.dumps({key: value for key, value in result.items() if not key.startswith("_")})) <= 32 * 1024


def test_2019_dc(make_host, modules) -> None:
    """The pool took 1812 before NPS; afterwards the exclusion is effective and NPS holds its ports."""
    host = make_host("2019-dc", "--winrm", "full_chunks=true")
    before = host.exec(f"reg query {TCPIP} /s", check=False)
    checked = modules(host, ["port_reservations", "dns_restart"], "--check", "--diff")
    assert excluded(host) == []
    assert checked["port_reservations"]["after"] == {
        "socket_pool_excluded_port_ranges": ["1645-1646", "1812-1813", "4500-4500"]
    }
    first = modules(host, ["port_reservations", "dns_restart", "port_verify"])
    assert excluded(host) == ["1645-1646", "1812-1813", "4500-4500"]
    plan = first["dns_restart"]["plan"]
    assert (plan["status"], plan["effective"]) == ("safe", {"socket_pool_excluded_port_ranges": "yes"})
    assert all(holds(host, "IAS", port) for port in (1645, 1646, 1812, 1813))
    assert len(json.dumps(first["dns_restart"]["facts"])) < 32 * 1024
    host.winrm(op="reset_counters")
    second = modules(host, ["port_reservations"])["port_reservations"]
    assert_budget(host.winrm(op="counters"), second)
    assert not second["changed"]
    assert not modules(host, ["dns_restart"])["dns_restart"]["changed"]
    assert host.exec(f"reg query {TCPIP} /s", check=False) == before, "ReservedPorts is not written from Vista on"
    back = modules(host, ["port_rollback"])["port_rollback"]
    assert back["changed"]
    assert excluded(host) == []
    assert "SocketPoolExcludedPortRanges" not in host.exec(f"reg query {DNS_KEY}")


def test_2022_wireguard(make_host, modules) -> None:
    """A foreign range and a bare port stay, the port in canonical form."""
    host = make_host("2022-wireguard", "--winrm", "full_chunks=true")
    was = excluded(host)
    assert "51000-51010" in was and "52311" in was
    first = modules(host, ["port_reservations", "dns_restart", "port_verify"])
    assert excluded(host) == ["51000-51010", "51820-51820", "52311-52311"]
    assert "writes 52311 as 52311-52311" in first["port_reservations"]["diff"]["after"]
    assert first["dns_restart"]["plan"]["status"] == "safe"
    assert modules(host, ["port_reservations"])["port_reservations"]["changed"] is False
    modules(host, ["port_rollback"])
    assert excluded(host) == was


def test_2008_by_netsh(make_host, modules) -> None:
    """Free ports are excluded at once, ports of DNS in the window; the rollback removes exactly these rows."""
    host = make_host("2008", "--winrm", "full_chunks=true")
    foreign = (
        "netsh interface ipv4 add excludedportrange protocol=udp startport=50000 numberofports=60 store=persistent"
    )
    host.exec(f"net stop DNS /y&{foreign}&net start DNS")
    first = modules(host, ["port_reservations", "dns_restart"], extra_ports=["40000-40099"])
    deferred = first["port_reservations"]["plan"]["actions"][0]["deferred_exclusions"]
    assert {row["id"] for row in deferred} == {"excluded_udp4", "excluded_udp6"}
    for family in ("ipv4", "ipv6"):
        found = rows(host, family)
        covered = {port for row in found for port in range(int(row.split("-")[0]), int(row.split("-")[1]) + 1)}
        assert {1645, 1646, 1812, 1813, *range(40000, 40100)} <= covered
    assert holds(host, "IAS", 1812)
    assert first["dns_restart"]["plan"]["settings"] == []
    written = host.exec(r"for /r C:\windows\portkeeper %i in (*.netsh) do @type %i").split("\n")
    command = r"interface ipv[46] (add|delete) excludedportrange protocol=udp startport=\d+ numberofports=\d+ store=\w+"
    assert len(written) > 4
    assert all(re.fullmatch(command, line.strip()) for line in written if line.strip()), written
    second = modules(host, ["port_reservations", "dns_restart"], extra_ports=["40000-40099"])
    assert [result["changed"] for result in second.values()] == [False, False]
    modules(host, ["port_rollback"])
    assert rows(host, "ipv4") == ["50000-50059"]
    assert rows(host, "ipv6") == []


def test_2012r2(make_host, modules) -> None:
    """A service that is not ours to start is named and left; once it is started by hand it keeps its port."""
    host = make_host("2012r2", "--winrm", "full_chunks=true")
    first = modules(host, ["port_reservations", "dns_restart"], profiles=["radius"])
    assert {"61184-61184", "1812-1813"} <= set(excluded(host))
    assert first["dns_restart"]["plan"]["status"] == "service_down"
    host.exec("net start AdmPwd.E.PDS")
    assert modules(host, ["port_verify"], profiles=["radius"])["port_verify"]["ok"]
    second = modules(host, ["port_reservations", "dns_restart"], profiles=["radius"])
    assert [result["changed"] for result in second.values()] == [False, False]
    assert second["port_reservations"]["status"] == "safe"


def test_2019_dc_from_the_first_check_to_the_reboot(controller, make_host) -> None:
    """Over winrm with NTLM and HTTP; test_psrp.py and test_ssh.py have the same for theirs."""
    host = make_host("2019-dc", "--winrm", "full_chunks=true")
    run_full_cycle(partial(controller.module, host), host)
