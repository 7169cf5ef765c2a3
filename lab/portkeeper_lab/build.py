# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compile the lab's Windows programs from lab/csrc into the cache. Binaries are never committed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from portkeeper_lab.paths import SOURCES, LabError, cache_dir, locked
from portkeeper_lab.progress import step
from portkeeper_lab.rootfs import check_packages

COMPILER = "x86_64-w64-mingw32-gcc"
FLAGS = ("-municode", "-O2", "-s", "-Wall", "-Wextra", "-Werror", "-std=gnu11", "-static")


def sources_key(sources: Path = SOURCES) -> str:
    """Return a hash of every source and of how it is compiled."""
    digest = hashlib.sha256("\0".join([COMPILER, *FLAGS]).encode())
    for path in sorted([*sources.glob("*.[ch]"), *sources.glob("*.toml")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def ensure_programs(sources: Path = SOURCES) -> Path:
    """Return the folder with the .exe files, compiling them first if necessary (a few seconds)."""
    path = cache_dir() / f"programs-{sources_key(sources)}"
    if path.is_dir():
        return path
    check_packages()
    with locked(path):
        if not path.is_dir():
            with step("compiling the lab's Windows programs"):
                _build(sources, path)
    return path


def program_table(sources: Path = SOURCES) -> dict[str, dict[str, list[str]]]:
    """Return the sources and libraries of each program, from every .toml file beside the sources."""
    table: dict[str, dict[str, list[str]]] = {}
    for path in sorted(sources.glob("*.toml")):
        table |= tomllib.loads(path.read_text(encoding="utf-8"))
    return table


def _build(sources: Path, path: Path) -> None:
    work = path.with_name(f"{path.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    objects = work / "objects"
    objects.mkdir(parents=True)
    table = program_table(sources)
    units = sorted({unit for row in table.values() for unit in row["sources"]})
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in [pool.submit(_compile, sources / unit, objects / f"{unit}.o") for unit in units]:
            done.result()
    for program, row in table.items():
        parts = [str(objects / f"{unit}.o") for unit in row["sources"]] + [f"-l{name}" for name in row["libraries"]]
        _run([COMPILER, *FLAGS, "-o", str(work / f"{program}.exe"), *parts], program)
    shutil.rmtree(objects)
    work.rename(path)


def _compile(unit: Path, target: Path) -> None:
    _run([COMPILER, *FLAGS, "-c", str(unit), "-o", str(target)], unit.name)


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"Compiling {what} failed:\n{done.stderr.strip()}")
