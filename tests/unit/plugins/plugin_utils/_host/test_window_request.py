# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of a window depends on the host's release."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import plan_host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.exchange import Exchange
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.gather import gather
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.lock import HostLock
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.window_request import window_of
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeConnection,
    FakeWire,
)


@pytest.mark.parametrize(("family", "expected"), [("nt5", False), ("nt6", True), ("nt6_r2", True), (None, False)])
def test_the_task_comes_from_a_file_where_the_release_takes_one(family: str | None, expected: bool) -> None:
    session = Session(FakeConnection(FakeWire(FakeHost())), clock=lambda: 0.0)
    policy = Policy.from_options()
    gathered = gather(session, policy, 60)
    action = plan_host(gathered.host, policy).action("dns_window")
    assert action is not None
    gathered.facts["os"]["family"] = family
    lock = HostLock(Exchange(session, gathered.run, "restart", 60), lasting=True)
    assert window_of(lock, gathered, action, 300).task_file is expected
