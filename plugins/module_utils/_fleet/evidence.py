# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose the artifact of a host if several folders contain one, and check its age and its machine.

A later artifact replaces an earlier one only where it is later beyond doubt; within the time that two clocks may differ
the worse one counts. What is too old, or from the future, proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, pairwise
from typing import Any, NamedTuple

from .._commands.machine_id import recorded_id
from .._plan.status import STATUSES
from .._problems import printable
from .artifact import CARRIED
from .gate import Rules, host_verdict, severity
from .times import parse_time, span_text

FUTURE = timedelta(minutes=15)
"""So much may another controller's clock be ahead; what is later than that is not believed."""

NAMED_MAX = 3
"""Other names of a machine that are listed at most."""

Artifact = Mapping[str, Any]


@dataclass(frozen=True)
class Expiry:
    """Which artifacts are recent enough to use.

    Attributes:
        now: UTC.
        max_age: of an artifact of another call of Ansible.
        carried_max_age: of one whose facts were carried by hand.
        clock_tolerance: how far apart two artifacts of a host must be for the later one to replace the earlier.
    """

    now: datetime
    max_age: timedelta
    carried_max_age: timedelta
    clock_tolerance: timedelta


def chosen(
    host: str, artifacts: Sequence[Artifact], rules: Rules, expiry: Expiry
) -> tuple[Artifact | None, str | None]:
    """Choose the artifact of a host among those of other runs and controllers.

    Args:
        host: inventory name.
        artifacts: of that host, at least one, in any order, each of the shape of its format.
        rules: as for the gate; they decide which one is worse.
        expiry: how old they may be.

    Returns:
        The artifact and None, or None and the reason why they cannot be used to evaluate the host.
    """
    dated: list[tuple[datetime, Artifact]] = []
    for artifact in artifacts:
        moment = time_of(artifact)
        if moment is None:
            return None, "an artifact does not say when its facts were gathered"
        if moment > expiry.now + FUTURE:
            return None, f"an artifact is of {moment:%Y-%m-%d %H:%M} UTC, which is in the future: compare the clocks"
        dated.append((moment, artifact))
    newest, last = max(dated, key=lambda entry: entry[0])
    allowed = expiry.carried_max_age if last["source"] == CARRIED else expiry.max_age
    if expiry.now - newest > allowed:
        age = span_text(expiry.now - newest)
        return None, f"the newest artifact is {age} old and counts for {span_text(allowed)} only"
    rivals = [artifact for moment, artifact in dated if newest - moment <= expiry.clock_tolerance]
    return max(rivals, key=lambda artifact: _badness(host, artifact, rules)), None


def _badness(host: str, artifact: Artifact, rules: Rules) -> tuple[int, int]:
    status = host_verdict(host, artifact, rules).status
    return severity(status), -STATUSES.index(status)


def time_of(artifact: Artifact) -> datetime | None:
    """Return when the facts were gathered, or when the attempt ended if it failed or there are none."""
    has_facts = artifact["facts"] is not None or artifact["source"] == CARRIED
    dated = has_facts and (artifact["collected"] or artifact["outcome"] == "ok")
    return parse_time(artifact["collected"] if dated else artifact["attempted"])


def twins(artifacts: Mapping[str, Artifact], declared: Iterable[Iterable[str]] = ()) -> dict[str, str]:
    """Return the hosts that are one machine under several inventory names. None of them can be evaluated.

    Args:
        artifacts: those that are used, by host.
        declared: groups of inventory names that are known to lead to one machine.

    Returns:
        By host, why.
    """
    known: dict[str, set[str]] = {}
    for group in map(frozenset, declared):
        for host in group:
            known.setdefault(host, set()).update(group)
    found: dict[str, str] = {}
    for hosts in _same_machine(artifacts):
        for host in hosts:
            others = [other for other in hosts if other != host and other not in known.get(host, ())][:NAMED_MAX]
            if others:
                found[host] = (
                    f"it is the same machine as {', '.join(others)}: correct the inventory, or declare these names as"
                    " one machine"
                )
    return found


def divided_groups(artifacts: Mapping[str, Artifact], tolerance: timedelta) -> dict[str, str]:
    """Return the hosts whose restart group was at work on two controllers at about the same time.

    The lock of a group is on the controller, so nothing has kept its hosts from restarting DNS at the same time. A run
    that found nothing to do on a host does not count.

    Args:
        artifacts: those that are used, by host.
        tolerance: how far apart two runs must be to be told apart.

    Returns:
        By host, why.
    """
    groups: dict[str, list[_AtWork]] = {}
    for host, artifact in artifacts.items():
        group, attempted = artifact.get("restart_group"), parse_time(artifact["attempted"])
        at_work = artifact["changed"] or artifact["outcome"] != "ok"
        if group and attempted and at_work:
            groups.setdefault(group["name"], []).append(_AtWork(attempted, group["controller"], host))
    found: dict[str, str] = {}
    for name, members in groups.items():
        for one, other in _neighbours(sorted(members)):
            if abs(one.attempted - other.attempted) <= tolerance:
                found[one.host] = (
                    f"its restart group {printable(name)} was at work on another controller, too ({other.host}), so"
                    " nothing kept its hosts from restarting DNS at the same time: run all hosts of a group on one"
                    " controller, and give other groups other names"
                )
    return found


class _AtWork(NamedTuple):
    """When which controller was at work on a host, by the end of its attempt."""

    attempted: datetime
    controller: str
    host: str


def _neighbours(members: Sequence[_AtWork]) -> Iterator[tuple[_AtWork, _AtWork]]:
    """Yield each member with the nearest one before it, and the nearest one behind it, of another controller."""
    for ordered in (members, members[::-1]):
        other = None
        for before, member in pairwise(ordered):
            if before.controller != member.controller:
                other = before
            if other is not None:
                yield member, other


def _same_machine(artifacts: Mapping[str, Artifact]) -> Iterator[list[str]]:
    """Group the hosts whose facts are of one machine.

    One id with two computer names is not one machine but the copy of a disk, which the plan reports. Without an id on
    one side, name, boot and process ids decide together.
    """
    by_id: dict[str, dict[str, list[str]]] = {}
    by_print: dict[tuple[object, ...], dict[str | None, list[str]]] = {}
    for host in sorted(artifacts):
        facts = artifacts[host]["facts"]
        if facts:
            machine, name = recorded_id(facts), str(facts["computer_name"] or "").lower()
            if machine:
                by_id.setdefault(machine, {}).setdefault(name, []).append(host)
            if name and facts["boot_mark"] and facts["dns"]["pid"]:
                pids = sorted((key.lower(), row["pid"]) for key, row in facts["services"].items() if row["pid"])
                key = (name, facts["boot_mark"], facts["dns"]["pid"], *pids)
                by_print.setdefault(key, {}).setdefault(machine, []).append(host)
    for by_name in by_id.values():
        yield from [list(chain(*by_name.values()))] if "" in by_name else by_name.values()
    for by_machine in by_print.values():
        if None in by_machine:
            yield list(chain(*by_machine.values()))
