# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases of ansible-core, and a Python for each: one of this machine, else one of the lab's root.

`make test` takes the oldest and the newest, `make test-cores` those between them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from checkout import CHECKOUT

UNITS_NEED = ("pytest", "pytest-forked", "pytest-mock", "pytest-xdist")
LAB_ROOT_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "portkeeper-lab"


@dataclass(frozen=True)
class Core:
    """A release line of ansible-core and the Pythons that its controller side supports, best first."""

    requirement: str
    pythons: tuple[str, ...]


ENDS = {
    "oldest": Core("ansible-core~=2.16.0", ("3.11", "3.12", "3.10")),
    "newest": Core("ansible-core", ("3.13", "3.14", "3.12")),
}
BETWEEN = {
    "2.17": Core("ansible-core~=2.17.0", ("3.12", "3.11", "3.10")),
    "2.18": Core("ansible-core~=2.18.0", ("3.13", "3.12", "3.11")),
    "2.19": Core("ansible-core~=2.19.0", ("3.13", "3.12", "3.11")),
    "2.20": Core("ansible-core~=2.20.0", ("3.13", "3.14", "3.12")),
}
CORES = {**ENDS, **BETWEEN}


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
    if not all((root / "usr" / "bin" / program).exists() for program in ("git", "python3", "ssh")):
        install = "apt-get -qq update && apt-get -qq install -y python3-venv git openssh-client >/dev/null"
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


def seed_pip(home: Path, venv: Path) -> None:
    """Put our bootstrap script where ansible-test looks before it downloads one."""
    internals = next(venv.glob("lib/python*/site-packages/ansible_test/_internal/python_requirements.py"))
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for pin in set(re.findall(r"'(\d+\.\d+(?:\.\d+)?)'", internals.read_text(encoding="utf-8"))):
        shutil.copy2(CHECKOUT / "scripts" / "get_pip.py", cache / f"get_pip_{pin.replace('.', '_')}.py")
