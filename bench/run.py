# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the collection against a hand-written peer and against the floor, in one run, alternating.

Usage: python bench/run.py [--full]

Writes bench/results/<short|full>.json and the table in docs/benchmarks.md.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from controller import BIN, CACHE, CHECKOUT, PLAYS, WORK, Controller
from core import growth
from hosts import Hosts
from peer.fetch import fetch
from table import write_table

PEER = CHECKOUT / "bench" / "peer" / "peer.yml"
RESULTS = CHECKOUT / "bench" / "results"


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        job: of JOBS.
        hosts: how many.
        forks: of Ansible.
        delay: milliseconds that each HTTP request takes longer.
        repeats: how often each side runs.
        peer: whether the peer runs, too.
        recording: the hosts' in bench/recordings.
    """

    job: str
    hosts: int
    forks: int
    delay: int
    repeats: int
    peer: bool = True
    recording: str = "nt6"


ARTEFACTS = ("-e", f"reserve_ports_artifacts_dir={WORK / 'artefacts'}")
ROLE = ("portkeeper.windows_dns.reserve_ports",)
CHECK = (PLAYS / "check.yml",)
JOBS: dict[str, dict[str, Any]] = {
    "first_contact": {"ours": (CHECK, {}), "peer": ("--check", {"state": "fresh"})},
    "steady_check": {"ours": (CHECK, {"to_end": True}), "peer": ("--check", {"state": "steady"})},
    "drift": {
        "ours": (("portkeeper.windows_dns.drift", *ARTEFACTS), {"to_end": True}),
        "peer": ("--check", {"state": "steady"}),
    },
    "steady_role": {"ours": (ROLE, {"to_end": True}), "peer": ("", {"state": "steady"})},
    "change": {"ours": (ROLE, {}), "peer": ("", {"state": "fresh"})},
}
SHORT = (
    Case("steady_check", 1, 5, 0, 3),
    Case("steady_check", 10, 5, 0, 3),
    Case("steady_check", 10, 5, 20, 1),
    Case("steady_check", 50, 50, 0, 1),
    Case("steady_role", 50, 50, 0, 1),
    Case("drift", 50, 50, 0, 1),
    Case("first_contact", 10, 5, 0, 1),
    Case("change", 10, 5, 0, 1),
    Case("steady_role", 10, 5, 0, 1, peer=False, recording="nt5"),
)
FULL = (
    *(Case("steady_check", hosts, 5, 0, 3) for hosts in (1, 10)),
    *(Case("steady_check", 50, forks, 0, 2) for forks in (5, 50)),
    *(Case("steady_check", hosts, 50, delay, 1) for hosts in (10, 50) for delay in (20, 100)),
    *(Case(job, 50, 50, 0, 2) for job in ("steady_role", "drift")),
    *(Case(job, 50, 50, 0, 1) for job in ("first_contact", "change")),
    *(Case("drift", hosts, 50, 0, 1, peer=False) for hosts in (10, 1000)),
    *(Case(job, 10, 5, 0, 1, peer=False, recording="nt5") for job in ("steady_role", "change")),
)


def measured(case: Case, controller: Controller, hosts: Hosts) -> dict[str, Any]:
    """Runs one case; the sides take turns."""
    inventory = hosts.inventory(case.hosts)
    sides: dict[str, list[dict[str, float]]] = {}
    for _repeat in range(case.repeats):
        for side, figures in _turn(case, controller, hosts, inventory):
            sides.setdefault(side, []).append(figures)
    return {**asdict(case), "sides": sides, "ratios": _ratios(sides)}


def _turn(case: Case, controller: Controller, hosts: Hosts, inventory: Path) -> Iterator[tuple[str, dict[str, float]]]:
    play, state = JOBS[case.job]["ours"]
    option, peer_state = JOBS[case.job]["peer"]
    hosts.control(op="delay", seconds=case.delay / 1000)
    runs: list[tuple[str, dict[str, Any], list[str | Path]]] = [
        ("ours", state, [BIN / "ansible-playbook", *play]),
        ("noop", {}, [BIN / "ansible-playbook", PLAYS / "noop.yml"]),
        ("sessions", state, [BIN / "python", CHECKOUT / "bench" / "sessions.py", inventory]),
    ]
    if case.peer:
        runs.insert(1, ("peer", peer_state, [BIN / "ansible-playbook", PEER, *filter(None, [option])]))
    for side, at, command in runs:
        hosts.control(op="rewind", **at)
        hosts.control(op="reset_counters")
        options = [] if side == "sessions" else ["-i", inventory, "-f", str(case.forks)]
        cost = controller.run([*command, *options], sample=side in ("ours", "peer"), PYTHONPATH=_pythonpath(side))
        if cost.code:
            raise SystemExit(f"{side} ended with {cost.code}:\n{cost.output[-3000:]}")
        counted = hosts.control(op="counters")
        yield (
            side,
            {
                "requests": (counted["requests"] - counted["receives"]) / case.hosts,
                "requests_all": counted["requests"] / case.hosts,
                "bytes": (counted["bytes_in"] + counted["bytes_out"]) / case.hosts,
                "cpu_ms": 1000 * cost.cpu / case.hosts,
                "wall_s": cost.wall,
                "memory_mb": cost.memory / 2**20,
            },
        )


def _pythonpath(side: str) -> str:
    return str(WORK / "collections") if side == "sessions" else ""


def _ratios(sides: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Median, lowest and highest ratio of paired runs."""
    found: dict[str, list[float]] = {}
    for number, ours in enumerate(sides["ours"]):
        for name in ("requests", "requests_all", "cpu_ms", "wall_s") if "peer" in sides else ():
            found.setdefault(f"peer/ours {name}", []).append(sides["peer"][number][name] / ours[name])
        floor = sides["noop"][number]["cpu_ms"] + sides["sessions"][number]["cpu_ms"]
        found.setdefault("ours/floor cpu_ms", []).append(ours["cpu_ms"] / floor)
    return {
        name: {"median": statistics.median(values), "low": min(values), "high": max(values)}
        for name, values in found.items()
    }


def main(full: bool) -> None:
    """Runs all cases and writes what came of them."""
    peer = fetch(CACHE / "peer", CHECKOUT / "requirements" / "bench.txt")
    controller = Controller([peer])
    cases = FULL if full else SHORT
    done = []
    where = _where()
    for recording in dict.fromkeys(case.recording for case in cases):
        chosen = [case for case in cases if case.recording == recording]
        with Hosts([recording], max(case.hosts for case in chosen), "winrm3") as hosts:
            for case in chosen:
                print(f"{case.job}, {case.hosts} hosts, {case.forks} forks, {case.delay} ms, {recording}", flush=True)
                done.append(measured(case, controller, hosts))
    results = {"kind": "full" if full else "short", "where": where, "cases": done, "core": growth()}
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{results['kind']}.json"
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    write_table(results, CHECKOUT / "docs" / "benchmarks.md")
    print(path)


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
    main("--full" in sys.argv[1:])
