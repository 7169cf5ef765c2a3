# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an action as the task executor does, on a host in memory and with its own controller home."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils import _files
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host import dns_window, lock, verify
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks import reboot, restart_group
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeConnection,
    FakeWire,
)

TASK_VARS = {
    "inventory_hostname": "client01",
    "ansible_play_hosts": ["client01"],
    "ansible_play_hosts_all": ["client01"],
}


class Clock:
    """Time that passes while somebody waits, and a little with each look at it; at each second something may happen."""

    LOOK_S = 0.01

    def __init__(self) -> None:
        self.now = 0.0
        self.slept = 0.0
        self.then: dict[float, Callable[[], None]] = {}

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        self.now += self.LOOK_S
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let them pass."""
        self.now += seconds
        self.slept += seconds
        for at in [at for at in self.then if at <= self.slept]:
            self.then.pop(at)()


def isolate(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Clock:
    """Put the controller's files below a folder, resolve every name without a server, and fake the time."""
    clock = Clock()
    for module in (dns_window, reboot, verify):
        monkeypatch.setattr(module, "time", clock)
    for module in (_files, restart_group, lock):
        monkeypatch.setattr(module, "home", lambda: folder / "home")
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_options: [(2, 1, 6, "", ("192.0.2.7", 5985))])
    return clock


def run_task(
    action: ModuleType, wire: FakeWire, options: dict[str, Any], check: bool = False, **keywords: Any
) -> dict[str, Any]:
    """Return the result of a task.

    Args:
        action: the plugin's file.
        wire: to the host.
        options: of the task.
        check: whether in check mode.
        **keywords: of the task, for example `timeout`.
    """
    name = action.__name__.rpartition(".")[2]
    connection = FakeConnection(wire)
    connection._shell = SimpleNamespace(tmpdir=None)  # type: ignore[attr-defined]
    made = action.ActionModule(
        task=SimpleNamespace(
            args=options,
            check_mode=check,
            async_val=0,
            action=name,
            environment=None,
            diff=True,
            run_once=False,
            **keywords,
        ),
        connection=connection,
        play_context=SimpleNamespace(check_mode=check, diff=True),
        loader=None,
        templar=None,
        shared_loader_obj=None,
    )
    made._load_name = name
    result: dict[str, Any] = made.run(task_vars=dict(TASK_VARS))
    return result
