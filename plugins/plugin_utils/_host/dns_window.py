# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the guarded window: a task on the host stops DNS, starts the failed services, and starts DNS again.

The session only starts the task and looks at it. It may lose the connection in between: reading is tried again. At the
deadline without an end mark it starts DNS itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ansible.errors import AnsibleConnectionFailure

from ...module_utils._commands.cmd import BatchError
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
from ...module_utils._commands.window_steps import (
    DISABLED_LEVEL,
    NO_ROOM_LEVEL,
    NOT_RUNNING_LEVEL,
    UNRECORDED_LEVEL,
)
from ...module_utils._facts.facts import read_facts
from ...module_utils._facts.host import RUNNING, Host
from ...module_utils._facts.window_facts import (
    on_record,
    owed,
)
from ...module_utils._parsers.transcript import Transcript
from ...module_utils._plan.window_refusal import stop_refusals
from .._connection.errors import HostFailure
from .._connection.exchange import Exchange
from .lock import (
    lock_of,
    release_lock,
    run_under_lock,
)

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
    """Seconds that `open_window` may take at most, by the seconds of the window and of one command.

    A command may end behind its wait. The waits: a lost start, window, the rescue, the record, a last look, its end.
    """
    waits = (LOST_S, deadline + max(GRACE_S, UNGUARDED_S), RESCUE_S, LOST_S, LOST_S, LOST_S)
    return sum(waits) + (_LOCK_COMMANDS + len(waits)) * command


@dataclass(frozen=True)
class Opened:
    """A window that has ended.

    Attributes:
        transcript: of the collector, run after the end.
        steps: step and error level, as the script wrote them.
    """

    transcript: Transcript
    steps: list[dict[str, Any]]


def open_window(exchange: Exchange, window: Window, allow_unguarded: bool) -> Opened:
    """Runs a window to its end.

    Args:
        exchange: with the host; its session has read the host.
        window: what to do.
        allow_unguarded: run it inside a shell where there is no Task Scheduler.

    Raises:
        HostFailure: with `dns_may_be_stopped`.
    """
    try:
        transcript = run_under_lock(exchange, window.lock, start_line(window))
    except BatchError as error:
        raise HostFailure(f"No window was opened on {exchange.session.target}: {error}", "restart") from error
    except HostFailure as error:
        if "dns_may_be_stopped" in error.details:
            raise
        return _after_lost_start(exchange, window, error)
    if "run" not in transcript.sections:
        raise _no_room(exchange, window)
    if not _succeeded(transcript, "create") or not _succeeded(transcript, "run"):
        return _without_scheduler(exchange, window, allow_unguarded)
    return _followed(exchange, window)


_REFUSALS = {
    DISABLED_LEVEL: "{names}, and could not be started again",
    NOT_RUNNING_LEVEL: "DNS does not run any more",
    UNRECORDED_LEVEL: "what runs could not be recorded: may the user write to HKLM\\SOFTWARE",
    NO_ROOM_LEVEL: "its disk has no room for what has to be looked at first",
}


_ENDINGS = {"start_dns", GAVE_UP}
"""Steps of which every window that stopped something has one."""


def _followed(exchange: Exchange, window: Window) -> Opened:
    """Looks at a window that has been started until it has ended, or ends it."""
    steps = _wait_for_window(exchange, window)
    if steps is None:
        raise _rescued(exchange, window)
    return Opened(_ended(exchange, window), _allowed(exchange, window, steps))


def _allowed(exchange: Exchange, window: Window, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps of a window that was allowed to stop something.

    Raises:
        HostFailure: its script refused, so nothing was stopped.
    """
    levels = [step["error_level"] for step in steps if step["step"] == REFUSED]
    if not levels and {step["step"] for step in steps} & _ENDINGS:
        return steps
    if not levels:
        runs = read_facts(_ended(exchange, window))["dns"]["state"] == RUNNING
        raise exchange.failure(
            "has ended the window, but has not written down what it did: make room on its disk, then run again",
            changed=True,
            dns_may_be_stopped=not runs,
            steps=steps,
        )
    facts = read_facts(_ended(exchange, window), window.dependents)
    reasons = stop_refusals(Host({**facts, "dns": {**facts["dns"], "dependents": window.dependents}}))
    names = "; ".join(reasons) or "a service that it would stop is disabled or marked for deletion"
    reason = _REFUSALS.get(levels[0], f"its script refused with error {levels[0]}").format(names=names)
    raise exchange.failure(
        f"opened no window, and nothing was stopped: {reason}", dns_may_be_stopped=False, steps=steps
    )


def _no_room(exchange: Exchange, window: Window) -> HostFailure:
    """The host has no folder for the window, or did not write all of its files: nothing was started."""
    answer = _retry_until(exchange, partial(exchange.send, abort_line(window)), time.monotonic() + LOST_S)
    if answer is None or answer.lines("abort") != ["claimed"]:
        # There is no folder to claim.
        release_lock(exchange, window.lock)
    return exchange.failure(
        f"did not take the files of the window into a new folder {window.folder}, and nothing was stopped: make room on"
        " its disk, and see that the user may write there, then run again",
        dns_may_be_stopped=False,
    )


def _after_lost_start(exchange: Exchange, window: Window, error: HostFailure) -> Opened:
    """The answer to the start was lost: whoever has the token knows whether the script runs."""
    exchange.session.reconnect()
    answer = _retry_until(exchange, partial(exchange.send, abort_line(window)), time.monotonic() + LOST_S)
    if answer is None:
        raise HostFailure(str(error), "restart", changed=True, dns_may_be_stopped=True) from error
    if answer.lines("abort") == ["claimed"]:
        raise HostFailure(f"{error} Nothing was stopped.", "restart", dns_may_be_stopped=False) from error
    return _followed(exchange, window)


def _wait_for_window(exchange: Exchange, window: Window) -> list[dict[str, Any]] | None:
    """Looks until the end mark is there; None at the deadline."""
    verbose, limit = exchange.session.verbose, window.deadline + GRACE_S
    verbose.step("waits for the window: the host stops DNS and starts it again within {} s", window.deadline)
    deadline = time.monotonic() + limit
    while (left := deadline - time.monotonic()) > 0:
        verbose.step("looks at the window, {:.0f} of {} s", limit - left, limit)
        answer = _retry_until(
            exchange, partial(exchange.send, poll_line(window, _poll_seconds(exchange, left))), deadline
        )
        if answer is None:
            return None
        lines = answer.lines("window")
        if lines == ["absent"]:
            release_lock(exchange, window.lock)
            raise exchange.failure("has no window that was started: nothing was stopped", dns_may_be_stopped=False)
        if lines and lines[0] == "ended":
            verbose.step("the window has ended")
            return _steps(lines[1:])
    return None


def _poll_seconds(exchange: Exchange, left: float) -> int:
    """How long one look waits on the host: it must end before the command's own deadline."""
    return int(max(2, min(POLL_S, left, exchange.timeout - ANSWER_S)))


def _ended(exchange: Exchange, window: Window) -> Transcript:
    """Cleans up and gathers anew; may be repeated."""
    answer = _retry_until(exchange, partial(exchange.send, finish_line(window)), time.monotonic() + LOST_S)
    if answer is None:
        raise exchange.failure(
            "has ended the window, but could not be read afterwards", changed=True, dns_may_be_stopped=False
        )
    return answer


def _rescued(exchange: Exchange, window: Window) -> HostFailure:
    """The session starts DNS and what ran, until DNS runs or the time is over; returns the failure to report."""
    exchange.session.verbose.step("the window is not seen to end: starts DNS from here, for at most {} s", RESCUE_S)
    deadline = time.monotonic() + RESCUE_S
    claimed = runs = False
    facts: dict[str, Any] = {}
    while not runs:
        answer = _retry_until(exchange, partial(exchange.send, rescue_line(window)), deadline)
        if answer is None:
            return exchange.failure(
                f"did not end the window within {window.deadline} seconds and cannot be reached: DNS may be stopped,"
                " look at its console",
                changed=True,
                dns_may_be_stopped=True,
            )
        claimed = claimed or answer.lines("abort") == ["claimed"]
        facts = read_facts(answer)
        runs = facts["dns"]["state"] == RUNNING
        if time.monotonic() > deadline:
            break
        if not runs:
            time.sleep(RETRY_PAUSE_S)
    if claimed:
        _retry_until(exchange, partial(exchange.send, abort_line(window)), time.monotonic() + LOST_S)
        return exchange.failure(
            "never ran the scheduled task, so nothing was stopped: is the service Schedule started, has its disk room,"
            " and is the server on mains power? Windows may start no such task on battery",
            dns_may_be_stopped=not runs,
        )
    _forget_what_runs(exchange, facts)
    if runs:
        _late_end(exchange, window)
    state = "the session started DNS, and it runs" if runs else "DNS does not run, look at its console"
    return exchange.failure(
        f"did not end the window within {window.deadline} seconds: {state}",
        changed=True,
        dns_may_be_stopped=not runs,
    )


def _forget_what_runs(exchange: Exchange, facts: Mapping[str, Any]) -> None:
    """What the session has started, and has seen running, is not owed any more."""
    still = owed(facts)
    if still != on_record(facts):
        _retry_until(
            exchange,
            partial(exchange.send, remember_line(exchange.run, {RAN_BEFORE: still}, {})),
            time.monotonic() + LOST_S,
        )


def _late_end(exchange: Exchange, window: Window) -> None:
    """A script that was only slow ends soon after DNS runs: then the lock is given back for the next run."""
    look = partial(exchange.send, poll_line(window, _poll_seconds(exchange, LOST_S)))
    answer = _retry_until(exchange, look, time.monotonic() + LOST_S)
    if answer is not None and answer.lines("window")[:1] == ["ended"]:
        _retry_until(exchange, partial(exchange.send, finish_line(window)), time.monotonic() + LOST_S)


def _without_scheduler(exchange: Exchange, window: Window, allow_unguarded: bool) -> Opened:
    """Nothing was stopped: take everything back, then refuse or run the script in a shell of our own."""
    transcript = exchange.send(abort_line(window))
    if transcript.lines("abort") != ["claimed"]:
        # The script was quicker than schtasks reported: it is running.
        return _followed(exchange, window)
    if not allow_unguarded:
        raise exchange.failure(
            "has no working Task Scheduler, so no guarded window is possible and nothing was stopped: start the service"
            " Schedule, or set allow_unguarded",
            dns_may_be_stopped=False,
        )
    own = exchange.session.private(window.deadline + 2 * UNGUARDED_S)
    patient = Exchange(own, exchange.run, exchange.phase, window.deadline + UNGUARDED_S)
    exchange.session.verbose.step("no Task Scheduler: the window runs in a shell, for at most {} s", patient.timeout)
    lock = lock_of(exchange, window.run)
    retry = replace(window, lock=lock, until=int(lock.partition("-")[0]) + window.deadline)
    try:
        lines = _run_in_shell(exchange, patient, retry)
    finally:
        # What still runs there ends with it; DNS has been started before that.
        own.close()
    return Opened(_ended(exchange, retry), _allowed(exchange, retry, _steps(lines)))


def _run_in_shell(exchange: Exchange, patient: Exchange, window: Window) -> list[str]:
    """Runs the script in a shell of its own and waits for its end; returns the lines of its steps."""
    try:
        transcript = run_under_lock(patient, window.lock, unguarded_line(window))
    except HostFailure as error:
        if "dns_may_be_stopped" in error.details:
            raise
        raise _rescued(exchange, window) from error
    lines = transcript.lines("window")
    if "window" not in transcript.sections:
        raise _no_room(exchange, window)
    if not lines or lines[0] != "ended":
        raise _rescued(exchange, window)
    return lines[1:]


def _retry_until(exchange: Exchange, send: Callable[[], Transcript], deadline: float) -> Transcript | None:
    """Asks over a new connection after an error, until the deadline; only for what may be repeated."""
    while True:
        try:
            return send()
        except (HostFailure, AnsibleConnectionFailure):
            if time.monotonic() + RETRY_PAUSE_S > deadline:
                return None
            exchange.session.verbose.step("waits {} s, then asks again over a new connection", RETRY_PAUSE_S)
            time.sleep(RETRY_PAUSE_S)
            exchange.session.reconnect()


def _succeeded(transcript: Transcript, name: str) -> bool:
    section = transcript.sections.get(name)
    return section is not None and section.errorlevel == 0


def _steps(lines: list[str]) -> list[dict[str, Any]]:
    """Lines `<step> <error level>`; a step may hold a service key in quotes."""
    steps = []
    for line in lines:
        step, _blank, level = line.rpartition(" ")
        if step and level.lstrip("-").isdigit():
            steps.append({"step": step.replace('"', ""), "error_level": int(level)})
    return steps
