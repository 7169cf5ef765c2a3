# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems: data about what could not be read or trusted, which tests, plans and reports can distinguish."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

Problem = dict[str, Any]
Severity = Literal["error", "warning", "info"]

TRUNCATED = "problems_truncated"
PROBLEMS_MAX = 100
"""A hostile host must not fill the memory with complaints about itself: what comes after these is only counted."""

SHOWN_MAX = 80

NAMED_MAX = 20
"""Names and ranges that one sentence lists."""

OF_A_KIND_MAX = 3
"""Problems of one kind that a message lists one by one."""


_BY_NUMBER_RE = re.compile(r"\[([^|\]]*)\|([^|\]]*)\]")


def shown(text: str, limit: int = SHOWN_MAX) -> str:
    """Make text from a host harmless: only printable characters, at most `limit` of them."""
    return printable(text[:limit])


def printable(text: str) -> str:
    """Replace every character that a terminal might interpret with a question mark."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


def listed(texts: Sequence[str], separator: str = ", ") -> str:
    """Join the texts. Of a long list, the end is only counted."""
    rest = len(texts) - NAMED_MAX
    return separator.join(texts[:NAMED_MAX]) + (f" and {rest} more" if rest > 0 else "")


def in_number(template: str, several: bool) -> str:
    """Choose the words for one or for several in a template with both, as ``[is|are]``.

    What the host says is filled in afterwards, because it may hold brackets.
    """
    return _BY_NUMBER_RE.sub(lambda found: found[2 if several else 1], template)


def as_sentence(words: str, name: str | None) -> str:
    """Return the words with a capital letter at their start, unless they begin with a name: that keeps its case."""
    return words if name and words.startswith(f"{name} ") else words[:1].upper() + words[1:]


def messages(problems: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the sentences of problems for a message to a person: the first of each kind, the others counted."""
    kinds: dict[str, list[str]] = {}
    for problem in problems:
        kinds.setdefault(str(problem["id"]), []).append(str(problem["message"]))
    shown_first: list[str] = []
    for problem_id, sentences in kinds.items():
        shown_first += sentences[:OF_A_KIND_MAX]
        rest = len(sentences) - OF_A_KIND_MAX
        shown_first += [f"{rest} more of this kind ({problem_id}) are listed under problems."] if rest > 0 else []
    return shown_first


def make_problem(problem_id: str, severity: Severity, message: str, **data: object) -> Problem:
    """Return one problem.

    Args:
        problem_id: snake_case name; documented in docs/problems.md.
        severity: error (a fact is missing that decisions need), warning or info.
        message: one sentence.
        **data: what a program needs of it; texts from the host go through `shown` first.
    """
    return {"id": problem_id, "severity": severity, "message": message, "data": data}


def merged(*groups: Iterable[Problem]) -> list[Problem]:
    """Return the problems in the order of their groups, each distinct one once, bounded in number."""
    problems = ProblemList()
    for group in groups:
        problems.extend(group)
    return problems.as_list()


class ProblemList:
    """A list of distinct problems in the order in which they were found, limited in number."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._left_out = 0

    def add(self, problem_id: str, severity: Severity, message: str, **data: object) -> None:
        """Add one problem, as `make_problem` takes it."""
        self.extend([make_problem(problem_id, severity, message, **data)])

    def extend(self, problems: Iterable[Problem]) -> None:
        """Add problems from another list."""
        for problem in problems:
            if len(self._problems) == PROBLEMS_MAX:
                self._left_out += 1
            elif problem not in self._problems:
                self._problems.append(problem)

    def as_list(self) -> list[Problem]:
        """Return the problems, and one more that says how many were left out, if any were."""
        if not self._left_out:
            return list(self._problems)
        message = f"{self._left_out} more problems are not listed."
        return [*self._problems, make_problem(TRUNCATED, "warning", message, left_out=self._left_out)]
