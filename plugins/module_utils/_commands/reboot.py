# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the commands of a reboot. They run under the lock, which stays until the host is back."""

from __future__ import annotations

from .cmd import section, wrap
from .collect import section_commands
from .lock import if_locked, lock_section

DELAY_S = 5
"""Seconds between the command and the shutdown: the answer must come through."""

_COMMENT = "portkeeper: settings take effect at the next boot"


def reboot_line(run: str, lock: str) -> str:
    """Render the line that takes the lock with our lock file and then asks Windows to reboot.

    The sections: `lock`; and only if the lock is ours `reboot`, with the error level of shutdown.
    """
    ask = section(run, "reboot", f'shutdown.exe -r -f -t {DELAY_S} -c "{_COMMENT}">nul')
    return wrap(run, [lock_section(run, lock), if_locked(lock, ask)])


def boot_line(run: str) -> str:
    """Render the line that reads only the boot mark, in the section `boot`."""
    return wrap(run, section_commands(run, ["boot"]))
