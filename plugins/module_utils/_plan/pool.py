# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute the range from which the socket pool is drawn, and its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .._facts.host import FAMILIES, Host
from .._policy import POOL_SIZE_DEFAULT, POOL_SIZE_MAX
from .._ports import HIGHEST_PORT, PortError, PortSet
from .._problems import ProblemList
from .._windows.settings import MAX_USER_PORT, SOCKET_POOL_SIZE

NT5_LOWEST = 1024
"""Lowest port of the draw where MaxUserPort is set: the SBS 2003 article says 1024, KB929851 says 1025."""
NT5_LOWEST_END = 5000
"""A MaxUserPort below the documented 5000 is reckoned as 5000: rather too many ports called exposed than too few."""
NT5_UNSET = PortSet.from_ranges(((49152, HIGHEST_PORT),))
"""The draw where MaxUserPort is not set (the SBS 2003 article)."""
SBS_MAX_USER_PORT = 65536
"""SBS 2003, Exchange and ISA set MaxUserPort to this although 65534 is the documented limit: no cause for a problem."""

MODEL_UNIFORM = "uniform"
MODEL_ESTIMATE = "estimate"
MODEL_NO_POOL = "no_pool"
MODEL_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Pool:
    """The pool of one host.

    Attributes:
        udp4: the range over IPv4, None where the family has none or it is not known.
        udp6: the same over IPv6.
        size: sockets drawn per family now, None where no figure can be given.
        size_after: the same after everything planned is effective.
        model: uniform, estimate (2008 and later draw nearly contiguous blocks), no_pool or unknown.
    """

    udp4: PortSet | None
    udp6: PortSet | None
    size: int | None
    size_after: int | None
    model: str

    def ports(self, family: str) -> PortSet | None:
        """The range of one address family."""
        return self.udp4 if family == FAMILIES[0] else self.udp6

    @property
    def all_ports(self) -> PortSet:
        """What either family can draw."""
        return (self.udp4 or PortSet()) | (self.udp6 or PortSet())

    def reloaded(self) -> Pool:
        """The pool after everything planned is effective."""
        return replace(self, size=self.size_after)

    def to_json(self) -> dict[str, str | None]:
        """The plan's ``pool_range``: ``a-b`` per family, or null."""
        return {
            family: None if not ports else f"{ports.lowest}-{ports.highest}"
            for family, ports in ((family, self.ports(family)) for family in FAMILIES)
        }


def pool_of(host: Host, wanted_size: int | None, problems: ProblemList) -> Pool:
    """Find out the pool's ranges and size.

    Args:
        host: the facts.
        wanted_size: SocketPoolSize of the policy, None to leave what is there.
        problems: gets what could not be found out.
    """
    ranges = _nt5_ranges(host, problems) if host.family == "nt5" else _nt6_ranges(host, problems)
    model = _model(host, ranges)
    if model in (MODEL_NO_POOL, MODEL_UNKNOWN):
        return Pool(ranges["udp4"], ranges["udp6"], None, None, model)
    size = _size(host, problems)
    after = size if wanted_size is None else max(wanted_size, 1)
    return Pool(ranges["udp4"], ranges["udp6"], size, after, model)


def _model(host: Host, ranges: dict[str, PortSet | None]) -> str:
    if host.dns_installed is False or (host.dns_running and host.dns.get("pool_present") == "no"):
        return MODEL_NO_POOL
    # From Vista on there are two ranges; NT5 has no IPv6 by default.
    missing = not any(ranges.values()) if host.family == "nt5" else not all(ranges.values())
    if host.dns_installed is None or missing:
        return MODEL_UNKNOWN
    return MODEL_UNIFORM if host.family == "nt5" else MODEL_ESTIMATE


def _nt5_ranges(host: Host, problems: ProblemList) -> dict[str, PortSet | None]:
    """IPv4 by MaxUserPort; IPv6 the same, but only where DNS is seen to use it, because NT5 has no IPv6 by default."""
    fact = host.setting(MAX_USER_PORT)
    ports: PortSet | None = NT5_UNSET
    if fact["present"] is None:
        ports = None
    elif fact["present"]:
        ports = _up_to(fact, problems)
    return {"udp4": ports, "udp6": ports if host.dns_ports("udp6") else None}


def _up_to(fact: Mapping[str, Any], problems: ProblemList) -> PortSet | None:
    limit = fact["data"]
    if fact["type"] != "REG_DWORD" or not isinstance(limit, int):
        problems.add(
            "max_user_port_wrong_type",
            "error",
            "MaxUserPort is not a REG_DWORD, so it is unknown which range the pool is drawn from.",
            type=fact["type"],
        )
        return None
    if not NT5_LOWEST_END <= limit <= SBS_MAX_USER_PORT:
        problems.add(
            "max_user_port_out_of_range",
            "warning",
            f"MaxUserPort is {limit}, outside the documented 5000 to 65534: the pool's range is an assumption.",
            value=limit,
        )
    return PortSet.from_ranges(((NT5_LOWEST, min(max(limit, NT5_LOWEST_END), HIGHEST_PORT)),))


def _nt6_ranges(host: Host, problems: ProblemList) -> dict[str, PortSet | None]:
    dynamic = host.facts.get("dynamic_ports") or {}
    ranges: dict[str, PortSet | None] = {}
    for family in FAMILIES:
        row = dynamic.get(family)
        try:
            ranges[family] = None if not row else PortSet.from_ranges([(row["start"], row["start"] + row["count"] - 1)])
        except PortError:
            ranges[family] = None
            problems.add(
                "dynamic_ports_invalid",
                "warning",
                f"The dynamic port range of {family} lies outside 1-65535 and is not used.",
                family=family,
            )
    return ranges


def _size(host: Host, problems: ProblemList) -> int:
    """Sockets per family; SocketPoolSize 0 means one socket, and one that cannot be read is taken as the default."""
    fact = host.setting(SOCKET_POOL_SIZE)
    size = fact["data"]
    if fact["present"] is None:
        problems.add("pool_unknown", "error", "SocketPoolSize could not be read, so the size of the pool is not known.")
    if not fact["present"] or fact["type"] != "REG_DWORD" or not isinstance(size, int):
        return POOL_SIZE_DEFAULT
    if not 0 <= size <= POOL_SIZE_MAX:
        problems.add(
            "socket_pool_size_out_of_range",
            "warning",
            f"SocketPoolSize is {size}, outside the documented 0 to {POOL_SIZE_MAX}.",
            value=size,
        )
    return min(max(size, 1), POOL_SIZE_MAX)
