# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""findstr has the expressions, switches, oddities and speed of Windows."""

from __future__ import annotations

import time

import pytest

pytest_plugins = ["portkeeper_lab.tool_fixture"]

LINES = [
    b"HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\DNS\r\n",
    b"    Start    REG_DWORD    0x2\r\n",
    b"HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\DNS\\Parameters\r\n",
    b"HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\W32Time\\TriggerInfo\r\n",
    b"foo bar. (a*b)\r\n",
    b"unix end\n",
    b"tail end",
]
SERVICES = '/i /r /c:"[\\\\]Services[\\\\][^\\\\]*$" /c:"[\\\\]TriggerInfo$" /c:"^ *Start.*REG_DWORD"'


@pytest.fixture(scope="module")
def text(tool_host):
    tool_host.write("lines.txt", b"".join(LINES))
    tool_host.write("wanted.txt", b"Start\r\nfoo bar\r\n")
    return tool_host


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (SERVICES, [0, 1, 3]),
        ('/c:"foo bar"', [4]),
        ('"foo nosuch"', [4]),
        ('"foo TriggerInfo"', [4]),
        ('/i "foo TriggerInfo"', [3, 4]),
        ('/r "foo TriggerInfo"', [3, 4]),
        ("/i FOO", [4]),
        ("FOO", []),
        ("/b foo", [4]),
        ("/b bar", []),
        ("/e DNS", [0]),
        ("/e end", []),
        ('/x /c:"unix end"', []),
        ('/x /c:"foo bar. (a*b)"', [4]),
        ("/v HKEY", [1, 4, 5, 6]),
        ("/l a*b", [4]),
        ("/r a*b", [4]),
        ('/r "(a\\*b)"', [4]),
        ('/r "\\<Time"', []),
        ('/r "Time\\>"', [3]),
        ('/r "0x[0-9]"', [1]),
        ('/r /c:"^[^H ]"', [4, 5, 6]),
        ('/r /c:"b.r."', [4]),
        ("/i /g:C:\\wanted.txt", [1, 4]),
        ('/l /c:"Services\\\\DNS"', [0, 2]),
        ('/l /c:"Services\\DNS"', [0, 2]),
        ('/r "[o-q]aram"', [2]),
        ("[A-B]AR", []),
    ],
)
def test_what_is_found(text, arguments, found):
    result = text.run(f"findstr {arguments} C:\\lines.txt")
    assert result.out.encode() == b"".join(LINES[i].rstrip(b"\r\n") + b"\r\n" for i in found)
    assert result.code == (0 if found else 1)


def test_a_doubled_backslash_where_the_release_wants_four(text):
    key = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\PortkeeperLab"
    assert text.run(f"reg add {key} /v ToolBugs /t REG_MULTI_SZ /d findstr_backslash /f").code == 0
    try:
        for pattern, code in (("\\\\TriggerInfo$", 1), ("\\\\\\\\TriggerInfo$", 0), ("[\\\\]TriggerInfo$", 0)):
            assert text.run(f'findstr /r /c:"{pattern}" C:\\lines.txt').code == code, pattern
    finally:
        text.run(f"reg delete {key} /v ToolBugs /f")


def test_piped_input_gets_its_last_line_end(text):
    assert text.run('findstr /n "end$" < C:\\lines.txt').out == "7:tail end\r\n"
    assert text.run('type C:\\lines.txt | findstr /n "end$"').out == "7:tail end\r\n"


def test_names(text):
    result = text.run("findstr /m foo C:\\lines.txt C:\\wanted.txt C:\\nosuch.txt")
    assert (result.code, result.out) == (0, "C:\\lines.txt\r\nC:\\wanted.txt\r\n")
    assert "Cannot open C:\\nosuch.txt" in result.err
    assert text.run("findstr /n /l foo C:\\wan*.txt").out == "C:\\wanted.txt:2:foo bar\r\n"


@pytest.mark.parametrize("arguments", ["", "/i", f"/c:{'x' * 128}"])
def test_bad_command_lines(text, arguments):
    assert text.run(f"findstr {arguments} <nul").code == 2


def test_unknown_switch_is_named_and_ignored(text):
    result = text.run("findstr /q foo C:\\lines.txt")
    assert result.code == 0
    assert "/q ignored" in result.err


def test_overlong_piped_line(text):
    text.write("long.txt", b"foo" + b"x" * 8200 + b"\r\nfoo\r\n")
    result = text.run("type C:\\long.txt | findstr foo")
    assert result.out == "foo\r\n"
    assert "Line 1 is too long" in result.err


def test_five_megabytes(text):
    """A registry listing of this size is what the collector filters; time grows with it, not faster."""
    row = b"HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Some\\Deeper\\Key\r\n    Value    REG_SZ    x\r\n"
    text.write("large.txt", row * (5_000_000 // len(row)) + LINES[0])
    began = time.monotonic()
    result = text.run(f"findstr {SERVICES} C:\\large.txt")
    assert result.out.encode() == LINES[0]
    assert time.monotonic() - began < 10
