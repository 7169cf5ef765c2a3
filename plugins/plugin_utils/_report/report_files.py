# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the report on the controller, one file per format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail

from ...module_utils._report.render_json import render_json
from ...module_utils._report.render_junit import render_junit
from ...module_utils._report.render_markdown import render_markdown
from ...module_utils._report.render_prometheus import render_prometheus
from ...module_utils._report.render_text import render_text
from ...module_utils._report.report import Report
from .._files import write_text
from .render_html import render_html

FORMATS: dict[str, tuple[str, Callable[[Report], str]]] = {
    "html": ("report.html", render_html),
    "text": ("report.txt", render_text),
    "markdown": ("report.md", render_markdown),
    "junit": ("report.xml", render_junit),
    "prometheus": ("report.prom", render_prometheus),
    "json": ("report.json", render_json),
}
"""By name: the file, and what makes its content."""


def write_report(report: Report, dest: Path, options: Mapping[str, Any]) -> dict[str, str]:
    """Write the formats that the options of fleet_report ask for into a folder.

    Returns:
        The files by format.

    Raises:
        AnsibleError: a file could not be written.
    """
    written = {}
    for name, (file, render) in FORMATS.items():
        if name in options["formats"]:
            elsewhere = name == "prometheus" and options["prometheus_file"]
            path = Path(options["prometheus_file"]) if elsewhere else dest / file
            mode = _mode(options["prometheus_mode"]) if name == "prometheus" else 0o600
            named = elsewhere or options.get("dest")
            write_text(path, render(report), mode, base=None if named else dest.parent)
            written[name] = str(path)
    return written


def _mode(text: str) -> int:
    digits = text.removeprefix("0o")
    if not digits or set(digits) - set("01234567") or int(digits, 8) > 0o777:
        raise AnsibleActionFail(f"prometheus_mode must be an octal number such as '0644', not {text!r}.")
    return int(digits, 8)
