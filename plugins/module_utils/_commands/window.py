# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the guarded window: the script for the Task Scheduler, and the commands that start, watch and end it.

WinRS kills everything in a shell that is deleted, signalled or idle. So the sequence `stop DNS, start what failed,
start DNS` runs as a scheduled task, outside of the shell's job. The script begins by renaming a token: it can run
once, only in the boot for which it was made, and only if it renames the token first. It writes only to files and
always starts what ran before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .._windows.service_states import HIGHEST_PID
from .._windows.settings import NETSH, STATE_KEY
from .backup import if_whole
from .cmd import ERRORLEVEL, SYSTEM32, BatchError, echoed, lock_name, number, section, service, wrap
from .collect import section_commands
from .exclusions import ADD, Edit, file_commands, file_size
from .lock import (
    BOOT_AND_END,
    CLAIMED,
    CLAIMED_BY_SESSION,
    LOCK,
    UNGUARDED,
    WINDOW_PREFIX,
    if_locked,
    lock_section,
    removing,
    unlock_section,
    window_folder,
    windows_section,
)
from .records import RAN_BEFORE, Record, recorded
from .task import by_file, by_switches, definition_file
from .window_steps import NOT_RUNNING_LEVEL, RETRY_SECONDS, Parts, StepStyle, halting, sequence

REFUSED = "refused"
"""The step of a window that stopped nothing; its level is the error number of Windows for the reason."""

GAVE_UP = "gave_up_dns"
"""The step of a window in which DNS did not start; its level is what `sc start` said last."""

BOOT = "boot"
"""The file in a window's folder with the boot mark of its start."""

MOST_SWEPT = 5
"""Most folders of earlier windows that a window removes: the line must stay short. The next one goes on."""

_NETSH_FILE = "exclude.netsh"


@dataclass(frozen=True)
class ExclusionToAdd:
    """An excluded port range to add while DNS is down: the setting's id and a canonical range `a-b`."""

    id: str
    ports: str


@dataclass(frozen=True)
class Window:
    """The content of a window.

    Attributes:
        run: the transcript's nonce.
        lock: our lock file; it names the window's folder and task, too.
        services_to_start: service keys to be started while DNS is down.
        dependents: service keys to be started after DNS, because they ran.
        exclusions: to be added while DNS is down (NT6).
        deadline: seconds that the window may take.
        until: UTC seconds of the controller's clock at which it is over.
        process: the PID of DNS that the service manager reports; None if it reports none.
        owed: service keys that an earlier window has left on record: they stay there until they run.
        task_file: whether the release's schtasks takes a task from a file; see `task.FAMILIES`.
        services_to_restart: keys of running services, to be stopped before DNS and started while DNS is down.
    """

    run: str
    lock: str
    services_to_start: tuple[str, ...]
    dependents: tuple[str, ...]
    exclusions: tuple[ExclusionToAdd, ...]
    deadline: int
    until: int
    process: int | None = None
    owed: tuple[str, ...] = ()
    task_file: bool = False
    services_to_restart: tuple[str, ...] = ()

    @property
    def recorded(self) -> Record:
        """The services on record while the window is open."""
        return Record(RAN_BEFORE, ",".join(_parts(self).recorded))

    @property
    def folder(self) -> str:
        """The window's folder on the host, unquoted, for programs that do not run in system32."""
        return rf"%SystemRoot%\{WINDOW_PREFIX}{lock_name(self.lock)}"

    @property
    def path(self) -> str:
        """The window's folder, relative to system32."""
        return window_folder(self.lock)

    @property
    def task(self) -> str:
        """The task's name. It is unique, because XP and 2003 cannot overwrite a task."""
        return f"portkeeper-{lock_name(self.lock)}"

    @property
    def mark(self) -> str:
        """The file that says how long the lock must not be taken over, relative to system32."""
        return rf"{LOCK}\window-{number(self.until, 99_999_999_999)}-{self.run}"


def script(window: Window) -> list[str]:
    """Render the lines of the window's script.

    `steps` gets a line `<step> <error level>` per step; the file `end` appears when everything has been done.
    """
    if {exclusion.id for exclusion in window.exclusions} - set(NETSH):
        raise BatchError("A window was to add what is not an excluded port range.")
    return [
        "@echo off",
        f"cd /d {SYSTEM32}||exit",
        f"set w={window.path}",
        rf"if exist %w%\{CLAIMED_BY_SESSION} exit",
        # The task would run at the next boot, too; then another run may hold the lock.
        rf"({BOOT_AND_END})>%w%\now 2>nul",
        r"fc.exe /b %w%\boot %w%\now>nul||exit",
        rf"ren %w%\token {CLAIMED}||exit",
        *sequence(_parts(window), _STYLE),
        r"echo end>%w%\end",
        f"del {window.mark}",
        "exit",
        *_routine("start"),
        *_routine("restart"),
        *(halting("%s%", _reported("stop %s%")) if window.services_to_restart else ()),
    ]


def _parts(window: Window) -> Parts:
    exclude = (rf"netsh.exe -f %w%\{_NETSH_FILE}{_LOG}", "set e=%errorlevel%", *_reported("exclude"))
    return Parts(
        services_to_start=window.services_to_start,
        dependents=window.dependents,
        owed=window.owed,
        excluding=exclude if window.exclusions else (),
        process="" if window.process is None else number(window.process, HIGHEST_PID),
        # A start that fails takes some seconds itself: the script is to tell it before the deadline is over.
        attempts=max(5, window.deadline // (2 * (RETRY_SECONDS + 1))),
        services_to_restart=window.services_to_restart,
    )


_LOG = r">>%w%\log 2>&1"


def _reported(step: str) -> list[str]:
    return [rf">>%w%\steps echo {step} %e%"]


def _started(step: str, name: str) -> list[str]:
    return [f"set s={service(name)}", f"call :{step}"]


def _routine(step: str) -> list[str]:
    """Render the subroutine that starts the service %s%. All of it, with a long name, is part of one command line."""
    return [f":{step}", f"net.exe start %s% {_LOG}", "set e=%errorlevel%", *_reported(f"{step} %s%"), "exit /b"]


_STYLE = StepStyle(
    file=lambda name: rf"%w%\{name}",
    log=_LOG,
    with_reg="",
    with_sc="",
    start=_started,
    stop=lambda name: _started("halt", name),
    reported=_reported,
    # It is written before the script runs, together with the token.
    record=(),
    refused=tuple(_reported(REFUSED)),
    gave_up=tuple(_reported(GAVE_UP)),
    idle=f"(set e={NOT_RUNNING_LEVEL}&goto refused)",
)


def start_line(window: Window) -> str:
    """Render the line that takes the lock, writes script and token, and creates and runs the task.

    The sections: `lock`; only if the lock is ours and the folder is new `create`; and only if its files have the size
    of what was sent, because the disk may be full, `run` (error levels of schtasks).
    """
    try:
        return _started_by_task(window)
    except BatchError:
        if not window.task_file:
            raise
    # With many services only the longer way to create the task may have made the line too long.
    return _started_by_task(replace(window, task_file=False))


def _started_by_task(window: Window) -> str:
    program = rf"{window.folder}\run.cmd"
    definition = rf"{window.path}\task.xml"
    written = [definition_file(program, definition)] if window.task_file else []
    create = by_file(window.task, program, definition) if window.task_file else by_switches(window.task, program)
    return _opened(
        window,
        # The task would run at the next boot, too: the token makes that harmless.
        [*written, section(window.run, "create", f"{create}>nul&&echo created")],
        section(window.run, "run", f"schtasks.exe /run /tn {window.task}>nul"),
    )


def poll_line(window: Window, seconds: int) -> str:
    """Render the line that waits on the host for the end mark, for `seconds` at most.

    The section `window` holds `ended` if the end mark is there, and then the steps; `absent` if there is no window.
    The section `windows` shows the folders of all windows.
    """
    rounds = number(max(1, seconds // 2), 10_000)
    end = rf"{window.path}\end"
    loop = f"(for /l %i in (1,1,{rounds}) do @if not exist {end} ping.exe -n 3 127.0.0.1 >nul)"
    shown = rf"(if exist {end} (echo ended&type {window.path}\steps))"
    look = rf"(if exist {window.path}\run.cmd ({loop}&{shown}) else (echo absent))"
    return wrap(window.run, [section(window.run, "window", look), windows_section(window.run)])


def finish_line(window: Window, others: Mapping[str, frozenset[str]]) -> str:
    """Render the line after the end mark: remove task and folder, release the lock, and read everything again.

    Args:
        window: the one that has ended.
        others: the folders of all windows with their files. Those made before the last boot are removed, because only a
            window that was watched to its end removes its own. Any other may still be at work, with DNS stopped, if
            somebody has cleared its lock.
    """
    left = sorted(lock for lock, files in others.items() if BOOT in files and lock != window.lock)[:MOST_SWEPT]
    swept = "&".join(f"({_sweeping(window, lock)})" for lock in left)
    clean = "&".join([*([if_locked(window.lock, swept)] if left else []), removing(window.lock)])
    return wrap(
        window.run,
        [
            section(window.run, "finish", clean),
            unlock_section(window.run, window.lock),
            *section_commands(window.run),
        ],
    )


def _sweeping(window: Window, lock: str) -> str:
    """Remove the folder of an earlier boot's window. Only level 1 of fc shows a difference, 2 a file it cannot read."""
    compared = rf"fc.exe /b {window_folder(lock)}\{BOOT} {window.path}\{BOOT}>nul"
    return f"{compared}&(if errorlevel 1 (if not errorlevel 2 ({removing(lock)})))"


def abort_line(window: Window) -> str:
    """Render the line after a failed start: claim the token, so that the script never runs, and clean up.

    The section `abort` holds `claimed` unless the script has the token; only then the lock is released.
    """
    # Nothing was stopped, so nothing is owed but what was before.
    forget = "" if window.owed else rf"&reg.exe delete {STATE_KEY}\{RAN_BEFORE} /f>nul"
    clean = f"schtasks.exe /delete /tn {window.task} /f>nul&del {window.mark}{forget}"
    gone = f"rd /s /q {window.path}"
    undone = f"(if exist {_claimed(window)} ({clean}&{unlock_section(window.run, window.lock)}&{gone}))"
    return wrap(window.run, [_claim(window), undone])


def rescue_line(window: Window) -> str:
    """Render the line for a missing end mark: claim the token, start what ran before, and read everything again.

    The section `abort` as in `abort_line`, `rescue` a line `<step> <error level>` per service.
    """
    starts = [f"net.exe start DNS>nul&call echo start_dns {ERRORLEVEL}"]
    starts += [
        f"net.exe start {service(name)}>nul&call echo restart {service(name)} {ERRORLEVEL}"
        for name in (*window.services_to_restart, *window.dependents)
    ]
    return wrap(
        window.run,
        [
            _claim(window),
            section(window.run, "rescue", f"({'&'.join(starts)})"),
            *section_commands(window.run),
        ],
    )


def unguarded_line(window: Window) -> str:
    """Render the line that runs the script inside the shell, on hosts without a Task Scheduler; see `start_line`.

    The section `window` as in `poll_line`.
    """
    folder = window.path
    command = rf"cmd.exe /d /c {folder}\run.cmd>nul&(if exist {folder}\end (echo ended&type {folder}\steps))"
    return _opened(window, [rf"echo shell>{folder}\{UNGUARDED}"], section(window.run, "window", command))


def start_services_line(run: str, names: Sequence[str]) -> str:
    """Render the line that starts services whose port is free, without a window, and reads everything again.

    The section `start` holds a line `<key in quotes> <error level>` per service.
    """
    if not names:
        raise BatchError("There is no service to start.")
    starts = [f"net.exe start {service(name)}>nul&call echo {service(name)} {ERRORLEVEL}" for name in names]
    return wrap(run, [section(run, "start", f"({'&'.join(starts)})"), *section_commands(run)])


def _opened(window: Window, before: list[str], then: str) -> str:
    """Render the lock and, if it was taken, the window's folder with script, token and mark, and then the command.

    It continues only if the disk has stored all of it: half a script would stop DNS and not start it again.

    The file for netsh is written behind all environment variables of the line; see `wrap`.
    """
    lines = script(window)
    text = "&".join(echoed(line) for line in lines)
    tables = [
        Edit(ADD, name, ranges)
        for name in NETSH
        if (ranges := tuple(exclusion.ports for exclusion in window.exclusions if exclusion.id == name))
    ]
    folder = window.path
    files = file_commands(rf"{folder}\{_NETSH_FILE}", tables)
    record = f"({'&'.join(recorded([window.recorded]))})>nul"
    work = [
        *(rf"type {LOCK}\{window.lock}>{file}" for file in (window.mark, rf"{folder}\{BOOT}")),
        rf"({text})>{folder}\run.cmd",
        *before,
        *files,
        record,
        rf"echo token>{folder}\token",
    ]
    sizes = {"run.cmd": f"=={sum(len(line) + 2 for line in lines)}"}
    if tables:
        sizes[_NETSH_FILE] = f"=={file_size(tables)}"
    # `md` fails where the folder is there already, and nothing may have got in before it was closed.
    empty = f'dir /b {folder}|findstr.exe "^">nul'
    work.append(if_whole(folder, sizes, f"({then})"))
    steps = f"md {folder}&&({_closing(folder)}&{empty}&(if errorlevel 1 ({'&'.join(work)})))"
    return wrap(window.run, [lock_section(window.run, window.lock), if_locked(window.lock, steps)])


def _closing(folder: str) -> str:
    """Close a new folder to all but administrators and SYSTEM, by their SIDs, as far as the release can.

    icacls is part of Windows since Server 2003 SP2 (KB919240). There it cannot end the inheritance: the groups that may
    write to %SystemRoot%, Power Users and Server Operators (KB825069, Q244600), are denied it. Where it is missing the
    folder stays as open as %SystemRoot%.
    """
    owners = " ".join(f'"*{sid}:(OI)(CI)F"' for sid in ("S-1-5-32-544", "S-1-5-18"))
    others = " ".join(f'"*{sid}:(OI)(CI)(D,WD,AD,DC,WO,WDAC)"' for sid in ("S-1-5-32-547", "S-1-5-32-549"))
    return f"(icacls.exe {folder} /inheritance:r /grant:r {owners}||icacls.exe {folder} /deny {others})>nul"


def _claimed(window: Window) -> str:
    return rf"{window.path}\{CLAIMED_BY_SESSION}"


def _claim(window: Window) -> str:
    """Render the command that renames the token, as the script does. It prints `claimed` if the session was first.

    A start that was cut short may have left no token yet; then the name alone keeps the script from running.
    """
    token = rf"ren {window.path}\token {CLAIMED_BY_SESSION}"
    instead = rf"(if not exist {window.path}\{CLAIMED} echo never>{_claimed(window)})"
    return section(window.run, "abort", f"({token}||{instead})&(if exist {_claimed(window)} echo claimed)")
