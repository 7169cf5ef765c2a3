# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute the age of a transcript that a person carried to the controller.

The time of its file is exact, but copying the file may change it. The transcript contains the server's clock, as local
time without a zone and in the format of the account. Only the day of that can be compared, and only as a set of days
that the text may mean.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

_TIME = re.compile(r"[0-9]{1,2}[:.,][0-9]{2}[:.,][0-9]{2}[.,][0-9]{2}\s*$")
_DAY = timedelta(days=1)
"""A local day may be one ahead of UTC or one behind it."""


def days_of(clock: str | None) -> frozenset[date]:
    """Return the days that a date in an account's format may mean; none without three numbers.

    Args:
        clock: `%DATE% %TIME%` of cmd, for example `Mon 09/08/2008  7:41:12.53`.
    """
    numbers = re.findall(r"[0-9]+", _TIME.sub("", clock or ""))
    if len(numbers) != 3 or any(len(number) > 4 for number in numbers):
        return frozenset()
    one, two, three = numbers
    orders = [(one, two, three)] if len(one) == 4 else [(three, two, one), (three, one, two)]
    if all(len(number) <= 2 for number in numbers):
        orders.append((one, two, three))
    return frozenset(day for order in orders for day in [_day(*order)] if day)


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year) + (2000 if len(year) <= 2 else 0), int(month), int(day))
    except ValueError:
        return None


def collected(clock: str | None, written: datetime, now: datetime) -> tuple[datetime | None, str | None]:
    """Return when a transcript was made, as far as that is certain, and what to say about it.

    Args:
        clock: the server's own clock.
        written: of the file, in UTC.
        now: in UTC.

    Returns:
        The older of the two times, None where the file is from the future; and a sentence where they differ by more
        than a time zone can explain, or cannot be compared.
    """
    if written > now:
        return None, f"the time of its file, {_shown(written)}, lies in the future, so its age is not known"
    days = days_of(clock)
    if not days:
        return written, "the date in it cannot be read, so its age is that of its file alone"
    if any(abs(day - written.date()) <= _DAY for day in days):
        return written, None
    oldest = min(days)
    at = datetime(oldest.year, oldest.month, oldest.day, tzinfo=timezone.utc)
    other = f"but the clock of the server said {oldest.isoformat()}: the older one is used"
    return min(at, written), f"its file is of {_shown(written)}, {other}"


def _shown(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
