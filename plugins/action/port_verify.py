# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verify that the needed services run and hold their ports; see the documentation of the module port_verify."""

from __future__ import annotations

from ..module_utils._plan.host_problems import problems_of
from ..module_utils._plan.service_check import ALL_IN_ORDER, sentence, sentences
from ..plugin_utils._host.verify import Wait, wait_until_verified
from ..plugin_utils._tasks.action import HostAction, Job, Outcome, spec


class ActionModule(HostAction):
    """Action plugin of port_verify."""

    SPEC = spec("on_failure", "backup_dir", "backups_kept", timeout={"type": "int", "default": 30})

    def act(self, job: Job) -> Outcome:
        """Gather facts until all services are in order, waiting can no longer help, or the timeout is over.

        Check mode gathers once and does not fail.
        """
        timeout = 0 if job.check_mode else job.options["timeout"]
        checked = wait_until_verified(job.gather, job.policy, None, Wait(timeout, verbose=job.session.verbose))
        facts = checked.gathered.facts
        failures = checked.verdict["failures"]
        return Outcome(
            changed=False,
            failed=not checked.ok and not job.check_mode,
            msg=f"{job.host}: {f'{ALL_IN_ORDER}.' if checked.ok else ' '.join(sentences(failures))}",
            problems=problems_of(facts),
            extra={
                "collected": checked.gathered.collected,
                "ok": checked.ok,
                "services": checked.verdict["services"],
                "failures": [{**failure, "message": sentence(failure)} for failure in failures],
                **({} if checked.ok else {"phase": "verify"}),
            },
        )
