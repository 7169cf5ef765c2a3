# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tasklist as csv."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parse_tasklist import parse_tasklist

CAPTURES = Path(__file__).resolve().parents[2] / "captures"


def test_images_by_pid() -> None:
    text = (CAPTURES / "tasklist-es.txt").read_text(encoding="utf-8")
    assert parse_tasklist(text) == {0: "System Idle Process", 4: "System", 1508: "dns.exe", 9912: "explorer.exe"}


def test_commas_inside_a_name() -> None:
    assert parse_tasklist('"a, b.exe","7","Services","0","1,234 K"\n') == {7: "a, b.exe"}


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    parse_tasklist(text)
