# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WinRS, the remote shell of WinRM, whichever client library speaks it: connections and the shells that they leave."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from .errors import LogonRefused, Target, connection_failure, fault_number, unanswered
from .http_limits import Limits
from .interfaces import RemoteShell, TransportOptions, WinRSClient
from .shell import CLOSE_S, Shell

_SHELL_NOT_FOUND = 2150858843
"""The fault for a shell that the server does not have, also when it is deleted (WinRb/WinRM, pull request 261)."""


class WinRS(ABC):
    """A transport over WinRS; a subclass knows a connection plugin and its client library."""

    survives_disconnection: ClassVar[bool] = False
    max_commands: ClassVar[int] = 12
    """WinRM 2.0 allows 15 operations per user and does not give one back before the shell is deleted."""

    owns_shells: ClassVar[bool] = False
    """Whether this class deletes all of its shells, because the task executor deletes none of them."""

    def __init__(self, target: Target, options: TransportOptions) -> None:
        """Send nothing."""
        self.target = target
        self._options = options
        self._private = options.private
        self._client: WinRSClient | None = None
        self._left: list[str] = []
        self._limits = Limits(options.clock)

    @property
    def given_up(self) -> bool:
        """Whether an exchange was given up halfway."""
        return self._limits.exceeded

    def connect(self) -> None:
        """See `Transport.connect`."""
        self._delete_left(self._connected())

    def open_shell(self, idle_timeout: int, timeout: float) -> Shell:
        """See `Transport.open_shell`."""
        client = self._connected()
        self._tell_executor(None)
        self._limits.allow(timeout)
        shell = Shell(client, self.target, idle_timeout, self._limits.allow)
        keep_environment(client.http_session)
        self._options.host_clock.listen(client.http_session)
        self._tell_executor(shell.id)
        return shell

    def delete_shell(self, shell: RemoteShell) -> None:
        """See `Transport.delete_shell`."""
        shell.delete()
        self._tell_executor(None)

    def drop(self, lost: RemoteShell | None) -> None:
        """See `Transport.drop`.

        The lost shell is deleted over the next connection: it counts for WinRM's quotas, and what still runs in it ends
        then.
        """
        self._disconnect()
        if isinstance(lost, Shell):
            self._left.append(lost.id)
        self._client = None
        self._limits = Limits(self._options.clock)

    def end_left(self) -> bool:
        """See `Transport.end_left`."""
        try:
            self._delete_left(self._connected())
        except LogonRefused:
            raise
        except (AnsibleConnectionFailure, AnsibleError):
            return False
        return not self._left

    def forget_left(self) -> None:
        """See `Transport.forget_left`; the host ends a shell after its idle timeout."""
        self._left.clear()

    def close(self, shell: RemoteShell | None, lost: bool) -> None:
        """See `Transport.close`.

        What is sent now, also by the task executor, has CLOSE_S seconds.
        """
        self._limits.allow(CLOSE_S)
        if shell is not None and (self._private or (self.owns_shells and not lost)):
            shell.delete()
            self._disconnect()
            shell = None
        if lost:
            self.drop(shell)
        if self._left:
            with contextlib.suppress(LogonRefused):
                self.end_left()
            self._disconnect()

    @abstractmethod
    def _new_client(self, limits: Limits) -> WinRSClient:
        """Return a client of the library that has sent nothing yet and obeys the limits.

        Raises:
            AnsibleConnectionFailure: there cannot be one for this host.
            AnsibleError: nor for any other.
        """

    @abstractmethod
    def _tell_executor(self, shell_id: str | None) -> None:
        """Tell the connection plugin which shell the task executor is to delete, if it deletes any."""

    def _connected(self) -> WinRSClient:
        if self._client is None:
            if self._options.pin_address:
                self._limits.addresses = self._options.addresses.of(self.target)
            self._client = self._new_client(self._limits)
        return self._client

    def _disconnect(self) -> None:
        if self._client is not None:
            with contextlib.suppress(Exception):
                self._client.disconnect()

    def _delete_left(self, client: WinRSClient) -> None:
        """Delete the shells of lost connections. A missing shell is not an error.

        After any other answer, for example a quota's fault, the shell may still run something: it stays in the list,
        and the task continues.

        Raises:
            AnsibleConnectionFailure: the host does not answer.
        """
        for shell_id in list(self._left):
            self._limits.allow(CLOSE_S)
            try:
                client.delete_shell(shell_id)
            except Exception as error:
                if unanswered(error):
                    raise connection_failure(error, self.target) from None
                if fault_number(error) != _SHELL_NOT_FOUND:
                    continue
            self._left.remove(shell_id)


def keep_environment(session: Any) -> None:  # noqa: ANN401 (of requests)
    """Keep `requests` from reading the environment again for every request.

    The library read the environment's proxies and certificates when it built the session. A password in `.netrc` is
    used only by a session without an authentication of its own.
    """
    if getattr(session, "auth", None):
        session.trust_env = False
