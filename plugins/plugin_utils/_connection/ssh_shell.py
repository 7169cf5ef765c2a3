# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cmd.exe on a host, which reads command lines from the client's input, one after the other.

cmd prints an end mark after each command. A server that truncates its input never prints it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from ansible.errors import AnsibleConnectionFailure

from ...module_utils._commands.typed import print_mark, typed
from .errors import HostFailure, Phase, Target
from .interfaces import Reply
from .shell import MAX_OUTPUT
from .ssh_errors import ended_before, explained_exit, not_windows
from .ssh_process import Process

MAX_LINE = 8191
"""Characters of the longest line that cmd reads (KB830473)."""

_BANNER = b"Microsoft Windows"
"""cmd prints the name of the product first, in every language."""

_GREETING_MAX = 64 * 1024
"""Bytes that the account's profile and AutoRun may print before cmd answers."""

_POLL_S = 1.0
_MARK_MAX = 64
"""Bytes of an end mark, with its error level."""

_CUT = (
    " and printed no end mark: it hangs, or its OpenSSH server is an early one that truncates its input (update it,"
    " or set ansible_connection=winrm or =psrp)"
)


class ShellTimeout(AnsibleConnectionFailure):  # type: ignore[misc]
    """No cmd.exe answered in time; no command of a task was sent."""


class SSHShell:
    """One cmd.exe on a host, reached through one process of the client."""

    def __init__(self, process: Process, target: Target) -> None:
        """Use a client that was started with CMD."""
        self.commands = 0
        self.is_running = False
        """Whether a command line was sent whose end mark has not come yet."""
        self._process = process
        self._target = target

    def await_cmd(self, seconds: float, clock: Callable[[], float]) -> None:
        """Wait for cmd's banner, and for its answer to a line that does nothing.

        Raises:
            AnsibleConnectionFailure: the host does not answer, refuses the logon, or has no cmd.exe.
        """
        deadline = clock() + seconds
        banner = re.compile(re.escape(_BANNER))
        self._greeted(banner, deadline, clock, ": no cmd.exe has printed its banner")
        mark = _new_mark()
        self._process.write(print_mark(mark))
        self._greeted(_mark_pattern(mark), deadline, clock, f"; its cmd.exe has started{_CUT}")
        self._process.forget_password()

    def _greeted(self, pattern: re.Pattern[bytes], deadline: float, clock: Callable[[], float], missing: str) -> None:
        """Wait for a pattern; if it does not come in time, the error's sentence ends with what is missing."""
        output = b""
        while not pattern.search(output):
            left = deadline - clock()
            data = self._process.read(min(left, _POLL_S)) if left > 0 else b""
            if data is None:
                status = self._process.status()
                said = self._process.said
                self._process.kill()
                raise _refusal(self._target, status, output, said)
            if left <= 0:
                self._process.kill()
                raise ShellTimeout(f"{self._target} did not answer in time{missing}.")
            output += data
            if len(output) > _GREETING_MAX:
                self._process.kill()
                raise AnsibleConnectionFailure(not_windows(self._target, output[:200], b""))

    def run(self, line: str, phase: Phase, timeout: float, clock: Callable[[], float]) -> Reply:
        """Run one command line; see `Session.run`."""
        if len(line) > MAX_LINE or self.is_running:
            raise HostFailure(f"{self._target} cannot be sent this command line.", phase)
        deadline = clock() + timeout
        mark = _new_mark()
        self.commands += 1
        self.is_running = True
        if not self._process.write(typed(line, mark)):
            raise self._lost(phase)
        reply = self._read_to(_mark_pattern(mark), phase, deadline, clock)
        self.is_running = False
        return reply

    def _read_to(self, pattern: re.Pattern[bytes], phase: Phase, deadline: float, clock: Callable[[], float]) -> Reply:
        output = bytearray()
        while (left := deadline - clock()) > 0:
            data = self._process.read(min(left, _POLL_S))
            if data is None:
                raise self._lost(phase)
            start = max(0, len(output) - _MARK_MAX)
            output += data
            found = pattern.search(output, start)
            if found is not None:
                return Reply(bytes(output[: found.start()]), b"", int(found[1]))
            if len(output) > MAX_OUTPUT:
                raise HostFailure(f"{self._target} sent more than {MAX_OUTPUT} bytes for one command.", phase)
        raise HostFailure(f"{self._target} did not finish a command in the time it was given{_CUT}.", phase)

    def _lost(self, phase: Phase) -> HostFailure:
        sentence = explained_exit(self._target, self._process.status(), self._process.said)
        return HostFailure(f"{sentence} Its last command may still run.", phase)

    def delete(self) -> None:
        """End cmd by the end of its input. While a command runs, the client is killed instead."""
        if self.is_running:
            self.abandon()
        else:
            self._process.finish()

    def abandon(self) -> None:
        """Kill the client. A command that runs goes on."""
        self._process.kill()


def _refusal(target: Target, status: int, printed: bytes, said: bytes) -> AnsibleConnectionFailure:
    """Return why the client ended before cmd answered. Exit code 255 comes from the client, or from the host."""
    if status in (255, 5, 6) or status < 0:
        return ended_before(target, status, said or printed)
    return AnsibleConnectionFailure(not_windows(target, printed, said))


def _new_mark() -> str:
    return f"portkeeper-end-{secrets.token_hex(8)}"


def _mark_pattern(mark: str) -> re.Pattern[bytes]:
    return re.compile(re.escape(mark.encode()) + rb" (-?[0-9]{1,10})\r*\n")
