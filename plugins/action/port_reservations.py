# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reserve the ports that services need; see the documentation of the module port_reservations."""

from __future__ import annotations

from ..plugin_utils._tasks.action import HostAction, Job, Outcome, spec
from ..plugin_utils._tasks.end_record import end_record
from ..plugin_utils._tasks.reserve import reserve


class ActionModule(HostAction):
    """Action plugin of port_reservations."""

    SPEC = spec(
        "reboot",
        "artifacts_dir",
        "run_id",
        "backup_dir",
        "backups_kept",
        "on_failure",
        # Not used here, but checked: what the handlers cannot use must stop the run before something is written.
        "restart_group",
        "window_timeout",
        "reboot_timeout",
        return_facts={"type": "bool", "default": True},
    )

    def act(self, job: Job) -> Outcome:
        """Send one command if there is nothing to write, else three."""
        return end_record(job, reserve(job))
