# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect what the scripts of one host do: exact values before and after, records, exclusions, the window.

The bytes before are those of the transcript where it holds the text of a registry file, else those that entries have
when they are stored as documented. apply.cmd compares every byte on the host, so a wrong guess only makes it refuse.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._commands.cmd import port_range, service
from .._commands.dynamic_range import set_range
from .._commands.machine_id import cloned_from, needs_id
from .._commands.records import Record
from .._facts.host import Host
from .._facts.window_facts import owed, process_of_dns, running_dependents
from .._parsers.transcript import Transcript
from .._plan.changes import DNS_WINDOW, REBOOT_ACTION, START_SERVICES, Change, RangeChange, TableChange, Work
from .._plan.diff import blocked_words
from .._plan.window_refusal import refusal_of
from .._problems import listed
from .._sections.table import section_of
from .._windows.registry_file import (
    DIALECT_4,
    DIALECT_5,
    RawValue,
    RegFile,
    RegFileError,
    long_key,
    raw_value,
    read_reg,
)
from .._windows.settings import SETTINGS, Setting, entries_of, written_settings

_COMPUTER = re.compile(r"[A-Za-z0-9-]{1,15}")


class OrderError(ValueError):
    """Why a host gets no scripts; the message is one sentence."""


@dataclass(frozen=True)
class Value:
    """One registry value: what it must be, and what it becomes. None means that it is absent."""

    setting: Setting
    before: RawValue | None
    after: RawValue | None


@dataclass(frozen=True)
class ScriptPlan:
    """The content of the scripts of one host.

    Attributes:
        computer: the host's name, `[A-Za-z0-9-]{1,15}`.
        dialect: of the data files.
        values: registry values.
        records: what is recorded of them.
        new_id: whether the machine gets an id with the other values.
        copied: whether the id that it has was copied from another machine.
        added: by table of netsh, ranges that are excluded at once.
        removed: the same for rows that are deleted.
        deferred: the same for ranges that are excluded while DNS is down.
        window: whether DNS is stopped and started.
        services_to_start: keys of services to be started, with a window while DNS is down.
        dependents: keys of services that are started behind DNS: those that go down with it, and those that an earlier
            window has left down.
        reboot: names of the values that wait for a reboot.
        owed: keys of services that an earlier window has left on record.
        services_to_restart: keys of running services that are stopped before DNS and started while DNS is down.
        process: DNS's process in the transcript: while it is the same, what the window is for has not been done.
        held: values that stay as they are and are recorded, where the transcript shows their bytes: a value that was
            changed after the transcript must not be recorded.
    """

    computer: str
    dialect: str
    values: tuple[Value, ...]
    records: tuple[Record, ...]
    new_id: bool
    copied: bool
    added: Mapping[str, tuple[str, ...]]
    removed: Mapping[str, tuple[str, ...]]
    deferred: Mapping[str, tuple[str, ...]]
    window: bool
    services_to_start: tuple[str, ...]
    dependents: tuple[str, ...]
    reboot: bool
    owed: tuple[str, ...] = ()
    services_to_restart: tuple[str, ...] = ()
    process: int | None = None
    held: tuple[Value, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether the scripts configure anything, and do not only record or start."""
        return bool(self.values or self.added or self.removed or self.deferred)

    def __bool__(self) -> bool:
        """Return whether the scripts have anything to do."""
        return bool(self.writes or self.records or self.window or self.services_to_start or self.copied)


def computer_name(facts: Mapping[str, Any]) -> str:
    """Return the computer name for the names of scripts and files.

    Raises:
        OrderError: it is missing, or not made of letters, digits and hyphens.
    """
    name = facts.get("computer_name")
    if not isinstance(name, str) or _COMPUTER.fullmatch(name) is None:
        raise OrderError("the transcript names no computer of 1 to 15 letters, digits and hyphens")
    return name


def plan_scripts(facts: Mapping[str, Any], work: Work, transcript: Transcript) -> ScriptPlan:
    """Convert a plan to what the scripts do.

    Args:
        facts: of the host.
        work: the plan made from them.
        transcript: the facts' source, for the exact bytes.

    Raises:
        OrderError: an error of the plan must be settled first, or something cannot be done by a script, or not exactly.
        BatchError: a range or a service key is malformed.
    """
    if work.blocking:
        ids = listed(sorted({str(problem["id"]) for problem in work.blocking}))
        raise OrderError(
            f"{blocked_words(work.blocking)}. See docs/problems.md about {ids}, and make the scripts again when it is"
            " settled"
        )
    moved = [change for change in work.settings if isinstance(change, RangeChange)]
    if moved:
        typed = " and ".join(f"'{set_range(change.id, change.after)}'" for change in moved)
        raise OrderError(
            f"the scripts do not set a dynamic port range: type {typed} at the console, then collect again"
        )
    window, start = work.action(DNS_WINDOW), work.action(START_SERVICES)
    values = tuple(_value(change, transcript) for change in work.settings if change.id in SETTINGS)
    tables = [change for change in work.settings if isinstance(change, TableChange)]
    started = start.services_to_start if start else ()
    services_to_start = window.services_to_start if window else started
    # What an earlier window left down may depend on DNS: it is started behind it.
    dependents = (*_dependents(facts), *started) if window else ()
    restarted = window.services_to_restart if window else ()
    for name in (*services_to_start, *dependents, *restarted):
        service(name)
    dialect = DIALECT_4 if facts["os"].get("nt") == "5.0" else DIALECT_5
    return ScriptPlan(
        computer=computer_name(facts),
        dialect=dialect,
        values=values,
        records=work.records,
        new_id=needs_id(facts),
        copied=cloned_from(facts) is not None,
        added={change.id: _ranges(change.added) for change in tables if change.added},
        removed={change.id: _ranges(change.removed) for change in tables if change.removed},
        deferred={name: _ranges(rows) for name, rows in work.deferred.items()},
        window=window is not None,
        services_to_start=services_to_start,
        dependents=dependents,
        reboot=work.action(REBOOT_ACTION) is not None,
        owed=owed(facts) if window else (),
        services_to_restart=restarted,
        process=process_of_dns(facts),
        held=_held(work.records, {value.setting.id for value in values}, transcript),
    )


def _ranges(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(port_range(text) for text in texts)


def _dependents(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the running services that depend on DNS. They stop with it."""
    dependents = running_dependents(facts)
    if dependents is None:
        raise OrderError("the services that depend on DNS could not be read, and would stay stopped")
    refusal = refusal_of(Host(facts))
    if refusal:
        raise OrderError(f"{refusal}: enable it, or stop it for good, first")
    return dependents


def _value(change: Change, transcript: Transcript) -> Value:
    setting = SETTINGS[change.id]
    return Value(setting, _before(setting, change, transcript), _raw(setting, change.after))


def _before(setting: Setting, change: Change, transcript: Transcript) -> RawValue | None:
    if change.type_before is None:
        return None
    if change.type_before != setting.registry_type:
        raise OrderError(f"{setting.value_name} has the wrong type: correct it by hand first")
    exact = _exact(setting, transcript)
    if exact is not None:
        return exact
    return _raw(setting, change.before if isinstance(change.before, int) else entries_of(change.before))


def _exact(setting: Setting, transcript: Transcript) -> RawValue | None:
    """Return the bytes from a section of registry file text. None if `reg query` wrote the section."""
    found = _exported(setting, transcript)
    try:
        return found.get(long_key(setting.key), setting.value_name) if found else None
    except RegFileError:
        return None


def _exported(setting: Setting, transcript: Transcript) -> RegFile | None:
    """Return the section with a setting if it is text of a registry file, which shows every byte."""
    section = transcript.sections.get(section_of(setting))
    try:
        return read_reg(section.text) if section else None
    except RegFileError:
        return None


def _held(records: Iterable[Record], written: Collection[str], transcript: Transcript) -> tuple[Value, ...]:
    """Return the recorded values that are not written, where their bytes are known.

    What `reg query` wrote shows only the entries, which may have other bytes than the documented ones.
    """
    known = [
        (setting, _exact(setting, transcript))
        for name, setting in written_settings(record.id for record in records)
        if name not in written and _exported(setting, transcript)
    ]
    return tuple(Value(setting, raw, raw) for setting, raw in known)


def _raw(setting: Setting, data: list[str] | int | None) -> RawValue | None:
    if isinstance(data, list) and not all(text and text.isascii() and text.isprintable() for text in data):
        raise OrderError(f"the exact bytes of {setting.value_name} are not known: put it right by hand first")
    return raw_value(data)
