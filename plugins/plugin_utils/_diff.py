# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan changes, as Ansible's diff and as values before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def values(plan: Mapping[str, Any], side: str) -> dict[str, Any]:
    """The settings that a plan changes, by id.

    Args:
        plan: the plan.
        side: "before" or "after".
    """
    return {entry["id"]: entry[side] for entry in plan["settings"]}


def diff_of(plan: Mapping[str, Any]) -> dict[str, str]:
    """Ansible's diff of a plan: a line per entry of a value, and the reasons below the new value."""
    if not plan["settings"] and not plan["actions"]:
        return {}
    before = [line for entry in plan["settings"] for line in _lines(entry, "before")]
    after = [line for entry in plan["settings"] for line in (*_lines(entry, "after"), f"# {entry['why']}")]
    after += [f"# then {action['action']}: {action['why']}" for action in plan["actions"]]
    return {"before": _joined(before), "after": _joined(after)}


def _lines(entry: Mapping[str, Any], side: str) -> list[str]:
    value, name = entry[side], entry["key"]
    if entry["value_name"]:
        name = f"{name} {entry['value_name']}"
    if value is None:
        return [f"{name}: absent"]
    if isinstance(value, Mapping):
        return [f"{name}: {_shown(key)}={_shown(value[key])}" for key in sorted(value)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [f"{name} {entry['type_' + side]}:", *(f"  {_shown(item)}" for item in value)]
    return [f"{name} {entry['type_' + side]}: {_shown(value)}"]


def _shown(value: object) -> str:
    """A value from a host without control characters."""
    return "".join(char if char.isprintable() else "?" for char in str(value))


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
