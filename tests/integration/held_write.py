# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A write that is held up on a lab host with an SSH server, and what others see and send meanwhile."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portkeeper_lab.template import LAB_FOLDER

WRITES = re.compile(r"reg\.exe (add|delete|import)|\b(md|rd|del|copy|move) ")
"""What a line that changes the host contains. One that looks at its lock does not."""


@contextmanager
def write_held(host: Any) -> Iterator[Callable[[], None]]:
    """Hold a write up where it has compared the old values, and has still to write.

    It goes on when the block calls what it is given, or at its end.
    """
    held = Path(host.info["prefix"]) / LAB_FOLDER / "fc-waits"
    held.touch()
    try:
        yield lambda: held.unlink(missing_ok=True)
    finally:
        held.unlink(missing_ok=True)


def owners_of_lock(host: Any) -> list[str]:
    """Return who holds the host's lock."""
    return [path.name for path in (Path(host.info["prefix"]) / "drive_c/windows/portkeeper/lock").glob("*")]


def behind_write(host: Any) -> list[str]:
    """Return the commands that were sent behind the write, which was the third."""
    typed = host.ssh(op="typed")["typed"]
    return [line for line in typed if "portkeeper-end-" not in line][3:]


def eventually(holds: Callable[[], object], seconds: float = 30.0) -> bool:
    """Wait until something holds, and return whether it did."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
