# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table in docs/benchmarks.md, between two marks, from the results of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- results: written by bench/run.py -->\n", "<!-- end of results -->\n"
JOBS = {"first_contact": "first contact", "steady_check": "steady check", "change": "change"}


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
                f"| {JOBS[case['job']]} | {case['hosts']} | {case['forks']} | {case['delay']} | {side} |"
                f" {middle['requests']:.0f} | {middle['requests_all']:.0f} | {middle['bytes'] / 1000:.0f} |"
                f" {middle['cpu_ms']:.0f} | {middle['wall_s']:.1f} | {middle['memory_mb']:.0f} |"
            )
    yield ""
    yield "| job | hosts | forks | ms per request | ratio | median | lowest | highest |"
    yield "|---|---|---|---|---|---|---|---|"
    for case in results["cases"]:
        for name, ratio in case["ratios"].items():
            yield (
                f"| {JOBS[case['job']]} | {case['hosts']} | {case['forks']} | {case['delay']} | {name} |"
                f" {ratio['median']:.1f} | {ratio['low']:.1f} | {ratio['high']:.1f} |"
            )
    yield ""
    yield "| pure core | ms at 5,000 | exponent |"
    yield "|---|---|---|"
    for name, row in results["core"].items():
        yield f"| {name} | {row['milliseconds'][5000]:.1f} | {row['exponent']:.2f} |"
