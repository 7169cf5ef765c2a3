# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute the plan in the controller's process. Connects to no host."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils._plan.port_plan import ARGUMENT_SPEC, SOURCES, PortPlanError, run_port_plan
from ..plugin_utils._tasks.options import checked_options


class ActionModule(ActionBase):
    """Run the module's code on the controller: it cannot be sent to a Windows host, which has no Python."""

    SPEC: ClassVar[dict[str, dict[str, Any]]] = ARGUMENT_SPEC
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the plan."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        params = checked_options(self, self.SPEC, mutually_exclusive=[SOURCES], required_one_of=[SOURCES])
        try:
            result.update(run_port_plan(params, lambda path: Path(path).read_bytes()))
        except PortPlanError as error:
            raise AnsibleActionFail(f"port_plan: {error}.") from None
        return result
