# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run Molecule with an ANSIBLE_HOME of its own, in which this checkout's collection is installed from its artifact.

The sequence runs once per family of Windows: each has its own mechanism.

Usage: python scripts/molecule.py [MOLECULE ARGUMENT...] (default: test)
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from checkout import BIN, CACHE, CHECKOUT, install_artifact

HOME = CACHE / "molecule"
FAMILIES = ("nt5", "nt6", "nt6_r2")


def main(arguments: list[str]) -> int:
    """Install the collection anew and run Molecule for every family; return 1 if one fails."""
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    environment = {
        **os.environ,
        "ANSIBLE_HOME": str(HOME / "home"),
        "MOLECULE_EPHEMERAL_DIRECTORY": str(HOME / "ephemeral"),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PORTKEEPER_MOLECULE_ID": str(os.getpid()),
        "PORTKEEPER_PYTHON": sys.executable,
        "PYTHONPATH": str(CHECKOUT / "lab"),
    }
    collections = install_artifact(HOME, environment)
    environment["ANSIBLE_COLLECTIONS_PATH"] = str(collections)
    command = [str(BIN / "molecule"), *(arguments or ["test"])]
    failed = []
    for family in FAMILIES:
        print(f"== molecule, family {family}", flush=True)
        chosen = {**environment, "PORTKEEPER_MOLECULE_FAMILY": family}
        done = subprocess.run(command, cwd=HOME / "source", env=chosen, check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            failed.append(family)
    print(f"molecule: {len(FAMILIES) - len(failed)} families passed, failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
