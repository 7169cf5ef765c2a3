# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts of `test_whole_way` must show and plan, typed from Microsoft's documents and not from a run.

Versions, product types and suites: Operating System Version and OSVERSIONINFOEX; KB152078. Ranges: KB929851, and of XP
and 2003 the SBS 2003 article that quotes KB953230. ReservedPorts: KB812873. Ports of the services: KB832017, and for
BigFix forum.bigfix.com 23004. Each host's scenario names its sources.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import comb
from typing import Any

ABSENT = {"present": False}
DEFAULT_RANGE = {"start": 49152, "count": 16384}
EXCHANGE_2007_RANGE = {"start": 1025, "count": 58976}
AUTOMATIC, ON_DEMAND = 2, 3
RUNNING = {"state": 4, "start": AUTOMATIC, "win32_exit_code": 0}
PORT_TAKEN = {"state": 1, "start": AUTOMATIC, "win32_exit_code": 10048}
DISABLED = {"state": 1, "start": 4}
NOT_TRIGGERED = {"state": 1, "start": ON_DEMAND, "trigger_start": True}
RADIUS = ["1645-1646", "1812-1813"]


def hit(range_size: int, sockets: int, needed: int) -> float:
    """Return the chance that a pool of random ports has at least one of the needed ones."""
    return round(1 - comb(range_size - needed, sockets) / comb(range_size, sockets), 6)


@dataclass(frozen=True)
class Expected:
    """One host: what must be read, planned and written.

    Attributes:
        facts: part of the facts before the change.
        needs: ports by the name of the catalogue's row.
        conflict: port and service of the one conflict; None where nothing conflicts.
        plan: part of the plan before the change.
        risk: before the change, of the address family where it is higher; None without a pool.
        excluded: what SocketPoolExcludedPortRanges holds afterwards; None where it is not written.
        reserved: what ReservedPorts holds afterwards; None where it is absent.
        needs_reboot: whether the change takes effect only at the next boot, so that the whole way has one.
        netsh: ranges that netsh excludes afterwards, with a star.
        ends: the status afterwards.
        warnings: ids of the problems that remain.
        holds: ports that the service must hold afterwards.
        options: of the modules.
    """

    facts: dict[str, Any]
    needs: dict[str, list[str]]
    plan: dict[str, Any]
    conflict: tuple[int, str] | None = None
    risk: float | None = None
    excluded: list[str] | None = None
    reserved: list[str] | None = None
    needs_reboot: bool = False
    netsh: tuple[str, ...] = ()
    ends: str = "safe"
    warnings: frozenset[str] = frozenset()
    holds: tuple[int, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


HOSTS = {
    "2003-de": Expected(
        facts={
            "computer_name": "SRV2003DE",
            "os": {
                "release": "2003",
                "family": "nt5",
                "nt": "5.2",
                "build": 3790,
                "product": "Microsoft Windows Server 2003",
                "product_type": "LanmanNT",
                "suites": [],
                "sbs": False,
            },
            "settings": {
                "max_user_port": {"present": True, "type": "REG_DWORD", "data": 60000},
                "reserved_ports": ABSENT,
                "socket_pool_size": ABSENT,
                "socket_pool_excluded_port_ranges": ABSENT,
            },
            "dns": {"installed": True, "state": 4, "pool_present": "yes"},
            # netsh shows neither before Vista.
            "dynamic_ports": {"udp4": None, "udp6": None},
            "exclusions": {"udp4": None, "udp6": None},
            "services": {"IAS": RUNNING, "PolicyAgent": PORT_TAKEN, "RemoteAccess": DISABLED},
            "hotfixes": ["KB951746", "KB951748"],
        },
        needs={"ias": RADIUS, "ipsec": ["4500-4500"]},
        conflict=(4500, "PolicyAgent"),
        plan={
            "mechanism": "reserved_ports",
            "status": "conflict",
            # Server 2003 has no IPv6 unless somebody installs it.
            "pool_range": {"udp4": "1024-60000", "udp6": None},
        },
        risk=hit(60000 - 1024 + 1, 2500, 5),
        reserved=["1645-1646", "1812-1813", "4500-4500"],
        needs_reboot=True,
        holds=(500, 4500),
    ),
    "2008r2": Expected(
        facts={
            "computer_name": "SRV2008R2",
            "os": {
                "release": "2008r2",
                "family": "nt6_r2",
                "nt": "6.1",
                "build": 7601,
                "product": "Windows Server 2008 R2 Standard",
                "product_type": "ServerNT",
                "suites": ["Terminal Server"],
                "sbs": False,
            },
            "settings": {
                "max_user_port": ABSENT,
                "reserved_ports": {"present": True, "type": "REG_MULTI_SZ", "ranges": RADIUS},
                "socket_pool_size": ABSENT,
                "socket_pool_excluded_port_ranges": ABSENT,
            },
            "dns": {"installed": True, "state": 4, "pool_present": "yes"},
            "dynamic_ports": {"udp4": {"start": 1025, "count": 64511}, "udp6": DEFAULT_RANGE},
            "exclusions": {"udp4": [], "udp6": []},
            "services": {"IAS": PORT_TAKEN, "IKEEXT": NOT_TRIGGERED, "PolicyAgent": NOT_TRIGGERED},
        },
        needs={"ias": RADIUS, "ike": ["4500-4500"]},
        conflict=(1812, "IAS"),
        plan={
            "mechanism": "excluded_port_ranges",
            "status": "conflict",
            "pool_range": {"udp4": "1025-65535", "udp6": "49152-65535"},
        },
        risk=hit(64511, 2500, 5),
        excluded=["1645-1646", "1812-1813", "4500-4500"],
        # Left from instructions for Server 2003: without effect, and left alone.
        reserved=RADIUS,
        holds=(1645, 1646, 1812, 1813),
    ),
    "2016": Expected(
        facts={
            "computer_name": "DC2016",
            "os": {
                "release": "2016",
                "family": "nt6_r2",
                "nt": "10.0",
                "build": 14393,
                "product": "Windows Server 2016 Standard",
                "product_type": "LanmanNT",
                "suites": ["Terminal Server"],
                "sbs": False,
            },
            "settings": {
                "max_user_port": ABSENT,
                "reserved_ports": ABSENT,
                "socket_pool_size": {"present": True, "type": "REG_DWORD", "data": 5000},
                "socket_pool_excluded_port_ranges": ABSENT,
            },
            "dns": {"installed": True, "state": 4, "pool_present": "yes"},
            "dynamic_ports": {"udp4": DEFAULT_RANGE, "udp6": DEFAULT_RANGE},
            "exclusions": {"udp4": [{"start": 53000, "end": 53099, "administered": False}], "udp6": []},
            "services": {"BESClient": PORT_TAKEN, "IKEEXT": NOT_TRIGGERED, "PolicyAgent": NOT_TRIGGERED},
        },
        needs={"bigfix": ["52311-52311"], "ike": ["4500-4500"]},
        conflict=(52311, "BESClient"),
        plan={
            "mechanism": "excluded_port_ranges",
            "status": "conflict",
            "pool_range": {"udp4": "49152-65535", "udp6": "49152-65535"},
        },
        # Nobody can bind the ports of Windows NAT's block, so the pool is drawn from the others.
        risk=hit(16384 - 100, 5000, 1),
        excluded=["52311-52311"],
        holds=(52311,),
    ),
    "sbs2008": Expected(
        facts={
            "computer_name": "SBS2008",
            "os": {
                "release": "sbs2008",
                "family": "nt6",
                "nt": "6.0",
                "build": 6002,
                "product": "Windows (R) Small Business Server 2008",
                "product_type": "LanmanNT",
                "suites": ["Small Business(Restricted)", "Terminal Server"],
                "sbs": True,
            },
            "settings": {"max_user_port": ABSENT, "reserved_ports": ABSENT, "socket_pool_size": ABSENT},
            "dns": {"installed": True, "state": 4, "pool_present": "yes"},
            "dynamic_ports": {"udp4": EXCHANGE_2007_RANGE, "udp6": EXCHANGE_2007_RANGE},
            "exclusions": {"udp4": [], "udp6": []},
            "services": {"IAS": RUNNING, "IKEEXT": PORT_TAKEN, "MSExchangeIS": RUNNING},
        },
        needs={"ias": RADIUS, "ike": ["4500-4500"], "sql_server": ["1433-1433"]},
        conflict=(4500, "IKEEXT"),
        plan={
            "mechanism": "excluded_port_range_netsh",
            "status": "conflict",
            "pool_range": {"udp4": "1025-60000", "udp6": "1025-60000"},
        },
        risk=hit(58976, 2500, 5),
        # netsh excludes no port that a socket holds, and NPS runs: its ports are exposed until it starts behind DNS.
        netsh=("4500-4500",),
        ends="exposed",
        warnings=frozenset({"exclusion_port_held"}),
        holds=(500, 4500),
    ),
    "vista": Expected(
        facts={
            "computer_name": "VISTA01",
            "os": {
                "release": "vista",
                "family": "nt6",
                "nt": "6.0",
                "build": 6002,
                "product": "Windows Vista (TM) Business",
                "product_type": "WinNT",
                "suites": [],
                "sbs": False,
            },
            "settings": {"max_user_port": ABSENT, "reserved_ports": ABSENT},
            "dns": {"installed": False, "state": None},
            "dynamic_ports": {"udp4": DEFAULT_RANGE, "udp6": DEFAULT_RANGE},
            "exclusions": {"udp4": [], "udp6": []},
            "services": {"IKEEXT": RUNNING, "PolicyAgent": RUNNING},
        },
        needs={"ike": ["4500-4500"], "user": ["61000-61009"]},
        plan={
            "mechanism": "excluded_port_range_netsh",
            "status": "drifted",
            # No pool, but the random ports of the DNS client and of other programs come from it.
            "pool_range": {"udp4": "49152-65535", "udp6": "49152-65535"},
        },
        netsh=("61000-61009",),
        options={"use_netsh": True, "extra_ports": ["61000-61009"]},
    ),
    # A client: no DNS server, so neither conflict nor window. Without MaxUserPort its programs draw from 1025-5000, one
    # port at a time (KB929851): that is what 4500 is reserved against, as on any host up to 2003.
    "xp": Expected(
        facts={
            "computer_name": "XPCLIENT",
            "os": {
                "release": "xp",
                "family": "nt5",
                "nt": "5.1",
                "build": 2600,
                "product": "Microsoft Windows XP",
                "product_type": "WinNT",
                "suites": [],
                "sbs": False,
            },
            "settings": {
                "max_user_port": ABSENT,
                "reserved_ports": ABSENT,
                "socket_pool_size": ABSENT,
                "socket_pool_excluded_port_ranges": ABSENT,
            },
            "dns": {"installed": False, "state": None},
            "dynamic_ports": {"udp4": None, "udp6": None},
            "exclusions": {"udp4": None, "udp6": None},
            "services": {"PolicyAgent": RUNNING, "RemoteAccess": DISABLED},
            "hotfixes": ["KB951748"],
        },
        needs={"ipsec": ["4500-4500"]},
        plan={
            "mechanism": "reserved_ports",
            "status": "drifted",
            # No pool, but the random ports of the DNS client come from it (KB951748).
            "pool_range": {"udp4": "49152-65535", "udp6": None},
        },
        reserved=["4500-4500"],
        needs_reboot=True,
    ),
}
