# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render rollback.cmd: restore the bytes from before apply.cmd, unless the values were changed since."""

from __future__ import annotations

from .order import ScriptPlan
from .script import ALREADY, INCOMPLETE, frame, imported, incomplete, netsh_lines, row_test, rows_in


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
    back = "echo The old values are back."
    if order.values:
        back += " Restart this server when it suits: that puts them into effect."
    if tables:
        missing = "echo Not everything is undone: see above, and run rollback.cmd again later."
        lines += [*_tables(order), f"if %rc%=={INCOMPLETE} {missing}", f"if not %rc%=={INCOMPLETE} {back}"]
    else:
        lines.append(back)
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
    lines = netsh_lines("delete", both) + netsh_lines("add", order.removed)
    # A line of our record: the import removes it where there are values, here where there are none.
    if not order.values:
        lines += imported("data")
    for table, text in rows_in(both):
        lines += [row_test(table, text), f"if not errorlevel 1 {incomplete(f'The ports {text} are still excluded.')}"]
    return lines
