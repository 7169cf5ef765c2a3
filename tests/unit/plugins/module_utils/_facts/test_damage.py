# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damage never changes a fact silently: each fact stays, or is null, or there is a new problem.

Every section of every host meets every damage: captures and rendered hosts of all releases, languages and code pages.
Damage to the whole file is in damage_of_files.py. What cannot be seen is listed in damage_unseen.py, a list that may
only become shorter: a pair that it does not have fails, and so does one that is seen now. PORTKEEPER_DAMAGE=write
(`make damage-list`) writes the list and its table in docs/transcript.md anew; UNSEEN_MAX here is lowered by hand. With
PORTKEEPER_DAMAGE=full (as `make fuzz` sets it) some of the hosts have full socket pools and meet each damage twice.
"""

from __future__ import annotations

import os
import random
import textwrap
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts import facts as facts_module
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts import (
    reading,
    registry,
    service_starts,
    services,
    sockets,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import (
    Transcript,
    split_transcript,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.damage import DAMAGES
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.damage_of_files import (
    DAMAGES_OF_FILES,
    HARMLESS,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.damage_unseen import (
    UNSEEN,
    UNSEEN_IN_FULL_POOLS,
    unseen_rows,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.whole_hosts import (
    SOCKETS_MAX,
    Host,
    hosts,
)

pytestmark = pytest.mark.no_cover
MODE = os.environ.get("PORTKEEPER_DAMAGE", "")
FULL, WRITE = MODE == "full", MODE == "write"
TIMES = 2 if FULL else 1
UNSEEN_MAX = 47
"""The number of pairs in damage_unseen.py. It may only be lowered."""
UNSEEN_IN_FULL_POOLS_MAX = 11
"""The same for the pairs that only full pools and a second try of each damage meet."""
CASES_MIN = 50_000
DOCUMENTATION = Path(__file__).resolve().parents[5] / "docs" / "transcript.md"
TABLE = "| damage | facts |\n|---|---|\n"
found: dict[str, set[str]] = {}
"""What was found in this process, to be written."""
FULL_POOL = 5000
INFORMATION = frozenset(("collected", "computer_name", "hotfixes", "os.product"))
"""Facts for people: nothing is decided by them."""
MAPPINGS = ("services", "state.settings")
"""Facts whose keys are names that the host gave."""
PARSERS = {
    reading: ("parse_reg",),
    registry: ("reg_lines",),
    services: ("parse_sc", "parse_tasklist"),
    service_starts: ("reg_lines",),
    sockets: ("take_pools", "parse_netstat"),
}
GONE = object()


@cache
def every_host() -> list[Host]:
    return hosts(FULL_POOL)[::9] if FULL else hosts(SOCKETS_MAX)


@cache
def undamaged(number: int) -> tuple[Transcript, dict[str, Any]]:
    source = every_host()[number].transcript()
    return split_transcript(source), facts_module.parse_transcript(source)


@cache
def undamaged_leaves(number: int) -> dict[tuple[str, ...], Any]:
    return dict(leaves(undamaged(number)[1]))


def facts_of_damaged(host: Host, whole: Transcript, section: str, text: str) -> dict[str, Any]:
    """Return the facts of the transcript with one damaged section; only that section is split and decoded again."""
    alone = Host(host.name, host.codec, host.line_end, {section: host.sections[section]})
    damaged = split_transcript(alone.transcript(section, text))
    others = {name: found for name, found in whole.sections.items() if name != section}
    return facts_module.read_facts(Transcript(whole.nonce, {**others, **damaged.sections}, damaged.problems)).to_json()


@pytest.fixture(autouse=True)
def _remembering_parsers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sections that are not damaged are parsed once."""
    for module, names in PARSERS.items():
        for name in names:
            monkeypatch.setattr(module, name, _remembering(getattr(module, name)), raising=False)


def _remembering(parser: Callable[..., Any]) -> Callable[..., Any]:
    @lru_cache(maxsize=4096)
    def parsed(*arguments: Any, **named: Any) -> Any:
        found = parser(*arguments, **named)
        return list(found) if isinstance(found, Iterator) else found

    return parsed


def _without_processes(value: Any) -> Any:
    """Return the rows of ``udp_endpoints`` without the names of their processes, which are facts of their own."""
    return sorted({(row["address"], row["port"], row["pid"] or 0, row["connected"]) for row in value or ()})


def leaves(value: Any, path: str = "", names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the facts one by one, each under its name and the names that the host gave."""
    if path == "udp_endpoints" and value is not None:
        yield (path,), _without_processes(value)
        for row in value:
            yield ("udp_endpoints.process", row["address"], str(row["port"]), str(row["pid"])), row["process"]
        return
    if not isinstance(value, dict) or "ranges" in value or "packed" in value:
        yield (path, *names), value
        return
    for key, inner in value.items():
        if path in MAPPINGS:
            yield from leaves(inner, path, (*names, key))
        elif path != "" or key != "problems":
            yield from leaves(inner, f"{path}.{key}" if path else key, names)


def is_unknown(fact: str, value: Any) -> bool:
    """Return whether a fact says that it is not known, or (a bad entry) that something could not be read."""
    if isinstance(value, dict):
        return value.get("present", ...) is None or bool(value.get("bad_entries"))
    return value is None or (fact == "dns.pool_present" and value == "unknown")


def changed_in_silence(number: int, after: dict[str, Any]) -> set[str]:
    before = undamaged(number)[1]
    if any(problem not in before["problems"] for problem in after["problems"]):
        return set()
    old, new = undamaged_leaves(number), dict(leaves(after))
    unknown = {key[0] for key, value in new.items() if value is None}
    changed = {key for key in old.keys() | new.keys() if old.get(key, GONE) != new.get(key, GONE)}
    changed = {key for key in changed if not is_unknown(key[0], new.get(key, GONE))}
    return {key[0] for key in changed if not _is_below(key, unknown)} - INFORMATION


def _is_below(key: tuple[str, ...], unknown: set[str]) -> bool:
    """Return whether the fact that a fact is part of is null; of records, whether there are any."""
    parts = key[0].split(".")
    above = {".".join(parts[:length]) for length in range(1, len(parts))}
    return bool(unknown & above) or (key[0] == "state.settings" and "state.present" in unknown)


def cases(damage: str) -> Iterator[tuple[int, str, str, str]]:
    for number, host in enumerate(every_host()):
        for section, (body, _level) in host.sections.items():
            for time in range(TIMES):
                text = DAMAGES[damage](random.Random(f"{damage} {host.name} {section} {time}"), body)
                if text != body:
                    yield number, section, text if text.endswith(("\n", "\r")) or not text else f"{text}\n", host.name


def cases_of_files(damage: str) -> Iterator[tuple[int, str, str]]:
    """Yield a host's number, the damaged text of its transcript, and the undamaged one."""
    for number, host in enumerate(every_host()):
        for time in range(TIMES):
            whole = host.text()
            text = DAMAGES_OF_FILES[damage](random.Random(f"{damage} {host.name} {time}"), whole)
            if text != whole:
                yield number, text, whole


def _check(damage: str, seen: dict[str, Any]) -> None:
    """Nothing changed in silence that is not in the list, and nothing of the list was seen."""
    found[damage] = set(seen)
    if WRITE:
        return
    expected = set(UNSEEN.get(damage, "").split())
    rare = set(UNSEEN_IN_FULL_POOLS.get(damage, "").split()) if FULL else set()
    new = {fact: seen[fact] for fact in sorted(seen.keys() - expected - rare)}
    assert not new, f"{damage} changes {', '.join(new)} in silence; one case each:\n{new}"
    assert FULL or expected == set(seen), f"{damage}: {expected - set(seen)} is seen now: run `make damage-list`"


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage(damage: str) -> None:
    seen: dict[str, tuple[str, str, str]] = {}
    for number, section, text, name in cases(damage):
        whole, _facts = undamaged(number)
        after = facts_of_damaged(every_host()[number], whole, section, text)
        for fact in changed_in_silence(number, after):
            seen.setdefault(fact, (name, section, text))
    _check(damage, seen)


@pytest.mark.parametrize("damage", DAMAGES_OF_FILES)
def test_damage_of_files(damage: str) -> None:
    seen: dict[str, tuple[str, str]] = {}
    for number, text, _whole in cases_of_files(damage):
        host, (_sections, before) = every_host()[number], undamaged(number)
        after = facts_module.parse_transcript(host.encoded(text))
        assert damage not in HARMLESS or after == before, f"{damage} of {host.name} is refused:\n{text}"
        for fact in changed_in_silence(number, after):
            seen.setdefault(fact, (host.name, text))
    _check(damage, seen)


def test_there_are_enough_cases_and_the_list_only_becomes_shorter() -> None:
    if WRITE:
        _write()
        return
    number = sum(1 for damage in DAMAGES for _case in cases(damage))
    of_files = sum(1 for damage in DAMAGES_OF_FILES for _case in cases_of_files(damage))
    unseen, rare = (sum(len(facts.split()) for facts in pairs.values()) for pairs in (UNSEEN, UNSEEN_IN_FULL_POOLS))
    print(f"{number} cases of sections, {of_files} of files, {unseen} pairs that cannot be seen, {rare} in full pools")
    assert FULL or number + of_files > CASES_MIN
    assert (unseen, rare) == (UNSEEN_MAX, UNSEEN_IN_FULL_POOLS_MAX)


def _write() -> None:
    """Write the list, and its table in the documentation; needs all tests in one process."""
    assert len(found) == len(DAMAGES) + len(DAMAGES_OF_FILES)
    made = {damage: " ".join(sorted(facts)) for damage, facts in sorted(found.items()) if facts}
    path = Path(__file__).with_name("damage_unseen.py")
    front, _begin, rest = path.read_text(encoding="utf-8").partition("UNSEEN = {\n")
    listed = "".join(_listed(damage, facts) for damage, facts in made.items())
    path.write_text(f"{front}UNSEEN = {{\n{listed}}}{rest.partition(chr(10) + '}')[2]}", encoding="utf-8")
    page = DOCUMENTATION.read_text(encoding="utf-8")
    front, _table, rest = page.partition(TABLE)
    behind = rest[rest.index("\n\n") :] if "\n\n" in rest else "\n"
    DOCUMENTATION.write_text(front + TABLE + "\n".join(unseen_rows(made)) + behind, encoding="utf-8")


def _listed(damage: str, facts: str) -> str:
    first, *others = textwrap.wrap(facts, 90)
    if not others:
        return f'    "{damage}": "{first}",\n'
    *front, last = (first, *others)
    lines = "".join(f'        "{line} "\n' for line in front)
    return f'    "{damage}": (\n{lines}        "{last}"\n    ),\n'
