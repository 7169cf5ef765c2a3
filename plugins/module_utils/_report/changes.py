# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare two artifacts of a host: what is new, fixed, unchanged, or changed by somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._fleet.gate import IN_ORDER
from .._plan.exposure import exposed_by_need, protected_ports
from .._ports import parse_entries, port_words
from .._windows.settings import ABSENT, SETTINGS, value_text

CHANGE_WORDS = {"hand": "changed by somebody else", "new": "new", "fixed": "fixed", "still": "still there"}
"""The kinds of changes, for people: of a value by somebody else, or of a finding. A report names them in this order."""

_TEXT_MAX = 120


@dataclass(frozen=True)
class HostChange:
    """One difference, or an unchanged finding.

    Attributes:
        kind: a key of CHANGE_WORDS.
        text: what it is about, in words.
    """

    kind: str
    text: str


def changes_of(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[HostChange, ...]:
    """Compare two artifacts of one host.

    Args:
        before: the earlier one; None for a host that was not there.
        after: the artifact now.

    Returns:
        The changes in the order of CHANGE_WORDS, then by text. Whether a finding went away is said only where both
        artifacts hold facts and a plan: a host that is not reached has not been fixed.
    """
    try:
        return _changes(before, after)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return (HostChange("new", "the two artifacts cannot be compared"),)


def _changes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[HostChange, ...]:
    if before is None:
        return (HostChange("new", "the host was not in the earlier report"),)
    now, then = _findings(after), _findings(before)
    gone = then - now if after.get("plan") else {text for text in then - now if text.startswith("status ")}
    found = {"hand": set(_changed_by_others(before, after)), "new": now - then, "fixed": gone, "still": now & then}
    return tuple(HostChange(kind, text) for kind in CHANGE_WORDS for text in sorted(found[kind]))


def _findings(artifact: Mapping[str, Any]) -> set[str]:
    """Return the findings of a host, each as a text that does not change from run to run."""
    found = set() if artifact["status"] in IN_ORDER else {f"status {artifact['status']}"}
    plan, facts = artifact.get("plan"), artifact.get("facts")
    if plan is None or facts is None:
        return found
    found |= {f"port {entry['port']} of {entry['service'] or 'user'} is taken" for entry in plan["live_conflicts"]}
    exposed = zip(plan["needs"], exposed_by_need(plan, protected_ports(plan, facts)), strict=True)
    found |= {f"{need['service']} is exposed" for need, ports in exposed if ports and need["reason"] != "profile"}
    found |= {f"{entry['value_name'] or entry['id']} differs from the policy" for entry in plan["settings"]}
    return found | {str(entry["message"]) for entry in artifact["problems"] if entry["severity"] != "info"}


def _changed_by_others(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the values that changed although the collection did not record a write of the new value."""
    if before.get("facts") is None or after.get("facts") is None:
        return []
    records = after["facts"]["state"]["settings"]
    changed = []
    for name in SETTINGS:
        old, new = (side["facts"]["settings"][name] for side in (before, after))
        texts = [_value(fact) for fact in (old, new)]
        if None in texts or texts[0] == texts[1] or value_text(new) == (records.get(name) or {}).get("value"):
            continue
        changed.append(f"{name}: {_difference(old['data'], new['data'])}")
    return changed


def _difference(old: object, new: object) -> str:
    """Return the removed and added ports, or else the old and the new value."""
    if isinstance(old, list) and isinstance(new, list):
        before, after = (parse_entries([str(entry) for entry in data])[0] for data in (old, new))
        parts = (("taken out", before - after), ("added", after - before))
        text = "; ".join(f"{verb} {', '.join(port_words(ports))}" for verb, ports in parts if ports)
        if text:
            return _short(text)
    return f"was {_short(_shown(old))}, is {_short(_shown(new))}"


def _shown(data: object) -> str:
    if isinstance(data, list):
        return ", ".join(str(entry) for entry in data) or "empty"
    return ABSENT if data is None else str(data)


def _value(fact: Mapping[str, Any]) -> str | None:
    """Return the value independent of how a list is split; None if it was not read."""
    if fact["present"] is None:
        return None
    if not fact["present"]:
        return ABSENT
    data = fact["data"]
    if isinstance(data, list):
        ports, bad, _canonical = parse_entries([str(entry) for entry in data])
        return ",".join([*ports.strings(), *bad])
    return str(data)


def _short(text: str) -> str:
    return text if len(text) <= _TEXT_MAX else f"{text[:_TEXT_MAX]}[...]"
