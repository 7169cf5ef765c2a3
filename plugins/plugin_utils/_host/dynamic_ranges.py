# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the dynamic port ranges of a backup with those of the host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...module_utils._commands.records import Record
from ...module_utils._commands.write import SettingWrite
from ...module_utils._facts.dynamic_range import configured_text
from ...module_utils._facts.host import Host
from ...module_utils._plan.changes import Change, RangeChange
from ...module_utils._windows.settings import DNS_RESTART, RANGES
from .backup import BackupError
from .backup_read import Backup


def ranges_back(since: Sequence[Backup], facts: Mapping[str, Any]) -> tuple[tuple[SettingWrite, ...], list[str]]:
    """Return what restores the ranges of the first of these backups, and the names of those that others have set.

    Args:
        since: the backup, and all later ones.
        facts: of the host now.

    Raises:
        BackupError: a range was not read; the rest of a sentence about the host.
    """
    writes: list[SettingWrite] = []
    foreign: list[str] = []
    for row in since[0].ranges:
        setting = RANGES[row.id]
        now = configured_text(Host(facts), setting)
        if now is None:
            raise BackupError(f"does not let us read {setting.value_name}: nothing was restored")
        if now == row.before:
            continue
        writes.append(SettingWrite(row.id, (row.before,), (now,)))
        if not _is_ours(row.id, now, since):
            foreign.append(setting.value_name)
    return tuple(writes), foreign


def _is_ours(setting_id: str, now: str, since: Sequence[Backup]) -> bool:
    """Return whether the range is the last one that we set, and nobody else has set one in between."""
    last: str | None = None
    for row in (row for backup in since for row in backup.ranges if row.id == setting_id):
        if last is not None and row.before != last:
            return False
        last = row.after
    return now == last


def range_changes(writes: Sequence[SettingWrite], backup: str) -> list[Change]:
    """Return the writes of `ranges_back` as changes of a plan."""
    reason = (
        f"as it was before the collection changed it, from the backup {backup}; DNS draws from it at its next start"
    )
    return [
        RangeChange(
            *(write.id, RANGES[write.id].key, None, None, "".join(write.removed), None, "".join(write.ranges)),
            reason=reason,
            takes_effect=DNS_RESTART,
        )
        for write in writes
    ]


def range_records(writes: Sequence[SettingWrite]) -> list[Record]:
    """Return what is recorded of the restored ranges, so that later runs know when DNS has followed."""
    return [Record(write.id, "".join(write.ranges)) for write in writes]


def kept_ranges(writes: Sequence[SettingWrite], facts: Mapping[str, Any]) -> list[str]:
    """Return the names of the ranges that the host does not show as they were to be restored."""
    host, settings = Host(facts), [(RANGES[write.id], "".join(write.ranges)) for write in writes]
    return [setting.value_name for setting, text in settings if configured_text(host, setting) != text]
