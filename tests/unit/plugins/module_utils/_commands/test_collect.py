# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collector has one table and two renderings."""

from __future__ import annotations

import re

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import (
    ALPHABET,
    MAX_LINE,
    MAX_SCRIPT_LINE,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.collect import (
    collector_line,
    collector_script,
    section_commands,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._sections.table import SECTIONS

RUN = "0123456789abcdef"
DESIGN_IDS = {
    "computer_name", "clock", "ver", "current_version", "product_options", "tcpip", "dns", "services",
    "service_starts", "dns_dependents", "tasklist", "netstat", "dynamicport_udp4", "dynamicport_udp6",
    "excluded_udp4", "excluded_udp6", "hotfixes", "sql_ports", "boot", "state",
}  # fmt: skip


def test_the_line_keeps_to_the_limits() -> None:
    line = collector_line(RUN)
    assert len(line) <= MAX_LINE == 8000
    assert set(line) <= ALPHABET
    assert line.startswith("(") and line.endswith(")<nul 2>nul")


def test_the_script_keeps_to_the_limits_of_windows_2000() -> None:
    lines = collector_script(RUN)
    assert max(len(line) for line in lines) <= MAX_SCRIPT_LINE == 2047
    assert all(set(line) <= ALPHABET for line in lines)


def test_every_section_of_the_transcript_is_collected_once() -> None:
    ids = [*SECTIONS]
    assert set(ids) == DESIGN_IDS
    assert len(ids) == len(DESIGN_IDS)


def test_both_renderings_hold_the_same_sections_and_commands() -> None:
    line, script = collector_line(RUN), "\n".join(collector_script(RUN))
    for row in SECTIONS.values():
        for text, command in ((line, row.line or row.command), (script, row.command)):
            assert len(re.findall(rf"#portkeeper {RUN} begin {row.id}(?!\w)", text)) == 1
            assert text.count(f"#portkeeper {RUN} end {row.id} ") == 1
            assert command in text


def test_rows_without_an_error_level_of_their_own_come_first() -> None:
    assert [*SECTIONS][:3] == ["computer_name", "clock", "ver"]


def test_the_secret_product_id_is_never_asked_for() -> None:
    command = SECTIONS["current_version"].command
    words = re.search(r'findstr.exe /i "([^"]+)"', command)
    assert words
    assert all(word.lower() not in "digitalproductid" for word in words[1].split())


def test_a_script_reads_error_levels_plainly_and_a_line_late() -> None:
    assert "%^errorlevel%" not in "\n".join(collector_script(RUN))
    assert "%errorlevel%" not in collector_line(RUN)


def test_chosen_sections_only() -> None:
    parts = section_commands(RUN, ["state", "tcpip", "no_such"])
    assert [re.findall(r"begin (\w+)", part) for part in parts] == [["tcpip"], ["state"]]


OF_FAMILY = {family: {row.id for row in SECTIONS.values() if row.only == family} for family in ("nt5", "nt6")}


def test_sections_of_a_family_are_asked_for_on_that_family_only() -> None:
    (part,) = [part for part in section_commands(RUN) if part.startswith("ver|")]
    nt6, nt5 = part.split(" else (")
    assert "&(if errorlevel 1 (" in nt6, "findstr has not found the version of NT5"
    assert set(re.findall(r"begin (\w+)", nt6)) == OF_FAMILY["nt6"]
    assert set(re.findall(r"begin (\w+)", nt5)) == OF_FAMILY["nt5"]


@pytest.mark.parametrize(("family", "condition"), [("nt5", "if not errorlevel 1 ("), ("nt6", "if errorlevel 1 (")])
def test_sections_of_one_family_alone(family: str, condition: str) -> None:
    (part,) = section_commands(RUN, OF_FAMILY[family])
    assert set(re.findall(r"begin (\w+)", part)) == OF_FAMILY[family]
    assert f"&({condition}" in part and " else " not in part


def test_rows_that_an_early_expansion_took_away_are_no_empty_table() -> None:
    """An account whose cmd expands variables late itself takes the packed rows away: what is left is not understood."""
    begin, end = f"#portkeeper {RUN} begin netstat", f"#portkeeper {RUN} end netstat 0"
    for left in ("ECHO is on.", "ECHO ist eingeschaltet (ON).", ""):
        facts = parse_transcript(f"#portkeeper transcript 1 {RUN}\r\n{begin}\r\n{left}\r\n{end}\r\n")
        assert "sockets_unreadable" in {problem["id"] for problem in facts["problems"]}
