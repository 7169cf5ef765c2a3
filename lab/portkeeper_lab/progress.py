# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what a person waits for while the lab is set up, and keep what the tools print in a log."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from portkeeper_lab.paths import LabError


@contextmanager
def step(what: str) -> Iterator[None]:
    """Print what is done on stderr, and once it is over how long it took."""
    print(f"lab: {what} ...", end="", file=sys.stderr, flush=True)
    began = time.monotonic()
    try:
        yield
    finally:
        print(f" {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def run_logged(command: Sequence[str], log: Path, env: Mapping[str, str]) -> None:
    """Run a program with its output in a log file; raise LabError naming the file when it fails."""
    with log.open("wb") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, env=dict(env), check=False)
    if done.returncode:
        raise LabError(f"{command[0]} failed with {done.returncode}; its output is in {log}.")
