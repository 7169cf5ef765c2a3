# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute one exit code from the artifacts of a run. Connects to no host."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.plugins.action import ActionBase

from ..module_utils._fleet.gate import EXIT_UNREACHABLE, part_of
from ..module_utils._problems import printable
from ..module_utils._report.report import verdict_of
from ..plugin_utils._files import now_text, write_json
from ..plugin_utils._fleet.artifacts import FLEET_SPEC, acts_here, judged
from ..plugin_utils._fleet.runs import SUMMARY
from ..plugin_utils._tasks.options import checked_options


class ActionModule(ActionBase):
    """Evaluate once per play, on the last host that is still in it."""

    SPEC: ClassVar[dict[str, dict[str, Any]]] = FLEET_SPEC
    _requires_connection = False

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the verdict as a result that is ok, failed or unreachable."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        options = checked_options(self, self.SPEC)
        result.update(changed=False, acted=False, msg="the task of the play's last host evaluates the run")
        if not acts_here(variables, bool(self._task.run_once)):
            return result
        found = judged(options, variables)
        verdict = verdict_of(found.sources, found.rules)
        created = now_text()
        # If clients have separate folders, no client's summary names the hosts of another.
        for folder in {folder for folders in found.folders.values() for folder in folders} - {found.folder}:
            if folder.is_dir():
                hosts = [host for host, folders in found.folders.items() if folder in folders]
                part = {**part_of(verdict, hosts).as_dict(), "created": created}
                write_json(folder / SUMMARY, part, base=folder.parent)
        summary = {**verdict.as_dict(), "created": created}
        write_json(found.folder / SUMMARY, summary, base=found.folder.parent)
        # Ansible prints a result that failed: the reason is its message already, and a whole fleet fills no screen.
        result.update(acted=True, summary={**verdict.shown(), "created": created}, msg=printable(verdict.reason))
        result["file"] = str(found.folder / SUMMARY)
        if verdict.exit_code:
            result["unreachable" if verdict.exit_code == EXIT_UNREACHABLE else "failed"] = True
        return result
