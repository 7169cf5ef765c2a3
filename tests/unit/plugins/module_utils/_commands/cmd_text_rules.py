# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules on the text of a line: what cmd does before it looks for commands, and what it reads into paths and digits.

What `cmd_guard` says of lines and scripts holds here, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import MAX_SCRIPT_LINE
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._commands.cmd_language import (
    redirections,
)

LONGEST_LINE = 8191
"""Characters that cmd of XP and later takes (KB830473)."""

_OF_LINE = re.compile(r"%[A-Za-z]\w+%|%\^\w+%|%(~[dfnpsxz]*)?[a-z]")
"""An environment variable, one that only `call` or a script sees, and a variable of `for` with its modifiers."""
_OF_SCRIPT = re.compile(r"%%(~[dfnpsxz]*)?[a-z]|%[A-Za-z]\w*%|%~dp0|%~?[0-9]")
_SET = re.compile(r'\bset (?:/a )?"?([A-Za-z]\w*)=')
_FOREIGN = re.compile(r"%~|%[0-9]|%TEMP%")
"""A path that somebody else has chosen: it may hold spaces, `&`, `)`, `^` and percent signs."""


def text_violations(text: str, script: bool) -> Iterator[str]:
    """Yield what is wrong with the text of a line of a script, or of a command line."""
    if len(text) > (MAX_SCRIPT_LINE if script else LONGEST_LINE):
        yield f"a line of {len(text)} characters"
    if "%" in (_OF_SCRIPT if script else _OF_LINE).sub("", text):
        yield "a percent sign that another cmd would pair, double or drop"
    if re.search(r"\bif (not )?errorlevel 0", text):
        yield "every level is at least 0"
    yield from _handles(text)


def _handles(text: str) -> Iterator[str]:
    """Yield redirections whose handle may be a digit of what stands in front of them."""
    for before, redirect, target in redirections(text):
        handle = redirect.rstrip("<>&")
        if handle and (handle, target) not in (("2", "nul"), ("2", "1")):
            yield f"a digit that is the number of a handle: {redirect}{target}"
        if not handle and re.search(r"%$|[,;=][0-9]$", before):
            yield f"what stands in front of it may end with a digit: {before}{redirect}"


def whole_script_violations(lines: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong between the lines of a script: labels, and variables that hold paths of others."""
    labels = [text[1:] for text in lines if text.startswith(":")]
    if len(set(labels)) < len(labels):
        yield "a label that stands there twice"
    moved = False
    foreign: set[str] = set()
    for text in lines:
        for label in re.findall(r"(?:\bgoto |\bcall :)([A-Za-z]\w*)(?![\w%])", text):
            if label not in labels:
                yield f"there is no label {label}"
        for stem in re.findall(r"\bgoto ([A-Za-z]\w*)%\w%", text):
            numbers = sorted(int(label[len(stem) :]) for label in labels if re.fullmatch(rf"{stem}[0-9]+", label))
            if not numbers or numbers != [*range(len(numbers))]:
                yield f"not every label {stem}0, {stem}1 and so on is there"
        if moved and "%~dp0" in text:
            yield f"the folder of the script is not known behind cd: {text}"
        moved = moved or text.startswith("cd ")
        yield from _pasted(text, foreign)
        yield from _too_early(text)


def _pasted(text: str, foreign: set[str]) -> Iterator[str]:
    """Yield paths of others outside of quotes, and note the variables that hold one."""
    for made in _SET.finditer(text):
        value = text[made.end() :]
        if _FOREIGN.search(value) or _read(value) & foreign:
            foreign.add(made[1].lower())
    plain = "".join(text.split('"')[::2])
    if re.search(r"%~dp0|%TEMP%", plain) or _read(plain) & foreign:
        yield f"a path of somebody else outside of quotes: {text}"
    if text.startswith("call ") and _read(text.partition(">")[0]) & foreign:
        yield f"call reads a path once more, doubles its carets and expands its percent signs: {text}"


def _read(text: str) -> set[str]:
    """Return the variables that are expanded in a text, in lower case."""
    return {name.lower() for name in re.findall(r"%([A-Za-z]\w*)%", text)}


def _too_early(text: str) -> Iterator[str]:
    """Yield variables that are expanded when the line is read, but get their value while it runs."""
    made = {name.lower() for name in _SET.findall(text)}
    if made & _read(text):
        yield f"a variable that the same line sets: {text}"
    if "%errorlevel%" in text and re.search(r"[&|]|\bfor |\bif ", re.sub(r'"[^"]*"', "", text)):
        yield f"the error level from before the line: {text}"
