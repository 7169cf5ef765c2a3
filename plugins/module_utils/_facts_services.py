# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of services: what the service manager lists, how each is started, and the DNS service."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._catalogue import is_catalogued
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts_reading import Reading
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parse_reg import RegValue, reg_lines
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parse_sc import ServiceRow, parse_sc
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parse_tasklist import parse_tasklist
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._problems import shown

DNS = "dns"
DNS_IMAGE = "dns.exe"
NO_SUCH_SERVICE = 1060
ERROR_ACCESS_DENIED = 5
ACCESS_DENIED = "access_denied"
"""The problem's id: what could not be read is not to be taken for absent."""

_SERVICE_KEY_RE = re.compile(r"HKEY_LOCAL_MACHINE\\SYSTEM\\[A-Z0-9]+\\Services\\([^\\]+)(?:\\(.+))?\Z", re.IGNORECASE)
_TRIGGER_KEY = "triggerinfo"
_ALWAYS_THERE = "tcpip"
"""Every Windows has this key, and it sorts behind DNS: a listing that holds it was not cut before DNS."""
_HIGHEST_START = 4
_STARTABLE = (2, 3)
"""The Start of a key that is a service's; keys without one, or with 4 alone, are often made by a policy."""


@dataclass
class Starts:
    """How the services are started.

    Attributes:
        start: 0-4 by lower-case name, None where it has no readable Start.
        names: names as printed, by lower-case name.
        triggered: lower-case names of those with a trigger.
        complete: whether the listing proves the absence of a service that it does not hold.
    """

    start: dict[str, int | None] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    triggered: set[str] = field(default_factory=set)
    complete: bool = False


@dataclass
class Services:
    """All services of the host.

    Attributes:
        rows: by lower-case name.
        known: whether the service manager's list could be read.
        starts: from the registry.
        processes: image names by PID; None when they could not be read.
    """

    rows: dict[str, ServiceRow]
    known: bool
    starts: Starts
    processes: dict[int, str] | None

    def of_pids(self, pids: Collection[int]) -> set[str]:
        """Lower-case names of the services that live in these processes."""
        return {name for name, row in self.rows.items() if row.pid and row.pid in pids}

    @property
    def dns(self) -> ServiceRow | None:
        """The DNS service, None when it is not listed."""
        return self.rows.get(DNS)

    @property
    def dns_installed(self) -> bool | None:
        """Whether the DNS service is there, None when neither list could be read."""
        if self.known:
            return DNS in self.rows
        if DNS in self.starts.names:
            return True
        return False if self.starts.complete else None

    @property
    def dns_pid(self) -> int | None:
        """The process of the DNS service: the service manager's word, else the one process of that image name."""
        if self.dns_installed is False:
            return None
        if self.dns is not None and self.dns.pid is not None:
            return self.dns.pid or None
        pids = [pid for pid, image in (self.processes or {}).items() if image.lower() == DNS_IMAGE]
        return pids[0] if len(pids) == 1 else None


def read_services(reading: Reading) -> Services:
    """Read the sections ``services``, ``service_starts`` and ``tasklist``."""
    listed = parse_sc(reading.text("services"))
    section = reading.section("services")
    if section is not None:
        if not listed.rows and section.errorlevel == ERROR_ACCESS_DENIED:
            reading.problems.add(
                ACCESS_DENIED,
                "error",
                "Access to the services is denied: the user must be an administrator, and local administrators other"
                " than the built-in one need LocalAccountTokenFilterPolicy=1 on Server 2008 and later.",
            )
        elif not listed.rows:
            reading.problems.add("services_unreadable", "error", "The list of services could not be read.")
        elif not (listed.complete and reading.succeeded("services")):
            reading.problems.add(
                "services_incomplete",
                "error",
                "The list of services is not complete.",
                ambiguous=[shown(name) for name in listed.ambiguous[:10]],
                blocks_unreadable=listed.stray,
            )
    processes = parse_tasklist(reading.text("tasklist"))
    if not processes and reading.section("tasklist") is not None:
        reading.problems.add("processes_unreadable", "warning", "The list of processes could not be read.")
    rows = {name.lower(): row for name, row in listed.rows.items()}
    return Services(rows, bool(rows), _read_starts(reading), processes or None)


def _read_starts(reading: Reading) -> Starts:
    """The first Start behind a service's own key line counts; deeper keys may be filtered out, their values not."""
    starts = Starts()
    current: str | None = None
    for item in reg_lines(reading.text("service_starts")):
        if isinstance(item, RegValue):
            if current and item.name.lower() == "start" and starts.start[current] is None:
                good = isinstance(item.data, int) and 0 <= item.data <= _HIGHEST_START
                starts.start[current] = item.data if good and isinstance(item.data, int) else None
                current = None
            continue
        match = _SERVICE_KEY_RE.match(item)
        name = match.group(1).lower() if match else ""
        current = None
        if match and match.group(2) is None:
            starts.names.setdefault(name, match.group(1))
            starts.start.setdefault(name, None)
            current = name
        elif match and match.group(2).lower() == _TRIGGER_KEY:
            starts.triggered.add(name)
    starts.complete = _ALWAYS_THERE in starts.names
    if not starts.complete and reading.section("service_starts") is not None:
        reading.problems.add(
            "service_starts_unreadable", "error", "How the services are started could not be read from the registry."
        )
    return starts


def service_facts(
    services: Services, wanted: Iterable[str], extra: Iterable[str], earlier: Iterable[str]
) -> dict[str, Any]:
    """The fact ``services``.

    Args:
        services: all of them.
        wanted: lower-case names that belong in whatever they are: DNS, its dependents, holders of catalogued ports.
        extra: further names, in any case, that the caller asks for.
        earlier: lower-case names of services that ran before a window: they are gone only when neither the service
            manager nor the registry has them.
    """
    chosen = set(wanted) | {name.lower() for name in extra}
    names = {name: row.name for name, row in services.rows.items()} if services.known else services.starts.names
    for name in earlier:
        if name not in names and services.starts.start.get(name) in _STARTABLE:
            names[name] = services.starts.names[name]
    return {
        names[name]: _one_service(services, name)
        for name in sorted(names)
        if name in chosen or is_catalogued(names[name])
    }


def _one_service(services: Services, name: str) -> dict[str, Any]:
    row = services.rows.get(name)
    starts = services.starts
    return {
        "state": row.state if row else None,
        "start": starts.start.get(name),
        "pid": (row.pid or None) if row else None,
        "win32_exit_code": row.last_error if row else None,
        "trigger_start": name in starts.triggered if starts.complete else None,
    }


def read_dependents(reading: Reading, dns_installed: bool | None) -> list[str] | None:
    """Names of the services that depend on DNS, in the service manager's order; None when they are not known."""
    if dns_installed is False:
        return []
    section = reading.section("dns_dependents")
    if section is None:
        return None
    if section.errorlevel == NO_SUCH_SERVICE and dns_installed is None:
        return []
    listed = parse_sc(section.text)
    says_something = bool(listed.rows) or listed.announced == 0
    if not (listed.complete and reading.succeeded("dns_dependents") and says_something):
        reading.problems.add(
            "dns_dependents_unreadable", "warning", "The services that depend on DNS could not be listed."
        )
        return None
    return list(listed.rows)
