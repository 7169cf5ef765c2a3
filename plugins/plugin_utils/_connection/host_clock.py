# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the host's time from the `Date` header of its HTTP answers (RFC 9110: always GMT, always in English).

What the host's command processor prints as date and time is local, without its zone, and in the account's format.
"""

from __future__ import annotations

import email.utils
from collections.abc import Callable
from typing import Any


class HostClock:
    """The time in the newest answer of the host."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Start without a time.

        Args:
            monotonic: seconds of the controller's monotonic clock, for the time since the answer.
        """
        self._monotonic = monotonic
        self._said: tuple[int, float] | None = None

    def now(self) -> int | None:
        """Return UTC seconds of the host's clock; None if no answer contained it, as over a transport without HTTP."""
        if self._said is None:
            return None
        seconds, at = self._said
        return seconds + int(self._monotonic() - at)

    def heard(self, date: object) -> None:
        """Take the value of a header, and ignore one that is not a date in GMT."""
        seconds = utc_seconds(date)
        if seconds is not None:
            self._said = seconds, self._monotonic()

    def listen(self, session: Any) -> None:  # noqa: ANN401 (of requests)
        """Read every answer that a session of `requests` gets from now on."""
        hooks = getattr(session, "hooks", None)
        if isinstance(hooks, dict) and self._answered not in hooks.setdefault("response", []):
            hooks["response"].append(self._answered)

    def _answered(self, response: Any, *_args: object, **_options: object) -> None:  # noqa: ANN401 (of requests)
        self.heard(response.headers.get("Date"))


def utc_seconds(date: object) -> int | None:
    """Return UTC seconds of an HTTP date such as `Sun, 06 Nov 1994 08:49:37 GMT`; None for anything else."""
    if not isinstance(date, str) or len(date) > 64 or not date.endswith(" GMT"):
        return None
    try:
        seconds = int(email.utils.parsedate_to_datetime(date).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return seconds if seconds > 0 else None
