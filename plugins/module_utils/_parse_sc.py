# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read ``sc query``, ``sc queryex`` and ``sc enumdepend`` in any language.

Every label is translated, so a block is read by its shape alone: lines that begin at its margin name the service, the
indented ``label : value`` lines behind them come in a fixed order: type (hexadecimal), state, then the two exit codes
(decimal with the hexadecimal in parentheses), check point and wait hint, and with queryex the PID.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._listing import (
    field_of,
    indentation,
    plain_lines,
)

SERVICE_SPECIFIC_ERROR = 1066
"""ERROR_SERVICE_SPECIFIC_ERROR: the reason is in SERVICE_EXIT_CODE (Microsoft, SERVICE_STATUS structure)."""

_TYPE_RE = re.compile(r"[0-9A-Fa-f]{1,8}(?![^ \t])")
_STATE_RE = re.compile(r"([1-7])(?![^ \t])")
_EXIT_CODE_RE = re.compile(r"-?[0-9]{1,10}[ \t]*\(0x([0-9A-Fa-f]{1,8})\)")
_NUMBER_RE = re.compile(r"(?:0x[0-9A-Fa-f]{1,8}|[0-9]{1,10})(?![^ \t])")
# The line in which `sc enumdepend` says how many entries it read is no heading of a block.
_COUNT_RE = re.compile(r"[^=]*= *([0-9]{1,9})[ \t]*\Z")
# Two numbers in a line that is no field are the size and the index with which an enumeration that stopped early asks to
# be resumed; one number is an error or a count, and what has dots in it is a version.
_INTEGER_RE = re.compile(r"(?<![0-9A-Za-z.])[0-9]+(?![0-9A-Za-z.])")
_TOOL = "["
"""What the tool says of itself begins with its name in brackets: it is no heading of a block."""
_FIELDS_WITHOUT_PID = 4
"""Behind type and state: two exit codes, check point, wait hint."""


@dataclass(frozen=True)
class ServiceRow:
    """One service.

    Attributes:
        name: the service key.
        state: 1 stopped, 2 start pending, 3 stop pending, 4 running, 5 continue pending, 6 pause pending, 7 paused.
        pid: None where the output has no PID (``sc query``); 0 when the service has no process.
        win32_exit_code: error of the last stop; 0 when it never failed, None when it cannot be read.
        service_exit_code: the service's own code, meaningful with 1066.
    """

    name: str
    state: int
    pid: int | None
    win32_exit_code: int | None
    service_exit_code: int | None

    @property
    def last_error(self) -> int | None:
        """The error that matters: the service's own code where Win32 only says 1066."""
        if self.win32_exit_code == SERVICE_SPECIFIC_ERROR and self.service_exit_code is not None:
            return self.service_exit_code
        return self.win32_exit_code


@dataclass(frozen=True)
class ServiceList:
    """The services in the order of the text.

    Attributes:
        rows: by service key as printed.
        ambiguous: names that came twice with different content; they are not in `rows`.
        stray: number of blocks with a heading and no state: an enumeration that stopped early asks to resume in such
            a line, and a service that could not be read leaves one.
        announced: how many entries ``sc enumdepend`` says there are; None where it does not say.
    """

    rows: dict[str, ServiceRow] = field(default_factory=dict)
    ambiguous: tuple[str, ...] = ()
    stray: int = 0
    announced: int | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing shows that a service is missing."""
        return not self.stray and not self.ambiguous and self.announced in (None, len(self.rows))


def parse_sc(text: str) -> ServiceList:
    """Parse the output of ``sc query``, ``sc queryex`` or ``sc enumdepend``; other lines are ignored."""
    rows: dict[str, ServiceRow] = {}
    ambiguous: dict[str, None] = {}
    stray = 0
    lines = plain_lines(text)
    for block in _blocks(lines):
        row = _row(block)
        if row is None:
            stray += bool(block.headings)
        elif rows.setdefault(row.name, row) != row:
            ambiguous[row.name] = None
        stray += sum(_asks_to_resume(line) for line in block.remarks)
    return ServiceList(
        {name: row for name, row in rows.items() if name not in ambiguous},
        tuple(ambiguous),
        stray,
        _announced(lines),
    )


def _announced(lines: list[str]) -> int | None:
    """The number at the end of the first line that is not blank, where it is one after an equals sign."""
    first = next((line for line in lines if line.strip()), "")
    count = _COUNT_RE.match(first)
    return int(count.group(1)) if count else None


def _asks_to_resume(line: str) -> bool:
    return len(_INTEGER_RE.findall(line)) > 1


@dataclass
class _Block:
    """Lines that belong together: what stands behind the colons at the margin and deeper, and lines without a colon."""

    margin: int
    first_label: str = ""
    headings: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def is_left_by(self, column: int, label: str, flat: bool) -> bool:
        """Whether a field in that column begins another block."""
        if not self.headings:
            return False
        if flat:
            return label == self.first_label
        return column < self.margin or (column == self.margin and bool(self.values))


def _look(line: str) -> tuple[int, tuple[str, str] | None]:
    """The column in which the line begins, and its field unless the line is a message of the tool."""
    return indentation(line), None if line.lstrip(" \t").startswith(_TOOL) else field_of(line)


def _blocks(lines: list[str]) -> Iterator[_Block]:
    """Cut the text into blocks at blank lines and wherever a line at the block's margin follows deeper ones.

    In a listing that has lost its indentation the first line of a block is the heading and all others are values, up to
    one that has the heading's label again.
    """
    # Most lines stand there for many services.
    looked_at = {line: _look(line) for line in set(lines)}
    columns, fields = zip(*(looked_at[line] for line in lines), strict=True)
    flat = len({column for column, found in zip(columns, fields, strict=True) if found}) == 1
    block = _Block(0)
    for line, column, found in zip(lines, columns, fields, strict=True):
        if not line.strip():
            yield block
            block = _Block(0)
        elif found is None or (not block.headings and _COUNT_RE.match(line)):
            block.remarks.append(line)
        else:
            label, value = found
            if block.is_left_by(column, label, flat):
                yield block
                block = _Block(0)
            if not block.headings:
                block.margin, block.first_label = column, label
            is_value = column > block.margin or (flat and bool(block.headings))
            (block.values if is_value else block.headings).append(value)
    yield block


def _row(block: _Block) -> ServiceRow | None:
    name = block.headings[0] if block.headings else ""
    pairs = pairwise(block.values)
    first = next((at for at, pair in enumerate(pairs) if _TYPE_RE.match(pair[0]) and _STATE_RE.match(pair[1])), None)
    values = block.values[first:] if first is not None else []
    state = _STATE_RE.match(values[1]) if values else None
    if not name or not state:
        return None
    rest = [value for value in values[2:] if _NUMBER_RE.match(value) or _EXIT_CODE_RE.match(value)]
    codes = [int(found.group(1), 16) for value in rest[:2] for found in [_EXIT_CODE_RE.match(value)] if found]
    pid = rest[_FIELDS_WITHOUT_PID] if len(rest) > _FIELDS_WITHOUT_PID else ""
    return ServiceRow(
        name=name,
        state=int(state.group(1)),
        pid=int(pid) if pid.strip().isascii() and pid.strip().isdigit() else None,
        win32_exit_code=codes[0] if codes else None,
        service_exit_code=codes[1] if len(codes) > 1 else None,
    )
