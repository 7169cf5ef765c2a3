# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the rows of a report from artifacts, independent of its format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .._fleet.accepted_risks import short_ports
from .._fleet.gate import NAMED_MAX, ORDER, HostVerdict, Rules, Scope, Verdict, judge
from .._fleet.times import parse_time
from .._plan.exposure import exposed_by_need, protected_ports
from .._ports import PortSet
from .._problems import printable
from .changes import HostChange, changes_of
from .plan_words import plan_words

CELLS = ("conflict", "exposed", "reserved", "outside")
"""A need, worst first: a port of it is taken; DNS can take one; all are reserved; they lie outside of the pool."""

_SHAPE_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class NeedRow:
    """The ports that one service needs on one host.

    Attributes:
        service: name of the catalogue's row, a process, or ``user``.
        title: the same for people.
        ports: all of them.
        protocol: udp, tcp or both.
        cell: one of CELLS.
        open_ports: those that the next start of DNS can take.
    """

    service: str
    title: str
    ports: PortSet
    protocol: str
    cell: str
    open_ports: PortSet


@dataclass(frozen=True)
class Conflict:
    """A needed port that another process holds now."""

    port: int
    service: str
    holder: str

    def sentence(self) -> str:
        """Describe the conflict."""
        return f"{self.service}: port {self.port} is held by {self.holder}"


@dataclass(frozen=True)
class Ports:
    """The data of the port map.

    Attributes:
        pool: what DNS can draw from, by address family; empty where that is not known.
        reserved: what is reserved and effective, by address family.
        kept: reserved ranges that are not ours.
        held: what DNS holds, by address family, as the artifact gives it: read only when it is drawn. None where the
            host's list of sockets does not name processes.
    """

    pool: Mapping[str, PortSet]
    reserved: Mapping[str, PortSet]
    kept: PortSet
    held: Mapping[str, Any] | None


@dataclass(frozen=True)
class Details:
    """What an artifact with facts and a plan shows in addition to its status.

    ``failed`` is whether the run failed on the host: then the plan does not say why.
    """

    failed: bool
    release: str
    model: str
    risk_now: float | None
    risk_after: float | None
    needs: tuple[NeedRow, ...]
    conflicts: tuple[Conflict, ...]
    problems: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    ports: Ports


@dataclass(frozen=True)
class Row:
    """One host.

    Attributes:
        host: inventory name.
        status: one of STATUSES.
        reason: one sentence, empty for a safe host.
        collected: when its facts were gathered, None if unknown.
        age: how long ago that was.
        details: None for a host without facts and plan, or with ones that cannot be read.
        changes: against the earlier artifacts.
        trouble: why there are no details although facts and plan are there; empty where they could be read.
    """

    host: str
    status: str
    reason: str
    collected: datetime | None
    age: timedelta | None
    details: Details | None
    changes: tuple[HostChange, ...]
    trouble: str = ""


@dataclass(frozen=True)
class Report:
    """All hosts and the verdict of the gate on them.

    Attributes:
        title: heading of the report.
        created: when.
        verdict: exit code, counts and reason.
        rows: one for each host of the verdict, in its order.
        compared: whether there was something earlier to compare with.
        gone: hosts that were there earlier and are not now.
    """

    title: str
    created: datetime
    verdict: Verdict
    rows: tuple[Row, ...]
    compared: bool
    gone: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Number of hosts by status, in the order of the rows, without statuses that no host has."""
        found = Counter(row.status for row in self.rows)
        return {status: found[status] for status in ORDER if found[status]}


@dataclass(frozen=True)
class Sources:
    """The artifacts that report and gate evaluate.

    Attributes:
        hosts: who must be in the report, artifact or not.
        artifacts: by host.
        defects: by host, why its artifact could not be used.
        earlier: artifacts to compare with, by host; None for no comparison.
        scope: what else is to be said of the verdict.
    """

    hosts: tuple[str, ...]
    artifacts: Mapping[str, Mapping[str, Any]]
    defects: Mapping[str, str]
    earlier: Mapping[str, Mapping[str, Any]] | None = None
    scope: Scope = field(default_factory=Scope)

    def usable(self, host: str) -> Mapping[str, Any] | None:
        """Return the host's artifact. A defect in one folder matters even if another folder has a good one."""
        return None if host in self.defects else self.artifacts.get(host)


def verdict_of(sources: Sources, rules: Rules) -> Verdict:
    """Return the gate's verdict on all expected hosts and on all others with an artifact, usable or not."""
    everybody = {*sources.hosts, *sources.artifacts, *sources.defects}
    found = {host: artifact for host in everybody if (artifact := sources.usable(host)) is not None}
    return judge(everybody, found, rules, sources.defects, sources.scope)


def make_report(sources: Sources, rules: Rules, created: datetime, title: str) -> Report:
    """Build the rows.

    Args:
        sources: the artifacts; content that does not have the shape of its format gives a row without details.
        rules: what else decides besides the artifacts, as for the gate.
        created: the time of the report; ages are reckoned from it.
        title: its heading.
    """
    verdict = verdict_of(sources, rules)
    rows = tuple(_row(entry, sources.usable(entry.host), sources.earlier, created) for entry in verdict.hosts)
    gone = tuple(sorted(set(sources.earlier or ()) - {row.host for row in rows}))
    return Report(title, created, verdict, rows, sources.earlier is not None, gone)


def left_out_text(rows: Sequence[Row]) -> str:
    """Return how many of the rows are not among the first NAMED_MAX, by status; empty if there are none."""
    counts = Counter(row.status for row in rows[NAMED_MAX:])
    by_status = ", ".join(f"{counts[status]} {status}" for status in ORDER if counts[status])
    return f"and {sum(counts.values())} more hosts: {by_status}" if counts else ""


def services_of(rows: Iterable[Row], most: int = 40) -> tuple[list[str], int]:
    """Return the services that any host needs, for the columns of a table.

    Args:
        rows: the hosts.
        most: number of services at most: those that are worst off anywhere, then those that most hosts need.

    Returns:
        The services, most needed first, then by name; and how many were left out.
    """
    needs = [need for row in rows if row.details for need in row.details.needs]
    counts = Counter(need.service for need in needs)
    worst = dict.fromkeys(counts, len(CELLS))
    for need in needs:
        worst[need.service] = min(worst[need.service], CELLS.index(need.cell))
    chosen = sorted(counts, key=lambda name: (worst[name], -counts[name], name))[:most]
    return sorted(chosen, key=lambda name: (-counts[name], name)), len(counts) - len(chosen)


def _row(
    entry: HostVerdict,
    artifact: Mapping[str, Any] | None,
    earlier: Mapping[str, Mapping[str, Any]] | None,
    created: datetime,
) -> Row:
    collected = parse_time((artifact or {}).get("collected"))
    reason, details = entry.reason.removeprefix(f"{entry.host}: "), None
    changes: tuple[HostChange, ...] = ()
    trouble = ""
    if artifact is not None:
        try:
            details = _details(artifact)
        except _SHAPE_ERRORS as error:
            trouble = f"{type(error).__name__}: {printable(str(error))}"
            reason = f"{reason}; facts or plan cannot be read".removeprefix("; ")
        if earlier is not None:
            changes = changes_of(earlier.get(entry.host), artifact)
    age = created - collected if collected else None
    return Row(entry.host, entry.status, reason, collected, age, details, changes, trouble)


def _details(artifact: Mapping[str, Any]) -> Details | None:
    facts, plan = artifact.get("facts"), artifact.get("plan")
    if facts is None or plan is None:
        return None
    conflicts = tuple(_conflict(entry) for entry in plan["live_conflicts"])
    risk = plan["risk"]
    udp = facts["dns"]["udp_ports"]
    safe = protected_ports(plan, facts)
    return Details(
        failed=artifact.get("outcome") != "ok",
        release=str(facts["os"]["release"] or "unknown"),
        model=str(risk["model"]),
        risk_now=_chance(risk["now"]),
        risk_after=_chance(risk["after_reload"]),
        needs=tuple(
            _need(need, open_ports, conflicts)
            for need, open_ports in zip(plan["needs"], exposed_by_need(plan, safe), strict=True)
        ),
        conflicts=conflicts,
        problems=tuple((str(entry["severity"]), str(entry["message"])) for entry in artifact["problems"]),
        words=plan_words(plan),
        ports=Ports(
            pool={
                family: PortSet.from_text([text]) if text else PortSet() for family, text in plan["pool_range"].items()
            },
            reserved=safe,
            kept=PortSet.from_json(plan["kept"]),
            held=None if udp is None else {family: udp[family] for family in sorted(udp)},
        ),
    )


def _conflict(entry: Mapping[str, Any]) -> Conflict:
    holder = entry["holder"] or (f"process {entry['pid']}" if entry["pid"] else "another process")
    (port,) = PortSet.from_ports([entry["port"]])
    return Conflict(port, str(entry["service"] or "user"), str(holder))


def _need(need: Mapping[str, Any], open_ports: PortSet, conflicts: tuple[Conflict, ...]) -> NeedRow:
    ports = PortSet.from_json(need["ports"])
    names = {need["service"], *need["services"]}
    if any(entry.service in names and entry.port in ports for entry in conflicts):
        cell = "conflict"
    elif open_ports:
        cell = "exposed"
    else:
        cell = "reserved" if need["in_pool_range"] else "outside"
    return NeedRow(str(need["service"]), str(need["title"]), ports, str(need["protocol"]), cell, open_ports)


def _chance(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError(f"{value!r} is no chance")
    return float(value)


def chance_text(value: float | None) -> str:
    """Format a probability for people; ``-`` if it is unknown. Only 0 is shown as 0."""
    if value is None:
        return "-"
    return "<0.1 %" if 0 < value < 0.001 else f"{value:.1%}".replace("%", " %")


def ports_text(ports: PortSet, most: int = 8) -> str:
    """Format ports for people, with a limited number of ranges."""
    shown = short_ports(ports)
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")
