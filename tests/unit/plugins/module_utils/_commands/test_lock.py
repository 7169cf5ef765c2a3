# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of the lock take, list and release it."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.cmd import BatchError
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.host_backup import restore_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.lock import (
    Takeover,
    lock_section,
    refuse_while_locked,
    takeover_line,
    unlock_line,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.lock_state import parse_listing

RUN = "0123456789abcdef"
LOCK = f"1764000000-{RUN}"
STALE = "1763999000-fedcba9876543210"
MARK = "window-1763999300-fedcba9876543210"


def test_the_lock_file_holds_the_boot_mark_and_a_last_line() -> None:
    text = lock_section(RUN, LOCK)
    assert r"md ..\portkeeper\lock&&(reg.exe query" in text
    assert rf"&echo end)>..\portkeeper\lock\{LOCK}" in text


def test_a_stale_lock_is_taken_over_by_renaming_exactly_that_name() -> None:
    text = takeover_line(RUN, LOCK, Takeover((STALE, MARK), (STALE,)))
    assert rf"ren ..\portkeeper\lock\{STALE} {LOCK}&&" in text
    assert rf"del ..\portkeeper\lock\{MARK}" in text and rf"rd /s /q ..\portkeeper-{STALE}" in text
    assert r"md ..\portkeeper\lock" not in text
    assert text.index("ping.exe -n 6") < text.index(r"ren ..\portkeeper\lock")


@pytest.mark.parametrize("name", ['x" & del', "lock", f"window-{RUN}", f"windows-1-{RUN}", "..", f"1-{RUN}&x"])
def test_only_lock_files_of_the_collection_are_taken_over(name: str) -> None:
    for takeover in (Takeover((name,)), Takeover((STALE, name)), Takeover((STALE,), (name,))):
        with pytest.raises(BatchError):
            takeover_line(RUN, LOCK, takeover)


def test_a_script_that_may_still_start_decides_whether_the_lock_is_taken_over() -> None:
    text = takeover_line(RUN, LOCK, Takeover((STALE,), (STALE,), (STALE,)))
    claim = text.index(rf"ren ..\portkeeper-{STALE}\token claimed.session")
    ours = r"..\portkeeper"
    assert claim < text.index(rf"(if exist {ours}-{STALE}\claimed.session (ren {ours}\lock\{STALE} {LOCK}&&")


def test_an_orphaned_lock_gets_time_before_it_is_removed() -> None:
    text = takeover_line(RUN, LOCK, Takeover())
    assert text.index("ping.exe -n 6") < text.index(r"rd ..\portkeeper\lock&&md ..\portkeeper\lock")


def test_what_is_released_is_our_own() -> None:
    text, folder = unlock_line(RUN, LOCK), r"..\portkeeper\lock"
    assert rf"(if exist {folder}\{LOCK} (del {folder}\{LOCK}&del {folder}\window-*-{RUN}&rd {folder}))" in text


def test_whose_lock_it_is() -> None:
    assert parse_listing([f"  {LOCK}\r", ""]).held_by(LOCK)
    assert not parse_listing([LOCK, f"1-{RUN}"]).held_by(LOCK)
    assert not parse_listing([LOCK, MARK]).held_by(LOCK), "the mark of a window of another run"


def test_a_script_for_the_console_is_refused_only_by_a_lock_of_the_present_boot() -> None:
    show, compare, whole = refuse_while_locked("now")
    assert show.endswith("&echo end)>now 2>nul")
    assert compare == r"for %%i in (..\portkeeper\lock\*) do (fc.exe /b %%i now>nul&&goto busy)"
    assert whole == r'findstr.exe /b /c:"end" now>nul||(if exist ..\portkeeper\lock goto busy)', "cut by a full disk"
    script = restore_script(f"20261123T160000Z-{RUN}", ["reserved_ports"])
    assert show in [line.replace(r"%b%\boot.now", "now") for line in script]
