# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn the artefacts of a run into one exit code; contacts no host."""

from __future__ import annotations

from typing import Any, ClassVar

from ansible.plugins.action import ActionBase

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._gate import EXIT_UNREACHABLE
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._problems import printable
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report_view import verdict_of
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._files import write_json
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._fleet import (
    FLEET_SPEC,
    acts_here,
    rules_of,
    sources_of,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._options import checked_options
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._runs import run_folder

SUMMARY = "summary.json"


class ActionModule(ActionBase):
    """Judge once per play, on the last host that is still in it."""

    SPEC: ClassVar[dict[str, dict[str, Any]]] = FLEET_SPEC
    _requires_connection = False

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the verdict as a result that is ok, failed or unreachable."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        options = checked_options(self, self.SPEC)
        result.update(changed=False, acted=False, msg="the last host of the play judges the run")
        if not acts_here(variables, bool(self._task.run_once)):
            return result
        rules = rules_of(options)
        verdict = verdict_of(sources_of(options, variables.get("ansible_play_hosts_all") or ()), rules)
        write_json(run_folder(options["artifacts_dir"][0], options["run_id"]) / SUMMARY, verdict.as_dict())
        result.update(acted=True, summary=verdict.as_dict(), msg=printable(verdict.reason))
        if verdict.exit_code:
            result["unreachable" if verdict.exit_code == EXIT_UNREACHABLE else "failed"] = True
        return result
