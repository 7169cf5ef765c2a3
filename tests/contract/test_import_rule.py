# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers import only downwards: module_utils <- plugin_utils <- action; filters know module_utils only."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PLUGINS = "ansible_collections.portkeeper.windows_dns.plugins"
STANDARD_LIBRARY = frozenset(sys.stdlib_module_names)

ALLOWED = {
    "module_utils": (f"{PLUGINS}.module_utils",),
    "plugin_utils": (f"{PLUGINS}.module_utils", f"{PLUGINS}.plugin_utils", "ansible"),
    "action": (f"{PLUGINS}.module_utils", f"{PLUGINS}.plugin_utils", "ansible"),
    "filter": (f"{PLUGINS}.module_utils", "ansible"),
    "modules": (f"{PLUGINS}.module_utils", "ansible"),
    "doc_fragments": (),
}
CONNECTION_PACKAGES = {"_session.py": ("winrm", "requests", "urllib3", "spnego", "xmltodict"), "_warm.py": ("spnego",)}
"""By file: what no other may import. _warm.py sends nothing."""


def imported_names(path: Path) -> list[str]:
    """Return the dotted names of all modules that a file imports, also inside functions."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append("." * node.level + (node.module or ""))
    return names


def below(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize("folder", sorted(ALLOWED))
def test_plugins_import_only_downwards(folder: str) -> None:
    offences = [
        f"{path.name}: {name}"
        for path in sorted((CHECKOUT / "plugins" / folder).glob("*.py"))
        for name in imported_names(path)
        if name.split(".")[0] not in STANDARD_LIBRARY
        and not below(name, ALLOWED[folder])
        and not below(name, CONNECTION_PACKAGES.get(path.name, ()))
    ]
    assert offences == []


def test_every_folder_of_plugins_has_a_rule() -> None:
    folders = {path.name for path in (CHECKOUT / "plugins").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= set(ALLOWED)


def test_the_pure_core_does_no_input_or_output() -> None:
    forbidden = ("os", "subprocess", "socket", "pathlib", "shutil", "tempfile", "urllib", "http", "threading", "time")
    offences = [
        f"{path.name}: {name}"
        for path in sorted((CHECKOUT / "plugins" / "module_utils").glob("*.py"))
        for name in imported_names(path)
        if below(name, forbidden)
    ]
    assert offences == []


def test_lab_and_plugins_import_nothing_from_each_other() -> None:
    from_lab = [
        f"{path}: {name}"
        for path in (CHECKOUT / "lab").rglob("*.py")
        for name in imported_names(path)
        if below(name, ("ansible_collections",))
    ]
    from_plugins = [
        f"{path}: {name}"
        for path in (CHECKOUT / "plugins").rglob("*.py")
        for name in imported_names(path)
        if below(name, ("portkeeper_lab", "lab"))
    ]
    assert from_lab + from_plugins == []
