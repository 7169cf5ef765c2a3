# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What report and gate share: who acts in a play, and the rules that decide besides the artefacts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._accepted import AcceptedRiskError, parse_accepted
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._gate import Rules


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
