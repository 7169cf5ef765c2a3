# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netsh tables in several languages are read by numbers and stars only."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.netsh import (
    DynamicRange,
    Exclusion,
    parse_dynamicport,
    parse_excludedportrange,
)

CAPTURES = Path(__file__).resolve().parents[3] / "captures"


def _capture(name: str) -> str:
    return (CAPTURES / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    [
        "netsh-dynamicport-en.txt",
        "netsh-dynamicport-fr.txt",
        "netsh-dynamicport-pt.txt",
        "netsh-dynamicport-ru.txt",
        "netsh-dynamicport-zh-tw.txt",
    ],
)
def test_dynamic_range(name: str) -> None:
    assert parse_dynamicport(_capture(name)) == DynamicRange(49152, 16384)


@pytest.mark.parametrize("mark", ["...", "<SNIP>", "[...]"])
def test_rows_that_somebody_left_out_are_counted(mark: str) -> None:
    assert parse_excludedportrange(f"a    b\n{mark}\n      1707        1806\n\n* - x\n")[1] == 1


def test_dynamic_range_without_anything_around_it() -> None:
    assert parse_dynamicport("10000\n55536\n") == DynamicRange(10000, 55536)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a : 1\n",
        "a : 0\nb : 1\n",
        "a : 65535\nb : 2\n",
        "a : 1\nb : 2\nc : 3\n",
        "a : -1\nb : 2\n",
        "a : 49152\n384\n",
        "x\n---\n9152\n384\n",
    ],
)
def test_what_makes_no_range_is_none(text: str) -> None:
    assert parse_dynamicport(text) is None


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("netsh-excluded-en.txt", [(80, 80, 0), (5986, 5986, 0), (47001, 47001, 0), (55679, 55679, 1)]),
        ("netsh-excluded-udp-en.txt", [(56030, 56129, 0), (56130, 56229, 0)]),
        (
            "netsh-excluded-zh.txt",
            [
                (1607, 1706, 0),
                (1707, 1806, 0),
                (5357, 5357, 0),
                (27339, 27339, 0),
                (50000, 50059, 1),
                (54235, 54235, 0),
            ],
        ),
        (
            "netsh-excluded-ru.txt",
            [(5357, 5357, 0), (10673, 10772, 0), (36420, 36519, 0), (50000, 50059, 1), (51440, 51539, 0)],
        ),
        ("netsh-excluded-pt.txt", [(5357, 5357, 0), (49698, 49797, 0), (50000, 50059, 1), (50160, 50259, 0)]),
        ("netsh-excluded-zh-tw.txt", [(1073, 1172, 0), (1196, 1295, 0), (5357, 5357, 0), (9009, 9108, 0)]),
        ("netsh-excluded-es.txt", [(1025, 1124, 0), (1125, 1224, 0), (8884, 8884, 0), (50000, 50059, 0)]),
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "cp850", "cp866", "cp936", "cp950"])
def test_exclusions(name: str, rows: list[tuple[int, int, int]], codec: str) -> None:
    text = _capture(name).encode(codec, "replace").decode("cp437")
    expected = [Exclusion(start, end, bool(star)) for start, end, star in rows]
    assert parse_excludedportrange(text) == (expected, 0)


def test_exclusions_are_sorted_and_distinct_and_nonsense_is_counted() -> None:
    text = "9 9 *\n1 2\n9 9 *\n5 4\n0 3\n1 70000\n1 2 3\n* 3 4 *\n7\n * \n* - 1 2\n5 - 6\n5,6\n---- ----\n4 rows\n"
    assert parse_excludedportrange(text) == ([Exclusion(1, 2, False), Exclusion(9, 9, True)], 12)


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    parse_dynamicport(text)
    parse_excludedportrange(text)
