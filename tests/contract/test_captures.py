# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every capture has a source and a test; every special case has an existing test and says what it is based on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from markdown_page import MarkdownPage

TESTS = Path(__file__).resolve().parents[1]
CAPTURES = TESTS / "unit" / "captures"
PAGE = MarkdownPage.read(CAPTURES / "README.md")
FILES = sorted(path.name for path in CAPTURES.glob("*.txt"))
SOURCE_FILES = sorted(TESTS.glob("**/*.py"))
TRAPS = PAGE.rows("Traps")
SOURCES = dict(row for row in PAGE.rows() if row not in TRAPS)


def test_every_capture_is_listed_with_its_source() -> None:
    assert sorted(SOURCES) == FILES
    assert all(SOURCES.values())


@pytest.mark.parametrize("name", FILES)
def test_every_capture_is_used_by_a_test(name: str) -> None:
    assert any(f'"{name}"' in path.read_text(encoding="utf-8") for path in SOURCE_FILES)


@pytest.mark.parametrize(("trap", "test", "capture"), TRAPS)
def test_every_trap_has_a_test_and_a_capture(trap: str, test: str, capture: str) -> None:
    assert trap
    name, _colons, function = test.partition("::")
    (path,) = [path for path in SOURCE_FILES if path.as_posix().endswith(f"/{name}")]
    assert f"\ndef {function}(" in path.read_text(encoding="utf-8")
    assert set(re.findall(r"[a-z0-9-]+\.txt", capture)) <= set(FILES)
    assert capture


def test_captures_hold_no_name_of_a_person() -> None:
    """What was published from a user's folder is shortened to a placeholder."""
    allowed = {"a", "username", ""}
    for name in FILES:
        text = (CAPTURES / name).read_text(encoding="utf-8")
        found = re.findall(r"(?i)(?:\\Users|\\Documents and Settings)\\([^\\>\n]*)", text)
        assert set(found) <= allowed, name
