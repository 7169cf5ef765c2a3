# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only one module writes files on the controller; it handles permissions, links and full disks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
WRITER = CHECKOUT / "plugins" / "plugin_utils" / "_writer.py"
METHODS = {"write_bytes", "write_text", "touch", "mkdir", "symlink_to", "hardlink_to"}
MOVES = {"rename", "replace"}
LOOKS = {"which"}
"""Of shutil: writes nothing."""
OF_OS = {"makedirs", "mkdir", "rename", "replace", "link", "symlink", "mkfifo"}


def writes(source: str) -> Iterator[str]:
    """Yield the places where a source writes files itself."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        owner = getattr(node.func.value, "id", "") if isinstance(node.func, ast.Attribute) else ""
        is_method = isinstance(node.func, ast.Attribute) and owner != "os"
        texts = [arg.value for arg in (*node.args, *(word.value for word in node.keywords)) if _is_text(arg)]
        if owner == "os" and (name in OF_OS or (name == "open" and "O_CREAT" in ast.unparse(node))):
            yield f"os.{name}"
        elif owner in ("tempfile", "shutil") and name not in LOOKS:
            yield f"{owner}.{name}"
        elif name == "open" and owner != "os" and any(set(text) & set("wax+") for text in texts if len(text) < 4):
            yield "open"
        # `text.replace(a, b)` and `dataclasses.replace` are others; `path.replace(target)` has one argument.
        elif is_method and (name in METHODS or (name in MOVES and len(node.args) == 1)):
            yield name


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_no_other_file_writes() -> None:
    sources = (CHECKOUT / "plugins").rglob("*.py")
    found = {path: list(writes(path.read_text(encoding="utf-8"))) for path in sources}
    assert [path for path, names in found.items() if names] == [WRITER]


@pytest.mark.parametrize(
    "line",
    [
        "path.write_bytes(b'')",
        "(folder / 'x').write_text('')",
        "open(path, 'w')",
        "path.open('a', encoding='utf-8')",
        "open(path, mode='xb')",
        "os.open(path, os.O_WRONLY | os.O_CREAT)",
        "tempfile.mkstemp()",
        "shutil.copy(a, b)",
        "folder.mkdir(parents=True)",
        "os.replace(a, b)",
        "a.rename(b)",
    ],
)
def test_a_planted_writer_is_found(line: str) -> None:
    assert list(writes(line))


@pytest.mark.parametrize("line", ["open(path)", "text.replace('a', 'b')", "path.open('rb')", "write_text(path, 'x')"])
def test_a_reader_is_none(line: str) -> None:
    assert not list(writes(line))
