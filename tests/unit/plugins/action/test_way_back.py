# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""port_rollback, host_reboot and on_failure work as tasks on a host in memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.action import host_reboot, port_reservations, port_rollback
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.exchange import Exchange
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import (
    MARK,
    STOPPED,
    FakeHost,
    Service,
    _key,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

ACTIONS = {"port_reservations": port_reservations, "port_rollback": port_rollback, "host_reboot": host_reboot}
NEW_MARK = "00112233445566FF"
Run = Callable[..., dict[str, Any]]


@dataclass
class LivelyHost(FakeHost):
    """A host that imports what we write, and that can be rebooted."""

    mark: str = MARK
    accepts: int = 0
    boots_to: str = NEW_MARK
    fails_after_boot: bool = False

    def _on_boot(self) -> tuple[str, int]:
        key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Windows"
        return _key(key, ("ShutdownTime", "REG_BINARY", self.mark)), 1

    def _on_reboot(self) -> tuple[str, int]:
        if self.accepts == 0:
            self.mark = self.boots_to
            if self.fails_after_boot:
                self.services["DNS"] = Service(STOPPED, 0, 10048)
        return "", self.accepts

    def _on_write(self) -> tuple[str, int]:
        answer, level = super()._on_write()
        file = re.search(r"\)>\.\.\\portkeeper\\backup\\[0-9TZa-f-]+\\put-back\.reg", self._line)
        if file:
            text = self._line[self._line.rindex("echo REGEDIT4", 0, file.start()) : file.start()]
            digits = text.partition('"ReservedPorts"=hex^(7^):')[2]
            raw = bytes.fromhex("".join(re.findall(r"\b[0-9a-f]{2}\b", digits)))
            self.reserved = [entry for entry in raw.decode("ascii").split("\0") if entry] if digits else None
            answer += "reserved_ports 0\n"
        return answer, level


@pytest.fixture
def host() -> LivelyHost:
    return LivelyHost(services={"DNS": Service(4, 1484), "IAS": Service(4, 1600)}, udp=[(53, 1484), *(
        (port, 1600) for port in (1645, 1646, 1812, 1813))])  # fmt: skip


@pytest.fixture
def run(host: LivelyHost) -> Run:
    def runs(name: str, check: bool = False, **options: Any) -> dict[str, Any]:
        return run_task(ACTIONS[name], FakeWire(host), options, check)

    return runs


def test_put_back_and_then_nothing(run: Run, host: LivelyHost) -> None:
    made = run("port_reservations")["backup"]
    assert host.reserved != ["3343-3343"]
    check = run("port_rollback", check=True)
    assert check["changed"] is True and check["refused"] is False and host.reserved != ["3343-3343"]
    assert check["after"] == {"reserved_ports": ["3343-3343"]}
    done = run("port_rollback")
    assert done["changed"] is True and "failed" not in done, done["msg"]
    assert done["backup"]["id"] == made["id"]
    assert host.reserved == ["3343-3343"]
    assert host.state["reserved_ports"]["value"] == "3343-3343"
    before = len(host.lines)
    assert run("port_rollback")["changed"] is False
    assert len(host.lines) == before + 1


def test_absent_again(run: Run, host: LivelyHost) -> None:
    host.reserved = None
    run("port_reservations")
    assert run("port_rollback")["changed"] is True
    assert host.reserved is None
    assert host.state["reserved_ports"]["value"] == "absent"


def test_a_foreign_change_is_refused_and_forced(run: Run, host: LivelyHost) -> None:
    run("port_reservations")
    host.reserved = ["7777-7777"]
    check = run("port_rollback", check=True)
    assert check["refused"] is True and check["changed"] is False and "failed" not in check
    refused = run("port_rollback")
    assert refused["failed"] is True and "force" in refused["msg"] and host.reserved == ["7777-7777"]
    assert run("port_rollback", force=True)["changed"] is True
    assert host.reserved == ["3343-3343"]


def test_a_foreign_change_between_two_of_ours_is_refused(run: Run, host: LivelyHost) -> None:
    first = run("port_reservations")["backup"]
    host.reserved = [*(host.reserved or []), "7777-7777"]
    run("port_reservations", extra_ports=["51820"])
    refused = run("port_rollback", backup=first["id"])
    assert refused["failed"] is True and "somebody else" in refused["msg"]
    assert run("port_rollback")["changed"] is True
    assert "7777-7777" in (host.reserved or []) and "51820-51820" not in (host.reserved or [])


def test_a_named_backup_over_later_changes_of_this_collection(run: Run, host: LivelyHost) -> None:
    first = run("port_reservations")["backup"]
    run("port_reservations", extra_ports=["51820"])
    run("port_rollback")
    run("port_reservations", extra_ports=["51821"])
    assert run("port_rollback", backup=first["id"])["changed"] is True
    assert host.reserved == ["3343-3343"]


def test_another_computer_s_backup_is_refused(run: Run, host: LivelyHost, monkeypatch: pytest.MonkeyPatch) -> None:
    run("port_reservations")
    monkeypatch.setattr(host, "_on_computer_name", lambda: ("OTHER\n", 0))
    refused = run("port_rollback")
    assert refused["failed"] is True and "OTHER" in refused["msg"] and "CLIENT01" in refused["msg"]


def test_no_backup(run: Run) -> None:
    failed = run("port_rollback")
    assert failed["failed"] is True and "has no backup" in failed["msg"]


@pytest.mark.parametrize(("policy", "restored"), [("rollback", True), ("keep", False)])
def test_a_run_that_fails_after_it_wrote(run: Run, host: LivelyHost, policy: str, restored: bool) -> None:
    run("port_reservations")
    host.mark = MARK
    host.fails_after_boot = True
    failed = run("host_reboot", on_failure=policy, verify_timeout=10)
    assert failed["failed"] is True and "DNS does not run" in failed["msg"]
    assert failed["dns_may_be_stopped"] is True
    assert (host.reserved == ["3343-3343"]) is restored
    assert failed.get("rolled_back", False) is restored


def test_a_failure_before_any_write_puts_nothing_back(run: Run, host: LivelyHost) -> None:
    host.reserved = ["abc"]
    failed = run("port_reservations", on_failure="rollback")
    assert failed["failed"] is True and "rolled_back" not in failed


def test_reboot_only_where_it_is_due(run: Run, host: LivelyHost) -> None:
    refused = run("host_reboot")
    assert refused["failed"] is True and "ReservedPorts" in refused["msg"] and "port_reservations" in refused["msg"]
    assert run("host_reboot", check=True)["changed"] is True
    run("port_reservations")
    assert run("host_reboot", check=True)["changed"] is True
    assert not any("shutdown" in line for line in host.lines)
    done = run("host_reboot")
    assert done["changed"] is True and done["reboot_required"] is False, done["msg"]
    assert host.locks is None
    again = run("host_reboot")
    assert again["changed"] is False
    assert sum("shutdown.exe -r" in line for line in host.lines) == 1


def test_a_host_that_does_not_go_down(run: Run, host: LivelyHost) -> None:
    run("port_reservations")
    host.boots_to = MARK
    failed = run("host_reboot", reboot_timeout=60)
    assert failed["failed"] is True and "has not rebooted within 60 seconds" in failed["msg"]


def test_a_shutdown_that_is_refused(run: Run, host: LivelyHost) -> None:
    run("port_reservations")
    host.accepts = 1115
    failed = run("host_reboot")
    assert failed["failed"] is True and "1115" in failed["msg"]
    assert host.locks is None


def test_a_host_that_stays_away(run: Run, host: LivelyHost, monkeypatch: pytest.MonkeyPatch) -> None:
    run("port_reservations")
    monkeypatch.setattr(Exchange, "send", _gone(Exchange.send))
    failed = run("host_reboot", reboot_timeout=60)
    for word in ("60 seconds", "4292", "console", "net start PolicyAgent", "rollback.cmd"):
        assert word in failed["msg"], failed["msg"]
    # Nobody of the same group is touched now.
    monkeypatch.undo()
    host.mark = MARK


def _gone(send: Callable[..., Any]) -> Callable[..., Any]:
    def asks(exchange: Any, line: str) -> Any:
        if "shutdown" not in line:
            raise exchange.failure("did not answer")
        return send(exchange, line)

    return asks


def test_after_a_failure_the_group_is_left_alone(run: Run, host: LivelyHost) -> None:
    run("port_reservations")
    host.accepts = 5
    run("host_reboot", restart_group="dcs")
    host.accepts = 0
    failed = run("host_reboot", restart_group="dcs")
    assert "Not started: client01 failed before" in failed["msg"]
    assert run("host_reboot", restart_group="others")["changed"] is True
