# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogue rows beyond the recommended list for SBS 2003: services on current servers that the pool can block."""

from __future__ import annotations

from .row import ANOTHER, ASSUMED, KEY_LETTER, NO_PORTS, NT6, CatalogueRow, lenient_row, ports

LATER_ROWS: tuple[CatalogueRow, ...] = (
    CatalogueRow(
        name="ike",
        title="IKE and AuthIP keying modules: NAT-T (UDP 4500) and IKE (UDP 500)",
        service_keys=("IKEEXT",),
        ports=ports("4500"),
        verify_ports=ports("500"),
        profiles=("sbs2008", "sbs2011", "vpn"),
        families=NT6,
        start_while_dns_down=True,
        source="UDP in KB832017; trigger- or demand-started from 2008 R2 on, so stopped is normal there",
    ),
    lenient_row(
        name="ipsec_policy",
        title="IPsec Policy Agent, which leaves its ports to the keying modules",
        service_keys=("PolicyAgent",),
        ports=NO_PORTS,
        families=NT6,
        source="trigger- or demand-started from 2008 R2 on; from Vista on IKEEXT holds UDP 500 and 4500 (field)",
    ),
    lenient_row(
        name="wds",
        configured="wds",
        title="Windows Deployment Services: PXE (UDP 4011), TFTP and multicast (UDP 64001-65000)",
        service_keys=("WDSServer",),
        ports=ports("4011", "64001-65000"),
        choice=ports("64001-65000"),
        profiles=("wds",),
        start_while_dns_down=True,
        source="KB977512 (DNS takes WDS's range; UdpPortPolicy 0: any free port instead, from 2008 R2 on); Microsoft's"
        " 'Network Ports Used' of WDS (cc732918)",
    ),
    lenient_row(
        name="wireguard",
        title="WireGuard tunnel",
        service_patterns=(rf"WireGuardTunnel\${KEY_LETTER}{{1,60}}",),
        ports=ports("51820"),
        profiles=("vpn",),
        own_sockets=True,
        loss=ANOTHER,
        start_while_dns_down=True,
        source="key: services/names.go of wireguard-windows; field report micahmo/WgServerforWindows #188; the port is"
        " a setting of the tunnel, held by the driver or by the service, and kept in an encrypted file: not read; no"
        " tunnel starts without its port (SocketInit in wireguard-nt, tunnel/service.go in wireguard-windows)",
    ),
    lenient_row(
        name="netbird",
        title="NetBird",
        service_keys=("Netbird",),
        ports=ports("51820"),
        profiles=("vpn",),
        own_sockets=True,
        start_while_dns_down=True,
        source="field report netbirdio/netbird #5488: the service runs on while its interface does not come up; its"
        " port is a setting in a file: not read",
    ),
    lenient_row(
        name="openvpn",
        title="OpenVPN",
        service_keys=("OpenVPNService", "OpenVPNServiceLegacy"),
        ports=ports("1194"),
        profiles=("vpn",),
        own_sockets=True,
        start_while_dns_down=True,
        source="IANA's registry (openvpn, UDP 1194); port and protocol are settings in the tunnel's file: not read",
    ),
    CatalogueRow(
        name="bigfix",
        title="HCL BigFix client: notifications",
        service_keys=("BESClient",),
        ports=ports("52311"),
        start_while_dns_down=True,
        source="forum.bigfix.com 23004 (a task that reserves the client's port on DNS servers, 2008 to 2016)",
    ),
    lenient_row(
        name="admpwd_e",
        title="AdmPwd.E password decryption service",
        service_patterns=(rf"AdmPwd{KEY_LETTER}{{0,60}}",),
        ports=ports("61184"),
        protocol="both",
        loss=ASSUMED,
        source="field report; neither the service key nor the protocol is confirmed",
    ),
    lenient_row(
        name="ad_lds",
        configured="ad_lds",
        title="AD LDS (ADAM) over SSL as Exchange Edge sets it up",
        service_patterns=(rf"ADAM_{KEY_LETTER}{{1,60}}",),
        ports=ports("50636"),
        protocol="both",
        loss=ASSUMED,
        source="field report: documented as TCP, and yet lost to the pool (UDP 50636); only an assumption where the"
        " ports of the instance are not in the registry",
    ),
    lenient_row(
        name="quickbooks",
        title="QuickBooks Database Server Manager 2015 to 2018",
        service_patterns=(r"QuickBooksDB[0-9]{1,3}",),
        ports=ports("8019", "55363-55382", "56725-56728"),
        protocol="both",
        loss=ASSUMED,
        own_sockets=True,
        start_while_dns_down=True,
        source="Intuit's firewall settings for QuickBooks Desktop; written for TCP, UDP is not confirmed; later"
        " versions choose their port at installation (name it in extra_ports)",
    ),
    lenient_row(
        name="teredo",
        title="Teredo server of DirectAccess",
        service_keys=("iphlpsvc",),
        requires=("RaMgmtSvc",),
        ports=ports("3544"),
        profiles=("vpn",),
        families=NT6,
        source="RFC 4380 and KB968510 (UDP 3544); that the Remote Access management service marks a server is inferred",
    ),
    lenient_row(
        name="sip",
        title="SIP of a telephone system",
        ports=ports("5060"),
        protocol="both",
        profiles=("voip",),
        detection="profile_only",
        source="RFC 3261 (UDP and TCP 5060); telephone systems have too many service keys to look for",
    ),
    CatalogueRow(
        name="kms",
        title="Key Management Service host",
        ports=ports("1688"),
        protocol="tcp",
        profiles=("kms",),
        detection="profile_only",
        source="Microsoft's volume activation documents (TCP 1688, not checked); its service is on every Windows",
    ),
)
"""In the order in which they follow the rows of the SBS 2003 list."""
