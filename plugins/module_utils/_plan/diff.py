# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show a plan to people: the values before and after, a diff with the reasons, and one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._problems import messages, shown
from .changes import ACTION_TITLES, Change, Work
from .host_plan import Plan

_SHOWN_MAX = 400


def values(work: Work, side: str) -> dict[str, Any]:
    """Return the settings that are changed, by id, with their values on one side: "before" or "after"."""
    return {change.id: getattr(change, side) for change in work.settings}


def diff_of(work: Work) -> dict[str, str]:
    """Return Ansible's diff of a plan: a line per entry of a value, the reasons below the new value, then the actions.

    Returns:
        ``before`` and ``after``; empty where the plan changes nothing and nothing is due.
    """
    if not work.settings and not work.actions:
        return {}
    blocked = blocked_words(work.blocking)
    before = [line for change in work.settings for line in _lines(change, change.type_before, change.before)]
    after = [
        line
        for change in work.settings
        for line in (*_lines(change, change.type_after, change.after), f"# {change.reason}")
    ]
    after += [f"# then {ACTION_TITLES[action.name]}: {action.reason}" for action in work.actions]
    return {"before": _joined(before), "after": _joined([f"# {blocked}", *after] if blocked else after)}


def summary_of(plan: Plan) -> str:
    """Describe the plan in one sentence."""
    written = ", ".join(change.name for change in plan.settings)
    parts = [f"to write: {written}" if written else "nothing to write"]
    if plan.actions:
        parts.append(f"due: {', '.join(ACTION_TITLES[action.name] for action in plan.actions)}")
    blocked = blocked_words(plan.blocking)
    parts += [blocked] if blocked else []
    return f"{plan.status}; {'; '.join(parts)}"


def blocked_words(blocking: Iterable[Mapping[str, Any]]) -> str:
    """Say that nothing is done before these errors are settled, without a full stop; empty if there are none."""
    told = " ".join(messages(blocking)).rstrip(".")
    return f"nothing is written before this is settled: {told}" if told else ""


def _lines(change: Change, registry_type: str | None, value: object) -> list[str]:
    title = change.key if change.value_name is None else f"{change.key} {change.value_name}"
    if isinstance(value, Mapping):
        return [f"{title} {name}: {_text(value[name])}" for name in sorted(value) if value[name] is not None]
    if value is None:
        return [f"{title}: absent"]
    items = value if isinstance(value, list) else [value]
    head = title if registry_type is None else f"{title} {shown(str(registry_type))}"
    return [f"{head}:", *(f"  {_text(item)}" for item in items)]


def _text(value: object) -> str:
    return shown(str(value), _SHOWN_MAX)


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
