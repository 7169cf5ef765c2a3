# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan the excluded port ranges that netsh has to add or delete, per address family.

``netsh interface ipv4|ipv6 add excludedportrange`` takes effect at once, but fails for a range of which anything holds
a port, dns.exe included. So a range is split: what is free is added at once, what DNS holds is added while DNS is down,
and what another process holds is not added at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .._catalogue.row import NO_PORTS
from .._facts.host import Host
from .._policy import Policy
from .._ports import FAMILIES, PortSet, Range
from .._problems import NAMED_MAX, Problem, in_number, listed, make_problem
from .._windows.settings import NETSH, NETSH_PREFIX, NOW
from .changes import Change, Deferred, TableChange, table_place
from .needs import Need, detected_ports, shared_by_need
from .pool import Pool
from .settings import CLUSTER_PORT, prune_refusals, wanted_ports

SPLIT_MAX = 16
"""A stretch in which DNS holds more separate pieces than this is added as one while DNS is down: hundreds of rows of
one or two ports would protect no earlier, because the window is due anyway, and the table would be unreadable."""

NO_CONTEXT = "netsh_context_missing"
UNKNOWN_TABLE = "exclusions_unknown"
HELD = "exclusion_port_held"
IN_BLOCK = "port_in_excluded_block"
_HELD = (
    "netsh cannot exclude a port while a process holds it. Over {over}, [this UDP port is|these UDP ports are] held:"
    " {ports}. No other program can take [it|them] meanwhile. To exclude [it|them], stop [its service|their services],"
    " run again, and start [the service|the services]."
)


@dataclass(frozen=True)
class FamilyPlan:
    """The plan of one address family's table.

    Attributes:
        family: udp4 or udp6.
        known: False where the table could not be read: nothing is planned then.
        rows: the starred rows as they are.
        wanted: the ports that needs ask for.
        added: ranges to be added at once.
        deferred: ranges to be added while DNS is down.
        removed: rows to be deleted, exactly as they are.
        waiting: wanted ports that cannot be excluded while others hold them or a block of Windows covers them.
        ours: the ports that we have excluded once this plan is carried out.
        recorded: the same as recorded on the host.
    """

    family: str
    known: bool
    rows: tuple[Range, ...]
    wanted: PortSet
    added: tuple[Range, ...] = ()
    deferred: tuple[Range, ...] = ()
    removed: tuple[Range, ...] = ()
    waiting: PortSet = NO_PORTS
    ours: PortSet = NO_PORTS
    recorded: PortSet = NO_PORTS

    @property
    def setting_id(self) -> str:
        """The id in plan, state record and backup."""
        return f"excluded_{self.family}"

    @property
    def current(self) -> PortSet:
        """The ports that starred rows cover now."""
        return PortSet.from_ranges(self.rows)

    @property
    def desired(self) -> PortSet:
        """The same after the plan has been carried out, the window included."""
        kept = PortSet.from_ranges(row for row in self.rows if row not in self.removed)
        return kept | PortSet.from_ranges(self.added) | PortSet.from_ranges(self.deferred)

    @property
    def complete(self) -> bool:
        """Whether every wanted port is excluded now."""
        return self.known and self.wanted <= self.current

    def unchanged(self) -> FamilyPlan:
        """Return the plan without any change."""
        return replace(self, added=(), deferred=(), removed=(), ours=self.recorded)

    def record_text(self) -> str | None:
        """Return what to record before the window may add the deferred ranges; None if it is recorded already."""
        if self.added or self.removed or PortSet.from_ranges(self.deferred) <= self.recorded:
            return None
        return ",".join(self.ours.strings())

    def change(self, reason: str) -> Change:
        """Return the immediate change."""
        after = texts(sorted({*self.rows, *self.added} - set(self.removed)))
        rows = (texts(self.added), texts(self.removed), self.ours.strings())
        return TableChange(*table_place(self.setting_id), None, texts(self.rows), None, after, reason, NOW, *rows)


@dataclass(frozen=True)
class NetshPlan:
    """The plan of both tables, IPv4 first."""

    families: tuple[FamilyPlan, ...]
    whys: Mapping[str, str]

    def family(self, family: str) -> FamilyPlan:
        """Return the part of one address family."""
        return next(part for part in self.families if part.family == family)

    def unchanged(self) -> NetshPlan:
        """Return the plan without any change."""
        return replace(self, families=tuple(part.unchanged() for part in self.families))

    def changes(self) -> list[Change]:
        """Return the immediate changes."""
        return [part.change(self.whys[part.family]) for part in self.families if part.added or part.removed]

    def deferred(self) -> Deferred:
        """Return what the window has to exclude."""
        return {part.setting_id: tuple(texts(part.deferred)) for part in self.families if part.deferred}

    def records(self) -> dict[str, tuple[str | None, str]]:
        """Return the old and new record of each table to which nothing is added at once, if it has to be recorded."""
        found: dict[str, tuple[str | None, str]] = {}
        for part in self.families:
            text = part.record_text()
            if text is not None:
                found[part.setting_id] = (",".join(part.recorded.strings()) or None, text)
        return found

    def effects(self) -> dict[str, str]:
        """Return the plan's ``effective`` entries. An exclusion takes effect as soon as it exists."""
        return {
            part.setting_id: ("yes" if part.complete else "no") if part.known else "unknown"
            for part in self.families
            if part.wanted
        }


def texts(ranges: Iterable[Range]) -> list[str]:
    """Format ranges as ``a-b``."""
    return [f"{first}-{last}" for first, last in ranges]


def plan_netsh(host: Host, policy: Policy, needs: Sequence[Need], pool: Pool) -> tuple[NetshPlan, Sequence[Problem]]:
    """Plan the exclusions of both address families.

    Args:
        host: the facts.
        policy: what the user wants.
        needs: who needs which ports.
        pool: what the pool can draw, or on a host without DNS what Windows hands out to clients.

    Returns:
        The plan, and what cannot be planned or added.
    """
    unexposed = policy.reserves_unexposed(host.family or "")
    refusals = prune_refusals(host, policy)
    keep = CLUSTER_PORT | detected_ports(host, policy)
    parts = []
    for family in FAMILIES:
        wanted = wanted_ports(needs, pool.ports(family) or PortSet(), unexposed)
        if not host.exclusions_known(family):
            parts.append(FamilyPlan(family, False, (), wanted))
            continue
        part = _planned(host, FamilyPlan(family, True, host.administered(family), wanted))
        if policy.prune and not refusals:
            part = _pruned(part, keep)
        parts.append(part)
    held = [problem for part in parts for problem in _held_ports(host, part)]
    whys = {part.family: _why(part, needs) for part in parts}
    return NetshPlan(tuple(parts), whys), [*refusals, *_unknown_tables(host, parts), *held]


def _planned(host: Host, part: FamilyPlan) -> FamilyPlan:
    """Split what is wanted and not covered into free, held by DNS, and held by others or blocked."""
    recorded = host.recorded_ports(part.setting_id)
    if not host.sockets_known:
        return replace(part, recorded=recorded, ours=recorded)
    in_the_way = host.other_ports(part.family) | PortSet.from_ranges(host.blocks(part.family))
    by_dns = host.dns_ports(part.family)
    missing = part.wanted - part.current
    added: list[Range] = []
    deferred: list[Range] = []
    for stretch in missing.ranges:
        free = PortSet.from_ranges((stretch,)) - in_the_way
        held = free & by_dns
        if len(held.ranges) > SPLIT_MAX:
            deferred += free.ranges
        else:
            deferred += held.ranges
            added += (free - held).ranges
    changed = PortSet.from_ranges((*added, *deferred))
    return replace(
        part,
        added=tuple(added),
        deferred=tuple(deferred),
        waiting=missing & in_the_way,
        recorded=recorded,
        ours=(recorded & part.current) | changed,
    )


def _pruned(part: FamilyPlan, keep: PortSet) -> FamilyPlan:
    """Return whole rows that the record names and nothing needs. Rows of others are never deleted."""
    needed = part.wanted | keep
    removed = tuple(
        row for row in part.rows if (ports := PortSet.from_ranges((row,))) <= part.recorded and ports.isdisjoint(needed)
    )
    return replace(part, removed=removed, ours=part.ours - PortSet.from_ranges(removed))


def _why(part: FamilyPlan, needs: Sequence[Need]) -> str:
    reasons: list[str] = []
    added = PortSet.from_ranges(part.added)
    if added:
        reasons.append(f"excludes {shared_by_need(needs, added)}")
    if part.deferred:
        reasons.append(f"{listed(texts(part.deferred))} is held by DNS and follows while it is down")
    if part.removed:
        reasons.append(f"removes {listed(texts(part.removed))}, which the collection added and nothing needs (prune)")
    return "; ".join(reasons)


def _unknown_tables(host: Host, parts: Sequence[FamilyPlan]) -> Iterator[Problem]:
    """Say which tables could not be read, and tell a netsh without that command from one that did not answer."""
    dynamic = host.facts.get("dynamic_ports") or {}
    unknown = [part for part in parts if not part.known and part.wanted]
    lacking = [part for part in unknown if dynamic.get(part.family)]
    if lacking:
        ports = PortSet.union(part.wanted for part in lacking)
        over = " and ".join(NETSH[part.setting_id] for part in lacking)
        yield make_problem(
            NO_CONTEXT,
            "error",
            f"netsh of this build has no excludedportrange over {over}: {listed(ports.strings())} cannot be excluded."
            " Instead, install the update that brings the command; or move the dynamic range off these ports"
            " ('netsh interface ipv4 set dynamicport udp', the same for ipv6); or rely on a smaller pool"
            " (socket_pool_size with allow_small_pool) and on the window, which brings a failed service back.",
            families=[part.family for part in lacking],
            ports=ports.strings()[:NAMED_MAX],
        )
    for part in unknown:
        if part not in lacking:
            yield make_problem(
                UNKNOWN_TABLE,
                "error",
                f"The excluded port ranges over {NETSH[part.setting_id]} could not be read: nothing is planned there.",
                family=part.family,
            )


def _held_ports(host: Host, part: FamilyPlan) -> Iterator[Problem]:
    """Yield a problem for the wanted ports that cannot be excluded, because a process other than DNS holds them."""
    held = part.waiting & host.other_ports(part.family)
    if not held:
        return
    named = []
    for port in held:
        holder = host.holders(port, part.family)[0]
        named.append(f"{port} by {holder.process or 'a process that is not named'} (PID {holder.pid or 'unknown'})")
    yield make_problem(
        HELD,
        "warning",
        in_number(_HELD, len(held) > 1).format(over=NETSH[part.setting_id], ports=listed(named)),
        family=part.family,
        ports=held.strings()[:NAMED_MAX],
    )


def blocked_ports(host: Host, needs: Sequence[Need]) -> Iterator[Problem]:
    """Yield the needed ports that are in a block of Windows, and what that means for their service."""
    if host.family in (None, "nt5"):
        return
    for need in needs:
        for family in FAMILIES:
            for first, last in host.blocks(family):
                inside = need.udp_ports & PortSet.from_ranges(((first, last),))
                if inside:
                    yield make_problem(
                        IN_BLOCK,
                        "warning",
                        f"UDP {listed(inside.strings())} of {need.title} lies in {first}-{last}, which Windows itself"
                        f" has excluded over {NETSH[NETSH_PREFIX + family]} (WinNAT, HNS, http.sys): a program that"
                        " binds such a port gets error 10013 until that range is gone.",
                        family=family,
                        service=need.service,
                        ports=inside.strings()[:NAMED_MAX],
                        block=f"{first}-{last}",
                    )
