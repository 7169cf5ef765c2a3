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
from .._problems import listed, shown
from .script import ALREADY, CHANGED, DONE, INCOMPLETE, NOT_WRITTEN, WRONG_HOST

_TEXT_MAX = 2_000
_DUE = {
    DNS_WINDOW: "DNS is stopped, what it kept down is started, DNS is started again. In between, it answers no queries",
    START_SERVICES: "services are started",
    END_RECORD: "old notes about a restart of DNS are removed. The scripts leave them; a run over WinRM removes them",
    REBOOT_ACTION: "the server must be restarted by hand, when it suits",
}
_CODES = (
    (DONE, "done"),
    (WRONG_HOST, "another computer; nothing was changed"),
    (CHANGED, "somebody has changed a value in the meantime; nothing was changed"),
    (NOT_WRITTEN, "no rights, a file is missing, a 32-bit process, or a run over WinRM has the server's lock;"),
    (None, "nothing was changed, unless it says that the old values were imported again"),
    (ALREADY, "there was nothing left to do; nothing was changed"),
    (INCOMPLETE, "not everything could be done: a service does not run, or a range of ports is not as it should be"),
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
        *(_actions(plan) or ["  nothing"]),
        "",
        "What could not be seen, or must be known:",
        *(_problems(facts, plan) or ["  nothing"]),
        "",
        *_what_to_do(plan, scripts, refusal),
    ]
    return [shown(line, _TEXT_MAX).encode("ascii", "replace").decode("ascii") for line in lines]


def _risk(risk: Risk) -> list[str]:
    if risk.now is None:
        return ["It is not known how likely the next start of DNS is to take a needed port: no pool of DNS was seen."]
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


def _actions(plan: Plan) -> list[str]:
    lines = []
    for action in plan.actions:
        lines.append(f"  - {_DUE[action.name]}.")
        if action.services_to_restart:
            lines.append(
                f"      These are stopped before DNS, and started before it: {listed(action.services_to_restart)}."
            )
        lines.append(f"      Reason: {action.reason}")
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
    collect = "Run collect.cmd afterwards, and bring its file back."
    if plan.reboot_required:
        collect = "Restart the server when it suits. Then run collect.cmd, and bring its file back."
    if not scripts:
        after = [collect] if plan.reboot_required else []
        return ["There is nothing to write. Scripts that lie here are of an earlier transcript.", *after]
    return [
        "1. Carry this folder to the server, log on as an administrator and run apply.cmd by a double click.",
        "   Do not open the files that end with .reg.data: the scripts import them after their checks.",
        f"2. {collect}",
        "3. rollback.cmd restores the old values, byte by byte. Keep this folder as long as you may need it.",
        "",
        "In a script of your own, write: call apply.cmd /q. It does not wait for a key at the end. Both end with",
        *(f"  {' ' if code is None else code}  {meaning}" for code, meaning in _CODES),
    ]
