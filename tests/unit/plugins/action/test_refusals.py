# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""If a host differs from what the plan saw, an action says so and changes nothing more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.action import (
    dns_restart,
    host_reboot,
    port_reservations,
    port_rollback,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks import reboot, restart
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import (
    RUNNING,
    FakeHost,
    Service,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

ACTIONS = {
    "port_reservations": port_reservations,
    "dns_restart": dns_restart,
    "host_reboot": host_reboot,
    "port_rollback": port_rollback,
}
LONG_S = 3600
HAS_AN_EFFECT = ("begin write", "begin run", "begin reboot", "begin start ")
Run = Callable[..., dict[str, Any]]


@dataclass
class ContestedHost(FakeHost):
    """A host on which something else undoes what was written, or refuses to list its services."""

    undone: bool = False
    lists_services: bool = True

    def _on_write(self) -> tuple[str, int]:
        before = self.reserved
        answer = super()._on_write()
        if self.undone:
            self.reserved = before
        return answer

    def _on_services(self) -> tuple[str, int]:
        return super()._on_services() if self.lists_services else ("", 5)


@pytest.fixture
def host() -> ContestedHost:
    return ContestedHost()


@pytest.fixture
def run(host: ContestedHost) -> Run:
    def runs(name: str, **options: Any) -> dict[str, Any]:
        return run_task(ACTIONS[name], FakeWire(host), options)

    return runs


def waits(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None]) -> None:
    """The task waits long for its restart group, and something happens while it does."""

    @contextmanager
    def lock(*_arguments: Any, **_options: Any) -> Iterator[float]:
        meanwhile()
        yield LONG_S

    for module in (restart, reboot):
        monkeypatch.setattr(module, "restart_group_lock", lock)


def touched(host: FakeHost) -> list[str]:
    return [line for line in host.lines if any(mark in line for mark in HAS_AN_EFFECT)]


def test_a_restart_that_another_made_meanwhile_is_not_made_again(
    run: Run, host: ContestedHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def healed() -> None:
        host.services["PolicyAgent"] = Service(RUNNING, 1700)
        host.services["DNS"] = Service(RUNNING, 1800)
        host.udp = [(port, 1800 if pid == 1484 else pid) for port, pid in host.udp if port != 4500]
        host.udp += [(500, 1700), (4500, 1700)]

    waits(monkeypatch, healed)
    done = run("dns_restart")
    assert not done.get("failed") and done["changed"] is False, done["msg"]
    assert touched(host) == []


def test_a_restart_that_can_no_longer_be_judged_is_refused_after_the_wait(
    run: Run, host: ContestedHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits(monkeypatch, lambda: setattr(host, "lists_services", False))
    failed = run("dns_restart")
    assert failed["failed"] is True and failed["changed"] is False
    assert failed["dns_may_be_stopped"] is False
    assert touched(host) == []


def test_a_restart_after_the_wait_goes_by_what_the_host_is_then(
    run: Run, host: ContestedHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another service lost its port meanwhile: it is started too."""

    def lost() -> None:
        host.services["IAS"] = Service(1, 0, 10048)
        host.udp = [(port, 1484 if pid == 1600 else pid) for port, pid in host.udp]

    waits(monkeypatch, lost)
    done = run("dns_restart")
    assert done["changed"] is True, done["msg"]
    assert host.services["IAS"].state == RUNNING
    assert touched(host)


def test_a_reboot_that_is_no_longer_due_is_not_made(
    run: Run, host: ContestedHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("port_reservations")["reboot_required"] is True
    before = len(touched(host))

    def rebooted() -> None:
        host.state["reserved_ports"]["boot_mark"] = "0011223344556677"
        host.services["PolicyAgent"] = Service(RUNNING, 1700)

    waits(monkeypatch, rebooted)
    done = run("host_reboot")
    assert not done.get("failed") and done["changed"] is False, done["msg"]
    assert len(touched(host)) == before


def test_a_value_that_another_program_writes_is_reported_and_not_written_again(run: Run, host: ContestedHost) -> None:
    host.undone = True
    failed = run("port_reservations")
    assert failed["failed"] is True and failed["changed"] is True
    assert "does not show what was written to ReservedPorts: another program is changing it" in failed["msg"]
    assert failed["backup"]["id"]
    assert len(touched(host)) == 1


def test_nothing_is_written_where_the_services_may_not_be_listed(run: Run, host: ContestedHost) -> None:
    host.lists_services = False
    failed = run("port_reservations")
    assert failed["failed"] is True and failed["changed"] is False
    assert "administrator" in failed["msg"]
    assert touched(host) == []


def test_nothing_is_put_back_over_a_value_that_cannot_be_read(run: Run, host: ContestedHost) -> None:
    assert run("port_reservations")["backup"]
    written, before = host.reserved, len(touched(host))
    host.drop_sections = {"tcpip"}
    failed = run("port_rollback")
    assert failed["failed"] is True and failed["changed"] is False
    assert "does not let us read ReservedPorts: nothing was restored" in failed["msg"]
    assert (host.reserved, len(touched(host))) == (written, before)


def test_nothing_is_written_when_the_export_names_no_such_key(
    run: Run, host: ContestedHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = "Windows Registry Editor Version 5.00\n\n"
    monkeypatch.setattr(host, "_on_export_tcpip", lambda: (empty, 0))
    failed = run("port_reservations")
    assert failed["failed"] is True and failed["changed"] is False
    assert "exported nothing of" in failed["msg"] and "so nothing was written" in failed["msg"]
    assert host.reserved == ["3343-3343"]


@pytest.mark.parametrize("changed", [b"0123456789abcdef", b"zz"])
def test_an_answer_to_another_command_is_not_believed(
    run: Run, host: ContestedHost, monkeypatch: pytest.MonkeyPatch, changed: bytes
) -> None:
    honest = host.answer

    def other(line: str) -> bytes:
        answer = honest(line)
        return answer if "begin netstat" in line else answer.replace(host._run.encode(), changed)

    monkeypatch.setattr(host, "answer", other)
    failed = run("port_reservations")
    assert failed["failed"] is True and failed["changed"] is False
    assert "answer that" in failed["msg"]
    assert host.reserved == ["3343-3343"]
