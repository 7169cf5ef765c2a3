# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restart the DNS Server in a guarded window; see the documentation of the module dns_restart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils._policy import Policy
from ..plugin_utils._tasks.action import HostAction, Job, Outcome, spec
from ..plugin_utils._tasks.end_record import end_record
from ..plugin_utils._tasks.restart import longest, restart


class ActionModule(HostAction):
    """Action plugin of dns_restart."""

    SPEC = spec(
        "restart_group",
        "window_timeout",
        "artifacts_dir",
        "run_id",
        "on_failure",
        "backup_dir",
        "backups_kept",
        force={"type": "bool", "default": False},
        allow_unguarded={"type": "bool", "default": False},
        verify_timeout={"type": "int", "default": 60},
    )
    PINS_ADDRESS = True

    def longest(self, policy: Policy, options: Mapping[str, Any]) -> int:
        """Return the time for the window, its rescue, the check afterwards, and three commands."""
        return longest(policy, options["verify_timeout"])

    def act(self, job: Job) -> Outcome:
        """Send one command if nothing is due, else run the window and check its result."""
        return end_record(job, restart(job))
