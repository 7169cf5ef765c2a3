# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collector: one fixed table of commands, rendered as a command line for WinRM or as a script file.

Both renderings print the same transcript; the rows of netstat are packed on a command line and aligned in a script. The
table holds no user data; what a release lacks gives an empty section with an error level (a missing program is 1 or
9009).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .._parsers.netstat import PACKED
from .cmd import (
    MAX_SCRIPT_LINE,
    SYSTEM32,
    checked,
    nonce,
    section,
    wrap,
)

_PACKED_LINE = 900
"""Characters from which on a line of packed rows is printed: cmd takes long over each line and over a long variable."""

_NT = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"
_SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"

_SERVICE_LIST = "sc.exe queryex type= service state= all bufsize="

HOTFIXES = ("951746", "951748", "958644", "961063", "2562485", "2647170")
"""Updates whose presence is told on NT5: MS08-037 server and client, MS08-067, and the later DNS server updates
MS09-008, MS11-058 and MS12-017 that replace 951746."""

_IS_NT5 = 'ver|findstr.exe /c:" 5.">nul'
"""Success on 2000, XP and 2003: `ver` is translated, its number is not."""


@dataclass(frozen=True)
class Collect:
    """One row of the collector.

    Attributes:
        id: the section's id in the transcript.
        command: what cmd runs; must mean the same on a command line and in a script.
        only: "" for all releases, "nt5" or "nt6" where the tool or the key exists on one family only.
        line: what a command line for WinRM runs in its place: the same in fewer bytes.
    """

    id: str
    command: str
    only: str = ""
    line: str = ""


def _packed_sockets() -> str:
    """All UDP rows of netstat, many on a line: of a row with blanks to align it, three quarters are the blanks.

    What begins with another word than the protocol's name is printed as it is, for the parser to judge. All of it
    stands in quotes for a cmd of its own, which expands variables late.
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
        for key in ("Microsoft SQL Server", "MSSQLServer")
    ]
    return f'({"&".join(keys)})|findstr.exe /i /r /c:"SuperSocketNetLib[\\\\]Tcp" /c:"Tcp.*Port.*REG_SZ"'


COLLECTOR: tuple[Collect, ...] = (
    Collect("computer_name", "echo %COMPUTERNAME%"),
    Collect("clock", "echo %DATE% %TIME%"),
    Collect("ver", "ver"),
    # Never the whole key: DigitalProductId is a secret.
    Collect(
        "current_version",
        f'reg.exe query "{_NT}"|findstr.exe /i "CurrentVersion CurrentBuild CSDVersion ProductName InstallationType'
        ' CurrentMajor CurrentMinor EditionID UBR"',
    ),
    Collect("product_options", rf"reg.exe query {_CONTROL}\ProductOptions"),
    Collect("tcpip", rf"reg.exe query {_SERVICES}\Tcpip\Parameters"),
    Collect("dns", rf"reg.exe query {_SERVICES}\DNS\Parameters"),
    # XP and 2003 stop an enumeration early without bufsize; XP before SP2 and 2003 before SP1 allow 64 KB at most
    # (EnumServicesStatusEx), but have no WinRM.
    Collect("services", f"{_SERVICE_LIST} 250000||{_SERVICE_LIST} 65000", line=f"{_SERVICE_LIST} 250000"),
    Collect(
        "service_starts",
        rf'reg.exe query {_SERVICES} /s|findstr.exe /i /r /c:"[\\]Services[\\][^\\]*$" /c:"[\\]TriggerInfo$"'
        ' /c:"^ *Start.*REG_DWORD" /c:"^ *DeleteFlag.*REG_DWORD"',
    ),
    Collect("dns_dependents", "sc.exe enumdepend DNS 65536"),
    Collect("tasklist", "tasklist.exe /fo csv /nh"),
    Collect("netstat", "netstat.exe -ano -p udp&netstat.exe -ano -p udpv6", line=_packed_sockets()),
    Collect("sql_ports", _sql_ports()),
    Collect(
        "boot",
        rf"reg.exe query {_CONTROL}\Windows /v ShutdownTime"
        rf'&reg.exe query "{_CONTROL}\Session Manager\Memory Management\PrefetchParameters" /v BootId',
    ),
    # The listing of the parent proves that our key is absent and not just unreadable.
    Collect("state", r"reg.exe query HKLM\SOFTWARE\portkeeper /s||reg.exe query HKLM\SOFTWARE"),
    Collect("hotfixes", f'reg.exe query "{_NT}\\HotFix"|findstr.exe /i "{" ".join(HOTFIXES)}"', only="nt5"),
    Collect("dynamicport_udp4", "netsh.exe interface ipv4 show dynamicport udp", only="nt6"),
    Collect("dynamicport_udp6", "netsh.exe interface ipv6 show dynamicport udp", only="nt6"),
    Collect("excluded_udp4", "netsh.exe interface ipv4 show excludedportrange protocol=udp", only="nt6"),
    Collect("excluded_udp6", "netsh.exe interface ipv6 show excludedportrange protocol=udp", only="nt6"),
)
"""In the order of the transcript. The first three print by themselves and set no error level: they stay in front."""


def section_commands(run: str, ids: Iterable[str] | None = None) -> list[str]:
    """The chosen rows (all by default) as parts of a command line, in the table's order.

    Args:
        run: the nonce.
        ids: which sections; unknown ones are ignored, because the caller names what it changed.
    """
    wanted = None if ids is None else set(ids)
    rows = [row for row in COLLECTOR if wanted is None or row.id in wanted]
    sections = [(row.only, section(run, row.id, row.line or row.command)) for row in rows]
    parts = [text for only, text in sections if not only]
    nt5, nt6 = ("&".join(text for only, text in sections if only == family) for family in ("nt5", "nt6"))
    if nt6:
        parts.append(f"{_IS_NT5}&(if errorlevel 1 ({nt6})" + (f" else ({nt5}))" if nt5 else ")"))
    elif nt5:
        parts.append(f"{_IS_NT5}&(if not errorlevel 1 ({nt5}))")
    return parts


def collector_line(run: str, ids: Iterable[str] | None = None) -> str:
    """The collector as one command line of at most MAX_LINE characters.

    Args:
        run: the nonce, 16 lower-case hex digits.
        ids: only these sections; all by default.

    Raises:
        BatchError: the nonce is malformed.
    """
    return wrap(run, section_commands(run, ids))


def collector_script(run: str) -> list[str]:
    """The collector as the lines of collect.cmd, without line ends, each at most MAX_SCRIPT_LINE characters.

    Raises:
        BatchError: the nonce is malformed.
    """
    lines = ["@echo off", f"cd /d {SYSTEM32}||exit /b 1", f"echo #portkeeper transcript 1 {nonce(run)}"]
    lines += _script_rows(run, "")
    lines += [f"{_IS_NT5}||goto nt6", *_script_rows(run, "nt5"), "goto done", ":nt6"]
    lines += [*_script_rows(run, "nt6"), ":done"]
    return [checked(line, MAX_SCRIPT_LINE) for line in lines]


def _script_rows(run: str, only: str) -> list[str]:
    lines = []
    for row in COLLECTOR:
        if row.only == only:
            lines.append(f"echo #portkeeper {run} begin {row.id}")
            lines.append(f"({row.command})<nul 2>nul")
            lines.append(f"echo #portkeeper {run} end {row.id} %errorlevel%")
    return lines
