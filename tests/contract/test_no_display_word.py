# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No parser depends on a word of a display language, neither in its source nor in its behaviour.

The second half puts words of other alphabets, of any length, and the labels of other fields in the place of every word
that Windows translates, and gets the same result.
"""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.netsh import (
    parse_dynamicport,
    parse_excludedportrange,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.netstat import parse_netstat
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.reg_query import parse_reg
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.sc import parse_sc
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.tasklist import parse_tasklist
from ansible_collections.portkeeper.windows_dns.tests.contract.sources import PLUGINS, Source, sources_below
from checkout import CHECKOUT

CORE = (CHECKOUT / "plugins" / "module_utils", f"{PLUGINS}.module_utils")
CAPTURES = CHECKOUT / "tests" / "unit" / "captures"

# --- the source -----------------------------------------------------------------------------------------------------

CODECS = set("ascii cp latin le be utf base little replace surrogateescape surrogatepass".split())
FORMAT_WORDS = {
    "_parsers/listing.py": set(),
    "_parsers/netsh.py": set(),
    "_parsers/netstat.py": {"UDP", "udp", "TCP"},
    # NFKC is a form of Unicode.
    "_parsers/reg_query.py": {"HKEY_", "REG_", "REG", "EXE", "currentcontrolset", "NFKC"},
    "_parsers/sc.py": set(),
    "_parsers/tasklist.py": set(),
    # Both signatures and the words of the format (KB310516), and the two names of the hive.
    "_windows/registry_file.py": set(
        "Windows Registry Editor Version REGEDIT HKEY_ HKEY_LOCAL_MACHINE HKLM dword hex".split()
    ),
    "_parsers/transcript.py": {"portkeeper", "transcript", "begin", "end"} | {"section"},  # a key of our problems
}
"""Words that are part of a file format or a protocol's name, the same on every Windows."""
GROUP_RE = re.compile(r"\(\?P<\w+>")
CLASS_RE = re.compile(r"(?<!\\)\[[^\]]*[-^][^\]]*\]|\\[dDsSwWbBAZntr]")
WORD_RE = re.compile(r"[^\W\d]{2,}")


def _literals(tree: ast.Module) -> Iterator[str]:
    """Texts of a module that are compared or matched: no docstrings, messages, types, and indices of matches."""
    left_out: set[int] = set()
    for node in ast.walk(tree):
        is_message = isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("problems.add", "make_problem"))
        is_message |= isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "message"
        is_index = isinstance(node, ast.Subscript)
        is_type = isinstance(node, ast.AnnAssign) and "TypeAlias" in ast.unparse(node.annotation)
        if is_message or is_type or isinstance(node, ast.Raise):
            left_out |= {id(child) for child in ast.walk(node)}
        elif is_index:
            left_out |= {id(child) for child in ast.walk(node.slice)}
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left_out.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in left_out and isinstance(node.value, (str, bytes)):
            yield node.value if isinstance(node.value, str) else node.value.decode("ascii", "ignore")


def _words(texts: Iterable[str]) -> set[str]:
    found = {word for text in texts for word in WORD_RE.findall(CLASS_RE.sub(" ", GROUP_RE.sub("(", text)))}
    return {word for word in found if not word.startswith("REG_")} - CODECS


def test_words_in_expressions_are_seen() -> None:
    texts = [r"(?P<state>STATE[ \t]*): [0-9A-Fa-f]+", r"\[SC\]", "[SC] FAILED", "État", "種類"]
    assert _words(texts) == {"STATE", "SC", "FAILED", "État", "種類"}


@pytest.mark.parametrize("name", FORMAT_WORDS)
def test_a_parser_contains_no_words_but_those_of_the_format(name: str) -> None:
    (source,) = sources_below(*CORE, pattern=name)
    assert _words(_literals(source.tree)) <= FORMAT_WORDS[name]


def test_a_display_word_in_a_parser_is_found() -> None:
    planted = ast.parse('def parse(line):\n    """Docstring."""\n    return line == "Running" or raise_it("État")')
    assert _words(_literals(planted)) == {"Running", "État"}


def test_every_parser_is_looked_at() -> None:
    parsers = {source.name for source in sources_below(*CORE, pattern="_parsers/*.py")}
    assert parsers <= set(FORMAT_WORDS)


@pytest.mark.parametrize("source", sources_below(*CORE, pattern="_facts/*.py"), ids=lambda source: source.name)
def test_the_readers_of_facts_hold_names_and_registry_paths_only(source: Source) -> None:
    for text in _literals(source.tree):
        assert text.isascii()
        assert text.startswith("\\") or not re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", text), text


# --- what comes out of a listing with other words -------------------------------------------------------------------

ALPHABETS = (
    "abcxyz",
    "ABCXYZ_",
    "äöüßÉçñ",
    "жщыЯй",
    "ışğİ",
    "łąęź",
    "αβγ",
    "種類状態表ソ",
    "协议端口",
    "포트상태",
    "قيم",
    "ไทย",
)
LABELS = "TYPE STATE WIN32_EXIT_CODE SERVICE_EXIT_CODE CHECKPOINT WAIT_HINT PID FLAGS RUNNING STOPPED TCP Start".split()
Scramble = Callable[[str, random.Random], str]
SEEDS = range(12)


def _word(rng: random.Random) -> str:
    if rng.random() < 0.2:
        return rng.choice(LABELS)
    alphabet = rng.choice(ALPHABETS)
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(1, 24)))


def _phrase(rng: random.Random) -> str:
    return " ".join(_word(rng) for _ in range(rng.randint(1, 4)))


def _other_words(text: str, rng: random.Random) -> str:
    return re.sub(r"[^\W\d]+", lambda _found: _word(rng), text)


def _sc(text: str, rng: random.Random) -> str:
    lines = []
    margin = 0
    for line in text.split("\n"):
        label, colon, value = line.partition(":")
        margin = 0 if not line.strip() else margin + (line[:1] not in " \t")
        if not colon or line.startswith("["):
            lines.append(_other_words(line, rng))
        elif line[:1] in " \t":
            first = re.match(r"\s*\S*(?:\s+\(0x[0-9a-fA-F]+\))?", value)
            kept = first.group() if first else ""
            blanks = label[: len(label) - len(label.lstrip())]
            lines.append(
                f"{blanks}{_phrase(rng)}{' ' * rng.randint(0, 9)}:{kept}{_other_words(value[len(kept) :], rng)}"
            )
        elif re.search(r"(?:=| [0-9]+ .*) [0-9]+\Z", value.rstrip()):
            lines.append(f"{_phrase(rng)}:{_other_words(value, rng)}")
        else:
            lines.append(
                f"{_phrase(rng)}:{value}" if margin == 1 else f"{_phrase(rng)}: {_phrase(rng)}: 4 {_phrase(rng)}"
            )
    return "\n".join(lines)


def _netstat(text: str, rng: random.Random) -> str:
    rows = (line if line.strip().startswith(("UDP ", "TCP ")) else _other_words(line, rng) for line in text.split("\n"))
    return "\n".join(rows)


def _tasklist(text: str, rng: random.Random) -> str:
    lines = []
    for line in text.split("\n"):
        row = re.match(r'"[^"]*","[0-9]+"', line)
        kept = row.group() if row else ""
        lines.append(kept + _other_words(line[len(kept) :], rng))
    return "\n".join(lines)


def _reg(text: str, rng: random.Random) -> str:
    def default(_found: re.Match[str]) -> str:
        return f"    ({_phrase(rng)})"

    text = re.sub(r"(?m)^    (?:\([^)\n]*\)|<NO NAME>)(?=\t| {4}REG_)", default, text)
    return re.sub(r"\((?:Wert|value) [^)\n]*\)", lambda _found: f"({_phrase(rng)})", text)


def _of_reg(text: str) -> Any:
    """Keys and values but for the default value, whose name is translated."""
    return {
        path: {name: value.data for name, value in key.values.items() if not name.startswith(("(", "<"))}
        for path, key in parse_reg(text).keys.items()
    }


def _of_sc(text: str) -> Any:
    found = parse_sc(text)
    return found.rows, found.complete, found.announced, found.ambiguous


KINDS: tuple[tuple[str, Scramble, Callable[[str], Any]], ...] = (
    ("sc-", _sc, _of_sc),
    ("netstat-", _netstat, parse_netstat),
    ("netsh-dynamicport", _other_words, parse_dynamicport),
    ("netsh-excluded", _other_words, parse_excludedportrange),
    ("tasklist-", _tasklist, parse_tasklist),
    ("reg-query-", _reg, _of_reg),
)
CASES = [
    pytest.param(path, scramble, parse, id=path.name)
    for prefix, scramble, parse in KINDS
    for path in sorted(CAPTURES.glob(f"{prefix}*.txt"))
]


@pytest.mark.parametrize(("path", "scramble", "parse"), CASES)
def test_a_capture_with_other_words_means_the_same(path: Path, scramble: Scramble, parse: Callable[[str], Any]) -> None:
    text = path.read_text(encoding="utf-8")
    expected = parse(text)
    for seed in SEEDS:
        scrambled = scramble(text, random.Random(seed))
        assert parse(scrambled) == expected, scrambled


def test_a_whole_host_with_other_words_has_the_same_facts() -> None:
    of_section: dict[str, Scramble] = {
        "services": _sc,
        "dns_dependents": _sc,
        "netstat": _netstat,
        "tasklist": _tasklist,
        "ver": _other_words,
        **dict.fromkeys(("tcpip", "dns", "product_options", "current_version", "state"), _reg),
    }
    text = (CAPTURES / "transcript-sbs2003.txt").read_text(encoding="utf-8")
    expected = parse_transcript(text)
    assert expected["problems"] == []
    section_re = re.compile(r"(?s)(#portkeeper begin (\w+)\n)(.*?)(#portkeeper end )")
    for seed in SEEDS:
        rng = random.Random(seed)

        def put(found: re.Match[str], rng: random.Random = rng) -> str:
            scramble = of_section.get(found.group(2))
            return found.group(1) + (scramble(found.group(3), rng) if scramble else found.group(3)) + found.group(4)

        scrambled = section_re.sub(put, text)
        assert scrambled != text
        assert parse_transcript(scrambled.encode("utf-8")) == expected
