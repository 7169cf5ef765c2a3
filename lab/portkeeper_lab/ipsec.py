# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IPsec block mode: a server that blocks its network because IPSEC Services failed at boot."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterable

from portkeeper_lab.backend import BackendError
from portkeeper_lab.paths import LabError

SERVICE = "PolicyAgent"
PORT_TAKEN = (10048, 10013)
INTERVAL = 0.5
"""Seconds between two looks at the service."""
RUNNING = re.compile(r"^ +STATE +: 4 ", re.MULTILINE)

Run = Callable[[str], tuple[int, bytes, bytes]]


class BlockMode:
    """Whether the IPsec driver of one host lets nothing through.

    It begins at a boot at which the service is to start and finds its port taken, and ends when the service runs or the
    host goes down. The service's start decides, and not the port: a driver in block mode waits for its policy agent.
    """

    def __init__(self, run: Run, log: Callable[[str], None]) -> None:
        """Take how to run a command on the host, and where to log."""
        self._run = run
        self._log = log
        self._boots = itertools.count(1)
        self._blocked_boot = 0
        self._ended = threading.Event()

    @property
    def active(self) -> bool:
        """Whether the network is blocked now."""
        return self._blocked_boot != 0

    def on_boot(self, started: Iterable[tuple[str, int]]) -> None:
        """Begin where it must.

        Args:
            started: (service, exit code of its start) for each service that the boot started.
        """
        if not any(name == SERVICE and code in PORT_TAKEN for name, code in started):
            return
        self._blocked_boot = next(self._boots)
        self._ended.clear()
        self._log(f"{SERVICE} found its port taken: IPsec blocks the network")
        threading.Thread(target=self._watch, args=(self._blocked_boot,), name="ipsec", daemon=True).start()

    def end(self) -> None:
        """The host goes down, or for good."""
        self._blocked_boot = 0
        self._ended.set()

    def _watch(self, boot: int) -> None:
        while not self._ended.wait(INTERVAL) and self._blocked_boot == boot:
            try:
                _code, output, _error = self._run(f"sc query {SERVICE}")
            except (BackendError, LabError):
                continue
            if RUNNING.search(output.decode("ascii", "replace")) and self._blocked_boot == boot:
                self._blocked_boot = 0
                self._log(f"{SERVICE} runs: the network is open")
