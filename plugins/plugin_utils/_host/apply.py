# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a plan: lock, snapshot, backup on both sides, write, read again, unlock; usually two commands.

Nothing is written unless the values are still those that the plan was made from: the exported bytes are compared with
the facts here, and the snapshot with the values at the moment of the write on the host.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ansible.errors import AnsibleError

from ...module_utils._commands.cmd import BatchError
from ...module_utils._commands.machine_id import ID_BYTES, needs_id, recorded_id
from ...module_utils._commands.records import Record
from ...module_utils._commands.write import ChangeId, SettingWrite, prepare_line, shown_sections, write_lines
from ...module_utils._facts.dynamic_range import shown_text
from ...module_utils._parsers.transcript import Transcript
from ...module_utils._plan.changes import Work
from ...module_utils._windows.registry_file import RawValue
from ...module_utils._windows.settings import NETSH, RANGES, SETTINGS
from .._connection.errors import HostFailure, after_change
from .._connection.exchange import Exchange
from .._files import RUN_ID, BackupStore
from .backup import (
    CHANGE,
    ROLLBACK,
    BackupError,
    backup_content,
    exact_values,
    restore_lines,
    same_as_found,
    same_value,
)
from .gather import Gathered
from .lock import HostLock

_MEANWHILE = "than a moment ago: somebody else is changing it; nothing was written, run again"


@dataclass(frozen=True)
class WriteRequest:
    """The changes to write.

    Attributes:
        changes: the settings.
        records: what to record, also of settings that are right already.
        put_back: exact values to import when a backup is restored.
        expected: values of which each of these settings must have one, exactly.
        rollback: whether this restores a backup.
        new_id: whether a machine id has to be written, although nothing else may be: the one that is there was copied.
    """

    changes: tuple[SettingWrite, ...]
    records: tuple[Record, ...]
    put_back: Mapping[str, RawValue | None] = field(default_factory=dict)
    expected: Mapping[str, Sequence[RawValue | None]] = field(default_factory=dict)
    rollback: bool = False
    new_id: bool = False

    @classmethod
    def of(cls, work: Work) -> WriteRequest:
        """Return the part of a plan that is written now."""
        return cls(work.writes, work.records, new_id=work.new_id)

    def __bool__(self) -> bool:
        """Return whether there is anything to write."""
        return bool(self.changes or self.records or self.new_id)


@dataclass(frozen=True)
class Written:
    """The changes that were written.

    Attributes:
        transcript: the one that was gathered, with the sections that were read again in place of the old ones.
        backup: `id`, `path` on the controller and `host_path`; None where nothing but records was written.
    """

    transcript: Transcript
    backup: dict[str, str] | None


def apply(exchange: Exchange, gathered: Gathered, order: WriteRequest, backups: BackupStore) -> Written:
    """Execute a write request.

    Args:
        exchange: the one that gathered.
        gathered: what the plan was made from.
        order: what to write.
        backups: where the host's backups lie.

    Raises:
        HostFailure: with the phase, and `backup` once one was made.
    """
    with HostLock(exchange.during("backup")) as lock:
        new_id = secrets.token_hex(ID_BYTES) if needs_id(gathered.facts) else None
        backup = backups.new_id(gathered.run)
        change_id = ChangeId(gathered.run, lock.name, backup, backups.kept, new_id)
        written = _Change(lock, change_id, gathered, order, backups).carry_out()
    backups.prune(backup)
    return written


@dataclass(frozen=True)
class _Change:
    """One change, with the parts that its steps share."""

    lock: HostLock
    id: ChangeId
    gathered: Gathered
    order: WriteRequest
    backups: BackupStore

    def carry_out(self) -> Written:
        """Do everything that happens under the lock."""
        order = self.order
        answer = self.lock.run(prepare_line(self.id, [change.id for change in order.changes]))
        try:
            values = self._checked(answer)
            lines = write_lines(
                self.id, order.changes, order.records, restore_lines(values), restore_lines(order.put_back)
            )
            backup = self._saved(values) if order.changes else None
        except (AnsibleError, BatchError) as error:
            target = self.lock.exchange.session.target
            raise HostFailure(f"{error} Nothing was written on {target}.", "backup") from error
        self.lock.hand_over()
        with after_change("write", backup=backup):
            return Written(self._written(lines), backup)

    def _checked(self, answer: Transcript) -> dict[str, RawValue | None]:
        """Return the exact bytes of the values to write, if they equal those that the plan was made from.

        Dynamic ranges have no bytes: they are compared as netsh shows them.
        """
        failure = self.lock.exchange.failure
        try:
            values = exact_values(answer, self.order.changes)
        except BackupError as error:
            raise failure(str(error)) from error
        for change in self.order.changes:
            if change.id in RANGES and shown_text(answer, change.id) != "".join(change.removed):
                raise failure(f"shows {RANGES[change.id].value_name} differently {_MEANWHILE}")
        for name, raw in values.items():
            if not same_as_found(SETTINGS[name], raw, self.gathered.facts["settings"][name]):
                raise failure(f"has a different {SETTINGS[name].value_name} {_MEANWHILE}")
            expected = self.order.expected.get(name)
            if expected is not None and not any(same_value(raw, value) for value in expected):
                raise failure(
                    f"has a {SETTINGS[name].value_name} that is not, byte by byte, what the collection wrote: nothing"
                    " was written, set force to restore the backup anyway"
                )
        return values

    def _saved(self, values: Mapping[str, RawValue | None]) -> dict[str, str]:
        """Save the backup on the controller and return it."""
        order, facts = self.order, self.gathered.facts
        identity = {
            "id": self.id.backup,
            "host": self.backups.host,
            "host_folder": self.id.folder,
            "call": RUN_ID,
            "kind": ROLLBACK if order.rollback else CHANGE,
            "machine_id": self.id.machine or recorded_id(facts),
        }
        content = backup_content(identity, order.changes, values, facts, order.put_back)
        path = self.backups.save(self.id.backup, content)
        return {"id": self.id.backup, "path": str(path), "host_path": self.id.folder}

    def _written(self, lines: list[str]) -> Transcript:
        """Write, and return the gathered sections, with those that were read again in place of the old ones."""
        exchange = self.lock.exchange.during("write")
        for line in lines[:-1]:
            exchange.send(line)
        # From here on anything may have been written, unless the host says that nothing was.
        with after_change("write", changed=True):
            answer = exchange.send(lines[-1])
            self._refuse_unwritten(exchange, answer)
        return self.gathered.transcript.updated(answer, shown_sections(self.order.changes))

    def _refuse_unwritten(self, exchange: Exchange, answer: Transcript) -> None:
        """Check the result of each command of the write.

        Raises:
            HostFailure: not everything was written, or the answer does not say so.
        """
        cut = "cut the answer to the write: read the host again to see what it holds"
        if "write" not in answer.sections:
            raise exchange.failure(cut)
        levels = [line.rpartition(" ") for line in answer.lines("write")]
        if self.order.changes and not levels:
            raise exchange.failure(
                "has changed since the snapshot, has no room for the backup, or another run has taken the lock: nothing"
                " was written, run again",
                changed=False,
            )
        failed = [
            f"{name} (error level {level})" for name, _blank, level in levels if level != "0" and name not in NETSH
        ]
        if failed:
            some = any(level == "0" for _name, _blank, level in levels)
            raise exchange.failure(f"did not write {', '.join(failed)}: the user may lack the right to", changed=some)
        known = self.gathered.transcript.sections.keys()
        if (shown_sections(self.order.changes) & known) - answer.sections.keys():
            raise exchange.failure(cut)
