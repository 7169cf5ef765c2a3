# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report an incomplete reading: it may hide that something has to be done."""

from __future__ import annotations

from ...module_utils._plan.host_problems import problems_of
from ...module_utils._problems import messages
from .action import Job, Planned


def unread(job: Job, found: Planned, question: str) -> str:
    """Return why a question has no answer, for check mode; empty for a host that was read completely.

    Args:
        job: the task.
        found: the reading, and the plan.
        question: an indirect one, for example "whether DNS has to be restarted".

    Raises:
        HostFailure: there is no answer, and this is not check mode.
    """
    if found.plan.status != "unknown":
        return ""
    problems = [problem for problem in problems_of(found.facts, found.plan) if problem["severity"] == "error"]
    reason = f"{question} is not known: {' '.join(messages(problems))}"
    if job.check_mode:
        return reason
    raise found.failure(f"{job.session.target}: nothing was touched, and {reason}", "read")
