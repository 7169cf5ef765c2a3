# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render apply.cmd: check the host, keep the old values, write, compare, record, and run the window of the plan."""

from __future__ import annotations

from .._commands.cmd import A_PROCESS, matching, number, service
from .._commands.records import RAN_BEFORE, SHUTDOWN_KEY, SHUTDOWN_VALUE, Record, record_file, recorded
from .._commands.window_steps import (
    DISABLED_LEVEL,
    NO_ROOM_LEVEL,
    UNRECORDED_LEVEL,
    UNSTOPPED_LEVEL,
    Parts,
    StepStyle,
    halting,
    sequence,
)
from .._windows.registry_file import long_key
from .._windows.service_states import HIGHEST_PID
from .order import ScriptPlan
from .script import ALREADY, INCOMPLETE, REG, SC, frame, imported, incomplete, netsh_lines, row_test, rows_in, start

KEPT = r"%SystemRoot%\portkeeper\carried"
"""Folder of the old values on the host; a new file name with every apply.cmd that writes."""

_ATTEMPTS = 60


def apply_script(order: ScriptPlan, run: str) -> list[str]:
    """Render the lines of apply.cmd, without line ends.

    Args:
        order: what to do.
        run: 16 hex digits for the name of the temporary folder.

    Raises:
        BatchError: something that cannot be put into a script.
    """
    body = [
        *_checks(order),
        *(_kept(order) if order.writes else []),
        *_writing(order),
        *_window(order),
        *_farewell(order),
    ]
    return frame(order, run, "apply", body, [*_complete(order), *_record(order), *_ran(order)])


def _checks(order: ScriptPlan) -> list[str]:
    """Stop unless the values equal those of the transcript. Go to the window if nothing else is left to do."""
    lines = ["call :read", "if errorlevel 1 goto unreadable"] if order.values or order.held else []
    if order.held and not order.values:
        lines += ["call :same after", "if errorlevel 1 goto changed"]
    if order.values:
        lines += ["call :same after", "if errorlevel 1 goto fresh"]
    if order.writes or order.services_to_start or order.services_to_restart:
        lines += ["call :complete", "if not errorlevel 1 goto already"]
    if order.values:
        lines += [
            "echo The values are in place already; what else is due follows.",
            "goto written",
            ":fresh",
            "call :same before",
            "if errorlevel 1 goto changed",
        ]
    return lines


def _complete(order: ScriptPlan) -> list[str]:
    """Render the subroutine with level 0 if the excluded ranges are there and the services run."""
    lines = [":complete"]
    for table, text in rows_in(order.added, order.deferred):
        lines += [row_test(table, text), "if errorlevel 1 exit /b 1"]
    for table, text in rows_in(order.removed):
        lines += [row_test(table, text), "if not errorlevel 1 exit /b 1"]
    for name in order.services_to_start:
        lines += [f'call :up "{name}"', "if errorlevel 1 exit /b 1"]
    if order.services_to_restart:
        lines += ["call :process", *_same_process(order)]
    return [*lines, "exit /b 0"]


def _same_process(order: ScriptPlan) -> list[str]:
    """Render the test for a window that is still due: DNS has the process that kept services off their ports.

    They run with or without their port, so their state shows nothing.
    """
    if order.process is None:
        return ["exit /b 1"]
    return ['if "%p%"=="" exit /b 1', f'if "%p%"=="{number(order.process, HIGHEST_PID)}" exit /b 1']


def _kept(order: ScriptPlan) -> list[str]:
    """Keep the old values under an unused name. Without the rights for that, settings cannot be written either."""
    file = rf"{KEPT}\{order.computer}-%i%.reg.data"
    return [
        f'if not exist "{KEPT}" md "{KEPT}" 2>nul',
        "set i=0",
        ":name",
        "set /a i=i+1",
        "if %i% GTR 9999 goto denied",
        f'if exist "{file}" goto name',
        f'copy "%old%" "{file}" >nul 2>nul',
        # A copy that a full disk has truncated is not a backup.
        f'fc.exe /b "%old%" "{file}" >nul 2>nul||goto denied',
    ]


def _writing(order: ScriptPlan) -> list[str]:
    lines = []
    if order.values:
        lines += [
            *imported("data"),
            "call :read",
            "if errorlevel 1 goto half",
            "call :same after",
            "if not errorlevel 1 goto imported",
            "call :same before",
            "if errorlevel 1 goto half",
            rf'del "{KEPT}\{order.computer}-%i%.reg.data" 2>nul',
            "goto denied",
            ":imported",
            "echo Written and compared. The old values are kept in:",
            rf'echo "{KEPT}\{order.computer}-%i%.reg.data"',
        ]
    elif order.records or order.copied:
        lines += imported("data")
    if order.records:
        lines.append("call :record <nul >nul 2>nul")
    # Also where the values were in place already: what is excluded already is refused by netsh, and tested at the end.
    lines.append(":written")
    return [*lines, *netsh_lines("delete", order.removed), *netsh_lines("add", order.added)]


def _record(order: ScriptPlan) -> list[str]:
    """Render the subroutine that writes records with the current marks. The import has removed the old ones already.

    Without reg.exe the mark is read from an export, and a registry file is made of it. Only eight bytes of REG_BINARY
    give a mark that is ever believed; without one there is no record.
    """
    if not order.records:
        return []
    return [
        ":record",
        f"if not exist {REG} goto record_2000",
        *(part.replace("%", "%%") for part in recorded(order.records)),
        "exit /b 0",
        ":record_2000",
        f'set "k={long_key(SHUTDOWN_KEY)}"',
        "call :export",
        "if errorlevel 1 exit /b 0",
        # The line of another value must not be left where :bytes finds none.
        'if exist "%w%\\line.txt" del "%w%\\line.txt"',
        f"call :bytes {SHUTDOWN_VALUE} >nul",
        'if not exist "%w%\\line.txt" exit /b 0',
        "set m=",
        'for /f "usebackq tokens=3-12 delims=:=," %%a in ("%w%\\line.txt") do'
        ' if "%%a%%j"=="hex" set m=%%b%%c%%d%%e%%f%%g%%h%%i',
        "if not defined m exit /b 0",
        'if exist "%w%\\record.reg" del "%w%\\record.reg"',
        *(f'>>"%w%\\record.reg" {f"echo {line}" if line else "echo."}' for line in record_file(order.records, "%m%")),
        r'set "r=%w%\record.reg"',
        "call :import",
        "exit /b 0",
    ]


def _window(order: ScriptPlan) -> list[str]:
    if not order.window:
        return [line for name in order.services_to_start for line in start(name)]
    return [
        "echo Stopping DNS, starting what it kept down, starting DNS. Please wait.",
        *sequence(_parts(order), _STYLE),
        "goto window_done",
        ":no_dns",
        "echo DNS does not run, so it is left alone.",
        *(line for name in order.services_to_start for line in start(name)),
        *(incomplete(f"{service(name)} was not restarted.") for name in order.services_to_restart),
        *netsh_lines("add", order.deferred),
        ":window_done",
    ]


def _parts(order: ScriptPlan) -> Parts:
    return Parts(
        services_to_start=order.services_to_start,
        dependents=order.dependents,
        owed=order.owed,
        excluding=tuple(netsh_lines("add", order.deferred)),
        process="%p%",
        attempts=_ATTEMPTS,
        services_to_restart=order.services_to_restart,
    )


def _ran(order: ScriptPlan) -> list[str]:
    """Render the subroutine that records, before DNS is stopped, which services run, and keeps DNS's process in %p%."""
    if not order.window:
        return []
    record = Record(RAN_BEFORE, ",".join(_parts(order).recorded))
    process = f"sc.exe queryex DNS ^|{matching(A_PROCESS)}"
    return [
        ":ran",
        "call :process",
        f"if not exist {REG} exit /b 0",
        *(part.replace("%", "%%") for part in recorded([record])),
        "exit /b 0",
        ":process",
        "set p=",
        f"if exist {SC} for /f \"tokens=2 delims=:\" %%a in ('{process}') do set /a p=%%a",
        "exit /b 0",
        *(halting("%1", []) if order.services_to_restart else ()),
    ]


_STYLE = StepStyle(
    file=lambda name: rf'"%w%\{name}.txt"',
    log=" >nul 2>nul",
    with_reg=f"if exist {REG} ",
    with_sc=f"if exist {SC} ",
    start=lambda _step, name: start(name),
    stop=lambda name: [f"call :halt {service(name)}"],
    reported=lambda _step: [],
    record=("call :ran <nul >nul 2>nul",),
    refused=(
        f"set rc={INCOMPLETE}",
        f"if %e%=={DISABLED_LEVEL} echo DNS was not stopped: it is disabled, or a service is that stops with it,",
        f"if %e%=={DISABLED_LEVEL} echo and could not be started again. Enable that service, or stop it for good.",
        f"if %e%=={UNRECORDED_LEVEL} echo DNS was not stopped: what runs could not be recorded.",
        f"if %e%=={UNSTOPPED_LEVEL} echo DNS was not stopped: a service to restart did not stop, or no longer runs.",
        f"if %e%=={NO_ROOM_LEVEL} echo DNS was not stopped: the disk has no room for what has to be looked at first.",
    ),
    gave_up=(
        f"set rc={INCOMPLETE}",
        "echo DNS does not start, the last error is %e%. Start it by hand.",
    ),
    idle="goto no_dns",
    alone=(
        "set e=%errorlevel%",
        f"if not exist {SC} if %e%==0 goto dns_runs",
        f"if not exist {SC} goto dns_again",
    ),
)


def _farewell(order: ScriptPlan) -> list[str]:
    lines = []
    later = " after the restart" if order.reboot else ""
    for table, text in rows_in(order.added, order.deferred):
        lines += [row_test(table, text), f"if errorlevel 1 {incomplete(f'The ports {text} could not be excluded.')}"]
    if order.reboot:
        lines.append("echo Restart this server when it suits: what was written takes effect at the next boot.")
    return [
        *lines,
        f"if %rc%=={INCOMPLETE} echo Not everything is as planned: see above, run collect.cmd and carry its file back.",
        f"if %rc%==0 echo Done. Run collect.cmd again{later} and carry its file back.",
        "goto finish",
        ":already",
        f"set rc={ALREADY}",
        "echo Nothing was changed: everything is in place already.",
        *(["echo If the server was not restarted since, restart it."] if order.reboot else []),
        "goto finish",
    ]
