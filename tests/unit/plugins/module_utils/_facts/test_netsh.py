# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic ranges and excluded ports are read, from Vista on."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import (
    CAPTURES,
    NT,
    OPTIONS,
    facts_of_sections,
    problem_ids,
    section,
)


def server_2008_r2(*sections: str) -> dict[str, Any]:
    current = "    CurrentVersion    REG_SZ    6.1\n    CurrentBuildNumber    REG_SZ    7601\n"
    return facts_of_sections(
        section("current_version", f"{NT}\n{current}"),
        section("product_options", f"{OPTIONS}\n    ProductType    REG_SZ    ServerNT\n"),
        *sections,
    )


def test_dynamic_range_and_exclusions() -> None:
    capture = (CAPTURES / "netsh-excluded-zh.txt").read_text(encoding="utf-8")
    facts = server_2008_r2(
        section("dynamicport_udp4", (CAPTURES / "netsh-dynamicport-fr.txt").read_text(encoding="utf-8")),
        section("dynamicport_udp6", "?\n", 1),
        section("excluded_udp4", capture),
        section(
            "excluded_udp6", "\nProtocol udp Port Exclusion Ranges\n\nStart Port    End Port\n----------    ----\n\n"
        ),
    )
    assert facts["dynamic_ports"] == {"udp4": {"start": 49152, "count": 16384}, "udp6": None}
    assert {"start": 50000, "end": 50059, "administered": True} in facts["exclusions"]["udp4"]
    assert facts["exclusions"]["udp6"] == []
    assert "dynamic_ports_unreadable" in problem_ids(facts)


def test_exclusions_that_could_not_be_read_are_not_none() -> None:
    for body, level in (("", 0), ("\n", 0), ("x\n", 1)):
        facts = server_2008_r2(section("excluded_udp4", body, level))
        assert facts["exclusions"]["udp4"] is None
        assert "exclusions_unreadable" in problem_ids(facts)


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ("The following command was not found: interface ipv4 show excludedportrange.\n", None),
        ("  Start    End\n------    -----\n", None),
        ("  Start    End\n------    -----\n\n", []),
        ("  Start    End\n------    -----\n* - Administered\n", []),
        ("  Start    End\n\n------    -----\n\n\n", []),
        ("9 9\n", [{"start": 9, "end": 9, "administered": False}]),
    ],
)
def test_without_an_error_level_only_a_table_is_an_empty_table(body: str, rows: list[dict[str, Any]] | None) -> None:
    text = f"#portkeeper begin excluded_udp4\n{body}#portkeeper end excluded_udp4\n"
    assert server_2008_r2(text)["exclusions"]["udp4"] == rows


def test_missing_sections_are_named_for_the_family() -> None:
    (missing,) = [problem for problem in server_2008_r2()["problems"] if problem["id"] == "sections_missing"]
    assert "excluded_udp6" in missing["data"]["sections"]
    assert "hotfixes" not in missing["data"]["sections"]
    assert "tcpip" in missing["data"]["sections"]


TABLE = """
Protocol udp Port Exclusion Ranges

Start Port    End Port
----------    --------
      5357        5357
     50000       50059     *

* - Administered port exclusions.

"""
ROWS = [
    {"start": 5357, "end": 5357, "administered": False},
    {"start": 50000, "end": 50059, "administered": True},
]


@pytest.mark.parametrize(
    "body",
    [
        TABLE,
        TABLE.replace(" ", "\xa0"),
        f"Active code page: 65001\n{TABLE}",
        f"{TABLE}Total: 2 of 2\n",
        TABLE.replace("\n", "\r"),
        TABLE.replace("Administered", "WIN32 Administered"),
    ],
)
def test_a_table_that_came_through_is_read(body: str) -> None:
    assert server_2008_r2(section("excluded_udp4", body))["exclusions"]["udp4"] == ROWS


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("5357        5357", "5357        5357    persistent"),
        ("5357        5357", "5357        5357  <- this one"),
        ("      5357        5357", "\u00e1\u00e1\u00e1\u00e15357\u00e1\u00e1\u00e15357"),
        ("5357        5357", "\uff15\uff13\uff15\uff17        \uff15\uff13\uff15\uff17"),
        ("5357        5357", "?????        ?????"),
        ("50059     *", "50059\n     *"),
        ("50000       50059", "50 000       50 059"),
        ("      5357        5357", "-- More --      5357        5357"),
        ("      5357        5357", "*      5357        5357"),
        ("50000       50059", "50000"),
    ],
)
def test_a_row_that_was_harmed_makes_the_table_unknown(old: str, new: str) -> None:
    facts = server_2008_r2(section("excluded_udp4", TABLE.replace(old, new)))
    assert facts["exclusions"]["udp4"] is None
    assert "exclusions_unreadable" in problem_ids(facts)


def test_an_error_with_level_0_is_no_empty_table() -> None:
    for body in ("The following command was not found: interface ipv4 show excludedportrange.\n", "Ok.\n", "----\n"):
        assert server_2008_r2(section("excluded_udp4", body))["exclusions"]["udp4"] is None


@pytest.mark.parametrize(
    "row",
    ["Start : 49 152", "Start : 49,152", "Start : 49152  # 2008", "Start : 49152    0x1", "Start : 49152 <-"],
)
def test_a_number_with_another_beside_it_is_no_start(row: str) -> None:
    body = f"Active code page: 65001\n\nRange\n-----------\n{row}\nNumber of Ports : 16384\n"
    assert server_2008_r2(section("dynamicport_udp4", body))["dynamic_ports"]["udp4"] is None
    whole = body.replace(row, "Start Port : 49152")
    found = server_2008_r2(section("dynamicport_udp4", whole))["dynamic_ports"]["udp4"]
    assert found == {"start": 49152, "count": 16384}
