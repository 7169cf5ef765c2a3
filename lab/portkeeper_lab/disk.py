# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drive of a host: a folder of this machine, or a file system in memory of a fixed size, which can fill up.

Only C:\\windows lies on it: pipes of Wine's cmd are files in the user's temporary folder, while those of Windows need
no room.
"""

from __future__ import annotations

import contextlib
import errno
import subprocess
from pathlib import Path

from portkeeper_lab.paths import LabError

WINDOWS = "drive_c/windows"
_FILLER = "filler"
_STEP = 64 * 1024


class Disk:
    """Where the files of one host lie.

    Attributes:
        place: its C:\\windows as seen from outside.
    """

    def __init__(self, prefix: Path, megabytes: int | None) -> None:
        """Take the host's prefix and the room; None is that of this machine."""
        self.place = prefix / WINDOWS
        self._megabytes = megabytes

    def mount(self) -> None:
        """Make the file system, if it has a fixed size.

        Raises:
            LabError: the kernel refused.
        """
        if self._megabytes is None:
            return
        self.place.mkdir(parents=True)
        options = f"mode=755,size={self._megabytes}m"
        command = ["mount", "-t", "tmpfs", "-o", options, "disk", str(self.place)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"The drive of {self._megabytes} MB could not be made: {done.stderr.strip()}")

    def fill(self) -> None:
        """Play somebody else who fills the drive: new files can be made, and nothing can be written into them.

        Raises:
            LabError: the drive has no fixed size.
        """
        if self._megabytes is None:
            raise LabError("Only a drive with a fixed size can be filled: set disk_mb in the scenario.")
        with (self.place / _FILLER).open("ab", buffering=0) as stream:
            step = _STEP
            while step:
                try:
                    stream.write(bytes(step))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    step //= 2

    def free(self) -> None:
        """Free the space again."""
        (self.place / _FILLER).unlink(missing_ok=True)


def unmount(prefix: Path) -> None:
    """Release the file system of a host's drive, if it has one."""
    place = prefix / WINDOWS
    if place.is_mount():
        with contextlib.suppress(OSError):
            subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)
