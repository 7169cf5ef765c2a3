# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describe the plan of a host: what is written and why, and what has to be done next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._plan.changes import ACTION_TITLES, change_name
from .._plan.diff import blocked_words
from .._plan.status import blocking_errors
from .._ports import PortSet, parse_entries, port_words

_EFFECTS = {"now": "at once", "dns_restart": "at the next start of DNS", "reboot": "at the next boot"}

_SERVICES = ("services_to_start", "services_to_restart")


def plan_words(plan: Mapping[str, Any]) -> tuple[str, ...]:
    """Return one sentence for each thing that the plan does; none if there is nothing to do.

    If an error forbids all of it, the first sentence says what must be settled before.
    """
    blocked = blocked_words(blocking_errors(plan["problems"]))
    done = (*(_setting(entry) for entry in plan["settings"]), *(_action(entry) for entry in plan["actions"]))
    return (blocked, *done) if blocked else done


def _setting(entry: Mapping[str, Any]) -> str:
    what = _difference(entry["before"], entry["after"])
    name = change_name(entry["id"], entry["value_name"])
    return f"write {name}: {what}{entry['reason']} (effective {_EFFECTS[entry['takes_effect']]})"


def _difference(before: object, after: object) -> str:
    if isinstance(before, list) or isinstance(after, list):
        old, new = _ports(before), _ports(after)
        parts = [("add", new - old), ("remove", old - new)]
        text = [f"{verb} {', '.join(port_words(ports))}" for verb, ports in parts if ports]
        return f"{'; '.join(text)}: " if text else ""
    if isinstance(after, Mapping):
        return ""
    return f"{'absent' if before is None else before} becomes {'absent' if after is None else after}: "


def _ports(value: object) -> PortSet:
    return parse_entries([str(entry) for entry in value])[0] if isinstance(value, list) else PortSet()


def _action(entry: Mapping[str, Any]) -> str:
    services = [str(name) for key in _SERVICES for name in entry.get(key, ())]
    named = f" ({', '.join(services)})" if services else ""
    return f"then {ACTION_TITLES[entry['action']]}{named}: {entry['reason']}"
