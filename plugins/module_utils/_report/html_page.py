# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the data of the HTML page, in its order, as plain text. The template escapes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .._fleet.gate import IN_ORDER
from .._fleet.times import age_text, clock_text
from .changes import CHANGE_WORDS
from .escape import visible
from .port_map import Lane, port_map
from .report import CELLS, Details, Report, Row, chance_text, ports_text, services_of

_CELL_WORDS = {
    "conflict": "another process holds one of its ports",
    "exposed": "the next start of DNS can take a port of it",
    "reserved": "its ports are reserved",
    "outside": "its ports lie outside of what DNS draws from",
}
INLINE_MAX = 300
"""Hosts of a page that has all of them in its markup, at most."""
FIRST = 100
"""Hosts in the markup of a larger page: the worst ones. The others are packed, and unpacked when they are shown."""
_OPEN_HOSTS = 1
"""Hosts whose details are open from the start, at most."""
_NAME_MAX = 40
"""A service's name over its column is cut after this number of characters."""


@dataclass(frozen=True)
class Tile:
    """The number of hosts with a status."""

    status: str
    words: str
    count: int


@dataclass(frozen=True)
class Figure:
    """A figure of the table. ``value`` is its sort key, empty if there is none."""

    value: float | str
    text: str


@dataclass(frozen=True)
class HostDetails:
    """The details of a host with facts and a plan.

    Attributes:
        risk: of the next start of DNS, now and once the plan is effective; None where neither is known.
        model: how the risk was reckoned.
        release: of Windows.
        conflicts: each in a sentence.
        plan: what is to be done.
        lanes: of the port map.
        needs: each in words, worst first.
        problems: each with its severity.
    """

    risk: tuple[str, str] | None
    model: str
    release: str
    conflicts: tuple[str, ...]
    plan: tuple[str, ...]
    lanes: tuple[Lane, ...]
    needs: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class PageHost:
    """One host: its row in the table and its section below the table.

    Attributes:
        place: its number on the page, from 0.
        name: of the inventory.
        status: one of STATUSES.
        words: the same for people.
        reason: one sentence, empty for a safe host.
        opened: whether its part is open from the start.
        now: risk of the next start of DNS.
        after: the same once the plan is effective.
        age: of its facts.
        moved: number of changes since the earlier report.
        cells: one of CELLS for each service of the page; empty where the host does not need it.
        details: None without facts and plan.
        changes: since the earlier report; each in words.
        collected: when the facts were gathered; empty if unknown.
    """

    place: int
    name: str
    status: str
    words: str
    reason: str
    opened: bool
    now: Figure
    after: Figure
    age: Figure
    moved: Figure
    cells: tuple[str, ...]
    details: HostDetails | None
    changes: tuple[str, ...]
    collected: str


@dataclass(frozen=True)
class Page:
    """The page.

    Attributes:
        title: its heading.
        created: when the report was made.
        exit_code: the gate's.
        tiles: the statuses that hosts have.
        compared: whether there was something earlier to compare with.
        moved: what changed on how many hosts; empty for nothing.
        key: what each kind of cell means.
        services: columns of the table.
        left_out: number of services that have no column.
        to_do: hosts that are not in order.
        in_order: the others.
        gone: hosts that were there earlier and are not now.
        packed: number of hosts that are not in the markup: they follow those that are.
    """

    title: str
    created: str
    exit_code: int
    tiles: tuple[Tile, ...]
    compared: bool
    moved: tuple[str, ...]
    key: tuple[tuple[str, str], ...]
    services: tuple[str, ...]
    left_out: int
    to_do: tuple[PageHost, ...]
    in_order: tuple[PageHost, ...]
    gone: tuple[str, ...]
    packed: int

    @property
    def hosts(self) -> tuple[PageHost, ...]:
        """All hosts in the markup."""
        return self.to_do + self.in_order


def make_page(report: Report) -> Page:
    """Build the page of a report."""
    services, left_out = services_of(report.rows)
    rows = report.rows if len(report.rows) <= INLINE_MAX else report.rows[:FIRST]
    hosts = tuple(_host(place, row, services) for place, row in enumerate(rows))
    to_do = sum(row.status not in IN_ORDER for row in rows)
    return Page(
        title=visible(report.title),
        created=clock_text(report.created),
        exit_code=report.verdict.exit_code,
        tiles=tuple(Tile(status, _words(status), count) for status, count in report.counts.items()),
        compared=report.compared,
        moved=_moved(report) if report.compared else (),
        key=tuple((cell, _CELL_WORDS[cell]) for cell in CELLS),
        services=tuple(visible(name, _NAME_MAX) for name in services),
        left_out=left_out,
        to_do=hosts[:to_do],
        in_order=hosts[to_do:],
        gone=_shown(report.gone),
        packed=len(report.rows) - len(rows),
    )


def packed_hosts(report: Report) -> Iterator[PageHost]:
    """Yield the hosts that are not in the markup, one at a time: all of them take hundreds of megabytes."""
    services, _left_out = services_of(report.rows)
    if len(report.rows) > INLINE_MAX:
        for place, row in enumerate(report.rows[FIRST:], FIRST):
            yield _host(place, row, services)


def _words(status: str) -> str:
    return status.replace("_", " ")


def _shown(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(visible(text) for text in texts)


def _moved(report: Report) -> tuple[str, ...]:
    """Count the hosts with changes of each kind."""
    hosts = Counter(kind for row in report.rows for kind in {change.kind for change in row.changes})
    changes = [f"{words} on {hosts[kind]}" for kind, words in CHANGE_WORDS.items() if hosts[kind]]
    return (*changes, *([f"{len(report.gone)} no longer in the report"] if report.gone else []))


def _host(place: int, row: Row, services: Sequence[str]) -> PageHost:
    details = row.details
    cells = {need.service: need.cell for need in details.needs} if details else {}
    now, after = (details.risk_now, details.risk_after) if details else (None, None)
    moved = sum(change.kind != "still" for change in row.changes)
    return PageHost(
        place=place,
        name=visible(row.host),
        status=row.status,
        words=_words(row.status),
        reason=visible(row.reason),
        opened=place < _OPEN_HOSTS and details is not None,
        now=_figure(now, chance_text(now)),
        after=_figure(after, chance_text(after)),
        age=_figure(int(row.age.total_seconds()) if row.age else None, age_text(row.age)),
        moved=_figure(moved, str(moved)),
        cells=tuple(cells.get(service, "") for service in services),
        details=_details(details) if details else None,
        changes=_shown(f"{CHANGE_WORDS[change.kind]}: {change.text}" for change in row.changes),
        collected=clock_text(row.collected) if row.collected else "",
    )


def _figure(value: float | None, text: str) -> Figure:
    return Figure("" if value is None else value, text)


def _details(details: Details) -> HostDetails:
    unknown = details.risk_now is None and details.risk_after is None
    needs = sorted(details.needs, key=lambda need: CELLS.index(need.cell))
    return HostDetails(
        risk=None if unknown else (chance_text(details.risk_now), chance_text(details.risk_after)),
        model=visible(_words(details.model)),
        release=visible(details.release),
        conflicts=_shown(conflict.sentence() for conflict in details.conflicts),
        plan=_shown(details.words),
        lanes=port_map(details),
        needs=_shown(
            f"{need.title}: {ports_text(need.ports)} {need.protocol}: {need.cell}"
            + (f", open: {ports_text(need.open_ports)}" if need.open_ports else "")
            for need in needs
        ),
        problems=_shown(f"{severity}: {message}" for severity, message in details.problems),
    )
