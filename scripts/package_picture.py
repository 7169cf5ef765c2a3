# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute the positions of packages and arrows in the picture of the packages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from borders import BORDERS, levels, nearest

WIDTH, HEIGHT = 98, 34
"""Of a box, in pixels."""
COLUMN, ROW = 132, 54
"""Distances from one box to the next, in pixels."""
MARGIN, TITLE = 14, 44


@dataclass(frozen=True)
class Box:
    """One package; x and y are those of its upper left corner."""

    name: str
    x: int
    y: int


@dataclass(frozen=True)
class Layer:
    """One layer of plugins/.

    Attributes:
        name: of its folder.
        y: where its title stands.
        boxes: its packages.
        lines: paths from the left edge of a package to the right edge of one that it imports.
    """

    name: str
    y: int
    boxes: list[Box]
    lines: list[str]


def picture() -> dict[str, object]:
    """Return the values of the template ``packages.svg.j2``."""
    layers = list(_layers())
    columns = max(max(levels(imports).values()) for imports in BORDERS.values())
    width = 2 * MARGIN + (columns - 1) * COLUMN + WIDTH
    bottom = max(box.y for layer in layers for box in layer.boxes) + HEIGHT + MARGIN
    return {"layers": layers, "width": width, "height": bottom, "box_width": WIDTH, "box_height": HEIGHT}


def _layers() -> Iterator[Layer]:
    top = 0
    for name, imports in BORDERS.items():
        placed: dict[str, Box] = {}
        rows: dict[int, int] = {}
        for package, level in levels(imports).items():
            row = rows[level] = rows.get(level, -1) + 1
            placed[package] = Box(package, MARGIN + (level - 1) * COLUMN, top + TITLE + row * ROW)
        lines = [
            _line(placed[package], placed[other])
            for package, others in nearest(imports).items()
            for other in sorted(others)
        ]
        yield Layer(name, top + 26, list(placed.values()), lines)
        top += TITLE + (max(rows.values()) + 1) * ROW


def _line(start: Box, end: Box) -> str:
    """Return the path of a line; one that passes a column takes the gap between two rows of boxes."""
    x1, y1, x2, y2 = start.x, start.y + HEIGHT // 2, end.x + WIDTH, end.y + HEIGHT // 2
    if start.x - end.x == COLUMN:
        return f"M{x1} {y1}C{x1 - 20} {y1} {x2 + 20} {y2} {x2 + 2} {y2}"
    gap, turn = min(start.y, end.y) + (HEIGHT + ROW) // 2, COLUMN - WIDTH
    return (
        f"M{x1} {y1}C{x1 - 20} {y1} {x1 - turn + 20} {gap} {x1 - turn} {gap}H{x2 + turn}"
        f"C{x2 + turn - 20} {gap} {x2 + 20} {y2} {x2 + 2} {y2}"
    )
