# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A window on the fake host, shared by its tests."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import plan_host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.exchange import Exchange
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host import dns_window
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.dns_window import Opened, open_window
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.gather import gather
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.lock import HostLock
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.window_request import window_of
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import RUNNING, FakeHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeConnection,
    FakeWire,
)


def run_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a clock that runs on at every look, and never sleeps."""
    now = [0.0]

    def clock() -> float:
        now[0] += 20
        return now[0]

    monkeypatch.setattr(dns_window.time, "monotonic", clock)
    monkeypatch.setattr(dns_window.time, "sleep", lambda seconds: None)


class Case:
    """A host whose PolicyAgent was kept down by DNS, and the window that its plan asks for."""

    def __init__(self, host: FakeHost | None = None) -> None:
        self.host = host or FakeHost()
        self.wire = FakeWire(self.host)
        self.session = Session(FakeConnection(self.wire), clock=lambda: 0.0)
        policy = Policy.from_options()
        self.gathered = gather(self.session, policy, 60)
        self.exchange = Exchange(self.session, self.gathered.run, "restart", 60)
        action = plan_host(self.gathered.host, policy).action("dns_window")
        assert action is not None
        self.action = action

    def open(self, allow_unguarded: bool = False) -> Opened:
        lock = self.lock()
        return open_window(lock, window_of(lock, self.gathered, self.action, 300), allow_unguarded)

    def lock(self) -> HostLock:
        return HostLock(self.exchange, lasting=True)

    @property
    def dns_runs(self) -> bool:
        return self.host.services["DNS"].state == RUNNING
