# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read backups on the controller. Only types and bytes come from the file; keys and value names are constants."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...module_utils._commands.cmd import port_range
from ...module_utils._commands.machine_id import machine_id
from ...module_utils._windows.registry_file import REG_DWORD, REG_MULTI_SZ, TYPE_NAMES, RawValue, raw_value
from ...module_utils._windows.settings import NETSH, RANGES, SETTINGS, Setting, written_setting
from .._files import BACKUP_NAME, BackupStore
from .backup import BACKUP_FORMAT, CHANGE, BackupError


@dataclass(frozen=True)
class BackedUpValue:
    """One registry value in a backup: its old value, and the one that the change wrote."""

    setting: Setting
    before: RawValue | None
    after: RawValue | None


@dataclass(frozen=True)
class Table:
    """One of netsh's tables in a backup: the rows that the change and its window added and deleted.

    Attributes:
        id: of NETSH.
        added: rows that were not there before.
        removed: rows that were.
    """

    id: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class BackedUpRange:
    """A dynamic port range in a backup: the old one, and the one that the change set, as ``a-b``."""

    id: str
    before: str
    after: str


@dataclass(frozen=True)
class Backup:
    """A backup.

    Attributes:
        id: its name.
        kind: `change` or `rollback`.
        call: of ansible-playbook, in which it was made.
        computer_name: of the host at that time.
        machine: the machine's id; None where it was not known.
        host_folder: of the backup on the host.
        rows: the registry values.
        tables: those of netsh.
        ranges: the dynamic port ranges.
    """

    id: str
    kind: str
    call: str | None
    computer_name: str | None
    machine: str | None
    host_folder: str
    rows: tuple[BackedUpValue, ...]
    tables: tuple[Table, ...]
    ranges: tuple[BackedUpRange, ...] = ()


@dataclass(frozen=True)
class Backups:
    """Backups of a host.

    Attributes:
        found: those that can be read, oldest first.
        unreadable: a sentence's rest about each of the others, oldest first.
    """

    found: tuple[Backup, ...]
    unreadable: tuple[str, ...]


def all_backups(backups: BackupStore) -> Backups:
    """Return all backups of the host. An unreadable one is reported and does not hide the others."""
    return _read_all(backups.paths())


def backups_since(backups: BackupStore, name: str | None) -> Backups:
    """Return a backup and all later ones: from the named one on, or from the last one before a change.

    What is older is not looked at: a file that is damaged there does not matter.

    Raises:
        BackupError: there is none, or the named one cannot be read; the rest of a sentence about the host.
    """
    paths = backups.paths()
    if name is not None:
        at = next((at for at, path in enumerate(paths) if path.stem == name), None)
        if at is None:
            known = ", ".join(path.stem for path in paths[-5:]) or "none"
            raise BackupError(f"has no backup {name!r} on this controller; the newest are: {known}")
        first, later = read_backup(paths[at]), _read_all(paths[at + 1 :])
        return Backups((first, *later.found), later.unreadable)
    for at in range(len(paths) - 1, -1, -1):
        read = _read_all(paths[at:])
        if read.found and read.found[0].kind == CHANGE:
            return read
    damaged = _read_all(paths).unreadable
    if damaged:
        raise BackupError(damaged[-1])
    raise BackupError("has no backup on this controller: set backup_dir to the folder that the change was made with")


def _read_all(paths: Sequence[Path]) -> Backups:
    found, unreadable = [], []
    for path in paths:
        try:
            found.append(read_backup(path))
        except BackupError as error:
            unreadable.append(str(error))
    return Backups(tuple(found), tuple(unreadable))


def read_backup(path: Path) -> Backup:
    """Read one file.

    Raises:
        BackupError: it is not one of our backups; the rest of a sentence about the host.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return _backup(content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise BackupError(f"has a backup {path} that cannot be read ({type(error).__name__})") from error


def _backup(content: Mapping[str, Any]) -> Backup:
    rows = content["settings"]
    if content["format"] != BACKUP_FORMAT or not BACKUP_NAME.fullmatch(content["id"]):
        raise ValueError("not a backup of this format")
    return Backup(
        id=content["id"],
        kind=str(content.get("kind", CHANGE)),
        call=content.get("call"),
        computer_name=content.get("computer_name"),
        machine=machine_id(content.get("machine_id")),
        host_folder=str(content["host_folder"]),
        rows=tuple(_kept(row) for row in rows if written_setting(row["setting"])),
        tables=tuple(_table(row) for row in rows if row["setting"] in NETSH),
        ranges=tuple(_range(row) for row in rows if row["setting"] in RANGES),
    )


def _kept(row: Mapping[str, Any]) -> BackedUpValue:
    setting = SETTINGS[row["setting"]]
    if row["key"] != setting.key or row["value_name"] != setting.value_name:
        raise ValueError("another place than the setting's")
    before = None if row["absent"] else _raw(row["type_number"], row["hex"])
    if "after_exact" in row:
        exact = row["after_exact"]
        return BackedUpValue(setting, before, None if exact is None else _raw(*exact))
    return BackedUpValue(setting, before, _written(row["after"]))


def _table(row: Mapping[str, Any]) -> Table:
    before = frozenset(row["before"])
    added = tuple(port_range(text) for text in (*row["after"], *row["deferred"]) if text not in before)
    return Table(row["setting"], added, tuple(port_range(text) for text in row["removed"]))


def _range(row: Mapping[str, Any]) -> BackedUpRange:
    (before,), (after,) = row["before"], row["after"]
    return BackedUpRange(row["setting"], port_range(before), port_range(after))


def _raw(kind: object, digits: str) -> RawValue:
    if not isinstance(kind, int) or isinstance(kind, bool) or not 0 <= kind <= 0xFFFFFFFF:
        raise ValueError("not a type of the registry")
    return kind, bytes.fromhex(digits)


def _written(after: object) -> RawValue | None:
    """Return the bytes that `reg add` makes of a written value."""
    if after is not None and not isinstance(after, (int, list)):
        raise ValueError("not a value that we write")
    return raw_value(after)


def shown_value(raw: RawValue | None) -> list[str] | int | str | None:
    """Format a value for people and for the diff: entries, a number, or else hex digits."""
    if raw is None:
        return None
    kind, data = raw
    if kind == REG_DWORD and len(data) == 4:
        return int.from_bytes(data, "little")
    if TYPE_NAMES.get(kind) in ("REG_SZ", "REG_EXPAND_SZ", "REG_MULTI_SZ") and len(data) % 2 == 0:
        text = data.decode("utf-16-le", "replace").rstrip("\0")
        return (text.split("\0") if text else []) if kind == REG_MULTI_SZ else text
    return data.hex(" ")
