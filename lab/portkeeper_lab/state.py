# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the running hosts. A host runs as long as its lock is held."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from pathlib import Path
from typing import IO

from portkeeper_lab.disk import unmount
from portkeeper_lab.paths import LabError, cache_dir, locked, state_dir

UNIX_PATH_LIMIT = 100
"""Bytes; the kernel allows 107 for the path of a unix socket."""


def host_dir(name: str) -> Path:
    """Return the state folder of the host of that name."""
    if not name.replace("-", "").replace("_", "").isalnum() or len(name) > 32:
        raise LabError(f"{name!r} is no name for a host: letters, digits, - and _, at most 32 of them.")
    path = state_dir() / name
    if len(str(path).encode()) > UNIX_PATH_LIMIT - len("/control"):
        raise LabError(f"The path {path} is too long for a socket; set XDG_RUNTIME_DIR to a shorter folder.")
    return path


def prefix_path(name: str) -> Path:
    """Return the path of the host's prefix. It contains the state folder, because all state folders share the cache."""
    folder = cache_dir() / "hosts"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}-{hashlib.sha256(str(state_dir()).encode()).hexdigest()[:8]}"


def try_lock(folder: Path) -> IO[str] | None:
    """Take the lock that a supervisor holds for as long as it lives; None while one does."""
    handle = open(folder / "lock", "a", encoding="ascii")  # noqa: SIM115
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return None
    return handle


def sweep(name: str) -> bool:
    """Remove the files of a host whose supervisor was killed and return whether there is nothing (left) of it."""
    with locked(state_dir() / "hosts"):
        return _sweep(name)


def _sweep(name: str) -> bool:
    folder = host_dir(name)
    if not folder.is_dir():
        return True
    lock = try_lock(folder)
    if lock is None:
        return False
    with lock:
        unmount(prefix_path(name))
        shutil.rmtree(prefix_path(name), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
    return True


def claim(name: str) -> IO[str]:
    """Make the state folder of a new host and return its lock, to be held while the host lives.

    Raises:
        LabError: a host of that name is there already.
    """
    with locked(state_dir() / "hosts"):
        if not _sweep(name):
            raise LabError(f"There is a host {name} already.")
        host_dir(name).mkdir(parents=True)
        lock = try_lock(host_dir(name))
    if lock is None:
        raise LabError(f"A host {name} is being started already.")
    return lock
