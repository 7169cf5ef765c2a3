# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's type converts UTF-16 with a byte order mark, and passes through anything else."""

from __future__ import annotations

import pytest

from portkeeper_lab.windows_type import with_windows_type

pytest_plugins = ["portkeeper_lab.tool_fixture"]

TEXT = "Windows Registry Editor Version 5.00\r\n\r\n[KEY]\r\n"


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("\ufeff".encode("utf-16-le") + TEXT.encode("utf-16-le"), TEXT.encode("ascii")),
        (TEXT.encode("ascii"), TEXT.encode("ascii")),
        (TEXT.encode("utf-16-le"), TEXT.encode("utf-16-le")),
        (b"", b""),
    ],
)
def test_what_is_shown(tool_host, content: bytes, shown: bytes) -> None:
    tool_host.write("a.txt", content)
    assert tool_host.run(with_windows_type("type C:\\a.txt>C:\\b.txt")).code == 0
    assert (tool_host.host.prefix / "drive_c" / "b.txt").read_bytes() == shown


def test_a_file_that_is_missing(tool_host) -> None:
    assert tool_host.run(with_windows_type("type C:\\nosuch.txt")).code == 1
