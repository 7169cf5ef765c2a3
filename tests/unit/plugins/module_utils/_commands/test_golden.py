# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each command equals its golden file, so that a change shows as a diff.

``make golden`` writes them anew. A file shows a line broken behind each operator and indented by its parentheses;
joined without the spaces in front it is what is sent.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._commands.cmd_language import broken_up
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._commands.cmd_renderings import (
    RENDERERS,
)

GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("PORTKEEPER_GOLDEN") == "write"


def shown(name: str) -> str:
    """Return what the file of a command holds."""
    lines = RENDERERS[name].typical()
    if name.endswith("script"):
        return "\n".join(lines) + "\n"
    return "\n\n".join("\n".join(broken_up(line)) for line in lines) + "\n"


def test_every_command_has_its_file() -> None:
    if WRITE:
        GOLDEN.mkdir(exist_ok=True)
        for path in GOLDEN.glob("*.txt"):
            path.unlink()
    else:
        assert {path.stem for path in GOLDEN.glob("*.txt")} == set(RENDERERS)


@pytest.mark.parametrize("name", RENDERERS)
def test_a_command_is_as_it_was_reviewed(name: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if WRITE:
        path.write_text(shown(name), encoding="ascii")
    assert shown(name) == path.read_text(encoding="ascii"), "if that is meant: make golden, and read its diff"


@pytest.mark.parametrize("name", [name for name in RENDERERS if not name.endswith("script")])
def test_a_file_joined_is_what_is_sent(name: str) -> None:
    blocks = shown(name).rstrip("\n").split("\n\n")
    assert ["".join(row.strip(" ") for row in block.split("\n")) for block in blocks] == RENDERERS[name].typical()
