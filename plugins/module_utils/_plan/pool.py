# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute the range from which the socket pool is drawn, and its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .._facts.dynamic_range import current_range
from .._facts.host import Host
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
    """

    udp4: PortSet | None
    udp6: PortSet | None
    size: int | None
    size_after: int | None
    model: str
    moved: Mapping[str, PortSet] = field(default_factory=dict)

    def ports(self, family: str) -> PortSet | None:
        """Return the range of one address family."""
        return self.udp4 if family == FAMILIES[0] else self.udp6

    @property
    def all_ports(self) -> PortSet:
        """The ports of both ranges."""
        return PortSet.union(ports for ports in (self.udp4, self.udp6) if ports)

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
    model = _model(host, ranges)
    if model in (MODEL_NO_POOL, MODEL_UNKNOWN):
        return Pool(ranges["udp4"], ranges["udp6"], None, None, model), problems
    size, size_problems = _size(host)
    if wanted_size is None and size < POOL_SIZE_DEFAULT:
        size_problems.append(_small(host.setting(SOCKET_POOL_SIZE)["data"]))
    after = size if wanted_size is None else max(wanted_size, 1)
    return Pool(ranges["udp4"], ranges["udp6"], size, after, model), problems + size_problems


def _small(size: int) -> Problem:
    return make_problem(
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


def _size(host: Host) -> tuple[int, list[Problem]]:
    """Return the sockets per family. SocketPoolSize 0 means one socket; if it cannot be read, the default is used."""
    fact = host.setting(SOCKET_POOL_SIZE)
    size = fact["data"]
    if fact["present"] is None:
        message = "SocketPoolSize could not be read, so the size of the pool is not known."
        return POOL_SIZE_DEFAULT, [make_problem("pool_unknown", "error", message)]
    if not fact["present"] or fact["type"] != "REG_DWORD" or not isinstance(size, int):
        return POOL_SIZE_DEFAULT, []
    if 0 <= size <= POOL_SIZE_MAX:
        return max(size, 1), []
    message = f"SocketPoolSize is {size}, outside the documented 0 to {POOL_SIZE_MAX}."
    problem = make_problem("socket_pool_size_out_of_range", "warning", message, value=size)
    return min(max(size, 1), POOL_SIZE_MAX), [problem]
