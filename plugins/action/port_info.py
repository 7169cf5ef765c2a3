# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gather the facts of a host; see the documentation of the module port_info."""

from __future__ import annotations

import base64
from typing import Any

from ..module_utils._plan.host_problems import problems_of
from ..plugin_utils._host.gather import Gathered
from ..plugin_utils._tasks.action import HostAction, Job, Outcome, spec


class ActionModule(HostAction):
    """Action plugin of port_info."""

    SPEC = spec(transcript={"type": "bool", "default": False})

    def act(self, job: Job) -> Outcome:
        """Send one command and write nothing."""
        gathered = job.gather()
        facts = gathered.facts
        return Outcome(
            changed=False,
            msg=f"{job.host} is {facts['os'].get('release') or 'a release that is not known'}.",
            facts=facts,
            problems=problems_of(facts),
            extra={"collected": gathered.collected, **_transcript(job, gathered)},
        )


def _transcript(job: Job, gathered: Gathered) -> dict[str, Any]:
    """Return the host's output, if asked for, in the form that the filters read in any code page."""
    if not job.options["transcript"]:
        return {}
    return {"transcript": {"base64": base64.b64encode(gathered.sent).decode("ascii")}}
