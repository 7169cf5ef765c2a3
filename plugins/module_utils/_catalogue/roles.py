# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogue rows of Microsoft's roles and agents that run on DNS servers.

"KB832017" is Microsoft's overview of services and ports, today in SupportArticles-docs; "Ports used in Configuration
Manager" is in memdocs. Only a profile reserves the ports of roles whose service is on every server, or that no service
shows.
"""

from __future__ import annotations

from .row import ASSUMED, KEY_LETTER, NT5, NT6, CatalogueRow, lenient_row, ports

ROLE_ROWS: tuple[CatalogueRow, ...] = (
    lenient_row(
        name="ad_lds_on_dc",
        configured="ad_lds",
        only_assumed=True,
        title="AD LDS (ADAM) on a domain controller: the ports of its first instance",
        service_patterns=(rf"ADAM_{KEY_LETTER}{{1,60}}",),
        product_types=("LanmanNT",),
        ports=ports("50000-50001"),
        protocol="both",
        loss=ASSUMED,
        source="Microsoft's 'Specifying communication ports' (cc757433): where 389 and 636 are taken, the first free"
        " ports from 50000 on; they are TCP, that UDP matters is inferred; only an assumption where the ports of the"
        " instance are not in the registry",
    ),
    lenient_row(
        name="defender_for_identity",
        title="Microsoft Defender for Identity sensor: RADIUS accounting",
        service_keys=("AATPSensor",),
        ports=ports("1813"),
        families=NT6,
        start_while_dns_down=True,
        source="'Prerequisites' of Defender for Identity in ATADocs (UDP 1813, optional); key: public scripts",
    ),
    lenient_row(
        name="rd_gateway",
        title="Remote Desktop Gateway: UDP transport",
        service_keys=("TSGateway",),
        ports=ports("3391"),
        families=NT6,
        start_while_dns_down=True,
        source="public firewall rules for RD Gateway (UDP 3391); key: public scripts that renew its certificate",
    ),
    lenient_row(
        name="rdp",
        title="Remote Desktop",
        ports=ports("3389"),
        protocol="both",
        profiles=("rdp",),
        detection="profile_only",
        source="TCP in KB832017; UDP from RDP 8.0 on (field); its service is on every Windows",
    ),
    lenient_row(
        name="ris",
        title="Remote Installation Services: PXE",
        service_keys=("BINLSVC",),
        ports=ports("4011"),
        families=NT5,
        start_while_dns_down=True,
        source="KB832017 (BINL, UDP 4011, with its key)",
    ),
    lenient_row(
        name="windows_media",
        title="Windows Media Services",
        service_keys=("WMServer",),
        ports=ports("1755", "2460", "5004-5005"),
        start_while_dns_down=True,
        source="KB832017 (MMS 1755, MS Theater 2460, RTP 5004, RTCP 5005, with its key)",
    ),
    lenient_row(
        name="branchcache",
        title="BranchCache: discovery",
        service_keys=("PeerDistSvc",),
        ports=ports("3702"),
        families=NT6,
        source="KB832017 (UDP 3702); key: public scripts that set its Start",
    ),
    lenient_row(
        name="configmgr_pxe",
        title="Configuration Manager: PXE responder without WDS",
        service_keys=("SccmPxe",),
        ports=ports("4011"),
        families=NT6,
        start_while_dns_down=True,
        source="'Ports used in Configuration Manager' (BINL, UDP 4011); key: memdocs, distribution point",
    ),
    lenient_row(
        name="configmgr_multicast",
        title="Configuration Manager: multicast of a distribution point",
        ports=ports("63000-64000"),
        choice=ports("63000-64000"),
        profiles=("configmgr",),
        detection="profile_only",
        source="'Ports used in Configuration Manager' (UDP 63000-64000); no service shows that multicast is on",
    ),
    lenient_row(
        name="configmgr_wake_up",
        title="Configuration Manager: wake-up proxy and Windows PE peer cache",
        ports=ports("8004", "25536"),
        profiles=("configmgr",),
        detection="profile_only",
        source="'Ports used in Configuration Manager' (UDP 25536 and 8004); the service key is not confirmed",
    ),
)
"""In the order in which they follow the rows of later.py."""
