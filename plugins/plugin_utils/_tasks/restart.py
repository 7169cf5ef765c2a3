# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the work of dns_restart: restart or start DNS if the plan asks for it, and check the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...module_utils._commands.cmd import BatchError
from ...module_utils._commands.records import RAN_BEFORE, WINDOW_RECORD, remember_line
from ...module_utils._commands.window import start_services_line
from ...module_utils._commands.window_steps import ALREADY_RUNNING
from ...module_utils._facts.window_facts import (
    left_down,
    on_record,
    owed,
    running_dependents,
    still_down,
    unproved_processes,
)
from ...module_utils._parsers.transcript import Transcript
from ...module_utils._plan.changes import DNS_WINDOW, START_SERVICES, Action
from ...module_utils._plan.diff import blocked_words
from ...module_utils._plan.host_plan import Plan
from ...module_utils._plan.service_check import ALL_IN_ORDER, says_that_dns_is_down, sentences, still_without_port
from ...module_utils._plan.status import RESTART_REFUSED, WINDOW_REFUSED
from ...module_utils._plan.window_refusal import refusal_of
from ...module_utils._policy import Policy
from ...module_utils._problems import listed
from ...module_utils._windows.service_states import RUNNING
from ...module_utils._windows.settings import DNS_SERVICE
from .._connection.errors import HostFailure, after_change
from .._connection.exchange import Exchange
from .._host.dns_window import Opened, open_window
from .._host.dns_window import longest as longest_window
from .._host.exclusions import recorded_exclusions
from .._host.gather import Gathered, read_answer
from .._host.lock import HostLock
from .._host.verify import Wait, wait_until_verified
from .._host.window_request import window_of
from .action import Job, Outcome, Planned, outcome_of, planned, unread
from .restart_group import STALE_READING_S, restart_group_lock

_FORCED = Action(DNS_WINDOW, "the task asks for it")
_DONE = {DNS_WINDOW: "restarted DNS in a guarded window", START_SERVICES: "started services"}
_AFTER = {DNS_WINDOW: "DNS was restarted in a guarded window", START_SERVICES: "services were started"}

_COMMANDS = 5
"""Commands beside the window: the reading, the last look, what the work left, and the end of a record (two)."""


def longest(policy: Policy, verify_timeout: int) -> int:
    """Return how many seconds a restart may take by its options, without waiting for its restart group."""
    window = longest_window(policy.window_timeout, policy.command_timeout)
    return window + verify_timeout + _COMMANDS * policy.command_timeout


def restart(job: Job) -> Outcome:
    """Restart DNS in a guarded window, or start services whose ports are free, if the plan asks for it.

    Args:
        job: the task; its options `force`, `allow_unguarded` and `verify_timeout` belong to this action.

    Raises:
        HostFailure: with the phase and `dns_may_be_stopped`.
    """
    found = planned(job.gather(), job)
    decided = _decided(job, found)
    if isinstance(decided, Outcome):
        return decided
    with restart_group_lock(job.policy.restart_group, job.host, verbose=job.session.verbose) as waited:
        if waited > STALE_READING_S:
            job.session.renew()
            found = planned(job.gather(), job)
            decided = _decided(job, found)
            if isinstance(decided, Outcome):
                return decided
        return _carried_out(job, found, decided)


def _decided(job: Job, found: Planned) -> Action | Outcome:
    """Return what is to be carried out now, or the outcome where that is nothing.

    Raises:
        HostFailure: it is refused, or what was not read hides whether there is something to do.
    """
    action = _due(found.plan, job)
    unknown = found.facts["dns"]["installed"] is None
    if unknown and not job.check_mode:
        raise found.failure(f"The services of {job.session.target} could not be read, so nothing was touched.", "read")
    refusal = restart_refusal(found, action)
    down = action is not None and action.name == DNS_WINDOW and found.facts["dns"]["state"] != RUNNING
    if down and not refusal:
        return _not_due(job, found) if unknown else _looked(job, found, None)
    if job.check_mode and (action or refusal):
        return _looked(job, found, action or _FORCED, refusal)
    _refuse(job, found, refusal)
    return _not_due(job, found) if action is None else action


def _due(plan: Plan, job: Job) -> Action | None:
    """Return what the plan or the task asks for. Blocked exclusions do not keep services down: they are left out."""
    due = plan.action(DNS_WINDOW) or plan.action(START_SERVICES)
    if due and plan.blocking and (due.services_to_start or due.services_to_restart):
        return replace(due, deferred={})
    return due or (_FORCED if job.options["force"] else None)


def _left_out(found: Planned, action: Action) -> tuple[str, str]:
    """Return what of the plan an action does not carry out, for check mode and afterwards; empty for nothing.

    The sentences have no full stop.
    """
    if action.name == START_SERVICES and any(row["id"] == WINDOW_REFUSED for row in found.plan.problems):
        reason = refusal_of(found.gathered.host)
        return f"No window would be opened, because {reason}", f"no window was opened, because {reason}"
    if found.plan.deferred and not action.deferred:
        reason = blocked_words(found.plan.blocking)
        return f"No ports would be excluded, because {reason}", f"no ports were excluded, because {reason}"
    return "", ""


def restart_refusal(found: Planned, action: Action | None) -> str:
    """Return why a window must not be opened; empty if it may."""
    refused = [problem["message"].rstrip(".") for problem in found.plan.problems if problem["id"] == RESTART_REFUSED]
    if refused:
        return listed(refused, "; ")
    if found.facts["dns"]["state"] != RUNNING:
        return ""
    if action is not None and action.deferred and found.plan.blocking:
        return blocked_words(found.plan.blocking)
    left_out = action is None and any(problem["id"] == WINDOW_REFUSED for problem in found.plan.problems)
    window = left_out or (action is not None and action.name == DNS_WINDOW)
    return refusal_of(found.gathered.host) if window else ""


def _refuse(job: Job, found: Planned, refusal: str) -> None:
    if refusal:
        sentence = f"No window was opened on {job.session.target}, because {refusal}."
        raise found.failure(sentence, "restart", dns_may_be_stopped=False)


def _not_due(job: Job, found: Planned) -> Outcome:
    """Return that nothing asks for a restart, unless that could not be read.

    Raises:
        HostFailure: what was not read hides whether there is something to do.
    """
    return _looked(job, found, None, unread(job, found, "whether DNS has to be restarted"))


def _looked(job: Job, found: Planned, action: Action | None, reason: str = "") -> Outcome:
    """Return the outcome without work: nothing is due, it must not be done, or this is check mode.

    Args:
        job: the task.
        found: the reading, and the plan.
        action: what is due; None for nothing.
        reason: why it must not be done, or what hides whether something is due.
    """
    if action is not None and reason:
        msg = f"would open no window, because {reason}."
    elif action is not None:
        left_out, _done = _left_out(found, action)
        msg = f"would {action.words}. {left_out}{'.' if left_out else ''}".rstrip(" ")
    elif found.facts["dns"]["state"] != RUNNING and found.facts["dns"]["installed"]:
        msg = "DNS does not run: no window is opened."
    else:
        msg = reason or "nothing asks for a restart of DNS."
    would = action is not None and not reason
    return outcome_of(job, found, would, msg, steps=[], dns_may_be_stopped=False)


def _carried_out(job: Job, found: Planned, action: Action) -> Outcome:
    gathered = found.gathered
    job.progress.enter("restart", dns_may_be_stopped=action.name == DNS_WINDOW)
    exchange = job.exchange(gathered.run, "restart")
    if action.name == DNS_WINDOW:
        lock = HostLock(exchange, lasting=True)
        asked = window_of(lock, gathered, action, job.policy.window_timeout, job.policy.ignore_services)
        opened = open_window(lock, asked, job.options["allow_unguarded"])
    else:
        opened = Opened(_started(exchange, action.services_to_start), [])
    doubt = _may_be_stopped(action, opened.steps)
    with after_change("verify", changed=True, steps=opened.steps, dns_may_be_stopped=doubt):
        outcome = _examined(job, gathered, action, opened)
    _would, left_out = _left_out(found, action)
    if left_out:
        sentence = f"{job.session.target}: {_AFTER[action.name]}, but {left_out}."
        raise HostFailure(
            sentence,
            "restart",
            facts=outcome.facts,
            plan=outcome.plan,
            changed=True,
            dns_may_be_stopped=False,
            steps=opened.steps,
        )
    return outcome


def _may_be_stopped(action: Action, steps: list[dict[str, Any]]) -> bool:
    """Return whether a window ended without showing that DNS runs again."""
    runs = any(step["step"] == "start_dns" and step["error_level"] in (0, ALREADY_RUNNING) for step in steps)
    return bool(action.name == DNS_WINDOW and not runs)


def _examined(job: Job, gathered: Gathered, action: Action, opened: Opened) -> Outcome:
    """Check the host after the work.

    Args:
        job: the task.
        gathered: the reading before.
        action: what was carried out.
        opened: the window, or the start of services without one.
    """
    window = action.name == DNS_WINDOW
    services_to_start, earlier = _started_names(gathered, action, job.policy)
    dependents = running_dependents(gathered.facts) or ()
    ran = [DNS_SERVICE, *dependents, *action.services_to_restart] if window else []
    after = read_answer(job.exchange(gathered.run, "verify"), opened.transcript, job.policy)
    checked = wait_until_verified(
        lambda: job.gather("verify"),
        job.policy,
        after,
        Wait(job.options["verify_timeout"], [*services_to_start, *ran, *earlier], job.session.verbose),
    )
    down = still_down(checked.gathered.facts, services_to_start)
    down += still_without_port(checked.verdict["failures"], action.services_to_restart)
    # A record that is gone shows that all of it runs, and the facts no longer need those services.
    owing = owed(checked.gathered.facts, job.policy.ignore_services)
    lost = [*still_down(checked.gathered.facts, ran), *(name for name in earlier if name in owing)]
    was_stopped = {"step": "stop_dns", "error_level": 0} in opened.steps
    process = unproved_processes(gathered.facts, checked.gathered.facts, was_stopped) if window else {}
    last = planned(_remember(job, checked.gathered, down, process), job)
    left_out = recorded_exclusions(action.deferred, gathered.facts)[1] if window else []
    msg = f"{_DONE[action.name]}, because {action.reason}.{_without_backup(left_out)}"
    stopped = DNS_SERVICE in lost
    if checked.ok:
        msg += f" {ALL_IN_ORDER.capitalize()}."
    outcome = outcome_of(job, last, True, msg, steps=opened.steps, dns_may_be_stopped=False, verified=checked.ok)
    if down or lost:
        others = [name for name in lost if name != DNS_SERVICE]
        reasons = sentences(checked.verdict["failures"]) if stopped or down else []
        if stopped and not says_that_dns_is_down(checked.verdict["failures"]):
            reasons.insert(0, "DNS does not run.")
        reasons += [f"{listed(others)} ran before and did not start again."] if others else []
        raise last.failure(
            f"{job.session.target} is not as it should be after {_AFTER[action.name]}: {' '.join(reasons)}",
            "verify",
            changed=True,
            dns_may_be_stopped=stopped,
            steps=opened.steps,
        )
    return outcome


def _started_names(gathered: Gathered, action: Action, policy: Policy) -> tuple[list[str], list[str]]:
    """Return the services that an action starts: failed ones, and those that ran before an earlier window."""
    names = list(action.services_to_start)
    if action.name == DNS_WINDOW:
        return names, left_down(gathered.facts, policy.ignore_services, names)
    known = on_record(gathered.facts)
    return [name for name in names if name not in known], [name for name in names if name in known]


def _without_backup(left_out: list[str]) -> str:
    """Return what the window did not add."""
    if not left_out:
        return ""
    return f" Not excluded, because no backup names them: {listed(left_out)}; run port_reservations first."


def _started(exchange: Exchange, services_to_start: Sequence[str]) -> Transcript:
    try:
        line = start_services_line(exchange.run, services_to_start)
    except BatchError as error:
        raise HostFailure(f"Nothing was started on {exchange.session.target}: {error}", "restart") from error
    # Without an answer it is not known what was started.
    with after_change("restart", changed=True):
        return exchange.send(line)


def _remember(job: Job, after: Gathered, down: list[str], process: Mapping[str, int | None]) -> Gathered:
    """Record what the work left, if it differs from the record.

    A service that failed again in a window gets no second one before the next boot. What is seen running is not owed
    any more.

    Args:
        job: the task.
        after: the last reading.
        down: services that were to be started and do not run.
        process: see `remember_line`.

    Returns:
        The same reading with the records as they are then.
    """
    lists: dict[str, list[str]] = {}
    known = (after.facts["state"] or {}).get("settings") or {}
    if down or WINDOW_RECORD in known:
        lists[WINDOW_RECORD] = down
    still = list(owed(after.facts, job.policy.ignore_services))
    if RAN_BEFORE in known and still != list(on_record(after.facts)):
        lists[RAN_BEFORE] = still
    if not lists and not process:
        return after
    exchange = job.exchange(after.run, "verify")
    answer = exchange.send(remember_line(after.run, lists, process))
    return read_answer(exchange, after.transcript.updated(answer, ["state"]), job.policy)
