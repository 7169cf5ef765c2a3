# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse ``netsh interface ipv4|ipv6 show dynamicport`` and ``show excludedportrange``: only numbers and the star."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from .._ports import HIGHEST_PORT
from .listing import is_left_out, plain_lines

_LAST_NUMBER_RES = tuple(
    re.compile(pattern)
    for pattern in (
        # Not the digit of a name such as IPv4 or UDP6 at the end of a heading ...
        r"(?<![0-9A-Za-z.-])[0-9]{1,6}\Z",
        # ... but a full-width colon of code page 950 ends in the byte of a letter.
        r"(?<![0-9.-])[0-9]{1,6}\Z",
    )
)
# A number of its own in front of the last one: a thousands separator, a remark, or an additional column.
_GROUPED_RE = re.compile(r"(?<!\w)[0-9]+(?=[^0-9].*[0-9]\Z)")
_RANGE_RE = re.compile(r"([0-9]{1,5})[ \t]+([0-9]{1,5})\Z")
_RULE_RE = re.compile(r"[ \t]*-{3,}(?P<second>[ \t]+-{3,})?[ \t]*\Z")
# Digits and no letter: a row, or what was one.
_NUMBERS_RE = re.compile(r"[\W_]*[0-9][\W\d_]*\Z")
# What a terminal or a pager left in a line; between its digits nothing is certain.
_CONTROL_RE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ANY_DIGIT_RE = re.compile(r"\d")
# Not the digit of a name such as IPv4.
_DIGITS_RE = re.compile(r"(?<![0-9A-Za-z_])\d+")
# The star, and then a letter before any digit, or no digit at all.
_REMARK_RE = re.compile(r"[ \t]*\*(?:[\W_]*[^\W\d_]|\D*[^\s\d*]\D*\Z)")
_STAR = "*"
_NUMBERS = 2


@dataclass(frozen=True)
class DynamicRange:
    """The dynamic range: first port and number of ports."""

    start: int
    count: int


class Exclusion(NamedTuple):
    """One excluded range, both ends included; `administered` is true for a row with a star."""

    start: int
    end: int
    administered: bool


def parse_dynamicport(text: str) -> DynamicRange | None:
    """Return the two numbers of the table in their order. None unless exactly two numbers make a range.

    Where the table has its rule of dashes, what stands in front of it is no part of it.
    """
    lines = [line.rstrip() for line in plain_lines(text)]
    rule = next((at for at, line in enumerate(lines) if _RULE_RE.match(line)), None)
    lost_label = _lost_its_label(lines)
    lines = lines[(rule + 1) if rule is not None else 0 :]
    for pattern in _LAST_NUMBER_RES:
        rows = [(at, found.group()) for at, line in enumerate(lines) for found in [pattern.search(line[-10:])] if found]
        if len(rows) == _NUMBERS:
            (first, start), (second, count) = rows
            spoiled = any(lines[first + 1 : second]) or any(_GROUPED_RE.search(lines[at]) for at in (first, second))
            return None if spoiled or lost_label else _range(int(start), int(count))
    return None


def _lost_its_label(lines: list[str]) -> bool:
    """Return whether a number stands alone where other lines have words: it may be the rest of a longer one."""
    return len({line.strip().isdigit() for line in lines if line.strip()}) > 1


def _range(start: int, count: int) -> DynamicRange | None:
    if start < 1 or count < 1 or start + count - 1 > HIGHEST_PORT:
        return None
    return DynamicRange(start, count)


def parse_excludedportrange(text: str) -> tuple[list[Exclusion], int]:
    """Return the distinct rows in ascending order, and the number of lines that may have been rows.

    The star stands in a column of its own behind the first number; in front of a row it may be a mark that somebody
    made. In front of the table anything may stand; from the rule or the first row to the next empty line there are rows
    only. The remark on the star begins with one, followed by a word; after it comes any text that does not begin like
    a row.
    """
    lines = plain_lines(text)
    rule = next((at for at, line in enumerate(lines) if _is_rule(line)), None)
    if rule is not None and any(map(_exclusion, lines[:rule])):
        rule = None  # dashes below rows are no heading's
    rows: set[Exclusion] = set()
    unreadable = 0
    in_rows, remarked = rule is not None, False
    for line in lines[(rule or 0) + (rule is not None) :]:
        row = _exclusion(line)
        if row and not remarked:
            rows.add(row)
            in_rows = True
        elif _is_remark_on_the_star(line):
            in_rows, remarked = False, True
        elif not line.strip():
            in_rows = False
        else:
            in_table = bool(rows) or rule is not None
            unreadable += in_rows or _may_be_a_row(line, in_table, remarked)
    return sorted(rows), unreadable


def _exclusion(line: str) -> Exclusion | None:
    if not _NUMBERS_RE.match(line):
        return None
    numbers, stars = line.replace(_STAR, " ").strip(), line.count(_STAR)
    found = _RANGE_RE.match(numbers) if stars <= 1 and not line.lstrip().startswith(_STAR) else None
    start, end = (int(found.group(1)), int(found.group(2))) if found else (0, 0)
    return Exclusion(start, end, stars == 1) if 1 <= start <= end <= HIGHEST_PORT else None


def _may_be_a_row(line: str, in_table: bool, remarked: bool) -> bool:
    """Return whether an unreadable line may have been a row, with digits of any alphabet.

    In a table everything with digits may, and a star alone. Where none has begun yet there may be a heading with a
    number in it (IPv4), behind the remark on the star a sentence.
    """
    bare = line.strip()
    if bare[:1].isdigit() or bare == _STAR or (_CONTROL_RE.search(line) and _ANY_DIGIT_RE.search(line)):
        return True
    return not remarked and (is_left_out(line) or len(_DIGITS_RE.findall(line)) > (0 if in_table else 1))


def _is_remark_on_the_star(line: str) -> bool:
    return bool(_REMARK_RE.match(line))


def _is_rule(line: str) -> bool:
    found = _RULE_RE.match(line)
    return bool(found and found["second"])


def is_empty_table(text: str) -> bool:
    """Return whether the text shows a complete table without rows.

    That is the rule of two groups of dashes under the headings, and behind it the empty line or the remark on the star
    that netsh prints below the rows. A text that ends with the rule was cut there.
    """
    lines = plain_lines(text.removesuffix("\n"))
    rule = next((at for at, line in enumerate(lines) if _is_rule(line)), len(lines))
    rows, unreadable = parse_excludedportrange(text)
    ended = any(not line.strip() or _is_remark_on_the_star(line) for line in lines[rule + 1 :])
    return ended and not rows and not unreadable


def has_no_table(text: str) -> bool:
    """Return whether netsh has answered without anything of a table: no rule, and no line that may have been a row."""
    rows, unreadable = parse_excludedportrange(text)
    return bool(text.strip()) and not rows and not unreadable and not any(map(_is_rule, plain_lines(text)))
