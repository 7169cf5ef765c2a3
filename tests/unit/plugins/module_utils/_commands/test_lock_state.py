# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In every state of the lock's folder, the lock is taken over, or refused with what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.lock import CLEARING, Takeover
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.lock_state import (
    LONGEST_WINDOW,
    STALE_AFTER,
    Boot,
    LockState,
    decide_takeover,
    parse_boot,
    parse_listing,
    parse_survey,
)

NOW = 1_800_000_000
A, B = "a" * 16, "b" * 16
YEAR = 366 * 86_400
OLD_BOOT, BOOT = Boot("01", None), Boot("02", None)


def lock(age: int, nonce: str = A) -> str:
    return f"{NOW - age}-{nonce}"


def mark(left: int, nonce: str = A) -> str:
    return f"window-{NOW + left}-{nonce}"


def state(*names: str, **more: object) -> LockState:
    return replace(parse_listing(names), **more)  # type: ignore[arg-type]


def test_a_window_that_ended_with_the_host_is_taken_over_with_its_mark() -> None:
    found = state(lock(7200), mark(-6900))
    assert decide_takeover(found, NOW, 0) == Takeover((lock(7200), mark(-6900)))


@pytest.mark.parametrize(
    ("names", "now", "taken"),
    [
        ((lock(STALE_AFTER),), NOW, False),
        ((lock(STALE_AFTER + 1),), NOW, True),
        ((lock(STALE_AFTER + 1), mark(300)), NOW, False),
        ((lock(STALE_AFTER + 1), lock(5, B)), NOW, False),
        ((lock(7200), lock(7000, B)), NOW, True),
        ((mark(-1),), NOW, True),
        ((mark(10),), NOW, False),
        ((lock(-5),), NOW, False),
        ((lock(-YEAR),), NOW, False),
        ((lock(-YEAR),), NOW + YEAR + STALE_AFTER + 1, True),
        ((mark(YEAR),), NOW, False),
        ((lock(7200),), None, False),
        ((f"0-{A}",), NOW, False),
        ((), NOW, True),
    ],
)
def test_by_the_hosts_clock(names: tuple[str, ...], now: int | None, taken: bool) -> None:
    assert isinstance(decide_takeover(state(*names), now, 0), Takeover) is taken


@pytest.mark.parametrize("names", [(lock(-YEAR),), (mark(YEAR),), (f"0-{A}",), (lock(-YEAR), lock(-YEAR, B))])
@pytest.mark.parametrize("now", [NOW, None])
def test_a_time_that_cannot_be_compared_is_named_and_ends(names: tuple[str, ...], now: int | None) -> None:
    refusal = decide_takeover(state(*names), now, STALE_AFTER)
    assert isinstance(refusal, str) and CLEARING in refusal and "10 minutes" in refusal
    assert decide_takeover(state(*names), now, STALE_AFTER + 1) == Takeover(state(*names).files)


def test_a_jump_of_the_clock_never_takes_a_window_over() -> None:
    at_work = state(lock(5), mark(295), windows={lock(5): frozenset({"run.cmd", "claimed", "steps"})})
    for now in (NOW, NOW + 1200, NOW + YEAR, NOW - YEAR, None):
        for watched in (0, STALE_AFTER + 1, YEAR):
            refusal = decide_takeover(at_work, now, watched)
            assert isinstance(refusal, str) and "has not ended" in refusal and CLEARING in refusal


def test_a_lock_of_an_earlier_boot_is_taken_over() -> None:
    windows = {lock(5): frozenset({"run.cmd", "claimed", "steps"})}
    found = state(lock(5), mark(295), windows=windows, boots={lock(5): OLD_BOOT}, boot=BOOT)
    assert decide_takeover(found, NOW, 0) == Takeover((lock(5), mark(295)), (lock(5),))
    assert isinstance(decide_takeover(replace(found, boot=OLD_BOOT), NOW, 0), str)
    assert isinstance(decide_takeover(replace(found, boot=None), NOW, 0), str), "what is not known is no other boot"
    assert isinstance(decide_takeover(replace(found, boots={lock(5): None}), NOW, 0), str)
    assert isinstance(decide_takeover(replace(found, boots={mark(295): OLD_BOOT}), NOW, 0), Takeover), (
        "a file of the same run"
    )


def test_a_script_that_may_still_start_is_kept_from_it_first() -> None:
    found = state(lock(700), windows={lock(700): frozenset({"run.cmd", "token"})})
    assert decide_takeover(found, NOW, 0) == Takeover((lock(700),), (lock(700),), (lock(700),))
    before = replace(found, boots={lock(700): OLD_BOOT}, boot=BOOT)
    assert decide_takeover(before, NOW, 0) == Takeover((lock(700),), (lock(700),), (lock(700),)), (
        "the task runs at a boot"
    )


def test_a_window_in_a_shell_ends_with_its_shell() -> None:
    files = frozenset({"run.cmd", "claimed", "unguarded"})
    found = state(lock(700), mark(10), windows={lock(700): files})
    assert isinstance(decide_takeover(found, NOW, 0), str)
    assert isinstance(decide_takeover(found, NOW + 11, 0), Takeover)


@pytest.mark.parametrize("left", [1700, YEAR])
@pytest.mark.parametrize("now", [NOW, None])
def test_a_window_in_a_shell_is_not_taken_over_because_it_was_seen_for_ten_minutes(left: int, now: int | None) -> None:
    """Its deadline may be an hour away, and nothing on the host changes while it works."""
    files = frozenset({"run.cmd", "claimed", "unguarded", "steps"})
    at_work = state(lock(700), mark(left), windows={lock(700): files})
    for watched in (0, STALE_AFTER + 1, LONGEST_WINDOW):
        assert isinstance(decide_takeover(at_work, now, watched), str)
    assert isinstance(decide_takeover(at_work, now, LONGEST_WINDOW + 1), Takeover)
    ended = replace(at_work, windows={lock(700): files | {"end"}})
    assert isinstance(decide_takeover(ended, None, STALE_AFTER + 1), Takeover)


def test_an_ended_window_is_cleaned() -> None:
    found = state(lock(700), windows={lock(700): frozenset({"claimed", "end"}), lock(9, B): frozenset({"claimed"})})
    assert decide_takeover(found, NOW, 0) == Takeover((lock(700),), (lock(700),)), "the folder of another run stays"


def test_files_that_are_not_ours_are_left_alone() -> None:
    refusal = decide_takeover(state(lock(7200), "somebody.txt"), NOW, YEAR)
    assert isinstance(refusal, str) and CLEARING in refusal


def test_more_files_than_runs_can_leave_are_named() -> None:
    refusal = decide_takeover(state(*(lock(7200, f"{number:016x}") for number in range(50))), NOW, YEAR)
    assert isinstance(refusal, str) and CLEARING in refusal


def test_a_refusal_says_the_time_only_where_there_is_one() -> None:
    assert "since" not in str(decide_takeover(state(mark(10)), NOW, 0))
    assert "since 07:59:55 UTC" in str(decide_takeover(state(lock(5)), NOW, 0))


BOOT_LINES = (
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Windows",
    "    ShutdownTime    REG_BINARY    804e3f6c21f4c801",
    r"HKEY_LOCAL_MACHINE\SYSTEM\...\PrefetchParameters",
    "    BootId\tREG_DWORD\t0x1f",
)


def test_the_boot_mark_is_read_in_both_formats_of_reg() -> None:
    assert parse_boot(BOOT_LINES) == Boot("804E3F6C21F4C801", "1F")
    assert parse_boot(["! REG.EXE VERSION 3.0", *BOOT_LINES[:2]]) == Boot("804E3F6C21F4C801", None)


@pytest.mark.parametrize("lines", [(), BOOT_LINES[2:], (*BOOT_LINES, BOOT_LINES[1])])
def test_what_is_no_boot_mark_says_nothing(lines: tuple[str, ...]) -> None:
    assert parse_boot(lines) is None


def test_a_lock_file_that_a_full_disk_cut_says_nothing() -> None:
    whole = [*BOOT_LINES, "end"]
    assert parse_boot(whole, whole=True) is not None
    for length in range(len(whole)):
        assert parse_boot(whole[:length], whole=True) is None


def test_two_boots_are_only_told_apart_by_what_both_have() -> None:
    assert Boot("01", "5").differs(Boot("01", "6")) and Boot("01", None).differs(Boot("02", "6"))
    assert not Boot("01", None).differs(Boot("01", "6")) and not Boot("01", "5").differs(None)


def test_the_survey_is_read_by_file() -> None:
    found = parse_survey(
        [lock(5), mark(295), ""],
        [f"file {lock(5)}", *BOOT_LINES, "end", f"file {mark(295)}", *BOOT_LINES],
        [f"window {lock(5)}", "run.cmd", "claimed", "window somebody's", "claimed"],
        BOOT_LINES,
    )
    assert found.boots == {lock(5): parse_boot(BOOT_LINES), mark(295): None}
    assert found.windows == {lock(5): frozenset({"run.cmd", "claimed"})}
    assert not found.of_earlier_boot(lock(5))
