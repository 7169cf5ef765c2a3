# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._host import Host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan_effective import effect_of
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._settings import SETTINGS
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    BOOT_MARK,
    DNS_PID,
    NEXT_BOOT_MARK,
    facts,
    number,
    ranges,
    recorded,
)

LIST = "1645-1646,3343-3343"


def effect(setting: str, state: dict[str, Any], **changes: Any) -> str:
    values = {"reserved_ports": ranges(*LIST.split(",")), "socket_pool_size": number(2500)}
    return effect_of(Host(facts(settings=values, state=state, **changes)), SETTINGS[setting])


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"present": False, "settings": {}}, "unknown"),
        ({"present": None, "settings": {}}, "unknown"),
        (recorded({"reserved_ports": LIST}, BOOT_MARK), "no"),
        (recorded({"reserved_ports": LIST}, BOOT_MARK, DNS_PID - 1), "no"),
        (recorded({"reserved_ports": LIST}, NEXT_BOOT_MARK), "yes"),
        (recorded({"reserved_ports": "1645-1646"}, NEXT_BOOT_MARK), "unknown"),
    ],
)
def test_reserved_ports_need_a_boot(state: dict[str, Any], expected: str) -> None:
    assert effect("reserved_ports", state) == expected


@pytest.mark.parametrize(
    ("pid", "changes", "expected"),
    [
        (DNS_PID, {}, "no"),
        (DNS_PID - 1, {}, "yes"),
        (0, {}, "no"),
        ("4711", {}, "no"),
        ("x", {}, "no"),
        (-1, {}, "no"),
        (True, {}, "no"),
        (None, {}, "no"),
        ("stopped", {}, "yes"),
        ("stopped", {"dns": {"state": 7}}, "no"),
        (DNS_PID - 1, {"dns": {"state": 7}}, "no"),
        (DNS_PID - 1, {"dns": {"pid": None}}, "no"),
        (DNS_PID, {"dns": {"state": 1, "pid": None}}, "yes"),
        (DNS_PID, {"dns": {"state": 1}}, "no"),
        *((DNS_PID, {"dns": {"state": state, "pid": None}}, "no") for state in (2, 3, 5, 6, 7)),
        (DNS_PID, {"dns": {"state": None, "pid": None}}, "no"),
        (DNS_PID, {"boot_mark": NEXT_BOOT_MARK}, "yes"),
        (DNS_PID - 1, {"boot_mark": None}, "unknown"),
    ],
)
def test_the_pool_size_needs_a_new_dns_process(pid: Any, changes: dict[str, Any], expected: str) -> None:
    state = recorded({"socket_pool_size": "2500"}, BOOT_MARK, pid)
    assert effect("socket_pool_size", state, **changes) == expected


def test_split_entries_are_not_the_recorded_value() -> None:
    made = facts(settings={"reserved_ports": ranges("1645-1645", "1646-1646", "3343-3343")}, boot_mark=NEXT_BOOT_MARK)
    made["state"] = recorded({"reserved_ports": LIST}, BOOT_MARK)
    assert effect_of(Host(made), SETTINGS["reserved_ports"]) == "unknown"
