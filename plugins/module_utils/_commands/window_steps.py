# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the steps of a window, for the script over WinRM and for apply.cmd.

Nothing is stopped unless DNS runs, what goes down can be started again, and what runs is on record. Then: stop the
services that run without their port, stop DNS, exclude ports, start what DNS kept down and what was stopped, start DNS
and what depends on it. The record goes when all of that runs again. A service that does not stop ends the window before
DNS is stopped.

All lines are those of a script whose current folder is system32. They hold our own literals, integers and service keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .._windows.service_states import RUNNING, STOPPED
from .._windows.settings import DNS_SERVICE, STATE_KEY
from .cmd import matching, number, service, service_key, state_is
from .records import RAN_BEFORE

ALREADY_RUNNING = 1056
"""ERROR_SERVICE_ALREADY_RUNNING, also while a start is pending: the only sure sign without translated text."""

DISABLED_LEVEL = 1058
"""ERROR_SERVICE_DISABLED: what is disabled, or marked for deletion, could not be started again."""

NOT_RUNNING_LEVEL = 1062
"""ERROR_SERVICE_NOT_ACTIVE: DNS no longer runs."""

UNRECORDED_LEVEL = 5
"""ERROR_ACCESS_DENIED: what runs could not be recorded."""

UNSTOPPED_LEVEL = 1052
"""ERROR_INVALID_SERVICE_CONTROL: a service that was to be restarted did not stop."""

NO_ROOM_LEVEL = 112
"""Windows: there is not enough space on the disk."""

TIMED_OUT_LEVEL = 1053
"""ERROR_SERVICE_REQUEST_TIMEOUT: a service did not stop in time."""

RETRY_SECONDS = 3
_PROCESS_ENDS_S = 20
_STOPS_S = 30
_SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
_RECORD = rf"{STATE_KEY}\{RAN_BEFORE}"
_NO_WAY_BACK = r'findstr.exe /i /r /c:"^ *Start[^a-z].*0x4" /c:"^ *DeleteFlag[^a-z].*0x1"'
"""Finds a service that is disabled (Start 4) or marked for deletion in what `reg query` shows of its key."""


@dataclass(frozen=True)
class Parts:
    """The services and commands of a window.

    Attributes:
        services_to_start: keys of services to be started while DNS is down.
        dependents: keys of services that run and go down with DNS.
        owed: keys of services that an earlier window has left on record; they are not touched.
        excluding: the commands that exclude ports while DNS is down.
        process: DNS's process, digits or a variable of the script; "" where it is not known.
        attempts: how often the start of DNS is tried.
        services_to_restart: keys of running services to be stopped before DNS and started while DNS is down.
    """

    services_to_start: tuple[str, ...]
    dependents: tuple[str, ...]
    owed: tuple[str, ...]
    excluding: tuple[str, ...]
    process: str
    attempts: int
    services_to_restart: tuple[str, ...] = ()

    @property
    def stopped(self) -> tuple[str, ...]:
        """The services that the window stops, DNS first."""
        return (DNS_SERVICE, *self.dependents, *self.services_to_restart)

    @property
    def recorded(self) -> tuple[str, ...]:
        """The services on record while the window is open, DNS first."""
        return tuple(dict.fromkeys((*self.stopped, *self.owed)))


@dataclass(frozen=True)
class StepStyle:
    """How a script carries out a step and reports its result; %e% is an error level.

    Attributes:
        file: the path of a file of the script's own by its name.
        log: the redirection of what `net` says.
        with_reg: the beginning of a line that needs reg.exe; "" where it is sure to be there.
        with_sc: the same for sc.exe.
        start: the lines that start a service; the first argument is the step's name.
        stop: the lines that call the subroutine `halting` for a service.
        reported: the lines that print a step with %e%.
        record: the lines that record what runs.
        refused: the lines behind a refusal.
        gave_up: the lines behind a start of DNS that was given up.
        idle: where to go when DNS does not run.
        alone: lines between `net start DNS` and `sc start DNS`, for a host without sc.exe.
    """

    file: Callable[[str], str]
    log: str
    with_reg: str
    with_sc: str
    start: Callable[[str, str], list[str]]
    stop: Callable[[str], list[str]]
    reported: Callable[[str], list[str]]
    record: tuple[str, ...]
    refused: tuple[str, ...]
    gave_up: tuple[str, ...]
    idle: str
    alone: tuple[str, ...] = ()


def sequence(parts: Parts, style: StepStyle) -> list[str]:
    """Render the lines of a window, from its first check to the removal of its record.

    Raises:
        BatchError: a service key is malformed.
    """
    return [
        # Before anything may refuse: the proof at the end reads it.
        *(["set k=0"] if parts.services_to_restart else []),
        *_allowed(parts, style),
        *style.record,
        *_if(style.with_reg, f"reg.exe query {_RECORD}>nul 2>&1||(set e={UNRECORDED_LEVEL}&goto refused)"),
        *_halted(parts, style),
        f"net.exe stop DNS /y{style.log}",
        "set e=%errorlevel%",
        *style.reported("stop_dns"),
        *(_excluded(parts, style) if parts.excluding else []),
        *(line for name in parts.services_to_start for line in style.start("start", name)),
        *(line for name in parts.services_to_restart for line in style.start("restart", name)),
        *_dns_started(parts, style),
        *(line for name in parts.dependents for line in style.start("restart", name)),
        "goto prove",
        *(_unstopped(parts, style) if parts.services_to_restart else []),
        ":refused",
        *style.refused,
        ":prove",
        "set f=",
        *_proved(parts, style),
        *_if(style.with_reg + style.with_sc, f"if not defined f reg.exe delete {_RECORD} /f>nul 2>&1"),
    ]


def _halted(parts: Parts, style: StepStyle) -> list[str]:
    """Stop the services that run without their port. %k% counts them; see `halting`."""
    return [line for name in parts.services_to_restart for line in (*style.stop(name), "if not %e%==0 goto r%k%")]


def _proved(parts: Parts, style: StepStyle) -> list[str]:
    """Set %f% unless all services on record run.

    That behind the last counted one is left out: the window has not touched it, and perhaps it ran no longer.
    """
    left_alone = {name: f"if not %k%=={at} " for at, name in enumerate(parts.services_to_restart)}
    lines = []
    for name in parts.recorded:
        lines += _if(left_alone.get(name, "") + style.with_sc, f"{_runs(name)}||set f=1")
    return lines


def _unstopped(parts: Parts, style: StepStyle) -> list[str]:
    """Start again what was stopped before a service that did not stop, and that one; DNS was not touched.

    Behind the label `r<n>` the first n services are started, the last one first. The count leaves out one that
    somebody else has stopped since the reading.
    """
    lines = []
    for at, name in reversed([*enumerate(parts.services_to_restart, 1)]):
        lines += [f":r{at}", *style.start("restart", name)]
    return [*lines, ":r0", f"set e={UNSTOPPED_LEVEL}"]


def halting(key: str, reported: list[str]) -> list[str]:
    """Render the subroutine that stops a service and waits until it has stopped; %e% is 0 then.

    `sc stop` stops no other service: it fails where services depend on this one and run. `net stop` would ask. One that
    somebody else has stopped meanwhile (1062) is not counted in %k%, because it is to be left alone.

    Args:
        key: the variable or parameter that holds the service key in quotes.
        reported: the lines that print the step.
    """
    # The labels are short because all of the script has to fit on one command line.
    return [
        ":halt",
        f"sc.exe stop {key} >nul 2>&1",
        "set e=%errorlevel%",
        "set n=0",
        ":w",
        "if not %e%==0 goto o",
        f"sc.exe query {key} 2>nul|{matching(state_is(STOPPED))}>nul&&goto o",
        "set /a n=n+1",
        f"if %n% GEQ {_STOPS_S} set e={TIMED_OUT_LEVEL}",
        "ping.exe -n 2 127.0.0.1 >nul",
        "goto w",
        ":o",
        *reported,
        f"if not %e%=={NOT_RUNNING_LEVEL} set /a k=k+1",
        "exit /b",
    ]


def _if(condition: str, line: str) -> list[str]:
    return [f"{condition}({line})" if condition else line]


def _runs(name: str) -> str:
    return f"sc.exe query {service(name)} 2>nul|{matching(state_is(RUNNING))}>nul"


def _allowed(parts: Parts, style: StepStyle) -> list[str]:
    """Leave the window unless DNS runs and all services that stop with it can be started again."""
    keys = style.file("keys")
    queries = [rf'reg.exe query "{_SERVICES}\{service_key(name)}">>{keys} 2>nul' for name in parts.stopped]
    return [
        *_if(style.with_sc, f"{_runs(DNS_SERVICE)}||{style.idle}"),
        *(line for query in queries for line in _if(style.with_reg, query)),
        *_if(style.with_reg, f"{_NO_WAY_BACK} {keys}>nul&&(set e={DISABLED_LEVEL}&goto refused)"),
        # A file that a full disk has cut shows nothing that is disabled, either.
        f"echo {_LOOKED}>>{keys}",
        f'findstr.exe /b /c:"{_LOOKED}" {keys}>nul||(set e={NO_ROOM_LEVEL}&goto refused)',
    ]


_LOOKED = "looked"


def _excluded(parts: Parts, style: StepStyle) -> list[str]:
    """Add exclusions while DNS is down. A stopped service's process may take a while to close thousands of sockets.

    A list of processes that cannot be read does not show that it has ended.
    """
    tasks = style.file("tasks")
    look = (
        f'tasklist.exe /fi "pid eq {parts.process}" /fo csv /nh>{tasks} 2>nul'
        f'&&(findstr.exe /r /c:",.{parts.process}.," {tasks}>nul||goto exclude)'
    )
    return [
        "set n=0",
        ":held",
        *([look] if parts.process else []),
        "set /a n=n+1",
        f"if %n% GEQ {_PROCESS_ENDS_S} goto exclude",
        "ping.exe -n 2 127.0.0.1 >nul",
        "goto held",
        ":exclude",
        *parts.excluding,
    ]


def _dns_started(parts: Parts, style: StepStyle) -> list[str]:
    """Start DNS until the service manager says that it runs. The reported error level is that of this answer."""
    return [
        "set n=0",
        ":dns",
        f"net.exe start DNS{style.log}",
        *style.alone,
        "sc.exe start DNS>nul 2>&1",
        "set e=%errorlevel%",
        f"if %e%=={ALREADY_RUNNING} goto dns_runs",
        ":dns_again",
        "set /a n=n+1",
        f"if %n% GEQ {number(parts.attempts, 100_000)} goto dns_down",
        f"ping.exe -n {RETRY_SECONDS + 1} 127.0.0.1 >nul",
        "goto dns",
        ":dns_down",
        *style.gave_up,
        "goto dns_done",
        ":dns_runs",
        *style.reported("start_dns"),
        ":dns_done",
    ]
