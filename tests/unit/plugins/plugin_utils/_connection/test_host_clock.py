# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's clock is read from its HTTP answers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import requests

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.host_clock import (
    HostClock,
    utc_seconds,
)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
        # One second before and after the last hour of daylight saving time in most of Europe.
        ("Sun, 25 Oct 2026 00:59:59 GMT", 1_792_889_999),
        ("Sun, 25 Oct 2026 01:00:00 GMT", 1_792_890_000),
        ("Tue, 03 Nov 2026 13:00:00 GMT", 1_793_710_800),
        ("Thu, 11 Mar 2026 01:00:00 GMT", 1_773_190_800),
        ("Sun, 06 Nov 1994 08:49:37 +0200", None),
        ("06.11.2026 01:00:00", None),
        ("11/06/2026 1:00:00 PM", None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 99999999999999 08:49:37 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("x" * 10_000 + " GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_only_a_date_of_http_is_a_time(header: object, seconds: int | None) -> None:
    assert utc_seconds(header) == seconds


def test_it_goes_on_between_two_answers() -> None:
    ticks = [100.0]
    clock = HostClock(lambda: ticks[0])
    assert clock.now() is None
    clock.heard("Sun, 06 Nov 1994 08:49:37 GMT")
    ticks[0] += 90.5
    assert clock.now() == 784_111_777 + 90
    clock.heard("nonsense")
    assert clock.now() == 784_111_777 + 90, "what is no date changes nothing"


def test_it_hears_each_answer_of_a_connection_once() -> None:
    session = requests.Session()
    clock = HostClock(lambda: 0.0)
    for _shell in range(2):
        clock.listen(session)
    (hook,) = session.hooks["response"]
    hook(SimpleNamespace(headers={"Date": "Sun, 06 Nov 1994 08:49:37 GMT"}), timeout=3)
    assert clock.now() == 784_111_777


def test_a_connection_without_http_tells_no_time() -> None:
    clock = HostClock(lambda: 0.0)
    clock.listen(None)
    assert clock.now() is None
