# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pytest plugin that adds up the numbers of record_property and prints them at the end of a run."""

from __future__ import annotations

from collections import Counter
from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:  # noqa: ANN401 - pytest's own object
    """Print the sums and the texts; a teardown's report holds all that its test recorded."""
    totals: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "teardown":
                for name, value in report.user_properties:
                    if isinstance(value, int):
                        totals[name] += value
                    else:
                        terminalreporter.write_line(f"{name}: {value}")
    counted = ", ".join(f"{count} {name}" for name, count in sorted(totals.items()) if count)
    if counted:
        terminalreporter.write_line(f"counted: {counted}")
