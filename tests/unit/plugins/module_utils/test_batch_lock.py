# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock on the host as text, and whose it is."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_lock import (
    STALE_AFTER,
    lock_section,
    parse_listing,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch_text import BatchError

RUN = "0123456789abcdef"
LOCK = f"1764000000-{RUN}"


def test_a_stale_lock_is_taken_over_by_renaming_exactly_that_name() -> None:
    text = lock_section(RUN, LOCK, stale="1763999000-fedcba9876543210")
    assert rf"ren ..\portkeeper\lock\1763999000-fedcba9876543210 {LOCK}" in text
    assert "md ..\\portkeeper\\lock" not in text
    with pytest.raises(BatchError):
        lock_section(RUN, LOCK, stale='x" & del')


def test_an_orphaned_lock_gets_time_before_it_is_removed() -> None:
    text = lock_section(RUN, LOCK, orphan=True)
    assert text.index("ping.exe -n 3") < text.index(r"rd ..\portkeeper\lock") < text.index(r"md ..\portkeeper\lock")


@pytest.mark.parametrize(
    ("listing", "now", "stale"),
    [
        ([f"1764000000-{RUN}"], 1764000000 + STALE_AFTER, None),
        ([f"1764000000-{RUN}"], 1764000001 + STALE_AFTER, f"1764000000-{RUN}"),
        ([f"1764000000-{RUN}", f"window-1764009999-{RUN}"], 1764005000, None),
        ([f"1764000000-{RUN}", f"window-1764009999-{RUN}"], 1764010000, f"1764000000-{RUN}"),
        ([f"1764000000-{RUN}", "something else"], 1764010000, None),
        ([f"1764000000-{RUN}", f"1764000001-{RUN}"], 1764010000, None),
        ([], 1764010000, None),
    ],
)
def test_when_a_lock_is_stale(listing: list[str], now: int, stale: str | None) -> None:
    assert parse_listing(listing).stale_name(now) == stale


def test_whose_lock_it_is() -> None:
    assert parse_listing([f"  {LOCK}\r", ""]).held_by(LOCK)
    assert not parse_listing([LOCK, f"1-{RUN}"]).held_by(LOCK)
    assert parse_listing([LOCK]).held_since() == 1764000000
