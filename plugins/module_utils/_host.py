# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts as the planner and the verdict ask for them: typed look-ups, tolerant of what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet, Range

FAMILIES = ("udp4", "udp6")
"""UDP over IPv4 and over IPv6: separate port spaces."""

STOPPED = 1
RUNNING = 4
AUTO_START = 2
DEMAND_START = 3
DISABLED = 4
SYSTEM_PID = 4
DNS_PROCESS = "dns.exe"

_UNREAD: dict[str, Any] = {"present": None, "type": None, "data": None, "ranges": [], "bad_entries": []}
_NO_PORTS = PortSet()


@dataclass(frozen=True)
class Holder:
    """A process that holds a UDP port; pid and process are None where the release does not tell."""

    pid: int | None
    process: str | None


@dataclass(frozen=True)
class Service:
    """What the service manager says about one service."""

    name: str
    state: int | None
    start: int | None
    pid: int | None
    exit_code: int | None
    trigger_start: bool

    @property
    def enabled(self) -> bool:
        """False only where Start is 4; an unknown Start counts as enabled."""
        return self.start != DISABLED


@dataclass(frozen=True)
class Host:
    """The facts of one host.

    Attributes:
        facts: the mapping that the collection's facts are; see docs/schemas/facts.schema.json.
    """

    facts: Mapping[str, Any]

    def _part(self, name: str) -> Mapping[str, Any]:
        part = self.facts.get(name)
        return part if isinstance(part, Mapping) else {}

    @property
    def os(self) -> Mapping[str, Any]:
        """Release, family and product type."""
        return self._part("os")

    @property
    def family(self) -> str | None:
        """nt5, nt6 or nt6_r2; None where the release was not recognised."""
        return self.os.get("family")

    @property
    def dns(self) -> Mapping[str, Any]:
        """The DNS service and its sockets."""
        return self._part("dns")

    @property
    def dns_installed(self) -> bool | None:
        """None where the services could not be read."""
        return self.dns.get("installed")

    @property
    def dns_running(self) -> bool:
        """True only when the service manager says RUNNING."""
        return self.dns.get("state") == RUNNING

    @property
    def dns_pid(self) -> int | None:
        """The process of the DNS service, None while it is stopped or where the release does not tell."""
        return self.dns.get("pid")

    @property
    def boot_mark(self) -> str | None:
        """Changes with every boot; None where it could not be read."""
        return self.facts.get("boot_mark")

    def setting(self, setting_id: str) -> Mapping[str, Any]:
        """One of ``facts.settings``; unread where it is missing."""
        fact = self._part("settings").get(setting_id)
        return fact if isinstance(fact, Mapping) else _UNREAD

    @property
    def state_present(self) -> bool | None:
        """Whether our own key is there; None where that could not be read."""
        present = self._part("state").get("present")
        return present if isinstance(present, bool) else None

    def record(self, setting_id: str) -> Mapping[str, Any] | None:
        """What our last write of a setting recorded, None where there is no complete record."""
        settings = self._part("state").get("settings")
        record = settings.get(setting_id) if isinstance(settings, Mapping) else None
        if not isinstance(record, Mapping) or not record.get("boot_mark") or record.get("value") is None:
            return None
        return record

    @cached_property
    def services(self) -> dict[str, Service]:
        """The catalogued services of the host by key, sorted without regard to case."""
        found = self._part("services")
        return {
            name: Service(
                name=name,
                state=found[name].get("state"),
                start=found[name].get("start"),
                pid=found[name].get("pid") or None,
                exit_code=found[name].get("win32_exit_code"),
                trigger_start=bool(found[name].get("trigger_start")),
            )
            for name in sorted(found, key=lambda key: (key.lower(), key))
        }

    @property
    def services_known(self) -> bool:
        """Whether the service manager's list was read at all: no Windows has an empty one."""
        return bool(self.facts.get("services_total"))

    @property
    def sockets_known(self) -> bool:
        """Whether the list of UDP sockets was read."""
        return self.facts.get("udp_endpoints") is not None and self.facts.get("udp_ports") is not None

    @cached_property
    def _dns_ports(self) -> dict[str, PortSet]:
        return _port_sets(self.dns.get("udp_ports"))

    @cached_property
    def _other_ports(self) -> dict[str, PortSet]:
        return _port_sets(self.facts.get("udp_ports"))

    @cached_property
    def _holders(self) -> dict[tuple[str, int], list[Holder]]:
        held: dict[tuple[str, int], list[Holder]] = {}
        for row in self.facts.get("udp_endpoints") or ():
            holder = Holder(row.get("pid"), row.get("process"))
            holders = held.setdefault((FAMILIES[":" in row["address"]], row["port"]), [])
            if holder not in holders:
                holders.append(holder)
        for holders in held.values():
            holders.sort(key=lambda holder: (holder.pid or 0, holder.process or ""))
        return held

    def dns_holds(self, port: int, family: str) -> bool:
        """Whether DNS's process holds the port in that address family."""
        return port in self._dns_ports[family]

    def dns_ports(self, family: str) -> PortSet:
        """All UDP ports that DNS's process holds in that address family."""
        return self._dns_ports[family]

    def holders(self, port: int, family: str) -> list[Holder]:
        """Who else holds the port; an unnamed holder where the list of sockets was cut before it."""
        named = self._holders.get((family, port), [])
        return named or ([Holder(None, None)] if port in self._other_ports[family] else [])

    def other_ports(self, family: str) -> PortSet:
        """All UDP ports that other processes than DNS hold in that address family."""
        return self._other_ports[family]

    def excluded(self, port: int) -> bool:
        """Whether a block that no administrator made (WinNAT, HNS, http.sys) covers the port: error 10013."""
        return any(first <= port <= last for family in FAMILIES for first, last in self.blocks(family))

    def exclusions_known(self, family: str) -> bool:
        """Whether netsh's table of excluded ports was read; plain 2008 may not have it."""
        return self._part("exclusions").get(family) is not None

    def administered(self, family: str) -> tuple[Range, ...]:
        """The rows of that table that somebody added (the star), as they are: a deletion must name one exactly."""
        return self._excluded_rows(family, True)

    def blocks(self, family: str) -> tuple[Range, ...]:
        """The rows without a star: Windows itself makes and removes them."""
        return self._excluded_rows(family, False)

    def _excluded_rows(self, family: str, administered: bool) -> tuple[Range, ...]:
        rows = self._part("exclusions").get(family) or ()
        return tuple(sorted({(row["start"], row["end"]) for row in rows if row["administered"] is administered}))


def _port_sets(value: object) -> dict[str, PortSet]:
    """The port sets of both address families; empty where they are missing."""
    found = value if isinstance(value, Mapping) else {}
    return {family: _NO_PORTS if found.get(family) is None else PortSet.from_json(found[family]) for family in FAMILIES}
