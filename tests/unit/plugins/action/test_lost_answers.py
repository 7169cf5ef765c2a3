# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""If any answer is lost, a change on the host is never reported as unchanged."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.action import (
    dns_restart,
    host_reboot,
    port_reservations,
    port_rollback,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import isolate, run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.test_way_back import LivelyHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import (
    MARK,
    RUNNING,
    STOPPED,
    Service,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

COMMANDS_MAX = 12


def owing(host: LivelyHost) -> None:
    """WINS ran before a window, and does not run."""
    host.services["WINS"] = Service(STOPPED, 0, 1077)
    host.state["ran_before"] = {"value": "DNS,WINS", "boot_mark": MARK}


def ended(host: LivelyHost) -> None:
    """All that ran before a window runs again."""
    host.state["ran_before"] = {"value": "DNS", "boot_mark": MARK}


def reserved(host: LivelyHost) -> None:
    """An earlier run has written the list, and left a backup."""
    run_task(port_reservations, FakeWire(host), {})


def rebooted(host: LivelyHost) -> None:
    """The same, rebooted since; and all that ran before a window runs again."""
    reserved(host)
    host.mark = "00112233445566FE"
    ended(host)


def nothing(_host: LivelyHost) -> None:
    """The host is as it is."""


PATHS: dict[str, tuple[Any, dict[str, Any], Callable[[LivelyHost], None]]] = {
    "reservations written": (port_reservations, {}, nothing),
    "reservations written, else rolled back": (port_reservations, {"on_failure": "rollback"}, nothing),
    "records written": (port_reservations, {"extra_ports": ["3343"], "detect": False}, nothing),
    "record ended": (port_reservations, {"detect": False}, ended),
    "backup put back": (port_rollback, {}, reserved),
    "window": (dns_restart, {"force": True}, nothing),
    "start of what ran before": (dns_restart, {}, owing),
    "record ended by dns_restart": (dns_restart, {}, ended),
    "reboot": (host_reboot, {"force": True}, reserved),
    "record ended by host_reboot": (host_reboot, {}, rebooted),
}


def shown(host: LivelyHost) -> Any:
    """Return everything that a user would call a change."""
    pids = {name: (row.state, row.pid) for name, row in host.services.items()}
    return copy.deepcopy((host.reserved, host.pool_size, host.state, host.machine, host.mark, pids))


@pytest.mark.parametrize("arrives", [True, False], ids=["behind", "before"])
@pytest.mark.parametrize("path", sorted(PATHS))
def test_a_lost_answer_never_hides_a_change(
    path: str, arrives: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    action, options, prepare = PATHS[path]
    changes = lies = 0
    for lost in range(1, COMMANDS_MAX):
        with monkeypatch.context() as patch:
            isolate(patch, tmp_path / str(lost))
            host = LivelyHost(
                services={"DNS": Service(RUNNING, 1484), "IAS": Service(RUNNING, 1600)},
                udp=[(53, 1484), *((port, 1600) for port in (1645, 1646, 1812, 1813))],
            )
            prepare(host)
            before = shown(host)
            wire = FakeWire(host)
            (wire.receive_faults if arrives else wire.faults)[lost] = ConnectionResetError("gone")
            result = run_task(action, wire, options)
            changed = shown(host) != before
        changes += changed
        lies += changed and not result["changed"]
        assert not lies, f"{path}: command {lost}: {result['msg']}"
    assert changes, "the path changes something"
