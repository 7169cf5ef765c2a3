# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one HTML file that needs nothing else: no network, and a script only for sorting and filtering."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from .._fleet.gate import IN_ORDER
from .._fleet.times import age_text, clock_text
from .changes import KINDS
from .escape import html_text, visible
from .html_style import SCRIPT, source_hash, style
from .port_map import port_map
from .report import (
    CELLS,
    Details,
    Report,
    Row,
    chance_text,
    ports_text,
    services_of,
)

_CELL_WORDS = {
    "conflict": "a port of it is held by somebody else",
    "exposed": "the next start of DNS can take a port of it",
    "reserved": "its ports are reserved",
    "outside": "its ports lie outside of what DNS draws from",
}
_CHANGE_WORDS = {"hand": "changed by somebody else", "new": "new", "fixed": "fixed", "still": "still there"}
_OPEN_HOSTS = 1
"""So many hosts' details are open from the start."""


def render_html(report: Report) -> str:
    """The report as an HTML document."""
    css = style()
    policy = f"default-src 'none'; style-src {source_hash(css)}; script-src {source_hash(SCRIPT)}; base-uri 'none'"
    title = html_text(report.title)
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}; form-action \'none\'">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{title}</title><style>{css}</style></head><body><header><h1>{title}</h1>",
        f'<p class="q">{clock_text(report.created)}, exit code {report.verdict.exit_code}</p>',
        f"{_tiles(report)}{_moved(report)}</header><main>",
        _fleet(report),
        "<h2>Hosts</h2>",
        *_hosts(report),
        _gone(report),
        f"</main><script>{SCRIPT}</script></body></html>\n",
    ]
    return "\n".join(part for part in parts if part)


def _tiles(report: Report) -> str:
    tiles = (f'<li class="r-{status}"><b>{count}</b>{_words(status)}</li>' for status, count in report.counts.items())
    return f'<ul class="tiles">{"".join(tiles)}</ul>'


def _moved(report: Report) -> str:
    """How many hosts have changes of each kind; nothing where nothing earlier was given."""
    if not report.compared:
        return ""
    hosts = Counter(kind for row in report.rows for kind in {change.kind for change in row.changes})
    told = [f"{_CHANGE_WORDS[kind]} on {hosts[kind]}" for kind in KINDS if hosts[kind]]
    told += [f"{len(report.gone)} no longer in the report"] if report.gone else []
    return f"<p>Since the earlier report, by hosts: {', '.join(told) or 'nothing'}.</p>"


def _hosts(report: Report) -> Iterator[str]:
    """The hosts one by one; those that are in order stand together in a part of their own, which is closed."""
    fine = sum(row.status in IN_ORDER for row in report.rows)
    for place, row in enumerate(report.rows):
        if place == len(report.rows) - fine:
            yield f'<details class="rest"><summary>{fine} in order</summary>'
        yield _host(place, row, report.compared)
    if fine:
        yield "</details>"


def _words(status: str) -> str:
    return status.replace("_", " ")


def _fleet(report: Report) -> str:
    services, left_out = services_of(report.rows)
    choices = "".join(f'<option value="{status}">{_words(status)}</option>' for status in report.counts)
    columns = [("host", ""), ("status", ""), ("risk now", ""), ("after", " opt"), ("age", " opt"), ("changes", " opt")]
    heads = "".join(
        f'<th scope="col" class="n{more}"><span data-sort>{name}</span></th>'
        for name, more in columns
        if name != "changes" or report.compared
    )
    heads += "".join(f'<th scope="col" class="s"><span>{html_text(name, 40)}</span></th>' for name in services)
    key = "".join(f'<li><span class="b c-{cell}"></span> {_CELL_WORDS[cell]}</li>' for cell in CELLS)
    further = f"<p>Without {left_out} further services, which stand with their hosts.</p>" if left_out else ""
    body = "\n".join(_line(place, row, services, report.compared) for place, row in enumerate(report.rows))
    return (
        '<h2>The fleet, host by service</h2><div class="tools" id="tools" hidden>'
        '<label>find <input id="find" type="search"></label>'
        f'<label>status <select id="status"><option value="">any</option>{choices}</select></label>'
        '<span id="told" role="status"></span></div>'
        f'<ul class="key">{key}</ul>{further}'
        '<div class="wide" tabindex="0" role="region" aria-label="hosts and services"><table id="fleet">'
        f"<thead><tr>{heads}</tr></thead><tbody>\n{body}\n</tbody></table></div>"
    )


def _line(place: int, row: Row, services: Sequence[str], compared: bool) -> str:
    details = row.details
    cells = {need.service: need.cell for need in details.needs} if details else {}
    now, after = (details.risk_now, details.risk_after) if details else (None, None)
    seconds = int(row.age.total_seconds()) if row.age else None
    moved = sum(change.kind != "still" for change in row.changes)
    name = html_text(row.host)
    line = [
        f'<tr data-status="{row.status}" data-id="h{place}">',
        f'<th scope="row" title="{name}"><a href="#h{place}">{name}</a></th>',
        f'<td data-v="{place}"><span class="b r-{row.status}">{_words(row.status)}</span></td>',
        _figure(now, chance_text(now)),
        _figure(after, chance_text(after), " opt"),
        _figure(seconds, age_text(row.age), " opt"),
        _figure(moved, str(moved), " opt") if compared else "",
    ]
    for service in services:
        cell = cells.get(service)
        line.append(f'<td class="s c-{cell}"><span class="v">{cell}</span></td>' if cell else '<td class="s"></td>')
    return "".join([*line, "</tr>"])


def _figure(value: float | None, text: str, more: str = "") -> str:
    return f'<td class="n{more}" data-v="{"" if value is None else value}">{text}</td>'


def _host(place: int, row: Row, compared: bool) -> str:
    opened = " open" if place < _OPEN_HOSTS and row.details else ""
    head = (
        f'<details id="h{place}"{opened}><summary><span class="b r-{row.status}">{_words(row.status)}</span>'
        f'<span class="h">{html_text(row.host)}</span> <span class="q">{html_text(row.reason)}</span></summary>'
    )
    collected = f", gathered {clock_text(row.collected)}" if row.collected else ""
    parts = [head, _facts(row.details) if row.details else "<p>No facts and no plan of this run.</p>"]
    if compared:
        changes = [f"{_CHANGE_WORDS[change.kind]}: {change.text}" for change in row.changes]
        parts.append(_list("Since the earlier report", changes) or "<h3>Since the earlier report</h3><p>nothing</p>")
    return "".join([*parts, f'<p class="q">Age of the facts: {age_text(row.age)}{collected}.</p></details>'])


def _facts(details: Details) -> str:
    now, after = chance_text(details.risk_now), chance_text(details.risk_after)
    needs = [
        f"{need.title}: {ports_text(need.ports)} {need.protocol}: {need.cell}"
        + (f", open: {ports_text(need.open_ports)}" if need.open_ports else "")
        for need in sorted(details.needs, key=lambda need: CELLS.index(need.cell))
    ]
    problems = [f"{severity}: {message}" for severity, message in details.problems]
    risk = f"Risk of the next start of DNS: <b>{now}</b> now, <b>{after}</b> once the plan is carried out and effective"
    if details.risk_now is None and details.risk_after is None:
        risk = "No figure for the risk of the next start of DNS"
    return "".join(
        [
            f'<p>{risk} <span class="q">({html_text(_words(details.model))})</span>.',
            f" Windows {html_text(details.release)}.</p>",
            _list("Conflicts", [conflict.sentence() for conflict in details.conflicts]),
            _list("The plan", details.words) or "<h3>The plan</h3><p>Nothing is to be done.</p>",
            "<h3>Ports</h3>",
            port_map(details),
            _list("Needs", needs),
            _list("Problems", problems),
        ]
    )


def _list(title: str, texts: Sequence[str]) -> str:
    if not texts:
        return ""
    return f"<h3>{title}</h3><ul>{''.join(f'<li>{html_text(text)}</li>' for text in texts)}</ul>"


def _gone(report: Report) -> str:
    return _list("No longer in the report", [visible(name) for name in report.gone])
