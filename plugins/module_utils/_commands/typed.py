# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the input of a cmd.exe that reads its command lines from standard input, one after the other."""

from __future__ import annotations

CMD = "cmd.exe /d /q /v:off"
"""No AutoRun, no echo and no prompt, no delayed expansion. The command is explicit, because on some servers the default
shell fails on a pipe (Win32-OpenSSH issue 1545). It means the same to cmd and to PowerShell as default shell."""


def print_mark(mark: str) -> bytes:
    """Return the line that prints a mark and the error level of the line before it."""
    return f"echo {mark} %errorlevel%\r\n".encode()


def typed(line: str, mark: str) -> bytes:
    """Return a command line, unchanged, and the line that prints its end mark."""
    return line.encode("ascii") + b"\r\n" + print_mark(mark)
