# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collector's text: one table, two renderings."""

from __future__ import annotations

import re

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch import (
    COLLECTOR,
    collector_line,
    collector_script,
    section_commands,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_text import (
    ALPHABET,
    MAX_LINE,
    MAX_SCRIPT_LINE,
)

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
    ids = [row.id for row in COLLECTOR]
    assert set(ids) == DESIGN_IDS
    assert len(ids) == len(DESIGN_IDS)


def test_both_renderings_hold_the_same_sections_and_commands() -> None:
    line, script = collector_line(RUN), "\n".join(collector_script(RUN))
    for row in COLLECTOR:
        for text in (line, script):
            assert len(re.findall(rf"#portkeeper {RUN} begin {row.id}(?!\w)", text)) == 1
            assert text.count(f"#portkeeper {RUN} end {row.id} ") == 1
            assert row.command in text


def test_rows_without_an_error_level_of_their_own_come_first() -> None:
    assert [row.id for row in COLLECTOR[:3]] == ["computer_name", "clock", "ver"]


def test_the_secret_product_id_is_never_asked_for() -> None:
    command = next(row.command for row in COLLECTOR if row.id == "current_version")
    words = re.search(r'findstr /i "([^"]+)"', command)
    assert words
    assert all(word.lower() not in "digitalproductid" for word in words[1].split())


def test_a_script_reads_error_levels_plainly_and_a_line_late() -> None:
    assert "%^errorlevel%" not in "\n".join(collector_script(RUN))
    assert "%errorlevel%" not in collector_line(RUN)


def test_chosen_sections_only() -> None:
    parts = section_commands(RUN, ["state", "tcpip", "no_such"])
    assert [re.findall(r"begin (\w+)", part) for part in parts] == [["tcpip"], ["state"]]


@pytest.mark.parametrize("family", ["nt5", "nt6"])
def test_guarded_sections_are_one_group(family: str) -> None:
    guarded = {row.id for row in COLLECTOR if row.only == family}
    part = next(part for part in section_commands(RUN) if part.startswith("ver|") and next(iter(guarded)) in part)
    assert set(re.findall(r"begin (\w+)", part)) == guarded
    assert ("&&(" in part) == (family == "nt5")
