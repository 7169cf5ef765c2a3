# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No rendered line depends on the lab's command processor and tools; every mutant is refused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.collect as batch
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._commands.cmd_guard import (
    line_violations,
    script_violations,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._commands.cmd_renderings import (
    RENDERERS,
)

pytestmark = pytest.mark.no_cover
FOLDER = Path(batch.__file__).parents[1]
RENDERING_NAME = re.compile(r"(?!_)\w*?(_lines?|_script|^script)$")
NOT_WHOLE = {"netsh_lines"}
"""Parts of scripts."""


@cache
def renderings(name: str) -> dict[str, str | list[str]]:
    """Return what a renderer gives, each text once."""
    return {"\n".join(text) if isinstance(text, list) else text: text for text in RENDERERS[name].every()}


def violations(text: str | list[str]) -> list[str]:
    """Return what is wrong with a command line or a script."""
    return script_violations(text) if isinstance(text, list) else line_violations(text)


def test_every_renderer_is_guarded() -> None:
    found = {
        node.name
        for path in (*FOLDER.glob("_commands/*.py"), *FOLDER.glob("_offline/*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and RENDERING_NAME.fullmatch(node.name)
    }
    assert found - NOT_WHOLE == set(RENDERERS)


@pytest.mark.parametrize("name", RENDERERS)
def test_no_rendering_breaks_a_rule(name: str) -> None:
    found = renderings(name)
    lines = sum(len(text) if isinstance(text, list) else 1 for text in found.values())
    print(f"{name}: {len(found)} different renderings, {lines} lines")
    assert found
    for text in found.values():
        assert violations(text) == []


MUTATIONS = {
    "an @ behind do": (r"do @", "do "),
    "the /b of fc": (r"(?<=fc\.exe) /b", ""),
    "the ending of a tool": (r"(?<![\w.])([a-z]+)\.exe(?= )", r"\1"),
    "the brackets of a backslash": (r"\[\\\\\]", r"\\\\"),
    "half of a doubled backslash": (r"\[\\\\\]", r"[\\]"),
    "the /i of several literals": (r'(?<=findstr\.exe) /i(?= "[^" ]+ )|(?<=findstr\.exe /b /l) /i', ""),
    "the folder of the tools": (r'cd /d "?%SystemRoot%\\system32"?(&&|\|\|exit( /b [0-9])?$)', ""),
    "what ends a script elsewhere": (r"(?m)(?<=\\system32)(?=\"?\|\|)(\"?)\|\|exit.*$", r"\1"),
    "the path of a program": (r'"%SystemRoot%\\([a-z]+\.exe)"', r"\1"),
    "the path of a file": (r"(?<=>)(\.\.\\portkeeper[\\-]|\"?%w%\\|%b%\\)", ""),
    "the quotes of a right": (r'"(\*S-1-5-[0-9]+(?:-[0-9]+)?:\(OI\)[^"]*)"', r"\1"),
    "what is skipped": (r"skip=[1-9][0-9]*", "skip=0"),
    "the /d of a child": (r"(?<=cmd\.exe) /d", ""),
    "the parenthesis of an if": (r"(?<=&)\(if (.*)", r"if \1"),
    "what hides a variable": (r"%\^(errorlevel)%", r"%\1%"),
    "what makes a tag a text": (r"\^(?=</?[A-Z])", ""),
    "an empty block": (r"(?<=\()echo [A-Za-z0-9_]+(?=\))", ""),
    "what closes a block": (r"(?<=\(echo )(?=[A-Z])", "a) "),
}
"""By what is taken away or broken: a pattern, of which each occurrence makes a mutant, and what takes its place."""


def mutants(text: str) -> Iterator[tuple[str, str]]:
    """Broken forms of a rendering and what was broken."""
    for what, (pattern, instead) in MUTATIONS.items():
        if what == "an @ behind do" and text.startswith("@echo off"):
            continue
        for match in re.finditer(pattern, text):
            yield what, text[: match.start()] + match.expand(instead) + text[match.end() :]


def broken_ones(name: str) -> list[str]:
    """Return the renderings that are broken: the first one and the longest one."""
    found = renderings(name)
    return list(dict.fromkeys((next(iter(found)), max(found, key=len))))


@pytest.mark.parametrize("name", RENDERERS)
def test_every_mutant_is_refused(name: str) -> None:
    found = renderings(name)
    tried = 0
    for text in broken_ones(name):
        for what, broken in mutants(text):
            tried += 1
            assert violations(broken.split("\n") if isinstance(found[text], list) else broken), (what, broken[:400])
    print(f"{name}: {tried} mutants")
    assert tried


def test_every_mutation_has_been_tried() -> None:
    texts = [text for name in RENDERERS for text in broken_ones(name)]
    assert {what for text in texts for what, _broken in mutants(text)} == set(MUTATIONS)
