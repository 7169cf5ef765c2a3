# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts from 2008 to 2025 for the tests of their plans."""

from __future__ import annotations

from typing import Any

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    ABSENT,
    LSASS_PID,
    ranges,
    server_2019,
    service,
    socket,
    starred,
    with_dns,
)

DEFAULT_RANGE = {"start": 49152, "count": 16384}
EXCHANGE_RANGE = {"start": 1025, "count": 58976}
TMG_RANGE = {"start": 10000, "count": 55536}
DNS_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\DNS\Parameters"
DNS_FREE = {"udp4": ["53-53"], "udp6": ["53-53"]}
ALL_FREE: dict[str, Any] = {"udp_endpoints": [], "udp_ports": {"udp4": [], "udp6": []}}
STOPPED_10048 = service(state=1, exit_code=10048)


def host(release: str, build: int, nt: str = "10.0", family: str = "nt6_r2", **changes: Any) -> dict[str, Any]:
    """Return a DNS server of a release with nothing but DNS and IPsec; `os` may be refined by changes."""
    system = {"release": release, "family": family, "nt": nt, "build": build, **changes.pop("os", {})}
    settings = {"max_user_port": ABSENT, "reserved_ports": ABSENT, **changes.pop("settings", {})}
    made = server_2019(os=system, settings=settings, **{**ALL_FREE, **changes})
    made["services"] = changes.get("services", {})
    return with_dns(made)


def needs(found: dict[str, Any]) -> list[tuple[str, str, bool, bool]]:
    """Service, ports, in the pool's range, exposed: of each need."""
    return [
        (need["service"], " ".join(need["ports"]), need["in_pool_range"], need["exposed"]) for need in found["needs"]
    ]


def written(found: dict[str, Any]) -> dict[str, Any]:
    """Return what each setting is to be."""
    return {entry["id"]: entry["after"] for entry in found["settings"]}


def host_2008(**changes: Any) -> dict[str, Any]:
    """2008 with Exchange 2007's dynamic range over IPv4; DNS drew RADIUS's 1645, so NPS is down."""
    parts: dict[str, Any] = {
        "settings": {"reserved_ports": ranges("1645-1646", "1812-1813")},
        "dynamic_ports": {"udp4": EXCHANGE_RANGE, "udp6": DEFAULT_RANGE},
        "exclusions": {"udp4": starred("50000-50059"), "udp6": []},
        "dns": {"udp_ports": {"udp4": ["53-53", "1645-1645"], "udp6": ["53-53"]}},
        "services": {"IAS": STOPPED_10048, "IKEEXT": service(pid=LSASS_PID)},
        "udp_endpoints": [socket(500, LSASS_PID, "lsass.exe"), socket(4500, LSASS_PID, "lsass.exe")],
        "udp_ports": {"udp4": ["500-500", "4500-4500"], "udp6": []},
    }
    return host("2008", 6002, "6.0", "nt6", **{**parts, **changes})
