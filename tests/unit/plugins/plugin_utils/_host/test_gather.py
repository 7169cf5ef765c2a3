# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts come from one command, and only from a complete answer."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.gather import gather
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost, Service
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeConnection,
    FakeWire,
)


def test_one_command_gives_the_facts() -> None:
    host = FakeHost()
    gathered = gather(Session(FakeConnection(FakeWire(host))), Policy.from_options(), 60)
    assert len(host.lines) == 1
    assert gathered.facts["computer_name"] == "CLIENT01"
    assert gathered.facts["problems"] == []
    assert gathered.collected.endswith("Z")


def test_two_readings_never_share_a_nonce() -> None:
    session = Session(FakeConnection(FakeWire(FakeHost())))
    assert gather(session, Policy.from_options(), 60).run != gather(session, Policy.from_options(), 60).run


def test_services_of_the_policy_are_asked_for() -> None:
    policy = Policy.from_options(
        {
            "catalogue_extra": [{"name": "my_agent", "services": ["BESClient"], "ports": ["52311"]}],
            "start_services": ["MSMQ"],
        }
    )
    assert policy.extra_services == ["BESClient", "MSMQ"]
    host = FakeHost()
    host.services["BESClient"] = Service(4, 99)
    gathered = gather(Session(FakeConnection(FakeWire(host))), policy, 60)
    assert "BESClient" in gathered.facts["services"]


@pytest.mark.parametrize("cut", ["", "state"])
def test_an_answer_that_is_not_whole_is_a_failure(cut: str) -> None:
    """An empty answer with exit code 0 is what a lost Receive looks like."""
    host = FakeHost(drop_sections={"state"})
    wire = FakeWire(host)
    if not cut:
        host.answer = lambda line: b""  # type: ignore[method-assign]
    with pytest.raises(HostFailure, match="did not answer with a whole transcript") as caught:
        gather(Session(FakeConnection(wire)), Policy.from_options(), 60, "verify")
    assert caught.value.phase == "verify"


def test_a_whole_answer_of_another_run_is_a_failure() -> None:
    host = FakeHost()
    answer = host.answer
    host.answer = lambda line: answer(line).replace(b"#portkeeper ", b"#portkeeper 0")  # type: ignore[method-assign]
    with pytest.raises(HostFailure):
        gather(Session(FakeConnection(FakeWire(host))), Policy.from_options(), 60)
