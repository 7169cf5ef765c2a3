# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every promise in writing names a test that exists."""

from __future__ import annotations

import re

import pytest

from checkout import CHECKOUT

PROMISES = ("SECURITY.md", "docs/faults.md")


@pytest.mark.parametrize("document", PROMISES)
def test_every_test_that_a_promise_names_exists(document: str) -> None:
    rows = [line for line in (CHECKOUT / document).read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    named = {name for row in rows for name in re.findall(r"`(test_\w+)`", row.rpartition("|")[0].rpartition("|")[2])}
    assert named
    files = [*(CHECKOUT / "tests").rglob("test_*.py"), *(CHECKOUT / "lab" / "tests").rglob("test_*.py")]
    there = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))}
    assert not named - there


@pytest.mark.parametrize("document", PROMISES)
def test_every_row_names_a_test(document: str) -> None:
    rows = [line for line in (CHECKOUT / document).read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    heads = {"| fault | how it is injected | promised outcome | test |", "| guarantee | test |"}
    assert rows
    assert not [row for row in rows if row not in heads and not re.search(r"`test_\w+`[^|]*\|$", row)]
