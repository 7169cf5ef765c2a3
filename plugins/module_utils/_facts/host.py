# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Typed access to the facts of a host, which tolerates facts that could not be read."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from .._catalogue.row import SERVICE_NAME_RE
from .._ports import FAMILIES, HIGHEST_PORT, PortSet, Range, address_family, parse_entries
from .._windows.service_states import DISABLED, HIGHEST_PID, PAUSED, RUNNING, STOPPED, has_no_process
from .._windows.settings import DNS_PORT, DNS_SERVICE, RAN_BEFORE_RECORD
from .host_values import as_json, is_data, number, port_set, port_sets, port_values

DNS_PROCESS = "dns.exe"

_MARK_RE = re.compile(r"([0-9A-F]{16})(?:-([0-9A-F]{1,8}))?\Z")
"""ShutdownTime, a FILETIME of eight bytes, and the boot counter where there is one."""
_HIGHEST_EXIT_CODE = 0xFFFFFFFF
_NO_PID_IN_NETSTAT = "5.0"
"""Windows 2000: its netstat has no -o (Microsoft's documentation of netstat, XP and later)."""

_UNREAD: dict[str, Any] = {"present": None, "type": None, "data": None, "ranges": [], "bad_entries": []}
_NO_PORTS_AT_ALL = dict.fromkeys(FAMILIES, PortSet())


@dataclass(frozen=True)
class Holder:
    """A process that holds a UDP port; pid and process are None if the release does not report them."""

    pid: int | None
    process: str | None


@dataclass(frozen=True)
class Service:
    """The service manager's answer about one service."""

    name: str
    state: int | None = None
    start: int | None = None
    pid: int | None = None
    exit_code: int | None = None
    trigger_start: bool = False

    @property
    def enabled(self) -> bool:
        """False only for Start 4. An unknown Start is treated as enabled."""
        return self.start != DISABLED


@dataclass(frozen=True)
class Host:
    """The facts of one host: those that this process has read from a transcript, or JSON that comes from elsewhere.

    Attributes:
        facts: as schemas/facts.schema.json describes them, but for sets of ports that this process has read: they are
            packed only in `to_json`.
    """

    facts: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the facts as they stand in results and artifacts."""
        return {name: as_json(part) for name, part in self.facts.items()}

    @property
    def unnamed_ports(self) -> PortSet:
        """The ports of other processes that have no row in the list of sockets."""
        held = PortSet.union(map(self.other_ports, FAMILIES))
        return held - PortSet.from_ports({port for _family, port in self._holders})

    def has_reading_errors(self, apart_from: Collection[str]) -> bool:
        """Return whether the facts contain an error apart from these ids. An unreadable list of problems is one too."""
        problems = self.facts.get("problems")
        if not isinstance(problems, Sequence) or isinstance(problems, str):
            return True
        return any(
            not isinstance(problem, Mapping)
            or problem.get("severity") not in ("error", "warning", "info")
            or (problem["severity"] == "error" and problem.get("id") not in apart_from)
            for problem in problems
        )

    def _part(self, name: str) -> Mapping[str, Any]:
        part = self.facts.get(name)
        return part if isinstance(part, Mapping) else {}

    @cached_property
    def os(self) -> Mapping[str, Any]:
        """Release, family and product type."""
        return self._part("os")

    @cached_property
    def family(self) -> str | None:
        """nt5, nt6 or nt6_r2; None where the release was not recognised."""
        return self.os.get("family")

    @cached_property
    def dns(self) -> Mapping[str, Any]:
        """The DNS service and its sockets."""
        return self._part("dns")

    @property
    def dns_installed(self) -> bool | None:
        """None if the services could not be read, or if anything else in the facts contradicts it."""
        installed = self.dns.get("installed")
        if not isinstance(installed, bool):
            return None
        seen = self.dns_service is not None or self.dns_state or self.dns_pid or any(map(self.dns_ports, FAMILIES))
        return None if seen and not installed else installed

    @cached_property
    def dns_service(self) -> Service | None:
        """The service DNS; None if it is not listed; without a state if its two entries differ."""
        row = self.service(DNS_SERVICE)
        if row is None:
            return None
        pid = self.dns_pid
        agreed = row.state == self.dns_state and (None in (pid, row.pid) or pid == row.pid)
        return replace(row, state=row.state if agreed else None, pid=pid)

    @property
    def dns_state(self) -> int | None:
        """1 to 7; None if it could not be read."""
        return number(self.dns.get("state"), STOPPED, PAUSED)

    @property
    def dns_running(self) -> bool:
        """True only when the service manager says RUNNING."""
        return self.dns_state == RUNNING

    @property
    def dns_pid(self) -> int | None:
        """The process of the DNS service; None while it is stopped, or if the release does not report it."""
        return number(self.dns.get("pid"), 1, HIGHEST_PID)

    @property
    def send_port(self) -> int | None:
        """The fixed port from which DNS queries other servers; None if it has none."""
        return number(self.dns.get("send_port"), 1, HIGHEST_PORT)

    @property
    def boot_mark(self) -> str | None:
        """A mark that changes with every boot; None if it could not be read or is impossible."""
        mark = self.facts.get("boot_mark")
        return mark if isinstance(mark, str) and _MARK_RE.match(mark) else None

    def setting(self, setting_id: str) -> Mapping[str, Any]:
        """Return one of ``facts.settings``. It is unread if it is missing, or if its parts contradict each other."""
        fact = self._part("settings").get(setting_id)
        if not isinstance(fact, Mapping):
            return _UNREAD
        present, data = fact.get("present"), fact.get("data")
        if present is False:
            return fact if data is None and fact.get("type") is None else _UNREAD
        return fact if present is True and is_data(fact.get("type"), data) else _UNREAD

    @property
    def state_present(self) -> bool | None:
        """Whether the collection's key exists; None if that could not be read."""
        state = self._part("state")
        present = state.get("present")
        return present if isinstance(present, bool) and isinstance(state.get("settings"), Mapping) else None

    def record(self, setting_id: str) -> Mapping[str, Any] | None:
        """Return what the last write of a setting recorded; None without a complete record."""
        record = self._record(setting_id)
        if not isinstance(record, Mapping) or not isinstance(record.get("value"), str):
            return None
        mark = record.get("boot_mark")
        return record if isinstance(mark, str) and _MARK_RE.match(mark) else None

    def has_record(self, setting_id: str) -> bool:
        """Return whether there is a record of a setting, also an incomplete one; true where the key was not read."""
        return self.state_present is None or setting_id in self._part("state")["settings"]

    def recorded_ports(self, setting_id: str) -> PortSet:
        """Return the ports in the record of a list or of a table of netsh; none without a complete record."""
        record = self.record(setting_id)
        return parse_entries(str(record["value"]).split(","))[0] if record else PortSet()

    def _record(self, setting_id: str) -> object:
        settings = self._part("state").get("settings")
        return settings.get(setting_id) if isinstance(settings, Mapping) else None

    def booted_since(self, mark: object) -> bool:
        """Return whether a recorded boot mark proves a boot since then. A mark that was cut proves nothing.

        A counter that only one of the two has says nothing: it may not have been read.
        """
        before = _MARK_RE.match(mark) if isinstance(mark, str) else None
        now = _MARK_RE.match(self.boot_mark) if self.boot_mark else None
        if before is None or now is None:
            return False
        if before.group(1) != now.group(1):
            return True
        return None not in (before.group(2), now.group(2)) and before.group(2) != now.group(2)

    @property
    def ran_before(self) -> tuple[str, ...] | None:
        """The services that ran when a window opened and were not seen running since; None if that is unreadable.

        A reboot does not end the record, so its boot mark does not matter.
        """
        if self.state_present is None:
            return None
        if RAN_BEFORE_RECORD not in self._part("state")["settings"]:
            return ()
        record = self._record(RAN_BEFORE_RECORD)
        value = record.get("value") if isinstance(record, Mapping) else None
        names = tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else ()
        return names if names and all(SERVICE_NAME_RE.match(name) for name in names) else None

    @cached_property
    def services(self) -> dict[str, Service]:
        """The services in the facts by key, sorted without regard to case."""
        found = self._part("services")
        return {name: _service(name, found[name]) for name in sorted(found, key=lambda key: (key.lower(), key))}

    @cached_property
    def _by_lower_name(self) -> dict[str, Service]:
        return {name.lower(): service for name, service in self.services.items()}

    @cached_property
    def enabled_services(self) -> frozenset[str]:
        """Lower-case names of the services that are not disabled."""
        return frozenset(name for name, service in self._by_lower_name.items() if service.enabled)

    def service(self, name: str) -> Service | None:
        """Return one service, without regard to case; None if it is not in the facts."""
        return self._by_lower_name.get(name.lower())

    @property
    def services_known(self) -> bool:
        """Whether the service manager's list was read at all. On Windows it is never empty."""
        return bool(number(self.facts.get("services_total"), 1, HIGHEST_PID)) and isinstance(
            self.facts.get("services"), Mapping
        )

    @property
    def names_processes(self) -> bool:
        """Whether this release's netstat shows the process of each socket. An unknown release should."""
        return self.os.get("nt") != _NO_PID_IN_NETSTAT

    @property
    def sockets_known(self) -> bool:
        """Whether the list of UDP sockets was read."""
        rows = self.facts.get("udp_endpoints")
        return isinstance(rows, Sequence) and not isinstance(rows, str) and self._read_other_ports is not None

    @cached_property
    def _read_dns_ports(self) -> dict[str, PortSet] | None:
        return port_sets(self.dns.get("udp_ports"))

    @cached_property
    def _read_other_ports(self) -> dict[str, PortSet] | None:
        return port_sets(self.facts.get("udp_ports"))

    @property
    def dns_ports_known(self) -> bool:
        """Whether it is known which sockets are DNS's. Without a process, DNS has none."""
        if has_no_process(self.dns_state, self.dns_pid):
            return True
        return self._read_dns_ports is not None and self.dns_pid is not None

    @cached_property
    def _holders(self) -> dict[tuple[str, int], list[Holder]]:
        held: dict[tuple[str, int], list[Holder]] = {}
        for row in self.facts.get("udp_endpoints") or ():
            port = number(row.get("port"), 1, HIGHEST_PORT) if isinstance(row, Mapping) else None
            if port is None or not isinstance(row.get("address"), str):
                continue
            holder = Holder(number(row.get("pid"), 0, HIGHEST_PID), row.get("process"))
            holders = held.setdefault((address_family(row["address"]), port), [])
            if holder not in holders:
                holders.append(holder)
        for holders in held.values():
            holders.sort(key=lambda holder: (holder.pid or 0, str(holder.process or "")))
        return held

    def dns_holds(self, port: int, family: str) -> bool:
        """Return whether DNS's process holds the port in that address family."""
        return port in self.dns_ports(family)

    def dns_ports(self, family: str) -> PortSet:
        """Return all UDP ports that DNS's process holds in that address family."""
        return (self._read_dns_ports or _NO_PORTS_AT_ALL)[family]

    def holders(self, port: int, family: str) -> list[Holder]:
        """Return the other holders of the port. If the list of sockets was cut before it, the holder has no name."""
        named = self._holders.get((family, port), [])
        return named or ([Holder(None, None)] if port in self.other_ports(family) else [])

    @cached_property
    def fixed_ports(self) -> PortSet:
        """The ports of DNS that are not drawn: port 53, and a fixed SendPort."""
        return PortSet.from_ports([DNS_PORT, *([self.send_port] if self.send_port else [])])

    @cached_property
    def drawn_ports(self) -> dict[str, PortSet]:
        """The ports that DNS holds, without the fixed ones, by address family."""
        if not (self.dns_running and self.dns_ports_known):
            return dict(_NO_PORTS_AT_ALL)
        return {family: self.dns_ports(family) - self.fixed_ports for family in FAMILIES}

    def other_ports(self, family: str) -> PortSet:
        """Return all UDP ports that processes other than DNS hold in that address family."""
        return (self._read_other_ports or _NO_PORTS_AT_ALL)[family]

    @property
    def sql_ports(self) -> PortSet:
        """The TCP ports that the registry names for all instances of SQL Server."""
        return port_set(self.facts.get("sql_ports") or [])

    @cached_property
    def configured_ports(self) -> dict[str, dict[str, int | None]]:
        """By lower-case service key, the values that hold its ports in the registry; None where one is unreadable."""
        return port_values(self.facts.get("configured_ports", {}), self.services)

    def excluded(self, port: int) -> bool:
        """Return whether a block of Windows (WinNAT, HNS, http.sys) covers the port: error 10013."""
        return any(first <= port <= last for family in FAMILIES for first, last in self.blocks(family))

    def exclusions_known(self, family: str) -> bool:
        """Return whether netsh's table of excluded ports was read; plain 2008 may not have it."""
        return self._tables[family] is not None

    def exclusions_settled(self, family: str) -> bool:
        """Return whether netsh's table was read, or the facts only warn because this netsh has none."""
        problems = self.facts.get("problems")
        found = problems if isinstance(problems, Sequence) else ()
        return self.exclusions_known(family) or any(
            isinstance(problem, Mapping)
            and (problem.get("id"), problem.get("severity")) == ("exclusions_unreadable", "warning")
            and problem.get("data") == {"family": family}
            for problem in found
        )

    def administered(self, family: str) -> tuple[Range, ...]:
        """Return the rows with a star, unchanged: a deletion must name one exactly."""
        return self._excluded_rows[family, True]

    def blocks(self, family: str) -> tuple[Range, ...]:
        """Return the rows without a star, which Windows itself creates and removes."""
        return self._excluded_rows[family, False]

    @cached_property
    def _excluded_rows(self) -> dict[tuple[str, bool], tuple[Range, ...]]:
        return {
            (family, administered): tuple(
                sorted({(first, last) for first, last, starred in rows or () if starred is administered})
            )
            for family, rows in self._tables.items()
            for administered in (True, False)
        }

    @cached_property
    def _tables(self) -> dict[str, list[tuple[int, int, bool]] | None]:
        return {family: self._table(family) for family in FAMILIES}

    def _table(self, family: str) -> list[tuple[int, int, bool]] | None:
        """Return start, end and star of each row; None if a row is invalid."""
        rows = self._part("exclusions").get(family)
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            return None
        table: list[tuple[int, int, bool]] = []
        for row in rows:
            found: Mapping[str, Any] = row if isinstance(row, Mapping) else {}
            first, last = (number(found.get(name), 1, HIGHEST_PORT) for name in ("start", "end"))
            if first is None or last is None or not isinstance(found.get("administered"), bool):
                return None
            table.append((first, last, found["administered"]))
        return table


def _service(name: str, found: object) -> Service:
    """Return a service of the facts. An impossible value is treated as not read."""
    row: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    return Service(
        name=name,
        state=number(row.get("state"), STOPPED, PAUSED),
        start=number(row.get("start"), 0, DISABLED),
        pid=number(row.get("pid"), 1, HIGHEST_PID),
        exit_code=number(row.get("win32_exit_code"), 0, _HIGHEST_EXIT_CODE),
        trigger_start=row.get("trigger_start") is True,
    )
