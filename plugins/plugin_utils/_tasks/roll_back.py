# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the work of port_rollback: gather facts, compare with a backup, restore it, and check the result."""

from __future__ import annotations

from .._connection.errors import HostFailure, after_change
from .._host.backup import BackupError
from .._host.gather import Gathered, read_answer
from .._host.rollback import RollbackPlan, plan_rollback, restore, unchanged_rows
from .action import Job, Outcome, outcome_of, planned


def roll_back(job: Job) -> Outcome:
    """Restore a backup of the host.

    Args:
        job: the task; its options `backup` and `force` belong to this action.

    Returns:
        The outcome. Check mode says what would be restored, or why it would be refused, and does not fail for that.

    Raises:
        HostFailure: with the phase.
    """
    gathered = job.gather()
    exchange = job.exchange(gathered.run, "backup")
    try:
        rollback_plan = plan_rollback(job.backups, job.options["backup"], gathered.facts)
    except BackupError as error:
        raise exchange.failure(str(error)) from error
    force = bool(job.options["force"])
    if job.check_mode or not rollback_plan:
        return _outcome(job, gathered, rollback_plan, bool(rollback_plan) and (force or not rollback_plan.refusal))
    job.progress.enter("write")
    transcript = restore(exchange, gathered, rollback_plan, job.backups, force)
    with after_change("write", changed=True):
        after = read_answer(exchange.during("write"), transcript, job.policy)
        kept = unchanged_rows(rollback_plan, after.facts)
        if kept:
            raise HostFailure(
                f"{job.session.target} does not show what was restored to {', '.join(kept)}: another program is"
                " changing it.",
                "write",
                facts=after.facts,
            )
        return _outcome(job, after, rollback_plan, changed=True)


def _outcome(job: Job, gathered: Gathered, rollback_plan: RollbackPlan, changed: bool) -> Outcome:
    refused = bool(rollback_plan.refusal) and not job.options["force"]
    msg = _message(job, rollback_plan, changed)
    outcome = outcome_of(job, planned(gathered, job), changed, msg, refused=refused).showing(rollback_plan.work)
    host_path = rollback_plan.backup.host_folder
    outcome.backup = {
        "id": rollback_plan.backup.id,
        "path": str(job.backups.path(rollback_plan.backup.id)),
        "host_path": host_path,
    }
    return outcome


def _message(job: Job, rollback_plan: RollbackPlan, changed: bool) -> str:
    names = ", ".join(rollback_plan.names)
    if not rollback_plan:
        return f"everything is as in the backup {rollback_plan.backup.id}."
    if not changed:
        return f"would refuse to restore {names}: the host {rollback_plan.refusal}."
    return f"{'would restore' if job.check_mode else 'restored'} {names} from the backup {rollback_plan.backup.id}."
