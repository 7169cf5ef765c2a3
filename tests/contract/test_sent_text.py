# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is sent to a host is rendered in module_utils, where the guard of the command lines sees it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SENDERS = sorted(path for folder in ("plugin_utils", "action") for path in (ROOT / "plugins" / folder).rglob("*.py"))
CONNECTION = ROOT / "plugins" / "plugin_utils" / "_connection"
OF_CMD = re.compile(
    r"\b(?!cmd)\w+\.(exe|com) +[-/\w]|\bcmd(\.exe)? +/"
    r"|&&|\|\||\d?>\s*nul|%\^|\berrorlevel\b.*%|\bcd /d\b|<nul|^ *&|& *$",
    re.IGNORECASE,
)
"""What only the text of a command line holds: a tool with an argument, an operator, a redirection."""


def constants(tree: ast.Module) -> Iterator[str]:
    """Yield the strings of a module without its docstrings."""
    texts = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            yield node.value


@pytest.mark.parametrize("path", SENDERS, ids=lambda path: str(path.relative_to(ROOT / "plugins")))
def test_no_text_of_a_command_line_is_made_on_the_way(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [text for text in constants(tree) if OF_CMD.search(text)] == []


@pytest.mark.parametrize(
    "text",
    ["chcp.com 437", "sc.exe query DNS", "cd /d C:\\", " && ", "cmd /c ", " 2>nul", "<nul", "%^errorlevel%"],
)
def test_such_a_text_would_be_seen(text: str) -> None:
    assert OF_CMD.search(text)


def test_a_transport_hands_the_line_on_as_it_is() -> None:
    """From `Session.run` to the client's library a line is an argument, and never part of an expression."""
    handed = 0
    for path in sorted(CONNECTION.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef) or "line" not in {item.arg for item in function.args.args}:
                continue
            used = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == "line"]
            passed = [
                argument
                for call in ast.walk(function)
                if isinstance(call, ast.Call)
                for argument in call.args
                if isinstance(argument, ast.Name) and argument.id == "line"
            ]
            assert len(used) == len(passed), f"{path.name}: {function.name} does something else with the line"
            handed += len(passed)
    assert handed >= 5
