# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a plan: lock, snapshot, backup on both sides, write, re-read, unlock; two commands in the common case.

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
from ...module_utils._commands.records import RECORDED, Record
from ...module_utils._commands.write import (
    Change,
    Ticket,
    prepare_line,
    write_lines,
)
from ...module_utils._windows.registry_file import RawValue
from ...module_utils._windows.settings import ABSENT, NETSH, SETTINGS, STATE
from .._connection.errors import HostFailure, after_change
from .._connection.talk import Talk, section_lines
from .._files import RUN_ID, Shelf
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
from .gather import Gathered, merged
from .lock import (
    give_back,
    lock_of,
    locked,
)

REREAD = ("tcpip", "dns", "boot", "state", "excluded_udp4", "excluded_udp6")
"""Sections that the write command may show anew."""


@dataclass(frozen=True)
class Order:
    """What is to be written.

    Attributes:
        changes: the settings.
        records: what to record, also of settings that are right already.
        put_back: exact values to be imported, where a backup is put back.
        expected: values of which each of these settings must have one, exactly.
        rollback: whether this puts a backup back.
        new_id: whether a machine id has to be written, although nothing else may be: the one that is there was copied.
    """

    changes: tuple[Change, ...]
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
        transcript: the one that was gathered, with the re-read sections in place of the old ones.
        backup: `id`, `path` on the controller and `host_path`; None where nothing but records was written.
    """

    transcript: bytes
    backup: dict[str, str] | None


def order_of(plan: Mapping[str, Any]) -> Order:
    """The part of a plan that is written to the host now."""
    changes: list[Change] = []
    records: dict[str, str] = {}
    deferred = _deferred(plan)
    new_id = False
    for entry in plan["settings"]:
        if entry["id"] == STATE:
            records.update({name: value for name, value in entry["after"].items() if name in RECORDED})
            new_id = NAME_VALUE in entry["after"]
            # What a window adds is backed up before it opens, although nothing of it is written now.
            changes += [Change(name, (), (), deferred.get(name, ())) for name in entry["after"] if name in NETSH]
        elif entry["id"] in NETSH:
            added, removed = tuple(entry["added"]), tuple(entry["removed"])
            changes.append(Change(entry["id"], added, removed, deferred.get(entry["id"], ())))
            records[entry["id"]] = ",".join(entry["ours"])
        else:
            changes.append(_change(entry))
            if entry["id"] in RECORDED:
                records[entry["id"]] = _text(changes[-1].after)
    kept = tuple(Record(name, value) for name, value in sorted(records.items()) if is_ours(value))
    return Order(tuple(changes), kept, new_id=new_id)


def apply(talk: Talk, gathered: Gathered, order: Order, shelf: Shelf) -> Written:
    """Carries out an order.

    Args:
        talk: the one that gathered.
        gathered: what the plan was made from.
        order: `order_of` the plan.
        shelf: where the host's backups lie.

    Raises:
        HostFailure: with the phase, and `backup` once one was made.
    """
    new_id = secrets.token_hex(ID_BYTES) if needs_id(gathered.facts) else None
    backup = shelf.new_id(gathered.run)
    ticket = Ticket(gathered.run, lock_of(talk, gathered.run), backup, shelf.kept, new_id)
    with _given_back(talk, ticket):
        return _locked_write(talk.during("backup"), ticket, gathered, order, shelf)


def _locked_write(talk: Talk, ticket: Ticket, gathered: Gathered, order: Order, shelf: Shelf) -> Written:
    """All that happens under the lock."""
    names = [change.id for change in order.changes]
    output, _transcript = locked(talk, ticket.lock, prepare_line(ticket, names))
    try:
        values = _checked(talk, output, order, gathered.facts)
        lines = write_lines(ticket, order.changes, order.records, restore_lines(values), restore_lines(order.put_back))
        backup = _saved(ticket, order, values, gathered.facts, shelf) if order.changes else None
    except (HostFailure, AnsibleError, BatchError) as error:
        give_back(talk, ticket.lock)
        if isinstance(error, HostFailure):
            raise
        raise HostFailure(f"{error} Nothing was written on {talk.session.target}.", "backup") from error
    with after_change("write", backup=backup):
        written = _write(talk.during("write"), lines, order, gathered, backup)
    shelf.prune(ticket.backup)
    return written


@contextlib.contextmanager
def _given_back(talk: Talk, ticket: Ticket) -> Iterator[None]:
    """After a command whose answer was lost: ends what may still run, then gives the lock back."""
    try:
        yield
    except HostFailure:
        if talk.session.doubtful:
            talk.session.reconnect()
            if talk.session.end_left_shells():
                give_back(talk, ticket.lock)
        raise


def _checked(talk: Talk, output: bytes, order: Order, facts: Mapping[str, Any]) -> dict[str, RawValue | None]:
    """The exact bytes of what will be written, if they are what the plan was made from."""
    try:
        values = exact_values(output, talk.run, order.changes)
    except BackupError as error:
        raise talk.failure(str(error)) from error
    for name, raw in values.items():
        if not same_as_found(SETTINGS[name], raw, facts["settings"][name]):
            raise talk.failure(
                f"has another {SETTINGS[name].value_name} than a moment ago: somebody else changes it, nothing was"
                " written, run again"
            )
        expected = order.expected.get(name)
        if expected is not None and not any(same_value(raw, value) for value in expected):
            raise talk.failure(
                f"has another {SETTINGS[name].value_name} than we wrote, byte by byte: nothing was written, set force"
                " to put the backup back nevertheless"
            )
    return values


def _saved(
    ticket: Ticket, order: Order, values: Mapping[str, RawValue | None], facts: Mapping[str, Any], shelf: Shelf
) -> dict[str, str]:
    identity = {
        "id": ticket.backup,
        "host": shelf.host,
        "host_folder": ticket.folder,
        "call": RUN_ID,
        "kind": ROLLBACK if order.rollback else CHANGE,
        "machine_id": ticket.machine or recorded_id(facts),
    }
    path = shelf.save(ticket.backup, backup_content(identity, order.changes, values, facts, order.put_back))
    return {"id": ticket.backup, "path": str(path), "host_path": ticket.folder}


def _write(talk: Talk, lines: list[str], order: Order, gathered: Gathered, backup: dict[str, str] | None) -> Written:
    for line in lines[:-1]:
        talk.ask(line)
    # From here on anything may have been written, unless the host says that nothing was.
    with after_change("write", changed=True):
        output, transcript = talk.ask(lines[-1])
        reread = [name for name in REREAD if name in transcript.sections]
        if "write" not in transcript.sections:
            raise talk.failure("cut the answer to the write: read the host again to see what it holds")
        levels = [line.rpartition(" ") for line in section_lines(transcript, "write")]
        if order.changes and not levels:
            raise talk.failure(
                "has changed since the snapshot, has no room for the backup, or another run has taken the lock: nothing"
                " was written, run again",
                changed=False,
            )
        failed = [
            f"{name} (error level {level})" for name, _blank, level in levels if level != "0" and name not in NETSH
        ]
        if failed:
            some = any(level == "0" for _name, _blank, level in levels)
            raise talk.failure(f"did not write {', '.join(failed)}: the user may lack the right to", changed=some)
        if STATE not in reread:
            raise talk.failure("cut the answer to the write: read the host again to see what it holds")
    return Written(merged(gathered.transcript, output, gathered.run, reread), backup)


def _deferred(plan: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The ranges that the plan's window adds, by table."""
    rows = [row for action in plan["actions"] for row in action.get("deferred_exclusions", ())]
    return {row["id"]: tuple(row["ports"]) for row in rows}


def _change(entry: Mapping[str, Any]) -> Change:
    after = entry["after"]
    return Change(entry["id"], tuple(after) if isinstance(after, list) else after)


def _text(after: tuple[str, ...] | int | None) -> str:
    if after is None:
        return ABSENT
    return str(after) if isinstance(after, int) else ",".join(after)


def is_ours(value: str) -> bool:
    """Whether a value may be recorded: one that holds foreign text is not right anyway, and is never sent."""
    return value == ABSENT or set(value) <= set("0123456789,-")
