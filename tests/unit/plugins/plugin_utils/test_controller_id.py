# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The id of a controller is that of the folder with its locks: who shares the folder shares the id, and nobody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils import _files


def id_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str | None:
    monkeypatch.setattr(_files, "home", lambda: folder)
    return _files.controller_id()


def test_a_folder_keeps_its_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = id_in(tmp_path / "one", monkeypatch)
    assert first is not None and len(first) == 32
    assert id_in(tmp_path / "one", monkeypatch) == first
    assert id_in(tmp_path / "other", monkeypatch) != first


def test_all_who_come_first_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_files, "home", lambda: tmp_path)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _number: _files.controller_id(), range(40)))) == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"0123", b"0" * 33])
def test_an_id_that_is_none_is_made_again_or_is_no_evidence(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "id").write_bytes(content)
    first = id_in(tmp_path, monkeypatch)
    assert first == id_in(tmp_path, monkeypatch)
    assert first is None or len(first) == 32


def test_without_a_folder_there_is_no_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert id_in(tmp_path / "file", monkeypatch) is None
