# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leave out changes that would leave too few unreserved ports for the pool and for clients."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .._facts.host import Host
from .._ports import FAMILIES, PortSet
from .._problems import Problem, Severity, make_problem
from .changes import Change
from .exclusions import NetshPlan
from .pool import Pool
from .settings import POOL_MISFIT, ListPlan

CLIENT_PORTS = 255
"""Ordinary client ports that must remain per address family beside the pool: the least that Windows allows as a dynamic
range (KB929851)."""


@dataclass(frozen=True)
class Reservations:
    """The current or planned reservations: the list value, netsh's tables, and the pool's size.

    Attributes:
        listed: the list value of the release's mechanism, None where it has none.
        netsh: the tables of excluded ports, None where the plan does not change them.
        sized: the change of the pool's size, None where it stays.
        starred: per address family, the ports in rows of netsh's table that have a star (administered exclusions),
            whoever made them.
    """

    listed: ListPlan | None
    netsh: NetshPlan | None
    sized: Change | None
    starred: Mapping[str, PortSet]

    def current(self, family: str) -> PortSet:
        """Return the ports of a family that are reserved now."""
        return (self.listed.current if self.listed else PortSet()) | self.starred[family]

    def entered(self, family: str) -> PortSet:
        """Return the same with the ports of a list value that has a type which Windows may not read."""
        return self.current(family) | (self.listed.entered if self.listed else PortSet())

    def desired(self, family: str) -> PortSet:
        """Return the ports of a family that are reserved after the plan."""
        table = self.netsh.family(family).desired if self.netsh else self.starred[family]
        return (self.listed.desired if self.listed else PortSet()) | table

    def without_lists(self, sized: Change | None) -> Reservations:
        """Return the reservations without changes of lists and tables."""
        unlisted = self.listed and replace(self.listed, desired=self.listed.current, change=None, usable=False)
        return Reservations(unlisted, self.netsh and self.netsh.unchanged(), sized, self.starred)


def starred_ports(host: Host) -> dict[str, PortSet]:
    """Return the ports in starred rows per address family."""
    return {family: PortSet.from_ranges(host.administered(family)) for family in FAMILIES}


def misfits(pool: Pool, size: int | None, reserved: Mapping[str, PortSet]) -> list[dict[str, Any]]:
    """Return the address families with too few unreserved ports for the pool and clients, with the numbers."""
    if size is None:
        return []
    found: list[dict[str, Any]] = []
    for family in FAMILIES:
        ports = pool.ports(family)
        free = None if ports is None else len(ports - reserved[family])
        if free is not None and size + CLIENT_PORTS > free:
            found.append({"family": family, "pool": size, "client_ports": CLIENT_PORTS, "free": free})
    return found


def refuse_misfits(pool: Pool, wanted: Reservations) -> tuple[Reservations, list[Problem]]:
    """Leave out the changes that would leave too few ports.

    Args:
        pool: in its range as it is, with the ranges that the plan sets.
        wanted: what is reserved, and what the plan reserves.

    Returns:
        What may be written, and problems for what may not, or for a pool that does not fit now.
    """
    choice, problems = _choose(pool, wanted)
    size = None if choice.sized else pool.beyond
    now, then = (
        {row["family"]: row for row in misfits(in_range, size, {family: ports(family) for family in FAMILIES})}
        for in_range, ports in ((pool, choice.current), (pool.in_new_range(), choice.desired))
    )
    caused = [row for family, row in then.items() if family not in now]
    verdict = "will not fit after this change, if DNS takes SocketPoolSize as it is"
    return choice, problems + _reported(caused, verdict, "warning")


def _choose(pool: Pool, wanted: Reservations) -> tuple[Reservations, list[Problem]]:
    """Return the changes that leave enough ports for a pool of the documented size, and the problems of the others."""
    current = {family: wanted.current(family) for family in FAMILIES}
    already, moved = misfits(pool, pool.size, current), pool.in_new_range()
    problems = _reported_as_found(pool, current, {row["family"] for row in already})
    problems = problems or _reported(already, "does not fit already", "warning")
    # A new range that is too small for what is reserved now is refused later, and all of this done again without it.
    families = {row["family"] for row in misfits(moved, pool.size, current)}
    only_lists = Reservations(wanted.listed, wanted.netsh, None, wanted.starred)
    for choice in (wanted, only_lists, wanted.without_lists(wanted.sized)):
        size = pool.size_after if choice.sized else pool.size
        found = misfits(moved, size, {family: choice.desired(family) for family in FAMILIES})
        caused = [row for row in found if row["family"] not in families]
        if not caused:
            return choice, problems
        problems += _reported(caused, "would not fit, so that change is not made", "error")
    return wanted.without_lists(None), problems


def _reported_as_found(pool: Pool, reserved: Mapping[str, PortSet], families: Collection[str]) -> list[Problem]:
    """Return the families into which a pool above the documented limit does not fit.

    Args:
        pool: of the host.
        reserved: the ports that are reserved now, by address family.
        families: those into which the largest documented pool does not fit either.
    """
    problems = []
    for row in misfits(pool, pool.beyond, reserved):
        certain = f"does not fit already; {pool.size} sockets would not fit either"
        verdict = certain if row["family"] in families else "does not fit already, if DNS takes SocketPoolSize as it is"
        problems += _reported([row], verdict, "warning")
    return problems


def _reported(wrong: list[dict[str, Any]], verdict: str, severity: Severity) -> list[Problem]:
    return [
        make_problem(
            POOL_MISFIT,
            severity,
            f"Over {row['family']} a pool of {row['pool']} sockets and {CLIENT_PORTS} client ports need"
            f" {row['pool'] + CLIENT_PORTS} ports, but only {row['free']} are not reserved: the pool {verdict}.",
            **row,
        )
        for row in wrong
    ]
