# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `_anonymise` leaves in a transcript, in lower case: words that Windows and our own tools print everywhere.

A word that is missing here costs a contributed transcript some colour; a word too many may be somebody's name.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.lower().split())


COMMON = _words("""
    HKEY_LOCAL_MACHINE SYSTEM CurrentControlSet ControlSet001 ControlSet002 ControlSet003 Services SOFTWARE Wow6432Node
    Microsoft Windows NT CurrentVersion Control Parameters Tcpip DNS portkeeper state TriggerInfo
""")
"""Parts of registry paths that parsers look at."""

_PRODUCT = _words("""
    2000 XP 2003 2008 2012 2016 2019 2022 2025 R2 Server Small Business Standard Essentials Enterprise Datacenter Web
    Foundation Professional Home Pro Edition Restricted Terminal Personal Blade Storage Compute Embedded Premium
    Service Pack for with Vista Client Evaluation Core Hyper WinNT LanmanNT ServerNT ServerStandard
    ServerDatacenter ServerEnterprise ServerSolution Obsolete data do not use
""")

OF_SECTION = {
    "ver": _words("Version"),
    "current_version": _PRODUCT | _words("HotFix"),
    "product_options": _PRODUCT | _words("ProductOptions"),
    "services": _words("""
        SERVICE_NAME DISPLAY_NAME TYPE STATE WIN32_EXIT_CODE SERVICE_EXIT_CODE CHECKPOINT WAIT_HINT PID FLAGS
        WIN32_OWN_PROCESS WIN32_SHARE_PROCESS WIN32 interactive STOPPED START_PENDING STOP_PENDING RUNNING
        CONTINUE_PENDING PAUSE_PENDING PAUSED STOPPABLE NOT_STOPPABLE PAUSABLE NOT_PAUSABLE ACCEPTS_SHUTDOWN
        IGNORES_SHUTDOWN ACCEPTS_PRESHUTDOWN IGNORES_PRESHUTDOWN
    """),
    "dns_dependents": _words("""
        Enum entriesRead SERVICE_NAME DISPLAY_NAME TYPE STATE WIN32_EXIT_CODE SERVICE_EXIT_CODE CHECKPOINT WAIT_HINT
        WIN32_OWN_PROCESS WIN32_SHARE_PROCESS STOPPED RUNNING STOPPABLE NOT_STOPPABLE PAUSABLE NOT_PAUSABLE
        ACCEPTS_SHUTDOWN IGNORES_SHUTDOWN
    """),
    "tasklist": _words("""
        exe System Idle Process smss csrss winlogon services lsass svchost spoolsv dns inetinfo store sqlservr msdtc
        dfsr dfssvc ntfrs ismserv wins tcpsvcs explorer Console Services
    """),
    "netstat": _words("packed UDP UDPv4 UDPv6 TCP Active Connections Proto Local Foreign Address State PID"),
    "dynamicport_udp4": _words("Protocol udp Dynamic Port Range Start Number of Ports"),
    "dynamicport_udp6": _words("Protocol udp Dynamic Port Range Start Number of Ports"),
    "excluded_udp4": _words("Protocol udp Port Exclusion Ranges Start End Administered port exclusions"),
    "excluded_udp6": _words("Protocol udp Port Exclusion Ranges Start End Administered port exclusions"),
    "sql_ports": _words("MSSQLServer SQL Server SuperSocketNetLib Tcp IPAll"),
    "boot": _words("Session Manager Memory Management PrefetchParameters"),
    "hotfixes": _words("HotFix"),
    "state": _words("""
        max_user_port reserved_ports socket_pool_size socket_pool_excluded_port_ranges excluded_udp4 excluded_udp6
        absent Policies RegisteredApplications Program Groups Secure Migration Status
    """),
}
"""Further words by section: what is harmless in one may be a name in another."""

VALUES = _words("""
    MaxUserPort ReservedPorts SocketPoolSize SocketPoolExcludedPortRanges TcpPort TcpDynamicPorts ProductType
    ProductSuite CurrentVersion CurrentBuild CurrentBuildNumber CurrentMajorVersionNumber CurrentMinorVersionNumber
    ProductName CSDVersion InstallationType EditionID UBR Start ShutdownTime BootId value boot_mark dns_pid
""")
"""Names of registry values whose data is kept, as far as it is made of numbers and harmless words."""

BINARY = _words("MaxUserPort ReservedPorts SocketPoolSize SocketPoolExcludedPortRanges ShutdownTime boot_mark")
"""Those whose data may be hexadecimal digits."""
