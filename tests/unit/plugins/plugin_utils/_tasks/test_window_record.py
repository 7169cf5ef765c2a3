# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that is down after a window causes no second window before the next boot; the record is on the host."""

from __future__ import annotations

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.gather import Gathered, gather
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks.action import Job
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks.progress import Progress
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks.restart import _remember
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import MARK, FakeHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeConnection,
    FakeWire,
)

PROGRESS = Progress("dns_restart", None, lambda _progress: None)
POLICY = Policy.from_options({"profiles": []})


def services_to_start(gathered: Gathered) -> list[str]:
    actions = make_plan(gathered.facts, POLICY)["actions"]
    return [name for action in actions for name in action.get("services_to_start", ())]


def test_the_record_is_made_honoured_and_forgotten() -> None:
    host = FakeHost()
    session = Session(FakeConnection(FakeWire(host)))
    before = gather(session, POLICY, 60)
    assert services_to_start(before) == ["PolicyAgent"]
    job = Job("client01", {}, POLICY, False, session, PROGRESS)
    last = _remember(job, before, ["PolicyAgent"], {})
    assert host.state["dns_window"] == {"value": "PolicyAgent", "boot_mark": MARK}
    assert services_to_start(last) == [], "the plan that is left knows the record"
    assert MARK not in host.lines[-1], "the mark is read on the host"
    failed = gather(session, POLICY, 60)
    assert services_to_start(failed) == []
    host.state["dns_window"]["boot_mark"] = "0011223344556677"
    assert services_to_start(gather(session, POLICY, 60)) == ["PolicyAgent"], "after a boot it is tried again"
    _remember(job, failed, [], {})
    assert "dns_window" not in host.state


def test_a_host_that_never_failed_gets_no_record() -> None:
    host = FakeHost()
    session = Session(FakeConnection(FakeWire(host)))
    gathered = gather(session, POLICY, 60)
    sent = len(host.lines)
    job = Job("client01", {}, POLICY, False, session, PROGRESS)
    assert _remember(job, gathered, [], {}) is gathered
    assert len(host.lines) == sent
