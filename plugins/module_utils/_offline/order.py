# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect what the scripts of one host do: exact values before and after, records, exclusions, the window.

The bytes before are those of the transcript where it holds the text of a registry file, else those that entries have
when they are stored as documented. apply.cmd compares every byte on the host, so a wrong guess only makes it refuse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._commands.cmd import port_range, service
from .._commands.machine_id import cloned_from, needs_id
from .._commands.records import Record, is_recorded
from .._facts.host import Host
from .._facts.window_facts import (
    owed,
    running_dependents,
)
from .._parsers.transcript import Transcript
from .._plan.actions import (
    DNS_WINDOW,
    REBOOT_ACTION,
    START_SERVICES,
)
from .._plan.window_refusal import (
    refusal_of,
)
from .._sections.table import section_of
from .._windows.registry_file import (
    DIALECT_4,
    DIALECT_5,
    RawValue,
    RegFileError,
    long_key,
    raw_value,
    read_reg,
)
from .._windows.settings import (
    ABSENT,
    NETSH,
    SETTINGS,
    STATE,
    Setting,
    entries_of,
    record_text,
)

_COMPUTER = re.compile(r"[A-Za-z0-9-]{1,15}")
_RECORDABLE = frozenset("0123456789,-")


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
        OrderError: there is none of letters, digits and hyphens.
    """
    name = facts.get("computer_name")
    if not isinstance(name, str) or _COMPUTER.fullmatch(name) is None:
        raise OrderError("the transcript names no computer of 1 to 15 letters, digits and hyphens")
    return name


def plan_scripts(facts: Mapping[str, Any], plan: Mapping[str, Any], transcript: Transcript) -> ScriptPlan:
    """Convert a plan to what the scripts do.

    Args:
        facts: of the host.
        plan: made from them.
        transcript: the facts' source, for the exact bytes.

    Raises:
        OrderError: something cannot be done by a script, or not exactly.
        BatchError: a range or a service key is malformed.
    """
    actions = {action["action"]: action for action in plan["actions"]}
    window = actions.get(DNS_WINDOW)
    values: list[Value] = []
    records: dict[str, str] = {}
    added: dict[str, tuple[str, ...]] = {}
    removed: dict[str, tuple[str, ...]] = {}
    for entry in plan["settings"]:
        if entry["id"] == STATE:
            records.update({name: value for name, value in entry["after"].items() if is_recorded(name)})
        elif entry["id"] in NETSH:
            added[entry["id"]] = _ranges(entry["added"])
            removed[entry["id"]] = _ranges(entry["removed"])
            records[entry["id"]] = ",".join(entry["ours"])
        else:
            values.append(_value(entry, transcript))
            records[entry["id"]] = record_text(entry["after"])
    started = tuple(actions.get(START_SERVICES, {}).get("services_to_start") or ())
    services_to_start = tuple(window["services_to_start"]) if window else started
    # What an earlier window left down may depend on DNS: it is started behind it.
    dependents = (*_dependents(facts), *started) if window else ()
    for name in (*services_to_start, *dependents):
        service(name)
    dialect = DIALECT_4 if facts["os"].get("nt") == "5.0" else DIALECT_5
    if dialect == DIALECT_4 and records and not values:
        raise OrderError("nothing but a record is due, and Windows 2000 has no tool that writes it")
    return ScriptPlan(
        computer=computer_name(facts),
        dialect=dialect,
        values=tuple(values),
        records=tuple(
            Record(name, text) for name, text in sorted(records.items()) if text == ABSENT or set(text) <= _RECORDABLE
        ),
        new_id=needs_id(facts),
        copied=cloned_from(facts) is not None,
        added={name: ranges for name, ranges in added.items() if ranges},
        removed={name: ranges for name, ranges in removed.items() if ranges},
        deferred={row["id"]: _ranges(row["ports"]) for row in (window or {}).get("deferred_exclusions", ())},
        window=window is not None,
        services_to_start=services_to_start,
        dependents=dependents,
        reboot=REBOOT_ACTION in actions,
        owed=owed(facts) if window else (),
    )


def _ranges(texts: list[str]) -> tuple[str, ...]:
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


def _value(entry: Mapping[str, Any], transcript: Transcript) -> Value:
    setting = SETTINGS[entry["id"]]
    return Value(setting, _before(setting, entry, transcript), _raw(setting, entry["after"]))


def _before(setting: Setting, entry: Mapping[str, Any], transcript: Transcript) -> RawValue | None:
    if entry["type_before"] is None:
        return None
    if entry["type_before"] != setting.registry_type:
        raise OrderError(f"{setting.value_name} has another type than it must have: put it right by hand first")
    exact = _exact(setting, transcript)
    if exact is not None:
        return exact
    return _raw(setting, entry["before"] if isinstance(entry["before"], int) else entries_of(entry["before"]))


def _exact(setting: Setting, transcript: Transcript) -> RawValue | None:
    """Return the bytes from a section of registry file text. None if `reg query` wrote the section."""
    section = transcript.sections.get(section_of(setting))
    try:
        found = read_reg(section.text) if section else None
        return found.get(long_key(setting.key), setting.value_name) if found else None
    except RegFileError:
        return None


def _raw(setting: Setting, data: list[str] | int | None) -> RawValue | None:
    if isinstance(data, list) and not all(text and text.isascii() and text.isprintable() for text in data):
        raise OrderError(f"the exact bytes of {setting.value_name} are not known: put it right by hand first")
    return raw_value(data)
