# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written by hand can be read at one sitting: no file over 400 lines, no function over 60."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from checkout import CHECKOUT, listed_files

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
"""From the first decorator to the last line."""
NOT_BY_HAND = (".json", ".gz", ".png", ".txt", ".xsd")
"""Schemas, recordings, pictures, captures, licences, another project's schema: data, whose length nobody chose."""


def written_by_hand(*suffixes: str) -> Iterator[Path]:
    for name in listed_files():
        path = CHECKOUT / name
        if path.suffix in suffixes if suffixes else path.suffix not in NOT_BY_HAND:
            yield path


def python_functions(text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield node.name, (node.end_lineno or first) - first + 1


def c_functions(text: str) -> Iterator[tuple[str, int]]:
    """As the lab's C is laid out, the braces around a function stand alone at the margin."""
    lines, first = text.splitlines(), 0
    for number, line in enumerate(lines):
        if line == "{":
            first = number
        elif line == "}" and first:
            yield lines[first - 1], number - first + 1
            first = 0


def test_no_file_is_longer_than_one_can_read() -> None:
    lengths = {path: len(path.read_bytes().splitlines()) for path in written_by_hand()}
    assert len(lengths) > 300
    assert {str(path.relative_to(CHECKOUT)): n for path, n in lengths.items() if n > FILE_LINES_MAX} == {}


def test_no_function_is_longer_than_one_can_read() -> None:
    found = [
        (f"{path.relative_to(CHECKOUT)}: {name}", length)
        for suffix, functions in ((".py", python_functions), (".c", c_functions))
        for path in written_by_hand(suffix)
        for name, length in functions(path.read_text(encoding="utf-8"))
    ]
    assert len(found) > 1000
    assert [row for row in found if row[1] > FUNCTION_LINES_MAX] == []
