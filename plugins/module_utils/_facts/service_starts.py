# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read from the registry how services start: `Start` values, triggers, and marks for deletion."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .._parsers.reg_query import RegValue, is_damaged_name, is_file, parse_reg, reg_lines
from .._problems import Problem, make_problem
from .._windows.service_states import DISABLED
from .reading import Reading

_SERVICE_KEY_RE = re.compile(r"HKEY_LOCAL_MACHINE\\SYSTEM\\[A-Z0-9]+\\Services\\([^\\]+)(?:\\(.+))?\Z", re.IGNORECASE)
_TRIGGER_KEY = "triggerinfo"
_HIVE = "HKEY_"
_TYPE = "REG_"
_ALWAYS_THERE = "tcpip"
"""Every Windows has this key, and it sorts after DNS: a listing that contains it was not cut before DNS."""
_STARTED_BY_THE_MANAGER = (2, 3)
"""Values of Start for automatic and on demand: the service manager starts these (drivers may have them, too)."""


@dataclass
class Starts:
    """How the services are started.

    Attributes:
        start: Start, 0-4, by lower-case name; None if there is no readable Start.
        names: names as printed, by lower-case name.
        triggered: lower-case names of the services with a trigger.
        triggers_known: whether there is no sign that the key of a trigger was damaged or cut off.
        unread: lower-case names of the services whose Start is there but could not be read.
        deleted: lower-case names of the services that are marked for deletion.
        complete: whether a service that the listing does not contain is proved to be absent.
    """

    start: dict[str, int | None] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    triggered: set[str] = field(default_factory=set)
    triggers_known: bool = True
    unread: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    complete: bool = False

    def is_service(self, name: str) -> bool | None:
        """Return whether the service manager must know this service; None if the registry does not show it.

        A key without Start contains only parameters, which policies may set on any server. A key with a disabled Start
        may have been left behind by an uninstaller.
        """
        if name in self.deleted:
            return False
        if name in self.unread:
            return None
        if self.start.get(name) in _STARTED_BY_THE_MANAGER:
            return True
        return False if self.complete else None


def read_starts(reading: Reading) -> tuple[Starts, list[Problem]]:
    """Read the section: only the first Start after a service's own key line is that of the service.

    The filter in the collector's command drops the lines of most subkeys, but not the Start values below them.
    """
    starts = Starts()
    text = reading.text("service_starts")
    owner = last = ""
    wants_start, begun, in_order = False, False, True
    for item in reg_lines(text):
        if isinstance(item, RegValue):
            value = item.name.lower()
            if wants_start and value == "start":
                good = isinstance(item.data, int) and 0 <= item.data <= DISABLED
                starts.start[owner] = item.data if good and isinstance(item.data, int) else None
                if not good:
                    starts.unread.add(owner)
                wants_start = False
            elif owner and value == "deleteflag" and item.data:
                starts.deleted.add(owner)
            in_order &= begun
            continue
        begun = True
        match = _SERVICE_KEY_RE.match(item)
        name = match.group(1).lower() if match else ""
        owner, wants_start = "", False
        if match and match.group(2) is None:
            starts.names.setdefault(name, match.group(1))
            wants_start = starts.start.setdefault(name, None) is None
            starts.triggers_known &= name != last
            owner = last = name
        elif match and match.group(2).lower() == _TRIGGER_KEY:
            starts.triggered.add(name)
            starts.triggers_known &= name in starts.names
        else:
            starts.triggers_known &= not _may_be_a_trigger(item, name in starts.triggered)
    starts.triggers_known &= not _holds_pieces(text)
    # In front of the first key there is no value: the rows would be those of other services.
    starts.complete = in_order and _ALWAYS_THERE in starts.names
    if not starts.complete and reading.section("service_starts") is not None:
        message = "How the services are started could not be read from the registry."
        return starts, [make_problem("service_starts_unreadable", "error", message)]
    if not starts.triggers_known:
        message = "Which services are started by a trigger could not be read from the registry."
        return starts, [make_problem("service_triggers_unreadable", "warning", message)]
    return starts, []


def _may_be_a_trigger(path: str, is_triggered: bool) -> bool:
    """Return whether a key's path is that of a service's trigger with text in it or behind it.

    Args:
        path: of a key that is neither a service's nor its trigger's.
        is_triggered: whether the service has a trigger, which may have keys of its own.
    """
    last = path.lower().split("\\")[-2:]
    if is_triggered and last[0] == _TRIGGER_KEY:
        return False
    begun = last[0].startswith(_TRIGGER_KEY) or last[-1].startswith(_TRIGGER_KEY) or _TRIGGER_KEY.startswith(last[-1])
    return begun or any(is_damaged_name(part, _TRIGGER_KEY) for part in last)


def _holds_pieces(text: str) -> bool:
    """Return whether a listing contains lines that are neither a key nor a value, and may be the remains of a key."""
    if is_file(text):
        return False
    front, key, listed = text.partition(f"\n{_HIVE}") if not text.startswith(_HIVE) else ("", "", text)
    glued = any(_TYPE in line and line.lower().endswith(_TRIGGER_KEY) for line in listed.split("\n"))
    return glued or _HIVE in front or parse_reg(f"{key}{listed}".lstrip("\n")).stray > 0
