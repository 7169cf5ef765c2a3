# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages inside a layer import only what scripts/borders.py allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.portkeeper.windows_dns.tests.contract.sources import PLUGINS, sources_below
from borders import BORDERS, levels
from checkout import CHECKOUT

LEVELS_MAX = {"module_utils": 8, "plugin_utils": 4}


def package_of(module: str, layer: str) -> str | None:
    """Return the first part of a module's name below its layer; None for a module of another layer."""
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
    with pytest.raises(ValueError, match="a circle among"):
        levels({"_a": {"_b"}, "_b": {"_a"}, "_c": set()})
