# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose the artifacts that report and gate use: those of this run, and those of other runs and controllers.

A call is one call of ansible-playbook. A run may consist of several calls, for example one per slice of the fleet; they
share the run's folder. So a folder may also contain artifacts that this call did not write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible.errors import AnsibleActionFail

from ...module_utils._fleet.evidence import Artifact, Expiry, chosen, divided_groups, twins
from ...module_utils._fleet.gate import Rules, Scope
from ...module_utils._report.report import Sources
from .._files import RUN_ID
from .runs import Read, SummaryError, read_artifacts, read_folder, summary_hosts
from .schemas import schema_check

_OLD = "the artifact is of an earlier call of Ansible: in this one the host could not be evaluated"


@dataclass(frozen=True)
class Asked:
    """The folders and hosts to read.

    Attributes:
        must: hosts that must have an artifact.
        checked: those of them that this call has checked itself; artifacts of other calls are not used for them.
        folders: by host, the folders of the run that may contain its artifact.
        shared: folders of the run in which the artifacts of all hosts are used, except those in ``left_out``.
        left_out: hosts outside ``--limit``.
        more: folders of other calls and controllers; every host with an artifact there is evaluated, too.
        earlier: folder to compare with.
        defects: by host, the reason why it cannot be evaluated even if it has artifacts.
        same_machine: groups of inventory names that refer to the same machine.
    """

    must: tuple[str, ...]
    checked: frozenset[str]
    folders: Mapping[str, tuple[Path, ...]]
    shared: frozenset[Path]
    left_out: frozenset[str]
    more: tuple[Path, ...]
    earlier: Path | None
    defects: Mapping[str, str]
    same_machine: Sequence[Sequence[str]]


def read_sources(asked: Asked, rules: Rules, expiry: Expiry, scope: Scope) -> Sources:
    """Read the artifacts and choose one for each host.

    Raises:
        AnsibleActionFail: a folder given as an option could not be read, or its summary cannot be used.
    """
    check = schema_check("artifact")
    here = _of_hosts(asked)
    artifacts, defects = _own(asked, here)
    left = [*here, *(_others(read_folder(folder, check), asked) for folder in asked.shared if folder.is_dir())]
    more = [_of_folder(folder) for folder in asked.more]
    others, unusable = _merged([*left, *more], asked.checked, rules, expiry)
    expected = [host for folder in asked.more for host in _named(folder, expiry) if host not in asked.checked]
    for host in expected:
        if host not in others:
            unusable.setdefault(host, "the summary in a merged folder names the host, but its artifact is not there")
    artifacts.update(others)
    defects = {**unusable, **defects, **asked.defects}
    usable = {host: artifact for host, artifact in artifacts.items() if host not in defects}
    defects.update(divided_groups(usable, expiry.clock_tolerance))
    defects.update(twins(usable, asked.same_machine))
    before = None if asked.earlier is None else _of_folder(asked.earlier)[0]
    return Sources(asked.must, artifacts, defects, before, scope)


def _of_hosts(asked: Asked) -> list[Read]:
    """Read each folder of the run once, for all hosts that may have an artifact in it."""
    places: dict[Path, list[str]] = defaultdict(list)
    for host, folders in asked.folders.items():
        for folder in folders:
            places[folder].append(host)
    check = schema_check("artifact")
    return [read_artifacts(folder, hosts, check) for folder, hosts in places.items()]


def _own(asked: Asked, read: Iterable[Read]) -> tuple[dict[str, Artifact], dict[str, str]]:
    """Return the results of this run, and the defects of its hosts.

    An artifact of an earlier call is a defect: the host's check in this call did not even begin, so there is no result.
    """
    artifacts: dict[str, Artifact] = {}
    defects: dict[str, str] = {}
    for found, broken in read:
        defects.update((host, reason) for host, reason in broken.items() if host in asked.checked)
        for host in asked.checked & found.keys():
            if found[host].get("call") == RUN_ID:
                artifacts[host] = found[host]
            else:
                defects.setdefault(host, _OLD)
    return artifacts, {host: reason for host, reason in defects.items() if reason != _OLD or host not in artifacts}


def _merged(
    read: Iterable[Read], checked: frozenset[str], rules: Rules, expiry: Expiry
) -> tuple[dict[str, Artifact], dict[str, str]]:
    """Choose an artifact for each host that this run has not checked."""
    pieces: dict[str, list[Artifact]] = defaultdict(list)
    defects: dict[str, str] = {}
    for found, broken in read:
        defects.update((host, reason) for host, reason in broken.items() if host not in checked)
        for host, artifact in found.items():
            if host not in checked:
                pieces[host].append(artifact)
    artifacts: dict[str, Artifact] = {}
    for host, several in pieces.items():
        best, reason = chosen(host, several, rules, expiry)
        if best is not None:
            artifacts[host] = best
        elif reason is not None:
            defects.setdefault(host, reason)
    return artifacts, defects


def _others(read: Read, asked: Asked) -> Read:
    """Keep only the hosts that have not been read already and are not excluded."""
    found, broken = read
    wanted = (found.keys() | broken.keys()) - asked.left_out - asked.folders.keys()
    return (
        {host: artifact for host, artifact in found.items() if host in wanted},
        {host: reason for host, reason in broken.items() if host in wanted},
    )


def _of_folder(folder: Path) -> Read:
    try:
        return read_folder(folder, schema_check("artifact"))
    except OSError as error:
        raise AnsibleActionFail(f"The folder {folder} could not be read: {error.strerror}.") from None


def _named(folder: Path, expiry: Expiry) -> list[str]:
    """Return the hosts in the folder's summary, if it is still valid. Each of them must have an artifact."""
    try:
        return summary_hosts(folder, schema_check("summary"), expiry)
    except SummaryError as error:
        raise AnsibleActionFail(f"The summary in {folder} cannot be used: {error}.") from None
