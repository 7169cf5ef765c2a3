# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write reports from the artifacts of a run. Connects to no host."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase

from ..module_utils._problems import printable
from ..module_utils._report.render_text import render_text
from ..module_utils._report.report import make_report
from ..plugin_utils._files import utc_now
from ..plugin_utils._fleet.artifacts import FLEET_SPEC, acts_here, judged
from ..plugin_utils._report.report_files import FORMATS, write_report
from ..plugin_utils._tasks.options import checked_options


class ActionModule(ActionBase):
    """Report once per play, on the last host that is still in it."""

    SPEC: ClassVar[dict[str, dict[str, Any]]] = {
        **FLEET_SPEC,
        "earlier": {"type": "path"},
        "dest": {"type": "path"},
        "formats": {"type": "list", "elements": "str", "choices": list(FORMATS), "default": list(FORMATS)},
        "prometheus_file": {"type": "path"},
        "prometheus_mode": {"type": "str", "default": "0600"},
        "title": {"type": "str", "default": "Port reservations of the DNS servers"},
        "show": {"type": "bool", "default": True},
    }
    _requires_connection = False

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the files that were written."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        options = checked_options(self, self.SPEC)
        result.update(changed=False, acted=False, files={}, msg="the last host of the play makes the report")
        if not acts_here(variables, bool(self._task.run_once)):
            return result
        found = judged(options, variables, options["earlier"])
        report = make_report(found.sources, found.rules, utc_now(), options["title"])
        for row in report.rows:
            if row.trouble:
                self._display.warning(printable(f"{row.host}: facts or plan cannot be read: {row.trouble}"))
        dest = Path(options["dest"]) if options["dest"] else found.folder
        result.update(acted=True, files=write_report(report, dest, options), msg=printable(report.verdict.reason))
        if options["show"]:
            self._display.display(render_text(report))
        return result
