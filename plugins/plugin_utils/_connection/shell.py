# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open a shell of WinRS on a host, run commands in it, and delete it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from .errors import HostFailure, Phase, Target, connection_failure, explained
from .interfaces import Reply, WinRSClient

CODEPAGE = 437
"""The shell's code page: everything that is parsed is ASCII, anything else becomes a question mark."""

MAX_OUTPUT = 8 * 1024 * 1024
"""Bytes of output of one command that are taken; a collector's answer is below 1 MiB."""


REPLY_S = 10
"""Seconds beyond a command's time within which the reply to its last request must be there."""

CLOSE_S = 15
"""Seconds for what is sent at the end, or to clean up: nothing depends on its answer."""


class Shell:
    """One shell on the host, through one client of WinRS."""

    def __init__(self, client: WinRSClient, target: Target, idle_timeout: int, allow: Callable[[float], None]) -> None:
        """Open the shell.

        Args:
            client: sends the messages.
            target: for messages.
            idle_timeout: seconds until the host gives the shell up.
            allow: gives the exchanges that follow their seconds.

        Raises:
            AnsibleConnectionFailure: it could not be opened.
        """
        self._client = client
        self._target = target
        self._allow = allow
        self.commands = 0
        try:
            self.id = client.open_shell(CODEPAGE, idle_timeout)
        except Exception as error:
            # No TCP connection stays open, and nothing is left to be deleted.
            with contextlib.suppress(Exception):
                client.disconnect()
            raise connection_failure(error, target) from None

    def run(self, line: str, phase: Phase, timeout: float, clock: Callable[[], float]) -> Reply:
        """Run one command line; see `Session.run`."""
        deadline = clock() + timeout
        self._allow(timeout + REPLY_S)
        self.commands += 1
        try:
            command_id = self._client.run_command(self.id, line)
        except Exception as error:
            raise HostFailure(explained(error, self._target), phase) from error
        return self._taken(command_id, phase, deadline, clock)

    def delete(self) -> None:
        """Delete the shell and everything that runs in it. An error does not matter at this point."""
        self._allow(CLOSE_S)
        with contextlib.suppress(Exception):
            self._client.delete_shell(self.id)

    def _taken(self, command_id: str, phase: Phase, deadline: float, clock: Callable[[], float]) -> Reply:
        """Receive output until the command is done. After an error, never ask again: the lost part would be missing."""
        stdout, stderr, size = [], [], 0
        while (left := deadline - clock()) > 0:
            out, err, code, done = self._received(command_id, phase, left)
            stdout.append(out)
            stderr.append(err)
            size += len(out) + len(err)
            if size > MAX_OUTPUT:
                self._terminate(command_id)
                raise HostFailure(f"{self._target} sent more than {MAX_OUTPUT} bytes for one command.", phase)
            if done:
                return Reply(b"".join(stdout), b"".join(stderr), code)
        self._terminate(command_id)
        raise HostFailure(f"{self._target} did not finish a command in the time it was given.", phase)

    def _received(self, command_id: str, phase: Phase, left: float) -> tuple[bytes, bytes, int, bool]:
        """Send one Receive. If nothing comes within its time, the answer is empty."""
        seconds = max(1, min(self._client.operation_s, int(left)))
        try:
            return self._client.receive(self.id, command_id, seconds) or (b"", b"", -1, False)
        except Exception as error:
            raise HostFailure(explained(error, self._target), phase) from error

    def _terminate(self, command_id: str) -> None:
        self._allow(CLOSE_S)
        with contextlib.suppress(Exception):
            self._client.terminate(self.id, command_id)
