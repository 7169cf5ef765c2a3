# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of this checkout as git lists them, and the collection that is built from them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import galaxy_links

CHECKOUT = Path(__file__).resolve().parents[1]
CACHE = CHECKOUT / ".cache"
BIN = Path(sys.executable).parent
NOX = CACHE / "nox"
GATES = NOX / "gates" / "bin"
"""The programs of the virtual environment that nox makes for its session ``gates``."""
RECORDINGS = "bench/recordings"
"""Recorded hosts that unit tests read."""
NOT_TESTED = (
    *(".ci", ".github", "bench", "extensions", "lab"),
    *("noxfile.py", "scripts", "tests/contract", "tests/integration"),
)


def listed_files() -> Iterator[str]:
    """Yield the names of tracked and of new, not ignored files that exist."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    for name in filter(None, listing.stdout.split("\0")):
        if (CHECKOUT / name).is_file():
            yield name


def lab_environment(folder: Path = CHECKOUT) -> dict[str, str]:
    """Return the variables under which `python -m portkeeper_lab` is the lab of a checkout."""
    return {**os.environ, "PYTHONPATH": str(folder / "lab")}


def copy_files(destination: Path, leave_out: tuple[str, ...] = ()) -> None:
    """Copy the listed files to a folder that is emptied first; ``leave_out`` names folders and files."""
    shutil.rmtree(destination, ignore_errors=True)
    for name in listed_files():
        if not f"{name}/".startswith(tuple(f"{left}/" for left in leave_out)):
            target = destination / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target)


def copy_tested_collection(destination: Path) -> None:
    """Copy what Ansible's own tools test, and make the copy a repository, as ansible-test wants it."""
    copy_files(destination, leave_out=NOT_TESTED)
    shutil.copytree(CHECKOUT / RECORDINGS, destination / RECORDINGS)
    subprocess.run(["git", "init", "-q"], cwd=destination, check=True)
    subprocess.run(["git", "add", "-A"], cwd=destination, check=True)


def build_artifact(folder: Path) -> Path:
    """Build the collection from the listed files; return the path of the artifact in ``folder``."""
    source = folder / "source"
    copy_files(source)
    galaxy_links.rewrite(source)
    command = [BIN / "ansible-galaxy", "collection", "build", "--force", "--output-path", folder, source]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.tar.gz"))


def install_artifact(folder: Path, environment: Mapping[str, str], programs: Path = BIN) -> Path:
    """Build the artifact and install it below ``folder`` with Ansible's own programs; return the collections path."""
    collections = folder / "collections"
    command = [programs / "ansible-galaxy", "collection", "install", "--offline", "--force", "-p", collections]
    subprocess.run([*command, build_artifact(folder)], check=True, stdout=subprocess.DEVNULL, env=environment)
    return collections
