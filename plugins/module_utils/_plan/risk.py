# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute the probability that the next start of DNS takes a port that another service needs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._ports import FAMILIES, PortSet
from .pool import Pool

DIGITS = 6
"""Decimal places of risk figures, so that the same facts give the same plan byte for byte."""


def hit_probability(drawable: int, needed: int, drawn: int) -> float:
    """Return the probability that a uniform draw without replacement hits a needed port: 1 - C(N-k,S)/C(N,S).

    C(N-k,S)/C(N,S) is symmetrical in k and S, so the product runs over the smaller of the two.

    Args:
        drawable: N, the ports that can be drawn.
        needed: k, how many of them somebody else needs.
        drawn: S, how many are drawn.

    Raises:
        ValueError: when a number is negative or more ports are needed than can be drawn.
    """
    if min(drawable, needed, drawn) < 0 or needed > drawable:
        raise ValueError(f"no draw of {drawn} from {drawable} ports with {needed} needed ones")
    if needed == 0 or drawn == 0:
        return 0.0
    if needed + drawn > drawable:
        return 1.0
    few, many = sorted((needed, drawn))
    return -math.expm1(math.fsum(math.log1p(-many / (drawable - index)) for index in range(few)))


def draw_risk(pool: Pool, needed: PortSet, reserved: Mapping[str, PortSet]) -> dict[str, float | None]:
    """Return the risk of one start of DNS per address family; None if the family has no pool.

    Args:
        pool: ranges and size of the pool.
        needed: the UDP ports that others need.
        reserved: the ports that the draw leaves out if the others suffice, per address family.
    """
    return {family: _draw_risk(pool, family, needed, reserved[family]) for family in FAMILIES}


def _draw_risk(pool: Pool, family: str, needed: PortSet, reserved: PortSet) -> float | None:
    """Return the figure of one address family: the worse one where DNS has drawn from elsewhere than from its range."""
    found, size = pool.ports(family), pool.size
    if found is None or size is None:
        return None
    chances = [0.0]
    for ports in filter(None, (found, pool.seen.get(family))):
        unreserved = ports - reserved
        # A pool that does not fit may take reserved ports, too: event 411 of the DNS Server reads like that.
        drawable = ports if size > len(unreserved) else unreserved
        # The blocks come and go: they make the pool denser elsewhere, but protect no needed port.
        drawable -= pool.blocked.get(family, PortSet()) - needed
        chances.append(hit_probability(len(drawable), len(needed & drawable), min(size, len(drawable))))
    return round(max(chances), DIGITS)


@dataclass(frozen=True)
class Figures:
    """The risk by address family: of the next start of DNS, and of one after the plan has taken effect."""

    now_by_family: Mapping[str, float | None]
    after_by_family: Mapping[str, float | None]

    @property
    def now(self) -> float | None:
        """The higher figure of the two address families; None if there is none."""
        return max((figure for figure in self.now_by_family.values() if figure is not None), default=None)

    @property
    def after_reload(self) -> float | None:
        """The same, after the plan has taken effect."""
        return max((figure for figure in self.after_by_family.values() if figure is not None), default=None)


@dataclass(frozen=True)
class Risk(Figures):
    """The risk of all needs together and of each.

    Attributes:
        per_need: service, its UDP ports, and their figures, in the plan's order.
        model: of the pool.
    """

    per_need: tuple[tuple[str, PortSet, Figures], ...]
    model: str

    def to_json(self) -> dict[str, Any]:
        """Return the plan's ``risk``."""
        return {
            "now": self.now,
            "after_reload": self.after_reload,
            "per_family": {
                family: {"now": self.now_by_family[family], "after_reload": self.after_by_family[family]}
                for family in FAMILIES
            },
            "per_need": [
                {"service": service, "ports": ports.to_json(), "now": figures.now, "after_reload": figures.after_reload}
                for service, ports, figures in self.per_need
            ],
            "model": self.model,
        }


def risk_of(
    pool: Pool, needs: Sequence[tuple[str, PortSet]], now: Mapping[str, PortSet], after: Mapping[str, PortSet]
) -> Risk:
    """Compute the risk of a plan.

    Args:
        pool: ranges and size of the pool; one that was looked for and not seen gives no figures.
        needs: service and its UDP ports, in the plan's order.
        now: the ports that are effectively reserved, per address family.
        after: the ports that are reserved once the plan is carried out and effective, per address family.
    """
    reloaded = pool.reloaded()

    def figures(ports: PortSet) -> tuple[dict[str, float | None], dict[str, float | None]]:
        return draw_risk(pool, ports, now), draw_risk(reloaded, ports, after)

    needed = PortSet.union(ports for _service, ports in needs)
    per_need = tuple((service, ports, Figures(*figures(ports))) for service, ports in needs)
    return Risk(*figures(needed), per_need, pool.model)
