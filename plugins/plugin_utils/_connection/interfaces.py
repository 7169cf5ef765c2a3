# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session asks of a transport, and what a transport asks of a client library and a connection plugin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from .addresses import Addresses
from .errors import Phase, Target
from .host_clock import HostClock


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


@dataclass(frozen=True)
class TransportOptions:
    """What a session wants of its transport.

    Attributes:
        private: nothing is shared with the connection plugin, which the task executor closes.
        pin_address: look up the host's address once, at the beginning: the task stops a DNS server.
        clock: seconds, monotonic.
        host_clock: reads the host's time from its answers.
        addresses: of the host, for `pin_address`; shared by all sessions of the task with this host.
    """

    private: bool
    pin_address: bool
    clock: Callable[[], float]
    host_clock: HostClock
    addresses: Addresses = field(default_factory=Addresses)


class ConnectionPlugin(Protocol):
    """What is used of every connection plugin of ansible-core."""

    transport: str

    def get_option(self, option: str) -> Any:  # noqa: ANN401 (ansible-core's own options)
        """Return the value of an option."""


class RemoteShell(Protocol):
    """What runs one command line after the other on a host."""

    commands: int
    """Command lines that it was given."""

    def run(self, line: str, phase: Phase, timeout: float, clock: Callable[[], float]) -> Reply:
        """Run one command line; see `Session.run`."""

    def delete(self) -> None:
        """End the shell. An error does not matter at this point."""


class Transport(Protocol):
    """One way to reach a host. It sends nothing before `connect`, and can connect again after each `drop`."""

    survives_disconnection: ClassVar[bool]
    """Whether a command continues after its connection was lost. WinRS ends it with its shell, over
    the next connection at the latest; if it continues, no other run may write until it has ended."""

    max_commands: ClassVar[int]
    """Command lines after which a shell is replaced."""

    target: Target

    @property
    def given_up(self) -> bool:
        """Whether an exchange was given up halfway, so that nothing more can be sent over this connection."""

    def connect(self) -> None:
        """Connect where it has no connection, and end what lost connections left running.

        Raises:
            AnsibleConnectionFailure: the host does not answer.
        """

    def open_shell(self, idle_timeout: int, timeout: float) -> RemoteShell:
        """Open a shell over the connection.

        Args:
            idle_timeout: seconds until the host gives the shell up.
            timeout: seconds that this may take.

        Raises:
            AnsibleConnectionFailure: it could not be opened.
        """

    def delete_shell(self, shell: RemoteShell) -> None:
        """End a shell; the connection stays."""

    def drop(self, lost: RemoteShell | None) -> None:
        """Drop the connection.

        Args:
            lost: the shell that was open over it.
        """

    def end_left(self) -> bool:
        """End what lost connections left running and return whether nothing of it is left.

        Raises:
            LogonRefused: it needed a logon, and the host refused it.
        """

    def forget_left(self) -> None:
        """Leave what lost connections left running to the host."""

    def close(self, shell: RemoteShell | None, lost: bool) -> None:
        """End everything that nothing else ends.

        Args:
            shell: the open shell.
            lost: whether its connection may be broken.
        """


class WinRSClient(Protocol):
    """A client library of WinRS: each method is one message and its answer."""

    @property
    def operation_s(self) -> int:
        """Seconds that the host may hold back the answer to a Receive."""

    @property
    def http_session(self) -> Any:  # noqa: ANN401 (of requests)
        """The session of `requests` that it sends with; None before there is one."""

    def open_shell(self, codepage: int, idle_timeout: int) -> str:
        """Create a shell without a user profile and return its id."""

    def run_command(self, shell_id: str, line: str) -> str:
        """Start a command line and return its id."""

    def receive(self, shell_id: str, command_id: str, seconds: int) -> tuple[bytes, bytes, int, bool] | None:
        """Return one Receive: stdout, stderr, exit code, done; None if nothing came within the seconds."""

    def terminate(self, shell_id: str, command_id: str) -> None:
        """Terminate a command."""

    def delete_shell(self, shell_id: str) -> None:
        """Delete a shell, of this connection or of an earlier one."""

    def disconnect(self) -> None:
        """Close the connection to the host."""
