# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulate `type` of Windows: it converts a UTF-16 file with a byte order mark to the console's code page.

Wine's cmd writes the bytes up to the first zero, and its `type` is a part of it that cannot be replaced. So every
`type` of a command line, or of a script, is made a call of a program of the lab.
"""

from __future__ import annotations

import re

PROGRAM = "C:\\windows\\portkeeper-lab\\bin\\type.exe"

_TYPE = re.compile(r"(?im)(^|(?<!\^)[&|(@])type(?= )")
"""The command where a command begins; not in a text that `echo` writes, where operators are escaped."""


def with_windows_type(text: str) -> str:
    """Return the text of a command line or of a script with the lab's program in place of each `type`."""
    return _TYPE.sub(lambda found: found[1] + PROGRAM, text)
