# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read ``netsh interface ipv4|ipv6 show dynamicport`` and ``show excludedportrange``: only numbers and the star."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._listing import plain_lines

_LAST_NUMBER_RES = tuple(
    re.compile(pattern)
    for pattern in (
        # Not the digit of a name such as IPv4 or UDP6 at the end of a heading ...
        r"(?<![0-9A-Za-z.-])[0-9]{1,6}\Z",
        # ... but a full-width colon of code page 950 ends in the byte of a letter.
        r"(?<![0-9.-])[0-9]{1,6}\Z",
    )
)
_RANGE_RE = re.compile(r"([0-9]{1,5})[ \t]+([0-9]{1,5})\Z")
_RULE_RE = re.compile(r"^[ \t]*-{3,}[ \t]+-{3,}[ \t]*$", re.MULTILINE)
# Digits and no letter: a row, or what was one.
_NUMBERS_RE = re.compile(r"[\W_]*[0-9][\W\d_]*\Z")
_STAR = "*"
_HIGHEST_PORT = 65535
_NUMBERS = 2


@dataclass(frozen=True)
class DynamicRange:
    """The dynamic range: first port and number of ports."""

    start: int
    count: int


class Exclusion(NamedTuple):
    """One excluded range, both ends included; `administered` is what the star says."""

    start: int
    end: int
    administered: bool


def parse_dynamicport(text: str) -> DynamicRange | None:
    """The two numbers of the table, in their order; None when there are not exactly two that make a range."""
    ends = [line.rstrip()[-10:] for line in plain_lines(text)]
    for pattern in _LAST_NUMBER_RES:
        numbers = [int(found.group()) for end in ends for found in [pattern.search(end)] if found]
        if len(numbers) == _NUMBERS:
            return _range(*numbers)
    return None


def _range(start: int, count: int) -> DynamicRange | None:
    if start < 1 or count < 1 or start + count - 1 > _HIGHEST_PORT:
        return None
    return DynamicRange(start, count)


def parse_excludedportrange(text: str) -> tuple[list[Exclusion], int]:
    """The rows in ascending order, each distinct one once, and the number of lines of numbers that make no range.

    The star stands in a column of its own; which one is not looked at.
    """
    rows: set[Exclusion] = set()
    unreadable = 0
    for line in plain_lines(text):
        if not _NUMBERS_RE.match(line):
            continue
        numbers, stars = line.replace(_STAR, " ").strip(), line.count(_STAR)
        found = _RANGE_RE.match(numbers) if stars <= 1 else None
        start, end = (int(found.group(1)), int(found.group(2))) if found else (0, 0)
        if 1 <= start <= end <= _HIGHEST_PORT:
            rows.add(Exclusion(start, end, stars == 1))
        else:
            unreadable += 1
    return sorted(rows), unreadable


def is_table(text: str) -> bool:
    """Whether the text has the rule of two groups of dashes under the headings, as an empty table has it too."""
    return _RULE_RE.search(text) is not None
