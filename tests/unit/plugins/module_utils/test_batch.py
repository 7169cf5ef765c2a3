# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collector's text: one table, two renderings."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    BatchError,
    backup_id,
    checked,
    echoed,
    lock_name,
    nonce,
    number,
    port_range,
    section_id,
    service,
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


@given(st.text())
def test_only_our_own_forms_pass(text: str) -> None:
    forms = {
        nonce: r"[0-9a-f]{16}",
        section_id: r"[a-z][a-z0-9_]{0,39}",
        lock_name: r"[0-9]{1,12}-[0-9a-f]{16}",
        backup_id: r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16}",
    }
    for check, form in forms.items():
        if re.fullmatch(form, text, re.ASCII):
            assert check(text) == text
        else:
            with pytest.raises(BatchError):
                check(text)


@given(st.text(max_size=90))
def test_service_keys_are_quoted_or_refused(text: str) -> None:
    try:
        quoted = service(text)
    except BatchError:
        assert not re.fullmatch(r"[A-Za-z0-9_.$-]{1,80}", text)
    else:
        assert quoted == f'"{text}"'
        assert re.fullmatch(r"[A-Za-z0-9_.$ -]{1,80}", text)


@given(st.integers(), st.integers())
def test_port_ranges(low: int, high: int) -> None:
    text = f"{low}-{high}"
    if 1 <= low <= high <= 65535:
        assert port_range(text) == text
    else:
        with pytest.raises(BatchError):
            port_range(text)


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "01-2", "1 -2", "1-2\n", "\u0661-\u0662", "1-2&del", "1-2-3"])
def test_malformed_port_ranges(text: str) -> None:
    with pytest.raises(BatchError):
        port_range(text)


@pytest.mark.parametrize("value", [True, -1, 10001, "5", 1.0, None])
def test_malformed_numbers(value: object) -> None:
    with pytest.raises(BatchError):
        number(value, 10000)  # type: ignore[arg-type]


@given(st.text(min_size=1))
def test_the_alphabet_is_enforced(text: str) -> None:
    if set(text) <= ALPHABET:
        assert checked(text) == text
    else:
        with pytest.raises(BatchError):
            checked(text)


def test_the_length_is_enforced() -> None:
    assert checked("x" * 8000)
    with pytest.raises(BatchError, match="8001 characters"):
        checked("x" * 8001)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("net stop DNS /y>log 2>&1", "echo net stop DNS /y^>log 2^>^&1"),
        ('"A"=hex(7):31,00', 'echo "A"=hex^(7^):31,00'),
        ('a^b "[^c]|d" <e', 'echo a^^b "[^c]|d" ^<e'),
        (">>steps echo x %errorlevel%", "echo ^>^>steps echo x %^errorlevel%"),
    ],
)
def test_echoed_lines_come_out_as_they_are(line: str, command: str) -> None:
    assert echoed(line) == command


def test_a_percent_sign_in_quotes_cannot_be_echoed() -> None:
    with pytest.raises(BatchError):
        echoed('echo "%x%"')
