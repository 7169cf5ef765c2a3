# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse ``tasklist /fo csv``: image name and PID, the only two columns that are the same in every language."""

from __future__ import annotations

import re
from typing import NamedTuple

from .listing import NO_BREAK, plain_lines

# Only more columns may follow. If a line end was lost, another row follows.
_ROW_RE = re.compile(r'[ \t]*"((?:[^"]|""){1,260})"[,;][ \t]*"([0-9]{1,10})"(?:[,;][ \t]*"(?:[^"]|"")*")*[ \t]*\Z')
# What no file's name holds, and what a web page writes for a character. A question mark is what a console prints for a
# letter that its code page lacks.
_NO_NAME_RE = re.compile(r"[<>|*/:\\\x00-\x1f\x7f\ufffd]|&#?[0-9A-Za-z]{1,10};")
_UNKNOWN = "\ufffd"
_NO_BREAK_IN_NAME_RE = re.compile(rf'^([^"\n]*"[^"\n{NO_BREAK}]*)[{NO_BREAK}]', re.MULTILINE)
# A line in front of the first row is no title when its second column begins with a digit.
_ROW_LIKE_RE = re.compile(r'"[,;][ \t]*"(?P<number>[0-9])?')


class Processes(NamedTuple):
    """Image names by PID, and the number of unreadable lines that may be rows."""

    images: dict[int, str]
    unread: int


def parse_tasklist(text: str) -> Processes:
    """Parse the rows. Before the first one, any text is allowed, and a title line, whose second column is no number.

    A PID that two different processes have is unreadable: a column is missing.
    """
    images: dict[int, str] = {}
    twice: set[int] = set()
    unread = titles = 0
    for line in plain_lines(text if text.isascii() else _NO_BREAK_IN_NAME_RE.sub(rf"\1{_UNKNOWN}", text)):
        found = _ROW_RE.match(line)
        if found and not _NO_NAME_RE.search(found.group(1)):
            pid, image = int(found.group(2)), found.group(1).replace('""', '"')
            if images.setdefault(pid, image) != image:
                twice.add(pid)
                unread += 1
        elif images and line.strip():
            unread += 1
        elif like := _ROW_LIKE_RE.search(line):
            titles += like["number"] is None
            unread += like["number"] is not None
    return Processes(
        {pid: image for pid, image in images.items() if pid not in twice}, unread + len(twice) + max(0, titles - 1)
    )
