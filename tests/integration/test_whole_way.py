# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of each release from reading to the rollback: facts, check, change, proof, second run, and what was before.

Where a change takes effect only at the next boot, the reboot belongs to it: until then every run reports it as pending.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from whole_way import HOSTS, Expected

COLLECTION = "portkeeper.windows_dns"
READING = "&".join((
    r"reg query HKLM\SYSTEM\CurrentControlSet\Services\DNS\Parameters",
    r"reg query HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters",
    *(f"netsh interface {family} show {table}" for family in ("ipv4", "ipv6")
      for table in ("excludedportrange protocol=udp", "dynamicport udp")),
))  # fmt: skip
"""Shows, without the collection, all that a run may write."""
PROOF = {"proof": "port_verify", "second run": "port_reservations", "second window": "dns_restart"}
"""What follows a change, by name of the task."""


class Host:
    """A host with its expectations."""

    def __init__(self, controller: Any, lab_host: Any, expected: Expected) -> None:
        self._controller = controller
        self._host = lab_host
        self._options = expected.options

    def run(self, names: dict[str, str], *options: str) -> dict[str, dict[str, Any]]:
        """Run modules one after the other in one play; return their results by the task's name.

        Args:
            names: module by name of the task.
            *options: of ansible-playbook.
        """
        tasks = [
            {"name": task, f"{COLLECTION}.{module}": {} if module == "port_info" else self._options}
            for task, module in names.items()
        ]
        play = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
        done = self._controller.playbook(play, self._host.inventory, *options)
        assert done.returncode == 0, done.stdout + done.stderr
        return {task: done.result(task) for task in names}

    def reading(self) -> str:
        """What the host's own tools show of the settings."""
        return self._host.exec(READING, check=False)

    def held(self, service: str) -> set[int]:
        """Return the UDP ports of a service's process, by the host's own tools."""
        text = self._host.exec(f"sc queryex {service}&netstat -ano -p udp&netstat -ano -p udpv6")
        pid = re.search(r"PID\s+: (\d+)", text)
        assert pid
        return {int(port) for port in re.findall(rf"^ *UDP\s+\S+:(\d+)\s+\S+\s+{pid[1]}\s*$", text, re.MULTILINE)}


def part(expected: Any, found: Any) -> Any:
    """Return what of `found` the expectation speaks of, so that pytest shows the difference."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return {key: part(value, found.get(key)) for key, value in expected.items()}
    return found


@pytest.mark.parametrize("scenario", sorted(HOSTS))
def test_whole_way(make_host, controller, scenario: str) -> None:
    expected = HOSTS[scenario]
    host = Host(controller, make_host(scenario, "--winrm", "full_chunks=true"), expected)
    before = host.reading()

    read = host.run({"read": "port_info", "check": "port_reservations", "window": "dns_restart"}, "--check", "--diff")
    assert part(expected.facts, read["read"]["facts"]) == expected.facts
    assert_planned(expected, read["check"]["plan"])
    assert read["check"]["changed"] is True
    assert host.reading() == before, "a check changes nothing"

    done = host.run({"change": "port_reservations", "window": "dns_restart", **PROOF})
    assert done["change"]["changed"] is True
    assert done["window"]["changed"] is (expected.conflict is not None)
    if expected.needs_reboot:
        assert_ended(expected, done, ("pending_reboot", False))
        done = host.run({"reboot": "host_reboot", **PROOF, "second reboot": "host_reboot"})
        assert [done[name]["changed"] for name in ("reboot", "second reboot")] == [True, False]
    assert_ended(expected, done, (expected.ends, True))
    assert_written(expected, host.reading())
    if expected.conflict:
        assert set(expected.holds) <= host.held(expected.conflict[1])

    back = host.run({"rollback": "port_rollback"})["rollback"]
    assert (back["changed"], back["reboot_required"]) == (True, expected.needs_reboot)
    assert host.reading() == before


def assert_ended(expected: Expected, done: dict[str, dict[str, Any]], ends: tuple[str, bool]) -> None:
    """Check that the services hold their ports, and that a second run writes nothing and stops no DNS.

    Args:
        expected: of the host.
        done: the results of PROOF, and of what was before it.
        ends: the status, and whether the host is in sync.
    """
    assert done["proof"]["ok"] is True
    assert [done[name]["changed"] for name in ("second run", "second window")] == [False, False]
    last = done["second run"]["plan"]
    assert (last["status"], last["in_sync"]) == ends
    assert (last["live_conflicts"], last["settings"]) == ([], [])
    assert {row["id"] for row in last["problems"] if row["severity"] != "info"} == expected.warnings


def assert_planned(expected: Expected, plan: dict[str, Any]) -> None:
    """Compare the plan with what was typed by hand."""
    assert part(expected.plan, plan) == expected.plan
    assert {need["service"]: need["ports"] for need in plan["needs"]} == expected.needs
    conflicts = {(row["port"], row["service"], row["holder"], row["error"]) for row in plan["live_conflicts"]}
    assert conflicts == ({(*expected.conflict, "dns.exe", 10048)} if expected.conflict else set())
    assert plan["risk"]["now"] == expected.risk


def assert_written(expected: Expected, reading: str) -> None:
    """Compare what the host's own tools show with what was typed by hand."""
    lists = {"SocketPoolExcludedPortRanges": expected.excluded, "ReservedPorts": expected.reserved}
    for name, wanted in lists.items():
        listed = re.search(rf" {name} +REG_MULTI_SZ +(\S+)", reading)
        assert (listed[1].split("\\0") if listed else None) == wanted
    for table in re.split(r"(?=Protocol udp Port Exclusion Ranges)", reading)[1:]:
        starred = {f"{first}-{last}" for first, last in re.findall(r"^ +(\d+) +(\d+) +\*", table, re.MULTILINE)}
        assert starred == set(expected.netsh)
