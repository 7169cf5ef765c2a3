# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts for the lab's tests. Creating namespaces needs root."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from counts import pytest_terminal_summary  # noqa: F401 - a hook
from one_core import take_core as pytest_configure  # noqa: F401 - a hook
from portkeeper_lab.host import WineHost
from portkeeper_lab.scenario import Scenario, find_scenario, load_scenario

EventLog = list[str]
Eventually = Callable[[Callable[[], object], float], None]


@pytest.fixture(scope="session")
def sbs2003() -> Scenario:
    """The scenario of the demo."""
    return load_scenario(find_scenario("sbs2003"))


@pytest.fixture(scope="session")
def host_log() -> EventLog:
    """What the session's host has logged."""
    return []


@pytest.fixture(scope="session")
def session_host(sbs2003: Scenario, host_log: EventLog, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WineHost]:
    """One running SBS 2003 host for the whole session; tests leave its services as they found them."""
    made = WineHost(sbs2003, tmp_path_factory.mktemp("lab") / "prefix", host_log.append)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def host(session_host: WineHost, eventually: Eventually) -> WineHost:
    """The session's host, when it can be reached: the test before may have rebooted it."""
    eventually(session_host.is_reachable, 30.0)
    return session_host


@pytest.fixture(scope="session")
def drive_c(session_host: WineHost) -> Path:
    r"""The session host's C:\ as seen from outside."""
    return session_host.prefix / "drive_c"


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    """Give a function that waits until a condition holds and fails when it does not in time."""

    def wait(condition: Callable[[], object], seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"did not come true within {seconds} s"
            time.sleep(0.05)

    return wait
