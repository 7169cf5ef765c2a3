# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What report and gate share: the hosts of the play, their artifacts, and the rules of the evaluation."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail

from ...module_utils._fleet.accepted_risks import ACCEPTED_OPTIONS, AcceptedRisk, AcceptedRiskError, parse_accepted
from ...module_utils._fleet.evidence import Expiry
from ...module_utils._fleet.gate import Rules, Scope
from ...module_utils._report.report import Sources
from .._files import utc_now
from .host_policy import VARIABLES_PREFIX, HostPolicy, host_policies
from .runs import run_folder
from .sources import Asked, read_sources

FLEET_SPEC: dict[str, dict[str, Any]] = {
    "artifacts_dir": {"type": "list", "elements": "path", "required": True},
    "run_id": {"type": "str"},
    VARIABLES_PREFIX: {"type": "str"},
    "hosts": {"type": "list", "elements": "str"},
    "more_artifacts_dirs": {"type": "list", "elements": "path", "default": []},
    "expected_hosts": {"type": "list", "elements": "str"},
    "this_call": {"type": "bool", "default": False},
    "same_machine": {"type": "list", "elements": "list", "default": []},
    "max_age": {"type": "float", "default": 36},
    "carried_max_age": {"type": "float", "default": 35},
    "clock_tolerance": {"type": "float", "default": 60},
    "max_risk": {"type": "float"},
    "accepted_risks": {"type": "list", "elements": "dict", "default": [], "options": ACCEPTED_OPTIONS},
}
"""The options that say what is evaluated, and by which rules; documented in the fragment of the same name."""

_SPANS = {"max_age": "hours", "carried_max_age": "days", "clock_tolerance": "minutes"}
"""Options that are time spans, and their unit."""
_SPAN_MAX = timedelta(days=3650)

_COMMON = "artifacts"
"""Folder of the summary of all hosts where each client has one of its own: the default of the playbook."""
_NOBODY = "no host was checked: the target matches no host of the inventory, or --limit leaves none of it"


@dataclass(frozen=True)
class Judged:
    """The input of report and gate.

    Attributes:
        sources: hosts, artifacts and defects.
        rules: accepted risks and the like.
        folder: of the run, for the report and for the summary of all hosts.
        folders: of the run, by host.
    """

    sources: Sources
    rules: Rules
    folder: Path
    folders: Mapping[str, tuple[Path, ...]]


@dataclass(frozen=True)
class _Hosts:
    """The hosts to evaluate.

    Attributes:
        must: who must have an artifact.
        checked: those of them that this call has checked itself.
        left_out: hosts of the inventory outside of ``--limit``.
        scope: what is to be said of the choice.
    """

    must: tuple[str, ...]
    checked: frozenset[str]
    left_out: frozenset[str]
    scope: Scope


def acts_here(variables: Mapping[str, Any], run_once: bool) -> bool:
    """Return whether this host's task is the one that works for the whole play.

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


def judged(options: Mapping[str, Any], variables: Mapping[str, Any], earlier: str | None = None) -> Judged:
    """Read the input of report and gate.

    Args:
        options: those of FLEET_SPEC.
        variables: of the task.
        earlier: folder with artifacts to compare with.

    Raises:
        AnsibleActionFail: an option is not valid, or a folder that was named could not be read.
    """
    # Nothing of Ansible's, and no artifact, is garbage before the task's process ends: the collector need not look.
    gc.freeze()
    now = utc_now()
    expiry = Expiry(now, *(_span(options, name) for name in _SPANS))
    hosts = _hosts(options, variables)
    default = HostPolicy(tuple(options["artifacts_dir"]), options["run_id"], _accepted(options))
    policies, defects = host_policies(hosts.must, variables, options[VARIABLES_PREFIX], default)
    accepted = [risk for risk in default.accepted if risk.host not in policies]
    accepted += [risk for policy in policies.values() for risk in policy.accepted]
    rules = Rules(_chance(options["max_risk"]), tuple(accepted), now.date())
    folders = {
        host: tuple(run_folder(folder, policy.run_id) for folder in policy.folders) for host, policy in policies.items()
    }
    own = {run_folder(folder, default.run_id) for folder in default.folders}
    asked = Asked(
        must=hosts.must,
        checked=hosts.checked,
        folders=folders,
        shared=frozenset() if options["expected_hosts"] is None else frozenset(own),
        left_out=hosts.left_out,
        more=tuple(Path(folder) for folder in options["more_artifacts_dirs"]),
        earlier=Path(earlier) if earlier else None,
        defects=defects,
        same_machine=options["same_machine"],
    )
    sources = read_sources(asked, rules, expiry, hosts.scope)
    gc.freeze()
    return Judged(sources, rules, _common_folder(policies, default), folders)


def _common_folder(policies: Mapping[str, HostPolicy], default: HostPolicy) -> Path:
    """Return the folder for report and summary of all hosts. It is never the folder of one of several clients."""
    places = {run_folder(policy.folders[0], policy.run_id) for policy in policies.values()}
    if len(places) == 1:
        return places.pop()
    clients = {policy.folders[0] for policy in policies.values() if policy.own}
    folder = default.folders[0]
    return run_folder(_COMMON if folder in clients else folder, default.run_id)


def _hosts(options: Mapping[str, Any], variables: Mapping[str, Any]) -> _Hosts:
    """Return the hosts to evaluate: those of the target in the play, and others that must be there."""
    play = tuple(variables.get("ansible_play_hosts_all") or ())
    known = frozenset(variables.get("groups", {}).get("all") or ()) | frozenset(play)
    target, expected = options["hosts"], options["expected_hosts"]
    wanted = tuple(play if target is None else target)
    checked = frozenset(wanted) & frozenset(play) if options["this_call"] else frozenset()
    # A call that checks no hosts itself evaluates those that are expected.
    everybody = dict.fromkeys(wanted if expected is None else (*checked, *expected))
    if options["this_call"]:
        everybody = dict.fromkeys((*wanted, *(expected or ())))
    left_out = frozenset() if target is None else known - frozenset(play)
    must = tuple(host for host in everybody if host not in left_out)
    limited = (len(must), len(everybody)) if len(must) < len(everybody) else None
    return _Hosts(must, checked, left_out, Scope(limited, _NOBODY if options["this_call"] and not checked else ""))


def _accepted(options: Mapping[str, Any]) -> tuple[AcceptedRisk, ...]:
    try:
        return parse_accepted(options["accepted_risks"])
    except AcceptedRiskError as error:
        raise AnsibleActionFail(f"{error}.") from None


def _chance(risk: float | None) -> float | None:
    if risk is not None and not 0 <= risk <= 1:
        raise AnsibleActionFail(f"max_risk must be between 0 and 1, not {risk}")
    return risk


def _span(options: Mapping[str, Any], name: str) -> timedelta:
    try:
        span = timedelta(**{_SPANS[name]: options[name]})
    except (OverflowError, ValueError):
        span = -_SPAN_MAX
    if not timedelta() <= span <= _SPAN_MAX:
        raise AnsibleActionFail(
            f"{name} is a number of {_SPANS[name]}, at least 0 and at most ten years, not {options[name]}."
        )
    return span
