# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run checks with nox, all of them also after one has failed, and end with the line that counts them.

Usage: python scripts/run_checks.py SESSION...

Only a session that nox reports as a success has passed: one that it skips, does not know or never comes to has failed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from checkout import BIN, CHECKOUT


def run(noxfile: Path, names: list[str]) -> int:
    """Run sessions of a noxfile; return 0 if all have passed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [BIN / "nox", "-ts", "--noxfile", noxfile, "--report", report, "--sessions", *names]
        # A check never waits for somebody to type.
        subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
        sessions = _reported(report)
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


def _reported(report: Path) -> list[dict[str, Any]]:
    """Read nox's report; empty where nox has not written all of it."""
    try:
        sessions: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["sessions"]
    except (OSError, ValueError):
        return []
    return sessions


if __name__ == "__main__":
    sys.exit(run(CHECKOUT / "noxfile.py", sys.argv[1:]))
