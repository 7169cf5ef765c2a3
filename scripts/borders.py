# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which package of plugins/ may import which package of the same layer. A test compares it with the sources."""

from __future__ import annotations

from collections.abc import Mapping

BORDERS: dict[str, dict[str, set[str]]] = {
    "module_utils": {
        "_ports": set(),
        "_problems": set(),
        "_windows": set(),
        "_catalogue": {"_ports"},
        "_sections": {"_problems", "_windows"},
        "_parsers": {"_ports", "_problems", "_sections", "_windows"},
        "_policy": {"_catalogue", "_ports", "_windows"},
        "_commands": {"_sections", "_windows"},
        "_contribute": {"_catalogue", "_parsers", "_ports", "_sections", "_windows"},
        "_facts": {"_catalogue", "_commands", "_parsers", "_ports", "_problems", "_sections", "_windows"},
        "_plan": {
            *("_catalogue", "_commands", "_facts", "_parsers", "_policy"),
            *("_ports", "_problems", "_sections", "_windows"),
        },
        "_fleet": {"_catalogue", "_commands", "_plan", "_ports", "_problems"},
        "_offline": {"_commands", "_facts", "_parsers", "_plan", "_problems", "_sections", "_windows"},
        "_report": {"_fleet", "_plan", "_ports", "_problems", "_windows"},
    },
    "plugin_utils": {
        "_writer": set(),
        "_verbose": set(),
        "_connection": {"_verbose"},
        "_files": {"_writer"},
        "_host": {"_connection", "_files", "_verbose"},
        "_fleet": {"_files"},
        "_report": {"_files"},
        "_offline": {"_files", "_writer"},
        "_tasks": {"_connection", "_files", "_fleet", "_host", "_verbose", "_writer"},
    },
}
"""By layer and package: the packages of the same layer that it imports. A package stands behind all that it imports."""


def levels(imports: Mapping[str, set[str]]) -> dict[str, int]:
    """By package, its level: 1 imports nothing, any other is one above the highest that it imports.

    Raises:
        ValueError: packages import one another in a circle.
    """
    found: dict[str, int] = {}
    while len(found) < len(imports):
        ready = [name for name in imports if name not in found and imports[name] <= found.keys()]
        if not ready:
            raise ValueError(f"a circle among {sorted(imports.keys() - found.keys())}")
        found |= {name: 1 + max((found[other] for other in imports[name]), default=0) for name in ready}
    return found


def nearest(imports: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """By package, the imports that no other import of the package leads to."""
    reached: dict[str, set[str]] = {}
    for name in sorted(imports, key=levels(imports).__getitem__):
        reached[name] = set().union(imports[name], *(reached[other] for other in imports[name]))
    return {name: others - set().union(*(reached[other] for other in others)) for name, others in imports.items()}
