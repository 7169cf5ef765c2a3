# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the fixed ports that a host needs: from services, profiles, listeners and the user's options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._catalogue.sbs2003 import CATALOGUE, CatalogueRow
from .._facts.host import Host
from .._policy import AUTO_PROFILE, Policy
from .._ports import FAMILIES, PortSet, port_words
from .._problems import listed
from .configured import Rows, with_configured_ports
from .own_sockets import OwnSockets, ports_of_sockets
from .pool import Pool

DETECTED = "detected"
PROFILE = "profile"
LISTENER = "listener"
USER = "user"

SBS_PROFILE = "sbs2003"
SQL_ROW = "sql_server"
NEARLY_ALL = 0.9
"""Share of a range that must be lost before a service that takes free ports of it is in trouble; no source has one."""
_NO_PORTS = PortSet()
_ADDRESSES_MAX = 5


@dataclass(frozen=True)
class Need:
    """Ports that a service, a program or the user needs.

    Attributes:
        service: name of the catalogue row, the process of a listener, or "user".
        title: for people.
        services: the service keys of the row that are installed and not disabled.
        ports: what is to be reserved.
        protocol: udp, tcp or both.
        reason: DETECTED, PROFILE, LISTENER or USER.
        source: where the knowledge comes from.
        requested: a profile or the user names it, so it is reserved even if the pool cannot reach it.
    """

    service: str
    title: str
    services: tuple[str, ...]
    ports: PortSet
    protocol: str
    reason: str
    source: str
    requested: bool = False

    @property
    def udp_ports(self) -> PortSet:
        """The ports that can collide with the pool."""
        return _NO_PORTS if self.protocol == "tcp" else self.ports

    @property
    def counts_for_risk(self) -> bool:
        """Whether a hit can do damage. A row that only a profile asks for has no service on this host."""
        return self.reason != PROFILE and self.protocol != "tcp"

    def to_json(self, pool: Pool, effective: Mapping[str, PortSet]) -> dict[str, Any]:
        """Return the need as the plan lists it.

        Args:
            pool: what can be drawn without any reservation.
            effective: the ports that are reserved and known to be effective, per address family.
        """
        in_range = {family: self.udp_ports & pool.reach(family) for family in FAMILIES}
        return {
            "service": self.service,
            "title": self.title,
            "services": list(self.services),
            "ports": self.ports.to_json(),
            "protocol": self.protocol,
            "reason": self.reason,
            "in_pool_range": any(in_range.values()),
            "exposed": any(ports - effective[family] for family, ports in in_range.items()),
            "source": self.source,
        }


def installed_services(row: CatalogueRow, host: Host) -> tuple[str, ...]:
    """Return the row's services that are installed and enabled on this host; none if the role cannot exist there."""
    if row.detection == "profile_only" or not can_exist(row, host):
        return ()
    enabled = host.enabled_services
    if not all(key.lower() in enabled for key in row.requires):
        return ()
    return tuple(name for name in host.services if name.lower() in enabled and row.matches(name))


def can_exist(row: CatalogueRow, host: Host) -> bool:
    """Return whether the role can exist on this release and product type. An unread product type rules nothing out."""
    product_type = host.os.get("product_type")
    fits = not row.product_types or product_type is None or product_type in row.product_types
    return fits and host.family in row.families


def selected_profiles(host: Host, policy: Policy) -> frozenset[str]:
    """Return the profiles of the policy. ``auto`` means the SBS list on an SBS 2003 host, and nothing elsewhere."""
    profiles = set(policy.profiles) - {AUTO_PROFILE}
    if AUTO_PROFILE in policy.profiles and host.os.get("sbs") is True and host.family == "nt5":
        profiles.add(SBS_PROFILE)
    return frozenset(profiles)


def is_ignored(row: CatalogueRow, services: Sequence[str], policy: Policy) -> bool:
    """Return whether ``ignore_services`` names the row, or every installed service of it."""
    ignored = set(policy.ignore_services)
    names = {service.lower() for service in services or row.service_keys}
    return row.name in ignored or (bool(names) and names <= ignored)


def relevant_rows(host: Host, policy: Policy) -> Rows:
    """Return the catalogue rows that matter on this host, with their installed services, in catalogue order.

    A row without installed services is there because a profile asks for it.
    """
    profiles = selected_profiles(host, policy)
    rows: Rows = []
    for row in CATALOGUE + policy.extra_rows:
        in_profile = not profiles.isdisjoint(row.profiles)
        services = installed_services(row, host) if policy.detect or in_profile else ()
        if (services or in_profile) and not is_ignored(row, services, policy):
            kept = tuple(name for name in services if name.lower() not in policy.ignore_services)
            rows += with_configured_ports(host, row, kept)
    return rows


def collect_needs(host: Host, policy: Policy, rows: Rows, pool: Pool, own_sockets: Sequence[OwnSockets]) -> list[Need]:
    """Return all needs of a host: catalogue rows in order, SQL instances after their row, own sockets, user, listeners.

    Args:
        host: the facts.
        policy: what the user wants protected.
        rows: from `relevant_rows`.
        pool: its size, and what it can draw without any reservation.
        own_sockets: what the sockets of running services show.
    """
    needs: list[Need] = []
    profiles = selected_profiles(host, policy)
    for row, services in ((_without_wide_range(row, pool), services) for row, services in rows):
        if not row.ports:
            continue
        reason = DETECTED if services and policy.detect else PROFILE
        requested = not profiles.isdisjoint(row.profiles)
        needs.append(Need(row.name, row.title, services, row.ports, row.protocol, reason, row.source, requested))
        if row.name == SQL_ROW and reason == DETECTED:
            needs += _sql_instances(host, services, row.ports)
    needs += [_shown_by_sockets(found) for found in own_sockets if found.chosen]
    if policy.extra_ports:
        needs.append(
            Need(USER, "ports named by the user", (), policy.extra_ports, "both", USER, "the option extra_ports", True)
        )
    if policy.include_listeners:
        known = PortSet.union(need.udp_ports for need in needs)
        needs += _listeners(host, pool.all_ports - known)
    return needs


def shared_by_need(needs: Sequence[Need], ports: PortSet) -> str:
    """Name the ports in words, by the needs that ask for them."""
    return listed([f"{listed(port_words(share))} ({need.service})" for need in needs if (share := need.ports & ports)])


def _without_wide_range(row: CatalogueRow, pool: Pool) -> CatalogueRow:
    """Leave out a range of which the service takes any free ports, if the pool is too small to take nearly all of it.

    To give WDS such a range is Microsoft's own remedy (KB977512): it needs no reservation, and none would fit.
    """
    sizes = (pool.size, pool.size_after)
    if not row.choice or any(size is None or size >= NEARLY_ALL * len(row.choice) for size in sizes):
        return row
    wide = f"; of its {len(row.choice)} ports in {listed(row.choice.strings())} the pool cannot take nearly all"
    return replace(row, ports=row.ports - row.choice, source=row.source + wide)


def detected_rows(host: Host, policy: Policy) -> Rows:
    """Return all rows of the catalogue with their installed services, also of ignored ones."""
    return [
        entry
        for row in CATALOGUE + policy.extra_rows
        for entry in with_configured_ports(host, row, installed_services(row, host))
    ]


def detected_ports(host: Host, policy: Policy) -> PortSet:
    """Return the ports of all detected services, also of ignored ones. ``prune`` never removes these."""
    rows = detected_rows(host, policy)
    found = [row.ports for row, services in rows if services]
    if any(services for row, services in rows if row.name == SQL_ROW):
        found.append(host.sql_ports)
    return PortSet.union((*found, ports_of_sockets(host, rows) or _NO_PORTS))


def _sql_instances(host: Host, services: tuple[str, ...], known: PortSet) -> list[Need]:
    """Return the ports of other SQL Server instances. That of the default instance is in the catalogue."""
    ports = host.sql_ports - known
    if not ports:
        return []
    source = "SuperSocketNetLib\\Tcp in the host's registry; TCP in KB832017"
    title = "other instances of Microsoft SQL Server"
    return [Need("sql_instances", title, services, ports, "tcp", DETECTED, source)]


def _shown_by_sockets(found: OwnSockets) -> Need:
    row, name = found.row, found.service.name
    return Need(row.name, f"{row.title}: other ports", (name,), found.chosen, "udp", DETECTED, found.source)


def _listeners(host: Host, wanted: PortSet) -> list[Need]:
    """Return a need for each process name that holds wanted UDP ports. Connected sockets are clients, and left out."""
    held: dict[str, list[Mapping[str, Any]]] = {}
    for row in host.facts.get("udp_endpoints") or ():
        if row.get("connected") is not True and row["port"] in wanted:
            held.setdefault(str(row.get("process") or "an unnamed process"), []).append(row)
    return [_listener(process, rows) for process, rows in sorted(held.items())]


def _listener(process: str, rows: Sequence[Mapping[str, Any]]) -> Need:
    """Return one program's sockets, with the processes and addresses."""
    ports = PortSet.from_ports({row["port"] for row in rows})
    pids = sorted({row["pid"] for row in rows if row.get("pid") is not None})
    addresses = sorted({str(row["address"]) for row in rows})
    more = "" if len(addresses) <= _ADDRESSES_MAX else f" and {len(addresses) - _ADDRESSES_MAX} more"
    named = f" (PID {', '.join(map(str, pids))})" if pids else ""
    return Need(
        service=process,
        title=f"UDP sockets that {process} holds",
        services=(),
        ports=ports,
        protocol="udp",
        reason=LISTENER,
        source=f"held by {process}{named} on {', '.join(addresses[:_ADDRESSES_MAX])}{more} while the host was read",
    )
