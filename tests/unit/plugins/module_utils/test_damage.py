# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Property: damage never changes a fact in silence. Each fact stays, or is null, or there is a new problem.

Every section of every host meets every damage: captures and rendered hosts of all releases, languages and code pages.
What cannot be seen is listed in damage_unseen.py, a list that may only become shorter. With PORTKEEPER_DAMAGE=full (as
`make fuzz` sets it) some of the hosts have full socket pools and meet each damage twice.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils import (
    _facts,
    _facts_reading,
    _facts_registry,
    _facts_services,
    _facts_sockets,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._transcript import Transcript, split_transcript
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.damage import DAMAGES
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.damage_unseen import UNSEEN, UNSEEN_MAX
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.whole_hosts import (
    SOCKETS_MAX,
    Host,
    hosts,
)

FULL = os.environ.get("PORTKEEPER_DAMAGE") == "full"
TIMES = 2 if FULL else 1
FULL_POOL = 5000
INFORMATION = frozenset(("collected", "computer_name", "hotfixes", "os.product"))
"""Facts for people: nothing is decided by them."""
MAPPINGS = ("services", "state.settings")
"""Facts whose keys are names that the host gave."""
PARSERS = {
    _facts_reading: ("parse_reg",),
    _facts_registry: ("reg_lines",),
    _facts_services: ("parse_sc", "reg_lines", "parse_tasklist"),
    _facts_sockets: ("take_pools", "parse_netstat"),
}
GONE = object()


@cache
def every_host() -> list[Host]:
    return hosts(FULL_POOL)[::9] if FULL else hosts(SOCKETS_MAX)


@cache
def undamaged(number: int) -> tuple[Transcript, dict[str, Any]]:
    source = every_host()[number].transcript()
    return split_transcript(source), _facts.parse_transcript(source)


def facts_of_damaged(host: Host, whole: Transcript, section: str, text: str) -> dict[str, Any]:
    """The facts of the whole transcript with one section damaged; only that section is split and decoded anew."""
    alone = Host(host.name, host.codec, host.line_end, {section: host.sections[section]})
    damaged = split_transcript(alone.transcript(section, text))
    others = {name: found for name, found in whole.sections.items() if name != section}
    merged = Transcript(whole.nonce, {**others, **damaged.sections}, damaged.problems)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_facts, "split_transcript", lambda _source: merged)
        return _facts.parse_transcript(b"")


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


def leaves(value: Any, path: str = "", names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The facts one by one, each under its name and the names that the host gave."""
    if not isinstance(value, dict) or "present" in value:
        yield (path, *names), value
        return
    for key, inner in value.items():
        if path in MAPPINGS:
            yield from leaves(inner, path, (*names, key))
        elif path != "" or key != "problems":
            yield from leaves(inner, f"{path}.{key}" if path else key, names)


def is_unknown(fact: str, value: Any) -> bool:
    """Whether a fact says that it is not known, or (a bad entry) that something could not be read."""
    if isinstance(value, dict):
        return value["present"] is None or bool(value.get("bad_entries"))
    return value is None or (fact == "dns.pool_present" and value == "unknown")


def changed_in_silence(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    if any(problem not in before["problems"] for problem in after["problems"]):
        return set()
    old, new = dict(leaves(before)), dict(leaves(after))
    changed = {key for key in old.keys() | new.keys() if old.get(key, GONE) != new.get(key, GONE)}
    return {key[0] for key in changed if not is_unknown(key[0], new.get(key, GONE))} - INFORMATION


def cases(damage: str) -> Iterator[tuple[int, str, str, str]]:
    for number, host in enumerate(every_host()):
        for section, (body, _level) in host.sections.items():
            for time in range(TIMES):
                text = DAMAGES[damage](random.Random(f"{damage} {host.name} {section} {time}"), body)
                if text != body:
                    yield number, section, text if text.endswith(("\n", "\r")) or not text else f"{text}\n", host.name


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage(damage: str) -> None:
    seen: dict[str, tuple[str, str, str]] = {}
    for number, section, text, name in cases(damage):
        whole, before = undamaged(number)
        after = facts_of_damaged(every_host()[number], whole, section, text)
        for fact in changed_in_silence(before, after):
            seen.setdefault(fact, (name, section, text))
    expected = set(UNSEEN.get(damage, "").split())
    new = {fact: seen[fact] for fact in sorted(seen.keys() - expected)}
    for fact in sorted(expected & seen.keys()):
        print(f"{damage}: {fact} is not seen")
    assert not new, f"{damage} changes {', '.join(new)} in silence; one case each:\n{new}"


def test_there_are_enough_cases_and_the_list_only_becomes_shorter() -> None:
    number = sum(1 for damage in DAMAGES for _case in cases(damage))
    assert FULL or number > 50_000
    assert sum(len(facts.split()) for facts in UNSEEN.values()) <= UNSEEN_MAX
