# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take and release the lock on a host."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from ansible.errors import AnsibleError

from ...module_utils._commands.lock import (
    ADOPTING,
    survey_line,
    takeover_line,
    unlock_line,
)
from ...module_utils._commands.lock_state import (
    LockState,
    judge,
    parse_listing,
    parse_survey,
    taken_at,
)
from ...module_utils._parsers.transcript import Transcript
from ...module_utils._problems import listed
from .._connection.errors import HostFailure
from .._connection.exchange import Exchange
from .._files import home, write_json
from .._verbose import STEPS

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Names the controller's boot, with which its monotonic clock starts again."""

_NO_FOLDER = (
    "did not let us create our folder %SystemRoot%\\portkeeper, and nothing was changed: the user needs the rights"
    " of an administrator, and the disk needs room"
)

_NOT_LET_IN = (
    "has a folder %SystemRoot%\\portkeeper of an earlier version or of somebody else, which does not use our lock, and"
    " nothing was changed: see that its disk has room; else an administrator adopts the folder there with"
    f" '{ADOPTING[0]}' and '{ADOPTING[1]}' (or deletes it, with its backups), then run again"
)


class HostLock:
    """The lock of a host, owned by one task. No other code takes or releases it.

    The end of the `with` block releases the lock if this task still holds it. If an answer was lost, it first ends the
    command, which may still run. Lasting work (the script of a window, a boot) continues after its command has ended:
    its lock stays until the host releases it, or until `take_back`.

    Attributes:
        exchange: with the host.
        name: our lock file, `<UTC seconds of the host's clock>-<nonce>`.
    """

    def __init__(self, exchange: Exchange, *, lasting: bool = False) -> None:
        """Send nothing.

        Args:
            exchange: with the host.
            lasting: whether the work continues after its command has ended.
        """
        self.exchange = exchange
        self.name = f"{exchange.session.host_clock.now() or 0}-{exchange.run}"
        self._lasting = lasting
        self._ours = False

    def __enter__(self) -> HostLock:
        """Do nothing yet; `run` takes the lock."""
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Release the lock if this task holds it."""
        if self._ours:
            self._release(self.exchange)
        session = self.exchange.session
        if isinstance(error, HostFailure) and session.doubtful and not self._lasting:
            # What was sent last may still run, and holds the lock.
            session.reconnect()
            if session.end_left_shells():
                self._release(self.exchange)

    def run(self, line: str, over: Exchange | None = None) -> Transcript:
        """Run a command under the lock, and take over a stale lock first.

        Args:
            line: the command line; it begins with `lock_section` and does its work only if the lock is ours.
            over: a session of its own for this command and what it takes to get the lock.

        Raises:
            HostFailure: somebody else holds the lock, or it could not be made.
        """
        exchange = over or self.exchange
        transcript = exchange.send(line)
        first = _listed(transcript)
        if not first.held_by(self.name):
            self._say_who(first)
            self._take_over(exchange)
            transcript = exchange.send(line)
        listing = _listed(transcript)
        if not listing.held_by(self.name):
            self._refuse(exchange, listing, _lost_race(listing))
        self._ours = not self._lasting
        return transcript

    def hand_over(self) -> None:
        """Let the next command release the lock."""
        self._ours = False

    def take_back(self) -> None:
        """End or cancel lasting work: the lock is released at the end of the block."""
        self._ours = True

    def _say_who(self, state: LockState) -> None:
        """Report who has the lock, and for how long by the host's clock."""
        session = self.exchange.session
        if session.verbose.shows(STEPS):
            others = [holder for holder in state.files if holder != self.name]
            now = session.host_clock.now() or 0
            since = [seconds for holder in state.holders if holder != self.name and (seconds := taken_at(holder))]
            age = f" for {max(0, now - min(since))} s" if since and now else ""
            held = f"is held by {listed(others)}{age}" if others else "is not ours yet"
            session.verbose.step("the lock of the host {}: looks whether it may be taken", held)

    def _take_over(self, exchange: Exchange) -> None:
        """Take over a stale lock.

        Raises:
            HostFailure: somebody may hold it.
        """
        found, there = _survey(exchange)
        sighting = _Sighting.of(exchange, found)
        verdict = judge(found, exchange.session.host_clock.now(), sighting.seconds())
        if isinstance(verdict, str):
            self._refuse(exchange, found, verdict)
        listing = _listed(exchange.send(takeover_line(exchange.run, self.name, verdict)))
        if not listing.held_by(self.name):
            self._refuse(exchange, listing, _lost_race(listing, there))
        sighting.forget()
        exchange.session.verbose.step("has taken the lock of the host")

    def _refuse(self, exchange: Exchange, state: LockState, sentence: str) -> NoReturn:
        """Fail, and remove this run's file from a shared lock: two runs took it at the same time."""
        if self.name in state.holders:
            self._release(exchange)
        raise exchange.failure(sentence, dns_may_be_stopped=False)

    def _release(self, exchange: Exchange) -> None:
        """Release the lock with a separate command, mostly after a failure, which an error here must not hide.

        Where the host does not do it the lock stays, and grows old.
        """
        self._ours = False
        with contextlib.suppress(HostFailure):
            exchange.send(unlock_line(exchange.run, self.name))


def _listed(transcript: Transcript) -> LockState:
    return parse_listing(transcript.lines("lock"))


def _survey(exchange: Exchange) -> tuple[LockState, bool]:
    """Return who holds the lock, and whether a file or folder has the name of the collection's folder."""
    transcript = exchange.send(survey_line(exchange.run))
    state = parse_survey(*(transcript.lines(name) for name in ("lock", "lock_files", "windows", "boot")))
    return state, "there" in transcript.lines("folder")


def _lost_race(state: LockState, there: bool = False) -> str:
    if state.files or state.foreign:
        verdict = judge(state, None, 0)
        return verdict if isinstance(verdict, str) else "is locked by another run of portkeeper: run again"
    return _NOT_LET_IN if there else _NO_FOLDER


@dataclass(frozen=True)
class _Sighting:
    """The state of a lock that a run on this controller saw, so that a later run knows how long it has not changed.

    The clock is the controller's monotonic one, which cannot be set; it lasts until the controller's next boot.

    Attributes:
        path: the controller's file; None where nothing can or need be kept.
        content: what was seen.
    """

    path: Path | None
    content: dict[str, object]

    @classmethod
    def of(cls, exchange: Exchange, state: LockState) -> _Sighting:
        """Return the current sighting."""
        windows = sorted([name, *sorted(files)] for name, files in (state.windows or {}).items())
        try:
            boot = _BOOT_ID.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return cls(None, {})
        target = hashlib.sha256(str(exchange.session.target).encode()).hexdigest()[:32]
        content: dict[str, object] = {"boot": boot, "files": list(state.files), "windows": windows}
        return cls(home() / "locks" / f"{target}.seen" if state.files else None, content)

    def seconds(self) -> float:
        """Return the seconds since a run first saw exactly this state, and store a new one."""
        if self.path is None:
            return 0.0
        now = time.monotonic()
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            seen = json.loads(self.path.read_text(encoding="utf-8"))
            since = float(seen.pop("since"))
            if seen == self.content and since <= now:
                return now - since
        # A controller that cannot keep it judges by the host's clock alone.
        with contextlib.suppress(AnsibleError):
            write_json(self.path, {**self.content, "since": now})
        return 0.0

    def forget(self) -> None:
        """Delete the sighting: the lock is gone."""
        if self.path is not None:
            with contextlib.suppress(OSError):
                self.path.unlink()
