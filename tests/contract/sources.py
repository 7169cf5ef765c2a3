# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the Python files below a folder, and the full names of the modules that they import.

Every guard that looks at the source takes its files from here, so that a file in a folder of any depth is looked at.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PLUGINS = "ansible_collections.portkeeper.windows_dns.plugins"


@dataclass(frozen=True)
class Source:
    """One Python file.

    Attributes:
        path: the file.
        name: its path relative to the folder that was walked, with slashes.
        package: dotted name of the package that the file is in.
    """

    path: Path
    name: str
    package: str

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def module(self) -> str:
        return self.package if self.path.stem == "__init__" else f"{self.package}.{self.path.stem}"

    def imported_names(self) -> Iterator[str]:
        """Dotted names of all modules that the file imports, also inside functions; relative ones are resolved."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from self._imported_from(node)

    def _imported_from(self, node: ast.ImportFrom) -> Iterator[str]:
        parts = self.package.split(".")
        base = parts[: len(parts) - node.level + 1] if node.level else []
        if node.module:
            yield ".".join([*base, node.module])
        else:
            yield from (".".join([*base, alias.name]) for alias in node.names)


def sources_below(folder: Path, package: str, pattern: str = "*.py") -> list[Source]:
    """Return all files of any depth below a folder whose names match.

    Args:
        folder: where to begin.
        package: dotted name of that folder as a package.
        pattern: of the file names.

    Raises:
        AssertionError: there is none, so that a guard over them would prove nothing.
    """
    found = []
    for path in sorted(folder.rglob(pattern)):
        relative = path.relative_to(folder)
        found.append(Source(path, relative.as_posix(), ".".join([package, *relative.parent.parts])))
    assert found, f"{folder} has no file {pattern}"
    return found
