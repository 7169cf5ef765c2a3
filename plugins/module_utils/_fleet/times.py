# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse the times in artifacts, compare them with the current time, and format them for a report."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_TIME_RE = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|\+00:00)\Z", re.ASCII)
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def parse_time(text: object) -> datetime | None:
    """Read ``2026-01-02T03:04:05Z``. Anything else gives None, also other time zones.

    Fractions of a second are dropped.
    """
    match = _TIME_RE.match(text) if isinstance(text, str) else None
    if match is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(part) for part in match.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
    except ValueError:
        return None


def time_text(moment: datetime) -> str:
    """Format the time as ``parse_time`` reads it."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock_text(moment: datetime) -> str:
    """Format the time for people, to the minute."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def span_text(span: timedelta) -> str:
    """Format a time span in hours, or in days from three days on, rounded down."""
    hours = int(span.total_seconds()) // 3_600
    return f"{hours} h" if hours < 72 else f"{hours // 24} d"


def age_text(age: timedelta | None) -> str:
    """Format an age in its largest unit, rounded down: ``3 d``, ``5 h``, ``12 min``; ``unknown`` without an age."""
    if age is None:
        return "unknown"
    seconds = int(age.total_seconds())
    if seconds < 0:
        return "in the future"
    return next((f"{seconds // length} {unit}" for length, unit in _UNITS if seconds >= length), "now")
