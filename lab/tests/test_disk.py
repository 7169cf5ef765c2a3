# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A drive of a fixed size fills up on demand; any other drive is never filled."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from portkeeper_lab.disk import Disk, unmount
from portkeeper_lab.paths import LabError


def test_a_full_drive_takes_new_files_and_nothing_in_them(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 1)
    disk.mount()
    try:
        (disk.place / "before").write_bytes(b"whole")
        disk.fill()
        (disk.place / "empty").touch()
        with pytest.raises(OSError) as caught:
            (disk.place / "cut").write_bytes(b"lost")
        assert caught.value.errno == errno.ENOSPC
        assert (disk.place / "cut").read_bytes() == b"" and (disk.place / "before").read_bytes() == b"whole"
        disk.free()
        (disk.place / "cut").write_bytes(b"found")
    finally:
        unmount(tmp_path)
    assert not disk.place.is_mount() and list(disk.place.iterdir()) == []


def test_the_drive_of_this_machine_is_never_filled(tmp_path: Path) -> None:
    disk = Disk(tmp_path, None)
    disk.mount()
    with pytest.raises(LabError, match="disk_mb"):
        disk.fill()
    assert list(tmp_path.iterdir()) == []
