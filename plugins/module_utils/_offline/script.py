# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the parts that apply.cmd and rollback.cmd share: their frame, and how they read, compare and import values.

They use only what cmd of Windows 2000 knows, contain only literals, integers and checked names, and never depend on
translated text. A value is compared byte by byte: its lines of an export (reg.exe, else regedit) are taken apart into
its type and a byte per line, and compared with those in the script.
"""

from __future__ import annotations

from collections.abc import Sequence

from .._commands.cmd import MAX_SCRIPT_LINE, SYSTEM32, checked, nonce, port_range, service
from .._commands.lock import BUSY, refuse_while_locked
from .._commands.window_steps import ALREADY_RUNNING
from .._windows.registry_file import REG_DWORD, RawValue, long_key
from .._windows.settings import NETSH
from .order import ScriptPlan, Value

DONE, WRONG_HOST, CHANGED, NOT_WRITTEN, ALREADY, INCOMPLETE = range(6)
"""Exit codes of both scripts."""

REG = r'"%SystemRoot%\system32\reg.exe"'
SC = r'"%SystemRoot%\system32\sc.exe"'
REGEDIT = r'"%SystemRoot%\regedit.exe"'
_BYTES_PER_LINE = 400


IN_32_BIT = ", because this runs in a 32-bit process, which is shown another registry: run it from a 64-bit cmd.exe."
"""How the scripts end a sentence where PROCESSOR_ARCHITEW6432 is set: Windows sets it for 32-bit processes only."""


def data_file(order: ScriptPlan, which: str) -> str:
    """Return the name of the data file that `apply` or `rollback` imports."""
    return f"{order.computer}-{which}.reg.data"


def frame(order: ScriptPlan, run: str, own: str, body: Sequence[str], routines: Sequence[str]) -> list[str]:
    """Render a whole script.

    Args:
        order: what to do.
        run: 16 hex digits for the name of the temporary folder.
        own: `apply` or `rollback`.
        body: from behind the checks of name and files up to `goto finish`.
        routines: additional subroutines.

    Raises:
        BatchError: a line that cmd could not take, or a character that has no business in it.
    """
    lines = [
        "@echo off",
        "setlocal",
        "set q=",
        'if /i "%~1"=="/q" set q=1',
        f"set rc={DONE}",
        rf'set "w=%TEMP%\portkeeper-{nonce(run)}"',
        # A 32-bit process is shown another SOFTWARE.
        "if not defined PROCESSOR_ARCHITEW6432 goto native",
        f"set rc={NOT_WRITTEN}",
        f"echo Nothing was changed{IN_32_BIT}",
        "goto finish",
        ":native",
        f'set "data=%~dp0{data_file(order, own)}"',
        f'set "old=%~dp0{data_file(order, "rollback")}"',
        # Behind the last %~dp0, which is wrong after `cd` where the script was called by a relative path.
        f'cd /d "{SYSTEM32}"||exit /b {NOT_WRITTEN}',
        f'if /i not "%COMPUTERNAME%"=="{order.computer}" goto wrong',
        'if not exist "%data%" goto lost',
        'if not exist "%old%" goto lost',
        'if exist "%w%" rd /s /q "%w%"',
        'md "%w%" 2>nul',
        'if not exist "%w%" goto no_folder',
        *refuse_while_locked(r'"%w%\boot.txt"'),
        *body,
        *_ends(order),
        *routines,
        *_comparing((*order.values, *(order.held if own == "apply" else ()))),
    ]
    return [checked(line, MAX_SCRIPT_LINE) for line in lines]


def _ends(order: ScriptPlan) -> list[str]:
    """Render the ways to stop without a change, each with its reason."""

    def end(label: str, code: int, *reasons: str) -> list[str]:
        return [f":{label}", f"set rc={code}", *(f"echo {reason}" for reason in reasons), "goto finish"]

    return [
        *end(
            "wrong", WRONG_HOST, f"Nothing was changed: these files are for {order.computer}, not for %COMPUTERNAME%."
        ),
        *end("lost", NOT_WRITTEN, "Nothing was changed: the data files are not beside this script."),
        *end("busy", NOT_WRITTEN, *(line.removeprefix("echo ") for line in BUSY)),
        *end("no_folder", NOT_WRITTEN, "Nothing was changed: the temporary folder cannot be written to."),
        *end(
            "unreadable",
            NOT_WRITTEN,
            "Nothing was changed: the settings could not be read. Run this as an administrator.",
        ),
        *end(
            "changed",
            CHANGED,
            "Nothing was changed: somebody has changed a value since this script was made.",
            "Run collect.cmd again and carry its file back.",
        ),
        *end(
            "denied",
            NOT_WRITTEN,
            "Nothing was changed: the settings could not be written. Run this as an administrator.",
        ),
        ":half",
        *imported("old"),
        f"set rc={NOT_WRITTEN}",
        "echo A value did not become what it should, so the old values were imported again.",
        "echo Run collect.cmd and carry its file back: it shows what is there now.",
        "goto finish",
        ":finish",
        'if exist "%w%" rd /s /q "%w%"',
        "if not defined q pause",
        "exit /b %rc%",
    ]


def _comparing(values: Sequence[Value]) -> list[str]:
    """Render the subroutines :read, :same, :import and what they need."""
    lines = [":read"]
    for number, value in enumerate(values):
        lines += [
            f'set "k={long_key(value.setting.key)}"',
            "call :export <nul >nul 2>nul",
            "if errorlevel 1 exit /b 1",
            f'call :bytes {value.setting.value_name} <nul >"%w%\\now{number}.txt" 2>nul',
        ]
    lines += ["exit /b 0", ":same"]
    for number in range(len(values)):
        lines += [
            f'call :%1{number} >"%w%\\want.txt"',
            f'fc.exe /b "%w%\\now{number}.txt" "%w%\\want.txt" >nul 2>nul',
            "if errorlevel 1 exit /b 1",
        ]
    lines.append("exit /b 0")
    for number, value in enumerate(values):
        lines += [f":before{number}", *_expected(value.before), "exit /b 0"]
        lines += [f":after{number}", *_expected(value.after), "exit /b 0"]
    return [*lines, *_ROUTINES]


def _expected(raw: RawValue | None) -> list[str]:
    """Render the lines that print for a value what :bytes prints."""
    if raw is None:
        return ["echo absent"]
    kind, data = raw
    if kind == REG_DWORD:
        return ["echo dword", f"echo {int.from_bytes(data, 'little'):08x}"]
    chunks = [data[start : start + _BYTES_PER_LINE] for start in range(0, len(data), _BYTES_PER_LINE)]
    return [f"echo hex({kind:x})", *(f"for %%b in ({chunk.hex(' ')}) do echo %%b" for chunk in chunks)]


_EACH_BYTE = r'for %%c in (%%b) do if not "%%c"=="\" echo %%c'
"""Prints the parts of %%b, which commas divide, without the backslash that ends a line."""

_ROUTINES = [
    # Exports %k% to key.txt with numbered lines; e is the line at which a key below it begins.
    ":export",
    'if exist "%w%\\key.reg" del "%w%\\key.reg"',
    'if exist "%w%\\key.txt" del "%w%\\key.txt"',
    f"if not exist {REG} goto export_2000",
    'reg.exe export "%k%" "%w%\\key.reg"',
    "goto export_done",
    ":export_2000",
    f'{REGEDIT} /e "%w%\\key.reg" "%k%"',
    ":export_done",
    'if not exist "%w%\\key.reg" exit /b 1',
    'type "%w%\\key.reg">"%w%\\key.txt"',
    'findstr.exe /b /c:"[HKEY_" "%w%\\key.txt">nul',
    "if not errorlevel 1 goto exported",
    # A type that hands UTF-16 out as it is (Wine's): there the loop over the file converts.
    '(for /f "usebackq delims=" %%l in ("%w%\\key.reg") do echo %%l)>"%w%\\key.txt"',
    'findstr.exe /b /c:"[HKEY_" "%w%\\key.txt">nul',
    "if errorlevel 1 exit /b 1",
    ":exported",
    'findstr.exe /n "^" "%w%\\key.txt">"%w%\\lines.txt"',
    "set e=",
    'for /f "skip=1 delims=:" %%n in (\'findstr.exe /n /b /c:"[HKEY_" "%w%\\key.txt"\') do if not defined e set e=%%n',
    "if not defined e set e=99999999",
    "exit /b 0",
    # Prints type and bytes of the value %1 of the exported key, a byte per line.
    ":bytes",
    "set n=",
    "set z=",
    'for /f "delims=:" %%n in (\'findstr.exe /n /b /i /r ".%1.=" "%w%\\key.txt"\') do if not defined n set n=%%n',
    "if not defined n goto absent",
    "if %n% GEQ %e% goto absent",
    'for /f "delims=:" %%n in (\'findstr.exe /n /v /b /c:"  " "%w%\\key.txt"\') do'
    " if %%n GTR %n% if not defined z set z=%%n",
    "if not defined z set z=99999999",
    'findstr.exe /b /c:"%n%:" "%w%\\lines.txt">"%w%\\line.txt"',
    f'for /f "usebackq tokens=3,4 delims=:=" %%a in ("%w%\\line.txt") do (echo %%a&{_EACH_BYTE})',
    f'for /f "usebackq tokens=1,2 delims=: " %%a in ("%w%\\lines.txt") do if %%a GTR %n% if %%a LSS %z% {_EACH_BYTE}',
    "exit /b 0",
    ":absent",
    "echo absent",
    "exit /b 0",
    # Imports the file %r%; it is no parameter, because `call` would expand a percent sign in its path once more.
    ":import",
    f"if not exist {REG} goto import_2000",
    'reg.exe import "%r%" >nul 2>nul',
    "exit /b 0",
    ":import_2000",
    f'{REGEDIT} /s "%r%"',
    "exit /b 0",
    # Starts the service %1; level 0 when it runs. Without sc.exe a service that ran before is reported as not started.
    ":up",
    "net.exe start %1 >nul 2>nul",
    "if not errorlevel 1 exit /b 0",
    f"if not exist {SC} exit /b 1",
    "sc.exe start %1 >nul 2>nul",
    f"if errorlevel {ALREADY_RUNNING} if not errorlevel {ALREADY_RUNNING + 1} exit /b 0",
    "exit /b 1",
]


def imported(path: str) -> list[str]:
    """Render the lines that import the data file whose path is in a variable."""
    return [f'set "r=%{path}%"', "call :import"]


def netsh_lines(verb: str, table: str, ranges: Sequence[str]) -> list[str]:
    """Render one netsh command per range."""
    return [
        f"netsh.exe interface {NETSH[table]} {verb} excludedportrange protocol=udp startport={first}"
        f" numberofports={last - first + 1} store=persistent >nul 2>nul"
        for first, last in map(_bounds, ranges)
    ]


def row_test(table: str, text: str) -> str:
    """Render the command with level 0 if the table contains the row, recognised by its numbers and its star."""
    first, last = _bounds(text)
    return (
        f"netsh.exe interface {NETSH[table]} show excludedportrange protocol=udp 2>nul"
        f'|findstr.exe /r /c:"^ *{first}  *{last}  *\\*" >nul'
    )


def _bounds(text: str) -> tuple[int, int]:
    first, _dash, last = port_range(text).partition("-")
    return int(first), int(last)


def start(name: str) -> list[str]:
    """Start a service, and note it if it does not run then."""
    key = service(name)
    return [f"call :up {key}", f"if errorlevel 1 {incomplete(f'{key} does not run.')}"]


def incomplete(sentence: str) -> str:
    """Render what follows a failed test. In a .cmd file, `set` ends the error level of the test."""
    return f"(echo {sentence}&set rc={INCOMPLETE})"
