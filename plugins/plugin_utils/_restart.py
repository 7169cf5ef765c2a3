# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of dns_restart: a window or a start without one, only if the plan asks for it, and a look afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_text import BatchError
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_window import (
    ALREADY_RUNNING,
    start_services_line,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_write import (
    WINDOW_RECORD,
    window_record_line,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._host import RUNNING, STOPPED
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan_actions import DNS_WINDOW, START_SERVICES
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._action import Job, Outcome, outcome_of, planned
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._dns_window import (
    GRACE_S,
    LOST_S,
    RESCUE_S,
    open_window,
    running_dependents,
    window_of,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._errors import HostFailure, after_change
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._exclusions import recorded_exclusions
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._gather import Gathered, understood
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._group import turn
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._talk import Talk
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._verify import Checked, sentences, verified

STALE_READING_S = 10
"""Seconds of waiting for other hosts after which the host is read again before its DNS is stopped."""

_FORCED: dict[str, Any] = {
    "action": DNS_WINDOW,
    "why": "the task asks for it",
    "victims": [],
    "deferred_exclusions": [],
}


def longest(policy: Policy, verify_timeout: int) -> int:
    """Seconds that a restart may take by its own options, without the wait for other hosts of its group."""
    window = LOST_S + policy.window_timeout + GRACE_S + RESCUE_S + LOST_S
    return window + verify_timeout + 3 * policy.command_timeout


def restart(job: Job) -> Outcome:
    """Restarts DNS in a guarded window, or starts services whose ports are free, if the plan asks for it.

    Args:
        job: the task; its options `force`, `allow_unguarded` and `verify_timeout` belong to this action.

    Raises:
        HostFailure: with the phase and `dns_may_be_stopped`.
    """
    gathered = job.gather()
    plan = planned(gathered, job)
    action = _due(plan, job)
    if gathered.facts["dns"]["installed"] is None and not job.check_mode:
        raise HostFailure(
            f"The services of {job.session.target} could not be read, so nothing was touched.",
            "read",
            facts=gathered.facts,
            plan=plan,
        )
    if action is None or job.check_mode:
        return _looked(job, gathered, plan, action)
    if action["action"] == DNS_WINDOW and gathered.facts["dns"]["state"] != RUNNING:
        return _looked(job, gathered, plan, None)
    with turn(job.policy.restart_group, job.host) as waited:
        if waited > STALE_READING_S:
            job.session.renew()
            gathered = job.gather()
            plan = planned(gathered, job)
            action = _due(plan, job)
            if action is None:
                return _looked(job, gathered, plan, None)
        return _carried_out(job, gathered, action)


def _due(plan: Mapping[str, Any], job: Job) -> Mapping[str, Any] | None:
    for name in (DNS_WINDOW, START_SERVICES):
        for action in plan["actions"]:
            if action["action"] == name:
                found: Mapping[str, Any] = action
                return found
    return _FORCED if job.options["force"] else None


def _looked(job: Job, gathered: Gathered, plan: Mapping[str, Any], action: Mapping[str, Any] | None) -> Outcome:
    """Nothing is done: there is nothing to do, or this is check mode."""
    if action is not None:
        msg = f"would do {action['action']}: {action['why']}."
    elif gathered.facts["dns"]["state"] != RUNNING and gathered.facts["dns"]["installed"]:
        msg = "DNS does not run: no window is opened."
    else:
        msg = "nothing asks for a restart of DNS."
    return outcome_of(job, gathered, plan, action is not None, msg, steps=[], dns_may_be_stopped=False)


def _carried_out(job: Job, gathered: Gathered, action: Mapping[str, Any]) -> Outcome:
    job.progress.enter("restart", dns_may_be_stopped=action["action"] == DNS_WINDOW)
    talk = Talk(job.session, gathered.run, "restart", job.policy.command_timeout)
    victims = [str(name) for name in action["victims"]]
    if action["action"] == DNS_WINDOW:
        opened = open_window(
            talk, window_of(talk, gathered, action, job.policy.window_timeout), job.options["allow_unguarded"]
        )
        transcript, steps = opened.transcript, opened.steps
    else:
        transcript, steps = _started(talk, victims), []
    with after_change("verify", changed=True, steps=steps, dns_may_be_stopped=_may_be_stopped(action, steps)):
        return _examined(job, talk, (gathered, action), transcript, steps)


def _may_be_stopped(action: Mapping[str, Any], steps: list[dict[str, Any]]) -> bool:
    """Whether a window ended without a word that DNS runs again."""
    runs = any(step["step"] == "start_dns" and step["error_level"] in (0, ALREADY_RUNNING) for step in steps)
    return bool(action["action"] == DNS_WINDOW and not runs)


def _examined(
    job: Job,
    talk: Talk,
    done: tuple[Gathered, Mapping[str, Any]],
    transcript: bytes,
    steps: list[dict[str, Any]],
) -> Outcome:
    """Looks at the host after the work.

    Args:
        job: the task.
        talk: with the host.
        done: the reading before, and the action that was carried out.
        transcript: of the collector, run after it.
        steps: of the window.
    """
    gathered, action = done
    victims = [str(name) for name in action["victims"]]
    after = understood(job.session, job.policy, gathered.run, transcript, "verify")
    checked = _settled(job, after, victims)
    down = _still_down(checked.gathered, victims)
    _remember(talk.during("verify"), checked.gathered, down)
    plan = planned(checked.gathered, job)
    left_out = recorded_exclusions(action, gathered.facts)[1] if action["action"] == DNS_WINDOW else []
    msg = f"did {action['action']}: {action['why']}.{_without_backup(left_out)}"
    outcome = outcome_of(job, checked.gathered, plan, True, msg, steps=steps, dns_may_be_stopped=False)
    stopped = action["action"] == DNS_WINDOW and checked.gathered.facts["dns"]["state"] != RUNNING
    lost = _left_down(gathered, checked.gathered) if action["action"] == DNS_WINDOW else []
    if stopped or down or lost:
        reasons = ["DNS does not run."] if stopped else []
        reasons += sentences(checked.verdict) if stopped or down else []
        reasons += [f"{', '.join(lost)} ran before and did not start again."] if lost else []
        raise HostFailure(
            f"{talk.session.target} is not as it should be after {action['action']}: {' '.join(reasons)}",
            "verify",
            changed=True,
            facts=outcome.facts,
            plan=plan,
            dns_may_be_stopped=stopped,
            steps=steps,
        )
    return outcome


def _without_backup(left_out: list[str]) -> str:
    """What the window did not add."""
    if not left_out:
        return ""
    return f" Not excluded, because no backup names them: {', '.join(left_out)}; run port_reservations first."


def _started(talk: Talk, victims: list[str]) -> bytes:
    try:
        output, _transcript = talk.ask(start_services_line(talk.run, victims))
    except BatchError as error:
        raise HostFailure(f"Nothing was started on {talk.session.target}: {error}", "restart") from error
    return output


def _settled(job: Job, after: Gathered, victims: list[str]) -> Checked:
    """Waits until the victims are up, or everything is, or the time is over."""
    timeout = job.options["verify_timeout"] if _still_down(after, victims) else 0
    return verified(lambda: job.gather("verify"), job.policy, after, timeout)


def _still_down(gathered: Gathered, victims: list[str]) -> list[str]:
    states = {name.lower(): row["state"] for name, row in gathered.facts["services"].items()}
    return [name for name in victims if states.get(name.lower()) != RUNNING]


def _left_down(before: Gathered, after: Gathered) -> list[str]:
    """Services that depend on DNS, ran before the window and are stopped after it."""
    states = {name.lower(): row["state"] for name, row in after.facts["services"].items()}
    return [name for name in running_dependents(before.facts) if states.get(name.lower()) == STOPPED]


def _remember(talk: Talk, gathered: Gathered, down: list[str]) -> None:
    """A service that failed again in a window gets no second one before the next boot."""
    known = WINDOW_RECORD in ((gathered.facts["state"] or {}).get("settings") or {})
    if down or known:
        talk.ask(window_record_line(talk.run, down))
