# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read links, headings, code blocks and tables of a Markdown page with a CommonMark parser.

What stands in a code block or a code span is never a link, a heading or a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark").enable("table")


class Link(NamedTuple):
    """A link or an image: where it leads, and the lines of its paragraph or cell (first, behind the last)."""

    target: str
    is_image: bool
    lines: tuple[int, int]


class Block(NamedTuple):
    """A fenced code block."""

    language: str
    text: str


class MarkdownPage:
    """A page, parsed once."""

    def __init__(self, text: str) -> None:
        """Parse the text."""
        self._tokens = _PARSER.parse(text)

    @classmethod
    def read(cls, path: Path) -> MarkdownPage:
        """Parse a file."""
        return cls(path.read_text(encoding="utf-8"))

    def links(self) -> Iterator[Link]:
        """Yield all links and images, in the order of the page."""
        for token in self._tokens:
            for child in token.children or ():
                if child.type in {"link_open", "image"}:
                    target = child.attrs["href" if child.type == "link_open" else "src"]
                    first, behind = token.map or (0, 0)
                    yield Link(str(target), child.type == "image", (first, behind))

    def headings(self) -> list[str]:
        """Return the texts of all headings, without markup."""
        pairs = zip(self._tokens, self._tokens[1:], strict=False)
        return [_plain(inside) for opened, inside in pairs if opened.type == "heading_open"]

    def blocks(self, language: str, heading: str | None = None) -> list[str]:
        """Return the fenced code blocks of a language.

        Args:
            language: as it stands behind the fence.
            heading: only the blocks below this heading, up to the next one.
        """
        return [block.text for block in _blocks(self._below(heading)) if block.language == language]

    def all_blocks(self) -> list[Block]:
        """Return all fenced code blocks."""
        return _blocks(self._tokens)

    def code(self) -> Iterator[str]:
        """Yield the contents of all code spans and code blocks."""
        for token in self._tokens:
            if token.type in {"fence", "code_block"}:
                yield token.content
            yield from (child.content for child in token.children or () if _is_code(child))

    def rows(self, heading: str | None = None) -> list[list[str]]:
        """Return the cells of all rows of all tables as they are written, without the heads.

        Args:
            heading: only the tables below this heading, up to the next one.
        """
        rows: list[list[str]] = []
        in_body = False
        for token in self._below(heading):
            if token.type in {"tbody_open", "tbody_close"}:
                in_body = token.type == "tbody_open"
            elif in_body and token.type == "tr_open":
                rows.append([])
            elif in_body and token.type == "inline":
                rows[-1].append(token.content)
        return rows

    def _below(self, heading: str | None) -> Iterator[Token]:
        current = None
        for before, token in zip([None, *self._tokens], self._tokens, strict=False):
            if before is not None and before.type == "heading_open":
                current = _plain(token)
            if heading in {None, current}:
                yield token


def commands(block: str) -> list[str]:
    """Return the command lines of a code block, without comments and empty lines."""
    lines = (line.split(" #")[0].strip() for line in block.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _blocks(tokens: Iterable[Token]) -> list[Block]:
    return [Block(token.info, token.content) for token in tokens if token.type == "fence"]


def code_spans(text: str) -> list[str]:
    """Return the contents of the code spans in a cell or a paragraph."""
    return [child.content for token in _PARSER.parseInline(text) for child in token.children or () if _is_code(child)]


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type == "text" or _is_code(child))


def _is_code(token: Token) -> bool:
    return token.type == "code_inline"
