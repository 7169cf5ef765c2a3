# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that no line may break, because a command processor or tool of some Windows behaves differently from the lab.

Each rule says why. A line is a whole command line for `cmd.exe /C`; a script is a list of lines of a batch file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._commands.cmd_language import (
    Command,
    For,
    Group,
    If,
    Node,
    SyntaxProblem,
    inner_line,
    read,
    unescaped,
    walk,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._commands.cmd_text_rules import (
    text_violations,
    whole_script_violations,
)

BUILTIN = {"call", "del", "dir", "echo", "echo.", "md", "rd", "ren", "set", "type", "ver"}
SCRIPT_ONLY = {"copy", "exit", "goto", "pause", "setlocal"}
TOOLS = {
    "cmd.exe", "fc.exe", "findstr.exe", "icacls.exe", "net.exe", "netsh.exe", "netstat.exe", "ping.exe", "reg.exe",
    "sc.exe", "schtasks.exe", "shutdown.exe", "tasklist.exe",
}  # fmt: skip
FULL_PATHS = {r'"%SystemRoot%\regedit.exe"'}
OUR_FOLDERS = (
    "..\\portkeeper\\", "..\\portkeeper-", "%w%\\", "%b%\\", '"%w%\\', '"%f%"', '"%SystemRoot%\\portkeeper\\',
)  # fmt: skip
OUR_PATHS = (*OUR_FOLDERS, '"%w%"', '"%old%"', "..\\%~nxi", "..\\portkeeper")
"""What commands on files may name: our folders, and the data files beside a carried script."""
ON_FILES = {"copy", "del", "dir", "md", "rd", "ren", "type"}
ASKING = {
    ("reg.exe", "add"): "/f",
    ("reg.exe", "delete"): "/f",
    ("rd", "/s"): "/q",
    ("schtasks.exe", "/delete"): "/f",
    ("net.exe", "stop"): "/y",
}
"""Commands that ask, by their name and one of their words, and the switch without which they do."""
LONGEST_SEARCH = 127
"""Characters of a search string of findstr that XP takes (Stack Overflow 8844868, not documented by Microsoft)."""
EXPANDED_AT_ONCE = {"SystemRoot", "COMPUTERNAME", "DATE", "TIME"}
"""Environment variables of a command line: cmd expands them before any of it runs, and these are right then, too."""
_CLASS = re.compile(r"\[\^?(\\\\|\\.|[^\]\\])+\]")
_PAIRED = re.compile(r"%~?[a-z](?![A-Za-z]*%).*%[A-Za-z]\w+%")
"""On a command line: %a of a loop, and an environment variable behind it."""
_CD = re.compile(r'cd /d "?%SystemRoot%\\system32"?')


def line_violations(text: str) -> list[str]:
    """Return what is wrong with a command line."""
    try:
        whole = read(text)
    except SyntaxProblem as problem:
        return [str(problem)]
    found = [*text_violations(_without_written(whole, text), script=False)]
    if _PAIRED.search(text):
        found.append("the percent sign of a variable of for may be paired with that of an environment variable")
    if early := set(re.findall(r"%([A-Za-z]\w+)%", text)) - EXPANDED_AT_ONCE:
        found.append(f"expanded before the line runs: {', '.join(sorted(early))}")
    block = whole.nodes[0]
    guarded = len(whole.nodes) == 1 and isinstance(block, Group) and _goes_to_system32(block)
    if not guarded:
        found.append("it does not run in system32 or not at all")
    else:
        assert isinstance(block, Group)
        for node in walk(block.nodes[1]):
            node.proved = True
    return found + [message for node in walk(whole) for message in _of_node(node, False)]


def _without_written(whole: Group, text: str) -> str:
    """Return a command line without the scripts that it writes: in these a doubled percent sign stays one."""
    for group in walk(whole):
        if isinstance(group, Group) and any(target.endswith(".cmd") for target in group.targets):
            for node in group.nodes:
                if isinstance(node, Command):
                    text = text.replace(node.text, "echo", 1)
    return text


def script_violations(lines: Sequence[str]) -> list[str]:
    """Return what is wrong with the lines of a batch file."""
    found = [*whole_script_violations(lines)]
    proved = False
    for text in lines:
        if text.startswith(":") or text == "@echo off":
            continue
        goes, broken = _line_of_script(text, proved)
        proved = proved or goes
        found += [f"{message}: {text[:120]}" for message in broken]
    return found


@lru_cache(maxsize=100_000)
def _line_of_script(text: str, proved: bool) -> tuple[bool, tuple[str, ...]]:
    """Return whether system32 is the current folder behind this line, and what is wrong with it."""
    try:
        whole = read(text)
    except SyntaxProblem as problem:
        return False, (str(problem),)
    found = [*text_violations(text, script=True)]
    first, *others = whole.nodes
    if isinstance(first, Command) and _CD.fullmatch(first.text.strip()):
        (other,) = others or [None]
        leaves = whole.operators == ["||"] and isinstance(other, Command) and other.name == "exit"
        return True, () if leaves else ("the script goes on where there is no system32",)
    for node in walk(whole):
        node.proved = proved
        found += _of_node(node, True)
    return False, tuple(found)


def _goes_to_system32(block: Group) -> bool:
    first = block.nodes[0]
    return (
        isinstance(first, Command)
        and _CD.fullmatch(first.text.strip()) is not None
        and block.operators == ["&&"]
        and isinstance(block.nodes[1], Group)
        and block.targets == ["nul", "nul"]
    )


def _of_node(node: Node, script: bool) -> Iterator[str]:
    if isinstance(node, If):
        yield from _condition(node)
    elif isinstance(node, For):
        yield from _loop(node, script)
    elif isinstance(node, Group):
        yield from _targets(node.targets)
        yield from _written_script(node)
    elif isinstance(node, Command):
        yield from _targets(node.targets)
        yield from _command(node, script)


def _written_script(node: Group) -> Iterator[str]:
    """Yield a script that a line only writes to a file obeys the rules of scripts."""
    if any(target.endswith(".cmd") for target in node.targets):
        echoes = [child.text for child in node.nodes if isinstance(child, Command)]
        lines = [re.sub(r"%\^(\w+)%", r"%\1%", unescaped(echo.removeprefix("echo "))) for echo in echoes]
        yield from script_violations(lines)


def _condition(node: If) -> Iterator[str]:
    """Yield where something follows an `if` in its group, because cmd treats it as part of the `if`."""
    if not node.last and node.before not in ("if", "do", "else"):
        yield "what follows a trailing if belongs to it"
    if node.before in ("&", "&&", "||", "|"):
        yield "an if that is not in parentheses of its own"


def _loop(node: For, script: bool) -> Iterator[str]:
    if not script and not node.quiet:
        yield "echo is on under cmd /C: do without @ prints the command"
    if not node.last and node.before not in ("if", "do", "else"):
        yield "what follows a loop that is not in parentheses belongs to it"
    if "skip=0" in node.options.lower():
        yield "skip=0 is a syntax error"
    if len(node.variable) != (3 if script else 2):
        yield f"a variable of for that is not one here: {node.variable}"
    if re.search(r"[|&<>=,;]", re.sub(r'"[^"]*"|\^.', "", node.raw)):
        yield "for /f takes an operator or a delimiter for its own"
    if node.listed:
        yield from _nested(node.listed, node, script)


def _nested(text: str, parent: Node, script: bool, late: bool = False) -> Iterator[str]:
    """Yield a line that a child of cmd runs, in the same folder."""
    try:
        nodes = list(walk(read(text)))
    except SyntaxProblem as problem:
        yield str(problem)
        return
    for node in nodes:
        node.proved, node.late = parent.proved, parent.late or late
        yield from _of_node(node, script)


def _targets(targets: Sequence[str]) -> Iterator[str]:
    for target in targets:
        if target not in ("nul", "1") and not target.startswith(OUR_FOLDERS):
            yield f"a file outside of our folders: {target}"


def _command(node: Command, script: bool) -> Iterator[str]:
    low = node.name.lower()
    if _CD.fullmatch(node.text.strip()):
        return
    yield from _looked_up(node, script)
    yield from _argument_violations(node)
    if low == "call" and not re.match(r":|echo$", node.words[1]):
        yield "call runs something else than a label or echo"
    if low == "fc.exe" and "/b" not in node.words:
        yield "fc without /b does not compare every byte"
    if low == "findstr.exe":
        yield from _findstr(node)
    yield from _child(node, script)


def _argument_violations(node: Command) -> Iterator[str]:
    """Yield arguments that would make a command ask, work on files of others, or take less than it was given."""
    low, given = node.name.lower(), {word.lower() for word in node.words[1:]}
    for (name, word), switch in ASKING.items():
        if low == name and word in given and switch not in given:
            yield f"{name} {word} asks without {switch}"
    if low in ON_FILES:
        named = [word for word in node.words[1:] if not word.startswith("/")]
        for word in named[:1] if low == "ren" else named:
            if not word.startswith(OUR_PATHS):
                yield f"{low} works on what is not ours: {word}"
    if low == "del" and any(re.search(r'[\\/]\*(\.\*)?"?$', word) for word in given) and "/q" not in given:
        yield "del asks about all files of a folder"
    if low.endswith(".exe") and any(re.search(r'"[^"]+\\"$', word) for word in node.words):
        yield "a program takes a quote behind a backslash for a character"
    if low == "set" and ("/p" in given or node.text != node.text.rstrip()):
        yield "set asks, or takes the space behind its value"
    if "!" in node.text and not node.late and inner_line(node) is None:
        yield "an exclamation mark is lost where variables are expanded late"


def _looked_up(node: Command, script: bool) -> Iterator[str]:
    """Yield the names whose program would depend on the host's folders."""
    if node.name.lower() in TOOLS:
        if not node.proved:
            yield f"{node.name} is looked up in a folder that is not proved to be system32"
    elif node.name.lower() not in BUILTIN | (SCRIPT_ONLY if script else set()) and node.name not in FULL_PATHS:
        yield f"{node.name} is no tool with its ending, and nothing of cmd's own"


def _child(node: Command, script: bool) -> Iterator[str]:
    """Yield the offences in what a child of cmd runs, by the same rules."""
    inner = inner_line(node)
    if inner is not None:
        if "/d" not in node.words:
            yield "a child of cmd runs AutoRun without /d"
        if not re.fullmatch(r"\.\.\\portkeeper[\\-]\S+\.cmd(>nul)?", inner):
            yield from _nested(inner, node, script, late="/v:on" in node.words)
    elif node.name.lower() == "cmd.exe":
        yield "cmd.exe without /c"


def _findstr(node: Command) -> Iterator[str]:
    strings = [word[3:].strip('"') for word in node.words if word.lower().startswith("/c:")]
    if not strings:
        plain = [word for word in node.words[1:] if not word.startswith("/")]
        strings = plain[0].strip('"').split(" ") if plain else []
    switches = {word.lower() for word in node.words if word.startswith("/")}
    for text in strings:
        if len(text) > LONGEST_SEARCH:
            yield f"findstr of XP does not take a search string of {len(text)} characters"
        if "\\\\" in _CLASS.sub("", text):
            yield f"a doubled backslash outside of [] is read differently by findstr of Vista and 2008: {text}"
        if re.search(r"(?<!\\)(\\\\)*\\]", text):
            yield f"a class that is not closed where it seems to be: {text}"
    if len(strings) > 1 and "/r" not in switches and "/i" not in switches:
        yield "findstr may miss lines with several literals unless it ignores case"
