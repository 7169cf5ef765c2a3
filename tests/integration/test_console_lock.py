# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts for the console stop where a run may hold the lock, also if the present boot cannot be written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import wrap
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.lock import (
    lock_section,
    refuse_while_locked,
    unlock_line,
)
from portkeeper_lab.control import ask_once

RUN = "0123456789abcdef"
LOCK = f"1764000000-{RUN}"
WRITABLE, UNWRITABLE = r"..\now.txt", r"..\nowhere\now.txt"


@pytest.mark.parametrize("present", [WRITABLE, UNWRITABLE])
@pytest.mark.parametrize("locked", [False, True])
def test_a_lock_counts_unless_it_is_proved_to_be_of_another_boot(lab_host, present: str, locked: bool) -> None:
    drive = Path(ask_once(lab_host.name, {"op": "info"})["prefix"]) / "drive_c"
    lines = [
        "@echo off",
        r"cd /d %SystemRoot%\system32||exit /b 1",
        *refuse_while_locked(present),
        "echo free",
        "exit /b 0",
        ":busy",
        "echo busy",
    ]
    (drive / "console.cmd").write_bytes("".join(f"{line}\r\n" for line in lines).encode("ascii"))
    if locked:
        lab_host.exec(wrap(RUN, [lock_section(RUN, LOCK)]))
    try:
        assert lab_host.exec(r"C:\console.cmd", check=False).split() == ["busy" if locked else "free"]
    finally:
        lab_host.exec(unlock_line(RUN, LOCK), check=False)
