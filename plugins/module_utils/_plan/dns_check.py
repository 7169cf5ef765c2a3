# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check DNS itself, and the services that ran when the collection last stopped DNS."""

from __future__ import annotations

from collections.abc import Sequence

from .._catalogue.row import NO_PORTS, CatalogueRow
from .._facts.host import Holder, Host, Service
from .._policy import Policy
from .._ports import FAMILIES, PortSet
from .._windows.service_states import DOWN, EXCUSED, HOLDS, UNREAD, state_row
from .._windows.service_states import NOT_YET as STARTING
from .._windows.settings import DNS_PORT, DNS_SERVICE, RAN_BEFORE_RECORD
from .needs import is_ignored
from .service_check import (
    DNS_PORTS_UNKNOWN,
    NOT_RUNNING,
    NOT_YET,
    PORT_NOT_HELD,
    PORT_TAKEN,
    RAN_BEFORE,
    RECORD_UNREADABLE,
    STATE_UNREADABLE,
    Failure,
    ServiceCheck,
)

DNS_ROW = CatalogueRow(
    name="dns_server",
    title="DNS Server",
    service_keys=(DNS_SERVICE,),
    ports=NO_PORTS,
    verify_ports=PortSet.from_ports((DNS_PORT,)),
    hold="always",
    never_start=True,
    source="RFC 1035 4.2.1: a name server listens on UDP 53; this collection stops DNS, so it proves DNS",
)
"""No row of the catalogue: nothing is reserved for it, and no profile or detection leaves it out."""

EARLIER_ROW = CatalogueRow(
    name=RAN_BEFORE_RECORD,
    title="what ran when DNS was last stopped",
    ports=NO_PORTS,
    hold="always",
    never_start=True,
    source="the record that a window leaves when not all that ran before runs again",
)


def check_dns(host: Host, policy: Policy) -> list[ServiceCheck]:
    """Check DNS, where it is installed and the policy does not ignore it."""
    if not host.dns_installed or not host.services_known or is_ignored(DNS_ROW, (DNS_SERVICE,), policy):
        return []
    service = host.dns_service or Service(DNS_SERVICE, pid=host.dns_pid)
    found = state_row(service.start, False, service.state, service.exit_code)
    if found.dns == HOLDS:
        failures = _of_ports(host)
    else:
        failures = _of_state(found.dns, service, NOT_RUNNING)
        failures += _holder_of_its_port(host, service) if failures and found.dns != UNREAD else ()
    return [ServiceCheck(DNS_ROW, service, failures, (), found.note if found.dns == EXCUSED else None)]


def _of_state(verdict: str | None, service: Service, down: str) -> tuple[Failure, ...]:
    reasons = {DOWN: down, STARTING: NOT_YET, UNREAD: STATE_UNREADABLE}
    reason = reasons.get(verdict or "")
    return (Failure(service.name, reason, error=service.exit_code),) if reason else ()


def _of_ports(host: Host) -> tuple[Failure, ...]:
    """Return the failures of a DNS that runs: its own process has to hold UDP 53, in at least one address family."""
    if not host.sockets_known:
        return ()
    others = _others_on_its_port(host)
    if not host.dns_ports_known:
        if host.names_processes:
            return (Failure(DNS_SERVICE, DNS_PORTS_UNKNOWN, DNS_PORT),)
        return () if others else (Failure(DNS_SERVICE, PORT_NOT_HELD, DNS_PORT),)
    if any(host.dns_holds(DNS_PORT, family) for family in FAMILIES):
        return ()
    if others:
        return (Failure(DNS_SERVICE, PORT_TAKEN, DNS_PORT, holder=others[0].process, pid=others[0].pid),)
    return (Failure(DNS_SERVICE, PORT_NOT_HELD, DNS_PORT),)


def _others_on_its_port(host: Host) -> list[Holder]:
    return [holder for family in FAMILIES for holder in host.holders(DNS_PORT, family)]


def _holder_of_its_port(host: Host, service: Service) -> tuple[Failure, ...]:
    """Return who holds UDP 53 while DNS does not run: another name server, or the sharing of an internet connection."""
    others = [holder for holder in _others_on_its_port(host) if holder.pid is not None and holder.pid != service.pid]
    if not (others and host.sockets_known):
        return ()
    return (Failure(DNS_SERVICE, PORT_TAKEN, DNS_PORT, service.exit_code, others[0].process, others[0].pid),)


def check_ran_before(host: Host, policy: Policy, judged: Sequence[ServiceCheck]) -> list[ServiceCheck]:
    """Check the services that ran before a window, with any Start. A service with another failure is not repeated.

    A service that the facts do not hold is gone: they hold each one that the record names and either source shows.
    """
    faulty = {service_check.service.name.lower() for service_check in judged if service_check.failures}
    found: list[ServiceCheck] = []
    for name in host.ran_before or ():
        service = host.dns_service if name.lower() == DNS_SERVICE.lower() else host.service(name)
        if service is None or name.lower() in faulty or name.lower() in policy.ignore_services:
            continue
        row = state_row(service.start, False, service.state, service.exit_code)
        failures = _of_state(row.before, service, RAN_BEFORE)
        found.append(ServiceCheck(EARLIER_ROW, service, failures, (), None))
    return found


def record_failures(host: Host) -> list[Failure]:
    """Return a failure if the record exists but cannot be read: it hides the services that it names."""
    if host.ran_before is not None:
        return []
    return [Failure(None, RECORD_UNREADABLE)]
