# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install the texts and switches of the lab's tools in a host, from lab/formats and lab/tools.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

LAB = Path(__file__).resolve().parent.parent
TOOLS_TABLE = LAB / "tools.toml"
FORMATS = LAB / "formats"


class ToolTextError(ValueError):
    """A release, language or tool that the tables do not have."""


def load_tools(release: str) -> dict[str, dict[str, Any]]:
    """Return the rows of lab/tools.toml for a release, by tool name.

    Args:
        release: the first part of a folder name under lab/formats, such as "nt5".

    Raises:
        ToolTextError: the release has no rows.
    """
    with TOOLS_TABLE.open("rb") as stream:
        table: dict[str, dict[str, dict[str, Any]]] = tomllib.load(stream)
    if release not in table:
        raise ToolTextError(f"lab/tools.toml has no release {release!r}; it has {', '.join(sorted(table))}.")
    return table[release]


def text_file(release: str, language: str, tool: str) -> Path:
    """Return the file with the texts of a tool: those of its release, unless its row names another one."""
    return FORMATS / f"{load_tools(release).get(tool, {}).get('texts', release)}-{language}" / tool


def render(release: str, language: str, tool: str) -> str:
    """Return the format file of one tool as a host gets it: texts, then switch and exit codes.

    Raises:
        ToolTextError: the tool has no row or no texts.
    """
    row = load_tools(release).get(tool)
    path = text_file(release, language, tool)
    if row is None or not path.is_file():
        raise ToolTextError(f"There is no {tool} for {release}-{language}: it needs a row and a format file.")
    lines = ["@@ switches", *row["switches"]]
    for key, value in row["exit"].items():
        lines += [f"@@ exit.{key}", str(value)]
    return path.read_text(encoding="utf-8") + "\n".join(lines) + "\n"


def install(release: str, language: str, target: Path) -> list[str]:
    """Write the format files of every tool of a release.

    Args:
        release: such as "nt5".
        language: such as "en".
        target: the host's folder ``C:\\windows\\portkeeper-lab\\formats``; made where it is missing.

    Returns:
        The names of the tools that the release has: only these programs belong into its system32.
    """
    target.mkdir(parents=True, exist_ok=True)
    tools = sorted(load_tools(release))
    for tool in tools:
        (target / tool).write_text(render(release, language, tool), encoding="utf-8")
    return tools
