# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open one WinRM session for a task. No other file uses a connection or the winrm library.

It takes the task's own `winrm` connection plugin, so that all of `ansible_winrm_*` keeps working, but opens the shell
itself: the plugin's own shell has code page 65001, under which batch files on Server 2008 and older print nothing.
For that the plugin gets a placeholder as shell id before `_connect()`. The attribute is not a documented interface of
ansible-core (unchanged in 2.14 to 2.21); without it the session builds its own protocol object.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from .._verbose import SILENT, Verbose
from .errors import (
    HostFailure,
    Phase,
    Target,
    credentials_refused,
    explained,
    fault_number,
    unanswered,
)
from .host_clock import HostClock
from .http_limits import Limits, limit
from .interfaces import WinRMConnection, WinRMProtocol
from .shell import CLOSE_S, Reply, Shell

IDLE_TIMEOUT_S = 180
"""Seconds until the host gives up a shell that nobody asks; the default of WinRM 2.0. No command of a shared shell
may be silent for longer."""

MAX_COMMANDS_PER_SHELL = 12
"""WinRM 2.0 allows 15 operations per user and does not give one back before the shell is deleted."""

OPEN_S = 120
"""Seconds that connecting, the handshake and the opening of a shell may take, or the command's time if that is less."""

_PLACEHOLDER = "portkeeper-opens-its-own-shell"

_LIBRARY_OPTIONS = (
    "server_cert_validation",
    "ca_trust_path",
    "message_encryption",
    "cert_pem",
    "cert_key_pem",
    "kerberos_delegation",
    "kerberos_hostname_override",
    "read_timeout_sec",
    "operation_timeout_sec",
    "send_cbt",
    "proxy",
    "service",
)
"""What `ansible_winrm_*` variables may hand through to the library."""


class Session:
    """A shell on one host, opened by the first command.

    Errors before the first command was sent are AnsibleConnectionFailure, which makes the host unreachable. Once a
    command is on its way the host may have executed it, so that every error is a HostFailure with its phase.
    """

    def __init__(
        self,
        connection: WinRMConnection,
        *,
        pin_address: bool = False,
        clock: Callable[[], float] = time.monotonic,
        verbose: Verbose = SILENT,
    ) -> None:
        """Sends nothing.

        Args:
            connection: the task's connection plugin, which `refuse_foreign` has let pass.
            pin_address: look up the host's address once, at the beginning: the task stops a DNS server.
            clock: seconds, monotonic.
            verbose: says what is sent and what comes back.
        """
        self.verbose = verbose
        self._connection = connection
        self._pin_address = pin_address
        self._clock = clock
        self._shell: Shell | None = None
        self._wire: WinRMProtocol | None = None
        self._private = False
        self._left: list[str] = []
        self._idle_timeout = IDLE_TIMEOUT_S
        self.target = _target(connection)
        self.host_clock = HostClock(clock)
        self.commands_sent = 0
        """Remote commands that may have been executed, over all shells of this session."""
        self.doubtful = False
        """Whether a command failed, so that nobody knows whether it still runs and whether the connection works."""
        self._interrupted = False
        self._limits = Limits(clock)

    def run(self, line: str, *, phase: Phase, timeout: float) -> Reply:
        """Runs one command line and takes its whole output.

        Args:
            line: given to `cmd /C` as it is.
            phase: what to say if it fails.
            timeout: seconds until the command is terminated; opening a shell for it has as much, up to OPEN_S.

        Raises:
            AnsibleConnectionFailure: the session could not be opened and nothing was sent yet.
            HostFailure: anything else.
        """
        try:
            return self._run(line, phase, timeout)
        except BaseException as error:
            # A task's timeout, Ctrl-C: whatever was on its way stays half sent or half read.
            self._interrupted = not isinstance(error, Exception)
            raise

    def _run(self, line: str, phase: Phase, timeout: float) -> Reply:
        self.verbose.phase(phase)
        try:
            shell = self._ready(min(timeout, OPEN_S))
        except AnsibleConnectionFailure as error:
            if self.commands_sent:
                raise HostFailure(str(error), phase) from error
            raise
        self.commands_sent += 1
        self.verbose.command(line, timeout)
        try:
            reply = shell.run(line, phase, timeout, self._clock)
        except HostFailure as error:
            # Another attempt with refused credentials only helps to lock the account.
            self.doubtful = not credentials_refused(error.__cause__)
            self.verbose.step("no whole answer to the command")
            raise
        self.verbose.answer(reply.stdout, reply.exit_code)
        return reply

    def private(self, idle_timeout: int) -> Session:
        """A second session to the same host whose shell the task executor does not know.

        Args:
            idle_timeout: seconds; must be longer than the longest command.

        The caller closes it, and only after its work is confirmed: closing kills what still runs.
        """
        session = Session(self._connection, pin_address=self._pin_address, clock=self._clock, verbose=self.verbose)
        session._private = True
        session._idle_timeout = idle_timeout
        session.commands_sent = self.commands_sent
        session.host_clock = self.host_clock
        return session

    def renew(self) -> None:
        """Gives up the shell, for example because it was left idle; the next command opens another one."""
        if self._shell is not None:
            self._shell.delete(close_session=False)
            self._shell = None
            if not self._private:
                self._connection.shell_id = None

    def reconnect(self) -> None:
        """Drops the connection, whose authentication may be gone; the next command makes another one.

        The shell that it had is deleted over the next connection: it counts for WinRM's quotas, and what still runs in
        it ends then.
        """
        self._drop()
        if self._shell is not None:
            self._left.append(self._shell.id)
        self._shell = self._wire = None
        self._limits = Limits(self._clock)
        self.doubtful = self._interrupted = False
        if not self._private:
            self._connection.shell_id = None
            with contextlib.suppress(Exception):
                self._connection.close()

    def end_left_shells(self) -> bool:
        """Deletes, over a connection that works, the shells of lost ones; what ran in them has ended then.

        Returns:
            Whether none is left.
        """
        try:
            self._delete_left(self._connected())
        except (AnsibleConnectionFailure, AnsibleError):
            return False
        return not self._left

    def close(self) -> None:
        """Deletes the shells that the task executor cannot delete; its own it leaves to it.

        Those are the shell of a private session, and any whose connection was lost. What is sent now, also by the task
        executor, has CLOSE_S seconds. After an exchange that was given up halfway nothing is sent: the host ends the
        shell after its idle timeout.
        """
        if self._interrupted or self._limits.exceeded:
            self.reconnect()
            self._left.clear()
            return
        self._limits.allow(CLOSE_S)
        if self._private and self._shell is not None:
            self._shell.delete(close_session=True)
            self._shell = None
        if self.doubtful:
            self.reconnect()
        if self._left:
            self.end_left_shells()
            self._drop()

    def _drop(self) -> None:
        if self._wire is not None:
            with contextlib.suppress(Exception):
                self._wire.transport.close_session()

    def _connected(self) -> WinRMProtocol:
        if self._wire is None:
            self._wire = self._own_wire() if self._private else self._shared_wire()
            if self._pin_address:
                _pin(self._wire, self.target)
            limit(self._wire.transport, self._limits)
        return self._wire

    def _delete_left(self, wire: WinRMProtocol) -> None:
        """Deletes the shells of lost connections; one that is gone already is as good.

        An answer that is no WS-Management fault keeps the shell in the list and nobody from going on.

        Raises:
            AnsibleConnectionFailure: the host does not answer.
        """
        for shell_id in list(self._left):
            self._limits.allow(CLOSE_S)
            try:
                wire.close_shell(shell_id, close_session=False)
            except Exception as error:
                if unanswered(error):
                    raise AnsibleConnectionFailure(explained(error, self.target)) from None
                if fault_number(error) is None:
                    continue
            self._left.remove(shell_id)

    def _ready(self, timeout: float) -> Shell:
        wire = self._connected()
        self._delete_left(wire)
        if self._shell is not None and self._shell.commands >= MAX_COMMANDS_PER_SHELL:
            self.renew()
        if self._shell is None:
            if not self._private:
                self._connection.shell_id = None
            self._limits.allow(timeout)
            self._shell = Shell(wire, self.target, self._idle_timeout, self._limits.allow)
            _keep_environment(wire)
            self.host_clock.listen(wire)
            if not self._private:
                self._connection.shell_id = self._shell.id
        return self._shell

    def _shared_wire(self) -> WinRMProtocol:
        """The connection plugin's protocol object, built without traffic; falls back to our own."""
        plugin = self._connection
        if plugin.shell_id:
            # A loop's items share the connection: what an earlier item left may be idle or used up.
            with contextlib.suppress(Exception):
                plugin.close()
        plugin.shell_id = _PLACEHOLDER
        try:
            plugin._connect()
        except AnsibleError:
            plugin.shell_id = None
            raise
        except Exception as error:
            plugin.shell_id = None
            raise AnsibleConnectionFailure(explained(error, self.target)) from None
        wire: WinRMProtocol | None = getattr(plugin, "protocol", None)
        untouched = plugin.shell_id == _PLACEHOLDER
        plugin.shell_id = None
        if wire is not None and untouched:
            return wire
        self._private = True
        return self._own_wire()

    def _own_wire(self) -> WinRMProtocol:
        """A protocol object of our own, from the options of the connection plugin."""
        from winrm import protocol as library  # noqa: PLC0415 (a missing library is the plugin's to report)

        option = self._connection.get_option
        scheme = option("scheme") or ("http" if self.target.port == 5985 else "https")
        host = f"[{self.target.host}]" if ":" in self.target.host else self.target.host
        extras = option("_extras") or {}
        passed = {
            name: extras[f"ansible_winrm_{name}"] for name in _LIBRARY_OPTIONS if f"ansible_winrm_{name}" in extras
        }
        wire: WinRMProtocol = library.Protocol(
            f"{scheme}://{host}:{self.target.port}/{str(option('path') or 'wsman').lstrip('/')}",
            transport=_first(option("transport"), "ssl" if scheme == "https" else "plaintext"),
            username=option("remote_user"),
            password=option("remote_password"),
            **passed,
        )
        return wire


def _keep_environment(wire: WinRMProtocol) -> None:
    """Keeps `requests` from reading the environment again for every request.

    What the environment says of proxies and certificates is in the library's session since it was built. The third
    thing, a password out of `.netrc`, counts only where the session has no authentication of its own.
    """
    session: Any = getattr(wire.transport, "session", None)
    if getattr(session, "auth", None):
        session.trust_env = False


def _pin(wire: WinRMProtocol, target: Target) -> None:
    """Replaces the host's name in the address by its number.

    Only where nothing depends on the name: not with TLS, whose certificate carries it, nor with Kerberos and CredSSP.
    """
    parts = urlsplit(str(wire.transport.endpoint))
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise AnsibleConnectionFailure(f"{target} has no address: {error.strerror}.") from None
    if parts.scheme != "http" or wire.transport.auth_method not in ("ntlm", "basic", "plaintext"):
        return
    address = str(found[0][4][0])
    shown = f"[{address}]" if ":" in address else address
    wire.transport.endpoint = urlunsplit(parts._replace(netloc=f"{shown}:{target.port}"))


def refuse_foreign(connection: WinRMConnection, host: str) -> None:
    """Refuses what is not a plain `winrm` connection.

    Args:
        connection: the task's connection plugin.
        host: inventory name, for the message.

    Raises:
        AnsibleError: another connection plugin, or `become` is on.
    """
    transport = getattr(connection, "transport", None)
    if transport != "winrm":
        raise AnsibleError(
            f"{host}: the modules of portkeeper.windows_dns need the connection plugin winrm, not {transport}: set"
            " ansible_connection=winrm for this host and do not delegate the task elsewhere."
        )
    if getattr(connection, "become", None) is not None:
        raise AnsibleError(
            f"{host}: become is not supported by the modules of portkeeper.windows_dns: log on as an administrator of"
            " the host instead."
        )


def _target(connection: WinRMConnection) -> Target:
    option = connection.get_option
    return Target(
        host=str(option("remote_addr")),
        port=int(option("port")),
        user=str(option("remote_user") or ""),
        transport=_first(option("transport"), "default"),
    )


def _first(value: object, default: str) -> str:
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    return str(value) if value else default
