# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which package may import which inside a layer: every border is written down here, and none is crossed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ansible_collections.portkeeper.windows_dns.tests.contract.sources import PLUGINS, sources_below
from checkout import CHECKOUT

BORDERS: dict[str, dict[str, set[str]]] = {
    "module_utils": {
        "_ports": set(),
        "_problems": set(),
        "_windows": set(),
        "_catalogue": {"_ports"},
        "_sections": {"_problems", "_windows"},
        "_parsers": {"_ports", "_problems", "_sections", "_windows"},
        "_policy": {"_catalogue", "_ports"},
        "_commands": {"_sections", "_windows"},
        "_contribute": {"_catalogue", "_parsers", "_ports", "_sections", "_windows"},
        "_facts": {"_catalogue", "_commands", "_parsers", "_ports", "_problems", "_sections", "_windows"},
        "_plan": {
            *("_catalogue", "_commands", "_facts", "_parsers", "_policy"),
            *("_ports", "_problems", "_sections", "_windows"),
        },
        "_fleet": {"_commands", "_plan", "_ports"},
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

LEVELS_MAX = {"module_utils": 8, "plugin_utils": 4}


def package_of(module: str, layer: str) -> str | None:
    """The first part of a module's name below its layer; None for a module of another layer."""
    root = f"{PLUGINS}.{layer}."
    return module[len(root) :].split(".", maxsplit=1)[0] if module.startswith(root) else None


def imports_by_package(plugins: Path, layer: str) -> dict[str, set[str]]:
    """By package of the layer, the other packages of the layer that its files import."""
    found: dict[str, set[str]] = {}
    for source in sources_below(plugins / layer, f"{PLUGINS}.{layer}"):
        own = package_of(source.module, layer)
        if own is None:
            continue
        others = {package_of(name, layer) for name in source.imported_names()} - {None, own}
        found.setdefault(own, set()).update(str(other) for other in others)
    return found


def levels(imports: Mapping[str, set[str]]) -> dict[str, int]:
    """By package, its level: 1 imports nothing, each other one stands above what it imports.

    Raises:
        AssertionError: packages import one another in a circle.
    """
    found: dict[str, int] = {}
    while len(found) < len(imports):
        ready = {name for name in imports if name not in found and imports[name] <= found.keys()}
        assert ready, f"a circle among {sorted(imports.keys() - found.keys())}"
        found |= {name: 1 + max((found[other] for other in imports[name]), default=0) for name in ready}
    return found


@pytest.mark.parametrize("layer", BORDERS)
def test_the_borders_are_the_written_ones(layer: str) -> None:
    assert imports_by_package(CHECKOUT / "plugins", layer) == BORDERS[layer]


@pytest.mark.parametrize("layer", BORDERS)
def test_the_packages_stand_on_few_levels_without_a_circle(layer: str) -> None:
    found = levels(BORDERS[layer])
    assert max(found.values()) <= LEVELS_MAX[layer]
    assert [found[name] for name in BORDERS[layer]] == sorted(found[name] for name in BORDERS[layer])


@pytest.mark.parametrize(("layer", "package"), [(layer, name) for layer in BORDERS for name in BORDERS[layer]])
def test_an_import_across_a_border_is_found(layer: str, package: str, tmp_path: Path) -> None:
    folder = tmp_path / "plugins" / layer / package
    folder.mkdir(parents=True)
    (folder / "planted.py").write_text("from .._elsewhere.thing import x\n", encoding="utf-8")
    assert imports_by_package(tmp_path / "plugins", layer) == {package: {"_elsewhere"}}


def test_a_circle_is_found() -> None:
    with pytest.raises(AssertionError, match="a circle among"):
        levels({"_a": {"_b"}, "_b": {"_a"}, "_c": set()})
