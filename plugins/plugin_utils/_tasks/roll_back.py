# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of port_rollback: gather, compare with a backup, put it back, and look at what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._connection.errors import HostFailure, after_change
from .._connection.talk import Talk
from .._host.backup import BackupError
from .._host.gather import Gathered, understood
from .._host.rollback import (
    Way,
    put_back,
    unchanged_rows,
    way_back,
)
from .action import Job, Outcome, outcome_of, planned


def roll_back(job: Job) -> Outcome:
    """Puts a backup of the host back.

    Args:
        job: the task; its options `backup` and `force` belong to this action.

    Returns:
        The outcome. Check mode says what would be put back, or why it would be refused, and does not fail for that.

    Raises:
        HostFailure: with the phase.
    """
    gathered = job.gather()
    talk = Talk(job.session, gathered.run, "backup", job.policy.command_timeout)
    try:
        way = way_back(job.shelf, job.options["backup"], gathered.facts)
    except BackupError as error:
        raise talk.failure(str(error)) from error
    force = bool(job.options["force"])
    if job.check_mode or not way:
        return _outcome(job, gathered, way, gathered.facts, bool(way) and (force or not way.refusal))
    job.progress.enter("write")
    transcript = put_back(talk, gathered, way, job.shelf, force)
    with after_change("write", changed=True):
        after = understood(job.session, job.policy, gathered.run, transcript, "write")
        kept = unchanged_rows(way, after.facts)
        if kept:
            raise HostFailure(
                f"{job.session.target} does not show what was put back to {', '.join(kept)}: another program is"
                " changing it.",
                "write",
                facts=after.facts,
            )
        return _outcome(job, after, way, gathered.facts, changed=True)


def _outcome(job: Job, gathered: Gathered, way: Way, found: Mapping[str, Any], changed: bool) -> Outcome:
    plan = planned(gathered, job)
    settings = [{**entry, **_before(found["settings"][entry["id"]])} for entry in way.settings] + way.tables_json(found)
    shown = {"settings": settings, "actions": []}
    refused = bool(way.refusal) and not job.options["force"]
    outcome = outcome_of(job, gathered, plan, changed, _told(job, way, changed), refused=refused).showing(shown)
    host_path = way.backup.host_folder
    outcome.backup = {"id": way.backup.id, "path": str(job.shelf.path(way.backup.id)), "host_path": host_path}
    return outcome


def _before(fact: Mapping[str, Any]) -> dict[str, Any]:
    present = fact["present"] is True
    return {"type_before": fact["type"] if present else None, "before": fact["data"] if present else None}


def _told(job: Job, way: Way, changed: bool) -> str:
    names = ", ".join(way.names)
    if not way:
        return f"everything is as in the backup {way.backup.id}."
    if not changed:
        return f"would refuse to put back {names}: the host {way.refusal}."
    return f"{'would put' if job.check_mode else 'put'} back {names} from the backup {way.backup.id}."
