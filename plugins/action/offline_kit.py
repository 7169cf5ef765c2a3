# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the files for hosts without WinRM. Connects to no host."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils._policy import PLAN_SPEC, RUN_SPEC, Policy, PolicyError
from ..plugin_utils._files import artifact_path, safe_run_id, write_json
from ..plugin_utils._fleet.host_policy import VARIABLES_PREFIX
from ..plugin_utils._offline.hosts import Carried, read_transcripts
from ..plugin_utils._offline.kit import OfflineError, make_kit, write_kit
from ..plugin_utils._tasks.options import checked_options


class ActionModule(ActionBase):
    """Write the kit of one client, and the scripts of the hosts whose transcripts are there."""

    SPEC: ClassVar[dict[str, dict[str, Any]]] = {
        "client": {"type": "str", "required": True},
        "dest": {"type": "path", "required": True},
        "transcripts": {"type": "path"},
        **PLAN_SPEC,
        **{name: RUN_SPEC[name] for name in ("artifacts_dir", "run_id")},
        VARIABLES_PREFIX: {"type": "str"},
    }
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the files that are new or differ, and a row per host."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        options = checked_options(self, self.SPEC, task_vars)
        try:
            policy = Policy.from_options({name: options[name] for name in PLAN_SPEC})
            folder, files = make_kit(Path(options["dest"]), options["client"])
            hosts = read_transcripts(Path(options["transcripts"]), policy) if options["transcripts"] else []
            for carried in hosts:
                files.update({f"{carried.host}/{name}": content for name, content in carried.files.items()})
            result.update(write_kit(Path(options["dest"]), folder, files, bool(self._task.check_mode)))
        except OfflineError as error:
            raise AnsibleActionFail(f"offline_kit: {error}") from None
        except PolicyError as error:
            raise AnsibleActionFail(f"offline_kit: {error}.") from None
        result["hosts"] = [carried.row() for carried in hosts]
        notes = [f"Transcript of {carried.host}: {carried.age_note}." for carried in hosts if carried.age_note]
        notes += [f"No scripts for {carried.host}: {carried.refusal}." for carried in hosts if carried.refusal]
        if notes:
            result["warnings"] = notes
        _save_artifacts(hosts, options)
        return result


def _save_artifacts(hosts: list[Carried], options: dict[str, Any]) -> None:
    if options["artifacts_dir"]:
        run_id = safe_run_id(options["run_id"])
        for carried in hosts:
            path = artifact_path(options["artifacts_dir"], run_id, carried.host)
            write_json(path, carried.artifact(run_id), base=Path(options["artifacts_dir"]))
