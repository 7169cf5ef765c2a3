# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of a transcript, one row each. All other code that knows sections is derived from them.

The collector runs their commands, collect.cmd what stands in for them, the readers of facts go by their rules, and an
anonymous transcript keeps their harmless words. The table holds no user data; what a release lacks gives an empty
section with an error level (a missing program is 1 or 9009).
"""

from __future__ import annotations

from .._windows.configured_ports import PORT_VALUES
from .._windows.settings import DNS_KEY, NETSH, NETSH_PREFIX, OWN_KEY, RANGE_PREFIX, TCPIP_KEY, Setting
from .row import BLOCK, INFORMATION, PACKED, ROW, SECTION, Export, SectionRow, SectionRule, words

_PACKED_LINE = 900
"""Characters from which on a line of packed rows is printed: cmd takes long over each line and over a long variable."""

_NT = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"
_SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"

_SERVICE_LIST = "sc.exe queryex type= service state= all bufsize="
_SQL_KEYS = ("Microsoft SQL Server", "MSSQLServer")

HOTFIXES = ("951746", "951748", "958644", "961063", "2562485", "2647170")
"""Updates whose presence is reported on NT5: MS08-037 server and client, MS08-067, and the later DNS server updates
MS09-008, MS11-058 and MS12-017 that replace 951746."""


def _packed_sockets() -> str:
    """Render all UDP rows of netstat, many per line: three quarters of an aligned row are spaces.

    A row that does not begin with the protocol's name is printed unchanged, for the parser to check. All of it stands
    in quotes for a cmd of its own, which expands variables late.
    """
    rows = "netstat.exe -ano -p udp^&netstat.exe -ano -p udpv6"
    is_long = f'not "!l:~0,{_PACKED_LINE}!"=="!l!"'
    each = f"set l=!l! %b,%c,%d&(if {is_long} (echo !l!&set l={PACKED}))"
    loop = f"""for /f "tokens=1-4" %a in ('{rows}') do @if /i "%a"=="udp" ({each}) else echo %a %b %c %d"""
    return f'cmd.exe /d /v:on /c "set l={PACKED}&({loop})&echo !l!"'


def _sql_ports() -> str:
    keys = [
        rf'reg.exe query "HKLM\SOFTWARE\{node}Microsoft\{key}" /s'
        for node in ("", "Wow6432Node\\")
        for key in _SQL_KEYS
    ]
    return f'({"&".join(keys)})|findstr.exe /i /r /c:"SuperSocketNetLib[\\\\]Tcp" /c:"Tcp.*Port.*REG_SZ"'


_ANY_FRONT = "any text in front of the first key"
_REMARK = f"{_ANY_FRONT}; a remark behind an empty line; no-break spaces between columns"
_TABLE = "any text in front of the rule of dashes"
_PEOPLE = SectionRule(INFORMATION, None, "anything", "none")
_VALUES = SectionRule(
    SECTION,
    "error",
    _REMARK,
    "no value of the section is known; a value is absent only where an empty line or another key is behind the values",
)
_DYNAMIC = SectionRule(SECTION, "error", _TABLE, "the range is not known")
_EXCLUDED = SectionRule(
    SECTION,
    "error",
    f"{_TABLE} or of the first row; the remark that begins with a star, and text behind it",
    "the ranges are not known; there are none only below the rule of dashes (on Vista and 2008 a warning)",
)

_PRODUCT = words("""
    2000 XP 2003 2008 2012 2016 2019 2022 2025 R2 Server Small Business Standard Essentials Enterprise Datacenter Web
    Foundation Professional Home Pro Edition Restricted Terminal Personal Blade Storage Compute Embedded Premium
    Service Pack for with Vista Client Evaluation Core Hyper WinNT LanmanNT ServerNT ServerStandard
    ServerDatacenter ServerEnterprise ServerSolution Obsolete data do not use
""")
_DYNAMIC_WORDS = words("Protocol udp Dynamic Port Range Start Number of Ports")
_EXCLUDED_WORDS = words("Protocol udp Port Exclusion Ranges Start End Administered port exclusions")

_ROWS: tuple[SectionRow, ...] = (
    # The first three print by themselves and set no error level: they stay in front.
    SectionRow("computer_name", "echo %COMPUTERNAME%", _PEOPLE),
    SectionRow("clock", "echo %DATE% %TIME%", _PEOPLE),
    SectionRow(
        "ver",
        "ver",
        SectionRule(INFORMATION, None, "any text", "the registry says the version; if both differ, it is not known"),
        words=words("Version"),
    ),
    # Never the whole key: DigitalProductId is a secret. So there is no export of it; `ver` tells version and build.
    SectionRow(
        "current_version",
        f'reg.exe query "{_NT}"|findstr.exe /i "CurrentVersion CurrentBuild CSDVersion ProductName InstallationType'
        ' CurrentMajor CurrentMinor EditionID UBR"',
        SectionRule(
            ROW,
            "warning",
            _REMARK,
            "the version is that of the other rows and of `ver`; the product's name may be missing",
        ),
        exports=(),
        words=_PRODUCT | words("HotFix"),
        values=words("""
            CurrentVersion CurrentBuild CurrentBuildNumber CurrentMajorVersionNumber CurrentMinorVersionNumber
            ProductName CSDVersion InstallationType EditionID UBR
        """),
    ),
    SectionRow(
        "product_options",
        rf"reg.exe query {_CONTROL}\ProductOptions",
        SectionRule(
            SECTION, "error", _REMARK, "it is not known whether this is a Small Business Server, where there is one"
        ),
        exports=(Export(rf"{_CONTROL}\ProductOptions", ("ProductType", "ProductSuite")),),
        words=_PRODUCT | words("ProductOptions"),
        values=words("ProductType ProductSuite"),
    ),
    SectionRow("tcpip", f"reg.exe query {TCPIP_KEY}", _VALUES, exports=(Export(TCPIP_KEY),)),
    SectionRow("dns", f"reg.exe query {DNS_KEY}", _VALUES, exports=(Export(DNS_KEY),)),
    # XP and 2003 stop an enumeration early without bufsize; XP before SP2 and 2003 before SP1 allow 64 KB at most
    # (EnumServicesStatusEx), but have no WinRM.
    SectionRow(
        "services",
        f"{_SERVICE_LIST} 250000||{_SERVICE_LIST} 65000",
        SectionRule(
            BLOCK,
            "error",
            "any text between the blocks",
            "the state of that service is not known; a warning where no row of the catalogue is about it",
        ),
        line=f"{_SERVICE_LIST} 250000",
        shows_needs=True,
        words=words("""
            SERVICE_NAME DISPLAY_NAME TYPE STATE WIN32_EXIT_CODE SERVICE_EXIT_CODE CHECKPOINT WAIT_HINT PID FLAGS
            WIN32_OWN_PROCESS WIN32_SHARE_PROCESS WIN32 interactive STOPPED START_PENDING STOP_PENDING RUNNING
            CONTINUE_PENDING PAUSE_PENDING PAUSED STOPPABLE NOT_STOPPABLE PAUSABLE NOT_PAUSABLE ACCEPTS_SHUTDOWN
            IGNORES_SHUTDOWN ACCEPTS_PRESHUTDOWN IGNORES_PRESHUTDOWN
        """),
    ),
    SectionRow(
        "service_starts",
        rf'reg.exe query {_SERVICES} /s|findstr.exe /i /r /c:"[\\]Services[\\][^\\]*$" /c:"[\\]TriggerInfo$"'
        ' /c:"^ *Start.*REG_DWORD" /c:"^ *DeleteFlag.*REG_DWORD"'
        # The ports that services keep there, of any type, with the keys around them.
        r' /c:"[\\]Services[\\]ADAM_" /c:"[\\]Services[\\]WDSServer[\\]"'
        ' /c:"^ *Port LDAP" /c:"^ *Port SSL" /c:"^ *Udp.*Port"',
        SectionRule(
            BLOCK,
            "error",
            _ANY_FRONT,
            "how that service starts is not known; a service is missing only in a whole list",
        ),
        exports=(
            Export(
                _SERVICES,
                lines=r'/i /r /c:"[\\]Services[\\][^\\]*]$" /c:"[\\]TriggerInfo]$"'
                ' /c:"^.Start.=dword" /c:"^.DeleteFlag.=dword"'
                r' /c:"[\\]Services[\\]ADAM_" /c:"[\\]Services[\\]WDSServer[\\]"'
                ' /c:"^.Port LDAP" /c:"^.Port SSL" /c:"^.Udp.*Port"',
            ),
        ),
        values=words("Start") | {name.lower() for name in PORT_VALUES},
        shows_needs=True,
    ),
    SectionRow(
        "dns_dependents",
        "sc.exe enumdepend DNS 65536",
        SectionRule(SECTION, "warning", "any text between the blocks", "what depends on DNS is not known"),
        words=words("""
            Enum entriesRead SERVICE_NAME DISPLAY_NAME TYPE STATE WIN32_EXIT_CODE SERVICE_EXIT_CODE CHECKPOINT WAIT_HINT
            WIN32_OWN_PROCESS WIN32_SHARE_PROCESS STOPPED RUNNING STOPPABLE NOT_STOPPABLE PAUSABLE NOT_PAUSABLE
            ACCEPTS_SHUTDOWN IGNORES_SHUTDOWN
        """),
    ),
    SectionRow(
        "tasklist",
        "tasklist.exe /fo csv /nh",
        SectionRule(ROW, "warning", "any text in front of the first row", "that process has no name"),
        words=words("""
            exe System Idle Process smss csrss winlogon services lsass svchost spoolsv dns inetinfo store sqlservr msdtc
            dfsr dfssvc ntfrs ismserv wins tcpsvcs explorer Console Services
        """),
    ),
    SectionRow(
        "netstat",
        "netstat.exe -ano -p udp&netstat.exe -ano -p udpv6",
        SectionRule(
            ROW,
            "error",
            "any text in front of the first row; TCP rows; owners that `-b` prints",
            "the host is unknown where the row may concern DNS or a needed port; else a warning",
        ),
        line=_packed_sockets(),
        words=words("packed UDP UDPv4 UDPv6 TCP Active Connections Proto Local Foreign Address State PID"),
    ),
    SectionRow(
        "sql_ports",
        _sql_ports(),
        SectionRule(ROW, "warning", _REMARK, "that port is not among those of SQL Server"),
        exports=tuple(
            Export(rf"HKLM\SOFTWARE\Microsoft\{key}", lines=r'/i /r /c:"SuperSocketNetLib[\\]Tcp" /c:"^.Tcp.*Port"')
            for key in _SQL_KEYS
        ),
        words=words("MSSQLServer SQL Server SuperSocketNetLib Tcp IPAll"),
        values=words("TcpPort TcpDynamicPorts"),
        shows_needs=True,
    ),
    SectionRow(
        "boot",
        rf"reg.exe query {_CONTROL}\Windows /v ShutdownTime"
        rf'&reg.exe query "{_CONTROL}\Session Manager\Memory Management\PrefetchParameters" /v BootId',
        SectionRule(SECTION, "warning", _REMARK, "whether the host has rebooted is not known"),
        exports=(Export(rf"{_CONTROL}\Windows", ("ShutdownTime",)),),
        words=words("Session Manager Memory Management PrefetchParameters"),
        values=words("ShutdownTime BootId"),
        binary=words("ShutdownTime"),
    ),
    # The listing of the parent proves that our key is absent and not just unreadable.
    SectionRow(
        "state",
        rf"reg.exe query {OWN_KEY} /s||reg.exe query HKLM\SOFTWARE",
        SectionRule(
            SECTION,
            "error",
            _REMARK,
            "our records are not known; they are absent only where a key behind ours in the alphabet is listed",
        ),
        exports=(Export(OWN_KEY, lines='"^"'),),
        words=words("absent Policies RegisteredApplications Program Groups Secure Migration Status"),
        values=words("value boot_mark dns_pid"),
        binary=words("boot_mark"),
    ),
    SectionRow(
        "hotfixes",
        f'reg.exe query "{_NT}\\HotFix"|findstr.exe /i "{" ".join(HOTFIXES)}"',
        _PEOPLE,
        only="nt5",
        exports=(Export(rf"{_NT}\HotFix", lines=f'/i "{" ".join(HOTFIXES)}"'),),
        words=words("HotFix"),
    ),
    *(
        SectionRow(
            table.replace(NETSH_PREFIX, RANGE_PREFIX),
            f"netsh.exe interface {name} show dynamicport udp",
            _DYNAMIC,
            only="nt6",
            words=_DYNAMIC_WORDS,
        )
        for table, name in NETSH.items()
    ),
    *(
        SectionRow(
            table,
            f"netsh.exe interface {name} show excludedportrange protocol=udp",
            _EXCLUDED,
            only="nt6",
            words=_EXCLUDED_WORDS,
            # Plain 2008 and Vista may lack excludedportrange.
            missed_on=("nt6_r2",),
        )
        for table, name in NETSH.items()
    ),
)

SECTIONS: dict[str, SectionRow] = {row.id: row for row in _ROWS}
"""By id, in the order of the transcript."""


def section_of(setting: Setting) -> str:
    """Return the section that shows a setting: the one with the setting's key."""
    return next(row.id for row in SECTIONS.values() if any(export.key == setting.key for export in row.exports or ()))


def last_section() -> str:
    """Return the last section that every release prints. Without it, the answer was cut off."""
    return [row.id for row in SECTIONS.values() if not row.only][-1]
