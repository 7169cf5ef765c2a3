# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the two commands of a change: prepare (lock, snapshot, exact bytes) and write.

Prepare changes nothing but our own folder. Write does everything only if our lock is still there and the values are
still those of the snapshot, and always releases the lock. The values' exact bytes come from `reg export`: what
`reg query` shows is not exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .._sections.table import section_of
from .._windows.settings import NETSH, RANGES, Setting, written_setting, written_settings
from .backup import backup_files, chunks_of, if_whole, kept_file
from .cmd import (
    ERRORLEVEL,
    MAX_LINE,
    OURS,
    ROOT,
    BatchError,
    backup_id,
    nonce,
    number,
    port_range,
    section,
    section_id,
    wrap,
)
from .collect import section_commands
from .dynamic_range import set_range
from .exclusions import ADD, DELETE, Edit, file_commands, file_size
from .host_backup import COMPARED, TABLES, compared_settings, pruning, restore_script
from .lock import if_locked, lock_section, unlock_section
from .machine_id import id_commands
from .records import Record, recorded

_PUT_BACK = "put-back.reg"


@dataclass(frozen=True)
class SettingWrite:
    """One setting to write.

    Attributes:
        id: a key of SETTINGS, of NETSH or of RANGES.
        after: for a list the canonical ranges, for a number the number, None to delete the value. For a table of
            netsh's the ranges to be added now. For a dynamic range the new one, alone.
        removed: for a table the rows to be deleted, for a dynamic range the old one.
        deferred: for netsh the ranges that a window adds later: not written, but backed up with the rest.
    """

    id: str
    after: tuple[str, ...] | int | None
    removed: tuple[str, ...] = ()
    deferred: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangeId:
    """The ids of one change.

    Attributes:
        run: the transcript's nonce.
        lock: the lock file.
        backup: the backup's id.
        kept: how many backups stay on the host, None for all.
        machine: the id that the machine gets with this write, None where it has one.
    """

    run: str
    lock: str
    backup: str
    kept: int | None = None
    machine: str | None = None

    @property
    def folder(self) -> str:
        """The backup's folder on the host, for messages."""
        return rf"{ROOT}\backup\{backup_id(self.backup)}"

    @property
    def path(self) -> str:
        """The backup's folder, relative to system32."""
        return rf"{OURS}\backup\{backup_id(self.backup)}"

    @property
    def flag(self) -> str:
        """The flag file: it exists if nothing has changed since the snapshot."""
        return rf"{OURS}\same-{nonce(self.run)}"


def prepare_line(change_id: ChangeId, settings: Sequence[str]) -> str:
    """Render the first command of a change: lock, snapshot of the registry settings, export of their keys.

    Args:
        change_id: the names to use.
        settings: ids of the settings to be written; tables of netsh's need no snapshot.

    The sections: `lock` (its listing), `export_tcpip` and `export_dns` (text of `reg export`, as far as needed), and
    the collector's sections of the dynamic ranges to be written.
    """
    ranges = section_commands(change_id.run, {name for name in settings if name in RANGES})
    steps = [f"md {change_id.path}", *_prepared(change_id, settings), *ranges]
    lock = lock_section(change_id.run, change_id.lock)
    return wrap(change_id.run, [lock, if_locked(change_id.lock, "&".join(steps))])


def _prepared(change_id: ChangeId, settings: Sequence[str]) -> list[str]:
    file = rf"{change_id.path}\export.tmp"
    parts = _snapshots(change_id, settings, "1")
    for key, label in sorted({(place.key, section_of(place)) for _name, place in written_settings(settings)}):
        # cmd converts UTF-16 in `type`; one that stops at the first zero byte (Wine's) hands the bytes out as they are.
        shown = f'type {file}|findstr.exe "Registry">nul&&type {file}||findstr.exe "^" {file}'
        # XP and 2003 have no /y: they would ask about a file that is there.
        export = f"del {file}&reg.exe export {key} {file}>nul&&({shown})"
        parts += [section(change_id.run, f"export_{label}", export), f"del {file}"]
    return parts


def _snapshots(change_id: ChangeId, settings: Sequence[str], generation: str) -> list[str]:
    # The error level is part of the file, so that absent is a content like any other.
    return [
        f"({shown}&call echo rc {ERRORLEVEL})>{_snapshot_file(change_id, name, generation)}"
        for name, shown in compared_settings(settings)
    ]


def _snapshot_file(change_id: ChangeId, name: str, generation: str) -> str:
    return rf"{change_id.path}\{section_id(name)}.{generation}"


def write_lines(
    change_id: ChangeId,
    changes: Sequence[SettingWrite],
    records: Sequence[Record],
    backup: Sequence[str],
    put_back: Sequence[str] = (),
) -> list[str]:
    """Render the commands that write: one, or more if the backup's text is too long for the same line.

    Args:
        change_id: the names used in `prepare_line`.
        changes: what to write.
        records: what to record, also of settings that are right already.
        backup: lines of the .reg file that restores the old values; plain ASCII. Empty if nothing is changed.
        put_back: lines of a .reg file with the exact registry values to be written: it is imported, and what `changes`
            says of them is not sent.

    Returns:
        Command lines, to be run one after the other; only the last writes settings. Its sections: `write` (a line
        `<id> <error level>` per command; empty when nothing was written because the lock or the values were not ours
        any more), the collector's sections with the new settings, `unlock`.

    Raises:
        BatchError: a value is malformed or does not fit into one command line, or there is nothing to write.
    """
    if not (changes or records or change_id.machine):
        raise BatchError("There is nothing to write.")
    names = [change.id for change in changes]
    undo = restore_script(change_id.backup, names, _old_ranges(changes)) if changes else []
    saved, widened, sizes = backup_files(
        change_id.path, {"restore.reg": backup, "rollback.cmd": undo, _PUT_BACK: put_back}
    )
    tables, table_sizes = _netsh_files(change_id, changes)
    compare = _compared(change_id, names, sizes | table_sizes)
    recording = _recorded(change_id, records)
    write = [*_after_ranges(change_id, changes, bool(put_back)), *_snapshots(change_id, names, COMPARED)]
    if change_id.kept is not None and changes:
        write.append(pruning(change_id.kept, change_id.backup))
    tail = _tail(change_id, changes, [*recording, *write])
    whole = [*(kept_file(change_id.path, name, echoes, True) for name, echoes in saved.items()), *widened]
    if _fits([*whole, *tables, *compare, *tail]):
        first, last = [], [*whole, *tables, *compare]
    else:
        first, last = ["&".join(chunk) for chunk in chunks_of(tables)] if tables else [], compare
        for name, echoes in saved.items():
            chunks = chunks_of(echoes)
            first += [kept_file(change_id.path, name, chunk, chunk is chunks[0]) for chunk in chunks]
        first += widened
        if recording and write and not _fits([*compare, *tail]):
            # The records first, in a line of their own: a record of a value that is not there is worth nothing.
            first.append("&".join([*compare, _if_same(change_id, recording), f"del {change_id.flag}"]))
            tail = _tail(change_id, changes, write)
    lines = [wrap(change_id.run, [if_locked(change_id.lock, part)]) for part in first]
    return [*lines, wrap(change_id.run, [if_locked(change_id.lock, "&".join(last)), *tail])]


def _tail(change_id: ChangeId, changes: Sequence[SettingWrite], write: Sequence[str]) -> list[str]:
    """Render the end of the last line: the writes, what the host shows after them, and the release of the lock."""
    return [
        section(change_id.run, "write", _if_same(change_id, write)),
        *section_commands(change_id.run, shown_sections(changes)),
        # Only an empty folder goes: nothing was changed, so there is nothing to restore.
        f"del {change_id.flag}&rd {change_id.path}",
        unlock_section(change_id.run, change_id.lock),
    ]


def _if_same(change_id: ChangeId, steps: Sequence[str]) -> str:
    return f"(if exist {change_id.flag} ({'&'.join(steps)}))"


def _fits(parts: Sequence[str]) -> bool:
    """Return whether these parts fit into one line, with what is put around them."""
    return sum(len(part) + 1 for part in parts) < MAX_LINE - 300


def shown_sections(changes: Sequence[SettingWrite]) -> set[str]:
    """Return the collector's sections that the last of `write_lines` shows again."""
    shown = {section_of(place) for _name, place in written_settings(change.id for change in changes)}
    return {*shown, *(change.id for change in changes if change.id in (*NETSH, *RANGES)), "boot", "state"}


def _recorded(change_id: ChangeId, records: Sequence[Record]) -> list[str]:
    """Render the commands that give the machine an id, if it needs one, and write the records."""
    write = [f"({'&'.join(id_commands(change_id.machine))})>nul"] if change_id.machine else []
    return [*write, f"({'&'.join(recorded(records))})>nul"] if records else write


def _old_ranges(changes: Sequence[SettingWrite]) -> dict[str, str]:
    """Return the dynamic ranges from before the change."""
    return {change.id: "".join(change.removed) for change in changes if change.id in RANGES}


def _compared(change_id: ChangeId, names: Sequence[str], sizes: Mapping[str, str]) -> list[str]:
    """Create the flag file if the values equal the snapshot and the backup's files are complete."""
    compared = compared_settings(names)
    files = [[_snapshot_file(change_id, name, generation) for generation in "12"] for name, _shown in compared]
    equal = [f"fc.exe /b {first} {second} >nul" for first, second in files]
    flag = if_whole(change_id.path, sizes, f"echo same>{change_id.flag}")
    return [*_snapshots(change_id, names, "2"), "&&".join([*equal, flag])]


def _after_ranges(change_id: ChangeId, changes: Sequence[SettingWrite], put_back: bool) -> list[str]:
    """Write the dynamic ranges, then the rest if each was set: a larger pool must not meet the old, smaller range."""
    ranges = [_range_written(change_id, change) for change in changes if change.id in RANGES]
    values = [name for name, _place in written_settings(change.id for change in changes)]
    rest = _imported(change_id, values) if put_back else []
    for change in changes:
        imported = put_back and written_setting(change.id)
        rest += [] if imported or change.id in RANGES else _written(change_id, change)
    return [*ranges, _if_same(change_id, rest)] if ranges and rest else [*ranges, *rest]


def _range_written(change_id: ChangeId, change: SettingWrite) -> str:
    """Set a dynamic range; a failure ends the flag file, on which the writes behind it depend."""
    name = section_id(change.id)
    done = f"echo {name} 0", f"(call echo {name} {ERRORLEVEL}&del {change_id.flag})"
    return f"({set_range(change.id, ''.join(_ranges(change)))}>nul&&{done[0]}||{done[1]})"


def _imported(change_id: ChangeId, names: Sequence[str]) -> list[str]:
    """Import the exact values and print a line `<id> <error level>` for each."""
    done = [f"call echo {section_id(name)} {ERRORLEVEL}" for name in names]
    return [rf"reg.exe import {change_id.path}\{_PUT_BACK}>nul", *done]


def _netsh_files(change_id: ChangeId, changes: Sequence[SettingWrite]) -> tuple[list[str], dict[str, str]]:
    """Write the netsh file of this change and the one that undoes it and the window; return the size of the latter."""
    commands: list[str] = []
    undo: list[Edit] = []
    for change in changes:
        if change.id in NETSH:
            after = _ranges(change)
            edits = [Edit(DELETE, change.id, change.removed), Edit(ADD, change.id, after)]
            commands += file_commands(_netsh_file(change_id, change), edits)
            undo += [
                Edit(DELETE, change.id, (*after, *change.deferred)),
                Edit(ADD, change.id, change.removed),
            ]
    size = file_size(undo)
    return commands + file_commands(rf"{change_id.path}\{TABLES}", undo), {TABLES: f"=={size}"} if size else {}


def _netsh_file(change_id: ChangeId, change: SettingWrite) -> str:
    return rf"{change_id.path}\{section_id(change.id)}.netsh"


def _ranges(change: SettingWrite) -> tuple[str, ...]:
    if not isinstance(change.after, tuple):
        raise BatchError(f"The setting {change.id} takes a list of ranges.")
    return change.after


def _written(change_id: ChangeId, change: SettingWrite) -> list[str]:
    """Render the commands of one change, each followed by a line `<id> <error level>`."""
    done = f"call echo {section_id(change.id)} {ERRORLEVEL}"
    if change.id in NETSH:
        due = bool(_ranges(change) or change.removed)
        return [f"netsh.exe -f {_netsh_file(change_id, change)}>nul", done] if due else [done]
    place = written_setting(change.id)
    if place is None:
        raise BatchError(f"{change.id!r} is not a setting that is written.")
    if change.after is None:
        return [f"reg.exe delete {place.key} /v {place.value_name} /f>nul", done]
    return [
        f"reg.exe add {place.key} /v {place.value_name} /t {place.registry_type} {_data(place, change.after)} /f>nul",
        done,
    ]


def _data(place: Setting, after: tuple[str, ...] | int) -> str:
    if not place.is_list:
        if not isinstance(after, int):
            raise BatchError(f"The value {place.value_name} takes a number.")
        return f"/d {number(after, 65536)}"
    if not isinstance(after, tuple):
        raise BatchError(f"The value {place.value_name} takes a list of ranges.")
    if not after:
        return ""
    return f'/s , /d "{",".join(port_range(text) for text in after)}"'
