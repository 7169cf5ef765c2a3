# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on the controller: artefacts of several folders merged, each format written once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report_html import render_html
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report_json import render_json
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report_junit import render_junit
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report_markdown import render_markdown
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report_prometheus import render_prometheus
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report_text import render_text
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report_time import parse_time
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report_view import Report, Sources
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._files import write_text
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._runs import read_folder, run_folder

FORMATS: dict[str, tuple[str, Callable[[Report], str]]] = {
    "html": ("report.html", render_html),
    "text": ("report.txt", render_text),
    "markdown": ("report.md", render_markdown),
    "junit": ("report.xml", render_junit),
    "prometheus": ("report.prom", render_prometheus),
    "json": ("report.json", render_json),
}
"""By name: the file, and what makes its content."""

_OLDEST = datetime.min.replace(tzinfo=timezone.utc)
_Artefacts = dict[str, dict[str, Any]]


def sources_of(options: Mapping[str, Any], play_hosts: Iterable[str]) -> Sources:
    """Read what the report is made of.

    Args:
        options: those of fleet_report.
        play_hosts: all hosts of the play.

    Raises:
        AnsibleActionFail: a folder that was named could not be read.
    """
    hosts = options["expected_hosts"]
    folders = [run_folder(folder, options["run_id"]) for folder in options["artifacts_dir"]]
    artefacts, defects = _merged([*(path for path in folders if path.is_dir()), *map(Path, options["more_folders"])])
    earlier = _merged([Path(options["earlier"])])[0] if options["earlier"] else None
    return Sources(tuple(play_hosts if hosts is None else hosts), artefacts, defects, earlier)


def _merged(folders: Iterable[Path]) -> tuple[_Artefacts, dict[str, str]]:
    """The newest artefact of each host; one of two that are equally old is that of the later folder."""
    artefacts: _Artefacts = {}
    defects: dict[str, str] = {}
    for folder in folders:
        try:
            found, broken = read_folder(folder)
        except OSError as error:
            raise AnsibleActionFail(f"The folder {folder} could not be read: {error.strerror}.") from None
        defects.update(broken)
        for host, artefact in found.items():
            if host not in artefacts or _collected(artefacts[host]) <= _collected(artefact):
                artefacts[host] = artefact
    return artefacts, defects


def _collected(artefact: Mapping[str, Any]) -> datetime:
    return parse_time(artefact.get("collected")) or _OLDEST


def write_report(report: Report, dest: Path, options: Mapping[str, Any]) -> dict[str, str]:
    """Write the formats that are asked for.

    Args:
        report: what they show.
        dest: the folder.
        options: those of fleet_report.

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
            write_text(path, render(report), mode)
            written[name] = str(path)
    return written


def _mode(text: str) -> int:
    digits = text.removeprefix("0o")
    if not digits or set(digits) - set("01234567") or int(digits, 8) > 0o777:
        raise AnsibleActionFail(f"prometheus_mode must be an octal number such as '0644', not {text!r}.")
    return int(digits, 8)
