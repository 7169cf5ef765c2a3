# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore the values from before a run; see the documentation of the module port_rollback."""

from __future__ import annotations

from ..plugin_utils._tasks.action import HostAction, Job, Outcome, spec
from ..plugin_utils._tasks.end_record import end_record
from ..plugin_utils._tasks.roll_back import roll_back


class ActionModule(HostAction):
    """Action plugin of port_rollback."""

    SPEC = spec(
        "backup_dir",
        "backups_kept",
        "artifacts_dir",
        "run_id",
        backup={"type": "str"},
        force={"type": "bool", "default": False},
    )

    def act(self, job: Job) -> Outcome:
        """Send one command if there is nothing to restore, else three."""
        return end_record(job, roll_back(job))
