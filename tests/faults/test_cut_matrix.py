# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For every piece of work, the connection breaks before every request, after its execution and within its reply.

After each cut: the registry holds the old value or the new one, DNS runs, nothing is called done that is not, the
result says how far it got, no shell stays, and the next run ends the work with no manual step.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from fault_host import FaultHost
from matrix import STOPPED, WORKS, Matrix

FULL = os.environ.get("PORTKEEPER_FAULTS") == "full"
CUTS = ("drop_before", "drop_after", "cut_reply", STOPPED)
KINDS = {"winrm": CUTS, "psrp": CUTS, "ssh": ("drop_before", "drop_after", STOPPED)}
"""By connection: at each request, or over ssh at each step, the session's command or a line that is typed into it."""
FAMILIES = {"winrm": ("nt5", "nt6"), "psrp": ("nt5",), "ssh": ("nt6",)}
PARTS = {"apply": 1, "window": 2, "verify": 1, "rollback": 1, "reboot": 4}
"""Into how many tests the full row of a piece of work is divided, so that they end at the same time on all hosts."""
SHARED = ("reboot",)
"""Work that is the same on all families, and the longest: in the full form each is cut at a part of the requests."""
WAITING = ("reboot",)
"""Work that looks for the host until it is back: how many requests that takes depends on how fast the host boots."""


def _points(connection: str, length: int, first: int = 1, step: int = 1) -> list[tuple[str, int]]:
    """Return every kind of cut at every request, or at every one of so many; in the short form one at each request."""
    kinds = KINDS[connection]
    if FULL:
        return [(kind, n) for n in range(first, length + 1, step) for kind in kinds]
    return [(kinds[n % len(kinds)], n) for n in range(1, length + 1)]


@dataclass
class Row:
    """What the parts of a row in one process need to find out only once.

    Attributes:
        length: requests of an undisturbed run; 0 is not known yet.
        converged: states from which the next run has ended the work, with the point that led there.
    """

    length: int = 0
    converged: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="session")
def rows() -> defaultdict[str, Row]:
    """Give each row by connection, family and name."""
    return defaultdict(Row)


@pytest.mark.parametrize(
    ("connection", "family", "name", "part", "parts"),
    [
        pytest.param(connection, family, name, part, parts, id=f"{connection}-{family}-{name}-{part + 1}of{parts}")
        for name in sorted(WORKS, key=PARTS.__getitem__, reverse=True)
        for parts in (PARTS[name] if FULL else 1,)
        for part in range(parts)
        for connection, families in FAMILIES.items()
        for family in families
    ],
)
def test_cut_matrix(
    connection: str,
    family: str,
    name: str,
    part: int,
    parts: int,
    rows: defaultdict[str, Row],
    ready: Callable[[str], FaultHost],
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    host, row = ready(family), rows[f"{connection} {family} {name}"]
    with host.over(connection):
        matrix = Matrix(host, WORKS[name], monkeypatch, row.converged)
        row.length = length = row.length or matrix.length()
        families = FAMILIES[connection]
        shared = (1 + families.index(family), len(families)) if name in SHARED else ()
        chosen = _points(connection, length, *shared)[part::parts]
        began = time.monotonic()
        hit = sum(matrix.point(kind, n) for kind, n in chosen)
    seconds = round(time.monotonic() - began)
    record_property(
        f"cut matrix {connection} {family} {name} {part + 1}/{parts}",
        f"{hit} points over {length} requests in {seconds} s, the next run tried from {len(matrix.converged)} states,"
        f" {len(matrix.waited)} of them locked for ten minutes",
    )
    record_property(f"points of {connection} {family} {name}", hit)
    assert not matrix.problems, "\n".join(matrix.problems)
    # A run that was faster than the counted one is whole, and had no such request: Matrix.point looks at that.
    assert 0 < hit <= len(chosen)
    assert hit == len(chosen) or name in WAITING
