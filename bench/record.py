# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record the hosts that the benchmarks replay on lab hosts. Needs root and a few minutes.

Usage: python bench/record.py

Each recording holds the whole job in its order: a look at the untouched host, the role with its restart and its
verification, a reboot, and a look at the host that is in order.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

from controller import CHECKOUT, PLAYS, WORK, Controller
from hosts import RECORDINGS

SCENARIOS = {"nt5": "sbs2003", "nt6": "2019-dc"}


def lab(*arguments: str) -> str:
    """Run the lab's command line and return what it prints."""
    command = [sys.executable, "-m", "portkeeper_lab", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "lab")}
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def record(name: str, scenario: str, controller: Controller) -> Path:
    """Record one host.

    Args:
        name: of the recording.
        scenario: of the lab.
        controller: runs the plays.
    """
    host, text = f"bench-{name}", WORK / f"{name}.txt"
    lab("up", scenario, "--name", host, "--record", str(text), "--winrm", "full_chunks=true")
    try:
        inventory = WORK / f"{host}.yml"
        inventory.write_text(lab("inventory", "--name", host), encoding="utf-8")
        controller.playbook(PLAYS / "role.yml", inventory, "--check", forks=1)
        controller.playbook(PLAYS / "role.yml", inventory, forks=1)
        lab("reboot", host)
        controller.playbook(PLAYS / "role.yml", inventory, forks=1)
    finally:
        lab("down", host)
    path = RECORDINGS / f"{name}.txt.gz"
    path.write_bytes(gzip.compress(text.read_bytes(), mtime=0))
    return path


if __name__ == "__main__":
    for recording, scenario_name in SCENARIOS.items():
        print(record(recording, scenario_name, Controller()))
