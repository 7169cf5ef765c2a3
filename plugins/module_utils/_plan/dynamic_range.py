# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan the dynamic UDP port ranges that netsh sets, on request only.

A range is set only where everything that it must be compared with was read, and where pool, clients and all excluded
ports fit into it. MaxUserPort, which does the same up to 2003, is never written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .._facts.dynamic_range import current_range, range_text
from .._facts.host import Host
from .._facts.host_values import number
from .._facts.sockets import POOL_SOCKETS_MIN
from .._policy import Policy
from .._ports import FAMILIES, PortSet, Range
from .._problems import Problem, in_number, listed, make_problem
from .._windows.range_owners import owners_among
from .._windows.settings import DNS_RESTART, MECHANISMS, NOW, RANGE_PREFIX, RANGES, SETTINGS, SOCKET_POOL_SIZE
from .capacity import CLIENT_PORTS, Reservations
from .changes import Change, RangeChange
from .pool import MODEL_UNKNOWN, Pool, configured_size, size_beyond

REFUSED = "dynamic_port_range_refused"
UNCHECKED = "dynamic_port_range_unchecked"


@dataclass(frozen=True)
class RangePlan:
    """The ranges to set.

    Attributes:
        ranges: first and last port, by id of RANGES; only those that differ from the host's.
        before: the host's own ranges.
        takes_effect: when DNS uses the new ranges: at its next start, or at once if DNS is not installed.
    """

    ranges: Mapping[str, Range]
    before: Mapping[str, Range]
    takes_effect: str

    def changes(self, reason: str) -> list[Change]:
        """Return the changes, IPv4 first."""
        return [
            RangeChange(
                *(name, RANGES[name].key, None, None, range_text(self.before[name]), None, range_text(new)),
                reason=reason,
                takes_effect=self.takes_effect,
            )
            for name, new in self.ranges.items()
        ]

    def ports(self) -> dict[str, PortSet]:
        """Return the ports of the new ranges, by address family."""
        return {name.removeprefix(RANGE_PREFIX): PortSet.from_ranges([new]) for name, new in self.ranges.items()}


NO_RANGES = RangePlan({}, {}, NOW)


def is_drawn_inside(host: Host, setting_id: str) -> bool:
    """Return whether DNS is seen to hold a pool, all of it inside the host's range: then a restart changes nothing."""
    found, drawn = current_range(host, setting_id), host.drawn_ports[setting_id.removeprefix(RANGE_PREFIX)]
    return found is not None and len(drawn) >= POOL_SOCKETS_MIN and not drawn - PortSet.from_ranges([found])


def plan_ranges(host: Host, policy: Policy, pool: Pool) -> tuple[RangePlan, Sequence[Problem]]:
    """Return the ranges to set, apart from whether everything fits into them, or why none is set."""
    asked = policy.dynamic_port_range
    if asked is None or host.family is None:
        return NO_RANGES, []
    if host.family == "nt5":
        message = (
            "dynamic_port_range is for Windows Vista and later: up to 2003, MaxUserPort determines the range, and this"
            " collection never writes it. Leave the option out for this host."
        )
        return NO_RANGES, [make_problem(REFUSED, "error", message, reason="release")]
    before = {name: current_range(host, name) for name, _new in asked.ranges}
    found = {name: old for name, old in before.items() if old is not None}
    ranges = {name: new for name, new in asked.ranges if before[name] != new}
    if not ranges:
        return NO_RANGES, []
    unknown = [*_unread(host, pool, ranges)]
    if unknown:
        message = f"The dynamic port range stays as it is, because the new one cannot be checked: {listed(unknown)}."
        return NO_RANGES, [make_problem(UNCHECKED, "error", message, unknown=unknown)]
    owners = [owner for owner in owners_among(host.services) if not set(owner.names) & set(asked.force)]
    if owners:
        titles, names = listed([owner.title for owner in owners]), [owner.names[0] for owner in owners]
        words = in_number(
            "{titles} [is installed and sets|are installed and set] it [itself|themselves]", len(owners) > 1
        )
        message = (
            f"The dynamic port range stays as it is, because {words.format(titles=titles)}. To set it anyway, name"
            f" {listed(names)} in dynamic_port_range.force."
        )
        return NO_RANGES, [make_problem(REFUSED, "error", message, reason="product", products=names)]
    takes_effect = NOW if host.dns_installed is False else DNS_RESTART
    return RangePlan(ranges, found, takes_effect), []


def _unread(host: Host, pool: Pool, ranges: Mapping[str, Range]) -> Iterator[str]:
    """Yield what was not read although the decision needs it."""
    for name in ranges:
        if current_range(host, name) is None:
            yield f"{RANGES[name].value_name} was not read"
        if not host.exclusions_known(name.removeprefix(RANGE_PREFIX)):
            yield f"the port ranges excluded from {RANGES[name].value_name} were not read"
    if not host.services_known or host.dns_installed is None:
        yield "the services were not read"
    if pool.model == MODEL_UNKNOWN:
        yield "the pool of DNS is not known"
    if host.dns_installed:
        yield from _unread_values(host)
    if host.has_reading_errors(()):
        yield "the host could not be read without errors"


def _unread_values(host: Host) -> Iterator[str]:
    """Yield DNS's values that were not read. For them the plan has a default elsewhere, which proves nothing here."""
    size = host.setting(SOCKET_POOL_SIZE)
    if size["present"] is None or (
        size["present"] and (size["type"] != "REG_DWORD" or number(size["data"], 0, 0xFFFFFFFF) is None)
    ):
        yield "SocketPoolSize was not read, or is not a number"
    listed = MECHANISMS[host.family].setting if host.family in MECHANISMS else None
    if listed and host.setting(listed)["present"] is None:
        yield f"{SETTINGS[listed].value_name} was not read"


def refuse_small_ranges(
    host: Host, policy: Policy, plan: RangePlan, pool: Pool, reserved: Reservations
) -> list[Problem]:
    """Return why a range is too small for the pool, for clients and for all excluded ports, now and after the plan.

    If no pool is seen, its configured size is used, even above the documented limit, because the next start of DNS may
    draw it. If one is seen, all its sockets are counted, because DNS has them until it is restarted.

    Args:
        host: the facts.
        policy: with the size that is asked for.
        plan: the ranges.
        pool: with the size that is planned.
        reserved: what is reserved, and what the plan reserves.
    """
    if not plan.ranges:
        return []
    seen = (len(host.drawn_ports[family]) for family in FAMILIES)
    configured = size_beyond(host) or configured_size(host)
    sizes = (pool.size, pool.size_after, policy.socket_pool_size, configured, *seen)
    sockets = 0 if host.dns_installed is False else max(size or 0 for size in sizes)
    problems = []
    for name, ports in plan.ports().items():
        excluded = reserved.entered(name) | reserved.desired(name) | PortSet.from_ranges(host.blocks(name))
        free = len(ports - excluded)
        if sockets + CLIENT_PORTS > free:
            first, last = plan.ranges[RANGE_PREFIX + name]
            message = (
                f"{first}-{last} is too small for {RANGES[RANGE_PREFIX + name].value_name}: a pool of {sockets} sockets"
                f" and {CLIENT_PORTS} client ports need {sockets + CLIENT_PORTS} ports, but only {free} ports of the"
                " range are not excluded. Nothing is changed."
            )
            wanted = policy.socket_pool_size or configured
            if wanted < sockets and wanted + CLIENT_PORTS <= free:
                message += _smaller_pool_first(wanted, wanted != configured)
            row = {"family": name, "pool": sockets, "client_ports": CLIENT_PORTS, "free": free}
            problems.append(make_problem(REFUSED, "error", message, reason="space", **row))
    return problems


def _smaller_pool_first(wanted: int, to_be_set: bool) -> str:
    """Say what to do where the range is too small only for the pool that DNS may have until it is restarted."""
    first = "run with socket_pool_size and without dynamic_port_range first, " if to_be_set else ""
    return (
        f" A pool of {wanted} sockets would fit, but DNS may have more until it is restarted: {first}restart DNS, then"
        " set the range."
    )


def range_reason(host: Host, now: float | None, after: float | None) -> str:
    """Return what a new range means, with the risk before and after it."""
    if host.dns_installed is False:
        return "asked for by dynamic_port_range; programs use it at once"
    reason = "asked for by dynamic_port_range; DNS draws from it at its next start, other programs use it at once"
    if now is None or after is None:
        return reason
    return f"{reason}; the risk of the next start of DNS is {now:.2%} now and {after:.2%} when the plan is in effect"
