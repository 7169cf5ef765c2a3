# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove the services that are up again from the host's record. This is the last step of every task that writes."""

from __future__ import annotations

from dataclasses import replace

from ...module_utils._commands.records import RAN_BEFORE, Record
from ...module_utils._facts.window_facts import owed, record_ends
from ...module_utils._plan.changes import END_RECORD
from ...module_utils._plan.host_problems import problems_of
from .._connection.errors import HostFailure, after_change
from .._host.apply import WriteRequest, apply
from .._host.gather import Gathered, read_answer
from .action import Job, Outcome, planned


def end_record(job: Job, outcome: Outcome) -> Outcome:
    """Return the outcome of a task after the plan's `end_record`, if one is due. Check mode only reports it.

    Args:
        job: the task.
        outcome: of its work; one that failed is left as it is, and the next task that writes ends the record.

    Raises:
        HostFailure: the record could not be written; the error says what the task has done before.
    """
    reading, due = outcome.reading, outcome.plan.action(END_RECORD) if outcome.plan else None
    if outcome.failed or reading is None or due is None:
        return outcome
    if due.reason not in outcome.msg:
        verb = "Would remove" if job.check_mode else "Removed"
        outcome = replace(outcome, msg=f"{outcome.msg} {verb} services from the host's record, because {due.reason}.")
    if job.check_mode:
        return replace(outcome, changed=True)
    job.progress.enter("write")
    try:
        with after_change("write", backup=outcome.backup):
            last = _written(job, reading)
    except HostFailure as error:
        error.details["changed"] = bool(error.details.get("changed") or outcome.changed)
        raise
    plan = planned(last, job).plan
    return replace(
        outcome, changed=True, facts=last.facts, plan=plan, problems=problems_of(last.facts, plan), reading=last
    )


def _written(job: Job, reading: Gathered) -> Gathered:
    """Write the rest of the record under the host's lock, and return the reading with the new records."""
    exchange = job.exchange(reading.run, "write")
    still = owed(reading.facts, job.policy.ignore_services)
    written = apply(exchange, reading, WriteRequest((), (Record(RAN_BEFORE, ",".join(still)),)), job.backups)
    with after_change("write", changed=True):
        last = read_answer(exchange, written.transcript, job.policy)
        if record_ends(last.facts, job.policy.ignore_services):
            raise exchange.failure("does not show the record that was written: another program is changing it")
    return last
