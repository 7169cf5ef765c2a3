# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry values that protect ports: their key, type and meaning, and when a change takes effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .registry_file import REG_DWORD, REG_MULTI_SZ, TYPE_NAMES

TCPIP_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
DNS_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\DNS\Parameters"
OWN_KEY = r"HKLM\SOFTWARE\portkeeper"
"""All that we keep in the registry."""
STATE_KEY = rf"{OWN_KEY}\state"
"""A key for each record."""

RAN_BEFORE_RECORD = "ran_before"
"""State record of the services that ran when a window opened, comma-joined in ``value``; DNS is one of them."""

RECORDED_STOPPED = "stopped"
"""What stands for the PID in a record that was written while the service manager said that DNS is STOPPED."""

DNS_SERVICE = "DNS"
DNS_PORT = 53
"""The UDP port of a name server (RFC 1035, 4.2.1)."""
"""Service key of the DNS server."""

NOW = "now"
DNS_RESTART = "dns_restart"
REBOOT = "reboot"

RESERVED_PORTS = "reserved_ports"
SOCKET_POOL_SIZE = "socket_pool_size"
POOL_EXCLUSIONS = "socket_pool_excluded_port_ranges"
MAX_USER_PORT = "max_user_port"
STATE = "state"

ABSENT = "absent"
"""How the state record writes a value that is not there."""


LIST_TYPE = TYPE_NAMES[REG_MULTI_SZ]
NUMBER_TYPE = TYPE_NAMES[REG_DWORD]


@dataclass(frozen=True)
class Setting:
    """One registry value.

    Attributes:
        id: the name used in facts, plan and state record.
        key: the registry key.
        value_name: the value's name under the key.
        registry_type: the type it must have; Windows ignores another one.
        takes_effect: now, dns_restart or reboot.
        source: where that is documented.
        is_written: whether this collection writes it; one that is only read decides what the others must be.
    """

    id: str
    key: str
    value_name: str
    registry_type: str
    takes_effect: str
    source: str
    is_written: bool = True

    @property
    def is_list(self) -> bool:
        """Whether it contains port ranges; otherwise it is a number."""
        return self.registry_type == LIST_TYPE


SETTINGS: dict[str, Setting] = {
    setting.id: setting
    for setting in (
        Setting(MAX_USER_PORT, TCPIP_KEY, "MaxUserPort", NUMBER_TYPE, REBOOT, "KB929851", is_written=False),
        Setting(RESERVED_PORTS, TCPIP_KEY, "ReservedPorts", LIST_TYPE, REBOOT, "KB812873"),
        Setting(
            SOCKET_POOL_SIZE,
            DNS_KEY,
            "SocketPoolSize",
            NUMBER_TYPE,
            DNS_RESTART,
            "Microsoft's documentation of dnscmd /config /SocketPoolSize",
        ),
        Setting(
            POOL_EXCLUSIONS,
            DNS_KEY,
            "SocketPoolExcludedPortRanges",
            LIST_TYPE,
            DNS_RESTART,
            "MS-DNSP 3.1.1.1.4 (a list of strings a-b, single ports included); that the type is REG_MULTI_SZ is very"
            " likely, not confirmed",
        ),
    )
}
"""By id, in the order in which facts and reports show them."""


NETSH_PREFIX = "excluded_"
NETSH: dict[str, str] = {"excluded_udp4": "ipv4", "excluded_udp6": "ipv6"}
"""Tables of excluded ports that netsh keeps, by the id used in plan, state record and backup: netsh's name of the
address family."""


RANGE_PREFIX = "dynamicport_"
RANGES: dict[str, Setting] = {
    setting.id: setting
    for setting in (
        Setting(
            table.replace(NETSH_PREFIX, RANGE_PREFIX),
            f"netsh interface {name} dynamicport udp",
            f"the dynamic UDP port range over {name}",
            "",
            DNS_RESTART,
            "KB929851",
            is_written=False,
        )
        for table, name in NETSH.items()
    )
}
"""The dynamic ranges, by the id used in plan, section, state record and backup. They are no registry values: netsh sets
them. DNS draws its pool from a new range when it starts again; other programs use it at once."""


@dataclass(frozen=True)
class Mechanism:
    """How a family of releases protects ports.

    Attributes:
        name: the plan's ``mechanism``.
        setting: id of the list value that is written, None where no value of the registry does it.
        source: where that is documented.
        netsh: whether excluded port ranges are added by netsh.
    """

    name: str
    setting: str | None
    source: str
    netsh: bool = False


NETSH_MECHANISM = Mechanism(
    "excluded_port_range_netsh", None, "KB812873: ReservedPorts is not implemented on Vista and 2008", netsh=True
)
MECHANISMS: dict[str, Mechanism] = {
    "nt5": Mechanism("reserved_ports", RESERVED_PORTS, "KB812873, KB953230"),
    "nt6": NETSH_MECHANISM,
    "nt6_r2": Mechanism(
        "excluded_port_ranges",
        POOL_EXCLUSIONS,
        "MS-DNSP 3.1.1.1.4: ranges a-b in which the DNS server opens no listen socket; from 2008 R2 on",
    ),
}
NO_MECHANISM = Mechanism("none", None, "a release that is not known, or one without a DNS server to protect")


def written_setting(setting_id: str) -> Setting | None:
    """Return the registry value that the collection writes under this id; None for any other id."""
    setting = SETTINGS.get(setting_id)
    return setting if setting and setting.is_written else None


def written_settings(ids: Iterable[str]) -> list[tuple[str, Setting]]:
    """Return the ids of registry values that the collection writes, with their settings."""
    return [(name, SETTINGS[name]) for name in ids if written_setting(name)]


def has_other_type(setting: Setting, fact: Mapping[str, Any]) -> bool:
    """Return whether a value is there with a type other than the one that Windows reads: then it proves nothing."""
    return fact.get("present") is True and bool(setting.registry_type) and fact.get("type") != setting.registry_type


def entries_of(data: object) -> list[str]:
    """Return the entries of a list value as they were found. A single text or number is one entry."""
    if isinstance(data, Sequence) and not isinstance(data, str):
        return [str(entry) for entry in data]
    return [str(data)]


def record_text(data: object) -> str:
    """Return a value as the record writes it: comma-joined entries, the number, or "absent" for None.

    The entries stay as they are, so that a value that is only split differently is not taken for ours.
    """
    return ABSENT if data is None else ",".join(entries_of(data))


def value_text(fact: Mapping[str, Any]) -> str:
    """Return a setting of the facts as the record writes it; a setting that could not be read has no text."""
    if fact.get("present") is not True:
        return ABSENT
    return ",".join(entries_of(fact.get("data")))
