# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records on the host are rendered."""

from __future__ import annotations

import re

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import (
    A_PROCESS,
    NO_PROCESS,
    BatchError,
    state_is,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.records import (
    DNS_STOPPED,
    RAN_BEFORE,
    WINDOW_RECORD,
    Record,
    recorded,
    remember_line,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.sc import parse_sc
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._parsers.test_languages_sc import (
    SERVICES,
)

RUN = "0123456789abcdef"
STATE = r"HKLM\SOFTWARE\portkeeper\state"


def found(pattern: str, line: str) -> bool:
    """Return the result of findstr /i /r: its `$` is before the line's end; the rest is as in Python."""
    return re.search(pattern, line, re.IGNORECASE) is not None


@pytest.mark.parametrize("language", SERVICES)
def test_the_number_of_a_process_is_found_in_every_language(language: str) -> None:
    _codecs, body, row = SERVICES[language]
    lines = [line for line in body.splitlines() if found(A_PROCESS, line)]
    assert [int(line.split(":")[1]) for line in lines] == ([row.pid] if row.pid else [])
    assert not any(found(NO_PROCESS, line) for line in body.splitlines())


@pytest.mark.parametrize("language", SERVICES)
def test_a_state_is_found_in_every_language(language: str) -> None:
    _codecs, body, row = SERVICES[language]
    if "KERNEL_DRIVER" in body:
        return
    states = [state for state in range(1, 8) if any(found(state_is(state), line) for line in body.splitlines())]
    assert states == [row.state]


@pytest.mark.parametrize("code", ["1  (0x1)", "1\t(0x1)", "4  (0x4)", "4\t(0x4)"])
def test_an_exit_code_is_no_state_and_no_process(code: str) -> None:
    values = ["10  WIN32_OWN_PROCESS", "7  PAUSED", code, "0  (0x0)", "0x0", "0x7d0", "0"]
    text = "SERVICE_NAME: DNS\n" + "".join(f"        LABEL              : {value}\n" for value in values)
    assert parse_sc(text).rows["DNS"].state == 7
    lines = text.splitlines()
    assert not any(found(pattern, line) for line in lines for pattern in (state_is(1), state_is(4), A_PROCESS))
    assert [line for line in lines if found(NO_PROCESS, line)] == lines[-1:]


def test_a_process_is_never_identified_by_the_name_of_an_image() -> None:
    text = "&".join(recorded([Record("socket_pool_size", "2500")]))
    assert "tasklist" not in text and "dns.exe" not in text
    assert "sc.exe queryex DNS" in text


def test_what_was_not_read_is_not_recorded() -> None:
    """Nothing is written in advance: each value depends on a line that the service manager has printed."""
    parts = recorded([Record("socket_pool_size", "2500")])
    assert [part for part in parts if "/v dns_pid" in part and "queryex" not in part] == []
    assert "/d 0 " not in "&".join(parts)
    (idle,) = [part for part in parts if f"/d {DNS_STOPPED} " in part]
    assert idle.index(state_is(1)) < idle.index(NO_PROCESS) < idle.index("/v dns_pid")
    assert idle.count("&&") == 2


def test_a_list_of_services_has_a_boot_mark_and_no_process() -> None:
    text = "&".join(recorded([Record(RAN_BEFORE, "DNS,MSSQL$A B")]))
    assert rf'reg.exe add {STATE}\ran_before /v value /t REG_SZ /d "DNS,MSSQL$A B" /f' in text
    assert "boot_mark" in text and "dns_pid" not in text


def test_a_window_that_failed_is_recorded_and_forgotten() -> None:
    line = remember_line(RUN, {WINDOW_RECORD: ["PolicyAgent", "MSSQL$A B"]}, {})
    assert rf'{STATE}\dns_window /v value /t REG_SZ /d "PolicyAgent,MSSQL$A B" /f' in line
    forgotten = remember_line(RUN, {WINDOW_RECORD: [], RAN_BEFORE: []}, {})
    for name in (WINDOW_RECORD, RAN_BEFORE):
        assert rf"reg.exe delete {STATE}\{name} /f" in forgotten
    assert "reg.exe add" not in forgotten


def test_the_process_that_a_window_replaced_is_named_afterwards() -> None:
    line = remember_line(RUN, {}, {"socket_pool_size": 1484, "socket_pool_excluded_port_ranges": None})
    assert rf"{STATE}\socket_pool_size /v dns_pid /t REG_SZ /d 1484 /f" in line
    assert rf"{STATE}\socket_pool_excluded_port_ranges /v dns_pid /t REG_SZ /d stopped /f" in line
    assert "reg.exe delete" not in line and "boot_mark" not in line


def test_nothing_to_write_down_and_no_key_are_refused() -> None:
    for lists in ({}, {RAN_BEFORE: ['x" & del']}, {RAN_BEFORE: [""]}, {WINDOW_RECORD: ["DNS", "a,b"]}):
        with pytest.raises(BatchError):
            remember_line(RUN, lists, {})
