# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inject faults into sessions on demand, and count what has happened.

A step is what reaches the host: the command of a session, and each line of its input after that.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

KINDS = ("drop_before", "drop_after", "hang", "flood", "dribble", "call_before")
COUNTED = ("connections", "sessions", "lines", "further_lines")
"""What is counted; a further line is not the first of its session."""

KEPT = 1000
"""Lines of input that can be read again."""


@dataclass
class Rule:
    """One fault to inject.

    Attributes:
        kind: one of KINDS.
        step: number of the first step that it hits, from 1, since it was armed.
        times: how many steps it hits; 0 is every one from then on.
        seconds: length of a hang (None: until the server stops), or the pause between two bytes of output.
        size: bytes of a flood.
        call: what call_before runs when the step has arrived, and goes on to the host; only within a process.
        seen: steps so far.
        fired: how often it has hit.
    """

    kind: str
    step: int = 1
    times: int = 1
    seconds: float | None = None
    size: int = 200 * 1024 * 1024
    call: Callable[[], object] | None = None
    seen: int = 0
    fired: int = 0

    def hits(self) -> bool:
        """Count a step and return whether the rule hits it."""
        self.seen += 1
        if self.seen < self.step or (self.times and self.fired >= self.times):
            return False
        self.fired += 1
        return True


class Faults:
    """The rules and the counters of one server."""

    def __init__(self) -> None:
        """Start without rules."""
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._counts: Counter[str] = Counter()
        self._typed: deque[str] = deque(maxlen=KEPT)

    def add(self, *names: str) -> None:
        """Count something, of COUNTED."""
        with self._lock:
            self._counts.update(names)

    def keep(self, line: bytes) -> None:
        """Keep a line of input."""
        with self._lock:
            self._typed.append(line.decode("latin-1").rstrip("\r\n"))

    def reached(self) -> dict[str, Rule]:
        """Count a step that has been reached, and return the rules that apply to it, by kind."""
        with self._lock:
            return {rule.kind: rule for rule in self._rules if rule.hits()}

    def control(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out a request; see lab/README.md.

        Raises:
            ValueError: no such operation, or a bad rule.
        """
        values = dict(request)
        operation = values.pop("op", None)
        with self._lock:
            if operation == "counters":
                return {name: self._counts[name] for name in COUNTED}
            if operation == "typed":
                return {"typed": list(self._typed)}
            if operation == "faults":
                return {"faults": [asdict(rule) for rule in self._rules]}
            if operation == "reset_counters":
                self._counts.clear()
                self._typed.clear()
            elif operation == "clear_faults":
                self._rules.clear()
            elif operation == "fault":
                self._rules.append(_rule(values))
            else:
                raise ValueError(f"no control operation {operation!r}")
        return {}


def _rule(values: dict[str, Any]) -> Rule:
    try:
        rule = Rule(**values)
    except TypeError as error:
        raise ValueError(str(error)) from error
    if (rule.kind == "call_before") != callable(rule.call):
        raise ValueError("call_before, and nothing else, needs a call")
    if rule.kind not in KINDS:
        raise ValueError(f"no fault {rule.kind!r}; there are {', '.join(KINDS)}")
    return rule
