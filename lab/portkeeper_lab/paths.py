# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folders of the lab, and locks against concurrent builds."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LAB_DIR = Path(__file__).resolve().parent.parent
SOURCES = LAB_DIR / "csrc"
FORMATS = LAB_DIR / "formats"
SCENARIOS = LAB_DIR / "scenarios"


class LabError(Exception):
    """Something that the person at the keyboard can mend; the message is one sentence or two."""


def cache_dir() -> Path:
    """Return the folder for what is costly to build: roots, programs, templates, the hosts' prefixes."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(base) / "portkeeper-lab"
    path.mkdir(parents=True, exist_ok=True)
    return path


def state_dir() -> Path:
    """Return the folder of the running hosts, one subfolder each."""
    candidates = [os.environ.get("XDG_RUNTIME_DIR"), "/run", tempfile.gettempdir()]
    base = next(Path(c) for c in candidates if c and os.access(c, os.W_OK))
    path = base / "portkeeper-lab"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file beside `path` (waits for it)."""
    with open(f"{path}.lock", "a", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def require_root(what: str) -> None:
    """Raise LabError unless we are root.

    Args:
        what: what needs it, as the subject of the sentence.
    """
    if os.geteuid() != 0:
        raise LabError(f"{what} needs root: it makes namespaces, mounts and a chroot. Run it with sudo.")
