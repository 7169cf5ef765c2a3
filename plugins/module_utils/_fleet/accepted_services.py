# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide whether a host is down only because of services that the operator accepts as they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .._plan.failed_services import FAILED_FOR_PORT
from .._problems import TRUNCATED

_OTHER_CAUSES = frozenset(
    (
        "service_not_running",
        "service_not_yet_running",
        "service_ran_before",
        "port_not_held",
        "port_in_excluded_block",
        TRUNCATED,
    )
)
"""Problems that stand for a service that is down for another reason, or may hide one."""


def only_accepted_services_are_down(plan: Mapping[str, Any], accepted: Collection[str]) -> bool:
    """Return whether each failed service is accepted, and nothing else in the plan makes the status service_down.

    Args:
        plan: of the host.
        accepted: lower-case keys of the accepted services.
    """
    problems = [problem for problem in plan["problems"] if problem["severity"] != "info"]
    names = [problem["data"].get("service") for problem in problems if problem["id"] == FAILED_FOR_PORT]
    failed = [str(name or "").lower() for name in names]
    others = {problem["id"] for problem in problems} & _OTHER_CAUSES
    return bool(failed) and not others and not plan["live_conflicts"] and set(failed) <= set(accepted)
