# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write files on the controller atomically, for their owner only, and never through a link.

A folder that the user names may be reached through links, because that is the user's choice. Below it everything is
made by us, so that a link there was planted: a folder that is one is refused, a file that is one is replaced by a file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from ansible.utils.display import Display

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_CHMOD = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)

_TEMPORARY = re.compile(r"\.portkeeper-[0-9a-f]{16}")
_LEFT_S = 86_400
"""Seconds after which a file that is still being written was left by a process that was killed."""

_warned: set[int] = set()


def private_folder(path: Path) -> None:
    """Create a folder and its missing parents for the owner only. An existing folder is not changed.

    Raises:
        OSError: it could not be made.
    """
    for folder in (*reversed(path.parents), path):
        folder.mkdir(mode=0o700, exist_ok=True)


def write_file(path: Path, content: bytes, mode: int = 0o600, base: Path | None = None, durable: bool = True) -> None:
    """Write a file atomically: a reader sees the old content or the new.

    Args:
        path: the file.
        content: its bytes.
        mode: its permissions.
        base: the folder above it that the user named; None for the one that holds the file.
        durable: wait until it would outlast a power failure of the controller; and tidy up, which a run over many hosts
            need not do for each file of a check.

    Raises:
        OSError: it could not be written; a folder below `base` is a link.
    """
    with _opened_folder(path.parent, base or path.parent) as folder:
        temporary = f".portkeeper-{secrets.token_hex(8)}"
        handle = os.open(temporary, _NEW, 0o600, dir_fd=folder)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                _restrict(handle, mode, path)
                if durable:
                    os.fsync(handle)
            os.rename(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise
        if durable:
            # Some shared file systems cannot do this for a folder.
            with contextlib.suppress(OSError):
                os.fsync(folder)
            _remove_left(folder)


def open_private(path: Path) -> TextIO:
    """Open a file for locking, reading and writing. Create it if it is missing, and never follow a link.

    Raises:
        OSError: it could not be opened.
    """
    private_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    return os.fdopen(handle, "r+", encoding="utf-8")


def read_plain(path: Path) -> bytes | None:
    """Return the content of a file; None if there is none, or something else of that name, for example a link.

    Raises:
        OSError: it could not be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return None
        raise
    with os.fdopen(handle, "rb") as stream:
        return stream.read() if stat.S_ISREG(os.fstat(handle).st_mode) else None


@contextlib.contextmanager
def _opened_folder(path: Path, base: Path) -> Iterator[int]:
    """Open a folder. Missing folders from `base` down are created, and none below it is reached through a link."""
    private_folder(base)
    handle = os.open(base, _FOLDER)
    try:
        for name in path.relative_to(base).parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=handle)
            below = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=handle)
            os.close(handle)
            handle = below
        yield handle
    finally:
        os.close(handle)


def _remove_left(folder: int) -> None:
    """Remove files that killed writers have left in a folder: with the collection's names, and older than a day."""
    with contextlib.suppress(OSError):
        for name in filter(_TEMPORARY.fullmatch, os.listdir(folder)):
            # Another run may be as quick as we are, and remove it first.
            with contextlib.suppress(OSError):
                found = os.lstat(name, dir_fd=folder)
                if stat.S_ISREG(found.st_mode) and found.st_mtime < time.time() - _LEFT_S:
                    os.unlink(name, dir_fd=folder)


def _restrict(handle: int, mode: int, path: Path) -> None:
    """Set the permissions. Warn once per file system that cannot keep them, as some shared folders cannot."""
    try:
        os.fchmod(handle, mode)
    except OSError as error:
        if error.errno not in _NO_CHMOD:
            raise
    found = os.fstat(handle)
    if stat.S_IMODE(found.st_mode) & ~mode and found.st_dev not in _warned:
        _warned.add(found.st_dev)
        Display().warning(
            f"The file system of {path.parent} does not keep permissions: others may read what is written there, for"
            " example backups and artifacts. Choose another folder, or restrict the whole share."
        )
