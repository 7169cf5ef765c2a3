# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A transport that cannot end what a lost connection left running, as ssh: nobody writes before it has ended."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.action import port_reservations
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.write import ChangeId, prepare_line
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.exchange import Exchange
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.winrs import WinRS
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host import lock as lock_module
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.lock import HostLock
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeConnection,
    FakeWire,
)

RUN = "0123456789abcdef"
GONE = ConnectionResetError("gone")


@pytest.fixture(autouse=True)
def _nothing_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WinRS, "survives_disconnection", True)
    monkeypatch.setattr(WinRS, "_delete_left", lambda _self, _client: None)


class Case:
    """A host on which a change has begun."""

    def __init__(self) -> None:
        self.host = FakeHost()
        self.wire = FakeWire(self.host)
        self.session = Session(FakeConnection(self.wire))
        self.lock = HostLock(Exchange(self.session, RUN, "write", 60))

    def prepare(self) -> None:
        self.lock.run(prepare_line(ChangeId(RUN, self.lock.name, f"20261128T200000Z-{RUN}"), []))

    def lose_the_write(self) -> None:
        self.lock.hand_over()
        self.wire.faults[self.wire.commands + 1] = GONE
        self.lock.exchange.send("echo")

    @property
    def asked(self) -> list[str]:
        """What was sent after the loss."""
        return [line for line in self.host.lines if "begin lock_files" in line or "begin unlock" in line]


def test_the_block_waits_until_the_write_has_released_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case()
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            case.host.locks = None

    monkeypatch.setattr(lock_module.time, "sleep", pause)
    with pytest.raises(HostFailure), case.lock:
        case.prepare()
        case.lose_the_write()
    assert len(case.asked) == 3 and not any("begin unlock" in line for line in case.asked)
    assert case.session.end_left_shells(), "the host has shown its end"


def test_a_lock_that_stays_is_neither_released_nor_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case()
    monkeypatch.setattr(lock_module, "LEFT_S", 0)
    with pytest.raises(HostFailure), case.lock:
        case.prepare()
        case.lose_the_write()
    assert case.host.locks == [case.lock.name]
    assert not case.session.end_left_shells()
    later = HostLock(Exchange(case.session, "f" * 16, "write", 60))
    with pytest.raises(HostFailure, match="is locked by another run"), later:
        later.run(prepare_line(ChangeId("f" * 16, later.name, f"20261128T200000Z-{'f' * 16}"), []))
    assert case.host.locks == [case.lock.name]


def test_a_lost_preparation_keeps_its_lock() -> None:
    case = Case()
    case.wire.receive_faults[1] = GONE
    with pytest.raises(HostFailure), case.lock:
        case.prepare()
    assert case.host.locks == [case.lock.name]
    assert case.asked == []


def test_a_lost_reading_under_the_lock_does_not_keep_it() -> None:
    case = Case()
    with pytest.raises(HostFailure), case.lock:
        case.prepare()
        case.wire.receive_faults[case.wire.commands + 1] = GONE
        case.lock.exchange.send("echo #portkeeper transcript 1 0123456789abcdef")
    assert case.host.locks is None


def test_nothing_is_called_restored_while_the_write_may_still_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_module, "LEFT_S", 0)
    host = FakeHost()
    write = 3
    result: dict[str, Any] = run_task(
        port_reservations, FakeWire(host, faults={write: GONE}), {"on_failure": "rollback"}
    )
    assert result["failed"] is True and result["rolled_back"] is False
    assert "may still be executing what the lost connection sent" in result["msg"]
    assert host.locks is not None
