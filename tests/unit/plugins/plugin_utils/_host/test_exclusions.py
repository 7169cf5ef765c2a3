# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netsh's exclusions are written, backed up, left to a window, checked and rolled back."""

from __future__ import annotations

from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.records import Record
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.window import ExclusionToAdd
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.write import SettingWrite
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.host import Host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.host_plan import Plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import plan_host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.apply import WriteRequest
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.backup import backup_content
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host.exclusions import (
    ours_after,
    recorded_exclusions,
    refused_ranges,
    refused_text,
    table_back,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    applied,
    block,
    server_2019,
    starred,
    with_dns,
)

FREE: dict[str, Any] = {"udp_endpoints": [], "udp_ports": {"udp4": [], "udp6": []}, "services": {}}
TABLES = {"udp4": starred("1812-1812", "50000-50059"), "udp6": block("7-7")}


def host(**changes: Any) -> dict[str, Any]:
    """Return a plain 2008 whose DNS holds 52000 over IPv4."""
    made = server_2019(
        os={"release": "2008", "family": "nt6", "nt": "6.0", "build": 6002},
        dns={"udp_ports": {"udp4": ["53-53", "52000-52000"], "udp6": ["53-53"]}},
        **{**FREE, **changes},
    )
    made["services"] = {}
    return with_dns(made)


def plan(made: dict[str, Any], *ports: str) -> Plan:
    return plan_host(Host(made), Policy.from_options({"extra_ports": list(ports)}))


def test_an_order_writes_what_is_free_and_backs_up_what_waits() -> None:
    made = host(exclusions={"udp4": starred("50000-50059"), "udp6": []})
    order = WriteRequest.of(plan(made, "51999-52001"))
    assert order.changes == (
        SettingWrite("excluded_udp4", ("51999-51999", "52001-52001"), (), ("52000-52000",)),
        SettingWrite("excluded_udp6", ("51999-52001",)),
    )
    assert order.records == (Record("excluded_udp4", "51999-52001"), Record("excluded_udp6", "51999-52001"))
    identity = {"id": "x", "host": "x", "host_folder": "x"}
    first, second = backup_content(identity, order.changes, {}, made, {})["settings"]
    assert first == {
        "setting": "excluded_udp4",
        "after": ["51999-51999", "52001-52001"],
        "removed": [],
        "deferred": ["52000-52000"],
        "before": ["50000-50059"],
    }
    assert (second["after"], second["deferred"], second["before"]) == (["51999-52001"], [], [])


def test_what_only_waits_is_backed_up_and_recorded_too() -> None:
    made = host(exclusions={"udp4": [], "udp6": starred("52000-52000")})
    order = WriteRequest.of(plan(made, "52000"))
    assert order.changes == (SettingWrite("excluded_udp4", (), (), ("52000-52000",)),)
    assert order.records == (Record("excluded_udp4", "52000-52000"),)


def test_a_window_adds_only_what_a_backup_names() -> None:
    made = host()
    found = plan(made, "52000")
    assert recorded_exclusions(found.deferred, made) == ((), ["52000-52000"])
    once = applied(made, found.to_json())
    assert recorded_exclusions(found.deferred, once) == ((ExclusionToAdd("excluded_udp4", "52000-52000"),), [])


def test_refused_ranges_are_found_in_the_table() -> None:
    changes = [SettingWrite("excluded_udp4", ("1812-1812", "9-9")), SettingWrite("reserved_ports", ("1-1",))]
    assert refused_ranges(changes, host(exclusions=TABLES)) == ({"excluded_udp4": ["9-9"]}, False)
    assert refused_text({"excluded_udp4": ["9-9"], "excluded_udp6": ["7-7"]}) == "9-9 over ipv4; 7-7 over ipv6"
    assert refused_ranges([SettingWrite("excluded_udp6", ("7-7",))], host(exclusions=TABLES)) == (
        {"excluded_udp6": ["7-7"]},
        True,
    )
    assert refused_ranges([SettingWrite("excluded_udp4", (), ("9-9",))], host(exclusions=TABLES)) == ({}, False)


def test_rollback_deletes_exactly_our_rows_that_are_there() -> None:
    facts = host(exclusions=TABLES)
    added = ("1812-1812", "1645-1646", "50000-50010")
    assert table_back("excluded_udp4", added, ("7000-7009", "50000-50059"), facts) == SettingWrite(
        "excluded_udp4", ("7000-7009",), ("1812-1812",)
    )
    assert table_back("excluded_udp4", ("1645-1646",), (), facts) is None
    assert table_back("excluded_udp6", ("7-7",), (), facts) is None, "a block of Windows is not ours"


def test_the_record_after_a_rollback() -> None:
    facts = host(exclusions=TABLES)
    change = SettingWrite("excluded_udp4", ("7000-7009",), ("1812-1812",))
    assert ours_after(change, facts) == Record("excluded_udp4", "7000-7009")
    facts["state"] = {
        "present": True,
        "settings": {"excluded_udp4": {"value": "1645-1646,1812-1812", "boot_mark": "40D2A1B3C4D5DA01", "dns_pid": 1}},
    }
    assert ours_after(change, facts) == Record("excluded_udp4", "1645-1646,7000-7009")
