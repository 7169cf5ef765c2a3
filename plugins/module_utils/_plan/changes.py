# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a plan: changes of settings, and actions. They are typed, and become JSON only where they leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._commands.machine_id import NAME_VALUE
from .._commands.records import Record, is_recorded
from .._commands.write import SettingWrite
from .._windows.settings import ABSENT, NETSH, NOW, RANGES, STATE, STATE_KEY, Setting, record_text

DNS_WINDOW = "dns_window"
START_SERVICES = "start_services"
REBOOT_ACTION = "reboot"
END_RECORD = "end_record"
"""Remove services from the record of what ran before a window. This is neither drift nor a reason for an alarm."""
ACTION_TITLES = {
    DNS_WINDOW: "restart DNS in a guarded window",
    START_SERVICES: "start services",
    REBOOT_ACTION: "reboot",
    END_RECORD: "remove services from the record of what ran before a window",
}
"""The titles of the actions, for people."""

_RECORDABLE = frozenset("0123456789,-")

Deferred = Mapping[str, tuple[str, ...]]
"""By table of netsh, the ranges that can be excluded only while DNS is down."""


@dataclass(frozen=True)
class Change:
    """One registry value that has to be written. The fields have the names and the order that they have in JSON.

    Attributes:
        id: of the setting.
        key: the registry key.
        value_name: the value's name, None if the change is not of a single value.
        type_before: the registry type found, None where the value is absent.
        before: the data found, None where the value is absent.
        type_after: the registry type afterwards, None where the value is to be deleted.
        after: the data to write, None where the value is to be deleted.
        reason: the reasons, separated by semicolons.
        takes_effect: now, dns_restart or reboot.
    """

    id: str
    key: str
    value_name: str | None
    type_before: str | None
    before: Any
    type_after: str | None
    after: Any
    reason: str
    takes_effect: str

    @property
    def name(self) -> str:
        """The name for messages."""
        return change_name(self.id, self.value_name)

    def writes(self, _deferred: Deferred) -> Iterable[SettingWrite]:
        """Return what the command on the host has to write, or only to back up.

        Args:
            _deferred: what a window adds later. It is not written yet, but backed up before the window opens.
        """
        return [SettingWrite(self.id, tuple(self.after) if isinstance(self.after, list) else self.after)]

    def records(self) -> dict[str, str]:
        """Return what is recorded when the change has been made, by the record's name."""
        return {self.id: record_text(self.after)}

    def to_json(self) -> dict[str, Any]:
        """Return the change as the plan lists it."""
        return {**vars(self)}


@dataclass(frozen=True)
class TableChange(Change):
    """The rows of one of netsh's tables that are added or deleted at once.

    Attributes:
        added: ranges to be added.
        removed: rows to be deleted, exactly as they are.
        ours: the rows that belong to the collection afterwards.
    """

    added: list[str]
    removed: list[str]
    ours: list[str]

    def writes(self, deferred: Deferred) -> Iterable[SettingWrite]:
        """Return the rows to add, to delete, and to back up."""
        return [SettingWrite(self.id, tuple(self.added), tuple(self.removed), deferred.get(self.id, ()))]

    def records(self) -> dict[str, str]:
        """Return the record of the rows that belong to the collection."""
        return {self.id: ",".join(self.ours)}

    def to_json(self) -> dict[str, Any]:
        """Return the change as the plan lists it, with reason and takes_effect last."""
        entry = super().to_json()
        for name in ("reason", "takes_effect"):
            entry[name] = entry.pop(name)
        return entry


@dataclass(frozen=True)
class RangeChange(Change):
    """A dynamic port range that netsh sets; before and after are ``a-b``."""

    def writes(self, _deferred: Deferred) -> Iterable[SettingWrite]:
        """Return the range to set, and the one to back up."""
        return [SettingWrite(self.id, (self.after,), (self.before,))]


@dataclass(frozen=True)
class RecordChange(Change):
    """The pseudo-setting ``state``: records of values that are right already, and the id of a copied machine."""

    def writes(self, deferred: Deferred) -> Iterable[SettingWrite]:
        """Return the tables that only a window changes, so that they are backed up now."""
        return [SettingWrite(name, (), (), deferred.get(name, ())) for name in self.after if name in NETSH]

    def records(self) -> dict[str, str]:
        """Return the records, without the machine's name."""
        return {name: text for name, text in self.after.items() if is_recorded(name)}


def change_value(
    setting: Setting, fact: Mapping[str, Any], after: object, reason: str, registry_type: str | None = None
) -> Change:
    """Return the change of a registry value.

    Args:
        setting: the row of the settings table.
        fact: the value as it was found, readable or absent.
        after: the data to write; None for a value to be deleted.
        reason: why.
        registry_type: of the data, if it is not the one that the value must have.
    """
    type_after = None if after is None else registry_type or setting.registry_type
    place = (setting.id, setting.key, setting.value_name)
    return Change(*place, fact["type"], fact["data"], type_after, after, reason, setting.takes_effect)


def change_name(setting: str, value_name: str | None) -> str:
    """Return what people call the value of a change. Only what is not a single value has no name of Windows' own."""
    if value_name:
        return value_name
    if setting in RANGES:
        return RANGES[setting].value_name
    return f"excluded port ranges over {NETSH[setting]}" if setting in NETSH else "the collection's own records"


def table_place(table: str) -> tuple[str, str, None]:
    """Return id, key and value name of a change of one of netsh's tables."""
    return table, f"netsh interface {NETSH[table]} excludedportrange protocol=udp", None


def change_records(before: Mapping[str, str | None], after: Mapping[str, str], reason: str) -> Change:
    """Return the change of nothing but the collection's own records."""
    return RecordChange(STATE, STATE_KEY, None, None, before, "REG_SZ", after, reason, NOW)


@dataclass(frozen=True)
class Action:
    """One thing to do besides writing.

    Attributes:
        name: a key of ACTION_TITLES.
        reason: the reasons, separated by semicolons.
        services_to_start: keys of the services to start, in a window or without one.
        deferred: exclusions that a window adds.
        services_to_restart: keys of running services that a window stops before DNS, and starts while DNS is down.
    """

    name: str
    reason: str
    services_to_start: tuple[str, ...] = ()
    deferred: Deferred = field(default_factory=dict)
    services_to_restart: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The action and its reasons, for messages."""
        return f"{ACTION_TITLES[self.name]}, because {self.reason}"

    def to_json(self) -> dict[str, Any]:
        """Return the action as the plan lists it, with the fields that its kind has."""
        entry: dict[str, Any] = {"action": self.name, "reason": self.reason}
        if self.name in (DNS_WINDOW, START_SERVICES):
            entry["services_to_start"] = list(self.services_to_start)
        if self.name == DNS_WINDOW:
            entry["services_to_restart"] = list(self.services_to_restart)
            entry["deferred_exclusions"] = [{"id": name, "ports": list(rows)} for name, rows in self.deferred.items()]
        return entry


@dataclass(frozen=True)
class Work:
    """What is to be done on a host.

    Attributes:
        settings: the changes, in the order in which they are written.
        actions: what has to be done after that, in order.
    """

    settings: tuple[Change, ...]
    actions: tuple[Action, ...]

    def action(self, name: str) -> Action | None:
        """Return the action of that name, if it is due."""
        return next((action for action in self.actions if action.name == name), None)

    @property
    def blocking(self) -> Sequence[Mapping[str, Any]]:
        """The errors that must be settled before any of this is done; a plan has them, other work does not."""
        return ()

    @property
    def deferred(self) -> Deferred:
        """What the window excludes."""
        window = self.action(DNS_WINDOW)
        return window.deferred if window else {}

    @property
    def writes(self) -> tuple[SettingWrite, ...]:
        """What is written at once, or at least backed up."""
        deferred = self.deferred
        return tuple(write for change in self.settings for write in change.writes(deferred))

    @property
    def records(self) -> tuple[Record, ...]:
        """What is recorded together with these writes."""
        texts: dict[str, str] = {}
        for change in self.settings:
            texts.update(change.records())
        return tuple(Record(name, text) for name, text in sorted(texts.items()) if may_be_recorded(text))

    @property
    def new_id(self) -> bool:
        """Whether the machine gets an id of its own, because the one that is there was copied."""
        return any(change.id == STATE and NAME_VALUE in change.after for change in self.settings)


def may_be_recorded(text: str) -> bool:
    """Return whether a value may be recorded. A value with any other text is wrong anyway, and is never sent."""
    return text == ABSENT or _RECORDABLE.issuperset(text)
