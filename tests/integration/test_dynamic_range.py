# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dynamic range on request, on a lab host: check, change, second run, drift, and back by either way.

The tests of the 2019 host build on one another, in their order.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.write import (
    ChangeId,
    SettingWrite,
    prepare_line,
    write_lines,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.backup import restore_lines

DNS_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\DNS\Parameters"
TCPIP_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
LOWERED = ["1025-65534", "1025-65534"]
DEFAULT = ["49152-65535", "49152-65535"]
ASKED = {"dynamic_port_range": {"start": 49152, "count": 16384}}
CHECK = {"check_mode": True, "diff": True}
REFUSED = {"ignore_errors": True}


@pytest.fixture(scope="module")
def host(make_host):
    """Start a host whose range was lowered to 1025-65534."""
    return make_host("2019-dc", "--winrm", "full_chunks=true")


@pytest.fixture
def play(controller, host):
    """Give a function that runs tasks, each a name, a module, its arguments and keywords; it returns the results."""

    def run(*tasks: tuple[str, str, dict[str, Any], dict[str, Any]]) -> list[dict[str, Any]]:
        content = [{"name": name, f"portkeeper.windows_dns.{kind}": given, **more} for name, kind, given, more in tasks]
        done = controller.playbook([{"hosts": "all", "gather_facts": False, "tasks": content}], host.inventory)
        assert done.returncode == 0, done.stdout + done.stderr
        return [done.result(name) for name, _kind, _given, _more in tasks]

    return run


def ranges(host) -> list[str]:
    """Return the ranges that netsh shows, IPv4 first."""
    found = []
    for family in ("ipv4", "ipv6"):
        text = host.exec(f"netsh interface {family} show dynamicport udp")
        start, count = (int(number) for number in re.findall(r": (\d+)", text))
        found.append(f"{start}-{start + count - 1}")
    return found


def lowest_ports(host) -> list[int]:
    """Return the lowest port of the pool over IPv4 and over IPv6."""
    pid = re.search(r"PID\s+: (\d+)", host.exec("sc queryex DNS"))
    assert pid
    shown = host.exec("netstat -ano")
    found = [re.findall(rf"UDP\s+{where}:(\d+)\s+\S+\s+{pid[1]}\s", shown) for where in (r"0\.0\.0\.0", r"\[::\]")]
    return [min(int(port) for port in ports if port != "53") for ports in found]


def test_check_and_refusal_change_nothing(play, host) -> None:
    small = {"dynamic_port_range": {"start": 50000, "count": 2754}}
    checked, refused = play(
        ("Look", "port_reservations", ASKED, CHECK),
        ("Ask for too few", "port_reservations", small, REFUSED),
    )
    assert checked["changed"] is True
    assert checked["before"]["dynamicport_udp4"] == "1025-65534"
    assert checked["after"]["dynamicport_udp6"] == "49152-65535"
    assert "next start" in checked["diff"]["after"] and "at once" in checked["diff"]["after"]
    assert checked["plan"]["risk"]["after_reload"] == 0 < checked["plan"]["risk"]["now"]
    assert "2755" in refused["msg"] and "Nothing was written" in refused["msg"]
    assert ranges(host) == LOWERED
    assert "portkeeper" not in host.exec(r"reg query HKLM\SOFTWARE").replace("PortkeeperLab", "")


def test_change_restart_and_second_run(play, host) -> None:
    done, restarted, again = play(
        ("Set", "port_reservations", ASKED, {}),
        ("Restart", "dns_restart", ASKED, {}),
        ("Set again", "port_reservations", ASKED, {}),
    )
    assert done["changed"] is True
    assert next(iter(done["before"])) == "dynamicport_udp4"
    assert restarted["changed"] is True
    assert restarted["plan"]["effective"]["dynamicport_udp4"] == "yes"
    assert restarted["plan"]["status"] == "safe", restarted["plan"]["problems"]
    assert again["changed"] is False, again["msg"]
    assert ranges(host) == DEFAULT
    assert min(lowest_ports(host)) >= 49152


def test_a_change_by_somebody_else_is_drift_and_no_rollback_overwrites_it(play, host) -> None:
    host.exec("netsh interface ipv6 set dynamicport udp start=10000 num=50000")
    drift, refused = play(
        ("Look", "port_reservations", ASKED, CHECK),
        ("Go back", "port_rollback", {}, REFUSED),
    )
    assert drift["changed"] is True and drift["status"] == "drifted"
    assert drift["before"] == {"dynamicport_udp6": "10000-59999"}
    assert "ipv6" in refused["msg"] and "force" in refused["msg"]
    assert ranges(host) == ["49152-65535", "10000-59999"]
    host.exec("netsh interface ipv6 set dynamicport udp start=49152 num=16384")


def test_back_from_the_controller_and_at_the_console(play, host) -> None:
    shown, back, waiting, done = play(
        ("Look", "port_rollback", {}, CHECK),
        ("Go back", "port_rollback", {}, {}),
        ("What is due then", "port_reservations", {}, CHECK),
        ("Set", "port_reservations", ASKED, {}),
    )
    assert shown["changed"] is True and "1025-65534" in shown["diff"]["after"]
    assert back["changed"] is True and back["after"]["dynamicport_udp6"] == "1025-65534"
    assert waiting["plan"]["effective"]["dynamicport_udp4"] == "no", "DNS has not restarted yet"
    assert done["before"]["dynamicport_udp4"] == "1025-65534"
    assert ranges(host) == DEFAULT
    script = done["backup"]["host_path"] + r"\rollback.cmd"
    host.exec("netsh interface ipv4 set dynamicport udp start=10000 num=50000")
    refused = host.exec(script, check=False)
    assert "somebody has changed" in refused and "ipv4 set dynamicport udp start=1025 num=64510" in refused
    assert ranges(host) == ["10000-59999", "49152-65535"]
    # As a rollback leaves it that failed between the families: what is back already is nobody's change.
    host.exec("netsh interface ipv4 set dynamicport udp start=1025 num=64510")
    for _run in range(2):
        assert "old values are back" in host.exec(script)
        assert ranges(host) == LOWERED


def test_what_follows_a_range_that_was_not_set_is_not_written(host) -> None:
    """netsh refuses fewer than 255 ports: a larger pool must not meet the range that stays."""
    run = "0123456789abcdef"
    change = ChangeId(run, f"1764000000-{run}", f"20261123T160000Z-{run}")
    writes = [
        SettingWrite("dynamicport_udp4", ("10000-59999",), ("1025-65534",)),
        SettingWrite("dynamicport_udp6", ("2000-2010",), ("1025-65534",)),
        SettingWrite("socket_pool_size", 9000),
    ]
    host.exec(prepare_line(change, [write.id for write in writes]), check=False)
    (line,) = write_lines(change, writes, [], restore_lines({"socket_pool_size": None}))
    answer = host.exec(line, check=False)
    assert "dynamicport_udp4 0" in answer and "dynamicport_udp6 1" in answer and "socket_pool_size" not in answer
    assert ranges(host) == ["10000-59999", "1025-65534"]
    assert "9000" not in host.exec(rf"reg query {DNS_KEY}")
    host.exec("netsh interface ipv4 set dynamicport udp start=1025 num=64510")


def test_beside_exchange_only_by_name_and_with_excluded_ranges_in_one_write(controller, make_host) -> None:
    host = make_host("2008", "--winrm", "full_chunks=true")
    forced = {"dynamic_port_range": {"ipv4": {"start": 1025, "count": 64511}, "force": ["exchange"]}}
    refused = controller.module(host, "port_reservations", dynamic_port_range={"start": 1025, "count": 64511})
    assert refused["_kind"] == "failed" and "Exchange Server" in refused["msg"], refused["msg"]
    assert ranges(host) == ["1025-60000", "1025-60000"]
    host.winrm(op="reset_counters")
    done = controller.module(host, "port_reservations", extra_ports=["61000-61009"], **forced)
    assert done["_kind"] == "ok", done["msg"]
    assert host.winrm(op="counters")["sessions"] == 1, "range and excluded ports are written in one session"
    assert list(done["before"])[:2] == ["dynamicport_udp4", "excluded_udp4"]
    assert ranges(host) == ["1025-65535", "1025-60000"]
    back = controller.module(host, "port_rollback")
    assert back["after"]["dynamicport_udp4"] == "1025-60000"
    assert ranges(host) == ["1025-60000", "1025-60000"]


def test_up_to_2003_it_is_refused_and_nothing_is_written(controller, make_host) -> None:
    """MaxUserPort determines the range there. A host whose policy is refused gets no other reservation either."""
    host = make_host("2003-de", "--winrm", "full_chunks=true")
    reading = rf"reg query {TCPIP_KEY} & reg query {DNS_KEY} & reg query HKLM\SOFTWARE\portkeeper /s"
    before = host.exec(reading, check=False)
    assert "MaxUserPort" in before and "ReservedPorts" not in before
    checked = controller.module(host, "port_reservations", "--check", "--diff", **ASKED)
    refused = controller.module(host, "port_reservations", **ASKED)
    assert (checked["_kind"], refused["_kind"]) == ("ok", "failed")
    (problem,) = [row for row in checked["problems"] if row["severity"] == "error"]
    assert problem["id"] == "dynamic_port_range_refused" and "MaxUserPort" in problem["message"]
    assert "would write ReservedPorts, but not before this is settled" in checked["msg"]
    assert "Nothing was written" in refused["msg"] and problem["message"] in refused["msg"]
    assert host.exec(reading, check=False) == before
