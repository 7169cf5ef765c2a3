# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example that combines the summaries of many controllers never ends better than the worst of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.gate import HostVerdict, Scope, Verdict
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.times import time_text
from checkout import CHECKOUT

SCRIPT = CHECKOUT / "docs/examples/worst_of.py"


def summary(code: int, hours: float = 1, limited: tuple[int, int] | None = None) -> dict[str, Any]:
    """Return the summary of one host that gives this exit code, of so many hours ago."""
    status = {0: "safe", 2: "drifted", 4: "unreachable"}[code]
    verdict = Verdict(code, (HostVerdict("a", status, ""),), Scope(limited))
    created = time_text(datetime.now(timezone.utc) - timedelta(hours=hours))
    return {**verdict.as_dict(), "created": created}


def worst(folder: Path, *contents: object) -> subprocess.CompletedProcess[str]:
    """Combine summaries with these contents; a text is written as it is, None is not written."""
    paths = [folder / f"{number}.json" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        if content is not None:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    command = [sys.executable, str(SCRIPT), "36", *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("codes", "code"), [((0, 0), 0), ((0, 4), 4), ((4, 2), 2), ((2, 0, 4), 2), ((4, 4), 4)], ids=str
)
def test_the_worst_code_counts(codes: tuple[int, ...], code: int, tmp_path: Path) -> None:
    done = worst(tmp_path, *map(summary, codes))
    assert done.returncode == code, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == len(codes)


BROKEN: dict[str, Callable[[], object]] = {
    "missing": lambda: None,
    "empty": lambda: "",
    "a list": lambda: "[]",
    "cut": lambda: "{",
    "another code": lambda: {**summary(0), "exit_code": 1},
    "no time": lambda: {**summary(0), "created": "yesterday"},
    "old": lambda: summary(0, hours=37),
    "of the future": lambda: summary(0, hours=-1),
    "limited": lambda: summary(0, limited=(1, 3)),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_summary_that_cannot_be_used_is_a_finding(kind: str, tmp_path: Path) -> None:
    done = worst(tmp_path, summary(0), BROKEN[kind]())
    assert (done.returncode, "1.json: 2, the summary cannot be used" in done.stdout) == (2, True), done.stderr


def test_nothing_to_combine_is_not_in_order(tmp_path: Path) -> None:
    assert worst(tmp_path).returncode == 1
