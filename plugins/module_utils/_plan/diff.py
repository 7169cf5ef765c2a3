# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show a plan to people: the values before and after, a diff with the reasons, and one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._problems import shown
from .actions import ACTION_TITLES

_SHOWN_MAX = 400


def values(plan: Mapping[str, Any], side: str) -> dict[str, Any]:
    """Return the settings that a plan changes, by id.

    Args:
        plan: the plan.
        side: "before" or "after".
    """
    return {entry["id"]: entry[side] for entry in plan["settings"]}


def diff_of(plan: Mapping[str, Any]) -> dict[str, str]:
    """Return Ansible's diff of a plan: a line per entry of a value, the reasons below the new value, then the actions.

    Returns:
        ``before`` and ``after``; empty where the plan changes nothing and nothing is due.
    """
    if not plan["settings"] and not plan["actions"]:
        return {}
    before = [line for entry in plan["settings"] for line in _lines(entry, "before")]
    after = [line for entry in plan["settings"] for line in (*_lines(entry, "after"), f"# {entry['reason']}")]
    after += [f"# then {ACTION_TITLES[action['action']]}: {action['reason']}" for action in plan["actions"]]
    return {"before": _joined(before), "after": _joined(after)}


def summary_of(plan: Mapping[str, Any]) -> str:
    """Describe the plan in one sentence."""
    written = [str(entry["value_name"] or entry["id"]) for entry in plan["settings"]]
    parts = [f"to write: {', '.join(written)}" if written else "nothing to write"]
    if plan["actions"]:
        parts.append(f"due: {', '.join(ACTION_TITLES[action['action']] for action in plan['actions'])}")
    return f"{plan['status']}; {'; '.join(parts)}"


def _lines(entry: Mapping[str, Any], side: str) -> list[str]:
    value = entry[side]
    title = entry["key"] if entry["value_name"] is None else f"{entry['key']} {entry['value_name']}"
    if isinstance(value, Mapping):
        return [f"{title} {name}: {_text(value[name])}" for name in sorted(value) if value[name] is not None]
    registry_type = entry[f"type_{side}"]
    if value is None:
        return [f"{title}: absent"]
    items = value if isinstance(value, list) else [value]
    head = title if registry_type is None else f"{title} {shown(str(registry_type))}"
    return [f"{head}:", *(f"  {_text(item)}" for item in items)]


def _text(value: object) -> str:
    return shown(str(value), _SHOWN_MAX)


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
