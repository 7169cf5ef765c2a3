# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Excluded port ranges are rendered for netsh."""

from __future__ import annotations

import re

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import ALPHABET, MAX_LINE
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.write import (
    ChangeId,
    SettingWrite,
    write_lines,
)

RUN = "0123456789abcdef"
LOCK = f"1764000000-{RUN}"
TICKET = ChangeId(RUN, LOCK, f"20261123T160000Z-{RUN}")
FOLDER = rf"..\portkeeper\backup\20261123T160000Z-{RUN}"


def executed(line: str) -> str:
    """Take out the script that a line only writes to a file."""
    return re.sub(r"\(echo @echo off&.*?\)>+\S*rollback\.cmd", "", line)


def test_netsh_exclusions_are_added_by_start_and_count() -> None:
    change = SettingWrite("excluded_udp6", ("64001-65000", "7-7"), ("9-10",), ("8-8",))
    (line,) = write_lines(TICKET, [change], [], [])
    add = "echo interface ipv6 add excludedportrange protocol=udp startport=%s numberofports=%t store=persistent"
    loop = 'do @for /f "tokens=1,2 delims=-" %s in ("%r") do @'
    assert rf"(for %r in (64001-1000 7-1) {loop}{add})>>{FOLDER}\excluded_udp6.netsh" in line
    assert rf"(for %r in (9-2) {loop}{add.replace('add', 'delete')})>{FOLDER}\excluded_udp6.netsh" in line
    assert rf"netsh.exe -f {FOLDER}\excluded_udp6.netsh>nul&call echo excluded_udp6" in line
    assert rf"(for %r in (64001-1000 7-1 8-1) {loop}{add.replace('add', 'delete')})>{FOLDER}\restore.netsh" in line
    assert rf"(for %r in (9-2) {loop}{add})>>{FOLDER}\restore.netsh" in line
    line = executed(line)
    applied = line.index("netsh.exe -f")
    assert line.index("restore.netsh") < applied and line.index(r"if exist ..\portkeeper\same-") < applied


def test_exclusions_that_wait_for_a_window_are_backed_up_and_not_added() -> None:
    (line,) = write_lines(TICKET, [SettingWrite("excluded_udp4", (), (), ("1812-1812",))], [], [])
    assert "netsh.exe -f" not in executed(line)
    assert "for %r in (1812-1)" in line and rf">{FOLDER}\restore.netsh" in line
    assert "call echo excluded_udp4" in line


def test_many_exclusions_are_spread_over_lines_of_their_own() -> None:
    many = tuple(f"{port}-{port}" for port in range(10000, 13000, 2))
    lines = write_lines(TICKET, [SettingWrite("excluded_udp4", many), SettingWrite("excluded_udp6", many)], [], ["x"])
    assert len(lines) > 3
    assert all(len(line) <= MAX_LINE and set(line) <= ALPHABET for line in lines)
    assert all("netsh.exe -f" not in executed(line) for line in lines[:-1])
    assert sum(line.count("10000-1 ") for line in lines) == 4
