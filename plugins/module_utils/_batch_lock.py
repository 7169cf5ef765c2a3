# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock on the host as cmd text: a directory with one file named `<controller UTC seconds>-<nonce>`.

Creating a directory is atomic on Windows, and so is renaming one file: whoever succeeds holds the lock. The seconds
are those of the controller's clock, because the clocks of old servers are not to be trusted. A window that is open
adds `window-<UTC seconds of its deadline>-<nonce>`, which its own script deletes at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_text import (
    OURS,
    lock_name,
    section,
    wrap,
)

LOCK = rf"{OURS}\lock"
"""The lock's directory, seen from system32."""

_THERE = "there"

STALE_AFTER = 600
"""Seconds after which a lock is taken over; a write takes one, a window says its own deadline."""

_HELD = re.compile(r"(?P<since>[0-9]{1,12})-[0-9a-f]{16}")
_WINDOW = re.compile(r"window-(?P<until>[0-9]{1,12})-[0-9a-f]{16}")


@dataclass(frozen=True)
class LockState:
    """What the lock directory's listing says.

    Attributes:
        holders: names of lock files, sorted; ours alone means that we hold it.
        window_until: UTC seconds of the latest deadline of an open window; 0 without one.
        foreign: True when something lies there that is not ours to judge.
        exists: whether there is a lock directory at all, empty or not.
    """

    holders: tuple[str, ...]
    window_until: int
    foreign: bool
    exists: bool = True

    def held_by(self, name: str) -> bool:
        """Whether exactly this lock file is there."""
        return self.holders == (name,)

    def held_since(self) -> int:
        """UTC seconds of the newest holder; 0 without one."""
        return max((int(name.partition("-")[0]) for name in self.holders), default=0)

    def stale_name(self, now: int) -> str | None:
        """The name to take over, or None while the lock counts as alive.

        Args:
            now: UTC seconds of the controller's clock.
        """
        if self.foreign or len(self.holders) != 1 or self.window_until > now:
            return None
        return self.holders[0] if now - self.held_since() > STALE_AFTER else None


def parse_listing(lines: Iterable[str]) -> LockState:
    """Reads what `lock_section` shows: a word where the lock directory exists, and its bare listing."""
    holders, until, foreign, exists = [], 0, False, False
    for line in (line.strip() for line in lines):
        window = _WINDOW.fullmatch(line)
        if _HELD.fullmatch(line):
            holders.append(line)
        elif window:
            until = max(until, int(window["until"]))
        elif line == _THERE:
            exists = True
        elif line:
            foreign = True
    return LockState(tuple(sorted(holders)), until, foreign, exists)


def lock_section(run: str, name: str, stale: str | None = None, orphan: bool = False) -> str:
    """The section `lock`: tries to take the lock and lists who holds it.

    Args:
        run: the nonce of the transcript.
        name: our lock file.
        stale: the file of a holder that is too old, to be renamed to ours.
        orphan: the directory was found empty: its maker died between two steps. It gets two seconds to go on.
    """
    mine = rf"{LOCK}\{lock_name(name)}"
    if stale is not None:
        take = rf"ren {LOCK}\{lock_name(stale)} {name}"
    elif orphan:
        take = f"ping.exe -n 3 127.0.0.1 >nul&rd {LOCK}&&md {LOCK}&&echo held>{mine}"
    else:
        take = f"md {LOCK}&&echo held>{mine}"
    # A word of our own: whether `dir` calls an empty directory an error depends on the command processor.
    return section(run, "lock", rf"md {OURS}&{take}&(if exist {LOCK}\. echo {_THERE})&dir /b {LOCK}")


def if_locked(name: str, command: str) -> str:
    """Runs the command only while our lock file is there."""
    return rf"(if exist {LOCK}\{lock_name(name)} ({command}))"


def unlock_section(run: str, name: str) -> str:
    """The section `unlock`: gives back the lock if it is ours, and lists what is left."""
    mine = rf"{LOCK}\{lock_name(name)}"
    return section(run, "unlock", f"(if exist {mine} (del {mine}&rd {LOCK}))&dir /b {LOCK}")


def unlock_line(run: str, name: str) -> str:
    """One command line that only gives back the lock."""
    return wrap(run, [unlock_section(run, name)])
