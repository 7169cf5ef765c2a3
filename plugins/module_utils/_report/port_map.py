# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The port map of one host: a lane of SVG for each thing that lies somewhere between port 1 and 65535."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise

from .._ports import (
    FAMILIES,
    HIGHEST_PORT,
    LOWEST_PORT,
    PortError,
    PortSet,
    Range,
    single_ports,
)
from .escape import html_text
from .report import Details, ports_text

_SCALE = 64
"""Ports per unit of the picture's width, which is 1024."""
_WIDTH = 1024
_NARROWEST = 4
"""A single port is as wide as so many units, or nobody would see it."""
BIN = 512
"""Ports that share a bar of what DNS holds."""
_BAR, _BOX = 100, 10
"""Heights of the pictures: bars that show how many, boxes that show where."""
_FAMILIES = dict(zip(FAMILIES, ("IPv4", "IPv6"), strict=True))


def port_map(details: Details) -> str:
    """The lanes and an axis, as HTML; each lane has its content in words beside the picture."""
    ports = details.ports
    udp = [need.ports for need in details.needs if need.protocol != "tcp"]
    lanes = []
    for family, name in _FAMILIES.items():
        pool = ports.pool.get(family, PortSet())
        if pool:
            lanes.append(_lane("pool", f"{name} pool", pool))
            lanes.append(_lane("reserved", f"{name} reserved", ports.reserved.get(family, PortSet())))
        if ports.held is None:
            lanes.append(f'<div>{name} held by DNS</div><div class="q">unknown</div>')
        else:
            lanes.append(_held(f"{name} held by DNS", ports.held.get(family)))
    lanes.append(_lane("kept", "foreign ranges", ports.kept))
    lanes.append(_lane("needs", "needed", _union(udp)))
    lanes.append(_lane("hit", "conflicts", PortSet.from_ports(entry.port for entry in details.conflicts)))
    ticks = "".join(f"<span>{port}</span>" for port in (1, 16384, 32768, 49152, 65535))
    axis = f'<div class="q end">port</div><div class="axis q" aria-hidden="true">{ticks}</div>'
    return f'<div class="map">{"".join(lanes)}{axis}</div>'


def _union(sets: Iterable[PortSet]) -> PortSet:
    return PortSet.from_ranges(pair for ports in sets for pair in ports.ranges)


def _lane(kind: str, title: str, ports: PortSet) -> str:
    if not ports and kind != "reserved":
        return ""
    path = "".join(_box(pair) for pair in ports.ranges)
    return _drawn(kind, title, ports_text(ports) or "none", path)


def _box(pair: Range) -> str:
    first, last = pair
    wide = max(_NARROWEST, (last - first + 1) // _SCALE)
    return f"M{min(first // _SCALE, _WIDTH - wide)} 0h{wide}v{_BOX}h-{wide}z"


def _held(title: str, value: object) -> str:
    """What DNS holds, a bar for every BIN ports; the highest bar is that of the fullest one."""
    try:
        ports = single_ports(value or [])
    except PortError:
        return ""
    if not ports or ports[0] < LOWEST_PORT or ports[-1] > HIGHEST_PORT:
        return ""
    edges = [bisect_left(ports, first) for first in range(0, HIGHEST_PORT + BIN, BIN)]
    counts = [behind - before for before, behind in pairwise(edges)]
    most, wide = max(counts), BIN // _SCALE
    bars = "".join(
        f"M{place * wide} {_BAR}v-{max(8, count * _BAR // most)}h{wide - 1}V{_BAR}z"
        for place, count in enumerate(counts)
        if count
    )
    told = f"{len(ports)} ports, {ports[0]} to {ports[-1]}, at most {most} in {BIN}"
    return _drawn("held", title, told, bars)


def _drawn(kind: str, title: str, told: str, path: str) -> str:
    label = html_text(f"{title}: {told}")
    height, more = (_BAR, " tall") if kind == "held" else (_BOX, "")
    return (
        f'<div>{title}<div class="q">{html_text(told)}</div></div>'
        f'<svg role="img" aria-label="{label}" class="l-{kind}{more}" viewBox="0 0 {_WIDTH} {height}"'
        f' preserveAspectRatio="none"><path d="{path}"/></svg>'
    )
