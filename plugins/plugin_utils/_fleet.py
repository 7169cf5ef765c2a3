# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What report and gate share: who acts in a play, what is judged, and the rules that decide besides the artefacts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._accepted import (
    ACCEPTED_OPTIONS,
    AcceptedRiskError,
    parse_accepted,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._gate import Rules
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report_time import parse_time
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report_view import Sources
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._files import RUN_ID
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._runs import (
    read_artefacts,
    read_folder,
    run_folder,
)

FLEET_SPEC: dict[str, dict[str, Any]] = {
    "artifacts_dir": {"type": "list", "elements": "path", "required": True},
    "run_id": {"type": "str"},
    "more_folders": {"type": "list", "elements": "path", "default": []},
    "expected_hosts": {"type": "list", "elements": "str"},
    "this_call": {"type": "bool", "default": False},
    "max_risk": {"type": "float"},
    "accepted_risks": {"type": "list", "elements": "dict", "default": [], "options": ACCEPTED_OPTIONS},
}
"""The options that say what is judged, and by which rules; documented in the fragment of the same name."""

_OLD = "the artefact is of an earlier call of Ansible: in this one the host could not be evaluated"
_OLDEST = datetime.min.replace(tzinfo=timezone.utc)
_Artefacts = dict[str, dict[str, Any]]
_Read = tuple[_Artefacts, dict[str, str]]


def acts_here(variables: Mapping[str, Any], run_once: bool) -> bool:
    """Whether this host's task is the one that acts for the play.

    Args:
        variables: the task's variables.
        run_once: whether the task runs once per batch, on whichever host. Then it is the batch that holds the last host
            which is still in the play; else it is that host's task.
    """
    active = list(variables.get("ansible_play_hosts") or [])
    if not active:
        return True
    if run_once:
        return active[-1] in (variables.get("ansible_play_batch") or active)
    return bool(active[-1] == variables.get("inventory_hostname"))


def rules_of(options: Mapping[str, Any]) -> Rules:
    """The rules of the options ``max_risk`` and ``accepted_risks``, today.

    Raises:
        AnsibleActionFail: one of them is not valid.
    """
    risk = options["max_risk"]
    if risk is not None and not 0 <= risk <= 1:
        raise AnsibleActionFail(f"max_risk must lie between 0 and 1, not be {risk}")
    try:
        accepted = parse_accepted(options["accepted_risks"])
    except AcceptedRiskError as error:
        raise AnsibleActionFail(f"{error}.") from None
    return Rules(risk, accepted, datetime.now(timezone.utc).date())


def sources_of(options: Mapping[str, Any], play_hosts: Iterable[str], earlier: str | None = None) -> Sources:
    """Read what is judged.

    Args:
        options: those of FLEET_SPEC.
        play_hosts: all hosts of the play.
        earlier: folder with artefacts to compare with.

    Raises:
        AnsibleActionFail: a folder that was named could not be read.
    """
    expected, play = options["expected_hosts"], tuple(play_hosts)
    hosts = play if expected is None else tuple(expected)
    # A name of a run can be used again: whoever is not in this play any more must not be judged by what lies there.
    only = hosts if expected is None else None
    run = options["run_id"]
    read = [_of_run(folder, run, only) for folder in options["artifacts_dir"]]
    if options["this_call"]:
        read = [_of_this_call(found, play) for found in read]
    artefacts, defects = _merged([*read, *(_of_folder(folder) for folder in options["more_folders"])])
    before = _merged([_of_folder(earlier)])[0] if earlier else None
    return Sources(hosts, artefacts, defects, before)


def _of_run(folder: str, run_id: str | None, only: tuple[str, ...] | None) -> _Read:
    """The artefacts of a run, of these hosts only; a run that left nothing there has none."""
    if only is not None:
        return read_artefacts(folder, run_id, only)
    path = run_folder(folder, run_id)
    return _of_folder(path) if path.is_dir() else ({}, {})


def _of_this_call(read: _Read, hosts: tuple[str, ...]) -> _Read:
    """A host of the play whose check did not even begin must not be judged by what an earlier call left there."""
    artefacts, defects = read
    old = {host for host in hosts if host in artefacts and artefacts[host].get("call") != RUN_ID}
    found = {host: artefact for host, artefact in artefacts.items() if host not in old}
    return found, {**defects, **dict.fromkeys(old, _OLD)}


def _of_folder(folder: str | Path) -> _Read:
    try:
        return read_folder(Path(folder))
    except OSError as error:
        raise AnsibleActionFail(f"The folder {folder} could not be read: {error.strerror}.") from None


def _merged(folders: Iterable[_Read]) -> _Read:
    """The newest artefact of each host; one of two that are equally old is that of the later folder."""
    artefacts: _Artefacts = {}
    defects: dict[str, str] = {}
    for found, broken in folders:
        defects.update(broken)
        for host, artefact in found.items():
            if host not in artefacts or _collected(artefacts[host]) <= _collected(artefact):
                artefacts[host] = artefact
    return artefacts, defects


def _collected(artefact: Mapping[str, Any]) -> datetime:
    return parse_time(artefact.get("collected")) or _OLDEST
