# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, own and end shells and commands."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator

from ..backend import Backend, BackendError, HostDown, Launch, Process, SpawnError
from .counters import Counters
from .faults import DropConnection, SoapFault
from .output import Outlet
from .quotas import Options, Quotas

UTF8 = 65001
_BATCH_FILE = re.compile(r"\.(?:bat|cmd)(?![\w.-])", re.IGNORECASE)


def _new_id() -> str:
    return str(uuid.uuid4()).upper()


@dataclasses.dataclass
class Command:
    """One command of a shell; `turn` lets one Receive at a time read it."""

    process: Process
    outlet: Outlet
    id: str = dataclasses.field(default_factory=_new_id)
    turn: threading.Lock = dataclasses.field(default_factory=threading.Lock)
    gone: bool = False

    def running(self) -> bool:
        """Return whether it counts for the quota of processes."""
        return self.process.exit_code is None


@dataclasses.dataclass
class Shell:
    """One shell of one user.

    Attributes:
        idle_timeout: seconds without a request until it is deleted.
        limited: its user is no administrator.
        operations: commands started so far; none is given back before the shell goes.
    """

    user: str
    codepage: int
    idle_timeout: float
    environment: dict[str, str]
    working_directory: str | None
    address: str
    limited: bool = False
    id: str = dataclasses.field(default_factory=_new_id)
    commands: dict[str, Command] = dataclasses.field(default_factory=dict)
    operations: int = 0
    gone: bool = False
    _requests: int = 0
    _last: float = dataclasses.field(default_factory=time.monotonic)
    _lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Hold the idle clock for the time of a request."""
        with self._lock:
            self._requests += 1
        try:
            yield
        finally:
            with self._lock:
                self._requests -= 1
                self._last = time.monotonic()

    def idle(self, now: float) -> bool:
        """Return whether it was unused for longer than its idle timeout."""
        with self._lock:
            return not self._requests and now - self._last > self.idle_timeout


class ShellTable:
    """All shells of one host."""

    def __init__(
        self, backend: Backend, quotas: Quotas, options: Options, counters: Counters, log: Callable[[str], None]
    ) -> None:
        """Take the host, its limits, and where to count and log."""
        self._backend = backend
        self._quotas = quotas
        self._options = options
        self._counters = counters
        self._log = log
        self._lock = threading.Lock()
        self._shells: dict[str, Shell] = {}
        self._started = 0

    def create(self, shell: Shell) -> None:
        """Enter a new shell.

        Raises:
            SoapFault: the user has too many.
        """
        limit = self._quotas.shells_per_user
        with self._lock:
            if sum(other.user == shell.user for other in self._shells.values()) >= limit:
                raise SoapFault("quota_shells", limit=limit)
            self._shells[shell.id] = shell
        self._counters.add("sessions")

    def find(self, shell_id: str, user: str) -> Shell:
        """Return a shell of this user.

        Raises:
            SoapFault: there is none.
        """
        with self._lock:
            shell = self._shells.get(shell_id.upper())
        if shell is None or shell.user != user:
            raise SoapFault("shell_gone", shell=shell_id)
        return shell

    def find_command(self, shell: Shell, command_id: str) -> Command:
        """Return a command of a shell.

        Raises:
            SoapFault: there is none.
        """
        with self._lock:
            command = shell.commands.get(command_id.upper())
        if command is None:
            raise SoapFault("invalid_parameter", reason="the command ID is not one of this shell")
        return command

    def start(self, shell: Shell, line: str, *, skip_shell: bool, end_stdin: bool) -> Command:
        """Start a command.

        Raises:
            SoapFault: a quota is used up, the shell has gone, or the host could not start it.
            DropConnection: the host has gone.
        """
        number = self._reserve(shell)
        try:
            process = self._backend.spawn(
                Launch(line, shell.codepage, shell.environment, shell.working_directory, skip_shell, shell.limited)
            )
        except SpawnError as error:
            raise SoapFault("spawn", code=error.winerror, reason=str(error)) from error
        except HostDown as error:
            raise DropConnection(str(error)) from error
        silent = self._quotas.utf8_batch_silent and shell.codepage == UTF8 and _BATCH_FILE.search(line) is not None
        cuts = None if self._options.full_chunks else random.Random(f"{self._options.seed}/{number}")
        command = Command(process, Outlet(process, cuts, silent))
        with self._lock:
            late = shell.gone
            if not late:
                shell.commands[command.id] = command
        if late:
            self._release(command)
            raise SoapFault("shell_gone", shell=shell.id)
        if end_stdin:
            process.write_stdin(b"", end=True)
        self._counters.add("commands")
        return command

    def _reserve(self, shell: Shell) -> int:
        quotas = self._quotas
        with self._lock:
            commands = list(shell.commands.values())
            operations = sum(other.operations for other in self._shells.values() if other.user == shell.user)
            if operations >= quotas.operations_per_user:
                raise SoapFault("quota_operations", limit=quotas.operations_per_user)
        if sum(command.running() for command in commands) >= quotas.processes_per_shell:
            raise SoapFault("quota_processes", limit=quotas.processes_per_shell)
        with self._lock:
            shell.operations += 1
            self._started += 1
            return self._started

    def interrupt(self, command: Command) -> None:
        """Kill a command's process tree; what it has written can still be received."""
        with contextlib.suppress(BackendError):
            command.process.kill_tree()

    def terminate(self, shell: Shell, command: Command) -> None:
        """Kill a command's process tree and forget it; its operation stays used."""
        with self._lock:
            shell.commands.pop(command.id, None)
        self._release(command)

    def delete(self, shell: Shell) -> None:
        """End a shell and kill everything that was started in it."""
        with self._lock:
            self._shells.pop(shell.id, None)
            shell.gone = True
            commands = list(shell.commands.values())
            shell.commands.clear()
        for command in commands:
            self._release(command)

    def _release(self, command: Command) -> None:
        command.gone = True
        for end in (command.process.kill_tree, command.process.close):
            try:
                end()
            except BackendError as error:
                self._log(f"ending a command: {error}")

    def sweep(self) -> None:
        """Delete the shells whose idle timeout is over."""
        now = time.monotonic()
        with self._lock:
            idle = [shell for shell in self._shells.values() if shell.idle(now)]
        for shell in idle:
            self._counters.add("idle_deletes")
            self.delete(shell)

    def delete_all(self) -> None:
        """End every shell: the host or the server goes."""
        with self._lock:
            shells = list(self._shells.values())
        for shell in shells:
            self.delete(shell)

    def listing(self) -> list[dict[str, object]]:
        """Return the open shells as plain data."""
        with self._lock:
            return [
                {"id": shell.id, "user": shell.user, "commands": len(shell.commands), "operations": shell.operations}
                for shell in self._shells.values()
            ]
