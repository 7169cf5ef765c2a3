# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damage a transcript as happens in the field: cut, mailed, pasted into a ticket, saved in another code page.

Each damage takes a random generator and the text of the transcript, marks of the sections included, and gives the
damaged text. What is wrong with the bytes is written as the text that they are read as.
"""

from __future__ import annotations

import html
import random
import re

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.damage import Damage

_BEGIN_RE = re.compile(r"^(?=#portkeeper (?:[0-9a-f]{16} )?begin )", re.MULTILINE)


def _rows(text: str) -> list[int]:
    """Return the lines that are no marks of sections."""
    return [number for number, line in enumerate(text.split("\n")) if line.strip() and not line.startswith("#")]


def file_cut(rng: random.Random, text: str) -> str:
    """Return the file ends too early."""
    return text[: rng.randint(0, max(len(text) - 2, 0))] + rng.choice(("", "\n"))


def file_cut_in_front(rng: random.Random, text: str) -> str:
    """Return the window did not go back far enough."""
    return text[rng.randint(1, len(text)) :]


def two_files(rng: random.Random, text: str) -> str:
    """Return a transcript pasted behind itself, or behind the part of it that was copied first."""
    return text[: rng.choice((len(text), rng.randint(0, len(text))))] + rng.choice(("", "\n")) + text


def sections_swapped(rng: random.Random, text: str) -> str:
    """Return the sections in another order, which is allowed."""
    first, *others = _BEGIN_RE.split(text)
    rng.shuffle(others)
    return first + "".join(others)


def mark_lost(rng: random.Random, text: str) -> str:
    """Return the line that ends or begins a section is missing."""
    marks = list(re.finditer(r"^#portkeeper[^\n]* (?:end|begin) [^\n]*\n", text, re.MULTILINE))
    lost = rng.choice(marks)
    return text[: lost.start()] + text[lost.end() :]


def line_twice(rng: random.Random, text: str) -> str:
    """Return a line is there twice."""
    lines = text.split("\n")
    number = rng.choice(_rows(text))
    return "\n".join([*lines[:number], lines[number], *lines[number:]])


def lines_sorted(rng: random.Random, text: str) -> str:
    """Return the lines of each section sorted, in ascending or descending order, or turned round."""
    order = rng.choice((sorted, lambda lines: sorted(lines, reverse=True), lambda lines: lines[::-1]))
    parts = re.split(r"(?m)^(#[^\n]*\n)", text)
    return "".join(
        part if part.startswith("#") else "".join(f"{line}\n" for line in order(part.split("\n")[:-1]))
        for part in parts
    )


def spaces_collapsed(rng: random.Random, text: str) -> str:
    """Return what a ticket system makes of runs of spaces, with or without those at the beginning of a line."""
    return re.sub(rng.choice((" +", r"(?<=\S) +", "[ \t]+", r"(?m)(?<!^)(?<! ) {2,}")), " ", text)


def margins_stripped(rng: random.Random, text: str) -> str:
    """Return lines without the spaces in front, behind, or both."""
    change = rng.choice((str.lstrip, str.rstrip, str.strip))
    return "\n".join(change(line) for line in text.split("\n"))


def empty_lines_dropped(_rng: random.Random, text: str) -> str:
    """Return a text without empty lines."""
    return re.sub(r"\n(?:[ \t]*\n)+", "\n", text)


def empty_lines_inserted(_rng: random.Random, text: str) -> str:
    """Return an empty line behind every line."""
    return text.replace("\n", "\n\n")


def long_lines_cut(rng: random.Random, text: str) -> str:
    """Return lines end at a width, with or without dots that say so."""
    width, dots = rng.choice((40, 60, 72, 80, 100, 255, 1000)), rng.choice(("", "...", "\u2026"))
    return "\n".join(line if len(line) <= width else line[:width] + dots for line in text.split("\n"))


def console_window(rng: random.Random, text: str) -> str:
    """Copied out of a window: lines broken at its width, or filled with spaces to it, or both."""
    width, filled = rng.choice((80, 79, 100, 120)), rng.random() < 0.5
    pieces = [line[at : at + width] for line in text.split("\n") for at in range(0, max(len(line), 1), width)]
    return "\n".join(piece.ljust(width) if filled else piece for piece in pieces)


def spaces_behind(rng: random.Random, text: str) -> str:
    """Return lines filled with spaces, and none broken."""
    width = rng.choice((80, 120, 300))
    return "\n".join(line.ljust(width) for line in text.split("\n"))


def quoted(rng: random.Random, text: str) -> str:
    """Return the answer to a mail, with or without the marks of the sections."""
    mark, everywhere = rng.choice(("> ", ">", ">> ", "| ")), rng.random() < 0.3
    return "\n".join(
        line if line.startswith("#") and not everywhere else f"{mark}{line}".rstrip(" ") for line in text.split("\n")
    )


def flowed(rng: random.Random, text: str) -> str:
    """Return a mail with format=flowed: lines break after a space, which stays (RFC 3676), or are space-stuffed."""
    width, made = rng.randint(66, 78), []
    for line in text.split("\n"):
        rest = f" {line}" if line.startswith((" ", ">", "From ")) else line
        while len(rest) > width and " " in rest[1:width]:
            at = rest.rindex(" ", 1, width) + 1
            made.append(rest[:at])
            rest = rest[at:]
        made.append(rest)
    return "\n".join(made)


def html_entities(rng: random.Random, text: str) -> str:
    """Return the source of a web page."""
    text = html.escape(text)
    return text.replace("  ", rng.choice(("&nbsp; ", "&#160;&#160;", "&nbsp;&nbsp;")))


def typographic(rng: random.Random, text: str) -> str:
    """Quotation marks, dashes and dots as a word processor writes them."""
    changes = [("--", "\u2013"), ("-", "\u2013"), ('"', "\u201d")]
    changes += [("...", "\u2026"), (" - ", " \u2014 "), ("*", "\u2022")]
    for old, new in rng.sample(changes, rng.randint(1, 3)):
        text = "\n".join(line if line.startswith("#") else line.replace(old, new) for line in text.split("\n"))
    return text


def tabs_to_spaces(rng: random.Random, text: str) -> str:
    """Tabs go to the next stop, or become one space."""
    size = rng.choice((8, 4, 1))
    return "\n".join(line.expandtabs(size) for line in text.split("\n"))


def spaces_to_tabs(_rng: random.Random, text: str) -> str:
    """Return an editor that fills with tabs up to the stops of eight columns."""

    def entabbed(line: str) -> str:
        parts = [line[at : at + 8] for at in range(0, len(line), 8)]
        return "".join(re.sub(" {2,}\\Z", "\t", part) if len(part) == 8 else part for part in parts)

    return "\n".join(entabbed(line) for line in text.split("\n"))


def file_line_ends(rng: random.Random, text: str) -> str:
    """Line ends of several kinds."""
    return "".join(line + rng.choice(("\n", "\n", "\r\n", "\r\r\n", "\r")) for line in text.split("\n"))


def byte_order_mark_inside(rng: random.Random, text: str) -> str:
    """Files joined by `copy`: the mark of UTF-8 in front of a line, as a character or as three of code page 437."""
    lines = text.split("\n")
    number = rng.randrange(len(lines))
    lines[number] = rng.choice(("\ufeff", "\u2229\u2557\u2510")) + lines[number]
    return "\n".join(lines)


def another_code_page(rng: random.Random, text: str) -> str:
    """Letters read in another code page than they were written in; ASCII stays."""
    written, read = rng.sample(("cp437", "cp850", "cp1252", "utf-8", "cp932"), 2)
    return text.encode(written, "replace").decode(read, "replace")


def utf_16_as_bytes(rng: random.Random, text: str) -> str:
    """UTF-16 that something took for single bytes: a zero, or what is left of it, beside every letter."""
    filler = rng.choice(("\x00", " "))
    return "".join(letter + filler if letter.isascii() and letter != "\n" else letter for letter in text)


DAMAGES_OF_FILES: dict[str, Damage] = {
    made.__name__: made
    for made in (
        file_cut, file_cut_in_front, two_files, sections_swapped, mark_lost, line_twice, lines_sorted,
        spaces_collapsed, margins_stripped, empty_lines_dropped, empty_lines_inserted, long_lines_cut, console_window,
        spaces_behind, quoted, flowed, html_entities, typographic, tabs_to_spaces, spaces_to_tabs, file_line_ends,
        byte_order_mark_inside, another_code_page, utf_16_as_bytes,
    )
}  # fmt: skip
HARMLESS = frozenset(("sections_swapped", "spaces_behind"))
"""What changes nothing that is read: every fact stays, and there is no problem."""
