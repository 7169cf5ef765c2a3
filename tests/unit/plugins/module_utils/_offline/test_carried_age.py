# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The age of a carried transcript is right for dates in many formats, and for copies with a new file time."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.carried_age import collected, days_of

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("clock", "days"),
    [
        ("Mon 09/08/2008  7:41:12.53", {date(2008, 9, 8), date(2008, 8, 9)}),
        ("23.11.2026 16:00:00,00", {date(2026, 11, 23)}),
        ("2026-11-23 16:00:00,00", {date(2026, 11, 23)}),
        ("23/11/26 16:00:00.00", {date(2026, 11, 23), date(2023, 11, 26)}),
        ("2026/11/23 16:00:00.00", {date(2026, 11, 23)}),
        ("Mon 11/23/2026  4:00:00.00", {date(2026, 11, 23)}),
        ("23. 11. 2026 16:00:00.00", {date(2026, 11, 23)}),
        ("", set()),
        (None, set()),
        ("16:00:00.00", set()),
        ("99/99/2026 16:00:00.00", set()),
        ("1 2 3 4 16:00:00.00", set()),
        ("9" * 5000, set()),
    ],
)
def test_a_date_is_every_day_that_it_may_mean(clock: str | None, days: set[date]) -> None:
    assert days_of(clock) == days


@pytest.mark.parametrize("clock", ["28.11.2026 10:00:00,00", "11/28/2026 10:00:00.00", "29.11.2026  1:00:00,00"])
def test_a_file_of_the_same_day_has_its_own_time(clock: str) -> None:
    assert collected(clock, NOW - HOUR, NOW) == (NOW - HOUR, None)


def test_a_copy_does_not_make_a_transcript_younger() -> None:
    moment, told = collected("Mon 09/08/2019  7:41:12.53", NOW - HOUR, NOW)
    assert moment == datetime(2019, 8, 9, tzinfo=timezone.utc)
    assert told and "2019-08-09" in told and "2026-11-28 08:00 UTC" in told


def test_a_server_whose_clock_is_ahead_does_not_make_it_younger_either() -> None:
    moment, told = collected("01.01.2030 10:00:00,00", NOW - HOUR, NOW)
    assert moment == NOW - HOUR and told and "2030-01-01" in told


def test_settings_that_cannot_be_compared_are_reported() -> None:
    assert collected(None, NOW - HOUR, NOW)[0] == NOW - HOUR
    assert "cannot be read" in str(collected(None, NOW - HOUR, NOW)[1])
    assert collected("28.11.2026 10:00:00,00", NOW + HOUR, NOW)[0] is None
    assert "future" in str(collected("28.11.2026 10:00:00,00", NOW + HOUR, NOW)[1])
