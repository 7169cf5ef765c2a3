# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fc compares files byte by byte with /b, and loosely without."""

from __future__ import annotations

import pytest

pytest_plugins = ["portkeeper_lab.tool_fixture"]

TEXT = b"one two\r\n" + b"x" * 200 + b"\r\n"


@pytest.mark.parametrize(
    ("other", "binary", "loose"),
    [
        (TEXT, 0, 0),
        (TEXT.replace(b" ", b"\t"), 1, 0),
        (TEXT[:127] + b"y" + TEXT[128:], 1, 1),
        (TEXT[:-1], 1, 1),
    ],
)
def test_what_is_the_same(tool_host, other, binary, loose):
    tool_host.write("a.txt", TEXT)
    tool_host.write("b.txt", other)
    assert tool_host.run("fc /b C:\\a.txt C:\\b.txt").code == binary
    assert tool_host.run("fc C:\\a.txt C:\\b.txt").code == loose


def test_a_file_that_is_missing_and_a_bad_command_line(tool_host):
    tool_host.write("a.txt", TEXT)
    assert tool_host.run("fc /b C:\\a.txt C:\\nosuch.txt").code == 2
    assert tool_host.run("fc /b C:\\a.txt").code not in (0, 1, 2)


def test_every_128th_byte_is_passed_over_where_the_release_does_so(tool_host):
    tool_host.write("a.txt", TEXT)
    tool_host.write("b.txt", TEXT[:127] + b"y" + TEXT[128:])
    key = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\PortkeeperLab"
    assert tool_host.run(f"reg add {key} /v ToolBugs /t REG_MULTI_SZ /d fc_every_128th /f").code == 0
    try:
        assert tool_host.run("fc C:\\a.txt C:\\b.txt").code == 0
        assert tool_host.run("fc /b C:\\a.txt C:\\b.txt").code == 1
    finally:
        tool_host.run(f"reg delete {key} /v ToolBugs /f")
