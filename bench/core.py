# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pure core: seconds of CPU by size of the input, and the exponent with which they grow."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import Any

from controller import WORK

SIZES = (1250, 2500, 5000, 10000)
REPEATS = 5


def growth() -> dict[str, Any]:
    """Milliseconds by size and the exponent between the smallest and the largest, by name."""
    sys.path.insert(0, str(WORK / "collections"))
    from ansible_collections.portkeeper.windows_dns.plugins.module_utils import (  # noqa: PLC0415
        _facts,
        _parse_netstat,
        _plan,
        _policy,
    )

    def netstat(size: int) -> str:
        rows = "".join(f"  UDP    0.0.0.0:{1025 + number * 7 % 64000}    *:*    1508\n" for number in range(size))
        return rows + "  UDP    0.0.0.0:500    *:*    444\n"

    def facts(size: int) -> dict[str, Any]:
        return _facts.parse_transcript(f"#portkeeper begin netstat\n{netstat(size)}#portkeeper end netstat 0\n")

    policy = _policy.Policy.from_options({})
    return {
        "parse netstat rows": _row(netstat, _parse_netstat.parse_netstat),
        "plan, by sockets of the host": _row(facts, lambda given: _plan.make_plan(given, policy)),
    }


def _row(make: Callable[[int], Any], work: Callable[[Any], object]) -> dict[str, Any]:
    times = {size: _milliseconds(make(size), work) for size in SIZES}
    exponent = math.log(times[SIZES[-1]] / times[SIZES[0]]) / math.log(SIZES[-1] / SIZES[0])
    return {"milliseconds": times, "exponent": exponent}


def _milliseconds(given: object, work: Callable[[Any], object]) -> float:
    taken = []
    for _repeat in range(REPEATS):
        began = time.process_time()
        work(given)
        taken.append(1000 * (time.process_time() - began))
    return min(taken)
