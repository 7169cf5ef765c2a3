# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/problems.md lists exactly the problem ids that the code can emit, with what to do."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts import registry
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan import host_problems
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.status import BLOCKING
from ansible_collections.portkeeper.windows_dns.tests.contract.sources import PLUGINS, sources_below
from checkout import CHECKOUT
from markdown_page import MarkdownPage, code_spans

FROM_A_TABLE = {
    ("module_utils/_facts/registry.py", "problem_id"): {row[0] for row in registry._KEY_PROBLEMS.values()},
    ("module_utils/_plan/host_problems.py", "problem_id"): {row[0] for row in host_problems._OF_REASON.values()},
}
"""Where an id comes out of a table of the module: what the table holds."""
PASSED_ON = {("module_utils/_problems.py", "problem_id")}
"""Where an id is only handed on."""


def _id_nodes(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions that name a problem: first argument of a call that makes one, or id in a dictionary."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("problems.add", "make_problem")):
            yield node.args[0]
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            fields = {key.value: value for key, value in pairs if isinstance(key, ast.Constant)}
            if {"id", "severity", "message"} <= set(fields):
                yield fields["id"]


def emitted() -> set[str]:
    """Return all ids that the plugins can emit; an expression that cannot be resolved fails the test."""
    found: set[str] = set()
    for source in sources_below(CHECKOUT / "plugins", PLUGINS):
        for node in _id_nodes(source.tree):
            key = (source.name, ast.unparse(node))
            if isinstance(node, ast.Constant):
                found.add(node.value)
            elif key in FROM_A_TABLE:
                found |= FROM_A_TABLE[key]
            elif key not in PASSED_ON:
                found.add(getattr(importlib.import_module(source.module), key[1]))
    return found


def test_documented_problems_are_the_emitted_ones() -> None:
    rows = MarkdownPage.read(CHECKOUT / "docs" / "problems.md").rows()
    documented = [name for first, meaning, cure in rows if meaning and cure for name in code_spans(first)]
    assert documented
    assert sorted(documented) == sorted(emitted())


def test_the_errors_that_forbid_changes_are_documented() -> None:
    text = " ".join((CHECKOUT / "docs" / "plan.md").read_text(encoding="utf-8").split())
    sentence = text.partition("These errors forbid changes: ")[2].partition(". ")[0]
    assert code_spans(sentence) == sorted(BLOCKING)


def test_facts_and_plan_document_no_other_problem() -> None:
    for name in ("facts.md", "plan.md"):
        rows = MarkdownPage.read(CHECKOUT / "docs" / name).rows("Problems")
        ids = {found for first, *_rest in rows for found in code_spans(first)}
        assert ids, name
        assert ids <= emitted(), name
