# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SSH server in front of a lab host of this process, with counted steps: a session's command, each line of input."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portkeeper_lab.host import WineHost
from portkeeper_lab.ssh.files import KNOWN_HOSTS, USER_KEY
from portkeeper_lab.ssh.server import SSHServer
from portkeeper_lab.ssh.shells import Options


@dataclass(frozen=True)
class Armed:
    """A fault that was armed, the only one."""

    server: SSHServer

    @property
    def fired(self) -> int:
        """How often it has hit."""
        (rule,) = self.server.control({"op": "faults"})["faults"]
        return int(rule["fired"])


@dataclass(frozen=True)
class FaultSSH:
    """The server, and what a test does with it."""

    server: SSHServer

    @property
    def variables(self) -> dict[str, Any]:
        """Variables of the inventory."""
        return {
            "ansible_port": self.server.port,
            "ansible_password": None,
            "ansible_ssh_private_key_file": str(self.server.folder / USER_KEY),
            "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={self.server.folder / KNOWN_HOSTS}",
            "ansible_ssh_args": "",
        }

    @property
    def commands(self) -> int:
        """Commands that have reached the host; the first line of a session does nothing."""
        return int(self.server.control({"op": "counters"})["further_lines"])

    @property
    def steps(self) -> int:
        """Steps since the last reset."""
        counted = self.server.control({"op": "counters"})
        return int(counted["sessions"] + counted["lines"])

    def is_idle(self) -> bool:
        """Return whether everything that was typed has ended on the host."""
        return self.server.running == 0

    def reset(self) -> None:
        """Count from zero."""
        self.server.control({"op": "reset_counters"})

    def clear(self) -> None:
        """Take all faults away."""
        self.server.control({"op": "clear_faults"})

    def arm(self, kind: str, step: int, **more: Any) -> Armed:
        """Arm a fault; steps are counted from now on."""
        self.server.control({"op": "fault", "kind": kind, "step": step, **more})
        return Armed(self.server)


@contextlib.contextmanager
def fault_ssh(host: WineHost) -> Iterator[FaultSSH]:
    """Start a server in front of a host."""
    # A path of the folder is that of a socket, too, and must be short.
    with tempfile.TemporaryDirectory() as folder:
        server = SSHServer(host, host.scenario, Path(folder) / "s", Options(), lambda _line: None)
        server.start()
        try:
            assert server.wait_open(10)
            yield FaultSSH(server)
        finally:
            server.stop()
