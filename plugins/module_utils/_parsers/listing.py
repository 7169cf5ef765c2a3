# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Normalise the spaces, colons and stars of listings, which differ between languages and after copy and paste.

Registry data never goes through this: an invisible mark in a list of ports is a bad entry that somebody must see.
"""

from __future__ import annotations

import re

_INVISIBLE = "\xad\u2060\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
"""Soft hyphens, joiners, marks of the writing direction, and a byte order mark inside the text."""
NO_BREAK = "\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""Spaces other than the ordinary one, as characters: web pages and mails put them in its place. The byte A0 is a letter
in the console's code pages."""
_WIDE = {"\uff1a": ":", "\uff0a": "*"}
"""The full-width forms of the colon and the star."""
_PLAIN = str.maketrans({**dict.fromkeys(_INVISIBLE, None), **dict.fromkeys(NO_BREAK, " "), **_WIDE})

_WIDE_COLONS = tuple("\uff1a".encode(codec).decode("cp437") for codec in ("cp936", "cp932", "cp950"))
"""What the full-width colon of a double-byte code page (949 has 936's) becomes when it is read as code page 437."""


_NEIGHBOURS_RE = re.compile(r"[^\n]\n[^\n]")
_APART_RE = re.compile(r"[^\n]\n{2,}[^\n]")
_WINDOW_MIN = 40
"""No console window is narrower; a section in which no line is shorter is a filled one, or all lines are long."""
_LIST_TYPE = "REG_MULTI_SZ"
_LEFT_OUT_RE = re.compile(r"[ \t]*(?:[\[(]?[ \t]*(?:\.{2,}|\u2026)[ \t]*[\])]?|<[^<>]{1,80}>)[ \t]*\Z")
_GAP_RE = re.compile(r"\n{2,}")


def single_spaced(text: str) -> str:
    """Remove the empty line behind every line, which appears if CR CR LF is read as two line ends.

    Where no two lines follow each other directly, every line end is doubled. A line that was lost since, such as a
    repeated command, only makes a gap wider.
    """
    if not _APART_RE.search(text) or _NEIGHBOURS_RE.search(text):
        return text
    return _GAP_RE.sub(lambda gap: "\n" * ((len(gap.group()) + 1) // 2), text)


def unfilled(text: str) -> str:
    """Remove the spaces with which a console window fills every line, even empty ones, up to its width.

    Elsewhere spaces at the end of a line stay: a line that holds nothing else may be the end of a longer one.
    """
    lines = text.removesuffix("\n").split("\n")
    width = min(map(len, lines))
    if width < _WINDOW_MIN or not any(line.endswith(" ") for line in lines):
        return text
    return "\n".join(map(_bare, text.split("\n")))


def _bare(line: str) -> str:
    """Remove the filling of a line. Behind the type of an empty list, the separator before its data stays."""
    bare = line.rstrip(" ")
    return line[: len(bare) + 4] if bare.endswith(_LIST_TYPE) else bare


def plain_lines(text: str) -> list[str]:
    """Return the lines of a listing with ordinary spaces, colons and stars, without invisible marks, single spaced."""
    if not text.isascii():
        text = text.translate(_PLAIN)
    return single_spaced(text).split("\n")


def field_of(line: str) -> tuple[str, str] | None:
    """Return the text before and after the first colon of a line, without spaces. None if there is no colon."""
    label, colon, value = line.partition(":")
    if not colon and not line.isascii():
        at, wide = min(((line.find(wide), wide) for wide in _WIDE_COLONS if wide in line), default=(0, ""))
        label, colon, value = line[:at], wide, line[at + len(wide) :]
    return (label.strip(" \t"), value.strip(" \t")) if colon else None


def is_left_out(line: str) -> bool:
    """Return whether a line is what people put in the place of lines that they left out: dots, or a word in brackets.

    Square brackets are those of the owners that netstat names.
    """
    return bool(_LEFT_OUT_RE.match(line))


def indentation(line: str) -> int:
    """Return the column in which a line begins. Tabs go to the next multiple of eight."""
    width = len(line) - len(line.lstrip(" \t"))
    return len(line[:width].expandtabs()) if "\t" in line else width
