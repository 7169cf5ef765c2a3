# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the guarded window: a task on the host stops DNS, starts the failed services, and starts DNS again.

The session only starts the task and polls its state. If the connection is lost, polling is tried again. If there is no
end mark at the deadline, the session starts DNS itself.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible.errors import AnsibleConnectionFailure

from ...module_utils._commands.cmd import BatchError
from ...module_utils._commands.lock_state import parse_windows, taken_at
from ...module_utils._commands.records import RAN_BEFORE, remember_line
from ...module_utils._commands.window import (
    GAVE_UP,
    REFUSED,
    Window,
    abort_line,
    finish_line,
    poll_line,
    rescue_line,
    start_line,
    unguarded_line,
)
from ...module_utils._facts.facts import read_facts
from ...module_utils._facts.window_facts import on_record, owed
from ...module_utils._parsers.transcript import Transcript
from .._connection.errors import HostFailure
from .._connection.exchange import Exchange
from .._connection.session import Session
from .lock import HostLock
from .window_result import read_refusal, read_steps

POLL_S = 45
"""Seconds that one look waits on the host; far below the shell's idle timeout."""

ANSWER_S = 5
"""Seconds that the answer to a look may take beyond its waiting."""

GRACE_S = 15
"""Seconds beyond the window's deadline before the session acts itself."""

RESCUE_S = 180
"""Seconds for which the session tries to start DNS after the deadline; a service may hang while it stops."""

LOST_S = 60
"""Seconds to find out what became of a start whose answer was lost."""

RETRY_PAUSE_S = 5
"""Seconds before a look is tried over a new connection."""

UNGUARDED_S = 30
"""Seconds beyond the window's deadline that its script gets where it runs in a shell of the session."""

_LOCK_COMMANDS = 4
"""Commands of taking the lock over: the first try, the survey, the take-over, the second try."""


def longest(deadline: int, command: int) -> int:
    """Return the highest number of seconds that `open_window` may take, by the seconds of window and command.

    A command may end behind its wait. The waits: a lost start (twice), the
    window, the rescue, the record, a last look, its end.
    """
    waits = (LOST_S, LOST_S, deadline + max(GRACE_S, UNGUARDED_S), RESCUE_S, LOST_S, LOST_S, LOST_S)
    return sum(waits) + (_LOCK_COMMANDS + len(waits)) * command


@dataclass(frozen=True)
class Opened:
    """The result of a window that has ended.

    Attributes:
        transcript: of the collector, run after the end.
        steps: step and error level, as the script wrote them.
    """

    transcript: Transcript
    steps: list[dict[str, Any]]


def open_window(lock: HostLock, window: Window, allow_unguarded: bool) -> Opened:
    """Run a window to its end.

    Args:
        lock: of the host, whose session has read the host; the window's own.
        window: what to do.
        allow_unguarded: run it inside a shell where there is no Task Scheduler.

    Raises:
        HostFailure: with `dns_may_be_stopped`.
    """
    with lock:
        return _Opening(lock, window).run(allow_unguarded)


@dataclass(frozen=True)
class _End:
    """What a look shows of a window that has ended.

    Attributes:
        steps: step and error level, as the script wrote them.
        windows: the folders of all windows on the host with their files.
    """

    steps: list[dict[str, Any]]
    windows: Mapping[str, frozenset[str]]


_NEVER_AS_TASK = (
    "never ran the scheduled task, so nothing was stopped: is the service Schedule started, has its disk room, and is"
    " the server on mains power? Windows may start no such task on battery"
)
_NEVER_IN_SHELL = "never ran the window's script in its shell, so nothing was stopped: run again"

_ENDINGS = {"start_dns", GAVE_UP}
"""Steps of which every window that stopped something has one."""


@dataclass(frozen=True)
class _Opening:
    """One window on its way to its end."""

    lock: HostLock
    window: Window
    in_shell: bool = False
    """Whether the script runs in a shell of the task, without a Task Scheduler."""

    @property
    def exchange(self) -> Exchange:
        """With the host."""
        return self.lock.exchange

    def run(self, allow_unguarded: bool) -> Opened:
        """Start the window's script and follow it; see `open_window`."""
        try:
            answer = self.lock.run(start_line(self.window))
        except BatchError as error:
            target = self.exchange.session.target
            advice = " Name fewer services in restart_services." if self.window.services_to_restart else ""
            raise HostFailure(f"No window was opened on {target}: {error}{advice}", "restart") from error
        except HostFailure as error:
            if "dns_may_be_stopped" in error.details:
                raise
            return self._after_lost_start(error)
        if "run" not in answer.sections:
            raise self._no_room()
        if not _succeeded(answer, "create") or not _succeeded(answer, "run"):
            return self._without_scheduler(allow_unguarded)
        return self._followed()

    def _followed(self) -> Opened:
        """Watch a window that has been started until it has ended, or end it."""
        end = self._wait_for_end()
        if end is None:
            raise self._rescued()
        return self._opened(end)

    def _opened(self, end: _End) -> Opened:
        """Return the end of a window that was allowed to stop something.

        Raises:
            HostFailure: its script refused, so nothing was stopped.
        """
        answer, steps = self._cleaned(end), end.steps
        names = {step["step"] for step in steps}
        if REFUSED not in names and names & _ENDINGS:
            return Opened(answer, steps)
        host = read_facts(answer, (*self.window.dependents, *self.window.services_to_restart))
        refusal = read_refusal(steps, host, self.window)
        if refusal:
            changed = {"changed": True} if refusal.changed else {}
            raise self.exchange.failure(refusal.sentence, dns_may_be_stopped=False, steps=steps, **changed)
        raise self.exchange.failure(
            "has ended the window, but has not written down what it did: make room on its disk, then run again",
            changed=True,
            dns_may_be_stopped=not host.dns_running,
            steps=steps,
        )

    def _no_room(self) -> HostFailure:
        """Return the failure of a host that has no room for the window's folder or files: nothing was started."""
        if not _is_claimed(self._repeated(abort_line(self.window))):
            # There is no folder to claim.
            self.lock.take_back()
        return self.exchange.failure(
            f"did not take the files of the window into a new folder {self.window.folder}, and nothing was stopped:"
            " make room on its disk, and see that the user may write there, then run again",
            dns_may_be_stopped=False,
        )

    def _after_lost_start(self, error: HostFailure) -> Opened:
        """Handle a lost answer to the start. Who holds the token shows whether the script runs."""
        session = self.exchange.session
        session.reconnect()
        if session.survives_disconnection:
            self._await_lost_start()
        answer = self._repeated(abort_line(self.window))
        if answer is None:
            raise HostFailure(str(error), "restart", changed=True, dns_may_be_stopped=True) from error
        if _is_claimed(answer):
            raise HostFailure(f"{error} Nothing was stopped.", "restart", dns_may_be_stopped=False) from error
        return self._followed()

    def _await_lost_start(self) -> None:
        """Give a start that may still be writing the window's files its time, before the token is claimed."""
        deadline = time.monotonic() + LOST_S
        while (left := deadline - time.monotonic()) > 0:
            answer = self._repeated(self._look(left), deadline)
            if answer is None or answer.lines("window") != ["absent"]:
                return
            time.sleep(RETRY_PAUSE_S)

    def _wait_for_end(self) -> _End | None:
        """Look until the end mark is there; None at the deadline."""
        verbose, limit = self.exchange.session.verbose, self.window.deadline + GRACE_S
        verbose.step("waits for the window: the host stops DNS and starts it again within {} s", self.window.deadline)
        deadline = time.monotonic() + limit
        while (left := deadline - time.monotonic()) > 0:
            verbose.step("looks at the window, {:.0f} of {} s", limit - left, limit)
            answer = self._repeated(self._look(left), deadline)
            if answer is None:
                return None
            if answer.lines("window") == ["absent"]:
                if not self.exchange.session.survives_disconnection:
                    self.lock.take_back()
                raise self.exchange.failure(
                    "has no window that was started: nothing was stopped", dns_may_be_stopped=False
                )
            if end := _end_shown(answer):
                verbose.step("the window has ended")
                return end
        return None

    def _look(self, left: float) -> str:
        """Return the command that waits on the host for the end: it must end before its own deadline."""
        return poll_line(self.window, int(max(2, min(POLL_S, left, self.exchange.timeout - ANSWER_S))))

    def _cleaned(self, end: _End) -> Transcript:
        """Clean up and gather the facts again. May be repeated."""
        answer = self._repeated(finish_line(self.window, end.windows))
        if answer is None:
            raise self.exchange.failure(
                "has ended the window, but could not be read afterwards", changed=True, dns_may_be_stopped=False
            )
        return answer

    def _rescued(self, lost: Session | None = None) -> HostFailure:
        """Start DNS and the other services from the session until DNS runs or the time is over; return the failure.

        Args:
            lost: whose shell may still run the script. Until that has ended, DNS that runs proves nothing.
        """
        verbose, limit = self.exchange.session.verbose, self.window.deadline
        verbose.step("the window is not seen to end: starts DNS from here, for at most {} s", RESCUE_S)
        deadline = time.monotonic() + RESCUE_S
        claimed, ended = False, lost is None
        while True:
            answer = self._repeated(rescue_line(self.window), deadline)
            if answer is None:
                return self.exchange.failure(
                    f"did not end the window within {limit} seconds and cannot be reached: DNS may be stopped, look at"
                    " its console",
                    changed=True,
                    dns_may_be_stopped=True,
                )
            claimed = claimed or _is_claimed(answer)
            host = read_facts(answer)
            runs = host.dns_running
            if (runs and ended) or time.monotonic() > deadline:
                break
            # It needs a logon of its own. One refused try is enough: the last ones belong to what starts DNS.
            if lost is not None and not ended and not lost.refused and (ended := lost.end_left_shells()):
                continue
            time.sleep(RETRY_PAUSE_S)
        if claimed:
            self._repeated(abort_line(self.window))
            never = _NEVER_IN_SHELL if self.in_shell else _NEVER_AS_TASK
            return self.exchange.failure(never, dns_may_be_stopped=not runs)
        if ended:
            self._forget_what_runs(host.facts)
        if runs:
            self._late_end()
        state = "the session started DNS, and it runs" if runs else "DNS does not run, look at its console"
        if runs and not ended:
            state = "DNS runs, but the window's shell could not be ended and may still stop it, look at its console"
        return self.exchange.failure(
            f"did not end the window within {limit} seconds: {state}",
            changed=True,
            dns_may_be_stopped=not (runs and ended),
        )

    def _forget_what_runs(self, facts: Mapping[str, Any]) -> None:
        """Remove the services from the record that the session has started and seen running.

        The window still has the lock; where another run has taken it, the record is that run's.
        """
        still = owed(facts)
        if still != on_record(facts):
            self._repeated(remember_line(self.window.run, {RAN_BEFORE: still}, {}, self.window.lock))

    def _late_end(self) -> None:
        """Release the lock for the next run if a slow script ends soon after DNS runs."""
        answer = self._repeated(self._look(LOST_S))
        end = answer and _end_shown(answer)
        if end:
            self._repeated(finish_line(self.window, end.windows))

    def _without_scheduler(self, allow_unguarded: bool) -> Opened:
        """Take everything back, because nothing was stopped; then refuse, or run the script in a shell of our own."""
        if not _is_claimed(self.exchange.send(abort_line(self.window))):
            # The script was quicker than schtasks reported: it is running.
            return self._followed()
        session, deadline = self.exchange.session, self.window.deadline
        if session.survives_disconnection or not allow_unguarded:
            other = "set allow_unguarded"
            if session.survives_disconnection:
                # After a loss nothing could end the script, or tell whether it is still going to stop DNS.
                other = "set ansible_connection=winrm or =psrp and allow_unguarded"
            raise self.exchange.failure(
                "has no working Task Scheduler, so no guarded window is possible and nothing was stopped: start the"
                f" service Schedule, or {other}",
                dns_may_be_stopped=False,
            )
        own = session.private(deadline + 2 * UNGUARDED_S)
        patient = replace(self.exchange, session=own, timeout=deadline + UNGUARDED_S)
        session.verbose.step("no Task Scheduler: the window runs in a shell, for at most {} s", patient.timeout)
        lock = HostLock(self.exchange, lasting=True)
        retry = replace(self.window, lock=lock.name, until=taken_at(lock.name) + deadline)
        opening = _Opening(lock, retry, in_shell=True)
        try:
            with lock:
                end = opening._run_in_shell(patient)
        finally:
            # What still runs there ends with it; `_rescued` has seen to that before it believed that DNS runs.
            own.close()
        return opening._opened(end)

    def _run_in_shell(self, patient: Exchange) -> _End:
        """Run the script in a separate shell, and wait for its end."""
        try:
            answer = self.lock.run(unguarded_line(self.window), patient)
        except HostFailure as error:
            if "dns_may_be_stopped" in error.details:
                raise
            patient.session.reconnect()
            raise self._rescued(patient.session) from error
        if "window" not in answer.sections:
            raise self._no_room()
        end = _end_shown(answer)
        if end is None:
            raise self._rescued()
        return end

    def _repeated(self, line: str, deadline: float | None = None) -> Transcript | None:
        """Send what may be repeated, over a new connection after an error.

        None at the deadline, which is after LOST_S if none is given, and if the host goes on refusing the logon.
        """
        session = self.exchange.session
        until = time.monotonic() + LOST_S if deadline is None else deadline
        while True:
            try:
                return self.exchange.send(line)
            except (HostFailure, AnsibleConnectionFailure):
                pause = session.pause_before_retry(RETRY_PAUSE_S)
                if pause is None or time.monotonic() + pause > until:
                    return None
                session.verbose.step("waits {} s, then asks again over a new connection", pause)
                time.sleep(pause)
                session.reconnect()


def _end_shown(answer: Transcript) -> _End | None:
    """Return the end of the window; None if the answer does not show it."""
    lines = answer.lines("window")
    if lines[:1] != ["ended"]:
        return None
    return _End(read_steps(lines[1:]), parse_windows(answer.lines("windows")))


def _is_claimed(answer: Transcript | None) -> bool:
    """Return whether the session has kept the window's script from running."""
    return answer is not None and answer.lines("abort") == ["claimed"]


def _succeeded(transcript: Transcript, name: str) -> bool:
    section = transcript.sections.get(name)
    return section is not None and section.errorlevel == 0
