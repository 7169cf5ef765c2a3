# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read from each host's variables what report and gate need: artifact folder, run, accepted risks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError

from ...module_utils._fleet.accepted_risks import AcceptedRisk, AcceptedRiskError, of_host, parse_accepted
from .._files import safe_run_id, usable_path

VARIABLES_PREFIX = "variables_prefix"
"""The option that lets a task take its other options from variables."""

_OPTIONS = ("artifacts_dir", "run_id", "accepted_risks")
_TEMPLATES = ("{{", "{%")


@dataclass(frozen=True)
class HostPolicy:
    """The options of report and gate for one host.

    Attributes:
        folders: of all runs; several only where no variable of the host names one.
        run_id: name of the run, None for this call of Ansible.
        accepted: the accepted risks of this host.
        own: whether a variable of the host names the folder.
    """

    folders: tuple[str, ...]
    run_id: str | None
    accepted: tuple[AcceptedRisk, ...]
    own: bool = False


def host_policies(
    hosts: Iterable[str], variables: Mapping[str, Any], prefix: str | None, default: HostPolicy
) -> tuple[dict[str, HostPolicy], dict[str, str]]:
    """Return the policy of each host.

    Args:
        hosts: inventory names.
        variables: of the task, with `hostvars`.
        prefix: beginning of the variables' names, such as `reserve_ports_`; None to look at no variable.
        default: what counts where a host has no variable.

    Returns:
        The policies by host; and for each host whose variables cannot be used, why.

    Raises:
        AnsibleActionFail: a host's accepted risks are not valid; a mistake there must not be passed over.
    """
    found: dict[str, HostPolicy] = {}
    defects: dict[str, str] = {}
    parsed: dict[str, tuple[AcceptedRisk, ...]] = {}
    hostvars = variables.get("hostvars") or {}
    for host in hosts:
        try:
            own = _own_values(host, hostvars, prefix) if prefix and host in hostvars else {}
            found[host] = _policy(host, own, default, parsed)
        except AcceptedRiskError as error:
            raise AnsibleActionFail(f"{host}: {error}.") from None
        except (AnsibleError, TypeError, ValueError) as error:
            defects[host] = f"its variables cannot be used: {error}"
    return found, defects


def _own_values(host: str, hostvars: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the host's variables by option, rendered. Variables without a template need no rendering."""
    names = {f"{prefix}{option}": option for option in _OPTIONS}
    raw = getattr(hostvars, "raw_get", hostvars.__getitem__)(host)
    present = {name: raw[name] for name in names if name in raw}
    from_host = sorted(set(present) & set(raw.get("ansible_facts") or ()))
    if from_host:
        raise ValueError(f"{from_host[0]} is a fact of the host, and a host must not set its own policy")
    if any(mark in repr(value) for value in present.values() for mark in _TEMPLATES):
        rendered = hostvars[host]
        present = {name: rendered[name] for name in present}
    omitted = raw.get("omit")
    return {names[name]: value for name, value in present.items() if value is not None and value != omitted}


def _policy(
    host: str, own: Mapping[str, Any], default: HostPolicy, parsed: dict[str, tuple[AcceptedRisk, ...]]
) -> HostPolicy:
    folders, run_id = default.folders, own.get("run_id", default.run_id)
    if "artifacts_dir" in own:
        folder = own["artifacts_dir"]
        if not isinstance(folder, str) or any(mark in folder for mark in _TEMPLATES):
            raise ValueError(f"artifacts_dir is no path: {folder!r}")
        folders = (usable_path("artifacts_dir", os.path.expandvars(os.path.expanduser(folder))),)
    if run_id is not None:
        run_id = safe_run_id(str(run_id))
    accepted = default.accepted
    if "accepted_risks" in own:
        key = repr(own["accepted_risks"])
        if key not in parsed:
            parsed[key] = parse_accepted(own["accepted_risks"])
        accepted = parsed[key]
    return HostPolicy(folders, run_id, of_host(accepted, host), "artifacts_dir" in own)
