# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the backup of one change: the exact bytes of every value before and after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...module_utils._commands.write import SettingWrite
from ...module_utils._parsers.transcript import Transcript, decode
from ...module_utils._sections.table import section_of
from ...module_utils._windows.registry_file import (
    DIALECT_4,
    DIALECT_5,
    REG_MULTI_SZ,
    TYPE_NAMES,
    RawValue,
    RegFileError,
    long_key,
    read_reg,
    render_reg,
)
from ...module_utils._windows.settings import NETSH_PREFIX, RANGES, SETTINGS, Setting, written_setting

BACKUP_FORMAT = 1
CHANGE, ROLLBACK = "change", "rollback"
"""Kinds of backups: made before a change, or before another backup was restored."""


class BackupError(Exception):
    """The exact bytes of a value are not known, so it must not be written; the rest of a sentence about the host."""


def exact_values(answer: Transcript, changes: Sequence[SettingWrite]) -> dict[str, RawValue | None]:
    """Return type and bytes of every registry value to write; None if it is absent.

    Args:
        answer: to `prepare_line`.
        changes: what is to be written; those of netsh have no value.

    Raises:
        BackupError: a key could not be exported, or a value's bytes are not known.
    """
    values: dict[str, RawValue | None] = {}
    for change in changes:
        setting = written_setting(change.id)
        if setting is None:
            continue
        text = _exported(answer, section_of(setting))
        if text is None:
            raise BackupError(
                f"did not export {setting.key}, so nothing was written: see that its disk has room and that the user"
                " may write to %SystemRoot%\\portkeeper, then run again"
            )
        try:
            exported = read_reg(text)
            found = exported.values(long_key(setting.key))
            values[change.id] = exported.get(long_key(setting.key), setting.value_name)
        except RegFileError as error:
            raise BackupError(f"exported {setting.value_name} in a way that is not exact: {error}") from error
        if found is None:
            raise BackupError(f"exported nothing of {setting.key}, so nothing was written")
    return values


def _exported(answer: Transcript, label: str) -> str | None:
    """Return the text of one exported key; None if it is not complete or the export failed."""
    section = answer.sections.get(f"export_{label}")
    if section is None or section.errorlevel != 0:
        return None
    body = section.body.lstrip(b" \r\n")
    if not body.startswith(b"\xff\xfe"):
        return decode(body)
    # UTF-16 that came through a tool for lines of bytes, which ends each with both characters.
    return body[2:].replace(b"\r\n", b"\n").decode("utf-16-le", "replace")


def same_as_found(setting: Setting, raw: RawValue | None, fact: Mapping[str, Any]) -> bool:
    """Return whether the exported bytes equal the value that the plan was made from."""
    if raw is None:
        return fact.get("present") is False
    if fact.get("present") is not True or fact.get("type") != TYPE_NAMES.get(raw[0]):
        return False
    data = fact.get("data")
    if isinstance(data, int):
        return int.from_bytes(raw[1], "little") == data
    text = raw[1].decode("utf-16-le", "replace")
    entries = [data] if isinstance(data, str) else data or []
    return _comparable(text.split("\0")) == _comparable(entries)


def same_value(one: RawValue | None, other: RawValue | None) -> bool:
    """Return whether two values are equal. A list may end with one zero character or more, because tools differ."""
    if one is None or other is None or one[0] != other[0] or one[0] != REG_MULTI_SZ:
        return one == other
    return _without_end(one[1]) == _without_end(other[1])


def _without_end(raw: bytes) -> bytes:
    while len(raw) % 2 == 0 and raw.endswith(b"\0\0"):
        raw = raw[:-2]
    return raw


def restore_lines(values: Mapping[str, RawValue | None]) -> list[str]:
    """Render the .reg file that restores the values: plain ASCII, data as hex digits.

    In the old dialect, whose strings are 8-bit as the file is; only foreign text beyond ASCII needs the new one.
    """
    if not values:
        return []
    keys: dict[str, dict[str, RawValue | None]] = {}
    for name, raw in values.items():
        keys.setdefault(long_key(SETTINGS[name].key), {})[SETTINGS[name].value_name] = raw
    try:
        text = render_reg(keys, DIALECT_4)
    except RegFileError:
        text = render_reg(keys, DIALECT_5)
    return text.rstrip("\r\n").split("\r\n")


def backup_content(
    identity: Mapping[str, Any],
    changes: Sequence[SettingWrite],
    values: Mapping[str, RawValue | None],
    facts: Mapping[str, Any],
    put_back: Mapping[str, RawValue | None],
) -> dict[str, Any]:
    """Return the content of the backup file on the controller. A rollback needs nothing else.

    Of a dynamic range it holds the new one (`after`) and the old one (`before`).

    Of a table of netsh's it holds the rows that were added (`after`), deleted (`removed`) and left to a window
    (`deferred`), and all rows of `before`: a rollback deletes exactly the first and the last, as far as they were not
    there before, and adds the second.

    Args:
        identity: `id`, `host`, `host_folder`, `call` (of ansible-playbook), `kind` (change or rollback) and
            `machine_id` (null where it could not be read).
        changes: what is written.
        values: `exact_values`.
        facts: of the host before the change.
        put_back: exact values when a backup is restored, else empty.
    """
    rows = []
    for change in changes:
        setting = written_setting(change.id)
        raw = values.get(change.id)
        after = list(change.after) if isinstance(change.after, tuple) else change.after
        row: dict[str, Any] = {"setting": change.id, "after": after}
        if change.id in put_back:
            exact = put_back[change.id]
            row |= {"after_exact": None if exact is None else [exact[0], exact[1].hex()]}
        if change.id in RANGES:
            row |= {"before": list(change.removed)}
        elif setting is None:
            row |= {
                "removed": list(change.removed),
                "deferred": list(change.deferred),
                "before": _starred(facts, change.id),
            }
        else:
            row |= {
                "key": setting.key,
                "value_name": setting.value_name,
                "type_after": None if after is None else setting.registry_type,
                "absent": raw is None,
                "type": None if raw is None else TYPE_NAMES.get(raw[0], str(raw[0])),
                "type_number": None if raw is None else raw[0],
                "hex": None if raw is None else raw[1].hex(),
            }
        rows.append(row)
    dns = facts.get("dns") or {}
    return {
        "format": BACKUP_FORMAT,
        **identity,
        "computer_name": facts.get("computer_name"),
        "boot_mark": facts.get("boot_mark"),
        "dns_pid": dns.get("pid"),
        "settings": rows,
    }


def _starred(facts: Mapping[str, Any], table: str) -> list[str]:
    """Return the rows with a star in one of netsh's tables, as they were before the change."""
    rows = (facts.get("exclusions") or {}).get(table.removeprefix(NETSH_PREFIX)) or ()
    return [f"{row['start']}-{row['end']}" for row in rows if row["administered"]]


def _comparable(entries: Sequence[str]) -> list[str]:
    """Return entries in the form that a console shows: without empty ones, other characters as question marks."""
    return [
        "".join(char if " " <= char <= "~" else "?" for char in entry).strip() for entry in entries if entry.strip()
    ]
