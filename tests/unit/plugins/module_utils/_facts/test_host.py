# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.host import Holder, Host
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    BOOT_MARK,
    facts,
    recorded,
    socket,
)


def test_holders_by_family_each_once_and_in_order() -> None:
    made = facts(
        udp_endpoints=[
            socket(4500, 9, "b.exe"),
            socket(4500, 7, "a.exe", "10.0.0.1"),
            socket(4500, 9, "b.exe", "10.0.0.2"),
            socket(4500, 8, "c.exe", "fe80::1%4"),
        ]
    )
    host = Host(made)
    assert host.holders(4500, "udp4") == [Holder(7, "a.exe"), Holder(9, "b.exe")]
    assert host.holders(4500, "udp6") == [Holder(8, "c.exe")]


def test_a_port_beyond_the_cut_has_an_unnamed_holder() -> None:
    host = Host(facts(udp_endpoints=[], udp_endpoints_truncated=True, udp_ports={"udp4": ["4500-4500"], "udp6": []}))
    assert host.holders(4500, "udp4") == [Holder(None, None)]
    assert host.holders(4501, "udp4") == []


@pytest.mark.parametrize(
    "record",
    [
        None,
        {},
        {"value": None, "boot_mark": BOOT_MARK, "dns_pid": 1},
        {"value": "1-1", "boot_mark": None, "dns_pid": 1},
    ],
)
def test_an_incomplete_record_is_none(record: Any) -> None:
    host = Host(facts(state={"present": True, "settings": {"reserved_ports": record}}))
    assert host.record("reserved_ports") is None


def test_a_complete_record() -> None:
    host = Host(facts(state=recorded({"reserved_ports": "absent"})))
    record = host.record("reserved_ports")
    assert record is not None
    assert record["value"] == "absent"


def test_empty_facts_are_a_host_of_which_nothing_is_known() -> None:
    host = Host({})
    assert host.family is None
    assert host.setting("reserved_ports")["present"] is None
    assert not host.services
    assert not host.services_known
    assert not host.sockets_known
    assert host.state_present is None
    assert not host.excluded(4500)


@pytest.mark.parametrize(
    ("pid", "ports", "known"), [(None, None, True), (88, None, False), (88, {"udp4": [], "udp6": []}, True)]
)
def test_a_stopped_service_with_a_process_may_hold_ports(pid: int | None, ports: Any, known: bool) -> None:
    made = facts()
    made["dns"].update(state=1, pid=pid, udp_ports=ports)
    assert Host(made).dns_ports_known is known


@pytest.mark.parametrize("left", [{}, {"state": 4}, {"pid": 1500}, {"udp_ports": {"udp4": ["53-53"], "udp6": []}}])
def test_a_service_that_shows_a_sign_of_life_is_not_certainly_absent(left: dict[str, Any]) -> None:
    made = facts()
    made["dns"] = {"installed": False, "state": None, "pid": None, "udp_ports": {"udp4": [], "udp6": []}, **left}
    made["services"].pop("DNS")
    assert Host(made).dns_installed is (None if left else False)
