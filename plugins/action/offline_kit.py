# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files for hosts without WinRM; contacts no host."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._offline import OfflineError, make_kit, write_kit
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._options import checked_options


class ActionModule(ActionBase):
    """Write the kit of one client."""

    SPEC: ClassVar[dict[str, dict[str, Any]]] = {
        "client": {"type": "str", "required": True},
        "dest": {"type": "path", "required": True},
    }
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return which files are new or differ."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        options = checked_options(self, self.SPEC)
        try:
            folder, files = make_kit(Path(options["dest"]), options["client"])
            result.update(write_kit(folder, files, bool(self._task.check_mode)))
        except OfflineError as error:
            raise AnsibleActionFail(f"offline_kit: {error}") from None
        return result
