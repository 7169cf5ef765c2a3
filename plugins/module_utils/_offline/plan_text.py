# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render plan.txt, the plan of one host in plain words for the person who carries the files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._plan.changes import DNS_WINDOW, END_RECORD, REBOOT_ACTION, START_SERVICES
from .._plan.host_plan import Plan
from .._plan.host_problems import problems_of
from .._plan.risk import Risk
from .._problems import shown
from .script import ALREADY, CHANGED, DONE, INCOMPLETE, NOT_WRITTEN, WRONG_HOST

_TEXT_MAX = 2_000
_DUE = {
    DNS_WINDOW: "DNS is stopped, what it kept down is started, DNS is started again. It answers no queries in between",
    START_SERVICES: "services are started",
    END_RECORD: "the scripts leave this; a run over WinRM does it",
    REBOOT_ACTION: "the server must be restarted by hand, when it suits",
}
_CODES = (
    (DONE, "done"),
    (WRONG_HOST, "another computer; nothing was changed"),
    (CHANGED, "a value has been changed since the transcript; nothing was changed"),
    (NOT_WRITTEN, "no rights, files are missing, or a 32-bit process; nothing was changed unless it says so"),
    (ALREADY, "everything is in place already; nothing was changed"),
    (INCOMPLETE, "written, but a service does not run, or a port could not be excluded"),
)


def plan_text(facts: Mapping[str, Any], plan: Plan, scripts: bool, refusal: str | None) -> list[str]:
    """Render the lines of plan.txt in ASCII, without line ends.

    Args:
        facts: of the host.
        plan: made from them.
        scripts: whether apply.cmd and rollback.cmd belong to it.
        refusal: why there are no scripts although the host is not as it should be.
    """
    lines = [
        f"Server: {facts.get('computer_name')}",
        f"Facts collected (clock of the server): {facts.get('collected') or 'unknown'}",
        f"Release: {facts['os'].get('release') or 'unknown'}",
        f"State: {plan.status}",
        "",
        *_risk(plan.risk),
        "",
        "What would be written, and why:" if refusal else "What is written, and why:",
        *(_settings(plan) or ["  nothing"]),
        "",
        "What else would be due:" if refusal else "What else is due:",
        *([f"  - {_DUE[action.name]}: {action.reason}" for action in plan.actions] or ["  nothing"]),
        "",
        "What could not be seen, or must be known:",
        *(_problems(facts, plan) or ["  nothing"]),
        "",
        *_what_to_do(plan, scripts, refusal),
    ]
    return [shown(line, _TEXT_MAX).encode("ascii", "replace").decode("ascii") for line in lines]


def _risk(risk: Risk) -> list[str]:
    if risk.now is None:
        return ["How likely the next start of DNS takes a needed port is not known: no pool of DNS was seen."]
    after = risk.after_reload
    return [
        "How likely the next start of DNS takes a needed port:",
        f"  now    {risk.now:.2%}",
        f"  after  {f'{after:.2%}' if after is not None else 'not known'}",
    ]


def _settings(plan: Plan) -> list[str]:
    lines = []
    for change in plan.settings:
        lines.append(f"  - {change.name}: {change.reason}")
        lines += [f"      before: {_value(change.before)}", f"      after: {_value(change.after)}"]
    return lines


def _value(value: object) -> str:
    if value is None:
        return "absent"
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {text}" for name, text in value.items())
    return ", ".join(str(entry) for entry in value) if isinstance(value, list) else str(value)


def _problems(facts: Mapping[str, Any], plan: Plan) -> list[str]:
    lines = [f"  - {problem['message']} ({problem['id']})" for problem in problems_of(facts, plan)]
    return list(dict.fromkeys(lines))


def _what_to_do(plan: Plan, scripts: bool, refusal: str | None) -> list[str]:
    if refusal:
        return [
            f"No scripts were made: {refusal}.",
            "If there is an apply.cmd in this folder, it is of an earlier transcript: do not run it.",
        ]
    if not scripts:
        after = ["Restart the server when it suits."] if plan.reboot_required else []
        return ["There is nothing to write. Scripts that lie here are of an earlier transcript.", *after]
    return [
        "1. Carry this folder to the server, log on as an administrator and run apply.cmd by a double click.",
        "   Do not open the files that end with .reg.data: the scripts import them after their checks.",
        "2. Run collect.cmd afterwards, and bring its file back.",
        "3. rollback.cmd restores the old values, byte by byte. Keep this folder as long as you may need it.",
        "",
        "In a script of your own, write: call apply.cmd /q. It does not wait for a key at the end. Both end with",
        *(f"  {code}  {meaning}" for code, meaning in _CODES),
    ]
