# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table in docs/benchmarks.md, between two marks, from the results of a run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- results: written by bench/run.py -->\n", "<!-- end of results -->\n"
JOBS = {
    "first_contact": "first contact",
    "steady_check": "steady check",
    "drift": "drift.yml",
    "steady_role": "role, nothing to do",
    "change": "role, change",
}
GROWTH = ("drift", 10, 1000)
"""The job whose cost at many hosts is set against that at few."""


def write_table(results: Mapping[str, Any], page: Path) -> None:
    """Replaces what stands between the marks of the page."""
    text = page.read_text(encoding="utf-8")
    before, _begin, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(before + BEGIN + "\n" + "\n".join(_lines(results)) + "\n\n" + END + after, encoding="utf-8")


def _lines(results: Mapping[str, Any]) -> Iterator[str]:
    yield f"Run: {results['kind']}. " + "; ".join(f"{name} {value}" for name, value in results["where"].items()) + "."
    yield ""
    yield "| job | hosts | forks | ms per request | side | requests | with Receives | KB | CPU ms | wall s | MB |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for case in results["cases"]:
        for side, runs in case["sides"].items():
            middle = {name: sorted(run[name] for run in runs)[len(runs) // 2] for name in runs[0]}
            yield (
                f"| {_job(case)} | {case['hosts']} | {case['forks']} | {case['delay']} | {side} |"
                f" {middle['requests']:.0f} | {middle['requests_all']:.0f} | {middle['bytes'] / 1000:.0f} |"
                f" {middle['cpu_ms']:.0f} | {middle['wall_s']:.1f} | {middle['memory_mb']:.0f} |"
            )
    yield ""
    yield "| job | hosts | forks | ms per request | ratio | median | lowest | highest |"
    yield "|---|---|---|---|---|---|---|---|"
    for case in results["cases"]:
        for name, ratio in case["ratios"].items():
            yield (
                f"| {_job(case)} | {case['hosts']} | {case['forks']} | {case['delay']} | {name} |"
                f" {ratio['median']:.1f} | {ratio['low']:.1f} | {ratio['high']:.1f} |"
            )
    yield ""
    yield from _growth(results["cases"])
    yield "| pure core | at | ms | exponent |"
    yield "|---|---|---|---|"
    for name, row in results["core"].items():
        size, taken = list(row["milliseconds"].items())[-2]
        yield f"| {name} | {size} | {taken:.1f} | {row['exponent']:.2f} |"


def _job(case: Mapping[str, Any]) -> str:
    return JOBS[case["job"]] + ("" if case["recording"] == "nt6" else f" ({case['recording']})")


def _growth(cases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How the whole run grows with the hosts, and what the peer would take, reckoned from its run at 50 hosts."""
    job, few, many = GROWTH
    runs = {case["hosts"]: case["sides"] for case in cases if case["job"] == job}
    if few not in runs or many not in runs:
        return
    ours = {hosts: runs[hosts]["ours"][0] for hosts in (few, many)}
    for name, title, scale in (("cpu_ms", "CPU", many / few), ("wall_s", "wall time", 1)):
        exponent = math.log(scale * ours[many][name] / ours[few][name]) / math.log(many / few)
        yield f"{JOBS[job]} from {few} to {many:,} hosts: {title} grows with the exponent {exponent:.2f}."
    peers = {hosts: sides["peer"][0] for hosts, sides in runs.items() if "peer" in sides}
    if peers:
        hosts, peer = max(peers.items())
        yield (
            f"Extrapolated in proportion from {hosts} hosts, not measured: the peer would take"
            f" {peer['wall_s'] * many / hosts:.0f} s for {many:,} hosts; ours took {ours[many]['wall_s']:.0f} s."
        )
    yield ""
