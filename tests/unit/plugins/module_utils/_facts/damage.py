# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damage a listing as happens in the field: copied from a console window, through a pager, a mail or a ticket.

Each damage takes a random generator and the text of one section and gives the damaged text. `RAW_A0` stands for the
byte A0, which is a letter in the console's code pages.
"""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Callable

Damage = Callable[[random.Random, str], str]

RAW_A0 = "\x1a"
NO_BREAK = "\xa0"
_RUN_RE = re.compile(r" {2,}|\t+")
_NUMBER_RE = re.compile(r"(?<![0-9A-Za-z.])[0-9]{4,}(?![0-9A-Za-z.])")
_COLUMN_RE = re.compile(r"(?<=\S)(?: {2,}|\t+)(?=\S)")
_WIDE_DIGITS = str.maketrans("0123456789", "".join(chr(0xFF10 + digit) for digit in range(10)))
_REMARKS = (
    "Active code page: 65001",
    "Aktive Codepage: 1252.",
    "see below, looks fine to me",
    "Authorized users only! 24/7 hotline +49 30 1234",
    "現在のコード ページ: 932",
    "----- Original message -----",
    "host: DC01, 10.0.0.5:53",
)
_PAGER = ("-- More --", "-- Weitere --", "--More--", "-- 続く --", "Press any key to continue . . . ")
_INSIDE_WORDS = ("&shy;", "&zwnj;", "<wbr>")
_LINE_ENDS = ("", " ", "\t", "\x0b")
_SEPARATORS = (" ", ".", ",", "'", NO_BREAK, "\u202f")


def _rows(text: str) -> list[int]:
    return [number for number, line in enumerate(text.split("\n")) if line.strip()]


def _change_line(rng: random.Random, text: str, change: Callable[[str], str], everywhere: bool | None = None) -> str:
    """Change one line that is not empty, or all of them."""
    lines = text.split("\n")
    if everywhere is None:
        everywhere = rng.random() < 0.3
    chosen = _rows(text)
    if chosen and not everywhere:
        chosen = [rng.choice(chosen)]
    for number in chosen:
        lines[number] = change(lines[number])
    return "\n".join(lines)


def _insert_line(rng: random.Random, text: str, line: str) -> str:
    lines = text.split("\n")
    lines.insert(rng.randint(0, len(lines)), line)
    return "\n".join(lines)


def wrapped(rng: random.Random, text: str) -> str:
    """Insert hard line ends at the width of a window."""
    width = rng.choice((rng.randint(40, 132), 79, 80))
    return "\n".join(line[at : at + width] for line in text.split("\n") for at in range(0, max(len(line), 1), width))


def wrapped_at_words(rng: random.Random, text: str) -> str:
    """Insert line ends as a mail program does, with or without spaces before the next word."""
    width, indent = rng.randint(40, 132), rng.choice(("", "", " ", "    ", "\t"))
    made = []
    for line in text.split("\n"):
        pieces = textwrap.wrap(
            line, width, subsequent_indent=indent, drop_whitespace=True, expand_tabs=False,
            replace_whitespace=False, break_on_hyphens=rng.random() < 0.3,
        )  # fmt: skip
        made += pieces or [""]
    return "\n".join(made)


def tabs(rng: random.Random, text: str) -> str:
    """Replace runs of spaces with tabs."""
    return re.sub(rng.choice((" {2,}", " {4}", " +")), "\t", text)


def no_break_blanks(rng: random.Random, text: str) -> str:
    """Replace spaces as a web page does: all of them, those between columns, or every other one."""
    way = rng.choice(("all", "columns", "every other"))
    if way == "all":
        return text.replace(" ", NO_BREAK)
    if way == "columns":
        return _RUN_RE.sub(lambda found: NO_BREAK * len(found.group()), text)
    return text.replace("  ", f"{NO_BREAK} ")


def no_break_blanks_in_a_row(rng: random.Random, text: str) -> str:
    """Use no-break spaces in one row only."""
    return _change_line(rng, text, lambda line: line.replace(" ", NO_BREAK).replace("\t", NO_BREAK), False)


def raw_no_break_bytes(rng: random.Random, text: str) -> str:
    """Replace spaces with the byte A0 of a Windows code page."""
    run = rng.choice((" ", "  "))
    return _change_line(rng, text, lambda line: line.replace(run, RAW_A0 * len(run)))


def doubled_line_ends(rng: random.Random, text: str) -> str:
    """Add an empty line after every line, and perhaps lose a line or two."""
    lines = text.replace("\n", "\n\n").split("\n")
    for _lost in range(rng.choice((0, 0, 1))):
        empty = [number for number, line in enumerate(lines) if not line]
        if empty:
            del lines[rng.choice(empty)]
    return "\n".join(lines)


def mixed_line_ends(rng: random.Random, text: str) -> str:
    """Mix line ends of all kinds in one section."""
    ends = ("\n", "\r\n", "\r\r\n", "\n\n", "\r")
    return "".join(line + rng.choice(ends) for line in text.split("\n"))


def lone_carriage_returns(_rng: random.Random, text: str) -> str:
    """Use the line ends of an old Macintosh."""
    return text.replace("\n", "\r")


def remark_in_front(rng: random.Random, text: str) -> str:
    """Put AutoRun text, a banner, or a sentence of the person who copied it before the listing."""
    return "\n".join([*rng.sample(_REMARKS, rng.randint(1, 2)), text])


def remark_behind(rng: random.Random, text: str) -> str:
    """Put a remark after the listing."""
    return "\n".join([text.rstrip("\n"), rng.choice(("", "\n")) + rng.choice(_REMARKS), ""])


def remark_between(rng: random.Random, text: str) -> str:
    """Put a remark in the middle of the listing."""
    return _insert_line(rng, text, rng.choice(_REMARKS))


def remark_behind_a_row(rng: random.Random, text: str) -> str:
    """Somebody marked the interesting row."""
    remark = rng.choice(("  <---", " <- this one!", "   # 2008", "\t(?)", "  dns.exe", " 12"))
    return _change_line(rng, text, lambda line: line + remark)


def pager(rng: random.Random, text: str) -> str:
    """Return what `more` leaves between the lines, or in front of one."""
    mark = rng.choice(_PAGER)
    if rng.random() < 0.5:
        return _insert_line(rng, text, mark)
    glue = rng.choice(("", "\r", "\r" + " " * len(mark) + "\r", "\x0c", " "))
    return _change_line(rng, text, lambda line: mark + glue + line)


def junk_in_front_of_rows(rng: random.Random, text: str) -> str:
    """Form feeds, quotation marks of mails, line numbers."""
    mark = rng.choice(("\x0c", "> ", ">", "| ", "12:", "12: ", "[12] ", "* "))
    return _change_line(rng, text, lambda line: mark + line)


def escapes(rng: random.Random, text: str) -> str:
    """Colours of a terminal, in front of a line, behind it, or around a column."""
    code, end = rng.choice((("\x1b[0m", ""), ("\x1b[1;32m", "\x1b[0m"), ("\x1b[K", ""), ("", "\x1b[K")))
    if rng.random() < 0.7:
        return _change_line(rng, text, lambda line: code + line + end)
    return _change_line(rng, text, lambda line: re.sub(r"\S+", lambda found: code + found.group() + end, line, count=2))


def inside_words(rng: random.Random, text: str) -> str:
    """Insert what web pages and mails put into long words, so that they can be broken there."""
    mark, every = rng.choice(_INSIDE_WORDS), rng.choice((4, 6, 8, 10))
    return _change_line(rng, text, lambda line: re.sub(rf"(?<!\w)\w{{{every}}}(?=[A-Za-z])", rf"\g<0>{mark}", line))


def line_ends_lost(rng: random.Random, text: str) -> str:
    """Join some lines, with what stands for a line end elsewhere between them."""
    lines = text.split("\n")
    for number in sorted(rng.sample(_rows(text), min(len(_rows(text)), rng.choice((1, 1, 3)))), reverse=True):
        lines[number : number + 2] = [rng.choice(_LINE_ENDS).join(lines[number : number + 2])]
    return "\n".join(lines)


def cut(rng: random.Random, text: str) -> str:
    """Return the section ends too early."""
    return text[: rng.randint(0, max(len(text) - 1, 0))].rstrip("\n") + "\n"


def cut_at_a_line(rng: random.Random, text: str) -> str:
    """Return the section ends too early, behind a whole line."""
    lines = text.split("\n")
    return "\n".join([*lines[: rng.randint(0, max(len(lines) - 2, 0))], ""])


def column_dropped(rng: random.Random, text: str) -> str:
    """Return a column is missing in one row or in all."""
    number = rng.randint(0, 3)

    def change(line: str) -> str:
        parts = re.split(r"(\s{2,}|\t|,)", line.strip())
        at = number * 2
        if at >= len(parts):
            return line
        del parts[at : at + 2]
        return line[: len(line) - len(line.lstrip())] + "".join(parts)

    return _change_line(rng, text, change)


def column_added(rng: random.Random, text: str) -> str:
    """Return a column more, of text or of numbers, in one row or in all."""
    added = rng.choice(("persistent", "udp", "x", "Admin", "7", "0x1", "-", "REG_SZ"))
    where = rng.choice(("front", "behind", "between"))

    def change(line: str) -> str:
        if where == "front":
            return f"  {added}  {line}"
        if where == "behind":
            return f"{line.rstrip()}    {added}"
        return _COLUMN_RE.sub(f"    {added}    ", line, count=1)

    return _change_line(rng, text, change)


def full_width_digits(rng: random.Random, text: str) -> str:
    """Digits as an East Asian input method writes them."""
    return _change_line(rng, text, lambda line: line.translate(_WIDE_DIGITS))


def grouped_digits(rng: random.Random, text: str) -> str:
    """Thousands set apart."""
    separator = rng.choice(_SEPARATORS)

    def grouped(found: re.Match[str]) -> str:
        return f"{int(found.group()):,}".replace(",", separator)

    return _change_line(rng, text, lambda line: _NUMBER_RE.sub(grouped, line))


DAMAGES: dict[str, Damage] = {
    made.__name__: made
    for made in (
        wrapped, wrapped_at_words, tabs, no_break_blanks, no_break_blanks_in_a_row, raw_no_break_bytes,
        doubled_line_ends, mixed_line_ends, lone_carriage_returns, remark_in_front, remark_behind, remark_between,
        remark_behind_a_row, pager, junk_in_front_of_rows, escapes, inside_words, line_ends_lost, cut, cut_at_a_line,
        column_dropped, column_added, full_width_digits, grouped_digits,
    )
}  # fmt: skip
