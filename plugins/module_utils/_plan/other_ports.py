# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find services that failed for a port although the UDP ports that are known of them are free: it is another port.

The ports of many products are settings, and the TCP ports of a host are not read. After a sharing violation it only may
be another port: that has many causes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .._catalogue.row import NT6
from .._facts.host import Host, Service
from .._policy import Policy
from .._ports import PortSet, port_words
from .._problems import Problem, in_number, listed, make_problem, shown
from .._windows.service_states import DISABLED, PORT_ERRORS, RUNNING, is_port_error
from .configured import has_read_ports
from .failed_services import FAILED_FOR_PORT, HOW_TO_ACCEPT, rows_of_service, where_to_look_for_tcp
from .service_check import PORT_ERROR_WORDS, ServiceCheck, checks_by_service

_FAILED = "{name} failed for its port with {error}, but UDP {ports}, which {source} has, [is|are] free now."
_PERHAPS_FAILED = (
    "{name} ended with {error}, which can mean a port that is in use, but UDP {ports}, which {source} has, [is|are]"
    " free now."
)
_ANOTHER = " If its start fails again, it {has} another port: name that in extra_ports."
_TCP = " It has TCP ports, too, which are not read: {look}."
_ANOTHER_UDP = " If it has another UDP port, name that in extra_ports."
_NOT_WANTED = "If it is meant to be down, name the service in ignore_services."


@dataclass(frozen=True)
class OtherPort:
    """A service that failed for a port that is not known.

    Attributes:
        service: what the service manager shows of it.
        ports: its known UDP ports, which are free.
        read: whether the registry holds all of these: then no other UDP port is to be looked for.
        has_tcp: whether the catalogue has TCP ports of it.
        is_setting: whether its UDP port is a setting that is not read.
    """

    service: Service
    ports: PortSet
    read: bool
    has_tcp: bool
    is_setting: bool

    @property
    def key(self) -> str:
        """The service's key in lower case."""
        return self.service.name.lower()


def find_other_ports(host: Host, policy: Policy, service_checks: Sequence[ServiceCheck]) -> list[OtherPort]:
    """Return the services that failed for another port than those that the catalogue or the registry has.

    Args:
        host: the facts.
        policy: its own rows are used, and its ``ignore_services``.
        service_checks: the checks of the needed services.
    """
    candidates = (_other_port(host, policy, checks) for checks in checks_by_service(service_checks).values())
    return [found for found in candidates if found]


def _other_port(host: Host, policy: Policy, checks: Sequence[ServiceCheck]) -> OtherPort | None:
    service = checks[0].service
    failed = service.state != RUNNING and service.exit_code in PORT_ERRORS and service.start != DISABLED
    ports = PortSet.union(check.row.udp_ports for check in checks)
    may_have_another = all(check.row.own_sockets or check.row.hold == "never" for check in checks)
    if not (failed and ports and may_have_another and host.sockets_known) or any(check.taken for check in checks):
        return None
    read = all(has_read_ports(host, check.row, service.name) for check in checks)
    rows = rows_of_service(host, policy, service.name) or ()
    has_tcp = any(row.protocol != "udp" for row, _names in rows)
    is_setting = not read and any(check.row.own_sockets for check in checks)
    return OtherPort(service, ports, read, has_tcp, is_setting) if has_tcp or not read else None


def other_port_problems(host: Host, found: Iterable[OtherPort]) -> Iterator[Problem]:
    """Yield what to look for, as information: another problem says that the service is down, if it should run."""
    for entry in found:
        name, error = shown(entry.service.name), entry.service.exit_code or 0
        certain = is_port_error(error, False)
        words = in_number(_FAILED if certain else _PERHAPS_FAILED, len(entry.ports) > 1).format(
            name=name,
            error=PORT_ERROR_WORDS[error],
            ports=listed(port_words(entry.ports)),
            source="the registry" if entry.read else "the catalogue",
        )
        if entry.has_tcp:
            words += _TCP.format(look=where_to_look_for_tcp(host.family in NT6, error))
            words += _ANOTHER_UDP if entry.is_setting else ""
        else:
            words += _ANOTHER.format(has="has" if certain else "may have")
        yield make_problem(
            FAILED_FOR_PORT,
            "info",
            f"{words} {HOW_TO_ACCEPT if certain else _NOT_WANTED}",
            service=name,
            start=entry.service.start,
            error=error,
            ports=entry.ports.to_json(),
            held_by_dns=[],
        )
