# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what a window's script has written down, and put into words why it did not stop DNS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...module_utils._commands.window import REFUSED, Window
from ...module_utils._commands.window_steps import (
    DISABLED_LEVEL,
    NO_ROOM_LEVEL,
    NOT_RUNNING_LEVEL,
    TIMED_OUT_LEVEL,
    UNRECORDED_LEVEL,
    UNSTOPPED_LEVEL,
)
from ...module_utils._facts.host import Host
from ...module_utils._facts.window_facts import still_down
from ...module_utils._plan.window_refusal import stop_refusals
from ...module_utils._problems import in_number, listed

_REFUSALS = {
    DISABLED_LEVEL: "{names}, and could not be started again",
    NOT_RUNNING_LEVEL: "DNS no longer runs",
    UNRECORDED_LEVEL: "what runs could not be recorded: may the user write to HKLM\\SOFTWARE",
    NO_ROOM_LEVEL: "its disk has no room for what has to be looked at first",
}

_STOP = "stop "
"""Begins the step that stops a service which is to be restarted. That of DNS is `stop_dns`."""

_STOP_ERRORS = {
    1051: "error 1051: services that depend on it run",
    1052: "error 1052: it does not take that command",
    NOT_RUNNING_LEVEL: "error 1062: it no longer runs",
    TIMED_OUT_LEVEL: "it was still stopping when the time was over",
}


@dataclass(frozen=True)
class Refusal:
    """Why a script did not stop DNS.

    Attributes:
        sentence: it continues after the host's name and has no full stop.
        changed: whether another service was stopped, and perhaps started again.
    """

    sentence: str
    changed: bool = False


def read_steps(lines: Sequence[str]) -> list[dict[str, Any]]:
    """Return the lines `<step> <error level>`. A step may contain a service key in quotes."""
    steps = []
    for line in lines:
        step, _blank, level = line.rpartition(" ")
        if step and level.lstrip("-").isdigit():
            steps.append({"step": step.replace('"', ""), "error_level": int(level)})
    return steps


def read_refusal(steps: Sequence[dict[str, Any]], host: Host, window: Window) -> Refusal | None:
    """Return why the script did not stop DNS, by its steps and the facts afterwards; None if it was allowed to."""
    levels = [step["error_level"] for step in steps if step["step"] == REFUSED]
    if not levels:
        return None
    if levels[0] == UNSTOPPED_LEVEL:
        return _unstopped(steps, host, window)
    reasons = stop_refusals(Host({**host.facts, "dns": {**host.dns, "dependents": window.dependents}}))
    names = "; ".join(reasons) or "a service that it would stop is disabled or marked for deletion"
    reason = _REFUSALS.get(levels[0], f"its script refused with error {levels[0]}").format(names=names)
    return Refusal(f"opened no window, and nothing was stopped: {reason}")


def _unstopped(steps: Sequence[dict[str, Any]], host: Host, window: Window) -> Refusal:
    """Return that a service which was to be restarted did not stop. Those stopped before it were started again."""
    levels = {step["step"][len(_STOP) :]: step["error_level"] for step in steps if step["step"].startswith(_STOP)}
    reasons = [
        f"{name} did not stop ({_STOP_ERRORS.get(level, f'error {level}')})" for name, level in levels.items() if level
    ]
    # The script starts nothing that somebody else has stopped.
    ours = [name for name in window.services_to_restart if levels.get(name) != NOT_RUNNING_LEVEL]
    down = still_down(host.facts, ours)
    again = [name for name, level in levels.items() if not level and name not in down]
    sentences = [f"opened no window, and DNS was not stopped: {listed(reasons) or 'a service did not stop'}"]
    if again:
        words = in_number("{names} [was|were] stopped before that, and started again", len(again) > 1)
        sentences.append(words.format(names=listed(again)))
    if down:
        words = in_number("{names} [does|do] not run now", len(down) > 1)
        sentences.append(words.format(names=listed(down)))
    return Refusal("; ".join(sentences), changed=bool(again or down))
