# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release is never made by accident, and ends at the first step that fails. `make release-dry` proves the steps."""

from __future__ import annotations

from pathlib import Path

import pytest

import release


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which a release of no steps works."""
    monkeypatch.setattr(release, "FOLDER", tmp_path / "release")
    monkeypatch.setattr(release, "LOG", tmp_path / "release" / "release.log")
    monkeypatch.setattr(release, "DRY", ())
    monkeypatch.setattr(release, "TRUE", ())
    return tmp_path


@pytest.mark.parametrize("arguments", [[], [""], ["--dyr"], ["--dry", "KEY"], ["-h"]])
def test_no_key_and_no_word_of_dry_is_no_release(arguments: list[str], place: Path) -> None:
    assert release.main(arguments) == 2
    assert list(place.iterdir()) == []


def test_only_a_true_release_publishes_and_only_a_dry_one_needs_the_lab() -> None:
    assert release.publish not in release.DRY
    assert release.trial not in release.TRUE
    assert [step for step in release.DRY if step in release.TRUE] == list(release.BOTH)


def test_the_first_step_that_fails_ends_it(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def good(made: release.Release) -> str:
        return f"key {made.key!r}"

    def bad(_made: release.Release) -> str:
        release.call("sh", "-c", "echo out; echo why >&2; exit 3", folder=place)
        return "never"

    monkeypatch.setattr(release, "DRY", (good, bad, good))
    assert release.main(["--dry"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "ok  good      key ''\n"
    assert "exit code 3\nout\nwhy\n" in shown.err
    assert "[exit code 3]" in (place / "release" / "release.log").read_text(encoding="utf-8")


def test_findings_end_it() -> None:
    release.refuse([])
    with pytest.raises(release.ReleaseError, match="one\ntwo"):
        release.refuse(["one", "two"])


@pytest.mark.parametrize("installed", [True, False], ids=["as here", "without GnuPG"])
def test_a_key_ring_is_gone_at_the_end(installed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not installed:
        monkeypatch.setenv("PATH", str(tmp_path))
    with release.key_ring() as folder:
        assert Path(folder).stat().st_mode & 0o777 == 0o700
    assert not Path(folder).exists()
