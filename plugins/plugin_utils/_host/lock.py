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

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ...module_utils._commands.lock import ADOPTING, survey_line, takeover_line, unlock_line
from ...module_utils._commands.lock_state import LockState, decide_takeover, parse_listing, parse_survey, taken_at
from ...module_utils._parsers.transcript import Transcript
from ...module_utils._problems import listed
from .._connection.errors import HostFailure
from .._connection.exchange import Exchange
from .._files import home, write_json
from .._verbose import STEPS

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""The file with the id of the controller's boot: its monotonic clock starts again with each boot."""

LEFT_S = 60
"""Longest wait, in seconds, for a command whose connection was lost to release its lock."""

_LOOK_S = 3
"""Seconds between two checks of that lock."""

_NO_FOLDER = (
    "did not allow the folder %SystemRoot%\\portkeeper to be created, and nothing was changed: the user needs the"
    " rights of an administrator, and the disk needs room"
)

_NOT_LET_IN = (
    "has a folder %SystemRoot%\\portkeeper of an earlier version or of somebody else, in which no lock can be made, and"
    " nothing was changed: check that the disk has room; otherwise an administrator adopts the folder there with"
    f" '{ADOPTING[0]}' and '{ADOPTING[1]}' (or deletes it, with its backups), then run again"
)

_EVIDENCE = frozenset(("lock", "lock_files", "windows"))
"""Sections of the survey without which no lock is taken over. Without `boot`, a lock is treated as of this boot."""


class HostLock:
    """The lock of a host, owned by one task. No other code takes or releases it.

    The end of the `with` block releases the lock if this task still holds it. If an answer was lost, it first ends the
    command, which may still run. If nothing can end the command (`survives_disconnection`), the lock stays: a write
    releases it at its end, and the block waits for that; any other lock stays until it is stale. Lasting work (the
    script of a window, a boot) continues after its command: its lock stays until the host releases it, or until
    `take_back`.

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
        self._ours = self._handed_over = False

    def __enter__(self) -> HostLock:
        """Do nothing yet; `run` takes the lock."""
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Release the lock if this task holds it."""
        session = self.exchange.session
        if self._ours:
            if session.doubtful and session.survives_disconnection:
                # Only a reading was lost; nothing can be sent over its connection.
                session.reconnect()
            self._release(self.exchange)
        if isinstance(error, HostFailure) and session.doubtful and not self._lasting:
            # What was sent last may still run, and holds the lock.
            session.reconnect()
            if session.end_left_shells():
                self._release(self.exchange)
            elif self._handed_over:
                self._await_release()

    def run(self, line: str, over: Exchange | None = None) -> Transcript:
        """Run a command under the lock, and take over a stale lock first.

        Args:
            line: the command line; it begins with `lock_section` and does its work only if the lock is ours.
            over: a separate session for this command and for taking the lock.

        Raises:
            HostFailure: somebody else holds the lock, or it could not be taken.
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
        """Leave it to the next command to release the lock."""
        self._ours, self._handed_over = False, True

    def take_back(self) -> None:
        """Note that lasting work has ended or was cancelled: the end of the block releases the lock."""
        self._ours = True

    def _await_release(self) -> None:
        """Wait until the lost command has released the lock, so that it cannot change what is read afterwards.

        If it does not release it, or the host does not answer, the lock stays: no run writes before it is stale.
        """
        session, deadline = self.exchange.session, time.monotonic() + LEFT_S
        while (left := deadline - time.monotonic()) > 0:
            session.verbose.step("waits until the lost command has released the lock, at most {:.0f} s", left)
            try:
                if self.name not in _survey(self.exchange)[0].files:
                    session.forget_left()
                    return
                time.sleep(_LOOK_S)
            except (HostFailure, AnsibleConnectionFailure):
                pause = session.pause_before_retry(_LOOK_S)
                if pause is None:
                    return
                session.reconnect()
                time.sleep(pause)

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
            HostFailure: another run may still use it.
        """
        found, there = _survey(exchange)
        sighting = _Sighting.of(exchange, found)
        verdict = decide_takeover(found, exchange.session.host_clock.now(), sighting.seconds())
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
        """Release the lock with a separate command. An error is ignored, because it must not hide an earlier failure.

        If the host does not release it, the lock stays until it is stale.
        """
        self._ours = False
        with contextlib.suppress(HostFailure, AnsibleConnectionFailure):
            exchange.send(unlock_line(exchange.run, self.name))


def _listed(transcript: Transcript) -> LockState:
    return parse_listing(transcript.lines("lock"))


def _survey(exchange: Exchange) -> tuple[LockState, bool]:
    """Return who holds the lock, and whether a file or folder has the name of the collection's folder.

    Raises:
        HostFailure: a part of the answer is missing, which might show a window that is open.
    """
    transcript = exchange.send(survey_line(exchange.run))
    if not transcript.sections.keys() >= _EVIDENCE:
        raise exchange.failure(
            "did not show completely who holds its lock, so the lock was not taken over: run again",
            dns_may_be_stopped=False,
        )
    state = parse_survey(*(transcript.lines(name) for name in ("lock", "lock_files", "windows", "boot")))
    return state, "there" in transcript.lines("folder")


def _lost_race(state: LockState, there: bool = False) -> str:
    if state.files or state.foreign:
        verdict = decide_takeover(state, None, 0)
        return verdict if isinstance(verdict, str) else "is locked by another run of portkeeper: run again"
    return _NOT_LET_IN if there else _NO_FOLDER


@dataclass(frozen=True)
class _Sighting:
    """The state of a lock as a run on this controller saw it: a later run learns how long it has not changed.

    The clock is the controller's monotonic one, which cannot be set; it lasts until the controller's next boot.

    Attributes:
        path: the file on the controller; None if no sighting can or need be stored.
        content: the state that was seen.
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
        # If it cannot be stored, only the host's clock decides.
        with contextlib.suppress(AnsibleError):
            write_json(self.path, {**self.content, "since": now})
        return 0.0

    def forget(self) -> None:
        """Delete the sighting: the lock is gone."""
        if self.path is not None:
            with contextlib.suppress(OSError):
                self.path.unlink()
