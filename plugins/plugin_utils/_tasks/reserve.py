# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the work of port_reservations: gather facts, plan, write the differences, and check the result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...module_utils._facts.services import ACCESS_DENIED
from ...module_utils._plan.changes import DNS_WINDOW, END_RECORD, REBOOT_ACTION, START_SERVICES
from ...module_utils._plan.host_plan import Plan
from ...module_utils._problems import messages
from ...module_utils._windows.settings import NETSH
from .._connection.errors import after_change
from .._host.apply import WriteRequest, apply
from .._host.exclusions import refused_ranges, refused_text
from .._host.gather import read_answer
from .action import Job, Outcome, Planned, outcome_of, planned


def reserve(job: Job) -> Outcome:
    """Bring the settings of a host in line with the policy.

    Returns:
        The outcome. In check mode it says what would be written, with the same code up to the plan, and fails only
        if access is denied, because then it is not known what would be written.

    Raises:
        HostFailure: with the phase.
    """
    found = planned(job.gather(), job)
    plan, errors = found.plan, found.errors
    _refuse_denied(job, found, errors)
    if job.check_mode:
        differs = bool(plan.settings or errors or due_actions(plan, job))
        return _outcome(job, found, plan, differs, _message(plan, errors, would=True))
    if plan.blocking:
        raise found.failure(f"Nothing was written on {job.session.target}: {_joined(plan.blocking)}", "read")
    order = WriteRequest.of(plan)
    if not order:
        return _finished(job, found, plan)
    return _write(job, found, order)


def _write(job: Job, found: Planned, order: WriteRequest) -> Outcome:
    """Write what the plan asks for, and compare it with what the host shows afterwards.

    Raises:
        HostFailure: another program writes the same value, or netsh refused everything.
    """
    job.progress.enter("write")
    written = apply(job.exchange(found.gathered.run, "backup"), found.gathered, order, job.backups)
    with after_change("write", changed=True, backup=written.backup):
        answer = read_answer(job.exchange(found.gathered.run, "write"), written.transcript, job.policy)
        after = planned(answer, job)
        refused = _refused(job, order, after)
        outcome = _finished(job, after, found.plan)
    outcome.backup = written.backup
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


def _refused(job: Job, order: WriteRequest, after: Planned) -> dict[str, list[str]]:
    """Return the ranges of which netsh has excluded a part only.

    Raises:
        HostFailure: the host does not show what was written.
    """
    written = {change.id for change in order.changes} - set(NETSH)
    kept = {change.name for change in after.plan.settings if change.id in written}
    if kept:
        raise after.failure(
            f"{job.session.target} does not show what was written to {', '.join(sorted(kept))}: another program is"
            " changing it.",
            "write",
        )
    refused, nothing = refused_ranges(order.changes, after.facts)
    if nothing:
        raise after.failure(
            f"netsh on {job.session.target} excluded none of {refused_text(refused)}: a process holds these ports now,"
            " or the user may not change them. Check that with netstat -ano, and run again as an administrator.",
            "write",
        )
    return refused


def due_actions(plan: Plan, job: Job) -> list[str]:
    """Return the actions of the plan that this run carries out. A reboot is one only if the policy asks for it."""
    carried = {DNS_WINDOW, START_SERVICES} | ({REBOOT_ACTION} if job.policy.reboot == "if_required" else set())
    return [action.name for action in plan.actions if action.name in carried]


def _finished(job: Job, after: Planned, carried_out: Plan) -> Outcome:
    """Return the outcome of a run without check mode. It is failed if something that the decision needs is unknown."""
    errors = after.errors
    changed = bool(carried_out.settings or due_actions(after.plan, job))
    outcome = _outcome(job, after, carried_out, changed, _message(carried_out, errors, would=False))
    outcome.failed = bool(errors)
    return outcome


def _outcome(job: Job, after: Planned, carried_out: Plan, changed: bool, msg: str) -> Outcome:
    """Return the outcome from the plan that was carried out and the one that is left."""
    extra = {"status": after.plan.status, **_warned(job, after.plan)}
    return outcome_of(job, after, changed, msg, **extra).showing(carried_out)


def _warned(job: Job, plan: Plan) -> dict[str, list[str]]:
    """Return the warning of a successful result that the host still needs a reboot, which this run does not do."""
    if not plan.reboot_required or job.policy.reboot != "never":
        return {}
    configured = "would be" if job.check_mode and plan.settings else "is"
    warning = f"{job.host}: what {configured} configured waits for a reboot of the server before it takes effect."
    return {"warnings": [warning]}


def _refuse_denied(job: Job, found: Planned, errors: list[Mapping[str, Any]]) -> None:
    denied = [problem for problem in errors if problem["id"] == ACCESS_DENIED]
    if denied:
        raise found.failure(f"{job.session.target}: {_joined(denied)}", "read")


def _message(plan: Plan, errors: list[Mapping[str, Any]], would: bool) -> str:
    names = [change.name for change in plan.settings]
    verb = "would write" if would else "wrote"
    nothing = "nothing to write" if errors else "everything is configured"
    condition = ", but not before this is settled" if plan.blocking else ""
    parts = [f"{verb} {', '.join(names)}{condition}" if names else nothing]
    parts += [f"due: {action.words}" for action in plan.actions if action.name != END_RECORD]
    parts += [_joined(errors)] if errors else []
    return "; ".join(part.rstrip(".") for part in parts) + "."


def _joined(problems: Iterable[Mapping[str, Any]]) -> str:
    return " ".join(messages(problems))
