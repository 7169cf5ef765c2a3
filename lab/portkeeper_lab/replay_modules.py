# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer Ansible's PowerShell modules on a replayed host from a table, at once and without PowerShell.

ansible-core runs a module as `PowerShell ... -EncodedCommand <bootstrap>` and hands everything else to its standard
input as JSON: scripts, and among the parameters the module's arguments with `_ansible_module_name`. It expects the
module's result as JSON on standard output.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from portkeeper_lab.replay import Answer

MODULE_NAME = "_ansible_module_name"
_SEPARATOR = b"\0\0\0\0"
"""What stands between the wrapper and its manifest."""


class Modules:
    """The results of modules, by state of the host."""

    def __init__(self, table: Mapping[str, list[dict[str, Any]]], state: str) -> None:
        """Take the table and the state to begin with.

        Args:
            table: by state a list of {"module": name, "args": some of the arguments, "result": the answer}; the first
                row that fits counts.
            state: a key of the table.

        Raises:
            KeyError: the table has no such state.
        """
        self._table = table
        self._rows = table[state]

    @classmethod
    def load(cls, path: Path, state: str) -> Modules:
        """Return the same, from a JSON file."""
        return cls(json.loads(path.read_text(encoding="utf-8")), state)

    def enter(self, state: str) -> None:
        """Answer as in that state from now on."""
        self._rows = self._table[state]

    def answer(self, given: bytes) -> Answer:
        """Return the output of a wrapper for its standard input."""
        name, arguments = called(given)
        for row in self._rows:
            if row["module"] == name and row["args"].items() <= arguments.items():
                return json.dumps(row["result"]).encode() + b"\r\n", b"", 0
        return b"", f"no answer for {name or 'what is no module'}\r\n".encode(), 1


def called(given: bytes) -> tuple[str | None, dict[str, Any]]:
    """Return the module's name and its arguments of plain text or numbers; no name if it is not a module."""
    for part in given.split(_SEPARATOR):
        for node in _mappings(_parsed(part)):
            if MODULE_NAME in node:
                plain = {name: value for name, value in node.items() if isinstance(value, (str, int))}
                return str(node[MODULE_NAME]), plain
    return None, {}


def _parsed(text: bytes) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _mappings(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _mappings(child)
