# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Are the needed services up and do they hold their ports; asked again until it is so or the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._host import STOPPED
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._judgement import sentence
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._verdict import verify
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._gather import Gathered

PAUSE_S = 5
"""Seconds between two looks; services that were just started need some to bind their ports."""


@dataclass(frozen=True)
class Checked:
    """A verdict and what it was made from."""

    gathered: Gathered
    verdict: dict[str, Any]

    @property
    def ok(self) -> bool:
        """Whether every needed service is up and holds its ports."""
        return bool(self.verdict["ok"])


def verified(look: Callable[[], Gathered], policy: Policy, first: Gathered | None, timeout: float) -> Checked:
    """Looks at the host until everything is as it should be.

    Args:
        look: gathers the facts.
        policy: what is needed.
        first: facts that are there already, or None.
        timeout: seconds; with 0 one look decides.
    """
    deadline = time.monotonic() + timeout
    gathered = first or look()
    verdict = verify(gathered.facts, policy)
    while _may_heal(verdict) and time.monotonic() + PAUSE_S < deadline:
        time.sleep(PAUSE_S)
        gathered = look()
        verdict = verify(gathered.facts, policy)
    return Checked(gathered, verdict)


def _may_heal(verdict: Mapping[str, Any]) -> bool:
    """Whether waiting can help: a service is starting or stopping, or runs and has not bound its ports yet."""
    if verdict["ok"]:
        return False
    states = {row["service"]: row["state"] for row in verdict["services"]}
    return any(states.get(failure["service"]) not in (STOPPED, None) for failure in verdict["failures"])


def sentences(verdict: Mapping[str, Any]) -> list[str]:
    """One sentence per failure, with service, port, holder, PID and error number."""
    return [sentence(failure) for failure in verdict["failures"]]
