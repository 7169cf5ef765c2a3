# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""If a host reboots at any step of a window, the next runs clean up without manual steps."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fault_host import FaultHost

WINDOW_S = 30
"""Long enough for a window on a busy machine; a run waits for all of it when its host has rebooted."""
FULL = os.environ.get("PORTKEEPER_FAULTS") == "full"


def _seen(folder: Path, name: str, text: str = "") -> bool:
    """Return whether a file of a window is there, and holds a text."""
    for path in folder.parent.glob(f"portkeeper-[0-9]*/{name}"):
        try:
            return text in path.read_text(encoding="ascii", errors="replace")
        except OSError:
            return False
    return False


STEPS: dict[str, Callable[[Path], bool]] = {
    "locked": lambda folder: any(folder.glob("lock/*")),
    "ready": lambda folder: _seen(folder, "token"),
    "claimed": lambda folder: _seen(folder, "claimed"),
    "stopped": lambda folder: _seen(folder, "steps", "stop_dns"),
    "victim": lambda folder: _seen(folder, "steps", "start "),
    "started": lambda folder: _seen(folder, "steps", "start_dns"),
    "ended": lambda folder: _seen(folder, "end"),
}
"""By name, what the window has come to when the host reboots."""

SHORT = {"nt5": ("stopped",), "nt6": ("ready",)}


@pytest.mark.parametrize(
    ("family", "step"),
    [(family, step) for family in ("nt5", "nt6") for step in (STEPS if FULL else SHORT[family])],
)
def test_a_host_that_reboots_during_a_window_can_be_written_to(
    family: str, step: str, ready: Callable[[str], FaultHost]
) -> None:
    host = ready(family)
    host.conflict()
    result: dict[str, Any] = {}

    def window() -> None:
        result.update(host.act("dns_restart", window_timeout=WINDOW_S, verify_timeout=5, force=True))

    run = threading.Thread(target=window)
    run.start()
    reached = _reached(lambda: STEPS[step](host.folder), run)
    host.host.reboot()
    run.join()
    assert host.wait(host.answers, 60)
    if reached:
        assert isinstance(result.get("dns_may_be_stopped", False), bool)
    for number in range(2):
        host.new_call()
        later = host.act("port_reservations", extra_ports=[f"5010{number}"])
        assert not later.get("failed") and not later.get("unreachable"), f"run {number + 1}: {later['msg']}"
        assert not (host.folder / "lock").exists(), f"run {number + 1} left a lock"
    host.new_call()
    again = host.act("dns_restart", window_timeout=WINDOW_S, verify_timeout=5, force=True)
    assert not (host.folder / "lock").exists(), again["msg"]
    assert host.runs("DNS"), again["msg"]
    assert host.window_folders() == [], "what a window left on the host is cleaned"


def _reached(condition: Callable[[], bool], run: threading.Thread) -> bool:
    """Wait for a step of the window; False when the run ended without it."""
    while run.is_alive():
        if condition():
            return True
        time.sleep(0.005)
    return condition()
