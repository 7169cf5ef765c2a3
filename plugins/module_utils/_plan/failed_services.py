# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find services that failed because of their port and that nothing else in the plan reports.

The catalogue cannot know every product. But for any service, the exit code that the service manager keeps shows that it
lost its port.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from .._catalogue.row import NT6
from .._catalogue.sbs2003 import CATALOGUE
from .._facts.host import Host, Service
from .._policy import Policy
from .._ports import FAMILIES, PortSet, Range, port_words
from .._problems import Problem, in_number, listed, make_problem, shown
from .._windows.service_states import DEMAND_START, DISABLED, PORT_ERRORS, RUNNING, is_port_error
from .._windows.settings import DNS_SERVICE
from .configured import Rows, has_read_ports, with_configured_ports
from .needs import can_exist, is_ignored
from .service_check import NOT_RUNNING, PORT_ERROR_WORDS, PORT_EXCLUDED, Failure, ServiceCheck, checks_by_service
from .services import held_by_dns, held_ports

FAILED_FOR_PORT = "service_failed_for_port"
HOW_TO_ACCEPT = "If that is accepted, name the service in ignore_services, or for some time in accepted_risks."

_IN_BLOCK = (
    "; UDP {ports} [lies|lie] in {blocks}, which Windows itself has excluded (WinNAT, HNS, http.sys), so the service"
    " cannot start before that is gone: stop what excluded it, and exclude [this port|these ports] with use_netsh, or"
    " give the service [another port|other ports]"
)


@dataclass(frozen=True)
class FailedService:
    """A service that failed because of its port.

    Attributes:
        service: what the service manager shows of it.
        ports: its UDP ports in the catalogue.
        read: whether these are the ports that the registry holds for it.
        held_by_dns: those of these ports that DNS holds now.
        tcp_ports: its TCP ports in the catalogue, which DNS does not take.
        excluded: those of its UDP ports that are in blocks of Windows.
        blocks: these blocks.
        always: whether the policy wants it to run however it is started.
    """

    service: Service
    ports: PortSet
    read: bool
    held_by_dns: PortSet
    tcp_ports: PortSet
    excluded: PortSet
    blocks: tuple[Range, ...]
    always: bool

    @property
    def is_down(self) -> bool:
        """Whether it should run: Windows starts it by itself, or the policy always wants it.

        A Start that could not be read is treated as automatic.
        """
        return self.always or self.service.start not in (DEMAND_START, DISABLED)


def rows_of_service(host: Host, policy: Policy, name: str) -> Rows | None:
    """Return the rows, with the service's own ports, that describe it on this host; None if the policy ignores it.

    A policy that ignores one of a service's rows does not want the ports of this row; the other rows still describe the
    service.
    """
    rows = [row for row in CATALOGUE + policy.extra_rows if can_exist(row, host) and row.matches(name)]
    kept = [row for row in rows if not is_ignored(row, (name,), policy)]
    if name.lower() in policy.ignore_services or (rows and not kept):
        return None
    return [entry for row in kept for entry in with_configured_ports(host, row, (name,))]


def failed_services(
    host: Host, policy: Policy, service_checks: Sequence[ServiceCheck], told: Collection[str]
) -> list[FailedService]:
    """Return the services that failed because of their port, in the order of the facts.

    DNS, services that the policy ignores with all their rows, and services that other problems name are left out. A
    sharing violation has many causes, so it is evidence only if the service's port is known and held.

    Args:
        host: the facts.
        policy: its ``ignore_services`` and its own rows are used.
        service_checks: the checks of the needed services.
        told: lower-case keys of services of which `other_ports` says more.
    """
    checks = checks_by_service(service_checks)
    reported = {name for name, of_it in checks.items() if any(map(_is_named_elsewhere, _failures(of_it)))}
    reported |= {DNS_SERVICE.lower(), *told}
    found: list[FailedService] = []
    for name, service in host.services.items():
        if service.state == RUNNING or service.exit_code not in PORT_ERRORS or name.lower() in reported:
            continue
        own = rows_of_service(host, policy, name)
        if own is None:
            continue
        ports = PortSet.union(row.udp_ports for row, _names in own)
        tcp = PortSet.union(row.ports for row, _names in own if row.protocol != "udp")
        read = bool(own) and all(has_read_ports(host, row, name) for row, _names in own)
        if is_port_error(service.exit_code, bool(held_ports(host, ports))):
            blocks = _blocks(host, ports)
            excluded = ports & PortSet.from_ranges(blocks)
            always = bool(_failures(checks.get(name.lower(), ())))
            found.append(FailedService(service, ports, read, held_by_dns(host, ports), tcp, excluded, blocks, always))
    return found


def _failures(service_checks: Sequence[ServiceCheck]) -> list[Failure]:
    return [failure for check in service_checks for failure in check.failures]


def _is_named_elsewhere(failure: Failure) -> bool:
    """Return whether a problem or a conflict names the service: not for a port in a block, which has no holder."""
    return failure.reason != PORT_EXCLUDED


def _blocks(host: Host, ports: PortSet) -> tuple[Range, ...]:
    """Return the blocks of Windows, over either address family, that cover one of the ports."""
    blocks = {block for family in FAMILIES for block in host.blocks(family)}
    return tuple(sorted(block for block in blocks if not ports.isdisjoint(PortSet.from_ranges((block,)))))


def failed_for_port(service: str | None, reason: str, error: int | None) -> bool:
    """Return whether a failure is that a service, other than DNS, does not run because its start failed for a port.

    Nobody holds a known port of it now: that would be another failure.
    """
    is_dns = str(service).lower() == DNS_SERVICE.lower()
    return reason == NOT_RUNNING and not is_dns and is_port_error(error, False)


def failed_service_problems(host: Host, failed: Iterable[FailedService]) -> Iterator[Problem]:
    """Yield a problem for each: a warning if the service should run, otherwise an info."""
    has_netsh = host.family in NT6
    for entry in failed:
        name, error = shown(entry.service.name), entry.service.exit_code or 0
        words = _ports_in_words(entry, has_netsh)
        yield make_problem(
            FAILED_FOR_PORT,
            "warning" if entry.is_down else "info",
            f"{name} failed for its port with {PORT_ERROR_WORDS[error]}{words}. {HOW_TO_ACCEPT}",
            service=name,
            start=entry.service.start,
            error=error,
            ports=entry.ports.to_json(),
            held_by_dns=entry.held_by_dns.to_json(),
            **({"blocks": _range_words(entry.blocks)} if entry.blocks else {}),
        )


def where_to_look_for_tcp(host_has_netsh: bool, error: int) -> str:
    """Return what shows why a TCP port could not be bound. The lists of TCP ports are not read."""
    excluded = ", or an excluded range with netsh interface ipv4 show excludedportrange protocol=tcp"
    return "find the other program with netstat -ano" + (excluded if host_has_netsh and error == 10013 else "")


def _ports_in_words(entry: FailedService, host_has_netsh: bool) -> str:
    look = where_to_look_for_tcp(host_has_netsh, entry.service.exit_code or 0)
    tcp = listed(port_words(entry.tcp_ports))
    if entry.tcp_ports and not entry.ports:
        return (
            f"; the catalogue lists only TCP {tcp} for it, which DNS does not take: {look}, or name a UDP port of the"
            " service in catalogue_extra"
        )
    if not entry.ports:
        return ", and the catalogue does not know it: name the port in catalogue_extra"
    words = ""
    if entry.held_by_dns:
        words += f"; DNS holds UDP {listed(port_words(entry.held_by_dns))} of its ports"
    if entry.excluded:
        numbers = {"ports": listed(port_words(entry.excluded)), "blocks": listed(_range_words(entry.blocks))}
        words += in_number(_IN_BLOCK, len(entry.excluded) > 1).format(**numbers)
    if words:
        return words
    source = "the registry has" if entry.read else "the catalogue lists"
    too = f", and TCP {tcp}, which is not read here: {look}" if entry.tcp_ports else ""
    return f"; {source} UDP {listed(port_words(entry.ports))} for it{too}"


def _range_words(blocks: Iterable[Range]) -> list[str]:
    return [f"{first}-{last}" for first, last in blocks]
