# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore a backup: only values that a run of the collection wrote, and only if nobody has changed them since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ...module_utils._commands.machine_id import recorded_id
from ...module_utils._commands.records import Record
from ...module_utils._commands.write import SettingWrite
from ...module_utils._parsers.transcript import Transcript
from ...module_utils._plan.changes import Change, Work, change_name, change_value, may_be_recorded, table_place
from ...module_utils._policy import Policy
from ...module_utils._windows.registry_file import TYPE_NAMES, RawValue
from ...module_utils._windows.settings import NETSH_PREFIX, NOW, record_text
from .._connection.errors import HostFailure
from .._connection.exchange import Exchange
from .._files import RUN_ID, BackupStore
from .apply import WriteRequest, apply
from .backup import CHANGE, BackupError, same_as_found, same_value
from .backup_read import BackedUpValue, Backup, all_backups, backups_since, shown_value
from .dynamic_ranges import kept_ranges, range_changes, range_records, ranges_back
from .exclusions import ours_after, rows_of, table_back
from .gather import Gathered, gather, read_answer


@dataclass(frozen=True)
class RollbackPlan:
    """The changes that a rollback makes.

    Attributes:
        backup: the one to restore.
        rows: the values that differ from it.
        tables: what netsh has to delete and to add.
        ours: per setting the values that our runs have written since.
        facts: of the host, with which the backup was compared.
        refusal: why it is refused unless forced, or None.
        ranges: the dynamic port ranges to set.
    """

    backup: Backup
    rows: tuple[BackedUpValue, ...]
    tables: tuple[SettingWrite, ...]
    ours: Mapping[str, tuple[RawValue | None, ...]]
    facts: Mapping[str, Any]
    refusal: str | None
    ranges: tuple[SettingWrite, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is anything to restore."""
        return bool(self.rows or self.tables or self.ranges)

    @property
    def names(self) -> list[str]:
        """The names of the restored values, for messages."""
        others = [change_name(change.id, None) for change in (*self.tables, *self.ranges)]
        return [row.setting.value_name for row in self.rows] + others

    @property
    def work(self) -> Work:
        """The same as changes of a plan."""
        found, backup = self.facts["settings"], self.backup.id
        values = [
            change_value(
                row.setting,
                found[row.setting.id],
                shown_value(row.before),
                f"as it was before the collection changed it, from the backup {backup}",
                TYPE_NAMES.get(row.before[0], str(row.before[0])) if row.before else None,
            )
            for row in self.rows
        ]
        tables = [self._table(change, rows_of(change.id, self.facts)) for change in self.tables]
        return Work((*values, *tables, *range_changes(self.ranges, backup)), ())

    def _table(self, change: SettingWrite, rows: list[str]) -> Change:
        after = [*(text for text in rows if text not in change.removed), *change.ranges]
        reason = f"without what we added, as in the backup {self.backup.id}"
        return Change(*table_place(change.id), None, rows, None, after, reason, NOW)


def plan_rollback(backups: BackupStore, name: str | None, facts: Mapping[str, Any]) -> RollbackPlan:
    """Compare a backup with the host.

    Args:
        backups: where the host's backups lie.
        name: a backup's id, or None for the last one.
        facts: of the host now.

    Raises:
        BackupError: there is no such backup, or a value cannot be read; the rest of a sentence about the host.
    """
    read = backups_since(backups, name)
    rollback_plan = _compared(read.found[0], read.found, facts)
    if read.unreadable and rollback_plan.refusal is None:
        return replace(
            rollback_plan, refusal=f"{read.unreadable[-1]}, so that what a later run has written is not known"
        )
    return rollback_plan


def _compared(backup: Backup, since: Sequence[Backup], facts: Mapping[str, Any]) -> RollbackPlan:
    ours, between = _written_since(since)
    found = facts["settings"]
    unread = [row.setting.value_name for row in backup.rows if found[row.setting.id]["present"] is None]
    if unread:
        raise BackupError(f"does not let us read {', '.join(unread)}: nothing was restored")
    rows = tuple(row for row in backup.rows if not same_as_found(row.setting, row.before, found[row.setting.id]))
    foreign = [
        row.setting.value_name
        for row in rows
        if row.setting.id in between
        or not any(same_as_found(row.setting, value, found[row.setting.id]) for value in ours[row.setting.id])
    ]
    if any((facts["exclusions"] or {}).get(row.id.removeprefix(NETSH_PREFIX)) is None for row in backup.tables):
        raise BackupError("does not let us read its excluded port ranges: nothing was restored")
    tables = [table_back(row.id, row.added, row.removed, facts) for row in backup.tables]
    changes = tuple(change for change in tables if change is not None)
    ranges, set_by_others = ranges_back(since, facts)
    refusal = _refusal(backup, [*foreign, *set_by_others], facts)
    return RollbackPlan(backup, rows, changes, ours, facts, refusal, ranges)


def _written_since(since: Sequence[Backup]) -> tuple[dict[str, tuple[RawValue | None, ...]], set[str]]:
    """Return the values that the collection wrote, and the settings that a later run found changed by others."""
    ours: dict[str, tuple[RawValue | None, ...]] = {}
    between: set[str] = set()
    for row in (row for backup in since for row in backup.rows):
        known = ours.get(row.setting.id, ())
        if known and not any(same_value(row.before, value) for value in known):
            between.add(row.setting.id)
        ours[row.setting.id] = (*known, row.after)
    return ours, between


def _refusal(backup: Backup, foreign: Sequence[str], facts: Mapping[str, Any]) -> str | None:
    name = facts.get("computer_name")
    if backup.computer_name and name and backup.computer_name.lower() != str(name).lower():
        return f"is the computer {name}, but the backup {backup.id} is of {backup.computer_name}"
    if recorded_id(facts) is None or backup.machine is None:
        which = "it" if recorded_id(facts) is None else f"the backup {backup.id}"
        return f"cannot be distinguished from another machine of the same name, because {which} has no machine id"
    if backup.machine != recorded_id(facts):
        return f"is not the machine on which the backup {backup.id} was made, although both have the same name"
    if foreign:
        return f"does not have the {', '.join(foreign)} that the collection wrote: somebody else has changed it since"
    return None


def restore(
    exchange: Exchange, gathered: Gathered, rollback_plan: RollbackPlan, backups: BackupStore, force: bool
) -> Transcript:
    """Write the values of a backup. The current values are backed up first.

    Args:
        exchange: the one that gathered.
        gathered: the reading with which the backup was compared.
        rollback_plan: of `plan_rollback`.
        backups: where the host's backups lie.
        force: also over values that are not ours.

    Returns:
        The transcript, with the sections read again after the write.

    Raises:
        HostFailure: with the phase.
    """
    if rollback_plan.refusal and not force:
        raise exchange.failure(f"{rollback_plan.refusal}: nothing was restored, set force to do it nevertheless")
    exact = {row.setting.id: row.before for row in rollback_plan.rows}
    texts = {name: record_text(_plain(value)) for name, value in exact.items()}
    order = WriteRequest(
        changes=(
            *(SettingWrite(name, _plain(value)) for name, value in exact.items()),
            *rollback_plan.tables,
            *rollback_plan.ranges,
        ),
        records=(
            *(Record(name, text) for name, text in texts.items() if may_be_recorded(text)),
            *(ours_after(change, gathered.facts) for change in rollback_plan.tables),
            *range_records(rollback_plan.ranges),
        ),
        rollback=True,
        put_back=exact,
        expected={} if force else rollback_plan.ours,
    )
    return apply(exchange, gathered, order, backups).transcript


def _plain(value: RawValue | None) -> tuple[str, ...] | int | None:
    shown = shown_value(value)
    if isinstance(shown, list):
        return tuple(shown)
    return (shown,) if isinstance(shown, str) else shown


def unchanged_rows(rollback_plan: RollbackPlan, facts: Mapping[str, Any]) -> list[str]:
    """Return the names of values that do not show what was restored."""
    return [
        row.setting.value_name
        for row in rollback_plan.rows
        if not same_as_found(row.setting, row.before, facts["settings"][row.setting.id])
    ] + [
        *(
            change_name(change.id, None)
            for change in rollback_plan.tables
            if table_back(change.id, change.removed, change.ranges, facts)
        ),
        *kept_ranges(rollback_plan.ranges, facts),
    ]


def undo_call(exchange: Exchange, policy: Policy, backups: BackupStore) -> tuple[bool, str]:
    """Restore everything that this run of ansible-playbook wrote on the host, newest first.

    Returns:
        Whether the host now has the values of before the call, or had them already, and a sentence; an empty one when
        this call wrote nothing.
    """
    try:
        mine = [backup for backup in all_backups(backups).found if backup.call == RUN_ID and backup.kind == CHANGE]
        if not mine:
            return False, ""
        session = exchange.session
        session.reconnect()
        if session.survives_disconnection and not session.end_left_shells():
            raise exchange.failure(
                "may still be executing what the lost connection sent: run port_rollback when it has released its lock"
            )
        for backup in reversed(mine):
            gathered = gather(session, policy, exchange.timeout, "write")
            step = Exchange(session, gathered.run, "write", exchange.timeout)
            rollback_plan = plan_rollback(backups, backup.id, gathered.facts)
            if rollback_plan:
                transcript = restore(step, gathered, rollback_plan, backups, force=False)
                after = read_answer(step, transcript, policy)
                if unchanged_rows(rollback_plan, after.facts):
                    raise step.failure("does not show what was restored")
    except (HostFailure, AnsibleError, AnsibleConnectionFailure, BackupError) as error:
        return False, f"The old values could not be restored: {error}"
    return True, f"The values that this run wrote were restored, from the backup {mine[0].id}."
