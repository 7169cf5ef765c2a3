# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the work of port_reservations: gather facts, plan, write the differences, and check the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...module_utils._facts.services import ACCESS_DENIED
from ...module_utils._plan.actions import (
    DNS_WINDOW,
    REBOOT_ACTION,
    START_SERVICES,
)
from ...module_utils._plan.host_problems import problems_of
from ...module_utils._plan.status import BLOCKING
from ...module_utils._problems import messages
from ...module_utils._windows.settings import NETSH
from .._connection.errors import HostFailure, after_change
from .._connection.exchange import Exchange
from .._host.apply import WriteRequest, Written, apply, to_write_request
from .._host.exclusions import refused_ranges, refused_text
from .._host.gather import Gathered, read_answer
from .action import (
    Job,
    Outcome,
    outcome_of,
    planned,
)


def reserve(job: Job) -> Outcome:
    """Brings the settings of a host in line with the policy.

    Args:
        job: the task.

    Returns:
        The outcome. In check mode it says what would be written, with the same code up to the plan, and fails only
        where access is denied: there nothing can be said.

    Raises:
        HostFailure: with the phase.
    """
    gathered = job.gather()
    plan = planned(gathered, job)
    errors = _errors(gathered, plan)
    _refuse_denied(job, gathered, plan, errors)
    if job.check_mode:
        differs = bool(plan["settings"] or errors or due_actions(plan, job))
        return _outcome(job, gathered, (plan, plan), differs, _message(plan, errors, would=True))
    blocking = [problem for problem in plan["problems"] if problem["id"] in BLOCKING and problem["severity"] == "error"]
    if blocking:
        raise HostFailure(
            f"Nothing was written on {job.session.target}: {_joined(blocking)}",
            "read",
            facts=gathered.facts,
            plan=plan,
        )
    order = to_write_request(plan)
    if not order:
        return _finished(job, gathered, plan, plan, None)
    return _write(job, gathered, plan, order)


def _write(job: Job, gathered: Gathered, plan: Mapping[str, Any], order: WriteRequest) -> Outcome:
    """Writes what the plan asks for and compares what the host shows afterwards.

    Raises:
        HostFailure: another writes the same value, or netsh refused everything.
    """
    job.progress.enter("write")
    exchange = Exchange(job.session, gathered.run, "backup", job.policy.command_timeout)
    written = apply(exchange, gathered, order, job.backups)
    with after_change("write", changed=True, backup=written.backup):
        return _compared(job, exchange, plan, order, written)


def _compared(job: Job, exchange: Exchange, plan: Mapping[str, Any], order: WriteRequest, written: Written) -> Outcome:
    """What the host shows after the write."""
    after = read_answer(exchange.during("write"), written.transcript, job.policy)
    new_plan = planned(after, job)
    kept = {entry["id"] for entry in new_plan["settings"]} & {change.id for change in order.changes} - set(NETSH)
    if kept:
        raise HostFailure(
            f"{job.session.target} does not show what was written to {', '.join(sorted(kept))}: another writes it.",
            "write",
            changed=True,
            backup=written.backup,
            facts=after.facts,
            plan=new_plan,
        )
    refused, nothing = refused_ranges(order.changes, after.facts)
    if nothing:
        raise HostFailure(
            f"netsh on {job.session.target} excluded nothing of {refused_text(refused)}: something holds these ports by"
            " now, or the user lacks the right to.",
            "write",
            changed=True,
            backup=written.backup,
            facts=after.facts,
            plan=new_plan,
        )
    outcome = _finished(job, after, plan, new_plan, written.backup)
    if refused:
        outcome.problems.append(
            {
                "id": "exclusion_refused",
                "severity": "warning",
                "message": f"netsh did not exclude {refused_text(refused)}: something holds a port of it now,"
                " run again.",
                "data": {"ports": refused},
            }
        )
    return outcome


def due_actions(plan: Mapping[str, Any], job: Job) -> list[str]:
    """Actions of the plan that this run carries out; a reboot only if the policy wants one."""
    carried = {DNS_WINDOW, START_SERVICES} | ({REBOOT_ACTION} if job.policy.reboot == "if_required" else set())
    return [action["action"] for action in plan["actions"] if action["action"] in carried]


def _finished(
    job: Job, gathered: Gathered, plan: Mapping[str, Any], new_plan: Mapping[str, Any], backup: Mapping[str, Any] | None
) -> Outcome:
    """The outcome of a real run: failed when something that the decision needs is not known."""
    errors = _errors(gathered, new_plan)
    changed = bool(plan["settings"] or due_actions(new_plan, job))
    outcome = _outcome(job, gathered, (plan, new_plan), changed, _message(plan, errors, would=False))
    outcome.backup = backup
    outcome.failed = bool(errors)
    return outcome


def _outcome(
    job: Job, gathered: Gathered, plans: tuple[Mapping[str, Any], Mapping[str, Any]], changed: bool, msg: str
) -> Outcome:
    """The outcome from the plan that was carried out and the one that is left."""
    plan, new_plan = plans
    extra = {"status": new_plan["status"], **_warned(job, new_plan)}
    return outcome_of(job, gathered, new_plan, changed, msg, **extra).showing(plan)


def _warned(job: Job, plan: Mapping[str, Any]) -> dict[str, list[str]]:
    """What must not stay hidden in a result that is ok: nobody will reboot the host."""
    if not plan["reboot_required"] or job.policy.reboot != "never":
        return {}
    configured = "would be" if job.check_mode and plan["settings"] else "is"
    told = f"{job.host}: what {configured} configured waits for a reboot of the server before it takes effect."
    return {"warnings": [told]}


def _refuse_denied(job: Job, gathered: Gathered, plan: Mapping[str, Any], errors: list[Mapping[str, Any]]) -> None:
    denied = [problem for problem in errors if problem["id"] == ACCESS_DENIED]
    if denied:
        raise HostFailure(f"{job.session.target}: {_joined(denied)}", "read", facts=gathered.facts, plan=plan)


def _errors(gathered: Gathered, plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [problem for problem in problems_of(gathered.facts, plan) if problem["severity"] == "error"]


def _message(plan: Mapping[str, Any], errors: list[Mapping[str, Any]], would: bool) -> str:
    names = [entry["value_name"] or entry["id"] for entry in plan["settings"]]
    verb = "would write" if would else "wrote"
    nothing = "nothing to write" if errors else "everything is configured"
    parts = [f"{verb} {', '.join(names)}" if names else nothing]
    parts += [f"{action['action']}: {action['reason']}" for action in plan["actions"]]
    parts += [_joined(errors)] if errors else []
    return "; ".join(part.rstrip(".") for part in parts) + "."


def _joined(problems: list[Mapping[str, Any]]) -> str:
    return " ".join(messages(problems))
