# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever ends a task, its lock is released as soon as nothing runs under it any more, and never before."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.reboot import reboot_line
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.write import ChangeId, prepare_line
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.exchange import Exchange
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.lock import HostLock
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeConnection,
    FakeWire,
)

RUN = "0123456789abcdef"


class Case:
    """A host that nobody has locked."""

    def __init__(self, *, lasting: bool = False) -> None:
        self.host = FakeHost()
        self.wire = FakeWire(self.host)
        self.session = Session(FakeConnection(self.wire))
        self.lock = HostLock(Exchange(self.session, RUN, "write", 60), lasting=lasting)

    def prepare(self) -> None:
        self.lock.run(prepare_line(ChangeId(RUN, self.lock.name, f"20261128T200000Z-{RUN}"), []))

    def reboot(self) -> None:
        self.lock.run(reboot_line(RUN, self.lock.name))


@pytest.mark.parametrize("error", [HostFailure("What was read is not right.", "write"), ValueError("a mistake")])
def test_a_failure_between_two_commands_releases_the_lock(error: Exception) -> None:
    case = Case()
    with pytest.raises(type(error)), case.lock:
        case.prepare()
        assert case.host.locks == [case.lock.name]
        raise error
    assert case.host.locks is None


def test_a_lock_that_the_last_command_releases_is_not_released_twice() -> None:
    case = Case()
    with pytest.raises(HostFailure), case.lock:
        case.prepare()
        case.lock.hand_over()
        raise HostFailure("The values have changed.", "write")
    assert len(case.host.lines) == 1


@pytest.mark.parametrize("when", ["faults", "receive_faults"])
def test_what_may_still_run_is_ended_before_its_lock_is_released(when: str) -> None:
    case = Case()
    getattr(case.wire, when)[1] = ConnectionResetError("gone")
    with pytest.raises(HostFailure), case.lock:
        case.prepare()
    assert case.wire.deleted == ["shell-1"]
    assert "begin unlock" in case.host.lines[-1]
    assert case.host.locks is None


def test_the_lock_of_work_that_goes_on_stays() -> None:
    case = Case(lasting=True)
    with pytest.raises(HostFailure), case.lock:
        case.reboot()
        raise HostFailure("The host stays away.", "restart")
    assert case.host.locks == [case.lock.name]


def test_the_lock_of_work_that_is_over_is_released() -> None:
    case = Case(lasting=True)
    with case.lock:
        case.reboot()
        case.lock.take_back()
    assert case.host.locks is None


def test_nothing_is_sent_for_a_lock_that_was_never_taken() -> None:
    case = Case()
    with case.lock:
        pass
    assert case.host.lines == []
