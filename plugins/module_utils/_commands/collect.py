# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the collector as a command line for WinRM or as a script file.

Both renderings print the same transcript; the rows of netstat are packed on a command line and aligned in a script.
"""

from __future__ import annotations

from collections.abc import Iterable

from .._sections.table import SECTIONS
from .cmd import MAX_SCRIPT_LINE, SYSTEM32, checked, nonce, section, wrap

_IS_NT5 = 'ver|findstr.exe /c:" 5.">nul'
"""Success on 2000, XP and 2003: `ver` is translated, its number is not."""


def section_commands(run: str, ids: Iterable[str] | None = None) -> list[str]:
    """Render the chosen sections (by default all) as parts of a command line, in the table's order.

    Args:
        run: the nonce.
        ids: which sections; unknown ones are ignored, because the caller names what it changed.
    """
    wanted = None if ids is None else set(ids)
    rows = [row for row in SECTIONS.values() if wanted is None or row.id in wanted]
    sections = [(row.only, section(run, row.id, row.line or row.command)) for row in rows]
    parts = [text for only, text in sections if not only]
    nt5, nt6 = ("&".join(text for only, text in sections if only == family) for family in ("nt5", "nt6"))
    if nt6:
        parts.append(f"{_IS_NT5}&(if errorlevel 1 ({nt6})" + (f" else ({nt5}))" if nt5 else ")"))
    elif nt5:
        parts.append(f"{_IS_NT5}&(if not errorlevel 1 ({nt5}))")
    return parts


def collector_line(run: str, ids: Iterable[str] | None = None) -> str:
    """Render the collector as one command line of at most MAX_LINE characters.

    Args:
        run: the nonce, 16 lower-case hex digits.
        ids: only these sections; all by default.

    Raises:
        BatchError: the nonce is malformed.
    """
    return wrap(run, section_commands(run, ids))


def collector_script(run: str) -> list[str]:
    """Render the lines of collect.cmd without line ends, each of at most MAX_SCRIPT_LINE characters.

    Raises:
        BatchError: the nonce is malformed.
    """
    lines = ["@echo off", f"cd /d {SYSTEM32}||exit /b 1", f"echo #portkeeper transcript 1 {nonce(run)}"]
    lines += _script_rows(run, "")
    lines += [f"{_IS_NT5}||goto nt6", *_script_rows(run, "nt5"), "goto done", ":nt6"]
    lines += [*_script_rows(run, "nt6"), ":done"]
    return [checked(line, MAX_SCRIPT_LINE) for line in lines]


def _script_rows(run: str, only: str) -> list[str]:
    lines = []
    for row in SECTIONS.values():
        if row.only == only:
            lines.append(f"echo #portkeeper {run} begin {row.id}")
            lines.append(f"({row.command})<nul 2>nul")
            lines.append(f"echo #portkeeper {run} end {row.id} %errorlevel%")
    return lines
