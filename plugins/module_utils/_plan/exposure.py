# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the needed ports of a host that the next start of DNS can take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._facts.host import Host
from .._ports import FAMILIES, PortSet, parse_entries
from .._windows.settings import MECHANISMS, SETTINGS, Setting, entries_of, has_other_type
from .effective import effective_ports

LIST_OF_MECHANISM = {row.name: row.setting for row in MECHANISMS.values() if row.setting}
"""The list value that counts on a host, by the plan's mechanism."""

_NONE = PortSet()


def pool_ranges(plan: Mapping[str, Any]) -> dict[str, PortSet]:
    """Return the ranges that DNS can draw from, per address family; empty if they are not known."""
    return {
        family: PortSet.from_text([plan["pool_range"][family]]) if plan["pool_range"][family] else _NONE
        for family in FAMILIES
    }


def protected_ports(plan: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, PortSet]:
    """Return the ports that are reserved and certainly in effect, per address family."""
    host = Host(facts)
    name = LIST_OF_MECHANISM.get(plan["mechanism"])
    if name is None:
        return effective_ports(host, None, _NONE)
    return effective_ports(host, SETTINGS[name], _entered(host, SETTINGS[name]))


def _entered(host: Host, setting: Setting) -> PortSet:
    """Return the ports of a list value; none if Windows ignores its type."""
    fact = host.setting(setting.id)
    if not fact["present"] or has_other_type(setting, fact):
        return _NONE
    return parse_entries(entries_of(fact["data"]))[0]


def exposed_by_need(plan: Mapping[str, Any], safe: Mapping[str, PortSet]) -> list[PortSet]:
    """Return the exposed ports of each of the plan's needs, in their order; none for TCP.

    Args:
        plan: the plan of the host.
        safe: `protected_ports`, for which the pool of DNS is unpacked.
    """
    pools = pool_ranges(plan)
    reach = PortSet.union(pools[family] - safe[family] for family in FAMILIES)
    return [PortSet.from_json(need["ports"]) & reach if need["protocol"] != "tcp" else _NONE for need in plan["needs"]]


def exposed_ports(plan: Mapping[str, Any], facts: Mapping[str, Any]) -> PortSet:
    """Return the exposed ports that the risk includes, without those that only a profile asks for."""
    found = zip(plan["needs"], exposed_by_need(plan, protected_ports(plan, facts)), strict=True)
    return PortSet.union(ports for need, ports in found if need["reason"] != "profile")
