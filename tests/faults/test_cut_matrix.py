# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection is cut before every request, after its execution and within its reply, for every piece of work.

After each cut: the registry holds the old value or the new one, DNS runs, nothing is called done that is not, the
result says how far it got, no shell stays, and the next run ends the work with no manual step.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from fault_host import FaultHost
from matrix import WORKS, Matrix

CUTS = ("drop_before", "drop_after", "cut_reply")
FULL = os.environ.get("PORTKEEPER_FAULTS") == "full"
FAMILIES = ("nt5", "nt6")


def _group(family: str, name: str) -> str:
    """What runs on one host; reboots, which mostly wait, on one of their own."""
    return f"{family}-reboot" if name == "reboot" else family


@pytest.mark.parametrize(
    ("family", "name"),
    [
        pytest.param(family, name, marks=pytest.mark.xdist_group(_group(family, name)), id=f"{family}-{name}")
        for family in FAMILIES
        for name in WORKS
    ],
)
def test_cut_matrix(
    family: str,
    name: str,
    ready: Callable[[str], FaultHost],
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    host = ready(family)
    matrix = Matrix(host, WORKS[name], monkeypatch)
    if name == "verify":
        host.restore("fresh")
        host.heal()
    length = matrix.length()
    chosen = [(kind, n) for n in range(1, length + 1) for kind in (CUTS if FULL else (CUTS[n % 3],))]
    began = time.monotonic()
    hit = sum(matrix.point(kind, n) for kind, n in chosen)
    seconds = round(time.monotonic() - began)
    record_property(
        f"cut matrix {family} {name}",
        f"{hit} points over {length} requests in {seconds} s, the next run tried from {len(matrix.converged)} states,"
        f" {len(matrix.waited)} of them locked for ten minutes",
    )
    assert not matrix.problems, "\n".join(matrix.problems)
    assert hit >= length * (3 if FULL else 1)
