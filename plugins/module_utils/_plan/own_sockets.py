# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge what the sockets of running services show of their ports, where the catalogue row says that they may.

Outside of the dynamic range, a service has chosen its port itself. Inside, Windows may have drawn it, and it is another
one after the next start: such a port is only named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._catalogue.row import CatalogueRow
from .._facts.host import Host, Service
from .._facts.host_values import port_set
from .._policy import Policy
from .._ports import FAMILIES, HIGHEST_PORT, PortError, PortSet, port_words
from .._problems import Problem, in_number, listed, make_problem, shown
from .._windows.service_states import RUNNING
from .._windows.settings import DNS_SERVICE
from .configured import Rows
from .pool import NT5_LOWEST, NT5_LOWEST_END, Pool

_NONE = PortSet()
_BELOW_ANY_POOL = PortSet.from_ranges([(1, NT5_LOWEST - 1)])
_ALL = PortSet.from_ranges([(1, HIGHEST_PORT)])
_HINT = (
    "Windows may have drawn [this port, so it is|these ports, so they are] not reserved. Name [it|them] in"
    " extra_ports if [it is a setting|they are settings] of the service."
)
_NT5_CLIENTS = PortSet.from_ranges([(NT5_LOWEST, NT5_LOWEST_END)])


@dataclass(frozen=True)
class OwnSockets:
    """The ports of a running service that its row does not have, by what its sockets show.

    Attributes:
        row: the row of the catalogue.
        service: the service.
        chosen: ports outside of the dynamic range.
        hint: ports inside of it.
        doubtful: ports outside of it of which it could not be read whether they are the service's; None for any.
    """

    row: CatalogueRow
    service: Service
    chosen: PortSet
    hint: PortSet
    doubtful: PortSet | None

    @property
    def source(self) -> str:
        """What the plan says of the ports."""
        process = f"{shown(self.service.name)} (PID {self.service.pid})"
        return f"its own sockets: held on all addresses by the process of {process} while the host was read"


def find_own_sockets(host: Host, policy: Policy, rows: Rows, pool: Pool) -> list[OwnSockets]:
    """Return what the sockets of running services show, in the order of the catalogue, each service once.

    Args:
        host: the facts.
        policy: whether services are detected at all.
        rows: the needed rows with their services.
        pool: the pool as it is drawn now.
    """
    dynamic = _dynamic_range(host, pool)
    of_rows: dict[str, PortSet] = {}
    for row, names in rows:
        of_rows |= {name: of_rows.get(name, _BELOW_ANY_POOL) | row.udp_ports for name in names}
    found: dict[str, OwnSockets] = {}
    for row, name, held, doubtful in _running(host, rows) if policy.detect else ():
        known = of_rows[name]
        ports = held - known
        in_doubt = doubtful if doubtful is None else doubtful - known - dynamic
        if name not in found and (ports or in_doubt != _NONE):
            found[name] = OwnSockets(row, host.services[name], ports - dynamic, ports & dynamic, in_doubt)
    return list(found.values())


def own_socket_problems(found: Sequence[OwnSockets], needed: PortSet) -> Iterator[Problem]:
    """Yield the ports that are only a hint, and an error for a service of which it is not known what it holds.

    Args:
        found: what the sockets show.
        needed: the UDP ports of all needs. What is needed for another reason is worth no hint.
    """
    for entry in found:
        name = shown(entry.service.name)
        hint = entry.hint - needed
        if hint:
            words = in_number(_HINT, len(hint) > 1)
            message = f"{name} holds UDP {listed(port_words(hint))} in the dynamic range. {words}"
            yield make_problem("own_sockets_in_dynamic_range", "info", message, service=name, ports=hint.to_json())
        if entry.doubtful != _NONE:
            ports = "" if entry.doubtful is None else f", perhaps {listed(port_words(entry.doubtful))}"
            yield make_problem(
                "own_sockets_unknown",
                "error",
                f"It could not be read which UDP ports {name} holds besides those of the catalogue{ports}.",
                service=name,
                ports=None if entry.doubtful is None else entry.doubtful.to_json(),
            )


def ports_of_sockets(host: Host, rows: Rows) -> PortSet | None:
    """Return all ports that the sockets of these services may show, inside of the range too; None if not all are known.

    Such a port is not worth a new reservation, but reason enough to keep one.
    """
    found: list[PortSet] = []
    for _row, _name, held, doubtful in _running(host, rows):
        if doubtful is None:
            return None
        found += (held, doubtful)
    return PortSet.union(found)


def _running(host: Host, rows: Rows) -> Iterator[tuple[CatalogueRow, str, PortSet, PortSet | None]]:
    """Yield the services that run and whose sockets may show a port, with row, ports and doubtful ports; never DNS."""
    shown_by_sockets, of_others = _by_service(host)
    for row, names in rows:
        for name in names if row.own_sockets and row.uses_udp else ():
            if name.lower() != DNS_SERVICE.lower() and host.services[name].state == RUNNING:
                yield row, name, *shown_by_sockets.get(name.lower(), of_others)


def _dynamic_range(host: Host, pool: Pool) -> PortSet:
    """Return the ports that Windows may draw for any program; all where a range is not known.

    Up to 2003 the pool has another range than clients where MaxUserPort is not set: both count.
    """
    if host.family == "nt5":
        return _ALL if pool.udp4 is None else pool.all_ports | _NT5_CLIENTS
    return pool.all_ports if all(pool.ports(family) for family in FAMILIES) else _ALL


def _by_service(host: Host) -> tuple[dict[str, tuple[PortSet, PortSet | None]], tuple[PortSet, PortSet | None]]:
    """Return what is known by lower-case service, and what is known of every other one.

    A release whose netstat names no process leaves everything in doubt: there the sockets show nothing.
    """
    fact = host.facts.get("own_sockets", {}) if host.names_processes else {}
    if not isinstance(fact, Mapping):
        return {}, (_NONE, None)
    return {str(name).lower(): _ports_of(entry) for name, entry in fact.items()}, (_NONE, _NONE)


def _ports_of(entry: Any) -> tuple[PortSet, PortSet | None]:  # noqa: ANN401 (JSON)
    """Return the ports of a service and the doubtful ones; none and any where one of both is null or impossible."""
    try:
        return port_set(entry["ports"]), port_set(entry["doubtful"])
    except (KeyError, PortError, TypeError, ValueError):
        return _NONE, None
