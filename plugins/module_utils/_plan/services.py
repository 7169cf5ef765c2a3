# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that the needed services run and hold their ports, who holds them otherwise, and what a window may start.

The error numbers stay in the service manager after a failed start, so no event log is needed. What each state proves is
a row of ``_service_states``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._catalogue.row import ALL_FAMILIES, HARM, NO_PORTS, SERVICE_NAME_RE, CatalogueRow, may_never_start
from .._commands.records import WINDOW_RECORD
from .._facts.host import DNS_PROCESS, Holder, Host, Service
from .._policy import Policy
from .._ports import FAMILIES, PortSet
from .._windows.service_states import (
    AUTO_START,
    DEMAND_START,
    EXCUSED,
    FAILED,
    FAILED_ON_DEMAND,
    HOLDS,
    RUNNING,
    SHARING_VIOLATION,
    STOPPED,
    STOPPED_ON_PURPOSE,
    SYSTEM_PID,
    TRIGGER_NOTE,
    UNREAD,
    is_port_error,
    state_row,
)
from .._windows.service_states import NOT_YET as STARTING
from .._windows.settings import RANGES
from .configured import Rows
from .dns_check import check_dns, check_ran_before, record_failures
from .needs import NEARLY_ALL, relevant_rows
from .own_sockets import OwnSockets, find_own_sockets
from .pool import Pool, pool_of, shows_range
from .service_check import (
    DNS_PORTS_UNKNOWN,
    EXCLUSIONS_UNKNOWN,
    HOLDER_UNKNOWN,
    NOT_RUNNING,
    NOT_YET,
    PORT_EXCLUDED,
    PORT_NOT_HELD,
    PORT_TAKEN,
    STATE_UNREADABLE,
    UNREADABLE,
    Failure,
    ServiceCheck,
)

_READING_PROBLEMS = frozenset(
    (
        "tcpip_key_unreadable",
        "dns_key_unreadable",
        "value_ambiguous",
        "value_unreadable",
        "dynamic_ports_unreadable",
        "exclusions_unreadable",
    )
)
"""Errors of the facts that concern settings only: services and sockets are proved without them."""


@dataclass(frozen=True)
class ServicesToStart:
    """Services that a start can bring back.

    Attributes:
        services: keys in catalogue order.
        need_window: True when DNS must be stopped first, because its process holds a port of one of them.
        to_restart: keys of running services that take their port back only if they start while DNS is down.
    """

    services: tuple[str, ...]
    need_window: bool
    to_restart: tuple[str, ...] = ()

    @property
    def of_window(self) -> tuple[str, ...]:
        """The services for which DNS has to be stopped."""
        return (*(self.services if self.need_window else ()), *self.to_restart)


def verify(host: Host, policy: Policy) -> dict[str, Any]:
    """Return the result of ``port_verify``.

    Returns:
        ``ok``; ``services``, one row per service and catalogue row, in catalogue order; ``failures`` in the same order,
        then those of ports that the user named. What could not be read is a failure, never ok.
    """
    rows = relevant_rows(host, policy)
    pool, _problems = pool_of(host, policy.socket_pool_size)
    chosen = chosen_ports(host, pool, find_own_sockets(host, policy, rows, pool))
    service_checks = judge_services(host, policy, rows, chosen)
    failures = all_failures(host, policy, service_checks)
    return {
        "ok": not failures,
        "services": [service_check.to_json() for service_check in service_checks],
        "failures": [failure.to_json() for failure in failures],
    }


def judge_services(host: Host, policy: Policy, rows: Rows, chosen: Mapping[str, PortSet]) -> list[ServiceCheck]:
    """Check DNS, every installed service of the relevant rows, and the services that ran before a window.

    Rows without UDP need nothing proved.

    Args:
        host: the facts.
        policy: what the user wants protected.
        rows: from `relevant_rows`.
        chosen: from `chosen_ports`.
    """
    judged = check_dns(host, policy) + [
        _judge(host, row, host.services[name], chosen.get(name, NO_PORTS))
        for row, names in rows
        if row.uses_udp
        for name in names
    ]
    return judged + check_ran_before(host, policy, judged)


def chosen_ports(host: Host, pool: Pool, own_sockets: Sequence[OwnSockets]) -> dict[str, PortSet]:
    """Return, by service, the ports outside the dynamic range that its sockets show and its rows do not have.

    Empty if DNS's pool does not show that range: such a port may have been drawn from an earlier range.

    Args:
        host: the facts.
        pool: the pool as it is drawn now.
        own_sockets: from `find_own_sockets`.
    """
    chosen = {entry.service.name: entry.chosen for entry in own_sockets if entry.chosen}
    return {} if not chosen or _range_may_be_newer(host) or not shows_range(host, pool) else chosen


def _range_may_be_newer(host: Host) -> bool:
    """Return whether we have set a dynamic range and no boot since is proved.

    A port that was drawn from the old range looks like a setting, and DNS has left the ports that it took there: a
    service that has lost its port would pass for one that has another.
    """
    records = {name: host.record(name) for name in RANGES if host.has_record(name)}
    return not all(record and host.booted_since(record["boot_mark"]) for record in records.values())


def all_failures(host: Host, policy: Policy, service_checks: list[ServiceCheck]) -> list[Failure]:
    """Return the failures of the services, of ports that the user named, and of what could not be read."""
    failures = [failure for service_check in service_checks for failure in service_check.failures]
    failures += [failure for port in held_ports(host, policy.extra_ports) for failure in _extra_port(host, port)]
    failures += record_failures(host)
    if _unreadable(host):
        failures.append(Failure(None, UNREADABLE))
    elif host.names_processes and not host.dns_ports_known and host.dns_installed is not False:
        failures.append(Failure(None, DNS_PORTS_UNKNOWN))
    if host.family == "nt6_r2" and not all(map(host.exclusions_settled, FAMILIES)):
        failures.append(Failure(None, EXCLUSIONS_UNKNOWN))
    return failures


def _unreadable(host: Host) -> bool:
    """Return whether services or sockets were not read completely."""
    return (
        not host.services_known
        or not host.sockets_known
        or host.dns_installed is None
        or host.family not in ALL_FAMILIES
        or host.has_reading_errors(_READING_PROBLEMS)
    )


def held_by_dns(host: Host, ports: PortSet) -> PortSet:
    """Return those of the ports that DNS's process holds in any address family."""
    return PortSet.union(ports & host.dns_ports(family) for family in FAMILIES)


def held_ports(host: Host, ports: PortSet) -> PortSet:
    """Return those of the ports that any process holds in any address family."""
    return held_by_dns(host, ports) | PortSet.union(ports & host.other_ports(family) for family in FAMILIES)


def _extra_port(host: Host, port: int) -> Iterator[Failure]:
    """Return a port of the user that DNS holds, or may hold. Any other named process may be its owner."""
    for family in FAMILIES:
        holders = host.holders(port, family)
        named = any(_is_named(host, holder) for holder in holders)
        if host.dns_holds(port, family) and not named:
            yield Failure(None, PORT_TAKEN, port, holder=DNS_PROCESS, pid=host.dns_pid, by_dns=True)
            return
        if holders and not named:
            yield Failure(None, HOLDER_UNKNOWN, port)
            return


def find_services_to_start(host: Host, policy: Policy, service_checks: list[ServiceCheck]) -> ServicesToStart:
    """Return the services that may be started, and whether DNS has to be stopped for that.

    Only services that failed for their port, or that the user names; every port of theirs is free or held by DNS; and
    no window since this boot has failed for them already. Nothing when the list of sockets could not be read.
    """
    if not host.sockets_known:
        return ServicesToStart((), False)
    gone = failed_before(host)
    taken_by_service: dict[str, list[Failure]] = {}
    for service_check in service_checks:
        taken_by_service.setdefault(service_check.service.name, []).extend(service_check.taken)
    chosen: list[str] = []
    need_window = False
    for service_check in service_checks:
        name = service_check.service.name
        taken = taken_by_service[name]
        blocked = any(not failure.by_dns for failure in taken) or (bool(taken) and not host.dns_running)
        if blocked or name in chosen or name.lower() in gone or not _may_start(service_check, policy, bool(taken)):
            continue
        chosen.append(name)
        need_window = need_window or bool(taken)
    return ServicesToStart(tuple(chosen), need_window)


def _may_start(service_check: ServiceCheck, policy: Policy, port_is_held: bool) -> bool:
    row, service = service_check.row, service_check.service
    if row.never_start or may_never_start(service.name) or not SERVICE_NAME_RE.match(service.name):
        return False
    if service.state != STOPPED or not service.enabled:
        return False
    named = service.name.lower() in {name.lower() for name in policy.start_services}
    failed = service.start == AUTO_START and is_port_error(service.exit_code, port_is_held)
    return named or (failed and row.start_while_dns_down)


def failed_before(host: Host) -> frozenset[str]:
    """Return the services, in lower case, that a window since this boot has not brought back."""
    record = host.record(WINDOW_RECORD)
    if record is None or record["boot_mark"] != host.boot_mark:
        return frozenset()
    return frozenset(str(record["value"]).lower().split(","))


def _judge(host: Host, row: CatalogueRow, service: Service, chosen: PortSet) -> ServiceCheck:
    """Check a service under one row; `chosen` are ports besides the catalogue's that its own sockets show."""
    taken = tuple(_taken(host, row, service)) if host.sockets_known else ()
    if service.state == RUNNING:
        taken = _without_spared(row, taken)
    # From 2008 R2 on PolicyAgent and IKEEXT are started by a trigger or on demand: stopped is normal there.
    triggered = service.trigger_start or (host.family != "nt5" and service.start == DEMAND_START)
    is_held = any(failure.reason == PORT_TAKEN for failure in taken)
    counts = is_held or service.exit_code != SHARING_VIOLATION
    found = state_row(service.start, triggered, service.state, service.exit_code if counts else None)
    verdict = found.needed
    if verdict == EXCUSED and row.hold != "always":
        return ServiceCheck(row, service, _hurt_while_excused(found.note, row, taken), taken, found.note)
    if verdict == HOLDS:
        return _judge_running(host, row, service, taken, chosen)
    # A block of Windows has no holder: it hurts only what has to run, or what a trigger may start at any time.
    expected = verdict == FAILED or (verdict == FAILED_ON_DEMAND and (is_held or triggered or row.hold == "always"))
    if expected and taken:
        return ServiceCheck(row, service, taken, taken, None)
    if verdict == FAILED_ON_DEMAND and row.hold != "always":
        return ServiceCheck(row, service, (), taken, found.note)
    reason = {STARTING: NOT_YET, UNREAD: STATE_UNREADABLE}.get(verdict, NOT_RUNNING)
    down = Failure(service.name, reason, error=service.exit_code)
    # The holder may be the service itself where its state could not be read, unless it is DNS.
    lost = tuple(failure for failure in _without_spared(row, taken) if failure.by_dns or verdict != UNREAD)
    return ServiceCheck(row, service, (down, *lost), taken, None)


def _judge_running(
    host: Host, row: CatalogueRow, service: Service, taken: tuple[Failure, ...], chosen: PortSet
) -> ServiceCheck:
    """Check the ports of a service that runs. One whose ports are a setting may have others than the catalogue's."""
    hurt = tuple(
        failure
        for failure in taken
        if row.loss == HARM and (failure.by_dns or failure.reason == HOLDER_UNKNOWN or row.hold != "never")
    )
    free = _not_held(host, row)
    if _holds_others(host, row, service):
        return ServiceCheck(row, service, hurt, taken, None, free)
    # Where a port of the row cannot be had, the service may have lost it: only if all are free, it is on other ones.
    available = PortSet.from_ports(port for port in free if not host.excluded(port))
    if chosen and row.own_sockets and row.hold != "always" and available == row.udp_ports:
        return ServiceCheck(row, service, hurt, taken, None, free, chosen)
    hurt += tuple(Failure(service.name, PORT_NOT_HELD, port) for port in free)
    return ServiceCheck(row, service, hurt, taken, None)


def _hurt_while_excused(note: str | None, row: CatalogueRow, taken: tuple[Failure, ...]) -> tuple[Failure, ...]:
    """Return the lost ports that are a finding although the service need not run.

    A trigger may start it at any time. One that has ended without an error may have given up because of DNS.
    """
    if note == TRIGGER_NOTE:
        return taken
    if note == STOPPED_ON_PURPOSE:
        return tuple(failure for failure in _without_spared(row, taken) if failure.by_dns)
    return ()


def _without_spared(row: CatalogueRow, taken: tuple[Failure, ...]) -> tuple[Failure, ...]:
    """Leave out lost ports of a range from which the service takes free ones, unless nearly all of it is lost.

    What is lost over one address family is free over the other, so each is counted by itself.
    """
    if not row.choice:
        return taken
    chosen = [failure for failure in taken if failure.port in row.choice]
    least = NEARLY_ALL * len(row.choice)
    gone = {family for family in FAMILIES if sum(family in failure.families for failure in chosen) >= least}
    return tuple(
        failure for failure in taken if failure.port not in row.choice or not gone.isdisjoint(failure.families)
    )


def _not_held(host: Host, row: CatalogueRow) -> tuple[int, ...]:
    """Return the ports that a running service should hold but no process holds."""
    if row.hold == "never" or not host.sockets_known:
        return ()
    return tuple(
        port
        for port in row.udp_ports
        if not any(host.holders(port, family) or host.dns_holds(port, family) for family in FAMILIES)
    )


def _holds_others(host: Host, row: CatalogueRow, service: Service) -> bool:
    """Return whether the service holds ports of the row, and need not hold all: which ones it has is a setting."""
    holders = (holder for port in row.udp_ports for family in FAMILIES for holder in host.holders(port, family))
    return (
        row.own_sockets and row.hold != "always" and any(_is_its_own(host, holder, row, service) for holder in holders)
    )


def _taken(host: Host, row: CatalogueRow, service: Service) -> Iterator[Failure]:
    """Yield the row's ports that somebody else holds, a failure per port, DNS before others, IPv4 before IPv6."""
    error = None if service.state == RUNNING else service.exit_code
    blocks = {family: PortSet.from_ranges(host.blocks(family)) for family in FAMILIES}
    for port in row.udp_ports:
        by_others: list[Holder] = []
        owned: dict[str, bool] = {}
        for family in FAMILIES:
            holders = host.holders(port, family)
            owned[family] = any(_is_rightful(host, holder, row, service) for holder in holders)
            by_others += [] if owned[family] else holders
        rightful = any(owned.values())
        if any(host.dns_holds(port, family) and not owned[family] for family in FAMILIES):
            dns = (DNS_PROCESS, host.dns_pid)
            families = _lost_over(host, port, owned, blocks)
            yield Failure(service.name, PORT_TAKEN, port, error, *dns, by_dns=True, partly=rightful, families=families)
        elif by_others and not rightful:
            yield replace(
                _held_by(host, service, port, error, by_others), families=_lost_over(host, port, owned, blocks)
            )
        elif service.state != RUNNING and host.excluded(port):
            yield Failure(service.name, PORT_EXCLUDED, port, error, families=_lost_over(host, port, owned, blocks))


def _lost_over(host: Host, port: int, owned: Mapping[str, bool], blocks: Mapping[str, PortSet]) -> tuple[str, ...]:
    """Return the address families over which somebody else holds the port, or over which Windows excludes it."""
    return tuple(
        family
        for family in FAMILIES
        if not owned[family] and (host.dns_holds(port, family) or host.holders(port, family) or port in blocks[family])
    )


def _held_by(host: Host, service: Service, port: int, error: int | None, holders: list[Holder]) -> Failure:
    """Return the failure of a port held by another process. An unnamed holder may be the running service itself."""
    holder = next((holder for holder in holders if _is_named(host, holder)), None)
    if holder is None and service.state == RUNNING:
        return Failure(service.name, HOLDER_UNKNOWN, port, error)
    holder = holder or holders[0]
    return Failure(service.name, PORT_TAKEN, port, error, holder.process, holder.pid)


def _is_named(host: Host, holder: Holder) -> bool:
    """Return whether the owner of the socket is known, as far as the release can tell."""
    return holder.pid is not None or not host.names_processes


def _is_its_own(host: Host, holder: Holder, row: CatalogueRow, service: Service) -> bool:
    """Return whether the holder is certainly the expected one."""
    return holder.pid is not None and _is_rightful(host, holder, row, service)


def _is_rightful(host: Host, holder: Holder, row: CatalogueRow, service: Service) -> bool:
    """Return whether the holder is the expected one. If the release shows no process, it may be."""
    if service.state == STOPPED or not _is_named(host, holder):
        return False
    if row.holder == "any_but_dns" or holder.pid is None:
        return True
    return holder.pid == (SYSTEM_PID if row.holder == "system" else service.pid)
