# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On battery power a window starts only if its task was created from a definition file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from fault_host import FaultHost
from portkeeper_lab.scenario import LAB_KEY

ON_BATTERY = "OnBattery /t REG_DWORD /d 1"
REFUSES_THE_FILE = "ToolBugs /t REG_MULTI_SZ /d schtasks_xml"


@contextmanager
def lab_values(host: FaultHost, *values: str) -> Iterator[None]:
    """The values that steer the lab's tools."""
    for value in values:
        host.cmd(f"reg add {LAB_KEY} /v {value} /f")
    try:
        yield
    finally:
        for value in values:
            host.cmd(f"reg delete {LAB_KEY} /v {value.split()[0]} /f")


def test_from_vista_on_a_window_opens_on_battery(ready: Callable[[str], FaultHost]) -> None:
    host = ready("nt6")
    host.conflict()
    with lab_values(host, ON_BATTERY):
        result = host.act("dns_restart", window_timeout=20)
    assert not result.get("failed"), result["msg"]
    assert host.runs("DNS") and host.runs(host.victim) and host.runs("WINS")
    assert host.glance().tasks == 0


def test_where_the_file_is_refused_a_window_opens_on_mains_power(ready: Callable[[str], FaultHost]) -> None:
    host = ready("nt6")
    host.conflict()
    with lab_values(host, REFUSES_THE_FILE):
        result = host.act("dns_restart", window_timeout=20)
    assert not result.get("failed"), result["msg"]
    assert host.runs("DNS") and host.runs(host.victim) and host.runs("WINS")
    assert host.glance().tasks == 0


@pytest.mark.parametrize(("family", "values"), [("nt5", ()), ("nt6", (REFUSES_THE_FILE,))])
def test_on_battery_nothing_is_stopped_and_the_result_says_why(
    family: str, values: tuple[str, ...], ready: Callable[[str], FaultHost]
) -> None:
    """The Task Scheduler says that it has started the task."""
    host = ready(family)
    host.conflict()
    with lab_values(host, ON_BATTERY, *values):
        result = host.act("dns_restart", window_timeout=6)
    assert result["failed"] and "mains power" in result["msg"]
    assert result["dns_may_be_stopped"] is False and host.runs("DNS")
    host.new_call()
    assert not host.act("dns_restart", window_timeout=20).get("failed")
    assert host.glance().tasks == 0
