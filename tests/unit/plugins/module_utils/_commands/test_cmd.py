# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a command line are validated, also their length."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import (
    ALPHABET,
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
