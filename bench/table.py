# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the tables in the documentation, between two marks, from the results of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cases import JOBS
from targets import growth_lines, middle, target_lines

KEYS = "| job | hosts | forks | ms per request |"


def write_table(text: str, page: Path, what: str = "results") -> None:
    """Replace the text between the marks that name it on the page."""
    begin, end = f"<!-- {what}: written by bench/run.py -->\n", f"<!-- end of {what} -->\n"
    before, _begin, rest = page.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    page.write_text(before + begin + "\n" + text + "\n" + end + after, encoding="utf-8")


def connection_table(results: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the table of connections."""
    yield from _where_lines(results)
    yield from _side_lines(results["cases"])


def table(results: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of all tables."""
    yield from _where_lines(results)
    yield from target_lines(results)
    yield from growth_lines(results["cases"])
    yield from _ratio_lines(results["cases"])
    yield from _side_lines(results["cases"])
    yield from _part_lines(results["parts"])
    yield "| pure core | at | ms | exponent |"
    yield "|---|---|---|---|"
    for name, row in results["core"].items():
        size, taken = list(row["milliseconds"].items())[-2]
        yield f"| {name} | {size} | {taken:.1f} | {row['exponent']:.2f} |"
    yield ""


def _where_lines(results: Mapping[str, Any]) -> Iterator[str]:
    yield f"Run: {results['kind']}. " + "; ".join(f"{name} {value}" for name, value in results["where"].items()) + "."
    yield ""


def _ratio_lines(cases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line per case: median ratios, with the lowest and the highest where it ran more than once."""
    names = [f"peer/ours {name}" for name in ("requests", "requests_all", "cpu_ms", "wall_s")] + ["ours/floor cpu_ms"]
    yield f"{KEYS} runs | peer/ours requests | with Receives | CPU | wall | ours/floor CPU |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for case in cases:
        if case["ratios"]:
            shown = (_spread(case["ratios"].get(name), case["repeats"]) for name in names)
            yield f"{_key(case)} {case['repeats']} | {' | '.join(shown)} |"
    yield ""


def _spread(ratio: Mapping[str, float] | None, runs: int) -> str:
    if ratio is None:
        return ""
    spread = "" if runs == 1 or ratio["low"] == ratio["high"] else f" ({ratio['low']:.1f}-{ratio['high']:.1f})"
    return f"{ratio['median']:.1f}{spread}"


def _side_lines(cases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"{KEYS} side | requests | with Receives | KB | CPU ms | wall s | MB | processes |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for case in cases:
        for side, runs in case["sides"].items():
            found = middle(runs)
            sampled = (f"{found['memory_mb']:.0f}", f"{found['processes']:.0f}") if "memory_mb" in found else ("", "")
            wall = "" if side == "sessions" else f"{found['wall_s']:.1f}"
            yield (
                f"{_key(case)} {side} | {found['requests']:.0f} | {found['requests_all']:.0f} |"
                f" {found['bytes'] / 1000:.0f} | {found['cpu_ms']:.0f} | {wall} | {' | '.join(sampled)} |"
            )
    yield ""


def _key(case: Mapping[str, Any]) -> str:
    title = JOBS[case["job"]].title + ("" if case["recording"] == "nt6" else f" ({case['recording']})")
    return f"| {title} | {case['hosts']} | {case['forks']} | {case['delay']} |"


def _part_lines(parts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the CPU of a host by part, beside that of the no-op."""
    ours, noop = parts["drift.yml"], parts["no-op"]
    yield f"| CPU ms per host at {parts['hosts']} hosts, 50 forks | drift.yml | no-op |"
    yield "|---|---|---|"
    for name, taken in ours.items():
        yield f"| {name} | {taken:.1f} | {noop.get(name, 0):.1f} |"
    yield f"| total | {sum(ours.values()):.1f} | {sum(noop.values()):.1f} |"
    yield ""
