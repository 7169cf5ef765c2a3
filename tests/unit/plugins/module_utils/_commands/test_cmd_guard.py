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


def closes_at(line: str) -> int:
    """Return where the parenthesis is closed with which a line begins; -1 if it is not."""
    depth = 0
    for found in re.finditer(r'"[^"]*"|\^.|[()]', line):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth == 0 and found[0] == ")":
            return found.start()
    return -1


def test_every_renderer_is_guarded() -> None:
    found = {
        node.name
        for path in (*FOLDER.glob("_commands/*.py"), *FOLDER.glob("_offline/*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and RENDERING_NAME.fullmatch(node.name)
    }
    assert found - NOT_WHOLE == set(RENDERERS)


@pytest.mark.parametrize("name", RENDERERS)
def test_a_truncated_line_is_an_open_parenthesis(name: str) -> None:
    """An early SSH server truncates what it passes on: cmd then waits for the rest, and runs nothing.

    Only redirections follow the parenthesis: a line that is truncated there does all of its work.
    """
    for text in renderings(name).values():
        if isinstance(text, str):
            assert text.startswith("(") and text[closes_at(text) + 1 :] in {"", "<nul 2>nul"}, text[:200]


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
    "what keeps reg from asking": (r"(?<=reg\.exe )(add|delete)([^&|]*?) /f\b", r"\1\2"),
    "what keeps rd from asking": (r"(?<!: rd /s)(?<=rd /s) /q", ""),
    "what keeps net from asking": (r"(?<=net\.exe stop DNS) /y", ""),
    "what keeps schtasks from asking": (r"(?<=schtasks\.exe /delete)( /tn \S+) /f", r"\1"),
    "the folder that is removed": (r"(?<=rd /s /q )(?:\.\.\\(?!%)|\"%w%)", '"'),
    "the folder that is made": (r"(?<=\bmd )(?:\.\.\\|\"%w%)", '"'),
    "the percent sign of a loop in a script": (r"(?<=\bfor )(/f \"[^\"]*\" )?%(?=%[a-z] )", r"\1"),
    "one more percent sign": (r"(?<=\bfor )(/[fl] \"[^\"]*\" )?(?=%[a-z] )", r"\1%"),
    "the quotes of a path": (r"\"(%(?:w|f|data|old|r)%[^\"]*)\"", r"\1"),
    "the quotes of a variable": (r"(?<=set )\"(\w=[^\"]*%(?:TEMP%|~dp0)[^\"]*)\"", r"\1"),
    "a label": (r"(?<=goto )([a-z]\w*)", r"\1x"),
    "the place of a redirection": (r"(?m)^(>>%w%\\steps) (echo .* %e%)$", r"\2\1"),
    "the space in front of a redirection": (r"(?<=%s%) (?=>>)", ""),
    "the caret of an operator in for": (r"(?<=[A-Za-z] )\^(?=\|)", ""),
}
"""By what is taken away or broken: a pattern, of which each occurrence makes a mutant, and what takes its place."""


def mutants(text: str) -> Iterator[tuple[str, str]]:
    """Broken forms of a rendering and what was broken."""
    for what, (pattern, instead) in MUTATIONS.items():
        if text.startswith("@echo off") and what in ("an @ behind do", "one more percent sign"):
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


LINES = {
    "a parenthesis in a nested block": r"(if exist ..\portkeeper\x (echo a (b) c&echo d))",
    "a doubled percent sign in a loop": r"(for %%i in (..\portkeeper\*) do @type ..\portkeeper\%%~nxi)",
    "a doubled percent sign in what a loop prints": r"(for %i in (..\portkeeper\*) do @echo %%i)",
    "skip=0 among others": """(for /f "skip=0 tokens=1" %i in ('ver') do @echo %i)""",
    "skip=0 in capitals": """(for /f "SKIP=0" %i in ('ver') do @echo %i)""",
    "skip=00": """(for /f "skip=00" %i in ('ver') do @echo %i)""",
    "a tool without its ending": "sc query DNS",
    "the same in for": """(for /f "tokens=1" %i in ('sc query DNS') do @echo %i)""",
    "the same in FOR /F": """(for /F "tokens=1" %i in ('sc query DNS') do @echo %i)""",
    "the same in back quotes": """(for /f "usebackq" %i in (`sc query DNS`) do @echo %i)""",
    "the same behind a pipe in for": """(for /f "tokens=1" %i in ('sc.exe query DNS ^|findstr x') do @echo %i)""",
    "an operator in for": """(for /f "tokens=1" %i in ('sc.exe query DNS|findstr.exe x') do @echo %i)""",
    "a delimiter in for": """(for /f "tokens=1" %i in ('sc.exe query type= service') do @echo %i)""",
    "a digit in front of a redirection": r"echo rc 1>..\portkeeper\x",
    "a digit behind a delimiter": r"echo rc=1>..\portkeeper\x",
    "errors into a file": r"echo same 2>..\portkeeper\x",
    "8,192 characters": "echo " + "a" * 8192,
    "a caret at the end": "echo a^",
    "an exclamation mark": "echo a!b!c",
    "an ampersand in a path": r"type ..\portkeeper\a & b",
    "a search string of 128 characters": rf'findstr.exe /c:"{"a" * 128}" ..\portkeeper\x',
    "a file of system32": "del x.sys",
    "a folder of system32": "rd /s /q drivers",
    "a question": "set /p x=y",
    "a space behind a value": "set e=1 &echo x",
    "all files of a folder": r"del ..\portkeeper\*",
    "a backslash in front of a quote": r'reg.exe import "..\portkeeper\"',
    "a level that is always there": "(if errorlevel 0 (echo a))",
    "another folder": r"cd /d ..\portkeeper",
    "something for scripts only": "pause",
}
SCRIPTS = {
    "a single percent sign in a loop": ["for %i in (..\\portkeeper\\*) do echo %i"],
    "a single percent sign in its body": ["for %%i in (..\\portkeeper\\*) do echo %i"],
    "a digit in front of a redirection": ["echo rc 1>>..\\portkeeper\\x"],
    "a variable in front of a redirection": ["echo rc %e%>>..\\portkeeper\\x"],
    "2,048 characters": ["echo " + "a" * 2043],
    "a caret at the end": ["echo a^", "echo b"],
    "an exclamation mark": ["echo a!b"],
    "a path of the account": ["set w=%TEMP%\\x"],
    "a path that was made of it": ['set "w=%TEMP%\\x"', 'set "v=%w%\\y"', "type %v%"],
    "a path that call expands once more": ['set "w=%TEMP%\\x"', 'call :a "%w%"', "exit /b 0", ":a"],
    "the script's folder behind cd": ['set "f=%~dp0x"'],
    "the level from before the line": ["if exist ..\\portkeeper\\x (sc.exe query DNS&set e=%errorlevel%)"],
    "a value from before the line": ["if exist ..\\portkeeper\\x (set e=1&echo %e%)"],
    "a label that is missing": ["goto nowhere"],
    "numbered labels that are missing": ["goto r%k%"],
    "a numbered label that is missing": ["goto r%k%", ":r2", ":r0"],
    "a subroutine that is missing": ["call :nowhere"],
    "a label that is there twice": [":a", "goto a", ":a"],
    "a space behind a value": ["if exist ..\\portkeeper\\x (set e=1 )"],
    "an unescaped parenthesis": ["if exist ..\\portkeeper\\x (echo a (b) c&set e=1)"],
    "another folder": ['cd /d "%TEMP%"'],
}


@pytest.mark.parametrize("what", LINES)
def test_what_no_line_may_hold_is_refused(what: str) -> None:
    def whole(body: str) -> str:
        return rf'(cd /d "%SystemRoot%\system32"&&({body}))<nul 2>nul'

    assert violations(whole("echo a")) == []
    assert violations(whole(LINES[what]))


@pytest.mark.parametrize("what", SCRIPTS)
def test_what_no_script_may_hold_is_refused(what: str) -> None:
    head = ["@echo off", 'cd /d "%SystemRoot%\\system32"||exit /b 1']
    assert violations([*head, "echo a"]) == []
    assert violations([*head, *SCRIPTS[what]])


def test_every_mutation_has_been_tried() -> None:
    texts = [text for name in RENDERERS for text in broken_ones(name)]
    assert {what for text in texts for what, _broken in mutants(text)} == set(MUTATIONS)
