# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse ``sc query``, ``sc queryex`` and ``sc enumdepend`` in any language.

Every label is translated, so a block is read by its shape alone: lines that begin at its margin name the service, the
indented ``label : value`` lines behind them come in a fixed order: type (hexadecimal), state, then the two exit codes
(decimal with the hexadecimal in parentheses), check point and wait hint, and with queryex PID and flags.

The blocks of one listing are alike: they have the same labels. A block that has not the shape, or not the labels of the
others, is unreadable; lines that belong to none are passed over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from .._windows.service_states import port_error_of
from .listing import field_of, indentation, plain_lines

SERVICE_SPECIFIC_ERROR = 1066
"""ERROR_SERVICE_SPECIFIC_ERROR: the reason is in SERVICE_EXIT_CODE (Microsoft, SERVICE_STATUS structure)."""

_TYPE_RE = re.compile(r"[0-9A-Fa-f]{1,8}(?![^ \t])")
_STATE_RE = re.compile(r"([1-7])(?![^ \t])")
_EXIT_CODE_RE = re.compile(r"(-?[0-9]{1,10})[ \t]*\(0x([0-9A-Fa-f]{1,8})\)(?![^ \t])")
# What may follow the exit codes, in this order: check point, wait hint, PID, flags.
_REST_RES = tuple(
    re.compile(text) for text in (r"0x[0-9A-Fa-f]{1,8}\Z", r"0x[0-9A-Fa-f]{1,8}\Z", r"[0-9]{1,10}\Z", r"(?![0-9]+\Z)")
)
_PID_PLACE = 2
_OF_QUERY = 6
"""Type, state, two exit codes, check point, wait hint."""
_OF_QUERYEX = 2
"""PID and flags."""
_KEY_RE = re.compile(r"(?!.* {2})[^\\/\x00-\x1f]{1,256}\Z")
"""Neither sort of slash is allowed in the name of a service (Microsoft, CreateService). After two spaces there is a
remark or another column."""
# The line in which `sc enumdepend` says how many entries it read is no heading of a block.
_COUNT_RE = re.compile(r"[^=]*= *([0-9]{1,9})[ \t]*\Z")
# Two numbers in a line behind the last block are the size and the index with which an enumeration that stopped early
# asks to be resumed; one number is an error or a count, and what has dots in it is a version.
_INTEGER_RE = re.compile(r"(?<![0-9A-Za-z.])[0-9]+(?![0-9A-Za-z.])")
_TOOL = "["
"""What the tool says of itself begins with its name in brackets: it is no heading of a block."""
_HEADINGS = 2
"""A block names the service, and most listings add the name that people see."""
_ALIKE_MIN = 3
"""From this number of blocks on, the labels of most of them are those of the listing."""
_WORD_MASK = 0xFFFFFFFF


@dataclass(frozen=True)
class ServiceRow:
    """One service.

    Attributes:
        name: the service key.
        state: 1 stopped, 2 start pending, 3 stop pending, 4 running, 5 continue pending, 6 pause pending, 7 paused.
        pid: None where the output has no PID (``sc query``); 0 when the service has no process.
        win32_exit_code: error of the last stop; 0 when it never failed, None where the text ends before it.
        service_exit_code: the service's own code, meaningful with 1066.
        kind: the number of the type (`_windows.service_states`), which says whether others share its process.
    """

    name: str
    state: int
    pid: int | None
    win32_exit_code: int | None
    service_exit_code: int | None
    kind: int | None = field(default=None, compare=False)

    @property
    def last_error(self) -> int | None:
        """The significant error: the service's own code if Win32 only says 1066, and 1066 if that code is 0 too.

        An error of the port that is reported as HRESULT is given as the Win32 error that it contains.
        """
        if self.win32_exit_code == SERVICE_SPECIFIC_ERROR:
            return port_error_of(self.service_exit_code or SERVICE_SPECIFIC_ERROR)
        return port_error_of(self.win32_exit_code)


@dataclass(frozen=True)
class ServiceList:
    """The services in the order of the text.

    Attributes:
        rows: by service key as printed.
        ambiguous: names that came twice with different content; they are not in `rows`.
        unread: names of which the block could not be read; they are not in `rows`.
        nameless: number of blocks of which the name could not be read.
        stopped_early: whether the listing ends with a line that asks to be resumed.
        announced: how many entries ``sc enumdepend`` says there are; None where it does not say.
    """

    rows: dict[str, ServiceRow] = field(default_factory=dict)
    ambiguous: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    nameless: int = 0
    stopped_early: bool = False
    announced: int | None = None

    @property
    def all_named(self) -> bool:
        """Whether no name seems to be missing, even if something behind a name is unreadable."""
        return not self.nameless and not self.stopped_early

    @property
    def complete(self) -> bool:
        """Whether no service seems to be missing or unreadable."""
        return self.all_named and not self.ambiguous and not self.unread


def parse_sc(text: str) -> ServiceList:
    """Parse the output of ``sc query``, ``sc queryex`` or ``sc enumdepend``. Other lines are ignored."""
    lines = plain_lines(text)
    found = list(_blocks(lines))
    blocks = [(block, _anchor(block.fields)) for block in found]
    if all(anchor is None for _block, anchor in blocks):
        blocks = [(block, _short_anchor(block)) for block in found]
    whole = [(block, anchor) for block, anchor in blocks if anchor is not None]
    front = _common([_labels(block.fields[:anchor]) for block, anchor in whole], 1)
    if len(whole) == 1 and front and len(front) > _HEADINGS:
        front = None
    labels = _common([_labels(block.fields[anchor:]) for block, anchor in whole], _ALIKE_MIN)
    rows: dict[str, ServiceRow] = {}
    ambiguous: dict[str, None] = {}
    unread: dict[str, None] = {}
    nameless = 0
    behind: list[str] = []
    behind_unread = False
    for block, anchor in blocks:
        name = _name(block, anchor, front)
        row = None
        if anchor is not None and name and _is_alike(block.fields[anchor:], labels):
            row = _row(name, block.fields[anchor:], labels is not None)
        if row is not None:
            first_row = rows.setdefault(row.name, row)
            if (first_row, first_row.kind) != (row, row.kind):
                ambiguous[row.name] = None
        elif name and (anchor is not None or front is not None):
            unread[name] = None
        elif _holds_a_service(block, front, behind_unread):
            nameless += 1
        else:
            behind += [*block.remarks, *(f"{found.label} {found.value}" for found in block.fields)]
            continue
        behind, behind_unread = list(block.remarks), row is None
    first = next((block.first_line for block, _anchor in whole), len(lines))
    return ServiceList(
        {name: row for name, row in rows.items() if name not in ambiguous and name not in unread},
        tuple(ambiguous),
        tuple(unread),
        nameless,
        any(len(_INTEGER_RE.findall(line)) > 1 for line in behind) or _ends_inside_a_block(whole),
        _announced(lines[:first]),
    )


def _ends_inside_a_block(whole: list[tuple[_Block, int]]) -> bool:
    """Return whether the last block has the labels of the one before, but not all of them."""
    *_others, before, last = ((), (), *(_labels(block.fields[anchor:]) for block, anchor in whole[-2:]))
    return len(last) < len(before) and before[: len(last)] == last


def _announced(lines: Sequence[str]) -> int | None:
    """Return the number behind an equals sign before the first block."""
    counts = [int(found.group(1)) for found in map(_COUNT_RE.match, lines) if found]
    return counts[-1] if counts else None


def _common(found: list[tuple[str, ...]], least: int) -> tuple[str, ...] | None:
    """Return what most of the blocks have; None if they are too few or have nothing in common."""
    if len(found) < least:
        return None
    ((most, count),) = Counter(found).most_common(1)
    return most if count > len(found) // 2 else None


class _Field(NamedTuple):
    """The text before and after a colon."""

    label: str
    value: str


@dataclass
class _Block:
    """Lines that belong together: fields, the first ones at the margin, and lines without a colon."""

    first_line: int
    margin: int = 0
    is_deep: bool = False
    fields: list[_Field] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    continued: set[int] = field(default_factory=set)
    """The fields behind which a line without a colon stands: it may be the rest of a long name."""

    def is_left_by(self, column: int, label: str, flat: bool) -> bool:
        """Return whether a field in that column begins another block."""
        if not self.fields:
            return False
        if flat:
            return label == self.fields[0].label
        return column < self.margin or (column == self.margin and self.is_deep)

    def add_field(self, column: int, found: _Field) -> None:
        """Add a field. The first one sets the margin."""
        if not self.fields:
            self.margin = column
        self.is_deep = self.is_deep or column > self.margin
        self.fields.append(found)

    def add_remark(self, line: str) -> None:
        """Add a line that is not a field."""
        self.remarks.append(line)
        if self.fields and not line.lstrip(" \t").startswith(_TOOL):
            self.continued.add(len(self.fields) - 1)


def _look(line: str) -> tuple[int, _Field | None]:
    """Return the column in which the line begins, and its field unless the line is a message of the tool."""
    found = None if line.lstrip(" \t").startswith(_TOOL) else field_of(line)
    return indentation(line), _Field(found[0].strip(), found[1]) if found else None


def _blocks(lines: list[str]) -> Iterator[_Block]:
    """Split the text into blocks, at blank lines and where a line at the block's margin follows deeper ones.

    In a listing that has lost its indentation the first line of a block is the heading and all others are values, up to
    one that has the heading's label again.
    """
    # Most lines stand there for many services.
    looked_at = {line: _look(line) for line in set(lines)}
    columns, fields = zip(*(looked_at[line] for line in lines), strict=True)
    flat = len({column for column, found in zip(columns, fields, strict=True) if found}) == 1
    block = _Block(0)
    for number, (line, column, found) in enumerate(zip(lines, columns, fields, strict=True)):
        if not line.strip():
            yield block
            block = _Block(number)
        elif found is None or (not block.fields and _COUNT_RE.match(line)):
            block.add_remark(line)
        else:
            if block.is_left_by(column, found.label, flat):
                yield block
                block = _Block(number)
            block.add_field(column, found)
    yield block


def _anchor(fields: list[_Field]) -> int | None:
    """Return the position of the type: type, state, and the two exit codes behind them. None unless they occur once."""
    codes = [at for at, found in enumerate(fields) if "(0x" in found.value and _EXIT_CODE_RE.match(found.value)]
    if len(codes) != 2 or codes[1] != codes[0] + 1 or codes[0] <= 2:
        return None
    at = codes[0] - 2
    return at if _TYPE_RE.match(fields[at].value) and _STATE_RE.match(fields[at + 1].value) else None


def _short_anchor(block: _Block) -> int | None:
    """Return the position of the type in a block that somebody cut after the state, which has the flags of a state."""
    if len(block.fields) <= 2:
        return None
    kind, state = block.fields[-2].value, block.fields[-1].value
    has_flags = "(" in state or any(remark.lstrip().startswith("(") for remark in block.remarks)
    return len(block.fields) - 2 if has_flags and _TYPE_RE.match(kind) and _STATE_RE.match(state) else None


def _labels(fields: list[_Field]) -> tuple[str, ...]:
    return tuple(found.label for found in fields)


def _is_alike(fields: list[_Field], labels: tuple[str, ...] | None) -> bool:
    """Return whether the labels are those of the listing. In ``sc query``, a block of ``sc queryex`` has two more."""
    found = _labels(fields)
    return labels is None or found == labels or (found[:-_OF_QUERYEX] == labels and len(labels) == _OF_QUERY)


def _name(block: _Block, anchor: int | None, front: tuple[str, ...] | None) -> str | None:
    """Return the service key; None if the block has none or its name is in doubt.

    Args:
        block: the block.
        anchor: where its type stands, None where it has none.
        front: the labels in front of the type in most of the blocks, that of the key first; without them the key is
            the first of at most two lines.
    """
    fields = block.fields[:anchor]
    if front is None:
        found = [0] if 0 < len(fields) <= _HEADINGS or (anchor is None and fields) else []
    elif _labels(fields) == front:
        found = [0]
    else:
        found = [at for at, heading in enumerate(fields) if heading.label == front[0]]
    if len(found) != 1 or found[0] in block.continued:
        return None
    key = fields[found[0]].value
    return key if _KEY_RE.match(key) else None


def _row(name: str, fields: list[_Field], is_one_of_many: bool) -> ServiceRow | None:
    """Return the row of a block; None if what follows the exit codes has the wrong shape.

    Args:
        name: the service key.
        fields: from the type on.
        is_one_of_many: whether others have the same labels: else a number is a PID only with the flags behind it.
    """
    kind, state, *rest = (found.value for found in fields)
    codes, rest = [_exit_code(value) for value in rest[:2]], rest[2:]
    if len(rest) > len(_REST_RES) or not all(map(re.Pattern.match, _REST_RES, rest)) or None in codes:
        return None
    has_pid = len(rest) == len(_REST_RES) or (is_one_of_many and len(rest) > _PID_PLACE)
    pid = int(rest[_PID_PLACE]) if has_pid else None
    win32, own = codes or (None, None)
    return ServiceRow(name, int(state[0]), pid, win32, own, int(kind.split()[0], 16))


def _exit_code(value: str) -> int | None:
    """Return the exit code; None if its two forms differ."""
    found = _EXIT_CODE_RE.match(value)
    code = int(found.group(2), 16) if found else None
    return code if found and int(found.group(1)) & _WORD_MASK == code else None


def _holds_a_service(block: _Block, front: tuple[str, ...] | None, behind_unread: bool) -> bool:
    """Return whether a block without a name is the rest of a service, and not part of the block before."""
    values = [found.value for found in block.fields]
    if front and any(found.label == front[0] for found in block.fields):
        return True
    if any(_TYPE_RE.match(first) and _STATE_RE.match(second) for first, second in pairwise(values)):
        return True
    return not behind_unread and any(_EXIT_CODE_RE.match(value) for value in values)
