# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Escape untrusted text for each format of the report.

Artifacts hold names that hosts, inventories and other people chose. What a terminal, a browser, a Markdown renderer or
a parser would act on is made visible or harmless here. For HTML that is ``visible``: the page's template escapes.
"""

from __future__ import annotations

import html
import re
import unicodedata

TEXT_MAX = 600
"""A text of others is cut after this number of characters."""

_BACKTICKS_RE = re.compile(r"`+")
_WIDE = frozenset("WF")


def visible(text: object, limit: int = TEXT_MAX) -> str:
    """Make invisible characters visible: control characters, terminal escapes, marks of the text direction.

    Args:
        text: anything; it is taken as text.
        limit: number of characters to show before a mark that more follow.

    Returns:
        Printable characters and single spaces only; any other one as ``\\x1b`` or ``\\u202e``.
    """
    whole = str(text)
    shown = whole[:limit]
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() else _named(char) for char in shown)
    return f"{shown}[...]" if len(whole) > limit else shown


def _named(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def markdown_text(text: object) -> str:
    """Return the text as a code span of Markdown, without markup, links, images, mentions or issue references.

    The fence is longer than any run of backticks inside (CommonMark 6.1), and spaces separate it from the text's.
    """
    shown = visible(text).strip() or " "
    fence = "`" * (max((len(run) for run in _BACKTICKS_RE.findall(shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def xml_text(text: object) -> str:
    """Escape the text for XML 1.0, in elements and in quoted attributes.

    Surrogates and the two non-characters that XML forbids are not printable, so ``visible`` has dealt with them.
    """
    return html.escape(visible(text), quote=True).replace("&#x27;", "&apos;")


def label_text(text: object) -> str:
    """Escape the text for the quoted value of a label in Prometheus' text format."""
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')


def width(text: str) -> int:
    """Return the number of terminal columns of the text."""
    return sum(_columns(char) for char in text)


def fitted(text: str, columns: int) -> str:
    """Fit the text into this number of terminal columns: pad with spaces, or cut with a ``~`` at the end."""
    if width(text) <= columns:
        return text + " " * (columns - width(text))
    taken, used = "", 0
    for char in text:
        if used + _columns(char) > columns - 1:
            break
        taken += char
        used += _columns(char)
    return f"{taken}~" + " " * (columns - 1 - used)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in _WIDE else 1
