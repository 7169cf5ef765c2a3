# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End with the worst exit code of several runs of the drift check.

Usage: python3 worst_of.py HOURS SUMMARY...

HOURS is the age up to which a summary.json counts. Name each expected summary: one that is missing, unreadable, too old
or of a run with --limit counts as 2.
"""

import json
import sys
from datetime import datetime, timedelta, timezone


def code_of(path: str, hours: float) -> int:
    """Return the exit code that a summary gives, and print its counts."""
    try:
        with open(path, encoding="utf-8") as stream:
            summary = json.load(stream)
        created = datetime.strptime(summary["created"], "%Y-%m-%dT%H:%M:%S%z")
        age = datetime.now(timezone.utc) - created
        if not -timedelta(minutes=15) <= age <= timedelta(hours=hours):
            raise ValueError(f"it was created at {summary['created']}")
        if summary["limited"]:
            raise ValueError("it is of a run with --limit")
        code = summary["exit_code"]
        if code not in (0, 2, 4):
            raise ValueError(f"its exit code is {code}")
        counts = ", ".join(f"{count} {status}" for status, count in summary["counts"].items() if count)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        print(f"{path}: 2, the summary cannot be used: {type(error).__name__}: {error}")
        return 2
    print(f"{path}: {code}, {counts}")
    return code


def main(hours: str, *paths: str) -> int:
    """Return the worst exit code: 2, then 4, then 0."""
    codes = [code_of(path, float(hours)) for path in paths]
    return min((code for code in codes if code), default=0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) > 2 else __doc__)
