# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render excluded port ranges as files for ``netsh -f``, one line per range: a range that fails does not stop the rest.

The lines contain only literals and integers. The exit code of ``netsh -f`` says nothing about its lines: the result is
read from the table afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .._windows.settings import NETSH
from .cmd import BatchError, port_bounds

ADD = "add"
DELETE = "delete"

_RANGES_PER_COMMAND = 300
"""Ranges per command; this keeps it far below the limit of a command line."""


@dataclass(frozen=True)
class Edit:
    """Rows of one netsh table to add or delete.

    Attributes:
        verb: ADD or DELETE.
        id: a key of NETSH.
        ranges: canonical ranges ``a-b``; a deletion needs the exact row.
    """

    verb: str
    id: str
    ranges: tuple[str, ...]


def file_commands(file: str, edits: Sequence[Edit]) -> list[str]:
    """Render the commands that write a file for ``netsh -f``. Without ranges there are none.

    Args:
        file: its path; the first command overwrites it.
        edits: its lines, in that order.

    Raises:
        BatchError: something that is not a canonical range, or not one of our tables.
    """
    commands: list[str] = []
    for edit in edits:
        if edit.id not in NETSH or edit.verb not in (ADD, DELETE):
            raise BatchError(f"{edit.id!r} is not a list of excluded ports.")
        line = exclusion_command(edit.verb, edit.id, "%s", "%t")
        for chosen in _grouped(edit.ranges):
            loop = f'for %r in ({chosen}) do @for /f "tokens=1,2 delims=-" %s in ("%r") do @echo {line}'
            commands.append(f"({loop}){'>>' if commands else '>'}{file}")
    return commands


def file_size(edits: Sequence[Edit]) -> int:
    """Return the size in bytes of the file that `file_commands` write."""
    rows = [(edit, _counted(text).partition("-")) for edit in edits for text in edit.ranges]
    return sum(len(exclusion_command(edit.verb, edit.id, first, count)) + 2 for edit, (first, _dash, count) in rows)


def exclusion_command(verb: str, table: str, first: int | str, count: int | str) -> str:
    """Render one command of netsh. Port and count are numbers, or variables of `for`."""
    row = f"startport={first} numberofports={count}"
    return f"interface {NETSH[table]} {verb} excludedportrange protocol=udp {row} store=persistent"


def _grouped(ranges: Sequence[str]) -> list[str]:
    """Yield the ranges as `first-count`, in groups for the set of a `for`."""
    counted = [_counted(text) for text in ranges]
    return [
        " ".join(counted[start : start + _RANGES_PER_COMMAND]) for start in range(0, len(counted), _RANGES_PER_COMMAND)
    ]


def _counted(text: str) -> str:
    """Return a range as first port and number of ports."""
    first, last = port_bounds(text)
    return f"{first}-{last - first + 1}"
