# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.settings import (
    MECHANISMS,
    SETTINGS,
    entries_of,
    record_text,
    value_text,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    ABSENT,
    UNREAD,
    number,
    ranges,
)


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=lambda setting: setting.id)
def test_every_setting_has_its_place_and_source(setting: Any) -> None:
    assert setting.key.startswith("HKLM\\SYSTEM\\CurrentControlSet\\Services\\")
    assert setting.registry_type in ("REG_MULTI_SZ", "REG_DWORD")
    assert setting.takes_effect in ("reboot", "dns_restart")
    assert setting.source


def test_mechanisms_by_family() -> None:
    assert {family: row.setting for family, row in MECHANISMS.items()} == {
        "nt5": "reserved_ports",
        "nt6": None,
        "nt6_r2": "socket_pool_excluded_port_ranges",
    }


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (ABSENT, "absent"),
        (UNREAD, "absent"),
        (number(2500), "2500"),
        (ranges(), ""),
        (ranges("1645-1645", "1646-1646"), "1645-1645,1646-1646"),
    ],
)
def test_values_as_the_record_writes_them(fact: dict[str, Any], text: str) -> None:
    assert value_text(fact) == text


@pytest.mark.parametrize(("data", "entries"), [(["a", "b"], ["a", "b"]), ("a-b", ["a-b"]), (7, ["7"]), ([], [])])
def test_entries(data: Any, entries: list[str]) -> None:
    assert entries_of(data) == entries


@pytest.mark.parametrize(
    ("data", "text"), [(None, "absent"), ((), ""), (("a-b", "c-d"), "a-b,c-d"), (2500, "2500"), (0, "0")]
)
def test_values_that_are_written_have_the_same_spelling(data: Any, text: str) -> None:
    assert record_text(data) == text
