# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Are the needed services up and do they hold their ports; if not, who holds them, and whom may a window start?

The error numbers stay in the service manager after a failed start, so no event log is needed: 10048 (address in use),
10013 (access denied, an excluded block) and 32 (sharing violation) mean the port; 0 and 1077 (never started) mean that
somebody stopped the service on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._catalogue_row import (
    SERVICE_NAME_RE,
    CatalogueRow,
    may_never_start,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._host import (
    AUTO_START,
    DEMAND_START,
    DNS_PROCESS,
    FAMILIES,
    RUNNING,
    STOPPED,
    SYSTEM_PID,
    Holder,
    Host,
    Service,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._needs import relevant_rows
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy

PORT_ERRORS = (10048, 10013, 32)
STOPPED_ON_PURPOSE = (0, 1077)
WINDOW_RECORD = "dns_window"
"""State record of a window after which victims were still down: comma-joined keys in ``value``, and the boot mark."""

PORT_TAKEN = "port_taken"
PORT_EXCLUDED = "port_excluded"
PORT_NOT_HELD = "port_not_held"
NOT_RUNNING = "not_running"
UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Failure:
    """One needed port that its service does not hold, or a needed service that is down.

    Attributes:
        service: the service key; None for a port that only the user named, and for a host that could not be read.
        port: the UDP port, None where the failure is not about one.
        error: the service's last exit code where it is down.
        holder: process that holds the port instead, where known.
        pid: of that process.
        reason: port_taken, port_excluded, port_not_held, not_running or unreadable.
        by_dns: whether DNS is that process.
    """

    service: str | None
    port: int | None
    error: int | None
    holder: str | None
    pid: int | None
    reason: str
    by_dns: bool = False

    def to_json(self) -> dict[str, Any]:
        """The failure as ``port_verify`` lists it."""
        return {
            "service": self.service,
            "port": self.port,
            "protocol": None if self.port is None else "udp",
            "error": self.error,
            "holder": self.holder,
            "pid": self.pid,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Judgement:
    """What was found out about one service under one catalogue row.

    Attributes:
        failures: what is wrong.
        taken: ports of the row that somebody else holds, whether or not that hurts the service.
        note: why a service that does not run is no failure: stopped_on_purpose, demand_start or trigger_start.
    """

    row: CatalogueRow
    service: Service
    failures: tuple[Failure, ...]
    taken: tuple[Failure, ...]
    note: str | None

    def to_json(self) -> dict[str, Any]:
        """The service as ``port_verify`` lists it."""
        return {
            "service": self.service.name,
            "row": self.row.name,
            "state": self.service.state,
            "start": self.service.start,
            "win32_exit_code": self.service.exit_code,
            "pid": self.service.pid,
            "ports": self.row.udp_ports.to_json(),
            "ok": not self.failures,
            "note": self.note,
        }


@dataclass(frozen=True)
class Victims:
    """Services that a start can bring back.

    Attributes:
        services: keys in catalogue order.
        need_window: True when DNS must be stopped first, because its process holds a port of one of them.
    """

    services: tuple[str, ...]
    need_window: bool


def verify(facts: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """The verdict that ``port_verify`` returns.

    Args:
        facts: the facts of the host.
        policy: what is needed there.

    Returns:
        ``ok``; ``services``, one row per service and catalogue row, in catalogue order; ``failures`` in the same order,
        then those of ports that the user named. What could not be read is a failure, never ok.
    """
    host = Host(facts)
    judgements = judge_services(host, policy)
    failures = all_failures(host, policy, judgements)
    return {
        "ok": not failures,
        "services": [judgement.to_json() for judgement in judgements],
        "failures": [failure.to_json() for failure in failures],
    }


def judge_services(host: Host, policy: Policy) -> list[Judgement]:
    """Judge every installed service of the rows that the policy looks at; rows without UDP need nothing proved."""
    return [
        _judge(host, row, host.services[name])
        for row, names in relevant_rows(host, policy)
        if row.uses_udp
        for name in names
    ]


def all_failures(host: Host, policy: Policy, judgements: list[Judgement]) -> list[Failure]:
    """The failures of the services, of ports that the user named, and of what could not be read."""
    failures = [failure for judgement in judgements for failure in judgement.failures]
    failures += [
        Failure(None, port, None, DNS_PROCESS, host.dns_pid, PORT_TAKEN, by_dns=True)
        for port in policy.extra_ports & (host.dns_ports(FAMILIES[0]) | host.dns_ports(FAMILIES[1]))
        if any(host.dns_holds(port, family) and not host.holders(port, family) for family in FAMILIES)
    ]
    if not host.services_known or not host.sockets_known:
        failures.append(Failure(None, None, None, None, None, UNREADABLE))
    return failures


def live_conflicts(failures: list[Failure]) -> list[dict[str, Any]]:
    """The failures where a needed port is held by somebody else, as the plan lists them."""
    return [
        {
            "port": failure.port,
            "service": failure.service,
            "holder": failure.holder,
            "pid": failure.pid,
            "error": failure.error,
        }
        for failure in failures
        if failure.reason == PORT_TAKEN
    ]


def find_victims(host: Host, policy: Policy, judgements: list[Judgement]) -> Victims:
    """Which services may be started, and whether DNS has to be stopped for that.

    Only services that failed for their port, or that the user names; every port of theirs is free or held by DNS; and
    no window since this boot has failed for them already. Nothing when the list of sockets could not be read.
    """
    if not host.sockets_known:
        return Victims((), False)
    gone = _failed_before(host)
    taken_by_service: dict[str, list[Failure]] = {}
    for judgement in judgements:
        taken_by_service.setdefault(judgement.service.name, []).extend(judgement.taken)
    chosen: list[str] = []
    need_window = False
    for judgement in judgements:
        name = judgement.service.name
        taken = taken_by_service[name]
        blocked = any(not failure.by_dns for failure in taken) or (bool(taken) and not host.dns_running)
        if blocked or name in chosen or name.lower() in gone or not _may_start(judgement, policy):
            continue
        chosen.append(name)
        need_window = need_window or bool(taken)
    return Victims(tuple(chosen), need_window)


def _may_start(judgement: Judgement, policy: Policy) -> bool:
    row, service = judgement.row, judgement.service
    if row.never_start or may_never_start(service.name) or not SERVICE_NAME_RE.match(service.name):
        return False
    if service.state != STOPPED or not service.enabled:
        return False
    named = service.name.lower() in {name.lower() for name in policy.start_services}
    failed = service.start == AUTO_START and service.exit_code in PORT_ERRORS
    return named or (failed and row.start_while_dns_down)


def _failed_before(host: Host) -> frozenset[str]:
    record = host.record(WINDOW_RECORD)
    if record is None or record["boot_mark"] != host.boot_mark:
        return frozenset()
    return frozenset(str(record["value"]).lower().split(","))


def _judge(host: Host, row: CatalogueRow, service: Service) -> Judgement:
    taken = tuple(_taken(host, row, service)) if host.sockets_known else ()
    if service.state == RUNNING:
        hurt = tuple(failure for failure in taken if failure.by_dns or row.hold != "never")
        return Judgement(row, service, hurt + tuple(_not_held(host, row, service)), taken, None)
    if service.exit_code in PORT_ERRORS:
        return Judgement(row, service, taken or (_down(service),), taken, None)
    note = _excuse(host, row, service)
    if note is None:
        return Judgement(row, service, (_down(service),), taken, None)
    return Judgement(row, service, taken if note == "trigger_start" else (), taken, note)


def _excuse(host: Host, row: CatalogueRow, service: Service) -> str | None:
    """Why it is no failure that the service does not run; None when it is one.

    From 2008 R2 on PolicyAgent and IKEEXT are trigger- or demand-started: stopped is normal there unless something
    holds the port.
    """
    idle = service.state == STOPPED and service.exit_code in (*STOPPED_ON_PURPOSE, None)
    if row.hold == "always":
        return None
    if service.trigger_start or (host.family != "nt5" and service.start == DEMAND_START):
        return "trigger_start"
    if service.start not in (AUTO_START, None):
        return "demand_start"
    return "stopped_on_purpose" if idle and service.exit_code is not None else None


def _down(service: Service) -> Failure:
    return Failure(service.name, None, service.exit_code, None, None, NOT_RUNNING)


def _not_held(host: Host, row: CatalogueRow, service: Service) -> Iterator[Failure]:
    """The ports that a running service should hold and nobody holds."""
    if row.hold == "never" or not host.sockets_known:
        return
    for port in row.udp_ports:
        if not any(host.holders(port, family) or host.dns_holds(port, family) for family in FAMILIES):
            yield Failure(service.name, port, None, None, None, PORT_NOT_HELD)


def _taken(host: Host, row: CatalogueRow, service: Service) -> Iterator[Failure]:
    """The row's ports that somebody else holds, a failure per port, DNS before others, IPv4 before IPv6."""
    error = None if service.state == RUNNING else service.exit_code
    for port in row.udp_ports:
        by_others: list[Holder] = []
        rightful = False
        for family in FAMILIES:
            holders = host.holders(port, family)
            owned = any(_is_rightful(holder, row, service) for holder in holders)
            if host.dns_holds(port, family) and not owned:
                yield Failure(service.name, port, error, DNS_PROCESS, host.dns_pid, PORT_TAKEN, by_dns=True)
                break
            rightful = rightful or owned
            by_others += [] if owned else holders
        else:
            if by_others and not rightful:
                yield Failure(service.name, port, error, by_others[0].process, by_others[0].pid, PORT_TAKEN)
            elif service.state != RUNNING and host.excluded(port):
                yield Failure(service.name, port, error, None, None, PORT_EXCLUDED)


def _is_rightful(holder: Holder, row: CatalogueRow, service: Service) -> bool:
    """Whether the holder is the one that the row expects; one without a PID may be, while the service runs."""
    if service.state == STOPPED:
        return False
    if row.holder == "any_but_dns" or holder.pid is None:
        return True
    return holder.pid == (SYSTEM_PID if row.holder == "system" else service.pid)
