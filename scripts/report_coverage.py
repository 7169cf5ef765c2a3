# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print how much of ``plugins/`` the unit and contract tests run (lines and branches), and fail below 90 %.

``make unit contract COVERED=yes`` writes a data file for each; together they are judged here. Only what runs
in pytest's own processes counts: a child that a test forks or starts writes no data.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import coverage

from checkout import CACHE, CHECKOUT

LEAST = 90.0
CHECKS = ("unit", "contract")


def measured(folder: Path) -> dict[str, Any]:
    """Combine what the checks have written into ``folder``, and use it up: no later run is judged by old data.

    Raises:
        FileNotFoundError: a check has written nothing.
    """
    files = [folder / check for check in CHECKS]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        again = "Run `make unit contract coverage COVERED=yes`."
        raise FileNotFoundError(f"coverage was not measured by: {', '.join(missing)}. {again}")
    found = coverage.Coverage(data_file=folder / "all", config_file=CHECKOUT / "pyproject.toml")
    found.combine([str(file) for file in files])
    found.json_report(outfile=str(folder / "report.json"))
    report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return report


def lines_of(report: dict[str, Any], least: float = LEAST) -> list[str]:
    """Return the files below ``least``, worst first, with the lines that never ran, and the total."""
    shares = {name: file["summary"]["percent_covered"] for name, file in report["files"].items()}
    below = sorted((share, name) for name, share in shares.items() if share < least)
    rows = [f"{share:6.1f} %  {name}: {ranges(report['files'][name]['missing_lines'])}" for share, name in below]
    total = report["totals"]
    return [
        *rows,
        f"coverage of plugins/: {total['percent_covered']:.1f} % ({total['covered_lines']} of {total['num_statements']}"
        f" lines, {total['covered_branches']} of {total['num_branches']} branches); {len(below)} of {len(shares)} files"
        f" are below {least:g} %",
    ]


def ranges(numbers: list[int]) -> str:
    """Join neighbours, as in ``3-5, 9``."""
    joined: list[list[int]] = []
    for number in numbers:
        if joined and number == joined[-1][1] + 1:
            joined[-1][1] = number
        else:
            joined.append([number, number])
    return ", ".join(f"{low}-{high}" if high > low else f"{low}" for low, high in joined)


def main() -> int:
    """Print; return 1 below the gate."""
    try:
        report = measured(CACHE / "coverage")
    except FileNotFoundError as problem:
        print(problem)
        return 1
    print("\n".join(lines_of(report)))
    return 0 if report["totals"]["percent_covered"] >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
