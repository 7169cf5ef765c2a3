# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tasklist is read as CSV."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.tasklist import parse_tasklist

CAPTURES = Path(__file__).resolve().parents[3] / "captures"


def test_images_by_pid() -> None:
    text = (CAPTURES / "tasklist-es.txt").read_text(encoding="utf-8")
    assert parse_tasklist(text) == (
        {0: "System Idle Process", 4: "System", 1508: "dns.exe", 9912: "explorer.exe"},
        0,
    )


def test_commas_inside_a_name() -> None:
    assert parse_tasklist('"a, b.exe","7","Services","0","1,234 K"\n') == ({7: "a, b.exe"}, 0)


@pytest.mark.parametrize("end", ["\n", "\n\n"])
def test_any_text_and_a_title_in_front(end: str) -> None:
    lines = ["Active code page: 65001", 'Welcome to "x"', '"a" and "b"']
    lines += ['"Image Name","PID"', '"dns.exe","1508","Services"', '"System","4"']
    assert parse_tasklist(end.join(lines)) == ({1508: "dns.exe", 4: "System"}, 0)


@pytest.mark.parametrize(
    "line",
    [
        '"dns.exe","15',
        '08","Services"',
        '> "dns.exe","1508"',
        '-- More --"dns.exe","1508"',
        '"dns.exe","1508" <-- this',
        '"dns.exe","\uff11\uff15"',
        '"dns.exe","1 508","Services"',
        '"dns.exe","Services","0"',
        '"other.exe","4","Services"',
        "dns.exe    1508 Services",
        '"d\xa0ns.exe","1508"',
        '"d&shy;ns.exe","1508"',
        '"d<wbr>ns.exe","1508"',
        '"d\x00n\x00s\x00","1508"',
        '"dns.exe","1508" "x.exe","7"',
        '"dns.exe","1508","Services","0","1,234 K" "x.exe","7","Services"',
    ],
)
def test_what_may_be_a_row_is_counted(line: str) -> None:
    found = parse_tasklist(f'"System","4","Services"\n"lsass.exe","444"\n{line}\n')
    assert found.unread > 0
    assert 1508 not in found.images


@pytest.mark.parametrize("line", ['> "dns.exe","1508","Services"', '-- More --"dns.exe","1508"', '"dns.exe","15 08"'])
def test_a_damaged_first_row_is_no_title(line: str) -> None:
    assert parse_tasklist(f'{line}\n"System","4"\n') == ({4: "System"}, 1)


def test_wrapped_at_any_width() -> None:
    text = (CAPTURES / "tasklist-es.txt").read_text(encoding="utf-8")
    whole = parse_tasklist(text)
    for width in range(10, 133):
        lines = [line[at : at + width] for line in text.split("\n") for at in range(0, len(line) or 1, width)]
        found = parse_tasklist("\n".join(lines))
        assert found == whole or found.unread or not found.images


def test_a_column_that_is_missing_gives_all_processes_one_pid() -> None:
    found = parse_tasklist('"dns.exe","0","98 K"\n"lsass.exe","0","8 K"\n"svchost.exe","0","7 K"\n')
    assert found.images == {}
    assert found.unread


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    parse_tasklist(text)
