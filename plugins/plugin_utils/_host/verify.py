# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the needed services and their ports, again and again until all is well or the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from ...module_utils._facts.window_facts import owed, unsettled
from ...module_utils._plan.services import verify
from ...module_utils._policy import Policy
from ...module_utils._problems import listed
from ...module_utils._windows.service_states import STOPPED
from ...module_utils._windows.settings import DNS_SERVICE
from .._verbose import SILENT, Verbose
from .gather import Gathered

PAUSE_S = 5
"""Seconds between two looks; services that were just started need some to bind their ports."""


@dataclass(frozen=True)
class Checked:
    """A verdict and its input."""

    gathered: Gathered
    verdict: dict[str, Any]

    @property
    def ok(self) -> bool:
        """Whether every needed service runs and holds its ports."""
        return bool(self.verdict["ok"])


@dataclass(frozen=True)
class Wait:
    """How long to wait, and for what.

    Attributes:
        seconds: with 0 one look decides.
        awaited: additional services to wait for; None: those that are starting, or run and have not bound their ports.
        verbose: says what is waited for.
    """

    seconds: float
    awaited: Collection[str] | None = None
    verbose: Verbose = SILENT


def wait_until_verified(look: Callable[[], Gathered], policy: Policy, first: Gathered | None, wait: Wait) -> Checked:
    """Check the host until everything that is waited for is in order, or has failed.

    It waits for DNS, for what the host has on record as running before a window, and for what the caller names.
    Everything else is reported without waiting.

    Args:
        look: gathers the facts.
        policy: what is needed.
        first: facts that are there already, or None.
        wait: how long, and for what.
    """
    deadline = time.monotonic() + wait.seconds
    checked = _checked(first or look(), policy)
    while (late := _may_heal(checked, wait.awaited)) and (left := deadline - time.monotonic()) > PAUSE_S:
        wait.verbose.step("waits for {}, {:.0f} of {:.0f} s", listed(late), wait.seconds - left, wait.seconds)
        time.sleep(PAUSE_S)
        checked = _checked(look(), policy)
    return checked


def _checked(gathered: Gathered, policy: Policy) -> Checked:
    return Checked(gathered, verify(gathered.host, policy))


def _may_heal(checked: Checked, awaited: Collection[str] | None) -> list[str]:
    """Return the services for which waiting can help."""
    facts = checked.gathered.facts
    if awaited is None:
        awaited = [row["service"] for row in checked.verdict["services"] if row["state"] not in (STOPPED, None)]
    return unsettled(facts, checked.verdict, {DNS_SERVICE, *owed(facts), *awaited})
