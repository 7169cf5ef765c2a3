# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the commands of the host's lock: a directory with one file named `<UTC seconds>-<nonce>`.

Creating a directory is atomic on Windows, and so is renaming one file: whoever succeeds holds the lock. The seconds
are those of the host's own clock, 0 where it could not be read; the file holds the boot mark of that moment. An open
window adds `window-<UTC seconds of its deadline>-<nonce>`, with the same content, which the window's script deletes at
its end. `lock_state` decides what to do with a lock that is found.
"""

from __future__ import annotations

from dataclasses import dataclass

from .._sections.table import SECTIONS
from .cmd import OURS, ROOT, lock_name, section, wrap
from .collect import section_commands

LOCK = rf"{OURS}\lock"
"""The lock's directory, seen from system32."""

CLEARING = rf"rd /s /q {ROOT}\lock"
"""What an administrator types on the host to clear a lock, for messages."""

ADOPTING = (
    rf"takeown /f {ROOT} /a /r",
    rf'icacls {ROOT} /inheritance:r /grant:r "*S-1-5-32-544:(OI)(CI)F" "*S-1-5-18:(OI)(CI)F"',
)
"""What an administrator types on the host to give the collection's folder to administrators and SYSTEM, for messages.

Needed if an earlier version or somebody else has made the folder, and its rights deny access.
"""

WINDOW_PREFIX = "portkeeper-"
"""A window's folder is named with this prefix and the name of its run's lock file."""

CLAIMED, CLAIMED_BY_SESSION = "claimed", "claimed.session"
"""Names for a window's token. The first to rename it decides: its script, or a session that keeps it from running."""

UNGUARDED = "unguarded"
"""The file in a window's folder that shows that its script runs in a shell, and ends with it."""

ENDED = "end"
"""The file that a window's script leaves in its folder when everything has been done."""

SETTLE = "ping.exe -n 6 127.0.0.1 >nul"
"""Five seconds before a lock is taken over: a run that is about to release it does so, and the renaming fails."""

BOOT_AND_END = f"{SECTIONS['boot'].command}&echo {ENDED}"
"""Prints the boot mark and a last line; a file that a full disk has cut lacks this line."""


@dataclass(frozen=True)
class Takeover:
    """The files to take over, by exact names.

    Attributes:
        files: names in the lock's directory; the first is renamed, the others are deleted. Empty if the directory is
            empty, because its run ended between two steps.
        windows: names of the windows' folders that belong to it; none of these windows is open.
        unclaimed: those whose script may still start. It is kept from starting first, or nothing is taken over.
    """

    files: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    unclaimed: tuple[str, ...] = ()


def window_folder(lock: str) -> str:
    """Return the folder of a run's window, relative to system32.

    It is directly below %SystemRoot%, which cannot be renamed or replaced: a script that runs as SYSTEM must not be in
    a folder whose parent somebody else may have made.
    """
    return rf"..\{WINDOW_PREFIX}{lock_name(lock)}"


def removing(lock: str) -> str:
    """Delete a window's task and its folder."""
    return rf"schtasks.exe /delete /tn {WINDOW_PREFIX}{lock_name(lock)} /f>nul&rd /s /q {window_folder(lock)}"


def lock_section(run: str, name: str) -> str:
    """Render the section `lock`: take the lock with our lock file if it is free, and list its files."""
    return section(run, "lock", f"md {OURS}&md {LOCK}&&{_filled(name)}&dir /b {LOCK}")


def _filled(name: str) -> str:
    """Write the run's lock file."""
    return rf"({BOOT_AND_END})>{LOCK}\{lock_name(name)}"


def takeover_line(run: str, name: str, takeover: Takeover) -> str:
    """Render the line that takes over a stale lock for our lock file. Its section `lock` lists the files afterwards."""
    take = _taken_over(name, takeover) if takeover.files else f"rd {LOCK}&&md {LOCK}&&{_filled(name)}"
    return wrap(run, [section(run, "lock", f"{SETTLE}&{take}&dir /b {LOCK}")])


def _taken_over(name: str, takeover: Takeover) -> str:
    first, *others = (_file_name(file) for file in takeover.files)
    steps = []
    for window in takeover.unclaimed:
        folder = window_folder(window)
        steps.append(
            rf"(ren {folder}\token {CLAIMED_BY_SESSION}"
            rf"||(if not exist {folder}\{CLAIMED} echo never>{folder}\{CLAIMED_BY_SESSION}))"
        )
    guards = "".join(rf"if exist {window_folder(window)}\{CLAIMED_BY_SESSION} " for window in takeover.unclaimed)
    then = [_filled(name), *(rf"del {LOCK}\{other}" for other in others)]
    then += [f"({removing(window)})" for window in takeover.windows]
    steps.append(rf"({guards}(ren {LOCK}\{first} {name}&&({'&'.join(then)})))")
    return "&".join(steps)


def _file_name(name: str) -> str:
    """Return a name in the lock's directory if the collection wrote it, else raise BatchError."""
    kind, dash, rest = name.partition("-")
    if kind == "window" and dash:
        return f"window-{lock_name(rest)}"
    return lock_name(name)


def refuse_while_locked(present: str) -> list[str]:
    """Render the lines of a console script that go to the label `busy` if a run may hold the lock.

    A lock that was taken in another boot is stale. On a host without a network, for example in IPsec's block
    mode after host_reboot, no other run could remove it. Where a full disk cuts the present mark, no lock is stale.

    Args:
        present: a file that the script may write, to show the present boot.
    """
    return [
        f"({BOOT_AND_END})>{present} 2>nul",
        rf"for %%i in ({LOCK}\*) do (fc.exe /b %%i {present}>nul&&goto busy)",
        f'findstr.exe /b /c:"{ENDED}" {present}>nul||(if exist {LOCK} goto busy)',
    ]


BUSY = (
    "echo Nothing was changed: another run of portkeeper works on this server.",
    f"echo If that is not so, clear its lock with: {CLEARING}",
)
"""Lines of a script for the console, after the label `busy`."""


def survey_line(run: str) -> str:
    """Render the line that shows all evidence of who holds the lock. It changes nothing.

    The sections: `lock` (names), `lock_files` (a line `file <name>` and its content), `windows` (a line `window <name>`
    and the names in that folder), `folder` (`there` where our folder, or a file of its name, is), and the collector's
    `boot`.
    """
    # Sixteen characters after a dash: the content of other programs' files is not read.
    files = rf"for %i in ({LOCK}\*-{'?' * 16}) do @(echo file %~nxi&type {LOCK}\%~nxi)"
    parts = [
        section(run, "lock", f"dir /b {LOCK}"),
        section(run, "lock_files", f"({files})"),
        windows_section(run),
        section(run, "folder", f"(if exist {OURS} echo there)"),
        *section_commands(run, ["boot"]),
    ]
    return wrap(run, parts)


def windows_section(run: str) -> str:
    """Render the section `windows`: of each window's folder a line `window <name>`, then the names of its files."""
    return section(run, "windows", rf"(for /d %i in (..\{WINDOW_PREFIX}*) do @(echo window %~nxi&dir /b ..\%~nxi))")


def if_locked(name: str, command: str) -> str:
    """Run the command only while the run's lock file is there."""
    return rf"(if exist {LOCK}\{lock_name(name)} ({command}))"


def unlock_section(run: str, name: str) -> str:
    """Render the section `unlock`: release the run's lock with its window's mark, and list the remaining files.

    Files of others stay: if two runs meet in the directory, each removes only its own files.
    """
    mine = rf"{LOCK}\{lock_name(name)}"
    mark = rf"{LOCK}\window-*-{name.partition('-')[2]}"
    return section(run, "unlock", f"(if exist {mine} (del {mine}&del {mark}&rd {LOCK}))&dir /b {LOCK}")


def unlock_line(run: str, name: str) -> str:
    """Render the line that only releases the lock."""
    return wrap(run, [unlock_section(run, name)])
