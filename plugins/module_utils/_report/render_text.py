# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the report for a terminal: 80 columns, no colour, findings first."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from .._fleet.gate import IN_ORDER, NAMED_MAX
from .._fleet.times import age_text, clock_text
from .changes import CHANGE_WORDS
from .escape import fitted, visible, width
from .report import Report, Row, chance_text, left_out_text

COLUMNS = 80
_TEXTS_PER_HOST = 6
_LINES_PER_TEXT = 2
_HOSTS_IN_FULL = 40


def render_text(report: Report) -> str:
    """Render the report as lines of at most COLUMNS columns."""
    counts = ", ".join(f"{count} {status}" for status, count in report.counts.items()) or "no host"
    lines = [
        fitted(visible(report.title), COLUMNS).rstrip(),
        f"{clock_text(report.created)}   exit code {report.verdict.exit_code}",
        *_wrapped(counts, ""),
    ]
    bad = [row for row in report.rows if row.status not in IN_ORDER]
    if bad:
        lines += ["", f"{'STATUS':<15} {'RISK NOW':>8} {'AFTER':>7} {'AGE':>7}  HOST"]
    for row in bad[:_HOSTS_IN_FULL]:
        lines += [_head(row), *_body(row)]
    lines += [_head(row) for row in bad[_HOSTS_IN_FULL:NAMED_MAX]]
    lines += _wrapped(left_out_text(bad), "")
    for status in sorted(IN_ORDER):
        names = [row.host for row in report.rows if row.status == status]
        if names:
            lines += ["", f"{status} ({len(names)}):", *_named(names)]
    if report.gone:
        lines += ["", "no longer in the report:", *_named(report.gone)]
    return "".join(f"{line}\n" for line in lines)


def _named(names: Sequence[str]) -> list[str]:
    """Return the first names on lines, and how many there are besides."""
    more = len(names) - NAMED_MAX
    shown = ", ".join(visible(name, 60) for name in names[:NAMED_MAX])
    return _wrapped(f"{shown} and {more} more" if more > 0 else shown, "  ")


def _head(row: Row) -> str:
    details = row.details
    now, after = (chance_text(details.risk_now), chance_text(details.risk_after)) if details else ("-", "-")
    start = f"{row.status:<15} {now:>8} {after:>7} {age_text(row.age):>7}  "
    return start + fitted(visible(row.host), COLUMNS - len(start)).rstrip()


def _body(row: Row) -> list[str]:
    changes = [(entry.kind, f"{CHANGE_WORDS[entry.kind]}: {entry.text}") for entry in row.changes]
    sentences = [] if _is_said_otherwise(row) else [row.reason]
    if row.details:
        sentences += [conflict.sentence() for conflict in row.details.conflicts]
    sentences += [text for kind, text in changes if kind == "hand"]
    if row.details:
        sentences += row.details.words
    sentences += [text for kind, text in changes if kind in {"new", "fixed"}]
    sentences = list(dict.fromkeys(visible(text) for text in sentences if text))
    lines = [line for text in sentences[:_TEXTS_PER_HOST] for line in _wrapped(text, "    ", _LINES_PER_TEXT)]
    more = len(sentences) - _TEXTS_PER_HOST
    return lines + ([f"    and {more} more"] if more > 0 else [])


def _is_said_otherwise(row: Row) -> bool:
    """Return whether plan and conflicts say everything that the reason says."""
    details = row.details
    if row.status in {"exposed", "unknown"} or details is None or details.failed or not details.words:
        return False
    return all(severity != "error" for severity, _message in details.problems)


def _wrapped(text: str, indent: str, most: int | None = None) -> list[str]:
    wrapped = textwrap.wrap(
        text,
        COLUMNS,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
        max_lines=most,
        placeholder=" [...]",
    )
    return [line if width(line) <= COLUMNS else fitted(line, COLUMNS) for line in wrapped]
