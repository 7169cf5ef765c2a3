# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the pure core: CPU time by size of the input, and the exponent of its growth.

The input is what the recorded host said, whole, with another number of sockets in its pool.
"""

from __future__ import annotations

import math
import re
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any

from controller import CHECKOUT, WORK
from hosts import RECORDINGS

SOCKETS = (1250, 2500, 5000, 10000)
HOSTS = (125, 250, 1000, 2000)
REPORTED = (100, 300, 1000, 2000)
REPEATS = 5
ROWS_ON_A_LINE = 40
"""As many packed rows as the collector puts on a line."""
RUN = "0123456789abcdef"


def growth() -> dict[str, Any]:
    """Return milliseconds by size and the exponent between the smallest and the largest, by name."""
    sys.path[:0] = [str(WORK / "collections"), str(CHECKOUT / "lab")]
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils import _policy  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts import facts as facts_module  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet import artifact as artifact_module  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet import gate  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers import netstat  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan import plan as plan_module  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report import report as report_module  # noqa: PLC0415
    from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._report.report_files import FORMATS  # noqa: PLC0415

    whole = _recorded()
    policy = _policy.Policy.from_options({})
    facts = facts_module.parse_transcript(whole)
    plan = plan_module.make_plan(facts, policy)
    result = {"changed": False, "msg": "in order"}
    artifact = artifact_module.build("host", facts, plan, result, "run", facts["collected"], True)

    def fleet(size: int) -> dict[str, Any]:
        return {f"host{number:04}": artifact for number in range(size)}

    def report(given: dict[str, Any]) -> None:
        sources = report_module.Sources(tuple(given), given, {})
        made = report_module.make_report(sources, gate.Rules(), datetime.now(timezone.utc), "fleet")
        for _file, render in FORMATS.values():
            render(made)

    return {
        "parse netstat rows, by rows": _row(
            SOCKETS, _rows, lambda text: netstat.parse_netstat(netstat.take_pools(text)[1])
        ),
        "facts of a whole transcript, by sockets": _row(
            SOCKETS, lambda size: _with_pool(whole, size), facts_module.parse_transcript
        ),
        "plan of a full fact set, by sockets": _row(
            SOCKETS,
            lambda size: facts_module.parse_transcript(_with_pool(whole, size)),
            lambda given: plan_module.make_plan(given, policy),
        ),
        "gate, by hosts": _row(HOSTS, fleet, lambda given: gate.judge(list(given), given, gate.Rules(), {})),
        "report in all formats, by hosts": _row(REPORTED, fleet, report),
    }


def _recorded() -> str:
    """Return the last transcript of the recorded 2019 host, as text."""
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.collect import collector_line  # noqa: PLC0415
    from portkeeper_lab.replay import Recording, ReplayHost  # noqa: PLC0415 (the lab's path is set by then)

    host = ReplayHost(Recording.load(RECORDINGS / "nt6.txt.gz"))
    host.rewind(to_end=True)
    return host.answer(collector_line(RUN))[0].decode("cp437")


def _rows(size: int, pid: str = "1508") -> str:
    """Return rows as the collector packs them: half of the sockets over IPv4, half over IPv6, their ports scattered."""
    half = size // 2
    ports = [1025 + number * 7919 % 64500 for number in range(half)]
    rows = [f"{address}:{port},*:*,{pid}" for address in ("0.0.0.0", "[::]") for port in ports]
    return "".join(f"packed {' '.join(rows[at : at + ROWS_ON_A_LINE])}\n" for at in range(0, size, ROWS_ON_A_LINE))


def _with_pool(transcript: str, size: int) -> str:
    """Return the transcript with this number of DNS sockets instead of its own."""
    begin, end = (f"#portkeeper {RUN} {mark} netstat" for mark in ("begin", "end"))
    found = re.search(rf"({begin}[ \r]*\n)(.*?)({end} )", transcript, re.DOTALL)
    assert found
    rows = [row for row in found.group(2).split() if "," in row]
    pids = [row.rpartition(",")[2] for row in rows]
    dns = max(set(pids), key=pids.count)
    others = " ".join(row for row, pid in zip(rows, pids, strict=True) if pid != dns)
    return f"{transcript[: found.end(1)]}packed {others}\n{_rows(size, dns)}{transcript[found.start(3) :]}"


def _row(sizes: Sequence[int], make: Callable[[int], Any], work: Callable[[Any], object]) -> dict[str, Any]:
    times = {size: _milliseconds(make(size), work) for size in sizes}
    exponent = math.log(times[sizes[-1]] / times[sizes[0]]) / math.log(sizes[-1] / sizes[0])
    return {"milliseconds": times, "exponent": exponent}


def _milliseconds(given: object, work: Callable[[Any], object]) -> float:
    taken = []
    for _repeat in range(REPEATS):
        began = time.process_time()
        work(given)
        taken.append(1000 * (time.process_time() - began))
    return min(taken)
