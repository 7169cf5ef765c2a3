# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the services are started, by the registry: their `Start`, their triggers, and what is marked for deletion."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .._parsers.reg_query import (
    RegValue,
    is_file,
    parse_reg,
    reg_lines,
)
from .._windows.service_states import DISABLED
from .reading import Reading

_SERVICE_KEY_RE = re.compile(r"HKEY_LOCAL_MACHINE\\SYSTEM\\[A-Z0-9]+\\Services\\([^\\]+)(?:\\(.+))?\Z", re.IGNORECASE)
_TRIGGER_KEY = "triggerinfo"
_HIVE = "HKEY_"
_TYPE = "REG_"
_ALWAYS_THERE = "tcpip"
"""Every Windows has this key, and it sorts behind DNS: a listing that holds it was not cut before DNS."""
_STARTED_BY_THE_MANAGER = (2, 3)
"""Start of what the service manager starts by itself or on demand (drivers may have them too)."""


@dataclass
class Starts:
    """How the services are started.

    Attributes:
        start: 0-4 by lower-case name, None where it has no readable Start.
        names: names as printed, by lower-case name.
        triggered: lower-case names of those with a trigger.
        triggers_known: whether nothing shows that a trigger's key was broken off.
        unread: lower-case names of those that have a Start which could not be read.
        deleted: lower-case names of those that are marked for deletion.
        complete: whether the listing proves the absence of a service that it does not hold.
    """

    start: dict[str, int | None] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    triggered: set[str] = field(default_factory=set)
    triggers_known: bool = True
    unread: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    complete: bool = False

    def is_service(self, name: str) -> bool | None:
        """Whether the service manager must know this service; None where the registry does not tell.

        A key without Start holds parameters only, as policies set them on any server. A disabled one may be what an
        uninstaller left behind.
        """
        if name in self.deleted:
            return False
        if name in self.unread:
            return None
        if self.start.get(name) in _STARTED_BY_THE_MANAGER:
            return True
        return False if self.complete else None


def read_starts(reading: Reading) -> Starts:
    """The first Start behind a service's own key line counts; deeper keys may be filtered out, their values not."""
    starts = Starts()
    text = reading.text("service_starts")
    owner = last = ""
    wants_start = False
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
            continue
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
            last_part = item.lower().rpartition("\\")[2]
            whole = not last_part.startswith(_TRIGGER_KEY) and not _TRIGGER_KEY.startswith(last_part)
            starts.triggers_known &= whole
    starts.triggers_known &= not _holds_pieces(text)
    starts.complete = _ALWAYS_THERE in starts.names
    if not starts.complete and reading.section("service_starts") is not None:
        reading.problems.add(
            "service_starts_unreadable", "error", "How the services are started could not be read from the registry."
        )
    elif not starts.triggers_known:
        reading.problems.add(
            "service_triggers_unreadable",
            "warning",
            "Which services are started by a trigger could not be read from the registry.",
        )
    return starts


def _holds_pieces(text: str) -> bool:
    """Whether a listing holds lines that are neither key nor value and may be what was left of a key."""
    if is_file(text):
        return False
    front, key, listed = text.partition(f"\n{_HIVE}") if not text.startswith(_HIVE) else ("", "", text)
    glued = any(_TYPE in line and line.lower().endswith(_TRIGGER_KEY) for line in listed.split("\n"))
    return glued or _HIVE in front or parse_reg(f"{key}{listed}".lstrip("\n")).stray > 0
