# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the collection, a hand-written peer and the floor in one run, in turn.

Usage: python bench/run.py [--full | --connections | --large] [--at-most HOSTS]

Writes bench/results/<short|full|connections|large>.json, and the tables of that kind in docs/benchmarks.md and
docs/large_fleets.md. A full run has those of --large as well.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import itertools
import json
import os
import platform
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from cases import CONNECTIONS, FULL, JOBS, SHORT, Case, cut
from fleet import fleet_lines, large_lines
from parts import HOSTS, parts

from controller import BIN, CACHE, CHECKOUT, PLAYS, WORK, Controller, Cost
from core import growth
from hosts import Hosts
from peer.fetch import fetch
from reports import report_figures
from slices import slice_figures
from table import connection_table, table, write_table

PEER = CHECKOUT / "bench" / "peer" / "peer.yml"
RESULTS = CHECKOUT / "bench" / "results"
PAGE, FLEETS_PAGE = (CHECKOUT / "docs" / name for name in ("benchmarks.md", "large_fleets.md"))
CASES = {"short": SHORT, "full": FULL, "connections": CONNECTIONS, "large": ()}
TABLES: dict[str, tuple[tuple[Path, str, Callable[[Mapping[str, Any]], Iterator[str]]], ...]] = {
    "short": ((PAGE, "results", table),),
    "full": ((PAGE, "results", table), (FLEETS_PAGE, "results", fleet_lines), (FLEETS_PAGE, "large", large_lines)),
    "connections": ((PAGE, "connections", connection_table),),
    "large": ((FLEETS_PAGE, "large", large_lines),),
}
"""By kind of run: the page, the mark of the place on it, and what makes the lines of the tables there."""
Figures = dict[str, float]


class Side(NamedTuple):
    """Who runs.

    Attributes:
        name: ours, peer, noop or sessions.
        delay: milliseconds that each request takes longer. Of the floor only the CPU is used: it gets none.
        state: of the hosts.
        command: the command line.
    """

    name: str
    delay: int
    state: dict[str, Any]
    command: list[str | Path]


def measured(case: Case, controller: Controller, hosts: Hosts) -> dict[str, Any]:
    """Run one case; the sides take turns."""
    inventory = hosts.inventory(case.hosts, JOBS[case.job].connection)
    sides: dict[str, list[Figures]] = {}
    for _repeat in range(case.repeats):
        for side, figures in _turn(case, controller, hosts, inventory):
            sides.setdefault(side, []).append(figures)
    for side, memory in _memory(case, controller, hosts, inventory):
        sides[side] = [{**figures, **memory} for figures in sides[side]]
    return {**asdict(case), "sides": sides, "ratios": _ratios(sides)}


def _sides(case: Case, inventory: Path) -> Iterator[Side]:
    job, forks = JOBS[case.job], ("-i", inventory, "-f", str(case.forks))
    playbook = BIN / "ansible-playbook"
    yield Side("ours", case.delay, job.state, job.command(inventory, case.hosts, case.forks))
    if case.peer:
        yield Side("peer", case.delay, {"state": job.peer_state}, [playbook, PEER, *job.peer, *forks])
    if case.floor:
        yield Side("noop", 0, {}, [playbook, PLAYS / "noop.yml", *forks])
        yield Side("sessions", 0, job.state, [BIN / "python", CHECKOUT / "bench" / "sessions.py", inventory])


def _turn(case: Case, controller: Controller, hosts: Hosts, inventory: Path) -> Iterator[tuple[str, Figures]]:
    for side in _sides(case, inventory):
        cost = _run(controller, hosts, side)
        counted = hosts.control(op="counters")
        yield (
            side.name,
            {
                "requests": (counted["requests"] - counted["receives"] + counted["lines"]) / case.hosts,
                "requests_all": (counted["requests"] + counted["lines"]) / case.hosts,
                "bytes": (counted["bytes_in"] + counted["bytes_out"]) / case.hosts,
                "cpu_ms": 1000 * cost.cpu / case.hosts,
                "wall_s": cost.wall,
            },
        )


def _memory(case: Case, controller: Controller, hosts: Hosts, inventory: Path) -> Iterator[tuple[str, Figures]]:
    """In a run of its own: looking at the memory of 50 processes takes time from them."""
    for side in _sides(case, inventory):
        if side.name in ("ours", "peer"):
            cost = _run(controller, hosts, side, sample=True)
            yield side.name, {"memory_mb": cost.memory / 2**20, "processes": cost.processes}


def _run(controller: Controller, hosts: Hosts, side: Side, *, sample: bool = False) -> Cost:
    hosts.control(op="delay", seconds=side.delay / 1000)
    hosts.control(op="rewind", **side.state)
    hosts.control(op="reset_counters")
    cost = controller.run(side.command, sample=sample, PYTHONPATH=_pythonpath(side.name))
    if cost.code:
        raise SystemExit(f"{side.name} ended with {cost.code}:\n{cost.output[-3000:]}")
    return cost


def _pythonpath(side: str) -> str:
    return str(WORK / "collections") if side == "sessions" else ""


def _ratios(sides: dict[str, list[Figures]]) -> dict[str, dict[str, float]]:
    """Median, lowest and highest ratio of paired runs."""
    found: dict[str, list[float]] = {}
    for number, ours in enumerate(sides["ours"]):
        for name in ("requests", "requests_all", "cpu_ms", "wall_s") if "peer" in sides else ():
            found.setdefault(f"peer/ours {name}", []).append(sides["peer"][number][name] / ours[name])
        if "noop" in sides:
            floor = sides["noop"][number]["cpu_ms"] + sides["sessions"][number]["cpu_ms"]
            found.setdefault("ours/floor cpu_ms", []).append(ours["cpu_ms"] / floor)
    return {
        name: {"median": statistics.median(values), "low": min(values), "high": max(values)}
        for name, values in found.items()
    }


def main(arguments: Sequence[str]) -> None:
    """Run all cases and write their results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--full", dest="kind", action="store_const", const="full", help="all cases, up to 1,000 hosts")
    kinds.add_argument("--connections", dest="kind", action="store_const", const="connections", help="only these")
    kinds.add_argument("--large", dest="kind", action="store_const", const="large", help="only 10,000 hosts")
    parser.add_argument("--at-most", type=int, metavar="HOSTS", help="only try whether all runs; writes nothing")
    chosen = parser.parse_args(arguments)
    kind = chosen.kind or "short"
    peer = fetch(CACHE / "peer", CHECKOUT / "requirements" / "bench.txt")
    controller = Controller([peer])
    cases = [case for case in cut(CASES[kind], chosen.at_most) if _runs_here(case)]
    where = _where()
    done = [row for _fleet, group in itertools.groupby(cases, _fleet_of) for row in _on_one_fleet([*group], controller)]
    results: dict[str, Any] = {"kind": kind, "where": where, "cases": done}
    if kind in ("short", "full"):
        results |= {"core": growth(), "parts": parts(controller, chosen.at_most or HOSTS)}
    if kind in ("full", "large"):
        many = [chosen.at_most] if chosen.at_most else []
        results |= {"report": report_figures(controller, *many), "slices": slice_figures(controller, *many)}
    for page, what, lines in TABLES[kind]:
        text = "\n".join(lines(results))
        print(text)
        if chosen.at_most is None:
            write_table(text, page, what)
    if chosen.at_most is None:
        _keep(results)


def _keep(results: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{results['kind']}.json"
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(path)


def _runs_here(case: Case) -> bool:
    """Return whether the programs that a case needs are here."""
    if JOBS[case.job].connection != "ssh" or shutil.which("sshd", path="/usr/sbin:/sbin:/usr/local/sbin"):
        return True
    print(f"left out: {JOBS[case.job].title}, {case.hosts} hosts: there is no sshd here", flush=True)
    return False


def _fleet_of(case: Case) -> tuple[str, int]:
    return case.recording, case.hosts


def _on_one_fleet(cases: Sequence[Case], controller: Controller) -> Iterator[dict[str, Any]]:
    """Measure cases of the same hosts. A fleet is as large as its cases: its size costs the machine, too."""
    ssh = any(JOBS[case.job].connection == "ssh" for case in cases)
    with Hosts([cases[0].recording], cases[0].hosts, "winrm3", ssh=ssh) as hosts:
        for case in cases:
            print(f"{case.job}, {case.hosts} hosts, {case.forks} forks, {case.delay} ms, {case.recording}", flush=True)
            yield measured(case, controller, hosts)


def _where() -> dict[str, str]:
    names = ("ansible-core", "pywinrm", "pyspnego", "requests", "cryptography")
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} CPUs, {model}",
        "load before": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in names},
    }


if __name__ == "__main__":
    main(sys.argv[1:])
