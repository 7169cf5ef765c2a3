# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the tables in docs/large_fleets.md: forks and memory, serial, slices, 1,000 hosts, and 10,000 in a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cases import JOBS, SLOW
from targets import MANY, middle

from reports import report_lines
from slices import slice_lines

SPLIT = ("steady_check", "steady_serial", "drift", "drift_slices")
HEAD = "| job | hosts | forks | ms per request | CPU ms per host | wall s | MB | processes then |"


def fleet_lines(results: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines; what a run has not measured is left out."""
    cases = [case for case in results["cases"] if case["recording"] == "nt6"]
    forks = [case for case in cases if case["job"] == "drift" and case["delay"] == SLOW]
    split = [case for case in cases if case["job"] in SPLIT and _at(case) == (50, 50, 0)]
    many = [case for case in cases if case["hosts"] == MANY]
    yield _where(results)
    for title, rows in (("Forks", forks), ("Batches and slices", split), (f"{MANY:,} hosts", many)):
        if rows:
            yield from ("", f"{title}:", "", HEAD, "|---|---|---|---|---|---|---|---|", *map(_row, rows))
    if len(forks) > 1:
        few, most = (middle(case["sides"]["ours"]) for case in (forks[0], forks[-1]))
        each = (most["memory_mb"] - few["memory_mb"]) / max(1, most["processes"] - few["processes"])
        yield from ("", f"So a fork that waits for its host takes {each:.0f} MB.")
    yield ""


def large_lines(results: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines about 10,000 hosts: their report, and their check in slices."""
    yield _where(results)
    yield from report_lines(results["report"])
    yield from slice_lines(results["slices"])
    yield ""


def _where(results: Mapping[str, Any]) -> str:
    shown = ("machine", "ansible-core", "date", "load before")
    return "; ".join(f"{name} {results['where'][name]}" for name in shown) + "."


def _at(case: Mapping[str, Any]) -> tuple[int, int, int]:
    return case["hosts"], case["forks"], case["delay"]


def _row(case: Mapping[str, Any]) -> str:
    ours = middle(case["sides"]["ours"])
    return (
        f"| {JOBS[case['job']].title} | {case['hosts']} | {case['forks']} | {case['delay']} | {ours['cpu_ms']:.0f} |"
        f" {ours['wall_s']:.1f} | {ours['memory_mb']:.0f} | {ours['processes']:.0f} |"
    )
