# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is still starting is waited for; what has never started neither fails nor delays a window."""

from __future__ import annotations

import re
from functools import partial

import pytest

FOR_EVER_S = 86_400
"""A wait for a service that never starts would be seen: the test would not end."""
LAB = r"HKLM\SYSTEM\CurrentControlSet\Services\IAS\Lab"


@pytest.fixture(scope="module")
def host(make_host):
    """Start a host and bring its services up: those that need a port before DNS draws."""
    made = make_host()
    made.exec("net stop DNS /y & net start PolicyAgent & net start IAS & net start DNS", check=False)
    return made


@pytest.fixture
def act(controller, host):
    """Give a function that runs one module once and returns its result."""
    return partial(controller.module, host)


def shown(host, service: str) -> tuple[int, int]:
    """Return state and last exit code."""
    text = host.exec(f"sc query {service}", check=False)
    return int(re.findall(r"STATE\s*:\s*(\d)", text)[0]), int(re.findall(r"WIN32_EXIT_CODE\s*:\s*(\d+)", text)[0])


def test_a_service_that_never_started_neither_fails_nor_delays_a_window(act, host) -> None:
    host.exec("sc config RemoteAccess start= auto")
    assert shown(host, "RemoteAccess") == (1, 1077)
    result = act("dns_restart", force=True, verify_timeout=FOR_EVER_S)
    assert result["_kind"] == "ok", result["msg"]
    told = act("port_verify", timeout=FOR_EVER_S)
    host.exec("sc config RemoteAccess start= disabled")
    assert shown(host, "RemoteAccess") == (1, 1077), "it was not started either"
    assert {(row["service"], row["reason"]) for row in told["failures"]} == {("RemoteAccess", "not_yet")}, told["msg"]


def test_a_rebooting_host_is_not_proved_too_early(act, host) -> None:
    written = act("port_reservations")
    assert written["_kind"] == "ok" and written["reboot_required"] is True, written["msg"]
    host.exec(rf"reg add {LAB} /v StartDelayMs /t REG_DWORD /d 25000 /f")
    result = act("host_reboot", verify_timeout=600)
    assert shown(host, "IAS")[0] == 4, "it was still starting when WinRM answered"
    host.exec(rf"reg delete {LAB} /v StartDelayMs /f")
    assert result["_kind"] == "ok" and result["changed"] is True, result["msg"]
    assert result["facts"]["services"]["IAS"]["state"] == 4
