# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restart one host of a restart group at a time, and stop the group after a failure."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from ansible.errors import AnsibleError

from ...module_utils._fleet.artifact import file_name as escaped
from .._connection.errors import HostFailure
from .._files import RUN_ID, home, write_text
from .._verbose import SILENT, Verbose
from .._writer import open_private, private_folder

WHOLE_CALL = "play"
"""Beginning of the name of the group of all hosts that name none: those of this call of ansible-playbook."""

STALE_READING_S = 10
"""Seconds of waiting for other hosts after which the host is read again before it is rebooted or its DNS is stopped."""

TOLD_AFTER_S = 3
"""Seconds of waiting after which it is said who is waited for."""

KEPT_S = 30 * 86_400
"""Seconds after which files of earlier calls are removed."""

_PAUSE_S = 0.2
_NAME_BYTES_MAX = 300


@contextlib.contextmanager
def restart_group_lock(
    group: str | None, host: str, folder: Path | None = None, *, verbose: Verbose = SILENT
) -> Iterator[float]:
    """Wait until no other member of the group is at work, and yield the seconds waited.

    A marker exists during the work, and stays unless it ended well, also if the process was killed. It is
    valid for this call of ansible-playbook.

    Args:
        group: the policy's name of the group; None for all hosts of this call that name none.
        host: inventory name, for the marker.
        folder: where locks and markers lie; the one below ANSIBLE_HOME by default.
        verbose: says who is waited for.

    Raises:
        HostFailure: an earlier member failed, or was stopped.
        AnsibleError: the lock file cannot be made.
    """
    name = Path(str(escaped(group or f"{WHOLE_CALL}-{RUN_ID}"))).stem
    where = folder or home() / "locks"
    marker = where / f"{name}-{RUN_ID}.failed"
    began = time.monotonic()
    try:
        private_folder(where)
        _remove_old(where)
        stream = open_private(where / f"{name}.lock")
    except OSError as error:
        raise AnsibleError(f"The restart group's lock could not be created in {where}: {error.strerror}.") from None
    with stream:
        _lock(stream, f"the restart group {group}" if group else "this run", verbose)
        _name_holder(stream, host)
        if marker.exists():
            failed = marker.read_text(encoding="utf-8").strip()
            raise HostFailure(
                f"Not started: {failed} failed before in the same restart group. Solve that, then run again.", "restart"
            )
        write_text(marker, host)
        yield time.monotonic() - began
        marker.unlink(missing_ok=True)


def _lock(stream: TextIO, whose: str, verbose: Verbose) -> None:
    """Take the lock, and report once if that takes a while."""
    began = time.monotonic()
    deadline = began + TOLD_AFTER_S
    while time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_PAUSE_S)
    verbose.wait_for_host(_holder(stream), whose)
    fcntl.flock(stream, fcntl.LOCK_EX)
    verbose.step("has waited {:.0f} s for other hosts of {}", time.monotonic() - began, whose)


def _name_holder(stream: TextIO, host: str) -> None:
    """Record who has the lock, for those who wait. If the disk is full, only they miss it."""
    with contextlib.suppress(OSError):
        os.ftruncate(stream.fileno(), 0)
        os.pwrite(stream.fileno(), host.encode("utf-8", "replace"), 0)


def _holder(stream: TextIO) -> str:
    with contextlib.suppress(OSError):
        return os.pread(stream.fileno(), _NAME_BYTES_MAX, 0).decode("utf-8", "replace") or "another host"
    return "another host"


def _remove_old(where: Path) -> None:
    """Remove markers, and locks of default groups, of runs that ended long ago."""
    limit = time.time() - KEPT_S
    for path in (*where.glob("*.failed"), *where.glob(f"{WHOLE_CALL}-*.lock")):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < limit:
                path.unlink()
