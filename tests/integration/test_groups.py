# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of a restart group, never two domain controllers are without DNS at once, and none is touched after a failure."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLE = "portkeeper.windows_dns.reserve_ports"
RUNNING = ": 4"
POLL_S = 0.5


def variables(host) -> dict[str, Any]:
    content = yaml.safe_load(host.inventory.read_text(encoding="utf-8"))
    (found,) = content["all"]["hosts"].values()
    return {**content["all"].get("vars", {}), **(found or {})}


class Watch:
    """Looks at a service on several hosts from outside until it is stopped."""

    def __init__(self, hosts: list[Any]) -> None:
        self._hosts = hosts
        self._end = threading.Event()
        self.down: dict[str, list[tuple[float, float]]] = {host.name: [] for host in hosts}
        self.looks = 0
        self._threads = [threading.Thread(target=self._look, args=(host,)) for host in hosts]

    def __enter__(self) -> Watch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _look(self, host: Any) -> None:
        """Note from the last look at which DNS ran to the first at which it runs again."""
        since, last = None, time.monotonic()
        while not self._end.is_set():
            asked = time.monotonic()
            runs = RUNNING in host.exec("sc query DNS", check=False)
            self.looks += 1
            if not runs and since is None:
                since = last
            if runs:
                if since is not None:
                    self.down[host.name].append((since, time.monotonic()))
                    since = None
                last = asked
            self._end.wait(POLL_S)


def overlaps(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> list[Any]:
    return [(a, b) for a in one for b in other if max(a[0], b[0]) < min(a[1], b[1])]


def inventory_of(hosts: dict[str, Any], folder: Path) -> Path:
    """Write one inventory of all hosts, in their order."""
    path = folder / "fleet.yml"
    inventory = {"all": {"hosts": {name: variables(host) for name, host in hosts.items()}}}
    path.write_text(yaml.safe_dump(inventory, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def fleet(make_host, tmp_path_factory) -> tuple[list[Any], Path]:
    """Two domain controllers and a member server, and an inventory of all three."""
    scenarios = {"dc1": "sbs2003", "dc2": "2003-de", "member": "2003-member"}
    hosts = {name: make_host(scenario, "--winrm", "full_chunks=true") for name, scenario in scenarios.items()}
    return list(hosts.values()), inventory_of(hosts, tmp_path_factory.mktemp("fleet"))


def test_never_both_domain_controllers(controller, fleet) -> None:
    (dc1, dc2, member), inventory = fleet
    options = ("-e", "reserve_ports_reboot=if_required", "-e", "reserve_ports_reboot_timeout=180", "-f", "5")
    with Watch([dc1, dc2]) as watch:
        run = controller.playbook(ROLE, inventory, *options)
    assert run.returncode == 0, run.stdout + run.stderr
    assert watch.looks > 20
    assert watch.down[dc1.name] and watch.down[dc2.name], "each had its window and its reboot"
    assert overlaps(watch.down[dc1.name], watch.down[dc2.name]) == []
    assert "1060" in member.exec("sc query DNS", check=False), "nothing of DNS on the member"
    again = controller.playbook(ROLE, inventory, *options)
    assert {host: stats["changed"] for host, stats in again.stats.items()} == {"dc1": 0, "dc2": 0, "member": 0}


def test_after_a_failure_no_other_member_of_the_group_is_touched(controller, fleet) -> None:
    (dc1, dc2, _member), inventory = fleet
    for host in (dc1, dc2):
        host.exec(r"reg delete HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters /v ReservedPorts /f")
    dc1.exec("net stop PolicyAgent")
    # The first boots into a service that cannot start: the second must not be rebooted.
    dc1.exec(r"reg add HKLM\SYSTEM\CurrentControlSet\Services\DNS\Lab /v FailWith /t REG_DWORD /d 10048 /f")
    mark = dc2.exec(r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Windows /v ShutdownTime")
    dc1.exec("net start PolicyAgent")
    task = {"name": "Reserve", "portkeeper.windows_dns.port_reservations": {}}
    boot = {"name": "Reboot", "portkeeper.windows_dns.host_reboot": {"verify_timeout": 5, "reboot_timeout": 120}}
    play = [{"hosts": "dc1,dc2", "gather_facts": False, "order": "inventory", "tasks": [task, boot]}]
    run = controller.playbook(play, inventory, "-f", "1")
    first, second = run.result("Reboot", "dc1"), run.result("Reboot", "dc2")
    assert first["_kind"] == "failed" and "DNS does not run" in first["msg"], first["msg"]
    assert second["_kind"] == "failed" and "Not started: dc1 failed before" in second["msg"], second["msg"]
    assert dc2.exec(r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Windows /v ShutdownTime") == mark


def test_never_both_domain_controllers_of_2019(controller, make_host, tmp_path) -> None:
    """Here the DNS server restarts for its exclusions, in the window that also brings NPS up.

    It takes its time to start, so that no window is shorter than the time between two looks at it.
    """
    hosts = {name: make_host("2019-dc", "--winrm", "full_chunks=true") for name in ("dc1", "dc2")}
    for host in hosts.values():
        host.exec(r"reg add HKLM\SYSTEM\CurrentControlSet\Services\DNS\Lab /v StartDelayMs /t REG_DWORD /d 5000 /f")
    dc1, dc2 = hosts.values()
    with Watch([dc1, dc2]) as watch:
        run = controller.playbook(ROLE, inventory_of(hosts, tmp_path), "-f", "5")
    assert run.returncode == 0, run.stdout + run.stderr
    assert watch.down[dc1.name] and watch.down[dc2.name], "each had its window"
    assert overlaps(watch.down[dc1.name], watch.down[dc2.name]) == []
