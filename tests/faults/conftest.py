# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lab hosts in this process, with short waits on the controller's side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

import counts
import one_core
from ansible_collections.portkeeper.windows_dns.plugins.module_utils import _policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands import reboot as reboot_command
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils import _files
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._host import dns_window, lock, verify
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks import reboot, restart_group
from fault_host import FaultHost, fault_host
from matrix import written

pytest_terminal_summary = counts.pytest_terminal_summary
pytest_configure = one_core.take_core

SHORT = {
    reboot_command: {"DELAY_S": 1},
    dns_window: {"RETRY_PAUSE_S": 0.3, "GRACE_S": 3, "RESCUE_S": 20, "LOST_S": 15},
    lock: {"LEFT_S": 4, "_LOOK_S": 0.3},
    reboot: {"PAUSE_S": 1.2, "LOST_S": 6},
    verify: {"PAUSE_S": 1},
    _policy: {"_INT_BOUNDS": {**_policy._INT_BOUNDS, "window_timeout": (5, 3600), "reboot_timeout": (5, 3600)}},
}
"""Waits that only cost time here."""


@pytest.fixture(scope="session")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], FaultHost]]:
    """Give a function that starts a host of a family once."""
    running: dict[str, FaultHost] = {}
    with ExitStack() as stack:

        def host(family: str) -> FaultHost:
            if family not in running:
                work = tmp_path_factory.mktemp(family)
                running[family] = stack.enter_context(fault_host(family, work))
                running[family].save("fresh")
            return running[family]

        yield host


@pytest.fixture
def ready(hosts: Callable[[str], FaultHost], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], FaultHost]:
    """Give a function that returns a host of a family in the state ``fresh``, with its folder as controller's home.

    It has a second state, ``written``: after a run of port_reservations.
    """
    for module, values in SHORT.items():
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)

    def host(family: str) -> FaultHost:
        found = hosts(family)
        for module in (_files, restart_group, lock):
            monkeypatch.setattr(module, "home", lambda: found.home)
        if "written" not in found.baselines:
            written(found)
            found.save("written")
        found.boot_fresh()
        return found

    return host
