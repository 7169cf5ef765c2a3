# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the results of a run with the targets, and compute how they grow with the number of hosts."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cases import JOBS

SLOW_MS = 20
TARGETS: tuple[tuple[str, str, float, int], ...] = (
    ("peer/ours requests", "requests without Receives: peer/ours at least", 7, 0),
    ("peer/ours requests_all", "all requests: peer/ours at least", 5, 0),
    ("peer/ours cpu_ms", "CPU: peer/ours at least", 5, 0),
    ("peer/ours wall_s", f"wall time, {SLOW_MS} ms per request: peer/ours at least", 5, SLOW_MS),
    ("ours/floor cpu_ms", "CPU: ours/floor at most", 1.6, 0),
)
"""At 50 hosts and 50 forks: the ratio, its title, the target, and the milliseconds that each request takes longer."""

STEADY = ("steady_check", "drift", "steady_role")
MANY, MINUTES, EXPONENT = 1000, 3, 1.05
FEW = 10


def target_lines(results: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of the targets, with what each of the steady jobs reached."""
    cases = {
        (case["job"], case["delay"]): case
        for case in results["cases"]
        if (case["hosts"], case["forks"], case["recording"]) == (50, 50, "nt6") and case["ratios"]
    }
    shown = [job for job in STEADY if (job, 0) in cases]
    if not shown:
        return
    yield "| target, 50 hosts, 50 forks | " + " | ".join(JOBS[job].title for job in shown) + " |"
    yield "|---|" + "---|" * len(shown)
    for name, title, target, delay in TARGETS:
        found = [cases[job, delay]["ratios"][name]["median"] if (job, delay) in cases else None for job in shown]
        yield f"| {title} {target:g} | " + " | ".join(_compared(value, title, target) for value in found) + " |"
    yield ""


def _compared(value: float | None, title: str, target: float) -> str:
    if value is None:
        return "not measured"
    return f"{value:.1f}, {_reached(value >= target if title.endswith('least') else value <= target)}"


def _reached(enough: bool) -> str:
    return "reached" if enough else "**not reached**"


def growth_lines(cases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield how the whole run grows with the hosts, and the peer's times, extrapolated from its run at 50 hosts."""
    runs = {
        case["hosts"]: middle(case["sides"]["ours"])
        for case in cases
        if (case["job"], case["forks"], case["delay"], case["recording"]) == ("drift", 50, 0, "nt6")
    }
    if FEW not in runs or MANY not in runs:
        return
    few, many = runs[FEW], runs[MANY]
    for name, title, scale in (("cpu_ms", "CPU", MANY / FEW), ("wall_s", "wall time", 1)):
        exponent = math.log(scale * many[name] / few[name]) / math.log(MANY / FEW)
        enough = _reached(exponent <= EXPONENT)
        yield (
            f"- drift.yml from {FEW} to {MANY:,} hosts: {title} grows with the exponent {exponent:.2f}"
            f" (at most {EXPONENT}: {enough})."
        )
    yield (
        f"- drift.yml, {MANY:,} hosts, 50 forks, with the report: {many['wall_s']:.0f} s, {many['memory_mb']:.0f} MB"
        f" (under {MINUTES} minutes: {_reached(many['wall_s'] < 60 * MINUTES)}; in 2 GB:"
        f" {_reached(many['memory_mb'] < 2000)})."
    )
    for case in cases:
        if (case["hosts"], case["forks"], case["delay"]) == (50, 50, 0) and "peer" in case["sides"]:
            peer, ours = (_times(middle(case["sides"][side])) for side in ("peer", "ours"))
            yield (
                f"- {JOBS[case['job']].title} at {MANY:,} hosts, extrapolated in proportion from 50: the peer {peer},"
                f" ours {ours}."
            )
    yield ""


def _times(figures: Mapping[str, float]) -> str:
    return f"{figures['wall_s'] * MANY / 50:.0f} s and {figures['cpu_ms'] * MANY / 1000:.0f} s of CPU"


def middle(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the medians of a side's runs."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}
