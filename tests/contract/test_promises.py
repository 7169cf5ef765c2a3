# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every written promise names an existing test."""

from __future__ import annotations

import re

import pytest

from checkout import CHECKOUT
from markdown_page import MarkdownPage, code_spans

PROMISES = ("SECURITY.md", "docs/faults.md")


def rows_of(document: str) -> list[list[str]]:
    rows = MarkdownPage.read(CHECKOUT / document).rows()
    assert rows
    return rows


def named_in(row: list[str]) -> list[str]:
    """Return the tests that the last cell of a row names."""
    return [name for name in code_spans(row[-1]) if name.startswith("test_")]


@pytest.mark.parametrize("document", PROMISES)
def test_every_test_that_a_promise_names_exists(document: str) -> None:
    named = {name for row in rows_of(document) for name in named_in(row)}
    assert named
    files = [*(CHECKOUT / "tests").rglob("test_*.py"), *(CHECKOUT / "lab" / "tests").rglob("test_*.py")]
    there = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))}
    assert not named - there


@pytest.mark.parametrize("document", PROMISES)
def test_every_row_names_a_test(document: str) -> None:
    assert [row for row in rows_of(document) if not named_in(row)] == []
