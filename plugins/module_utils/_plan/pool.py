# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute the range from which the socket pool is drawn, and its size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .._facts.dynamic_range import current_range
from .._facts.host import Host
from .._facts.sockets import POOL_SOCKETS_MIN
from .._policy import POOL_SIZE_DEFAULT, POOL_SIZE_MAX
from .._ports import FAMILIES, HIGHEST_PORT, PortSet
from .._problems import Problem, make_problem
from .._windows.settings import MAX_USER_PORT, RANGE_PREFIX, SOCKET_POOL_SIZE

NT5_LOWEST = 1024
"""Lowest port of the draw where MaxUserPort is set: the SBS 2003 article says 1024, KB929851 says 1025."""
NT5_LOWEST_END = 5000
"""A MaxUserPort below the documented 5000 is treated as 5000: better to report too many exposed ports than too few."""
NT5_UNSET = PortSet.from_ranges(((49152, HIGHEST_PORT),))
"""The draw where MaxUserPort is not set (the SBS 2003 article)."""
SBS_MAX_USER_PORT = 65536
"""SBS 2003, Exchange and ISA set MaxUserPort to this although 65534 is the documented limit, so it is not reported."""

POOL_OUTSIDE = "pool_outside_range"

MODEL_UNIFORM = "uniform"
MODEL_ESTIMATE = "estimate"
MODEL_NO_POOL = "no_pool"
MODEL_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Pool:
    """The socket pool of one host: where its ports come from, and how many there are.

    Attributes:
        udp4: the range over IPv4, None where the family has none or it is not known.
        udp6: the same over IPv6.
        size: sockets drawn per family now, None where no figure can be given.
        size_after: the same after everything planned is effective.
        model: uniform, estimate (2008 and later draw nearly contiguous blocks), no_pool or unknown.
        moved: the ranges that the plan sets, by address family.
        blocked: ports in blocks of Windows itself (WinNAT, HNS, http.sys), which nobody can bind, by address family.
        seen: up to 2003, the stretch from which DNS has drawn a pool that lies outside of its range, by address family.
        beyond: SocketPoolSize as it is, if it is above the documented limit, with which everything else is computed.
    """

    udp4: PortSet | None
    udp6: PortSet | None
    size: int | None
    size_after: int | None
    model: str
    moved: Mapping[str, PortSet] = field(default_factory=dict)
    blocked: Mapping[str, PortSet] = field(default_factory=dict)
    seen: Mapping[str, PortSet] = field(default_factory=dict)
    beyond: int | None = None

    def ports(self, family: str) -> PortSet | None:
        """Return the range of one address family."""
        return self.udp4 if family == FAMILIES[0] else self.udp6

    def reach(self, family: str) -> PortSet:
        """Return the ports of one address family that may be drawn, also of a stretch outside of its range."""
        return (self.ports(family) or PortSet()) | self.seen.get(family, PortSet())

    @property
    def all_ports(self) -> PortSet:
        """The ports that may be drawn over either family."""
        return self.reach(FAMILIES[0]) | self.reach(FAMILIES[1])

    def in_new_range(self) -> Pool:
        """Return the pool as it is drawn from the ranges that the plan sets."""
        udp4, udp6 = (self.moved.get(family, self.ports(family)) for family in FAMILIES)
        return replace(self, udp4=udp4, udp6=udp6)

    def reloaded(self) -> Pool:
        """Return the pool after the whole plan has taken effect."""
        return replace(self.in_new_range(), size=self.size_after)

    def to_json(self) -> dict[str, str | None]:
        """Return the plan's ``pool_range``: ``a-b`` per family, or null."""
        return {
            family: None if not ports else f"{ports.lowest}-{ports.highest}"
            for family, ports in ((family, self.ports(family)) for family in FAMILIES)
        }


def pool_of(host: Host, wanted_size: int | None) -> tuple[Pool, list[Problem]]:
    """Return the pool's ranges and size, and what could not be determined.

    Args:
        host: the facts.
        wanted_size: SocketPoolSize of the policy, None to leave it as it is.
    """
    ranges, problems = _nt5_ranges(host) if host.family == "nt5" else _nt6_ranges(host)
    outside = {family: found for family in FAMILIES if (found := drawn_outside(host, family, ranges[family]))}
    problems += [_outside(family, found) for family, found in outside.items() if not _is_recorded(host, family)]
    # From Vista on the range is documented, and what lies outside of it was drawn from an earlier one.
    seen = {family: _stretch(found) for family, found in outside.items()} if host.family == "nt5" else {}
    problems += _small(host) if wanted_size is None else ()
    model = _model(host, ranges)
    if model in (MODEL_NO_POOL, MODEL_UNKNOWN):
        return Pool(ranges["udp4"], ranges["udp6"], None, None, model, seen=seen), problems
    size, size_problems = _size(host)
    after = size if wanted_size is None else max(wanted_size, 1)
    blocked = {family: PortSet.from_ranges(host.blocks(family)) for family in FAMILIES}
    beyond = size_beyond(host)
    pool = Pool(ranges["udp4"], ranges["udp6"], size, after, model, blocked=blocked, seen=seen, beyond=beyond)
    return pool, problems + size_problems


def drawn_outside(host: Host, family: str, found: PortSet | None) -> PortSet:
    """Return the ports outside of a range that DNS holds, if there are enough of them to be a pool."""
    outside = PortSet() if found is None else host.drawn_ports[family] - found
    return outside if len(outside) >= POOL_SOCKETS_MIN else PortSet()


def shows_range(host: Host, pool: Pool) -> bool:
    """Return whether DNS is seen to hold a pool that lies inside its range as it is, over each address family.

    Then the range is the one from which DNS has drawn. Else it may have been moved since the boot, by anybody: a
    rollback or a person leaves no record of that. Up to 2003 one range is for both families.
    """
    families = FAMILIES[:1] if host.family == "nt5" else FAMILIES
    return all(
        len(host.drawn_ports[family]) >= POOL_SOCKETS_MIN
        and not host.drawn_ports[family] - (pool.ports(family) or PortSet())
        for family in families
    )


def _stretch(ports: PortSet) -> PortSet:
    return PortSet.from_ranges([(ports.lowest or 1, ports.highest or 1)])


def _is_recorded(host: Host, family: str) -> bool:
    """Return whether the range was set by us: whether DNS follows it is judged with its record."""
    return host.family != "nt5" and host.record(RANGE_PREFIX + family) is not None


def _outside(family: str, ports: PortSet) -> Problem:
    return make_problem(
        POOL_OUTSIDE,
        "warning",
        f"Over {family} DNS holds {len(ports)} UDP ports between {ports.lowest} and {ports.highest}, outside of the"
        " range from which its pool is drawn: the range was another one when DNS started, or DNS does not follow it.",
        family=family,
        ports=ports.to_json(),
    )


def _small(host: Host) -> Iterator[Problem]:
    """Yield a SocketPoolSize below the default, also where no pool is seen: few sockets may be the reason for that."""
    fact = host.setting(SOCKET_POOL_SIZE)
    size = fact["data"]
    is_number = fact["present"] and fact["type"] == "REG_DWORD" and isinstance(size, int)
    if host.dns_installed is False or not is_number or size >= POOL_SIZE_DEFAULT:
        return
    yield make_problem(
        "socket_pool_small",
        "warning",
        f"SocketPoolSize is {size}, below the default of {POOL_SIZE_DEFAULT}: with fewer source ports, answers to DNS"
        " are easier to forge (MS08-037), and Microsoft's Best Practices Analyzer reports it.",
        value=size,
        default=POOL_SIZE_DEFAULT,
    )


def _model(host: Host, ranges: dict[str, PortSet | None]) -> str:
    if host.dns_installed is False or (host.dns_running and host.dns.get("pool_present") == "no"):
        return MODEL_NO_POOL
    # From Vista on there are two ranges; NT5 has no IPv6 by default.
    missing = not any(ranges.values()) if host.family == "nt5" else not all(ranges.values())
    if host.dns_installed is None or missing:
        return MODEL_UNKNOWN
    return MODEL_UNIFORM if host.family == "nt5" else MODEL_ESTIMATE


def _nt5_ranges(host: Host) -> tuple[dict[str, PortSet | None], list[Problem]]:
    """Return the range that MaxUserPort gives; for IPv6 only if DNS uses IPv6, which NT5 lacks by default."""
    ports, problems = _nt5_range(host.setting(MAX_USER_PORT))
    return {"udp4": ports, "udp6": ports if host.dns_ports("udp6") else None}, problems


def _nt5_range(fact: Mapping[str, Any]) -> tuple[PortSet | None, list[Problem]]:
    if not fact["present"]:
        return None if fact["present"] is None else NT5_UNSET, []
    limit = fact["data"]
    if fact["type"] != "REG_DWORD" or not isinstance(limit, int):
        wrong_type = make_problem(
            "max_user_port_wrong_type",
            "error",
            "MaxUserPort is not a REG_DWORD, so it is unknown which range the pool is drawn from.",
            type=fact["type"],
        )
        return None, [wrong_type]
    ports = PortSet.from_ranges(((NT5_LOWEST, min(max(limit, NT5_LOWEST_END), HIGHEST_PORT)),))
    if NT5_LOWEST_END <= limit <= SBS_MAX_USER_PORT:
        return ports, []
    out_of_range = make_problem(
        "max_user_port_out_of_range",
        "warning",
        f"MaxUserPort is {limit}, outside the documented 5000 to 65534: the pool's range is an assumption.",
        value=limit,
    )
    return ports, [out_of_range]


def _nt6_ranges(host: Host) -> tuple[dict[str, PortSet | None], list[Problem]]:
    problems: list[Problem] = []
    dynamic = host.facts.get("dynamic_ports") or {}
    ranges: dict[str, PortSet | None] = {}
    for family in FAMILIES:
        found = current_range(host, RANGE_PREFIX + family)
        ranges[family] = None if found is None else PortSet.from_ranges([found])
        if dynamic.get(family) and found is None:
            message = f"The dynamic port range of {family} lies outside 1-65535 and is not used."
            problems.append(make_problem("dynamic_ports_invalid", "warning", message, family=family))
    return ranges, problems


def configured_size(host: Host) -> int:
    """Return the sockets per family that SocketPoolSize asks for, whether or not a pool is seen."""
    return _size(host)[0]


def size_beyond(host: Host) -> int | None:
    """Return SocketPoolSize as it is, if it is above the documented limit, whether or not a pool is seen."""
    fact = host.setting(SOCKET_POOL_SIZE)
    size = fact["data"] if fact["type"] == "REG_DWORD" else None
    return size if isinstance(size, int) and size > POOL_SIZE_MAX else None


def _size(host: Host) -> tuple[int, list[Problem]]:
    """Return the sockets per family. SocketPoolSize 0 means one socket; if it cannot be read, the default is used.

    If it has another type, it is not known whether DNS reads it: the size of a larger pool that is seen is used then.
    """
    fact = host.setting(SOCKET_POOL_SIZE)
    size = fact["data"]
    if fact["present"] is None:
        message = "SocketPoolSize could not be read, so the size of the pool is not known."
        return POOL_SIZE_DEFAULT, [make_problem("pool_unknown", "error", message)]
    if not fact["present"]:
        return POOL_SIZE_DEFAULT, []
    if fact["type"] != "REG_DWORD" or not isinstance(size, int):
        seen = max(len(host.drawn_ports[family]) for family in FAMILIES)
        return min(max(POOL_SIZE_DEFAULT, seen), POOL_SIZE_MAX), []
    if 0 <= size <= POOL_SIZE_MAX:
        return max(size, 1), []
    assumed = min(max(size, 1), POOL_SIZE_MAX)
    message = (
        f"SocketPoolSize is {size}, outside the documented 0 to {POOL_SIZE_MAX}: the risk is computed for {assumed}"
        " sockets."
    )
    return assumed, [make_problem("socket_pool_size_out_of_range", "warning", message, value=size)]
