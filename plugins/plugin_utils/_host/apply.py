# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a plan: lock, snapshot, backup on both sides, write, read again, unlock; usually two commands.

Nothing is written unless the values are still those that the plan was made from: the exported bytes are compared with
the facts here, and the snapshot with the values at the moment of the write on the host.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible.errors import AnsibleError

from ...module_utils._commands.cmd import BatchError
from ...module_utils._commands.machine_id import (
    ID_BYTES,
    NAME_VALUE,
    needs_id,
    recorded_id,
)
from ...module_utils._commands.records import Record, is_recorded
from ...module_utils._commands.write import (
    ChangeId,
    SettingWrite,
    prepare_line,
    shown_sections,
    write_lines,
)
from ...module_utils._parsers.transcript import Transcript
from ...module_utils._windows.registry_file import RawValue
from ...module_utils._windows.settings import ABSENT, NETSH, SETTINGS, STATE, record_text
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
from .lock import (
    lock_of,
    release_lock,
    run_under_lock,
)


@dataclass(frozen=True)
class WriteRequest:
    """What is to be written.

    Attributes:
        changes: the settings.
        records: what to record, also of settings that are right already.
        put_back: exact values to be imported, where a backup is put back.
        expected: values of which each of these settings must have one, exactly.
        rollback: whether this puts a backup back.
        new_id: whether a machine id has to be written, although nothing else may be: the one that is there was copied.
    """

    changes: tuple[SettingWrite, ...]
    records: tuple[Record, ...]
    put_back: Mapping[str, RawValue | None] = field(default_factory=dict)
    expected: Mapping[str, Sequence[RawValue | None]] = field(default_factory=dict)
    rollback: bool = False
    new_id: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.changes or self.records or self.new_id)


@dataclass(frozen=True)
class Written:
    """What was done.

    Attributes:
        transcript: the one that was gathered, with the sections that were read again in place of the old ones.
        backup: `id`, `path` on the controller and `host_path`; None where nothing but records was written.
    """

    transcript: Transcript
    backup: dict[str, str] | None


def to_write_request(plan: Mapping[str, Any]) -> WriteRequest:
    """The part of a plan that is written to the host now."""
    changes: list[SettingWrite] = []
    records: dict[str, str] = {}
    deferred = _deferred(plan)
    new_id = False
    for entry in plan["settings"]:
        if entry["id"] == STATE:
            records.update({name: value for name, value in entry["after"].items() if is_recorded(name)})
            new_id = NAME_VALUE in entry["after"]
            # What a window adds is backed up before it opens, although nothing of it is written now.
            changes += [SettingWrite(name, (), (), deferred.get(name, ())) for name in entry["after"] if name in NETSH]
        elif entry["id"] in NETSH:
            added, removed = tuple(entry["added"]), tuple(entry["removed"])
            changes.append(SettingWrite(entry["id"], added, removed, deferred.get(entry["id"], ())))
            records[entry["id"]] = ",".join(entry["ours"])
        else:
            changes.append(_change(entry))
            if is_recorded(entry["id"]):
                records[entry["id"]] = record_text(changes[-1].after)
    kept = tuple(Record(name, value) for name, value in sorted(records.items()) if is_ours(value))
    return WriteRequest(tuple(changes), kept, new_id=new_id)


def apply(exchange: Exchange, gathered: Gathered, order: WriteRequest, backups: BackupStore) -> Written:
    """Carries out an order.

    Args:
        exchange: the one that gathered.
        gathered: what the plan was made from.
        order: `order_of` the plan.
        backups: where the host's backups lie.

    Raises:
        HostFailure: with the phase, and `backup` once one was made.
    """
    new_id = secrets.token_hex(ID_BYTES) if needs_id(gathered.facts) else None
    backup = backups.new_id(gathered.run)
    change_id = ChangeId(gathered.run, lock_of(exchange, gathered.run), backup, backups.kept, new_id)
    with _given_back(exchange, change_id):
        return _locked_write(exchange.during("backup"), change_id, gathered, order, backups)


def _locked_write(
    exchange: Exchange, change_id: ChangeId, gathered: Gathered, order: WriteRequest, backups: BackupStore
) -> Written:
    """All that happens under the lock."""
    names = [change.id for change in order.changes]
    answer = run_under_lock(exchange, change_id.lock, prepare_line(change_id, names))
    try:
        values = _checked(exchange, answer, order, gathered.facts)
        lines = write_lines(
            change_id, order.changes, order.records, restore_lines(values), restore_lines(order.put_back)
        )
        backup = _saved(change_id, order, values, gathered.facts, backups) if order.changes else None
    except (HostFailure, AnsibleError, BatchError) as error:
        release_lock(exchange, change_id.lock)
        if isinstance(error, HostFailure):
            raise
        raise HostFailure(f"{error} Nothing was written on {exchange.session.target}.", "backup") from error
    with after_change("write", backup=backup):
        written = _write(exchange.during("write"), lines, order, gathered, backup)
    backups.prune(change_id.backup)
    return written


@contextlib.contextmanager
def _given_back(exchange: Exchange, change_id: ChangeId) -> Iterator[None]:
    """After a command whose answer was lost: ends what may still run, then gives the lock back."""
    try:
        yield
    except HostFailure:
        if exchange.session.doubtful:
            exchange.session.reconnect()
            if exchange.session.end_left_shells():
                release_lock(exchange, change_id.lock)
        raise


def _checked(
    exchange: Exchange, answer: Transcript, order: WriteRequest, facts: Mapping[str, Any]
) -> dict[str, RawValue | None]:
    """The exact bytes of what will be written, if they are what the plan was made from."""
    try:
        values = exact_values(answer, order.changes)
    except BackupError as error:
        raise exchange.failure(str(error)) from error
    for name, raw in values.items():
        if not same_as_found(SETTINGS[name], raw, facts["settings"][name]):
            raise exchange.failure(
                f"has another {SETTINGS[name].value_name} than a moment ago: somebody else changes it, nothing was"
                " written, run again"
            )
        expected = order.expected.get(name)
        if expected is not None and not any(same_value(raw, value) for value in expected):
            raise exchange.failure(
                f"has another {SETTINGS[name].value_name} than we wrote, byte by byte: nothing was written, set force"
                " to put the backup back nevertheless"
            )
    return values


def _saved(
    change_id: ChangeId,
    order: WriteRequest,
    values: Mapping[str, RawValue | None],
    facts: Mapping[str, Any],
    backups: BackupStore,
) -> dict[str, str]:
    identity = {
        "id": change_id.backup,
        "host": backups.host,
        "host_folder": change_id.folder,
        "call": RUN_ID,
        "kind": ROLLBACK if order.rollback else CHANGE,
        "machine_id": change_id.machine or recorded_id(facts),
    }
    path = backups.save(change_id.backup, backup_content(identity, order.changes, values, facts, order.put_back))
    return {"id": change_id.backup, "path": str(path), "host_path": change_id.folder}


def _write(
    exchange: Exchange, lines: list[str], order: WriteRequest, gathered: Gathered, backup: dict[str, str] | None
) -> Written:
    for line in lines[:-1]:
        exchange.send(line)
    # From here on anything may have been written, unless the host says that nothing was.
    with after_change("write", changed=True):
        answer = exchange.send(lines[-1])
        if "write" not in answer.sections:
            raise exchange.failure("cut the answer to the write: read the host again to see what it holds")
        levels = [line.rpartition(" ") for line in answer.lines("write")]
        if order.changes and not levels:
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
        shown = shown_sections(order.changes)
        if (shown & gathered.transcript.sections.keys()) - answer.sections.keys():
            raise exchange.failure("cut the answer to the write: read the host again to see what it holds")
    return Written(gathered.transcript.updated(answer, shown), backup)


def _deferred(plan: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The ranges that the plan's window adds, by table."""
    rows = [row for action in plan["actions"] for row in action.get("deferred_exclusions", ())]
    return {row["id"]: tuple(row["ports"]) for row in rows}


def _change(entry: Mapping[str, Any]) -> SettingWrite:
    after = entry["after"]
    return SettingWrite(entry["id"], tuple(after) if isinstance(after, list) else after)


def is_ours(value: str) -> bool:
    """Whether a value may be recorded: one that holds foreign text is not right anyway, and is never sent."""
    return value == ABSENT or set(value) <= set("0123456789,-")
