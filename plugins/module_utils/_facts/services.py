# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read facts about services: their states, how they start, and the DNS service."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .._catalogue.sbs2003 import is_catalogued
from .._parsers.reg_query import is_damaged_name
from .._parsers.sc import ServiceList, ServiceRow, parse_sc
from .._parsers.tasklist import parse_tasklist
from .._problems import Problem, make_problem, shown
from .._windows.range_owners import owns_the_range
from .._windows.service_states import PORT_ERRORS, RUNNING, has_no_process
from .reading import Reading
from .service_starts import Starts, read_starts

DNS = "dns"
NO_SUCH_SERVICE = 1060
ERROR_ACCESS_DENIED = 5
ACCESS_DENIED = "access_denied"
"""Id of the problem for denied access, which must not be mistaken for services that are absent."""

_SHOWN_NAMES = 10
_COMPARED_NAMES = 100
"""Names of each list that are compared with those of the other: every name with every other one."""


@dataclass
class Services:
    """All services of the host.

    Attributes:
        rows: the services that could be read, by lower-case name.
        unread: the services that are listed but could not be read: names as printed, by lower-case name.
        known: whether the service manager's list could be read.
        complete: whether there is no sign that a name is missing from that list.
        starts: how the services are started, from the registry.
        processes: image names by PID; None if they could not be read.
        dns_unknown: whether the service manager, queried for DNS alone, answered that there is no such service.
    """

    rows: dict[str, ServiceRow]
    unread: dict[str, str]
    known: bool
    complete: bool
    starts: Starts
    processes: dict[int, str] | None
    dns_unknown: bool = False

    @cached_property
    def names(self) -> dict[str, str]:
        """Names as printed, by lower-case name; without the service manager's list, the names from the registry."""
        if not self.known:
            return self.starts.names
        return {**{name: row.name for name, row in self.rows.items()}, **self.unread}

    def of_pids(self, pids: Collection[int]) -> set[str]:
        """Return lower-case names of the services that run in these processes."""
        return {name for name, row in self.rows.items() if row.pid and row.pid in pids}

    @property
    def dns(self) -> ServiceRow | None:
        """The DNS service; None if it is not listed or could not be read."""
        return self.rows.get(DNS)

    @property
    def dns_installed(self) -> bool | None:
        """Whether the DNS service is installed; None if it is not known.

        False needs two sources that agree, and none that contradicts them.
        """
        if DNS in self.rows or DNS in self.unread:
            return True
        not_listed = self.known and self.complete
        in_registry = self.starts.is_service(DNS)
        if in_registry:
            return None if not_listed or self.dns_unknown else True
        return False if (not_listed, in_registry is False, self.dns_unknown).count(True) > 1 else None

    @property
    def dns_pid(self) -> int | None:
        """PID of the DNS service, only from the service manager, because any program may be called dns.exe."""
        if self.dns_installed is False or DNS in self.unread or self.dns is None:
            return None
        return self.dns.pid or None

    @property
    def lost_the_process_of_dns(self) -> bool:
        """Whether only the PID of DNS is missing, which may have a process. A list by `sc query` has no PIDs at all."""
        if self.dns is None or self.dns.pid is not None or has_no_process(self.dns.state, self.dns.pid):
            return False
        return any(row.pid for row in self.rows.values())


def read_services(reading: Reading, extra: Iterable[str] = ()) -> tuple[Services, list[Problem]]:
    """Read the sections ``services``, ``service_starts`` and ``tasklist``, and whether ``sc enumdepend`` knows DNS.

    Args:
        reading: the transcript.
        extra: services that matter besides DNS and those of the catalogue: names in upper or lower case.
    """
    listed = parse_sc(reading.text("services"))
    starts, problems = read_starts(reading)
    processes = parse_tasklist(reading.text("tasklist"))
    if reading.section("tasklist") is not None and not processes.images:
        message = "The list of processes could not be read."
        problems.append(make_problem("processes_unreadable", "warning", message))
    elif processes.unread:
        message = f"{processes.unread} lines of the list of processes could not be read."
        problems.append(make_problem("process_rows_unreadable", "warning", message, rows=processes.unread))
    dependents = reading.section("dns_dependents")
    services = Services(
        rows={name.lower(): row for name, row in listed.rows.items()},
        unread={name.lower(): name for name in listed.unread + listed.ambiguous},
        known=bool(listed.rows),
        complete=listed.all_named and reading.succeeded("services"),
        starts=starts,
        processes=processes.images or None,
        dns_unknown=dependents is not None and dependents.errorlevel == NO_SUCH_SERVICE,
    )
    if services.lost_the_process_of_dns:
        message = (
            "The service manager's list names processes, but not that of DNS: which sockets are DNS's is not known."
        )
        problems.append(make_problem("dns_process_unknown", "warning", message))
    matters = {name.lower() for name in extra} | {DNS}
    return services, [*problems, *_of_list(reading, listed, services, matters)]


def _of_list(reading: Reading, listed: ServiceList, services: Services, matters: set[str]) -> Iterator[Problem]:
    section = reading.section("services")
    if section is None:
        return
    if not listed.rows and section.errorlevel == ERROR_ACCESS_DENIED:
        yield make_problem(
            ACCESS_DENIED,
            "error",
            "Access to the services is denied: the user must be an administrator, and local administrators other"
            " than the built-in one need LocalAccountTokenFilterPolicy=1 on Server 2008 and later.",
        )
    elif not listed.rows and services.starts.names:
        message = "Which services run is not known; which are installed was read from the registry."
        yield make_problem("services_unreadable", "error", message)
    elif not listed.rows:
        yield make_problem(
            "services_unreadable", "error", "The services could not be read, so nothing can be detected."
        )
    elif listed.stopped_early or not reading.succeeded("services"):
        yield make_problem("services_incomplete", "error", "The list of services is not complete.")
    if listed.rows:
        unlisted, unknown = _contradictions(services, matters)
        if unlisted or unknown:
            places = {"registry": unlisted, "list": unknown}
            only = {place: ", ".join(_shown_names(names)) for place, names in places.items() if names}
            yield make_problem(
                "services_contradict",
                "error",
                "The service manager's list and the registry do not have the same services, so one of them is not"
                " complete"
                f" ({'; '.join(f'only in the {place}: {names}' for place, names in only.items())}).",
                not_listed=_shown_names(unlisted),
                not_in_registry=_shown_names(unknown),
            )
        yield from _of_starts(services, matters)
        yield from _of_blocks(listed, services, matters, bool(unlisted))


def _of_blocks(listed: ServiceList, services: Services, matters: set[str], missing: bool) -> Iterator[Problem]:
    """Yield the problem of unreadable blocks: an error if a service that matters is affected, else a warning.

    A block without a name may be that of any service, unless the list has all services that matter.
    """
    if not services.unread and not listed.nameless:
        return
    named = any(_matters(name, matters) for name in services.unread)
    all_there = services.starts.complete and not missing and DNS in services.rows
    yield make_problem(
        "service_blocks_unreadable",
        "error" if named or (listed.nameless and not all_there) else "warning",
        f"{len(services.unread) + listed.nameless} services of the service manager's list could not be read.",
        services=_shown_names(sorted(services.unread.values())),
        nameless=listed.nameless,
    )


def _shown_names(names: Sequence[str]) -> list[str]:
    return [shown(name) for name in names[:_SHOWN_NAMES]]


def _contradictions(services: Services, matters: set[str]) -> tuple[list[str], list[str]]:
    """Return the services that matter and that the service manager does not list, and those the registry lacks."""
    starts, names = services.starts, services.names
    marked = _marked(services, matters) if starts.complete else {}
    unlisted = sorted(
        starts.names[name]
        for name in starts.names
        if _matters(name, matters) and name not in names and (starts.is_service(name) or name in marked.values())
    )
    unknown = sorted(names[name] for name in names if _matters(name, matters) and name not in starts.names)
    unknown = sorted({*unknown, *(names[name] for name in marked)}) if starts.complete else []
    return unlisted, unknown


def _of_starts(services: Services, matters: set[str]) -> Iterator[Problem]:
    starts, names = services.starts, services.names
    unread = sorted(names[name] for name in starts.unread if name in names and _matters(name, matters))
    if unread:
        message = f"How {len(unread)} services are started could not be read from the registry."
        yield make_problem("service_starts_unreadable", "error", message, services=_shown_names(unread))


def _marked(services: Services, matters: set[str]) -> dict[str, str]:
    """Return the listed names that probably are another service's name with text added to it, with that service.

    Text before, after or in a name makes it a different name: one that the registry does not have, and that contains a
    name which the registry has and which is not listed.
    """
    names, registry = services.names, services.starts.names
    strange = [name for name in names if name not in registry][:_COMPARED_NAMES]
    lost = [name for name in registry if name not in names and _matters(name, matters)] if strange else []
    return {
        name: known
        for known in lost[:_COMPARED_NAMES]
        for name in strange
        if re.search(rf"(?<![0-9a-z]){re.escape(known)}(?![0-9a-z])", name) or is_damaged_name(name, known)
    }


def _matters(name: str, others: set[str]) -> bool:
    return name in others or is_catalogued(name) or owns_the_range(name)


def service_facts(services: Services, wanted: Iterable[str], extra: Iterable[str]) -> dict[str, Any]:
    """Return the fact ``services``. A service is missing only if neither the service manager nor the registry has it.

    A service that failed because of its port is always included: only its exit code shows the failure.

    Args:
        services: all of them.
        wanted: lower-case names to include even if the catalogue does not have them: DNS, its dependents, holders of
            needed ports, and services that ran before a window.
        extra: additional names that the caller asks for, in upper or lower case.
    """
    chosen = set(wanted) | {name.lower() for name in extra} | _failed_for_port(services)
    names = {
        **{name: shown_name for name, shown_name in services.starts.names.items() if services.starts.is_service(name)},
        **services.names,
    }
    return {
        names[name]: _one_service(services, name)
        for name in sorted(names)
        if name in chosen or is_catalogued(names[name]) or owns_the_range(name)
    }


def _failed_for_port(services: Services) -> set[str]:
    return {name for name, row in services.rows.items() if row.state != RUNNING and row.last_error in PORT_ERRORS}


def _one_service(services: Services, name: str) -> dict[str, Any]:
    row = services.rows.get(name)
    starts = services.starts
    return {
        "state": row.state if row else None,
        "start": starts.start.get(name),
        "pid": (row.pid or None) if row else None,
        "win32_exit_code": row.last_error if row else None,
        "trigger_start": True
        if name in starts.triggered
        else False
        if starts.complete and starts.triggers_known
        else None,
    }


def read_dependents(reading: Reading, services: Services) -> tuple[list[str] | None, list[Problem]]:
    """Return the services that depend on DNS, in the service manager's order; None if they are not known."""
    if services.dns_installed is False:
        return [], []
    section = reading.section("dns_dependents")
    if section is None:
        return None, []
    if section.errorlevel == NO_SUCH_SERVICE and services.dns_installed is None:
        return [], []
    listed = parse_sc(section.text)
    counted = listed.announced == len(listed.rows) or (listed.announced is None and bool(listed.rows))
    # A name that the complete list of services lacks was read from some other line: it is no service of this host.
    are_services = not services.complete or all(name.lower() in services.names for name in listed.rows)
    if not (listed.complete and reading.succeeded("dns_dependents") and counted and are_services):
        message = "The services that depend on DNS could not be listed."
        return None, [make_problem("dns_dependents_unreadable", "warning", message)]
    return list(listed.rows), []
