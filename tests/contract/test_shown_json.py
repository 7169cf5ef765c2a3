# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts and the plan that the documentation shows are those of a transcript of the captures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from checkout import CHECKOUT
from markdown_page import MarkdownPage

TRANSCRIPT = CHECKOUT / "tests/unit/captures/transcript-sbs2003.txt"
OTHERS = "autd blackberry ias l2tp msmq sql_browser sql_instances sql_resolution sql_server".split()
"""What is on that server besides IPsec; the shown plan leaves it out."""


def is_part_of(shown: Any, whole: Any) -> bool:
    """Tell whether keys and entries were only left out, and nothing was changed or put in another order."""
    if isinstance(shown, dict) and isinstance(whole, dict):
        return all(key in whole and is_part_of(value, whole[key]) for key, value in shown.items())
    if isinstance(shown, list) and isinstance(whole, list):
        rest = iter(whole)
        return all(any(is_part_of(entry, candidate) for candidate in rest) for entry in shown)
    return type(shown) is type(whole) and shown == whole


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    return parse_transcript(TRANSCRIPT.read_bytes())


def shown_on(page: str) -> dict[str, Any]:
    (text,) = [text for kind, text in MarkdownPage.read(CHECKOUT / page).all_blocks() if kind == "json"]
    found: dict[str, Any] = json.loads(text)
    return found


def test_the_shown_facts_are_real_and_none_is_missing(facts: dict[str, Any]) -> None:
    shown = shown_on("docs/facts.md")
    assert {key: value for key, value in shown.items() if not is_part_of(value, facts.get(key))} == {}
    assert list(shown) == list(facts)


def test_the_shown_plan_is_real_and_nothing_is_missing(facts: dict[str, Any]) -> None:
    plan = make_plan(facts, Policy.from_options({"profiles": [], "ignore_services": OTHERS}))
    shown = shown_on("docs/plan.md")
    assert {key: value for key, value in shown.items() if not is_part_of(value, plan.get(key))} == {}
    assert list(shown) == list(plan)


@pytest.mark.parametrize("changed", [{"b": [1, 3]}, {"b": [2, 1]}, {"c": None}, {"a": 1}, {"a": {"x": True}}])
def test_what_was_changed_is_no_part(changed: dict[str, Any]) -> None:
    whole = {"a": {"x": 1, "y": 2}, "b": [1, 2]}
    assert is_part_of({"a": {"y": 2}, "b": [2]}, whole)
    assert not is_part_of(changed, whole)
