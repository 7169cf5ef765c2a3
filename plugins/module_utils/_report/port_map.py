# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the port map of one host: lanes from port 1 to 65535."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .._ports import FAMILIES, HIGHEST_PORT, LOWEST_PORT, PortError, PortSet, Range, single_ports
from .escape import visible
from .report import Details, ports_text

_SCALE = 64
"""Ports per unit of the picture's width, which is 1024."""
_WIDTH = 1024
_NARROWEST = 4
"""Units that a single port is wide; with less it could not be seen."""
BIN = 512
"""Ports that share a bar of what DNS holds."""
_BAR, _BOX = 100, 10
"""Heights of the pictures: bars that show how many, boxes that show where."""
_FAMILIES = dict(zip(FAMILIES, ("IPv4", "IPv6"), strict=True))


@dataclass(frozen=True)
class Lane:
    """One lane.

    Attributes:
        kind: what it shows, such as ``pool``; it decides the colour.
        title: the same for people.
        summary: its content in words.
        view: the box that the path is drawn in, as SVG's viewBox.
        path: as the d of SVG's path; None if it is unknown, so that there is nothing to draw.
    """

    kind: str
    title: str
    summary: str
    view: str
    path: str | None


def port_map(details: Details) -> tuple[Lane, ...]:
    """Return the lanes of a host, from top to bottom. Empty lanes are left out."""
    ports = details.ports
    udp = [need.ports for need in details.needs if need.protocol != "tcp"]
    lanes: list[Lane | None] = []
    for family, name in _FAMILIES.items():
        pool = ports.pool.get(family, PortSet())
        if pool:
            lanes.append(_lane("pool", f"{name} pool", pool))
            lanes.append(_lane("reserved", f"{name} reserved", ports.reserved.get(family, PortSet())))
        lanes.append(_held(f"{name} held by DNS", ports.held, family))
    lanes.append(_lane("kept", "foreign ranges", ports.kept))
    lanes.append(_lane("needs", "needed", PortSet.union(udp)))
    lanes.append(_lane("hit", "conflicts", PortSet.from_ports(entry.port for entry in details.conflicts)))
    return tuple(lane for lane in lanes if lane)


def _lane(kind: str, title: str, ports: PortSet) -> Lane | None:
    if not ports and kind != "reserved":
        return None
    path = "".join(_box(pair) for pair in ports.ranges)
    return _drawn(kind, title, ports_text(ports) or "none", path)


def _box(pair: Range) -> str:
    first, last = pair
    wide = max(_NARROWEST, (last - first + 1) // _SCALE)
    return f"M{min(first // _SCALE, _WIDTH - wide)} 0h{wide}v{_BOX}h-{wide}z"


def _held(title: str, held: Mapping[str, Any] | None, family: str) -> Lane | None:
    """Return the ports of DNS as bars, one for every BIN ports, in proportion to the fullest one."""
    if held is None:
        return _drawn("held", title, "unknown", None)
    try:
        ports = single_ports(held.get(family) or [])
    except PortError:
        return None
    if not ports or ports[0] < LOWEST_PORT or ports[-1] > HIGHEST_PORT:
        return None
    edges = [bisect_left(ports, first) for first in range(0, HIGHEST_PORT + BIN, BIN)]
    counts = [behind - before for before, behind in pairwise(edges)]
    most, wide = max(counts), BIN // _SCALE
    shapes = {count: f" {_BAR}v-{max(8, count * _BAR // most)}h{wide - 1}V{_BAR}z" for count in set(counts)}
    bars = "".join([f"M{place * wide}{shapes[count]}" for place, count in enumerate(counts) if count])
    summary = f"{len(ports)} ports, {ports[0]} to {ports[-1]}, at most {most} in {BIN}"
    return _drawn("held", title, summary, bars)


def _drawn(kind: str, title: str, summary: str, path: str | None) -> Lane:
    return Lane(kind, title, visible(summary), f"0 0 {_WIDTH} {_BAR if kind == 'held' else _BOX}", path)
