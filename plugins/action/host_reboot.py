# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reboot a host if a setting is waiting for it; see the documentation of the module host_reboot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils._policy import Policy
from ..plugin_utils._tasks.action import HostAction, Job, Outcome, spec
from ..plugin_utils._tasks.end_record import end_record
from ..plugin_utils._tasks.reboot import reboot


class ActionModule(HostAction):
    """Action plugin of host_reboot."""

    SPEC = spec(
        "restart_group",
        "reboot_timeout",
        "artifacts_dir",
        "run_id",
        "on_failure",
        "backup_dir",
        "backups_kept",
        force={"type": "bool", "default": False},
        verify_timeout={"type": "int", "default": 300},
    )
    PINS_ADDRESS = True

    def longest(self, policy: Policy, options: Mapping[str, Any]) -> int:
        """Return the time for the reboot, the check afterwards, three commands, and two that end a record."""
        return policy.reboot_timeout + options["verify_timeout"] + 5 * policy.command_timeout

    def act(self, job: Job) -> Outcome:
        """Send one command if nothing is due, else reboot and check the result."""
        return end_record(job, reboot(job))
