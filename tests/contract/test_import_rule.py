# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers import only downwards: module_utils <- plugin_utils <- action; filters import only module_utils."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ansible_collections.portkeeper.windows_dns.tests.contract.sources import PLUGINS, Source, sources_below
from checkout import CHECKOUT, listed_files

STANDARD_LIBRARY = frozenset(sys.stdlib_module_names)

ALLOWED = {
    "module_utils": (f"{PLUGINS}.module_utils",),
    "plugin_utils": (f"{PLUGINS}.module_utils", f"{PLUGINS}.plugin_utils", "ansible"),
    "action": (f"{PLUGINS}.module_utils", f"{PLUGINS}.plugin_utils", "ansible"),
    "filter": (f"{PLUGINS}.module_utils", "ansible"),
    "modules": (),
    "doc_fragments": (),
}
LIBRARIES = {
    "plugin_utils/_connection/winrm.py": ("winrm",),
    "plugin_utils/_connection/psrp.py": ("pypsrp",),
    "plugin_utils/_connection/http_limits.py": ("requests", "urllib3"),
    "plugin_utils/_connection/warm.py": ("spnego",),
    "plugin_utils/_report/render_html.py": ("jinja2",),
}
"""By file: what no other may import. warm.py sends nothing. Jinja2 comes with ansible-core."""
INPUT_AND_OUTPUT = (
    "os",
    "subprocess",
    "socket",
    "pathlib",
    "shutil",
    "tempfile",
    "urllib",
    "http",
    "threading",
    "time",
    "io",
)


def below(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def plugin_sources(plugins: Path) -> list[Source]:
    return sources_below(plugins, PLUGINS)


def upward_imports(plugins: Path) -> list[str]:
    """Imports that a file of its layer may not make, as ``file: module``."""
    return [
        f"{source.name}: {name}"
        for source in plugin_sources(plugins)
        for name in source.imported_names()
        if name.split(".")[0] not in STANDARD_LIBRARY
        and not below(name, ALLOWED[source.name.split("/")[0]])
        and not below(name, LIBRARIES.get(source.name, ()))
    ]


def input_and_output_in_the_core(plugins: Path) -> list[str]:
    """Imports of the pure core that could read, write, wait or look at a clock, as ``file: module``."""
    return [
        f"{source.name}: {name}"
        for source in plugin_sources(plugins)
        for name in source.imported_names()
        if source.name.startswith("module_utils/") and below(name, INPUT_AND_OUTPUT)
    ]


def foreign_imports(folder: Path, package: str, forbidden: tuple[str, ...]) -> list[str]:
    """Imports of packages that the folder must not know, as ``file: module``."""
    return [
        f"{source.name}: {name}"
        for source in sources_below(folder, package)
        for name in source.imported_names()
        if below(name, forbidden)
    ]


def test_plugins_import_only_downwards() -> None:
    assert upward_imports(CHECKOUT / "plugins") == []


def test_the_pure_core_does_no_input_or_output() -> None:
    assert input_and_output_in_the_core(CHECKOUT / "plugins") == []


def test_lab_and_plugins_import_nothing_from_each_other() -> None:
    assert foreign_imports(CHECKOUT / "lab", "lab", ("ansible_collections",)) == []
    assert foreign_imports(CHECKOUT / "plugins", PLUGINS, ("portkeeper_lab", "lab")) == []


UNIT = "ansible_collections.portkeeper.windows_dns.tests.unit"
OF_THE_CHECKOUT = tuple(path.stem for path in (CHECKOUT / "scripts").glob("*.py"))


def test_unit_tests_import_only_what_ansible_test_gives_them(tmp_path: Path) -> None:
    """ansible-test copies no scripts, and runs the tests of module_utils without Ansible's controller."""
    unit = CHECKOUT / "tests" / "unit"
    without_controller = ("ansible", f"{PLUGINS}.plugin_utils", f"{PLUGINS}.action")
    assert foreign_imports(unit, UNIT, OF_THE_CHECKOUT) == []
    assert foreign_imports(unit / "plugins" / "module_utils", UNIT, without_controller) == []
    (tmp_path / "planted.py").write_text("from ansible.errors import AnsibleError\nfrom checkout import CHECKOUT\n")
    assert len(foreign_imports(tmp_path, UNIT, (*OF_THE_CHECKOUT, *without_controller))) == 2


def test_every_file_of_plugins_is_looked_at() -> None:
    seen = {f"plugins/{source.name}" for source in plugin_sources(CHECKOUT / "plugins")}
    assert seen == {name for name in listed_files() if name.startswith("plugins/") and name.endswith(".py")}


# --- every guard finds an offence that is planted ---------------------------------------------------------------------

PACKAGES = sorted({str(Path(source.name).parent) for source in plugin_sources(CHECKOUT / "plugins")})
"""Every folder below plugins that holds Python files."""


def planted(folder: Path, package: str, line: str) -> Path:
    """A folder ``plugins`` with one file of one line, in a new folder below the package."""
    path = folder / "plugins" / package / "_planted" / "offence.py"
    path.parent.mkdir(parents=True)
    path.write_text(line, encoding="utf-8")
    return folder / "plugins"


@pytest.mark.parametrize("package", PACKAGES)
def test_an_import_upwards_is_found_in_every_package(package: str, tmp_path: Path) -> None:
    up = "." * (len(Path(package).parts) + 2)
    plugins = planted(tmp_path, package, f"from {up}action import port_info")
    assert upward_imports(plugins) == [f"{package}/_planted/offence.py: {PLUGINS}.action"]
    for library in ("winrm.protocol", "jinja2"):
        plugins = planted(tmp_path / library, package, f"import {library}")
        assert upward_imports(plugins) == [f"{package}/_planted/offence.py: {library}"]


@pytest.mark.parametrize("package", [package for package in PACKAGES if package.startswith("module_utils")])
@pytest.mark.parametrize("line", ["import os.path", "from pathlib import Path", "def f():\n    import socket"])
def test_input_and_output_is_found_in_every_package_of_the_core(package: str, line: str, tmp_path: Path) -> None:
    assert len(input_and_output_in_the_core(planted(tmp_path, package, line))) == 1


@pytest.mark.parametrize("package", PACKAGES)
def test_an_import_of_the_lab_is_found_in_every_package(package: str, tmp_path: Path) -> None:
    plugins = planted(tmp_path, package, "from portkeeper_lab import control")
    assert len(foreign_imports(plugins, PLUGINS, ("portkeeper_lab", "lab"))) == 1


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("from . import sibling", f"{PLUGINS}.module_utils._a.sibling"),
        ("from .sibling import thing", f"{PLUGINS}.module_utils._a.sibling"),
        ("from .. import _ports", f"{PLUGINS}.module_utils._ports"),
        ("from .._ports import PortSet", f"{PLUGINS}.module_utils._ports"),
        ("from ...plugin_utils._files import write", f"{PLUGINS}.plugin_utils._files"),
    ],
)
def test_relative_imports_are_resolved(line: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "module_utils" / "_a" / "file.py"
    path.parent.mkdir(parents=True)
    path.write_text(line, encoding="utf-8")
    (source,) = plugin_sources(tmp_path)
    assert list(source.imported_names()) == [name]
