# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the report as Markdown for a ticket, with untrusted text in code spans."""

from __future__ import annotations

from .._fleet.gate import IN_ORDER, NAMED_MAX
from .._fleet.times import age_text, clock_text
from .changes import CHANGE_WORDS
from .escape import markdown_text
from .report import Report, Row, chance_text, left_out_text


def render_markdown(report: Report) -> str:
    """Render the report as Markdown."""
    counts = ", ".join(f"{count} {status}" for status, count in report.counts.items()) or "no host"
    lines = [
        f"# {markdown_text(report.title)}",
        "",
        f"{clock_text(report.created)}, exit code {report.verdict.exit_code}: {counts}.",
    ]
    bad = [row for row in report.rows if row.status not in IN_ORDER]
    for row in bad[:NAMED_MAX]:
        lines += ["", f"## {markdown_text(row.host)}: {row.status}", "", *_points(row)]
    if more := left_out_text(bad):
        lines += ["", "## hosts that are only counted", "", f"{more[0].upper()}{more[1:]}."]
    for status in sorted(IN_ORDER):
        named = [_short(row) for row in report.rows if row.status == status]
        if named:
            lines += ["", f"## {status}", "", *_first(named)]
    if report.gone:
        lines += ["", "## no longer in the report", "", *_first([f"- {markdown_text(name)}" for name in report.gone])]
    return "".join(f"{line}\n" for line in lines)


def _first(points: list[str]) -> list[str]:
    """Return the first points of a list, and how many there are besides."""
    more = len(points) - NAMED_MAX
    return [*points[:NAMED_MAX], *([f"- and {more} more"] if more > 0 else [])]


def _short(row: Row) -> str:
    return f"- {markdown_text(row.host)}" + (f": {markdown_text(row.reason)}" if row.reason else "")


def _points(row: Row) -> list[str]:
    points = [f"- why: {markdown_text(row.reason)}"] if row.reason else []
    if row.details:
        risk = f"{chance_text(row.details.risk_now)} now, {chance_text(row.details.risk_after)} after the plan"
        points.append(f"- risk of the next start of DNS: {risk}")
        points += [f"- conflict: {markdown_text(conflict.sentence())}" for conflict in row.details.conflicts]
        points += [f"- to do: {markdown_text(text)}" for text in row.details.words]
    points += [f"- {CHANGE_WORDS[change.kind]}: {markdown_text(change.text)}" for change in row.changes]
    return [*points, f"- age of the facts: {age_text(row.age)}"]
