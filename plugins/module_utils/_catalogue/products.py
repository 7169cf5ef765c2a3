# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogue rows of products of other vendors: agents, VPNs, licence servers and databases.

Usually their ports are settings of the product, and some products bind them only if a feature is on. So a port that is
not held is not a problem, but a port that DNS holds is one.
"""

from __future__ import annotations

from .._ports import PortSet
from .row import ASSUMED, HARM, KEY_LETTER, NO_PORTS, REPLACED, CatalogueRow, lenient_row


def _product(  # noqa: PLR0913 - one argument per column of the table below
    name: str,
    title: str,
    ports: str,
    source: str,
    *,
    keys: tuple[str, ...] = (),
    patterns: tuple[str, ...] = (),
    protocol: str = "udp",
    profiles: tuple[str, ...] = (),
    own_sockets: bool = False,
    loss: str = HARM,
    any_of_them: bool = False,
) -> CatalogueRow:
    """Return the row of a product that may leave its ports unheld and may be started while DNS is down."""
    detected, numbers = bool(keys or patterns), PortSet.from_text(ports.split())
    return lenient_row(
        name=name,
        title=title,
        service_keys=keys,
        service_patterns=patterns,
        ports=numbers,
        choice=numbers if any_of_them else NO_PORTS,
        protocol=protocol,
        profiles=profiles,
        detection="any_service" if detected else "profile_only",
        own_sockets=own_sockets,
        loss=loss,
        start_while_dns_down=detected,
        source=source,
    )


PRODUCT_ROWS: tuple[CatalogueRow, ...] = (
    _product(
        "apc_powerchute",
        "APC PowerChute Network Shutdown",
        "3052",
        "APC's FAQ FA373363 (UDP 3052 from the network management card, TCP 3052 of the web page); key: field report,"
        " SBS 2003 with dns.exe on 3052",
        keys=("PCNS1",),
        protocol="both",
    ),
    _product(
        "acronis_agent",
        "Acronis agent: discovery and management",
        "9876",
        "manual of Acronis True Image for Windows Small Business Server (UDP 9876 has no substitute, TCP 9876 has one);"
        " the keys are not confirmed",
        keys=("AcronisAgent", "MMS"),
        protocol="both",
    ),
    _product(
        "intel_pds",
        "Intel PDS of Symantec AntiVirus 10 and earlier: discovery of servers",
        "38293",
        "Symantec's TECH101169 (38293); that UDP matters and the key are from public lists, not from this document",
        keys=("Intel PDS",),
        protocol="both",
    ),
    _product(
        "kaspersky_agent",
        "Kaspersky Network Agent",
        "15000",
        "Kaspersky's 'Managing the security application' (158525: UDP 15000, opened by klnagent); key: public scripts",
        keys=("klnagent",),
    ),
    _product(
        "kaspersky_server",
        "Kaspersky Security Center Administration Server",
        "13000",
        "Kaspersky's help 3907 (UDP 13000: devices report that they shut down); key: public scripts",
        keys=("kladminserver",),
        protocol="both",
    ),
    _product(
        "trellix_agent",
        "Trellix (McAfee) Agent: peer-to-peer and relay discovery",
        "8082-8083",
        "Trellix's 'Ports used by Trellix Agent' (UDP 8082, and 8083 for older relays); keys: public lists of services",
        keys=("masvc", "macmnsvc", "McAfeeFramework"),
    ),
    _product(
        "altiris_agent",
        "Symantec (Altiris) Management Agent: power management",
        "52028-52029",
        "Symantec's DOC1892 (52028, and 52029 for multicast; written for TCP/IP, UDP is not confirmed); the key is"
        " from public scripts, not from the vendor",
        keys=("AeXNSClient",),
        protocol="both",
        loss=ASSUMED,
    ),
    _product(
        "sophos_stas",
        "Sophos Transparent Authentication Suite (STAS)",
        "5566 6677",
        "field report; neither the service key nor the ports are confirmed by a page of Sophos: name the key in"
        " catalogue_extra",
        protocol="both",
        profiles=("sophos_stas",),
    ),
    _product(
        "duo_proxy",
        "Duo Authentication Proxy: RADIUS",
        "1812",
        "its sample authproxy.cfg (radius_server_auto, port 1812); key: public scripts",
        keys=("DuoAuthProxy",),
        own_sockets=True,
    ),
    _product(
        "tailscale",
        "Tailscale",
        "41641",
        "key: tailscaled_windows.go; UDP 41641 in public firewall rules; a taken port is replaced by another",
        keys=("Tailscale",),
        loss=REPLACED,
    ),
    _product(
        "zerotier",
        "ZeroTier One",
        "9993",
        "source of ZeroTierOne (ZT_DEFAULT_PORT; key: ZT_SERVICE_NAME)",
        keys=("ZeroTierOneService",),
    ),
    _product(
        "nebula",
        "Nebula",
        "4242",
        "key: cmd/nebula-service of nebula; UDP 4242 in public compose files; the port is a setting",
        keys=("Nebula",),
        own_sockets=True,
    ),
    _product(
        "softether",
        "SoftEther VPN Server: OpenVPN clients",
        "1194",
        "source of SoftEther VPN (SERVER_DEF_PORTS_3; key: GC_SVC_NAME_VPNSERVER); that UDP has the same port as TCP"
        " is not confirmed",
        keys=("SEVPNSERVER",),
        protocol="both",
        loss=ASSUMED,
    ),
    _product(
        "consul",
        "HashiCorp Consul: gossip and DNS",
        "8301-8302 8600",
        "Consul's documentation (LAN 8301, WAN 8302, DNS 8600, each TCP and UDP; key: its page on Windows services)",
        keys=("Consul",),
        protocol="both",
    ),
    _product(
        "nomad",
        "HashiCorp Nomad: gossip",
        "4648",
        "public images of Nomad (4648, TCP and UDP); key: public scripts",
        keys=("Nomad",),
        protocol="both",
    ),
    _product(
        "docker_swarm",
        "Docker swarm mode: overlay network and discovery",
        "4789 7946",
        "Docker's documentation of swarm mode (UDP 4789, 7946); key: Microsoft's container documentation",
        keys=("docker",),
        protocol="both",
    ),
    _product(
        "datadog",
        "Datadog Agent: DogStatsD",
        "8125",
        "Datadog's agent configuration (dogstatsd_port 8125, UDP); key: its troubleshooting pages",
        keys=("datadogagent",),
        own_sockets=True,
    ),
    _product(
        "anydesk",
        "AnyDesk: discovery",
        "50001-50003",
        "AnyDesk's help on firewalls (discovery takes a free port of 50001-50003); key: public scripts",
        keys=("AnyDesk", "AnyDeskMSI"),
        any_of_them=True,
    ),
    _product(
        "pcanywhere",
        "Symantec pcAnywhere host: status",
        "5632",
        "IANA's registry (pcanywherestat, UDP 5632); key: public scripts",
        keys=("awhost32",),
    ),
    _product(
        "bonjour",
        "Bonjour (multicast DNS)",
        "5353",
        "RFC 6762 (UDP 5353); key: public source that opens the service by this name",
        keys=("Bonjour Service",),
    ),
    _product(
        "unifi",
        "UniFi Network controller: STUN and discovery",
        "3478 10001",
        "public lists of its ports (UDP 3478 and 10001); key: public scripts around ace.jar",
        keys=("Unifi",),
    ),
    _product(
        "urbackup_client",
        "UrBackup client: discovery",
        "35622-35623",
        "public firewall rules for UrBackup (UDP 35622-35623); key: public scripts",
        keys=("UrBackupClientBackend",),
    ),
    _product(
        "networker",
        "Dell NetWorker client",
        "7937-7938",
        "port lists (7937 nsrexecd, 7938 lgtomapper) and public firewall rules, TCP and UDP; key: public scripts",
        keys=("nsrexecd",),
        protocol="both",
    ),
    _product(
        "sql_anywhere",
        "SAP SQL Anywhere (Sybase ASA): discovery of the server",
        "2638",
        "nmap's broadcast-sybase-asa-discover (2638); keys: public scripts",
        patterns=(rf"SQLANYs_{KEY_LETTER}{{1,60}}",),
        protocol="both",
    ),
    _product(
        "sentinel_ldk",
        "Sentinel LDK (HASP) License Manager",
        "1947",
        "IANA's registry (sentinelsrm, TCP and UDP 1947); key: public source that opens the service by this name",
        keys=("hasplms",),
        protocol="both",
    ),
    _product(
        "sentinel_rms",
        "Sentinel RMS License Manager",
        "5093",
        "installation notes of products that use it (UDP 5093, and the key)",
        keys=("Sentinel RMS License Manager",),
    ),
    _product(
        "codemeter",
        "WIBU CodeMeter licence server",
        "22350",
        "security advisories that name CodeMeter (TCP and UDP 22350); key: public scripts",
        keys=("CodeMeter.exe",),
        protocol="both",
    ),
)
"""In the order in which they follow the rows of roles.py."""
