# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute the status of a host, and whether it is in sync."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .dynamic_range import REFUSED
from .settings import POOL_MISFIT, PRUNE_REFUSED, UNPARSABLE, WRONG_TYPE

WINDOW_REFUSED = "window_refused"
"""A window is due, and what it would stop could not be started again."""

RESTART_REFUSED = "restart_refused"
"""The policy asks for the restart of a service that must not be restarted, or cannot be."""

STATUSES = (
    "unknown",
    "unreachable",
    "conflict",
    "service_down",
    "drifted",
    "pending_reboot",
    "pending_restart",
    "exposed",
    "accepted",
    "safe",
)
"""Worst first; ``unreachable`` and ``accepted`` are set by report and gate only."""

BLOCKING = frozenset((POOL_MISFIT, PRUNE_REFUSED, REFUSED, RESTART_REFUSED, UNPARSABLE, WINDOW_REFUSED, WRONG_TYPE))
"""Errors that were understood and forbid a change: the host differs from its policy. Any other error is ignorance."""


@dataclass(frozen=True)
class Findings:
    """The findings from which the status follows, each under the name of its status.

    Attributes:
        unknown: something that decisions need could not be read.
        conflict: somebody else holds a needed port now.
        service_down: a needed service does not run or does not hold its port.
        drifted: something is to be written, or must not be written although it differs.
        pending_reboot: what is configured takes effect at the next boot.
        pending_restart: what is configured takes effect when DNS restarts.
        exposed: the risk of the next start of DNS is above what the policy accepts.
    """

    unknown: bool
    conflict: bool
    service_down: bool
    drifted: bool
    pending_reboot: bool
    pending_restart: bool
    exposed: bool

    @property
    def status(self) -> str:
        """The worst status that applies."""
        return next((name for name in STATUSES if getattr(self, name, False)), "safe")

    @property
    def in_sync(self) -> bool:
        """Whether nothing has to change and the configuration is in effect. Never true while something is unknown."""
        return not (self.unknown or self.drifted or self.pending_reboot or self.pending_restart)


def has_errors(problems: Iterable[Mapping[str, Any]], blocking: bool) -> bool:
    """Return whether there is a blocking error, or another error."""
    return any(problem["severity"] == "error" and (problem["id"] in BLOCKING) is blocking for problem in problems)


def blocking_errors(problems: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Return the errors of a plan for which nothing of it is carried out: over no connection, and by no script."""
    return tuple(problem for problem in problems if has_errors((problem,), True))
