# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of one host. schemas/plan.schema.json describes its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .._ports import PortSet
from .._problems import Problem
from .changes import Work
from .needs import Need
from .pool import Pool
from .risk import Risk
from .service_check import Failure
from .status import blocking_errors

CONFLICTS_MAX = 100
"""Largest number of live conflicts in the JSON; those of services come first."""


@dataclass(frozen=True)
class Plan(Work):
    """What a host needs, what has to be done for that, and the state before and after.

    Attributes:
        mechanism: how the release protects ports.
        pool: the ports that DNS draws its sockets from.
        needs: those of the catalogue in its order, then those of listeners, then the user's.
        in_effect: the ports that are reserved and known to be effective, per address family.
        kept: ports reserved by others that stay.
        problems: without repetitions.
        effective: by setting, whether its value is in effect: yes, no or unknown.
        live_conflicts: needed ports that another process holds, in the catalogue's order of services, then by port.
        risk: the chance that DNS takes a needed port, now and after the plan.
        reboot_required: whether a value waits for the next boot.
        dns_restart_required: whether DNS has to be restarted, even if that is refused.
        in_sync: whether nothing has to change and the configuration is in effect.
        status: the worst status that applies.
    """

    mechanism: str
    pool: Pool
    needs: Sequence[Need]
    in_effect: Mapping[str, PortSet]
    kept: PortSet
    problems: list[Problem]
    effective: Mapping[str, str]
    live_conflicts: Sequence[Failure]
    risk: Risk
    reboot_required: bool
    dns_restart_required: bool
    in_sync: bool
    status: str

    @property
    def blocking(self) -> Sequence[Mapping[str, Any]]:
        """The errors that must be settled before anything of the plan is carried out."""
        return blocking_errors(self.problems)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as results and artifacts hold it: the same object at each call."""
        return self._json

    @cached_property
    def _json(self) -> dict[str, Any]:
        return {
            "mechanism": self.mechanism,
            "pool_range": self.pool.to_json(),
            "needs": [need.to_json(self.pool, self.in_effect) for need in self.needs],
            "settings": [change.to_json() for change in self.settings],
            "kept": self.kept.to_json(),
            "problems": self.problems,
            "effective": self.effective,
            "live_conflicts": [
                {name: getattr(failure, name) for name in ("port", "service", "holder", "pid", "error")}
                for failure in self.live_conflicts[:CONFLICTS_MAX]
            ],
            "actions": [action.to_json() for action in self.actions],
            "risk": self.risk.to_json(),
            "reboot_required": self.reboot_required,
            "dns_restart_required": self.dns_restart_required,
            "in_sync": self.in_sync,
            "status": self.status,
        }
