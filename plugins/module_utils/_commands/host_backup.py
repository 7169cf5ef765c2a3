# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render rollback.cmd, the script on the host that restores a backup from the console, without a network.

It contains only literals. It restores values only if they still equal those of the change that the backup was made
for. It removes their records, so that the next run determines again which values are effective.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .._windows.registry_file import long_key
from .._windows.settings import NETSH, OWN_KEY, RANGES, STATE_KEY, written_settings
from .cmd import MAX_SCRIPT_LINE, OURS, ROOT, SYSTEM32, BatchError, backup_id, checked, number, section_id
from .dynamic_range import set_range, shown_ranges
from .lock import BUSY, refuse_while_locked

COMPARED = "3"
"""Extension of the file that shows a value as the change left it."""

TABLES = "restore.netsh"
"""Commands for netsh that undo what it did and what the window after it was to do."""

_WIDE_KEY = rf"{OWN_KEY}\text"
_NOW = "4"
_MOST = 1_000


def compared_settings(settings: Iterable[str]) -> list[tuple[str, str]]:
    """Return what must not have changed when it is written or restored: a file's name, and the command that shows it.

    Args:
        settings: ids of settings, of NETSH, whose tables are not compared, and of RANGES.

    Raises:
        BatchError: an id is malformed.
    """
    names = list(settings)
    places = written_settings(names)
    values = [(section_id(name), f"reg.exe query {place.key} /v {place.value_name}") for name, place in places]
    return [*values, *shown_ranges(name for name in names if name in RANGES)]


def restore_script(backup: str, undone: Sequence[str], ranges: Mapping[str, str] | None = None) -> list[str]:
    """Render the lines of rollback.cmd, which lies in the backup's folder.

    Args:
        backup: the backup's id.
        undone: ids of settings, whose old values restore.reg holds, and of NETSH, of which restore.netsh takes out
            what was added; and of RANGES.
        ranges: the old range of each of the last ones.

    Raises:
        BatchError: an id or a range is malformed.
    """
    settings, old_ranges = written_settings(undone), ranges or {}
    lines = [
        "@echo off",
        "setlocal",
        f"cd /d {SYSTEM32}||exit /b 1",
        rf"set b={OURS}\backup\{backup_id(backup)}",
        "if not exist %b%\\rollback.cmd exit /b 1",
        *refuse_while_locked(r"%b%\boot.now"),
    ]
    for name, show in compared_settings(undone):
        shown = f"({show})" if "&" in show else show
        lines += [
            rf"{shown}>%b%\{name}.{_NOW} 2>nul",
            rf">>%b%\{name}.{_NOW} echo rc %errorlevel%",
            rf"fc.exe /b %b%\{name}.{COMPARED} %b%\{name}.{_NOW}>nul||goto changed",
        ]
    lines += [r"reg.exe import %b%\restore.reg||exit /b 1"] if settings else []
    lines += [f"{set_range(name, text)}>nul||exit /b 1" for name, text in old_ranges.items()]
    lines += [rf"netsh.exe -f %b%\{TABLES}>nul"] if set(undone) & set(NETSH) else []
    lines += [rf"reg.exe delete {STATE_KEY}\{section_id(name)} /f>nul 2>&1" for name in undone]
    how = "enter these commands" if old_ranges else "import this file"
    lines += [
        "echo The old values are back. A reboot makes them effective.",
        "exit /b 0",
        ":busy",
        *BUSY,
        "exit /b 1",
        ":changed",
        f"echo Nothing was done: somebody has changed a value since. To restore it nevertheless, {how}:",
        *([rf"echo reg import {ROOT}\backup\{backup}\restore.reg"] if settings or not old_ranges else []),
        *(f"echo {set_range(name, text)}".replace(".exe", "") for name, text in old_ranges.items()),
        "exit /b 2",
    ]
    return [checked(line, MAX_SCRIPT_LINE) for line in lines]


def as_wide(lines: Sequence[str]) -> list[str]:
    """Return the text of a .reg file without its signature, and with the end of the key that `widening` creates."""
    return [*lines[1:], "", f"[-{long_key(_WIDE_KEY)}]"]


def widening(file: str) -> str:
    """Render the commands that convert ASCII text to a .reg file in UTF-16, with byte order mark and signature.

    Data of strings is UTF-16 only in such a file, and `echo` cannot print the mark: it comes from a file that `reg`
    itself exports, from an empty key of the collection.

    Args:
        file: its path, in a separate folder.
    """
    make = f"reg.exe add {_WIDE_KEY} /f>nul&ren {file} wide.tmp&reg.exe export {_WIDE_KEY} {file}>nul"
    folder = file.rpartition("\\")[0]
    join = rf"cmd.exe /d /u /c type {folder}\wide.tmp>>{file}&del {folder}\wide.tmp"
    return f"{make}&{join}&reg.exe delete {_WIDE_KEY} /f>nul"


def pruning(kept: int, current: str) -> str:
    """Render the command that removes the oldest backups. It only touches names that the collection gives.

    Args:
        kept: how many stay, at least one.
        current: the id of the backup that stays in any case.

    Raises:
        BatchError: `kept` is 0, which `for` refuses to skip, or too large.
    """
    if kept == 0:
        raise BatchError("At least one backup must be kept.")
    listed = rf'dir /b /ad /o-n {OURS}\backup ^|findstr.exe /r "^[0-9]*T[0-9]*Z-[0-9a-f]*$"'
    remove = rf'@if not "%i"=="{backup_id(current)}" rd /s /q {OURS}\backup\%i'
    return f"""(for /f "skip={number(kept, _MOST)}" %i in ('{listed}') do {remove})"""
