# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render rollback.cmd: restore the bytes from before apply.cmd, unless the values were changed since."""

from __future__ import annotations

from .order import ScriptPlan
from .script import ALREADY, frame, imported, incomplete, netsh_lines, row_test


def rollback_script(order: ScriptPlan, run: str) -> list[str]:
    """Render the lines of rollback.cmd, without line ends.

    Args:
        order: what apply.cmd does.
        run: 16 hex digits for the name of the temporary folder.

    Raises:
        BatchError: something that cannot be put into a script.
    """
    return frame(order, run, "rollback", _body(order), [])


def _body(order: ScriptPlan) -> list[str]:
    lines = []
    tables = bool(order.added or order.removed or order.deferred)
    if order.values:
        lines += [
            "call :read",
            "if errorlevel 1 goto unreadable",
            "call :same before",
            f"if not errorlevel 1 goto {'tables' if tables else 'already'}",
            "call :same after",
            "if errorlevel 1 goto changed",
            *imported("data"),
            "call :read",
            "if errorlevel 1 goto half",
            "call :same before",
            "if not errorlevel 1 goto tables",
            "call :same after",
            "if errorlevel 1 goto half",
            "goto denied",
            ":tables",
        ]
    if tables:
        lines += _tables(order)
    lines.append("echo The old values are back. What waited for a restart waits for one again: restart this server.")
    lines.append("goto finish")
    end = [
        ":already",
        f"set rc={ALREADY}",
        "echo Nothing was changed: there is nothing to restore.",
        "goto finish",
    ]
    return [*lines, *end] if order.writes else end


def _tables(order: ScriptPlan) -> list[str]:
    """Undo the changes of netsh, including those of the window."""
    both = {
        table: (*order.added.get(table, ()), *order.deferred.get(table, ()))
        for table in {**order.added, **order.deferred}
    }
    lines = [line for table, ranges in both.items() for line in netsh_lines("delete", table, ranges)]
    lines += [line for table, ranges in order.removed.items() for line in netsh_lines("add", table, ranges)]
    # A line of our record: the import removes it where there are values, here where there are none.
    if not order.values:
        lines += imported("data")
    for table, ranges in both.items():
        for text in ranges:
            lines += [
                row_test(table, text),
                f"if not errorlevel 1 {incomplete(f'The ports {text} are still excluded.')}",
            ]
    return lines
