# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse the part of cmd's language that the collection uses: a line becomes a tree of commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""
    (?P<quoted>"[^"]*("|$))
  | (?P<escaped>\^.)
  | (?P<redirect>[0-9]?(>>|>&|>|<))
  | (?P<operator>&&|\|\||&|\||\(|\))
  | (?P<blank>[ \t]+)
  | (?P<text>[^"^<>&|() \t]+)
    """,
    re.VERBOSE,
)
_OPERATORS = ("&&", "||", "&", "|")


class SyntaxProblem(Exception):
    """Something that cmd would not take, or that this reader does not know."""


@dataclass
class Node:
    """Any part of a line.

    Attributes:
        before: what stands directly before it: "(", "do", "else", "if" (behind a condition), an operator or "".
        last: whether nothing follows it in its group.
        proved: whether it can only run while system32 is the current folder.
        late: whether cmd was asked to expand variables late.
    """

    before: str = ""
    last: bool = False
    proved: bool = False
    late: bool = False


@dataclass
class Command(Node):
    """A command with its words as written, the files that it is redirected to, and its text."""

    words: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    text: str = ""

    @property
    def name(self) -> str:
        """Its first word."""
        return self.words[0] if self.words else ""


@dataclass
class Group(Node):
    """What stands in parentheses, or a whole line: nodes, and the operators between them."""

    nodes: list[Node] = field(default_factory=list)
    operators: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)


@dataclass
class If(Node):
    """A condition with what follows it."""

    then: Node = field(default_factory=Node)
    otherwise: Node | None = None


@dataclass
class For(Node):
    """A loop; `listed` is the command whose output it reads, if there is one, and `raw` the same as written."""

    options: str = ""
    variable: str = ""
    quiet: bool = False
    listed: str = ""
    raw: str = ""
    body: Node = field(default_factory=Node)


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise SyntaxProblem(f"not understood: {text[at : at + 40]!r}")
        kind = next(name for name, value in match.groupdict().items() if value is not None)
        found.append((kind, match[0], at))
        at = match.end()
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at][:2] if self.at < len(self.tokens) else ("end", "")

    def offset(self) -> int:
        return self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)

    def blanks(self) -> None:
        while self.peek()[0] == "blank":
            self.at += 1

    def closes(self) -> bool:
        return self.peek() == ("operator", ")") and self.depth > 0

    def group(self) -> Group:
        group = Group()
        before = "(" if self.depth else ""
        while True:
            node = self.node(before)
            group.nodes.append(node)
            self.blanks()
            kind, value = self.peek()
            if kind == "end" or self.closes():
                node.last = True
                return group
            if kind != "operator" or value not in _OPERATORS:
                raise SyntaxProblem(f"text behind a parenthesis: {self.text[self.offset() : self.offset() + 40]!r}")
            group.operators.append(value)
            before = value
            self.at += 1

    def node(self, before: str) -> Node:
        self.blanks()
        while self.peek() == ("text", "@"):
            self.at += 1
        if self.peek()[1].startswith("@"):
            kind, value, at = self.tokens[self.at]
            self.tokens[self.at] = (kind, value.lstrip("@"), at + 1)
        kind, value = self.peek()
        if (kind, value) == ("operator", "("):
            found: Node = self.block()
        elif value.lower() == "if":
            found = self.condition()
        elif value.lower() == "for":
            found = self.loop()
        else:
            found = self.command()
        found.before = before
        return found

    def block(self) -> Group:
        self.at += 1
        self.depth += 1
        group = self.group()
        if not self.closes():
            raise SyntaxProblem(f"a parenthesis is not closed: {self.text[:60]!r}")
        self.at += 1
        self.depth -= 1
        self.blanks()
        while self.peek()[0] == "redirect":
            group.targets.append(self.target())
            self.blanks()
        return group

    def word(self) -> str:
        """Return one word; a closing parenthesis ends it only inside of a group."""
        self.blanks()
        parts = []
        while True:
            kind, value = self.peek()
            if kind in ("end", "blank", "redirect") or (kind == "operator" and value in _OPERATORS) or self.closes():
                return "".join(parts)
            parts.append(value)
            self.at += 1

    def target(self) -> str:
        self.at += 1
        return self.word()

    def command(self) -> Command:
        begin = self.offset()
        found = Command()
        while True:
            self.blanks()
            kind, value = self.peek()
            if kind == "end" or (kind == "operator" and value in _OPERATORS) or self.closes():
                break
            if kind == "redirect":
                found.targets.append(self.target())
            else:
                found.words.append(self.word())
        if not found.words:
            raise SyntaxProblem(f"no command: {self.text[begin : begin + 40]!r}")
        found.text = self.text[begin : self.offset()]
        return found

    def condition(self) -> If:
        self.at += 1
        word = self.word().lower()
        while word in ("/i", "not"):
            word = self.word().lower()
        if word in ("exist", "errorlevel", "defined"):
            self.word()
        elif "==" not in word:
            if self.word().lower() not in ("gtr", "geq", "lss", "leq", "equ", "neq"):
                raise SyntaxProblem(f"a condition that is not known: {word!r}")
            self.word()
        found = If(then=self.node("if"))
        self.blanks()
        if isinstance(found.then, Group) and self.peek()[1].lower() == "else":
            self.at += 1
            found.otherwise = self.node("else")
        return found

    def loop(self) -> For:
        self.at += 1
        found = For()
        word = self.word()
        while not word.startswith("%"):
            found.options += word
            word = self.word()
        found.variable = word
        if self.word().lower() != "in":
            raise SyntaxProblem("a loop without its set")
        self.blanks()
        self.at += 1
        begin = self.offset()
        while self.peek() != ("operator", ")"):
            if self.peek()[0] == "end":
                raise SyntaxProblem("a set is not closed")
            self.at += 1
        listed = self.text[begin : self.offset()]
        self.at += 1
        if listed.startswith(("'", "`")) and "/f" in found.options.lower():
            found.raw = listed[1:-1]
            found.listed = unescaped(found.raw)
        if self.word().lower() != "do":
            raise SyntaxProblem("a loop without do")
        self.blanks()
        found.quiet = self.peek()[1].startswith("@")
        found.body = self.node("do")
        return found


def redirections(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield for each redirection what stands directly in front of it, itself with its handle, and its target."""
    tokens = [("", "", 0), *_tokens(text), ("", "", 0)]
    for at, (kind, value, _begin) in enumerate(tokens):
        if kind == "redirect":
            before = tokens[at - 1][1] if tokens[at - 1][0] != "operator" else ""
            target = tokens[at + 1 + (tokens[at + 1][0] == "blank")][1]
            yield before.strip(), value, target


def unescaped(text: str) -> str:
    """Return the text as cmd hands it on: without carets outside of quotes."""
    parts = text.split('"')
    parts[::2] = [re.sub(r"\^(.)", r"\1", part) for part in parts[::2]]
    return '"'.join(parts)


def read(text: str) -> Group:
    """Read one line.

    Raises:
        SyntaxProblem: cmd would not take it, or it holds something that our lines never use.
    """
    return _Reader(text).group()


def inner_line(command: Command) -> str | None:
    """Return the command line that a `cmd.exe /c` hands on; None for another command."""
    if command.name.lower() not in ("cmd", "cmd.exe"):
        return None
    _before, found, rest = command.text.partition(" /c ")
    rest = rest.strip()
    if not found:
        return None
    return rest[1:-1] if rest.startswith('"') and rest.endswith('"') else rest


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and all below it."""
    yield node
    if isinstance(node, Group):
        for child in node.nodes:
            yield from walk(child)
    elif isinstance(node, If):
        yield from walk(node.then)
        if node.otherwise is not None:
            yield from walk(node.otherwise)
    elif isinstance(node, For):
        yield from walk(node.body)


def broken_up(text: str) -> list[str]:
    """Return a command line in rows for the eye: broken behind operators, indented by parentheses."""
    rows, row, depth = [], "", 0
    for kind, value, _at in _tokens(text):
        row += value
        if kind == "operator" and value in _OPERATORS:
            rows.append(row)
            row = "  " * max(0, depth + row.count("(") - row.count(")"))
            depth = len(row) // 2
    return [*rows, row]
