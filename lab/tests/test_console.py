# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that are too long are refused; `type` and `ver` are replaced where Windows runs them as commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from portkeeper_lab.console import REFUSED, Console
from portkeeper_lab.windows_type import PROGRAM

LIMIT = 2047
VERSION = "(echo.&echo Microsoft Windows 2000 [Version 5.00.2195])"
HOME = "C:\\users\\root"


@pytest.fixture
def console(tmp_path: Path) -> Console:
    (tmp_path / "Carry").mkdir()
    return Console(tmp_path, LIMIT, True, "Microsoft Windows 2000 [Version 5.00.2195]")


@pytest.mark.parametrize(("length", "taken"), [(LIMIT, True), (LIMIT + 1, False)])
def test_the_limit_of_a_line(console: Console, length: int, taken: bool) -> None:
    line = "echo ".ljust(length, "x")
    assert console.take(line, HOME) == (line if taken else REFUSED)
    assert Console(console.drive).take(line, HOME) == line, "no limit unless the scenario says so"


@pytest.mark.parametrize(
    "line",
    [
        r"c:\carry\A.CMD /q",
        r'call "C:\carry\a.cmd" /q',
        r"cd /d C:\carry&a.cmd /q & call echo rc=%^errorlevel%",
        r"echo.&C:\Carry\a.cmd>nul",
    ],
)
@pytest.mark.parametrize(("length", "taken"), [(LIMIT, True), (LIMIT + 1, False)])
def test_the_limit_of_a_script_s_lines(console: Console, line: str, length: int, taken: bool) -> None:
    script = console.drive / "Carry" / "a.cmd"
    content = b"@echo off\r\n" + b"rem ".ljust(length, b"\xe4") + b"\r\n"
    script.write_bytes(content)
    assert console.take(line, HOME) == (line if taken else REFUSED)
    assert script.read_bytes() == content


def test_commands_of_a_script_are_replaced_on_the_disk(console: Console) -> None:
    script = console.drive / "Carry" / "a.cmd"
    script.write_bytes(b'(ver)<nul 2>nul\r\necho ver\r\ntype "%f%">b\r\nif exist x ver\r\n')
    assert console.take("a.cmd", "C:\\Carry") == "a.cmd"
    expected = f'({VERSION})<nul 2>nul\r\necho ver\r\n{PROGRAM} "%f%">b\r\nif exist x ver\r\n'
    assert script.read_bytes() == expected.encode("ascii")


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("ver", VERSION),
        ("VER&echo ver & verify", f"{VERSION}&echo ver & verify"),
        ("echo a^&ver", "echo a^&ver"),
        (r"D:\a.cmd & nosuch.cmd", r"D:\a.cmd & nosuch.cmd"),
    ],
)
def test_ver(console: Console, line: str, taken: str) -> None:
    assert console.take(line, HOME) == taken
