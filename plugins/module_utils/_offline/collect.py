# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render collect.cmd, the collector as a file that a person carries to a host without WinRM.

It writes one transcript and changes nothing. Where reg.exe is missing (Windows 2000) it exports keys with regedit into
a folder of its own, takes out only the lines that are needed, and removes that folder. What has no tool there
(services, processes) is an empty section. It keeps to what cmd of Windows 2000 knows.
"""

from __future__ import annotations

from .._commands.cmd import MAX_SCRIPT_LINE, SYSTEM32, checked, nonce
from .._commands.collect import collector_script
from .._sections.row import SectionRow
from .._sections.table import SECTIONS
from .._windows.registry_file import long_key
from .script import IN_32_BIT, REGEDIT

DONE, NOT_WRITABLE = 0, 1
"""Exit codes of collect.cmd."""


_PROOF = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run"
"""A key that every Windows has: its heading shows that SOFTWARE could be read, and that our own key is not there."""

_NETSTAT = "netstat.exe -ano -p udp"
_NETSTAT_2000 = "netstat.exe -an -p udp"
"""Windows 2000 has no -o; its rows differ from a usage text by the foreign address of UDP."""


def collect_script(run: str) -> list[str]:
    """Render the lines of collect.cmd, without line ends.

    Args:
        run: the nonce, 16 lower-case hex digits.

    Raises:
        BatchError: the nonce is malformed.
    """
    head = [
        "@echo off",
        "setlocal",
        "set q=",
        'if /i "%~1"=="/q" set q=1',
        "set rc=0",
        # In quotes: the folder of the account or of this script may be called "Smith & Sons".
        rf'set "w=%TEMP%\portkeeper-{nonce(run)}"',
        # A 32-bit process is shown another SOFTWARE.
        "if not defined PROCESSOR_ARCHITEW6432 goto native",
        f"set rc={NOT_WRITABLE}",
        f"echo Nothing was collected{IN_32_BIT}",
        "goto finish",
        ":native",
        'set "f=%~dp0%COMPUTERNAME%.txt"',
        # Behind the last %~dp0, which is wrong after `cd` where the script was called by a relative path.
        f'cd /d "{SYSTEM32}"||exit /b {NOT_WRITABLE}',
        "call :writable",
        "if not errorlevel 1 goto collect",
        r'set "f=%TEMP%\%COMPUTERNAME%.txt"',
        "call :writable",
        "if not errorlevel 1 goto collect",
        f"set rc={NOT_WRITABLE}",
        "echo Nothing was collected: neither this folder nor the temporary folder can be written to.",
        "goto finish",
        ":collect",
        "echo Collecting. This changes nothing and may take a minute.",
        'call :all>"%f%"',
        "echo Done. Carry this file back:",
        'echo "%f%"',
        ":finish",
        'if exist "%w%" rd /s /q "%w%"',
        "if not defined q pause",
        "exit /b %rc%",
        ":writable",
        'if exist "%f%" del "%f%" 2>nul',
        'if exist "%f%" exit /b 1',
        '2>nul >"%f%" echo portkeeper',
        'if not exist "%f%" exit /b 1',
        "exit /b 0",
    ]
    body = [":all", r'if not exist "%SystemRoot%\system32\reg.exe" goto bare', *collector_script(run)[2:], "exit /b 0"]
    lines = [*head, *_with_netstat_of_2000(body), *_bare(run), *_SUBROUTINES]
    return [checked(line, MAX_SCRIPT_LINE) for line in lines]


def _with_netstat_of_2000(lines: list[str]) -> list[str]:
    return ["call :netstat <nul 2>nul" if line.startswith(f"({_NETSTAT}&") else line for line in lines]


def _bare(run: str) -> list[str]:
    """Render the collector for a host without reg.exe."""
    lines = [":bare", 'md "%w%" 2>nul', f"echo #portkeeper transcript 1 {run}"]
    for row in SECTIONS.values():
        if row.only != "nt6":
            lines.append(f"echo #portkeeper {run} begin {row.id}")
            lines += _section(row)
            lines.append(f"echo #portkeeper {run} end {row.id} %errorlevel%")
    return [*lines, "exit /b 0"]


def _section(row: SectionRow) -> list[str]:
    if row.id == "netstat":
        return ["call :netstat <nul 2>nul"]
    if row.exports is None:
        return [f"({row.command})<nul 2>nul"]
    lines = []
    for export in row.exports:
        values = export.shown_values
        lines += [f"set k={long_key(export.key)}", "call :export <nul 2>nul"]
        lines += [f"call :value {value} <nul 2>nul" for value in values]
        # The heading once more shows that nothing was cut off behind the values.
        lines += ["call :heading <nul 2>nul"] if values else []
        if export.lines:
            lines.append(f'if exist "%w%\\key.txt" findstr.exe {export.lines} "%w%\\key.txt" 2>nul')
    if row.id == "state":
        lines += [f"set k={long_key(_PROOF)}", 'if not exist "%w%\\key.txt" call :export <nul 2>nul']
    # What was read decides, not the level of the last command.
    return [*lines, "call :level"]


_SUBROUTINES = [
    ":netstat",
    f'{_NETSTAT}|findstr.exe /l /c:"*:*">nul',
    "if errorlevel 1 goto netstat_2000",
    f"{_NETSTAT}&netstat.exe -ano -p udpv6",
    "exit /b 0",
    ":netstat_2000",
    _NETSTAT_2000,
    "exit /b 0",
    ":level",
    'if exist "%w%\\key.txt" exit /b 0',
    "exit /b 1",
    # Exports %k% to key.txt and prints signature and heading; type converts the UTF-16 of Windows 2000 and later.
    ":export",
    'if exist "%w%\\key.reg" del "%w%\\key.reg"',
    'if exist "%w%\\key.txt" del "%w%\\key.txt"',
    f'{REGEDIT} /e "%w%\\key.reg" "%k%"',
    'if not exist "%w%\\key.reg" exit /b 1',
    'type "%w%\\key.reg">"%w%\\key.txt"',
    'findstr.exe /b /c:"[HKEY_" "%w%\\key.txt">nul',
    "if not errorlevel 1 goto exported",
    # A type that hands UTF-16 out as it is (Wine's): there the loop over the file converts. It leaves out empty lines,
    # so that our own records are not proved to be read whole.
    '(for /f "usebackq delims=" %%l in ("%w%\\key.reg") do echo %%l)>"%w%\\key.txt"',
    ":exported",
    "set e=",
    'for /f "skip=1 delims=:" %%n in (\'findstr.exe /n /b /c:"[HKEY_" "%w%\\key.txt"\') do if not defined e set e=%%n',
    "if not defined e set e=99999999",
    'findstr.exe /b /l /i /c:"REGEDIT4" /c:"Windows Registry" "%w%\\key.txt"',
    ":heading",
    'if not exist "%w%\\key.txt" exit /b 1',
    'for /f "tokens=1* delims=:" %%a in (\'findstr.exe /n /b /c:"[HKEY_" "%w%\\key.txt"\') do if %%a LSS %e% echo %%b',
    "exit /b 0",
    # Prints the value %1 of the exported key itself, not of a key below it.
    ":value",
    "set n=",
    'if not exist "%w%\\key.txt" exit /b 1',
    'for /f "delims=:" %%n in (\'findstr.exe /n /b /i /r ".%1.=" "%w%\\key.txt"\') do if not defined n set n=%%n',
    "if not defined n exit /b 0",
    "if %n% GEQ %e% exit /b 0",
    'findstr.exe /n "^" "%w%\\key.txt"|findstr.exe /b /c:"%n%:">"%w%\\line.txt"',
    'for /f "usebackq tokens=1* delims=:" %%a in ("%w%\\line.txt") do echo %%b',
    ":more",
    "set /a n=n+1",
    'findstr.exe /n "^" "%w%\\key.txt"|findstr.exe /b /c:"%n%:  ">"%w%\\line.txt"',
    "if errorlevel 1 exit /b 0",
    'for /f "usebackq tokens=2 delims=: " %%a in ("%w%\\line.txt") do echo   %%a',
    "goto more",
]
