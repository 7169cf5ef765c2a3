# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogue rows of SBS 2003's recommended list: how to detect each service, which ports it needs, and the source.

The recommended list for SBS 2003 comes from the article "SBS 2003 Troubleshooting: DNS server 'ReservedPort' fix
needed on all servers", which quotes KB953230; the rows call it the SBS 2003 article. Protocols are those of KB832017
where that document has the service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._ports import PortSet
from .extra import row_from_extra
from .later import LATER_ROWS
from .products import PRODUCT_ROWS
from .roles import ROLE_ROWS
from .row import NT5, SERVICE_NAME_RE, CatalogueError, CatalogueRow, KeyMatcher, key_matcher, may_never_start

__all__ = [
    "CATALOGUE",
    "PROFILES",
    "PROFILE_SOURCES",
    "SERVICE_NAME_RE",
    "CatalogueError",
    "CatalogueRow",
    "is_catalogued",
    "may_never_start",
    "rows_from_extra",
]

_ARTICLE = "SBS 2003 article (KB953230)"


def _ports(*entries: str) -> PortSet:
    return PortSet.from_text(entries)


CATALOGUE: tuple[CatalogueRow, ...] = (
    CatalogueRow(
        name="isa_socks",
        title="SOCKS of ISA Server",
        service_keys=("fwsrv", "wspsrv"),
        ports=_ports("1080"),
        protocol="tcp",
        profiles=("sbs2003",),
        never_start=True,
        source=f"{_ARTICLE}; TCP in KB832017; that wspsrv is the key of ISA 2000 is not confirmed",
    ),
    CatalogueRow(
        name="sql_server",
        title="Microsoft SQL Server",
        service_keys=("MSSQLSERVER",),
        service_patterns=(r"MSSQL\$[A-Za-z0-9_.$-]{1,60}",),
        ports=_ports("1433"),
        protocol="tcp",
        profiles=("sbs2003", "sbs2008", "sbs2011"),
        source=f"{_ARTICLE}; TCP in KB832017; the ports of other instances come from SuperSocketNetLib\\Tcp",
    ),
    CatalogueRow(
        name="sql_browser",
        title="SQL Server Browser",
        service_keys=("SQLBrowser",),
        ports=_ports("1434"),
        protocol="udp",
        profiles=("sbs2003", "sbs2008", "sbs2011"),
        start_while_dns_down=True,
        source=f"{_ARTICLE}; UDP in KB832017",
    ),
    CatalogueRow(
        name="sql_resolution",
        title="Instance resolution of SQL Server 2000 and MSDE, which have no Browser service",
        service_keys=("MSSQLSERVER",),
        service_patterns=(r"MSSQL\$[A-Za-z0-9_.$-]{1,60}",),
        ports=_ports("1434"),
        protocol="udp",
        families=NT5,
        hold="never",
        holder="any_but_dns",
        source=f"{_ARTICLE}; UDP in KB832017; later versions leave the port to SQLBrowser, so it need not be held",
    ),
    CatalogueRow(
        name="ias",
        title="IAS / NPS (RADIUS)",
        service_keys=("IAS",),
        ports=_ports("1645-1646", "1812-1813"),
        protocol="udp",
        profiles=("sbs2003", "sbs2008", "sbs2011", "radius"),
        own_sockets=True,
        start_while_dns_down=True,
        source=f"{_ARTICLE}; KB956189 (event 7023 of IAS on SBS); UDP in KB832017; other ports are kept in ias.mdb or"
        " ias.xml, not in the registry: name them in extra_ports",
    ),
    CatalogueRow(
        name="l2tp",
        title="L2TP (Routing and Remote Access)",
        service_keys=("RemoteAccess",),
        ports=_ports("1701"),
        protocol="udp",
        profiles=("sbs2003", "sbs2008", "sbs2011", "vpn"),
        hold="never",
        holder="system",
        start_while_dns_down=True,
        source=f"{_ARTICLE}; UDP in KB832017; held by System (PID 4), and only where L2TP ports are configured",
    ),
    CatalogueRow(
        name="h323_gatekeeper",
        title="H.323 Gatekeeper of ISA Server 2000, registration",
        service_keys=("GKSVC",),
        ports=_ports("1718-1719"),
        protocol="udp",
        profiles=("sbs2003",),
        never_start=True,
        source=f"{_ARTICLE}; that GKSVC is the key is not confirmed",
    ),
    CatalogueRow(
        name="h323_calls",
        title="H.323 Gatekeeper of ISA Server 2000, calls",
        service_keys=("GKSVC",),
        ports=_ports("1720"),
        protocol="tcp",
        profiles=("sbs2003",),
        never_start=True,
        source=f"{_ARTICLE}; TCP in KB832017",
    ),
    CatalogueRow(
        name="isa_client_2000",
        title="ISA Server 2000 client",
        service_keys=("wspsrv",),
        ports=_ports("1745"),
        protocol="both",
        profiles=("sbs2003",),
        families=NT5,
        hold="never",
        holder="any_but_dns",
        never_start=True,
        source=f"{_ARTICLE}; UDP only with ISA 2000 (KB832017); that wspsrv is the key is not confirmed",
    ),
    CatalogueRow(
        name="isa_client_2004",
        title="ISA Server 2004 client",
        service_keys=("fwsrv",),
        ports=_ports("1745"),
        protocol="tcp",
        never_start=True,
        source=f"{_ARTICLE}; UDP only with ISA 2000 (KB832017)",
    ),
    CatalogueRow(
        name="msmq",
        title="Message Queuing (MSMQ)",
        service_keys=("MSMQ",),
        ports=_ports("1801"),
        protocol="both",
        profiles=("sbs2003",),
        hold="never",
        holder="any_but_dns",
        start_while_dns_down=True,
        source=f"{_ARTICLE}; TCP and UDP in KB832017; a running MSMQ need not hold UDP 1801",
    ),
    CatalogueRow(
        name="autd",
        title="Always-up-to-date notifications (AUTD) of Exchange Server 2003",
        service_keys=("MSExchangeIS",),
        requires=("W3SVC",),
        ports=_ports("2883"),
        protocol="udp",
        profiles=("sbs2003",),
        families=NT5,
        hold="never",
        holder="any_but_dns",
        never_start=True,
        source=f"{_ARTICLE}; KB956189 (events 3015 and 3024, 0x80004005); has no service of its own and binds late",
    ),
    CatalogueRow(
        name="cluster",
        title="Cluster service",
        service_keys=("ClusSvc",),
        ports=_ports("3343"),
        protocol="udp",
        profiles=("sbs2003", "sbs2008", "sbs2011"),
        hold="never",
        holder="any_but_dns",
        never_start=True,
        source=f"{_ARTICLE}: 3343-3343 is present on many systems; UDP in KB832017; held by the kernel or the service",
    ),
    CatalogueRow(
        name="isa_2000",
        title="ISA Server 2000",
        service_keys=("wspsrv",),
        ports=_ports("3500-3619"),
        protocol="both",
        profiles=("sbs2003",),
        families=NT5,
        hold="never",
        holder="any_but_dns",
        never_start=True,
        source=f"{_ARTICLE}, which names no protocol; that wspsrv is the key is not confirmed",
    ),
    CatalogueRow(
        name="blackberry",
        title="BlackBerry Enterprise Server",
        service_keys=(),
        service_patterns=(r"BlackBerry[A-Za-z0-9_.$ -]{0,70}",),
        ports=_ports("4070-4071"),
        protocol="both",
        profiles=("sbs2003", "sbs2008", "sbs2011"),
        hold="never",
        holder="any_but_dns",
        start_while_dns_down=True,
        source=f"{_ARTICLE}, which names neither the protocol nor which of the product's services binds",
    ),
    CatalogueRow(
        name="ipsec",
        title="IPSEC Services: NAT-T (UDP 4500) and IKE (UDP 500)",
        service_keys=("PolicyAgent",),
        ports=_ports("4500"),
        verify_ports=_ports("500"),
        protocol="udp",
        profiles=("sbs2003",),
        families=NT5,
        start_while_dns_down=True,
        source=f"{_ARTICLE}; KB956189; UDP in KB832017; when it fails, the IPsec driver blocks (event 4292)",
    ),
    *LATER_ROWS,
    *ROLE_ROWS,
    *PRODUCT_ROWS,
)

PROFILE_SOURCES: dict[str, str] = {
    "configmgr": "Microsoft's 'Ports used in Configuration Manager'; no service shows which features are on",
    "kms": "the services do not show whether it is a KMS host",
    "radius": "KB956189 and field reports: RADIUS on a domain controller",
    "rdp": "TCP in KB832017, UDP from RDP 8.0 on; its service is on every Windows",
    "sbs2003": f"the recommended list of the {_ARTICLE}",
    "sbs2008": "inferred: the SBS 2003 list without ISA, H.323 and AUTD, which SBS 2008 does not have",
    "sbs2011": "inferred: the same as for SBS 2008",
    "sophos_stas": "field report; its service key is not known",
    "voip": "RFC 3261",
    "vpn": "KB832017 (L2TP, IKE), IANA's registry and field reports",
    "wds": "KB977512",
}
"""The profiles that rows name, and where their ports come from or why they exist; ``auto`` is not one of them."""
PROFILES: tuple[str, ...] = tuple(sorted(PROFILE_SOURCES))


def _matcher(rows: Sequence[CatalogueRow], more: Iterable[str] = ()) -> KeyMatcher:
    """Return what matches the service keys of rows, and more keys."""
    keys = {*more, *(key for row in rows for key in row.service_keys)}
    patterns = {pattern for row in rows for pattern in row.service_patterns}
    return key_matcher(tuple(sorted(keys)), tuple(sorted(patterns)))


_LOOKED_AT = _matcher(CATALOGUE, more=(key for row in CATALOGUE for key in row.requires))
_BY_SOCKETS = _matcher([row for row in CATALOGUE if row.own_sockets])


def is_catalogued(service: str) -> bool:
    """Return whether a row of the built-in catalogue matches this service key."""
    return _LOOKED_AT.matches(service)


def may_have_other_ports(service: str) -> bool:
    """Return whether the port of this service is a setting that only the sockets of its process may show."""
    return _BY_SOCKETS.matches(service)


def rows_from_extra(entries: Iterable[Mapping[str, Any]]) -> tuple[CatalogueRow, ...]:
    """Convert the option ``catalogue_extra`` to rows that follow the built-in ones.

    Args:
        entries: mappings with name, services and ports, and optionally title, protocol (udp), hold (when_running),
            holder (service_pid), own_sockets (false) and start_while_dns_down (false).

    Raises:
        CatalogueError: for the first entry that is not valid.
    """
    rows: list[CatalogueRow] = []
    taken = {row.name for row in CATALOGUE}
    for position, entry in enumerate(entries, start=1):
        row = row_from_extra(entry, f"entry {position} of catalogue_extra")
        if row.name in taken:
            raise CatalogueError(f"entry {position} of catalogue_extra: the name {row.name!r} is taken already")
        taken.add(row.name)
        rows.append(row)
    return tuple(rows)
