# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run checks with nox, all of them also after one has failed, and end with the line that counts them.

Usage: python scripts/run_checks.py STEP...

A step is a session, or several that run one after the other (a,b), or two such rows side by side (a,b/c,d): most checks
that are no tests keep a single core busy. Only a session that nox reports as a success has passed: one that it skips,
does not know or never comes to has failed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from checkout import BIN, CHECKOUT


def run(noxfile: Path, steps: list[str]) -> int:
    """Run the steps of a noxfile's sessions; return 0 if all have passed."""
    names: list[str] = []
    sessions: list[dict[str, Any]] = []
    for step in steps:
        rows = [row.split(",") for row in step.split("/")]
        names += [name for row in rows for name in row]
        with tempfile.TemporaryDirectory() as folder:
            sessions += _side_by_side(noxfile, rows, Path(folder))
    failed = []
    print()
    for name in names:
        parts = [session for session in sessions if session["name"] == name]
        passed = bool(parts) and all(part["result"] == "success" for part in parts)
        failed += [] if passed else [name]
        seconds = sum(part["duration"] for part in parts)
        print(f"=== {name} {'passed' if passed else 'failed'}, took {seconds:.0f} s")
    if failed:
        print(f"\nfailed: {' '.join(failed)}")
    print(f"\nchecks: {len(names) - len(failed)} passed, {len(failed)} failed", flush=True)
    return 1 if failed else 0


def _side_by_side(noxfile: Path, rows: list[list[str]], folder: Path) -> list[dict[str, Any]]:
    """Run rows of sessions at the same time; what they print comes row by row, one alone prints at once."""
    running = []
    for number, row in enumerate(rows):
        report, output = folder / f"{number}.json", folder / f"{number}.txt"
        command = [BIN / "nox", "-ts", "--noxfile", noxfile, "--report", report, "--sessions", *row]
        stream = output.open("wb") if len(rows) > 1 else None
        # A check never waits for somebody to type.
        nox = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream and subprocess.STDOUT)
        running.append((nox, report, output))
    found = []
    for nox, report, output in running:
        nox.wait()
        if output.exists():
            print(output.read_text(encoding="utf-8", errors="replace"), end="", flush=True)
        found += _reported(report)
    return found


def _reported(report: Path) -> list[dict[str, Any]]:
    """Read nox's report; empty where nox has not written all of it."""
    try:
        sessions: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["sessions"]
    except (OSError, ValueError):
        return []
    return sessions


if __name__ == "__main__":
    sys.exit(run(CHECKOUT / "noxfile.py", sys.argv[1:]))
