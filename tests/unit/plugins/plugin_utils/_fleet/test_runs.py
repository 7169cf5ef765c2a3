# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In a folder that others can write to, unusable artifacts are reported and hide no host."""

from __future__ import annotations

import json
import os
import runpy
import time
from pathlib import Path

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.artifact import ARTIFACT_BYTES_MAX
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils import _files
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._fleet.runs import read_artifacts
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._fleet.schemas import schema_check
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils import factory
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import artifact, in_order

GOOD = {"format": 1, "host": "a", "status": "safe"}


def read(folder: Path, content: bytes) -> tuple[dict, dict]:
    (folder / "r").mkdir()
    (folder / "r" / "a.json").write_bytes(content)
    (folder / "r" / "b.json").write_text(json.dumps({**GOOD, "host": "b"}), encoding="utf-8")
    return read_artifacts(folder / "r", ["a", "b", "c"])


def test_calls_that_start_in_the_same_second_as_the_same_process_have_names_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 7)
    monkeypatch.setattr(time, "strftime", lambda *_args: "20261128T120000Z")
    names = {runpy.run_module(_files.__name__)["RUN_ID"] for _call in range(3)}
    assert len(names) == 3 and all(name.startswith("20261128T120000Z-7-") for name in names)


def test_good_ones_are_read_and_absent_ones_are_in_neither(tmp_path: Path) -> None:
    found, defects = read(tmp_path, json.dumps(GOOD).encode())
    assert (found["a"], set(found), defects) == (GOOD, {"a", "b"}, {})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not JSON"),
        (json.dumps(GOOD).encode()[:-5], "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"format": 1, "host": "a", "status": "safe", "risk": NaN}', "not JSON"),
        (b"[]", "no JSON object"),
        (b'{"host": "a", "status": "safe"}', "format"),
        (json.dumps({**GOOD, "format": 2}).encode(), "format"),
        (json.dumps({**GOOD, "format": True}).encode(), "format"),
        (json.dumps({**GOOD, "host": "b"}).encode(), "another host"),
        (b" " * ARTIFACT_BYTES_MAX + json.dumps(GOOD).encode(), "larger"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_others_are_read(tmp_path: Path, content: bytes, reason: str) -> None:
    found, defects = read(tmp_path, content)
    assert set(found) == {"b"}
    assert reason in defects["a"]


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    os.mkfifo(tmp_path / "r" / "a.json")
    (tmp_path / "r" / "b.json").mkdir()
    _found, defects = read_artifacts(tmp_path / "r", ["a", "b"])
    assert set(defects) == {"a", "b"}


def test_what_hosts_have_in_common_is_kept_once_and_is_as_it_was_written(tmp_path: Path) -> None:
    made = {name: artifact(name, factory.conflict_facts()) for name in "ab"} | {"c": artifact("c", in_order())}
    for name, content in made.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    found, defects = read_artifacts(tmp_path, "abc", schema_check("artifact"))
    assert (found, defects) == (made, {})
    assert found["a"]["plan"]["needs"] is found["b"]["plan"]["needs"]
    assert found["a"]["plan"]["live_conflicts"] is not found["c"]["plan"]["live_conflicts"]
    assert found["a"]["facts"]["dns"] is not found["b"]["facts"]["dns"]
