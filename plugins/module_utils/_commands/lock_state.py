# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find out who holds the lock of a host, and decide whether it may be taken over.

There are three kinds of evidence, the most certain first. Boot: a lock from before the host's last boot is stale,
because a boot ends every shell and every task. Work: the lock of a window whose script has begun and has not ended is
never taken over in the same boot. Age: it is measured with the host's own clock in UTC. If that clock is not known, or
shows a time before the lock was taken, a lock is stale only when the same files were seen unchanged for long enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .lock import CLAIMED, CLEARING, ENDED, UNGUARDED, WINDOW_PREFIX, Takeover

STALE_AFTER = 600
"""Seconds after which the lock of a write is taken over. A window's lock names its own deadline."""

AHEAD = 60
"""Seconds that a lock may be in the future, because clocks are corrected in small steps."""

MOST_FILES = 8
"""Most files and windows' folders that a run takes over; two runs at the same time leave two or three."""

LONGEST_WINDOW = 2 * 3600
"""Seconds. A window's mark with a deadline beyond this was not made with this clock."""

_HELD = re.compile(r"(?P<since>[0-9]{1,12})-(?P<nonce>[0-9a-f]{16})")
_WINDOW = re.compile(r"window-(?P<since>[0-9]{1,12})-(?P<nonce>[0-9a-f]{16})")
_SHUTDOWN = re.compile(r"ShutdownTime\s+REG_BINARY\s+([0-9A-Fa-f]{2,64})")
_BOOT_ID = re.compile(r"BootId\s+REG_DWORD\s+0x([0-9A-Fa-f]{1,8})")
_DAY_S = 86_400


@dataclass(frozen=True)
class Boot:
    """The marks of a boot of the host, compared for equality only.

    Attributes:
        shutdown: digits of ShutdownTime.
        counter: digits of BootId; None on releases without one.
    """

    shutdown: str
    counter: str | None

    def differs(self, other: Boot | None) -> bool:
        """Return whether these are certainly two different boots. A counter that only one has proves nothing."""
        if other is None:
            return False
        counted = self.counter is not None and other.counter is not None and self.counter != other.counter
        return counted or self.shutdown != other.shutdown


@dataclass(frozen=True)
class LockState:
    """The state of the lock on the host.

    Attributes:
        holders: names of lock files, sorted; the run whose file is the only one holds the lock.
        marks: names of marks of windows, sorted.
        foreign: whether the directory contains anything that portkeeper did not make.
        boots: for each file of portkeeper, the boot in which it was made; None if the file does not show it.
        windows: for each folder of a window, the names of its files.
        boot: the current boot; None if it could not be read.
    """

    holders: tuple[str, ...]
    marks: tuple[str, ...] = ()
    foreign: bool = False
    boots: Mapping[str, Boot | None] | None = None
    windows: Mapping[str, frozenset[str]] | None = None
    boot: Boot | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """All files of portkeeper in the directory."""
        return (*self.holders, *self.marks)

    def held_by(self, name: str) -> bool:
        """Return whether this lock file is the only one in the directory."""
        return self.holders == (name,) and not self.marks and not self.foreign

    def of_earlier_boot(self, name: str) -> bool:
        """Return whether a file, or another of the same run, was certainly made before the last boot."""
        nonce = name.rpartition("-")[2]
        found = [boot for file, boot in (self.boots or {}).items() if file.endswith(nonce) and boot]
        return any(boot.differs(self.boot) for boot in found)

    def windows_of(self, name: str) -> dict[str, frozenset[str]]:
        """Return the folders of windows that belong to a file's run."""
        nonce = name.rpartition("-")[2]
        return {folder: files for folder, files in (self.windows or {}).items() if folder.endswith(f"-{nonce}")}


def parse_listing(lines: Iterable[str]) -> LockState:
    """Read the bare listing of the lock's directory."""
    holders, marks, foreign = [], [], False
    for line in (line.strip() for line in lines):
        if _HELD.fullmatch(line):
            holders.append(line)
        elif _WINDOW.fullmatch(line):
            marks.append(line)
        elif line:
            foreign = True
    return LockState(tuple(sorted(holders)), tuple(sorted(marks)), foreign)


def parse_survey(
    listing: Iterable[str], files: Iterable[str], windows: Iterable[str], boot: Iterable[str]
) -> LockState:
    """Read the sections of `survey_line`. An absent section has no lines."""
    plain = parse_listing(listing)
    contents = _grouped(files, "file")
    return LockState(
        plain.holders,
        plain.marks,
        plain.foreign,
        {name: parse_boot(contents[name], whole=True) for name in plain.files if name in contents},
        parse_windows(windows),
        parse_boot(boot),
    )


def parse_windows(lines: Iterable[str]) -> dict[str, frozenset[str]]:
    """Read the section of `windows_section`: for each window, by the name of its lock, the names of its files."""
    return {
        name: frozenset(content)
        for folder, content in _grouped(lines, "window").items()
        if _HELD.fullmatch(name := folder.removeprefix(WINDOW_PREFIX))
    }


def parse_boot(lines: Iterable[str], whole: bool = False) -> Boot | None:
    """Return the boot from a query of the registry.

    Args:
        lines: of `reg query`, whose value names and types are the same in every language.
        whole: whether the text must end with the collection's last line, which a file that a full disk has cut lacks.
    """
    found = [line.strip() for line in lines if line.strip()]
    if whole and found[-1:] != [ENDED]:
        return None
    shutdown = [match[1].upper() for match in map(_SHUTDOWN.fullmatch, found) if match]
    counter = [match[1].upper() for match in map(_BOOT_ID.fullmatch, found) if match]
    if len(shutdown) != 1 or len(counter) > 1:
        return None
    return Boot(shutdown[0], counter[0] if counter else None)


def _grouped(lines: Iterable[str], word: str) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (line.strip() for line in lines):
        if line.startswith(f"{word} "):
            current = groups.setdefault(line[len(word) + 1 :], [])
        elif line:
            current.append(line)
    return groups


def decide_takeover(state: LockState, now: int | None, watched: float) -> Takeover | str:
    """Decide whether the lock of another run may be taken over.

    Args:
        state: what `survey_line` showed.
        now: UTC seconds of the host's own clock; None where it is not known.
        watched: seconds for which the same files were seen unchanged, by a monotonic clock.

    Returns:
        What to take over; or the reason why not, a sentence without its subject, the host.
    """
    if state.foreign:
        return (
            r"has files in %SystemRoot%\portkeeper\lock that are not portkeeper's, so it stays locked: when nobody"
            f" works on this server, clear it there with: {CLEARING}"
        )
    windows: set[str] = set()
    unclaimed: set[str] = set()
    for name in state.files:
        if not state.of_earlier_boot(name):
            reason = _alive(state, name, now, watched)
            if reason:
                return reason
        found = state.windows_of(name)
        # The task of a window runs at a boot, too: a script that nobody has claimed may still start.
        unclaimed |= {folder for folder, files in found.items() if files.isdisjoint((CLAIMED, ENDED))}
        windows |= set(found)
    if len(state.files) > MOST_FILES or len(windows) > MOST_FILES:
        return (
            r"has more files of dead runs in %SystemRoot%\portkeeper\lock than can be sorted out: when nobody works on"
            f" this server, clear it there with: {CLEARING}"
        )
    return Takeover(state.files, tuple(sorted(windows)), tuple(sorted(unclaimed)))


def _alive(state: LockState, name: str, now: int | None, watched: float) -> str | None:
    """Return why a file of this boot is still in use, or None."""
    window = _WINDOW.fullmatch(name)
    stamp = int(name.split("-")[1 if window else 0])
    patience = STALE_AFTER
    for files in state.windows_of(name).values():
        begun = CLAIMED in files and ENDED not in files
        if begun and UNGUARDED in files:
            # It works until its deadline without changing any of these files, and then its shell ends.
            patience = LONGEST_WINDOW
        elif begun:
            return (
                f"{_locked_since(state)}: a window, in which DNS is restarted, has begun and has not ended. If DNS runs"
                f" and no task portkeeper-{name.partition('window-')[2] or name} is at work, clear the lock there with:"
                f" {CLEARING}"
            )
    if watched > patience:
        return None
    if now is None or not stamp or stamp > now + (LONGEST_WINDOW if window else AHEAD):
        return (
            f"{_locked_since(state)}, a time that its clock cannot be compared with now: it is taken over by a run that"
            f" finds it unchanged after {patience // 60} minutes; when nobody works on this server, clear it there"
            f" with: {CLEARING}"
        )
    over = stamp <= now if window else now - stamp > STALE_AFTER
    if over:
        return None
    return (
        f"{_locked_since(state)}: try again when it is over; a lock that was left behind is taken over after"
        f" {STALE_AFTER // 60} minutes"
    )


def taken_at(holder: str) -> int:
    """Return the second, since 1970, in the name of a lock file; 0 if the host did not send its time."""
    return int(holder.partition("-")[0])


def _locked_since(state: LockState) -> str:
    """Return the beginning of a refusal. It shows only the time of day, because a listing may contain any number."""
    since = max(map(taken_at, state.holders), default=0)
    minutes, seconds = divmod(since % _DAY_S, 60)
    since_text = f" since {minutes // 60:02}:{minutes % 60:02}:{seconds:02} UTC" if since else ""
    return f"is locked by another run of portkeeper{since_text}"
