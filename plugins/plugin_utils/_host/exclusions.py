# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check which exclusions netsh has added, and which are left for a window. netsh's exit code shows neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...module_utils._commands.records import Record
from ...module_utils._commands.window import ExclusionToAdd
from ...module_utils._commands.write import SettingWrite
from ...module_utils._facts.host import Host
from ...module_utils._plan.changes import Deferred
from ...module_utils._plan.exclusions import texts
from ...module_utils._ports import PortSet
from ...module_utils._problems import listed
from ...module_utils._windows.settings import NETSH, NETSH_PREFIX


def refused_ranges(changes: Sequence[SettingWrite], facts: Mapping[str, Any]) -> tuple[dict[str, list[str]], bool]:
    """Return the ranges that netsh was to add but that its table does not show.

    Args:
        changes: what was written.
        facts: of the host, read after that.

    Returns:
        The ranges by table, and whether not a single one was added.
    """
    host = Host(facts)
    refused: dict[str, list[str]] = {}
    added = False
    for change in changes:
        if change.id in NETSH:
            shown = PortSet.from_ranges(host.administered(change.id.removeprefix(NETSH_PREFIX)))
            missing = [text for text in change.ranges if PortSet.from_text([text]) - shown]
            added = added or len(missing) < len(change.ranges)
            if missing:
                refused[change.id] = missing
    return refused, bool(refused) and not added


def refused_text(refused: Mapping[str, Sequence[str]]) -> str:
    """Return the refused ranges for a message."""
    return "; ".join(f"{listed(ranges)} over {NETSH[name]}" for name, ranges in refused.items())


def recorded_exclusions(deferred: Deferred, facts: Mapping[str, Any]) -> tuple[tuple[ExclusionToAdd, ...], list[str]]:
    """Return the exclusions that a window may add, and those that it omits because no backup names them.

    `port_reservations` makes the backup and then the record, so the record is the sign.

    Args:
        deferred: those of the window that the plan asks for.
        facts: that the plan was made from.
    """
    host = Host(facts)
    allowed: list[ExclusionToAdd] = []
    left_out: list[str] = []
    for table, ranges in deferred.items():
        ours = host.recorded_ports(table)
        for text in ranges:
            if PortSet.from_text([text]) <= ours:
                allowed.append(ExclusionToAdd(table, text))
            else:
                left_out.append(text)
    return tuple(allowed), left_out


def ours_after(change: SettingWrite, facts: Mapping[str, Any]) -> Record:
    """Return the rows to record as the collection's after a table was changed."""
    kept = Host(facts).recorded_ports(change.id) - PortSet.from_text(change.removed)
    left = kept | PortSet.from_text(change.ranges)
    return Record(change.id, ",".join(left.strings()))


def table_back(
    table: str, added: Sequence[str], removed: Sequence[str], facts: Mapping[str, Any]
) -> SettingWrite | None:
    """Return what restores a table: the rows that were added are deleted, and those that were deleted are added.

    Args:
        table: a key of NETSH.
        added: rows that our change, or the window after it, was to add.
        removed: rows that our change deleted.
        facts: of the host now; a row that is gone already stays gone.

    Returns:
        The change, None where the table is as it was.
    """
    rows = rows_of(table, facts)
    gone = tuple(text for text in added if text in rows)
    missing = tuple(text for text in removed if text not in rows)
    return SettingWrite(table, missing, gone) if gone or missing else None


def rows_of(table: str, facts: Mapping[str, Any]) -> list[str]:
    """Return the rows with a star."""
    return texts(Host(facts).administered(table.removeprefix(NETSH_PREFIX)))
