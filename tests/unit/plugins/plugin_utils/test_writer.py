# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the controller: permissions, links, full disks, shared folders."""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path

import pytest
from ansible.errors import AnsibleError

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils import _writer
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._files import (
    BackupStore,
    artifact_path,
    write_json,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._offline.kit import (
    OfflineError,
    make_kit,
    write_kit,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._writer import open_private, read_plain, write_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_umask() -> object:
    """The umask of a careless user must not matter."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_files_and_folders_are_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "kit" / "client" / "file"
    write_file(path, b"one", base=tmp_path / "kit")
    write_file(path, b"two", base=tmp_path / "kit")
    assert path.read_bytes() == b"two" and mode(path) == 0o600
    assert mode(path.parent) == mode(tmp_path / "kit") == 0o700
    write_file(path, b"three", 0o640)
    assert mode(path) == 0o640
    assert [entry.name for entry in path.parent.iterdir()] == ["file"], "nothing temporary stays"


def test_what_a_killed_writer_left_is_removed_a_day_later(tmp_path: Path) -> None:
    old, young, foreign = (tmp_path / name for name in (f".portkeeper-{'a' * 16}", f".portkeeper-{'b' * 16}", ".other"))
    link, folder = (tmp_path / f".portkeeper-{letter * 16}" for letter in "cd")
    target = tmp_path / "target"
    for path in (old, young, foreign, target):
        path.write_bytes(b"half")
    link.symlink_to(target)
    folder.mkdir()
    yesterday = time.time() - 86_500
    for path in (old, foreign, target, folder):
        os.utime(path, (yesterday, yesterday))
    os.utime(link, (yesterday, yesterday), follow_symlinks=False)
    write_file(tmp_path / "file", b"whole", durable=False)
    assert old.exists(), "a check over many hosts does not look through the folder for each of its files"
    write_file(tmp_path / "file", b"whole")
    assert not old.exists()
    assert all(path.exists() for path in (young, foreign, target, folder)) and link.is_symlink()


def test_a_link_of_the_files_name_is_replaced_and_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"not ours")
    (tmp_path / "file").symlink_to(other)
    write_file(tmp_path / "file", b"ours")
    assert other.read_bytes() == b"not ours"
    assert not (tmp_path / "file").is_symlink() and (tmp_path / "file").read_bytes() == b"ours"


def test_a_folder_that_we_made_and_that_is_a_link_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    base = tmp_path / "artifacts"
    base.mkdir()
    (base / "night").symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(AnsibleError, match="is a link"):
        write_json(artifact_path(str(base), "night", "client01"), {}, base=base)
    assert list(elsewhere.iterdir()) == []


def test_a_folder_of_the_user_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    BackupStore("client01", str(tmp_path / "link" / "backups")).save("20261123T160000Z-0123456789abcdef", {})
    assert list((tmp_path / "real" / "backups" / "client01").iterdir())


def test_the_offline_kit_follows_no_link_and_shows_nothing_of_its_target(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"a secret of somebody else")
    folder, files = make_kit(tmp_path / "carry", "c1")
    write_kit(tmp_path / "carry", folder, files, check_mode=False)
    assert {mode(path) for path in folder.iterdir()} == {0o600} and mode(folder) == 0o700
    (folder / "README.txt").unlink()
    (folder / "README.txt").symlink_to(secret)
    result = write_kit(tmp_path / "carry", folder, files, check_mode=False)
    assert result["written"] == ["README.txt"] and "a secret" not in str(result["diff"])
    assert secret.read_bytes() == b"a secret of somebody else"
    (folder / "HOST1").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(OfflineError, match="is a link"):
        write_kit(tmp_path / "carry", folder, {"HOST1/apply.cmd": b"x"}, check_mode=False)
    assert not (tmp_path / "apply.cmd").exists()


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    write_file(tmp_path / "file", b"old")

    def full(_handle: int) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(_writer.os, "fsync", full)
    with pytest.raises(OSError):
        write_file(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_shared_folder_without_permissions_is_warned_of_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(_writer, "_warned", set())
    monkeypatch.setattr(_writer, "Display", type("", (), {"warning": lambda _self, text: told.append(text)}))

    def refused(_handle: int, _mode: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    real = os.open
    monkeypatch.setattr(_writer.os, "fchmod", refused)
    monkeypatch.setattr(_writer.os, "open", lambda path, flags, _mode=0o777, **more: real(path, flags, 0o666, **more))
    for name in ("one", "two"):
        write_file(tmp_path / name, b"x")
        assert (tmp_path / name).read_bytes() == b"x"
    assert len(told) == 1 and "does not keep permissions" in told[0]


def test_lock_files_are_no_links_either(tmp_path: Path) -> None:
    with open_private(tmp_path / "locks" / "x.lock") as stream:
        assert stream.writable()
    assert mode(tmp_path / "locks" / "x.lock") == 0o600
    (tmp_path / "locks" / "y.lock").symlink_to(tmp_path / "made-by-the-link")
    with pytest.raises(OSError):
        open_private(tmp_path / "locks" / "y.lock")
    assert not (tmp_path / "made-by-the-link").exists()


def test_only_a_plain_file_is_read(tmp_path: Path) -> None:
    assert read_plain(tmp_path / "none") is None
    os.mkfifo(tmp_path / "pipe")
    assert read_plain(tmp_path / "pipe") is None
    write_file(tmp_path / "file", b"x")
    assert read_plain(tmp_path / "file") == b"x"
