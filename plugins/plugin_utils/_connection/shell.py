# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open a shell on a host, run commands in it, and delete it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from ansible.errors import AnsibleConnectionFailure

from .errors import (
    HostFailure,
    Phase,
    Target,
    explained,
)
from .interfaces import WinRMProtocol

CODEPAGE = 437
"""The shell's code page: everything that is parsed is ASCII, anything else becomes a question mark."""

MAX_OUTPUT = 8 * 1024 * 1024
"""Bytes of output of one command that are taken; a collector's answer is below 1 MiB."""


REPLY_S = 10
"""Seconds beyond a command's time within which the reply to its last request must be there."""

CLOSE_S = 15
"""Seconds for what is sent at the end, or to clean up: nothing depends on its answer."""


@dataclass(frozen=True)
class Reply:
    """What one command printed.

    Attributes:
        stdout: the bytes, unchanged.
        stderr: the bytes, unchanged; empty, because our commands send it to nul.
        exit_code: of the command line.
    """

    stdout: bytes
    stderr: bytes
    exit_code: int


class Shell:
    """One shell on the host, through one protocol object."""

    def __init__(self, wire: WinRMProtocol, target: Target, idle_timeout: int, allow: Callable[[float], None]) -> None:
        """Opens the shell.

        Args:
            wire: the protocol object.
            target: for messages.
            idle_timeout: seconds until the host gives the shell up.
            allow: gives the exchanges that follow their seconds.

        Raises:
            AnsibleConnectionFailure: it could not be opened.
        """
        self._wire = wire
        self._target = target
        self._allow = allow
        self.commands = 0
        try:
            self.id = wire.open_shell(codepage=CODEPAGE, noprofile=True, idle_timeout=f"PT{idle_timeout}S")
        except Exception as error:
            # No TCP connection stays open, and nothing is left to be deleted.
            with contextlib.suppress(Exception):
                wire.transport.close_session()
            raise AnsibleConnectionFailure(explained(error, target)) from None

    def run(self, line: str, phase: Phase, timeout: float, clock: Callable[[], float]) -> Reply:
        """Runs one command line; see `Session.run`."""
        deadline = clock() + timeout
        self._allow(timeout + REPLY_S)
        self.commands += 1
        try:
            command_id = self._wire.run_command(self.id, line)
        except Exception as error:
            raise HostFailure(explained(error, self._target), phase) from error
        operation_s = self._wire.operation_timeout_sec
        try:
            return self._taken(command_id, phase, deadline, clock)
        finally:
            self._wire.operation_timeout_sec = operation_s

    def delete(self, close_session: bool) -> None:
        """Deletes the shell and all that runs in it; an error does not matter any more."""
        self._allow(CLOSE_S)
        with contextlib.suppress(Exception):
            self._wire.close_shell(self.id, close_session=close_session)

    def _taken(self, command_id: str, phase: Phase, deadline: float, clock: Callable[[], float]) -> Reply:
        """Takes output until the command is done; never asks again after an error, what was sent then is lost."""
        operation_s = self._wire.operation_timeout_sec
        stdout, stderr, size = [], [], 0
        while (left := deadline - clock()) > 0:
            self._wire.operation_timeout_sec = max(1, min(operation_s, int(left)))
            out, err, code, done = self._received(command_id, phase)
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

    def _received(self, command_id: str, phase: Phase) -> tuple[bytes, bytes, int, bool]:
        """One Receive; that nothing came within its time is an empty answer."""
        try:
            return self._wire.get_command_output_raw(self.id, command_id)
        except Exception as error:
            if type(error).__name__ == "WinRMOperationTimeoutError":
                return b"", b"", -1, False
            raise HostFailure(explained(error, self._target), phase) from error

    def _terminate(self, command_id: str) -> None:
        self._allow(CLOSE_S)
        with contextlib.suppress(Exception):
            self._wire.cleanup_command(self.id, command_id)
