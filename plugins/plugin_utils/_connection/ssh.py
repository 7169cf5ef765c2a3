# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: ANN401 - signatures of ansible-core
"""The connection plugin `ssh`: one process of OpenSSH's client per session, with the plugin's own arguments.

The plugin's `exec_command()` has no deadline and no limit for output, and repeats a command after a lost connection:
it is never called.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, ClassVar

from ansible.errors import AnsibleConnectionFailure

from ...module_utils._commands.typed import CMD
from .interfaces import RemoteShell, TransportOptions
from .ssh_arguments import (
    DIRECT,
    NO_PROMPTS,
    Resolved,
    arguments_alone,
    arguments_of,
    destination,
    password_of,
    pinned,
    query,
    resolve,
    target_of,
)
from .ssh_process import Process
from .ssh_shell import ShellTimeout, SSHShell

_SHARED_OPEN_S = 30
"""Seconds to open a session over a shared connection that exists already; it may be dead."""


class SSH:
    """The transport of the connection plugin `ssh`."""

    survives_disconnection: ClassVar[bool] = True
    """Win32-OpenSSH does not end what runs in a session whose connection is lost (its issue 1751)."""

    max_commands: ClassVar[int] = 1_000_000
    """There is no quota."""

    given_up: ClassVar[bool] = False

    def __init__(self, connection: Any, options: TransportOptions) -> None:
        """Send nothing."""
        self.target = target_of(connection)
        self._connection = connection
        self._options = options
        self._resolved: Resolved | None = None
        self._pinned: list[str] = []
        self._direct = False
        self._left = False

    def connect(self) -> None:
        """See `Transport.connect`. Only look up the names: each shell makes its own connection."""
        if self._resolved is None:
            resolved = resolve(arguments_alone(self._connection), self.target)
            if self._options.pin_address:
                self._pinned = pinned(resolved, self.target, self._options.addresses)
            if self._pinned:
                # The path of a shared connection's socket may contain the host's address.
                resolved = resolve(arguments_alone(self._connection), self.target, *self._pinned)
            self._resolved = resolved

    def open_shell(self, _idle_timeout: int, timeout: float) -> SSHShell:
        """See `Transport.open_shell`. There is no idle timeout."""
        clock = self._options.clock
        deadline = clock() + timeout
        if not self._direct and self._is_shared():
            try:
                return self._opened(min(timeout, _SHARED_OPEN_S))
            except ShellTimeout:
                self._end_shared()
        return self._opened(deadline - clock())

    def delete_shell(self, shell: RemoteShell) -> None:
        """See `Transport.delete_shell`."""
        shell.delete()

    def drop(self, lost: RemoteShell | None) -> None:
        """See `Transport.drop`. Do not use a shared connection from now on."""
        if isinstance(lost, SSHShell):
            self._left = self._left or lost.is_running
            lost.abandon()
        self._end_shared()

    def end_left(self) -> bool:
        """See `Transport.end_left`. Nothing can end a command whose connection was lost."""
        return not self._left

    def forget_left(self) -> None:
        """See `Transport.forget_left`."""
        self._left = False

    def close(self, shell: RemoteShell | None, lost: bool) -> None:
        """See `Transport.close`."""
        if lost:
            self.drop(shell)
        elif shell is not None:
            shell.delete()

    def _opened(self, seconds: float) -> SSHShell:
        """Start the client and wait until cmd.exe answers."""
        arguments = arguments_of(self._connection)
        with_password = password_of(self._connection) is not None
        last = [] if self._resolved is None else self._resolved.last(with_password)
        client = arguments.client(*self._first(), *(DIRECT if self._direct else ()))
        command = [*arguments.wrapper, *client, *last, "-T", *destination(self.target), CMD]
        try:
            process = Process(command, self._connection)
        except OSError as error:
            sentence = f"{self.target} cannot be reached: {command[0]}: {error.strerror}."
            raise AnsibleConnectionFailure(sentence) from None
        shell = SSHShell(process, self.target)
        try:
            shell.await_cmd(seconds, self._options.clock)
        except BaseException:
            process.kill()
            raise
        return shell

    def _first(self) -> list[str]:
        """Return the options that take precedence over the user's."""
        prompts = () if password_of(self._connection) else NO_PROMPTS
        return [*prompts, *self._pinned]

    def _is_shared(self) -> bool:
        """Return whether a shared connection exists already."""
        path = self._resolved.control_path if self._resolved else None
        return path is not None and Path(path).is_socket()

    def _end_shared(self) -> None:
        """End the shared connection, dead or alive, and do not use one again."""
        if not self._direct and self._is_shared():
            client = arguments_alone(self._connection).client(*self._first())
            command = [*client, "-O", "exit", *destination(self.target)]
            with contextlib.suppress(AnsibleConnectionFailure):
                query(command, self.target)
        self._direct = True
