# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A window never takes longer than announced, with late or lost answers."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.changes import Action
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.exchange import Exchange
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host import dns_window, lock
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.dns_window import longest, open_window
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.gather import gather
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.lock import HostLock
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.window_request import window_of
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import Clock
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost, Service
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeConnection,
    FakeWire,
)

COMMAND, DEADLINE = 120, 300
ACTION = Action("dns_window", "")
ARRIVES, LOST_BEFORE, LOST_BEHIND = range(3)


@dataclass
class LateWire(FakeWire):
    """Each command takes all the time that it may; some of them, or their answers, are lost."""

    clock: Clock = field(default_factory=Clock)
    fates: list[int] = field(default_factory=list)
    late: bool = False

    def run_command(self, shell_id: str, command: str) -> str:
        fate = self.fates.pop(0) if self.late and self.fates else ARRIVES
        self.clock.now += COMMAND if self.late else 0
        if fate == LOST_BEFORE:
            raise ConnectionResetError("gone")
        started = super().run_command(shell_id, command)
        if fate == LOST_BEHIND:
            raise ConnectionResetError("gone")
        return started


def seconds(scheduler: str, fates: list[int], dns_returns: bool) -> float:
    """Return how long such a window takes."""
    host = FakeHost(scheduler=scheduler, dependents=["WINS"])
    host.services["WINS"] = Service(4, 77)
    if not dns_returns:
        host._on_rescue = lambda: ("start_dns 2\n", 0)  # type: ignore[method-assign]
    wire = LateWire(host, fates=list(fates))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dns_window, "time", wire.clock)
        patch.setattr(lock, "time", wire.clock)
        session = Session(FakeConnection(wire), clock=lambda: 0.0)
        gathered = gather(session, Policy.from_options(), COMMAND)
        exchange = Exchange(session, gathered.run, "restart", COMMAND)
        begun, wire.late = wire.clock.now, True
        with contextlib.suppress(HostFailure):
            held = HostLock(exchange, lasting=True)
            open_window(held, window_of(held, gathered, ACTION, DEADLINE), allow_unguarded=False)
        return wire.clock.now - begun


@given(
    st.sampled_from(["works", "missing", "never_runs", "hangs"]),
    st.lists(st.sampled_from([ARRIVES, LOST_BEFORE, LOST_BEHIND]), max_size=20),
    st.booleans(),
)
def test_a_window_takes_no_longer_than_it_says(scheduler: str, fates: list[int], dns_returns: bool) -> None:
    assert seconds(scheduler, fates, dns_returns) <= longest(DEADLINE, COMMAND)


def test_that_is_not_far_from_what_it_may_take() -> None:
    """The start's answer is lost, the script hangs, DNS comes back late, and all that follows is lost."""
    worst = max(
        seconds("hangs", [LOST_BEHIND, *[LOST_BEFORE] * late, *[ARRIVES] * looks, *[LOST_BEFORE] * lost], True)
        for late in range(2)
        for looks in range(8)
        for lost in range(10)
    )
    assert worst > longest(DEADLINE, COMMAND) / 2


@pytest.mark.parametrize("name", ["LOST_S", "GRACE_S", "UNGUARDED_S", "RESCUE_S"])
def test_it_follows_each_wait(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = longest(DEADLINE, COMMAND)
    monkeypatch.setattr(dns_window, name, getattr(dns_window, name) + 1000)
    assert longest(DEADLINE, COMMAND) > before
