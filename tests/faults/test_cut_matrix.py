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
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from fault_host import FaultHost
from matrix import STOPPED, WORKS, Matrix

CUTS = ("drop_before", "drop_after", "cut_reply", STOPPED)
FULL = os.environ.get("PORTKEEPER_FAULTS") == "full"
FAMILIES = ("nt5", "nt6")
PARTS = {"apply": 1, "window": 2, "verify": 1, "rollback": 1, "reboot": 4}
"""Into how many tests the full row of a piece of work is divided, so that they end at the same time on all hosts."""


SHARED = ("reboot",)
"""Work that is the same on both families, and the longest: in the full form each is cut at every second request."""


def _one_each(length: int) -> list[tuple[str, int]]:
    """Return a cut at every request, of each kind in turn."""
    return [(CUTS[n % len(CUTS)], n) for n in range(1, length + 1)]


def _points(length: int, first: int = 1, step: int = 1) -> list[tuple[str, int]]:
    """Return every kind of cut at every request, or at every one of so many; in the short form one at each."""
    return [(kind, n) for n in range(first, length + 1, step) for kind in CUTS] if FULL else _one_each(length)


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
    """Give each row by family and name."""
    return defaultdict(Row)


@pytest.mark.parametrize(
    ("family", "name", "part", "parts"),
    [
        pytest.param(family, name, part, parts, id=f"{family}-{name}-{part + 1}of{parts}")
        for name in sorted(WORKS, key=PARTS.__getitem__, reverse=True)
        for parts in (PARTS[name] if FULL else 1,)
        for part in range(parts)
        for family in FAMILIES
    ],
)
def test_cut_matrix(
    family: str,
    name: str,
    part: int,
    parts: int,
    rows: defaultdict[str, Row],
    ready: Callable[[str], FaultHost],
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    host, row = ready(family), rows[f"{family} {name}"]
    matrix = Matrix(host, WORKS[name], monkeypatch, row.converged)
    row.length = length = row.length or matrix.length()
    shared = (1 + FAMILIES.index(family), len(FAMILIES)) if name in SHARED else ()
    chosen = _points(length, *shared)[part::parts]
    began = time.monotonic()
    hit = sum(matrix.point(kind, n) for kind, n in chosen)
    seconds = round(time.monotonic() - began)
    record_property(
        f"cut matrix {family} {name} {part + 1}/{parts}",
        f"{hit} points over {length} requests in {seconds} s, the next run tried from {len(matrix.converged)} states,"
        f" {len(matrix.waited)} of them locked for ten minutes",
    )
    record_property(f"points of {family} {name}", hit)
    assert not matrix.problems, "\n".join(matrix.problems)
    assert hit == len(chosen) > 0


def _assert_each_holds(matrix: Matrix, chosen: Sequence[tuple[str, int]]) -> None:
    hit = sum(matrix.point(kind, n) for kind, n in chosen)
    assert not matrix.problems, "\n".join(matrix.problems)
    assert hit == len(chosen)


@pytest.mark.parametrize("name", sorted(WORKS))
def test_cuts_over_psrp(name: str, ready: Callable[[str], FaultHost], monkeypatch: pytest.MonkeyPatch) -> None:
    """The requests are those of winrm. A change is cut everywhere, other work once at each request; less in short."""
    host = ready("nt5")
    monkeypatch.setattr(host, "connection", "psrp")
    matrix = Matrix(host, WORKS[name], monkeypatch)
    length = matrix.length()
    _assert_each_holds(matrix, _points(length) if name == "apply" else _one_each(length)[:: 1 if FULL else 3])


SSH_POINTS: dict[str, tuple[tuple[str, int], ...]] = {
    "apply": (("drop_after", 5), ("drop_before", 7), ("drop_after", 7)),
    "window": (("drop_after", 5),),
    "verify": (("drop_before", 3),),
    "rollback": (("drop_after", 7),),
    "reboot": (("drop_after", 5),),
}
"""What is cut in the short form: the preparation (step 5) and the write (7); the start of a window, of a boot (5)."""
MORE_SSH_POINTS: dict[str, tuple[tuple[str, int], ...]] = {
    "apply": (("drop_after", 3), ("drop_before", 5)),
    "window": (("drop_before", 5), ("drop_after", 7)),
    "verify": (("drop_after", 3),),
    "rollback": (("drop_after", 5), ("drop_before", 7)),
    "reboot": (("drop_before", 5), ("drop_after", 7)),
}
"""What is cut in the full form as well: the reading (3), and what follows a start (7)."""


@pytest.mark.parametrize("name", sorted(WORKS))
def test_cuts_over_ssh(name: str, ready: Callable[[str], FaultHost], monkeypatch: pytest.MonkeyPatch) -> None:
    """The lost line goes on there: its lock stays, and nobody writes before it has ended."""
    host = ready("nt6")
    with host.over_ssh():
        matrix = Matrix(host, WORKS[name], monkeypatch)
        _assert_each_holds(matrix, SSH_POINTS[name] + (MORE_SSH_POINTS[name] if FULL else ()))
