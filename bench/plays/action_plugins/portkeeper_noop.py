# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action that does nothing. It shows what Ansible itself costs per host and task."""

from __future__ import annotations

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):  # type: ignore[misc]
    """Answers at once."""

    def run(self, tmp: object = None, task_vars: object = None) -> dict[str, object]:
        """Do nothing, without a connection."""
        return {"changed": False}
