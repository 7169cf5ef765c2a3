# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replace a catalogue row's ports by those that the registry holds for the service: the configured ones.

The default stays needed where the configured ports are not known completely. Then it is an assumption, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from .._catalogue.row import CatalogueRow
from .._facts.host import Host
from .._ports import PortSet
from .._problems import Problem, listed, make_problem, shown
from .._windows.configured_ports import (
    AD_LDS,
    ANY_FREE_PORT,
    LDAP_PORT,
    RANGE_END,
    RANGE_POLICY,
    RANGE_START,
    SSL_PORT,
    WDS,
)

Rows: TypeAlias = "list[tuple[CatalogueRow, tuple[str, ...]]]"
"""Rows of the catalogue, each with its services that are installed on a host."""

_NONE = PortSet()


def with_configured_ports(host: Host, row: CatalogueRow, services: tuple[str, ...]) -> Rows:
    """Return the row for the services whose ports are not known, and one with its own ports for every other service.

    Of rows that assume different ports of the same kind of service, only the first stands for the known ports.
    """
    if not row.configured:
        return [(row, services)]
    known = {name: found for name in services if (found := _configured(host, row, name)) is not None}
    assumed = tuple(name for name in services if name not in known)
    rows: Rows = [(_assumed(row), assumed)] if assumed else []
    rows += [(found, (name,)) for name, found in known.items() if not row.only_assumed]
    return rows or ([(row, services)] if not services else [])


def unknown_ports(host: Host, rows: Rows) -> Iterator[Problem]:
    """Yield an error where ports of needed services are in the registry, but could not be read completely."""
    unread = sorted(
        {name for row, names in rows if row.configured for name in names if _is_unread(host, row, name)},
        key=str.lower,
    )
    if unread:
        yield make_problem(
            "configured_ports_unknown",
            "error",
            f"The ports that the registry holds for {listed([shown(name) for name in unread])} are not known"
            " completely. The ports of the catalogue are only assumed.",
            services=[shown(name) for name in unread],
        )


def has_read_ports(host: Host, row: CatalogueRow, service: str) -> bool:
    """Return whether the ports of a row for this service are those that the registry holds."""
    return bool(row.configured) and _configured(host, row, service) is not None


def _configured(host: Host, row: CatalogueRow, service: str) -> CatalogueRow | None:
    return _READERS[row.configured](host, row, service, host.configured_ports.get(service.lower(), {}))


def _is_unread(host: Host, row: CatalogueRow, service: str) -> bool:
    """Return whether the registry holds a port of the service, and yet its ports are not known."""
    values = host.configured_ports.get(service.lower(), {})
    held = any(name in values for name in _PORTS[row.configured])
    return held and _configured(host, row, service) is None


def _assumed(row: CatalogueRow) -> CatalogueRow:
    source = f"assumed, because the service's own ports were not read from the registry: {row.source}"
    return replace(row, source=source)


def _ad_lds(host: Host, row: CatalogueRow, service: str, values: Mapping[str, int | None]) -> CatalogueRow | None:
    """Return the row of an instance; None unless both of its ports are known. A 0 is no fixed port."""
    del host
    ports = [values.get(LDAP_PORT), values.get(SSL_PORT)]
    if None in ports:
        return None
    source = f"{LDAP_PORT} and {SSL_PORT} in the registry; LDAP is TCP, that UDP matters is inferred"
    return replace(
        row,
        title=f"AD LDS (ADAM), instance {shown(service.partition('_')[2])}",
        ports=PortSet.from_ports(port for port in ports if port),
        source=source,
    )


def _wds(host: Host, row: CatalogueRow, service: str, values: Mapping[str, int | None]) -> CatalogueRow | None:
    """Return the row with the configured range, or without a range; None where neither is known.

    Plain 2008 does not know UdpPortPolicy. An absent or unknown policy leaves the range needed.
    """
    del service
    fixed = row.ports - row.choice
    if values.get(RANGE_POLICY) == ANY_FREE_PORT and host.family == "nt6_r2":
        title = "Windows Deployment Services: PXE; TFTP and multicast take any free port"
        return replace(
            row, title=title, ports=fixed, choice=_NONE, source=f"{RANGE_POLICY} 0 in the registry; KB977512"
        )
    first, last = values.get(RANGE_START), values.get(RANGE_END)
    if not first or not last or first > last:
        return None
    chosen = PortSet.from_ranges([(first, last)])
    return replace(
        row,
        title=f"Windows Deployment Services: PXE, TFTP and multicast (UDP {first}-{last})",
        ports=fixed | chosen,
        choice=chosen,
        source=f"{RANGE_START} and {RANGE_END} in the registry; {row.source}",
    )


_PORTS = {AD_LDS: (LDAP_PORT, SSL_PORT), WDS: (RANGE_START, RANGE_END)}
_READERS: dict[str, Callable[[Host, CatalogueRow, str, Mapping[str, int | None]], CatalogueRow | None]] = {
    AD_LDS: _ad_lds,
    WDS: _wds,
}
"""By the places of `_windows.configured_ports`."""
