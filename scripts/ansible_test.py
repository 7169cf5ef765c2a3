# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ``ansible-test sanity`` and ``units`` on the oldest and the newest supported ansible-core.

ansible-test refuses a checkout outside ansible_collections/NAMESPACE/NAME, so the files that git lists are copied
to such a place first. Each release of ansible-core gets a virtual environment of its own with a Python it supports:
one of this machine, else the one of the lab's Debian 13 root. What cannot run is printed as NOT RUN and is a failure.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from checkout import CACHE, CHECKOUT, copy_files

NAME = "portkeeper.windows_dns"
NOT_IN_COLLECTION = (".ci", ".github", "bench", "extensions", "lab", "scripts", "tests/contract", "tests/integration")
RECORDINGS = "bench/recordings"
"""Recorded hosts that unit tests read."""
UNITS_NEED = ("pytest", "pytest-forked", "pytest-mock", "pytest-xdist")
LAB_ROOT_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "portkeeper-lab"


@dataclass(frozen=True)
class Core:
    """A release line of ansible-core and the Pythons that its controller side supports, best first."""

    label: str
    requirement: str
    pythons: tuple[str, ...]


CORES = (
    Core("oldest", "ansible-core~=2.16.0", ("3.11", "3.12", "3.10")),
    Core("newest", "ansible-core", ("3.13", "3.14", "3.12")),
)


@dataclass(frozen=True)
class Interpreter:
    """A Python and the command prefix that reaches it (empty, or a chroot into the lab's Debian 13 root)."""

    version: str
    path: str
    prefix: tuple[str, ...] = ()


def version_of(command: list[str]) -> str | None:
    """Return ``X.Y`` of a Python that runs and can make virtual environments, or None."""
    probe = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([*command, "-c", probe], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def local_pythons() -> dict[str, Interpreter]:
    """Find the Pythons of this machine by the usual names and in pyenv's folder."""
    names = [shutil.which(f"python3.{minor}") for minor in range(10, 16)]
    names += [shutil.which("python3")]
    names += sorted(str(path) for path in Path.home().glob(".pyenv/versions/*/bin/python3"))
    found: dict[str, Interpreter] = {}
    for name in names:
        version = version_of([name]) if name else None
        if name and version:
            found.setdefault(version, Interpreter(version, name))
    return found


def lab_python() -> dict[str, Interpreter]:
    """Offer the Python of the lab's Debian 13 root, installing it there when it is not (needs root)."""
    roots = sorted(path for path in LAB_ROOT_CACHE.glob("root-*") if (path / "usr/bin/apt-get").exists())
    if os.geteuid() != 0 or not roots:
        return {}
    root = roots[-1]
    mounts = " && ".join(
        [
            f"mount --bind /proc {root}/proc",
            f"mount --bind /dev {root}/dev",
            f"mkdir -p {root}{CHECKOUT}",
            f"mount --bind {CHECKOUT} {root}{CHECKOUT}",
            f"cp -L /etc/resolv.conf {root}/etc/resolv.conf",
            f'exec chroot {root} "$@"',
        ]
    )
    prefix = ("unshare", "--mount", "sh", "-c", mounts, "sh")
    if not (root / "usr/bin/git").exists() or not (root / "usr/bin/python3").exists():
        install = "apt-get -qq update && apt-get -qq install -y python3-venv git >/dev/null"
        subprocess.run([*prefix, "sh", "-c", install], check=True)
    version = version_of([*prefix, "/usr/bin/python3"])
    return {version: Interpreter(version, "/usr/bin/python3", prefix)} if version else {}


def choose(core: Core) -> Interpreter | None:
    """Pick the Python for a release of ansible-core: this machine's first, then the lab root's."""
    for source in (local_pythons, lab_python):
        offered = source()
        for version in core.pythons:
            if version in offered:
                return offered[version]
    return None


def copy_collection(destination: Path) -> None:
    """Copy the collection's files and make the copy a repository, as ansible-test wants it."""
    copy_files(destination, leave_out=NOT_IN_COLLECTION)
    shutil.copytree(CHECKOUT / RECORDINGS, destination / RECORDINGS)
    subprocess.run(["git", "init", "-q"], cwd=destination, check=True)
    subprocess.run(["git", "add", "-A"], cwd=destination, check=True)


def seed_pip(home: Path, venv: Path) -> None:
    """Put our bootstrap script where ansible-test looks before it downloads one."""
    internals = next(venv.glob("lib/python*/site-packages/ansible_test/_internal/python_requirements.py"))
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for pin in set(re.findall(r"'(\d+\.\d+(?:\.\d+)?)'", internals.read_text(encoding="utf-8"))):
        shutil.copy2(CHECKOUT / "scripts" / "get_pip.py", cache / f"get_pip_{pin.replace('.', '_')}.py")


def prepare(core: Core, interpreter: Interpreter) -> tuple[Path, Path, dict[str, str]]:
    """Make the virtual environment, the copy and the environment variables for one release."""
    venv = CACHE / f"ansible-test-{core.label}-{interpreter.version}"
    requirements = [core.requirement, *UNITS_NEED, "-r", str(CHECKOUT / "tests/unit/requirements.txt")]
    if not (venv / "bin" / "ansible-test").exists():
        subprocess.run([*interpreter.prefix, interpreter.path, "-m", "venv", str(venv)], check=True)
    pip = [*interpreter.prefix, str(venv / "bin/python"), "-m", "pip", "install", "-q", "--upgrade"]
    subprocess.run([*pip, *requirements], check=True)
    home = CACHE / f"ansible-test-home-{core.label}"
    collection = CACHE / f"ansible-test-{core.label}" / "ansible_collections" / Path(*NAME.split("."))
    copy_collection(collection)
    seed_pip(home, venv)
    environment = {
        **os.environ,
        "HOME": str(home),
        "PATH": f"{venv}/bin:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": "",
        "ANSIBLE_HOME": str(home / ".ansible"),
        "NO_COLOR": "1",
    }
    return venv, collection, environment


def run(core: Core, kinds: list[str]) -> list[str]:
    """Run the given kinds on one release; return the lines that say what failed or did not run."""
    interpreter = choose(core)
    if interpreter is None:
        return [f"NOT RUN: {', '.join(kinds)} on {core.requirement}: no Python {' or '.join(core.pythons)} here"]
    venv, collection, environment = prepare(core, interpreter)
    failed = []
    for kind in kinds:
        command = [str(venv / "bin/ansible-test"), kind, "--local", "--python", interpreter.version, "--color", "no"]
        where = f"ansible-test {kind}, {core.label} ansible-core, Python {interpreter.version}"
        print(f"== {where}", flush=True)
        enter = ["sh", "-c", 'cd "$0" && exec "$@"', str(collection)]
        if subprocess.run([*interpreter.prefix, *enter, *command], env=environment, check=False).returncode:
            failed.append(f"FAILED: {where}")
    return failed


def main(arguments: list[str]) -> int:
    """Run what is asked for (``sanity``, ``units``, or both) on every supported end of ansible-core."""
    problems = [line for core in CORES for line in run(core, arguments or ["sanity", "units"])]
    print("\n".join(problems) or "ansible-test: everything passed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
