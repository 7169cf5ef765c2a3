# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Are the needed services up and do they hold their ports; asked again until it is so or the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ...module_utils._facts.host import STOPPED
from ...module_utils._facts.window_facts import owed, unsettled
from ...module_utils._plan.service_check import sentence
from ...module_utils._plan.services import verify
from ...module_utils._policy import Policy
from ...module_utils._windows.settings import DNS_SERVICE
from .gather import Gathered

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


def wait_until_verified(
    look: Callable[[], Gathered],
    policy: Policy,
    first: Gathered | None,
    timeout: float,
    awaited: Collection[str] | None = None,
) -> Checked:
    """Looks at the host until everything that is waited for is as it should be, or has failed.

    Waited for are DNS, what the host has on record as running before a window, and what the caller names. All else is
    told as it is.

    Args:
        look: gathers the facts.
        policy: what is needed.
        first: facts that are there already, or None.
        timeout: seconds; with 0 one look decides.
        awaited: further services to wait for; None: those that are starting, or run and have not bound their ports.
    """
    deadline = time.monotonic() + timeout
    checked = _checked(first or look(), policy)
    while _may_heal(checked, awaited) and time.monotonic() + PAUSE_S < deadline:
        time.sleep(PAUSE_S)
        checked = _checked(look(), policy)
    return checked


def _checked(gathered: Gathered, policy: Policy) -> Checked:
    return Checked(gathered, verify(gathered.facts, policy))


def _may_heal(checked: Checked, awaited: Collection[str] | None) -> bool:
    facts = checked.gathered.facts
    if awaited is None:
        awaited = [row["service"] for row in checked.verdict["services"] if row["state"] not in (STOPPED, None)]
    return bool(unsettled(facts, checked.verdict, {DNS_SERVICE, *owed(facts), *awaited}))


def sentences(verdict: Mapping[str, Any]) -> list[str]:
    """One sentence per failure, with service, port, holder, PID and error number."""
    return [sentence(failure) for failure in verdict["failures"]]
