# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An opened window is reported as a change, even if it or the connection fails."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.exchange import Exchange
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._host.window_case import Case, run_on
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    run_on(monkeypatch)


@pytest.mark.parametrize(
    ("scheduler", "lost", "told", "doubt"),
    [
        ("works", ("begin finish",), "could not be read afterwards", False),
        ("works", ("begin create", "begin abort"), "lost the connection", True),
        ("hangs", ("begin window", "begin abort"), "look at its console", True),
        ("hangs", (), "did not end the window", False),
    ],
)
def test_a_window_that_was_opened_is_a_change(scheduler: str, lost: tuple[str, ...], told: str, doubt: bool) -> None:
    case = Case(FakeHost(scheduler=scheduler))
    answer = case.host.answer

    def loses(line: str) -> bytes:
        whole = answer(line)
        if any(section in line for section in lost):
            raise ConnectionResetError("gone")
        return whole

    case.host.answer = loses  # type: ignore[method-assign]
    with pytest.raises(HostFailure, match=told) as caught:
        case.open()
    assert caught.value.details["changed"] is True
    assert caught.value.details["dns_may_be_stopped"] is doubt


def test_the_last_look_at_a_slow_script_ends_before_its_command_too() -> None:
    """A look that outlasts its command loses the connection, and with it the end of the window."""
    case = Case(FakeHost(scheduler="hangs"))
    case.exchange = Exchange(case.session, case.gathered.run, "restart", 10)
    rescue = case.host._on_rescue

    def ends() -> tuple[str, int]:
        case.host.ended = True
        return rescue()

    case.host._on_rescue = ends  # type: ignore[method-assign]
    with pytest.raises(HostFailure, match="did not end the window"):
        case.open()
    looks = [line for line in case.host.lines if "begin window" in line]
    assert case.host.locks is None and len(looks) > 1
    assert all("(1,1,2)" in look for look in looks)
