# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the facts of a real server with the open points of docs/acceptance.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from .._ports import PortSet
from .._windows.service_states import RUNNING
from .._windows.settings import SETTINGS, has_other_type

CONFIRMED, CONTRADICTED, NOT_SEEN = "confirmed", "contradicted", "not_seen"

Facts: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = "tuple[bool | None, str]"
"""True for confirmed, False for contradicted, None for not to be seen on this host; and what was looked at."""


def acceptance_points(facts: Facts) -> list[dict[str, str]]:
    """Return one row per open point, in the order of docs/acceptance.md: `id`, `verdict`, `seen`.

    Args:
        facts: of one host, as `port_info` returns them.
    """
    words = {True: CONFIRMED, False: CONTRADICTED, None: NOT_SEEN}
    answers = ((name, look(facts)) for name, look in POINTS.items())
    return [{"id": name, "verdict": words[answer], "seen": seen} for name, (answer, seen) in answers]


def _output_is_read(facts: Facts) -> Answer:
    ids = sorted({problem["id"] for problem in facts["problems"]})
    return not ids, f"problems: {', '.join(ids) or 'none'}"


def _release_is_known(facts: Facts) -> Answer:
    found = facts["os"]
    known = found["release"] is not None
    return known, f"release {found['release']}, NT {found['nt']}, build {found['build']}"


def _pool_is_as_large_as_said(facts: Facts) -> Answer:
    held = facts["dns"]["udp_ports"]
    size = facts["settings"]["socket_pool_size"]
    if not held or facts["dns"]["state"] != RUNNING or size["present"] is not False:
        return None, "DNS does not run with the default pool, or its sockets have no owner"
    count = max(len(_ports(held[family])) for family in held)
    return count >= _DEFAULT_POOL, f"DNS holds {count} UDP ports; Microsoft says {_DEFAULT_POOL}"


def _pool_begins_where_said(facts: Facts) -> Answer:
    held, limit = facts["dns"]["udp_ports"], facts["settings"]["max_user_port"]
    if facts["os"]["family"] != "nt5" or not held or facts["dns"]["pool_present"] != "yes":
        return None, "no pool of Windows 2000 to 2003"
    first, last = (1024, limit["data"]) if limit["present"] else (49152, 65535)
    if not isinstance(last, int):
        return None, "MaxUserPort could not be read"
    drawn = [port for port in _ports(held["udp4"]) if port > _WELL_KNOWN]
    if not drawn:
        return None, f"DNS holds no port above {_WELL_KNOWN} over IPv4"
    inside = all(first <= port <= last for port in drawn)
    return inside, f"ports of DNS from {min(drawn)} to {max(drawn)}; expected {first} to {last}"


def _reservation_keeps_dns_off(facts: Facts) -> Answer:
    name = "reserved_ports" if facts["os"]["family"] == "nt5" else "socket_pool_excluded_port_ranges"
    reserved, held = facts["settings"][name], facts["dns"]["udp_ports"]
    if not reserved["ranges"] or not held or facts["dns"]["pool_present"] != "yes":
        return None, f"no {name}, or no pool"
    if has_other_type(SETTINGS[name], reserved):
        return None, f"{name} does not have the type that Windows reads"
    inside = sorted(set(_ports(reserved["ranges"])) & {port for family in held for port in _ports(held[family])})
    if inside and facts["os"]["family"] == "nt5":
        return None, f"DNS holds {len(inside)} of the ports; a reboot since they were reserved would say more"
    return not inside, f"DNS holds {len(inside)} of the ports in {name}"


def _exclusions_can_be_listed(facts: Facts) -> Answer:
    if facts["os"]["family"] != "nt6":
        return None, "neither Vista nor plain 2008"
    found = facts["exclusions"]["udp4"]
    return found is not None, "netsh lists excluded ranges" if found is not None else "netsh lists no excluded ranges"


def _excluded_ranges_are_a_list(facts: Facts) -> Answer:
    found = facts["settings"]["socket_pool_excluded_port_ranges"]
    if not found["present"]:
        return None, "SocketPoolExcludedPortRanges is not there"
    return found["type"] == "REG_MULTI_SZ", f"SocketPoolExcludedPortRanges is {found['type']}"


def _max_user_port_moves_no_range(facts: Facts) -> Answer:
    limit, found = facts["settings"]["max_user_port"], facts["dynamic_ports"]["udp4"]
    if facts["os"]["family"] == "nt5" or not limit["present"] or not found:
        return None, "MaxUserPort is not there, or Windows is older than Vista"
    is_default = (found["start"], found["count"]) == _DEFAULT_RANGE
    return is_default, f"MaxUserPort {limit['data']}, range from {found['start']}, {found['count']} ports"


def _ports(ranges: Any) -> list[int]:  # noqa: ANN401 - a port set in either of its JSON forms
    return sorted(PortSet.from_json(ranges))


_WELL_KNOWN = 1023
_DEFAULT_POOL = 2500
_DEFAULT_RANGE = (49152, 16384)

POINTS: dict[str, Callable[[Facts], Answer]] = {
    "output_is_read": _output_is_read,
    "release_is_known": _release_is_known,
    "pool_is_as_large_as_said": _pool_is_as_large_as_said,
    "pool_begins_where_said": _pool_begins_where_said,
    "reservation_keeps_dns_off": _reservation_keeps_dns_off,
    "exclusions_can_be_listed": _exclusions_can_be_listed,
    "excluded_ranges_are_a_list": _excluded_ranges_are_a_list,
    "max_user_port_moves_no_range": _max_user_port_moves_no_range,
}
