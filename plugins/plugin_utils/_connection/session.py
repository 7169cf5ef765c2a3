# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open one session with a host for a task, over the transport of its connection plugin."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ansible.errors import AnsibleConnectionFailure

from .._verbose import SILENT, Verbose
from .addresses import Addresses
from .errors import HostFailure, LogonRefused, Phase, Target, credentials_refused
from .host_clock import HostClock
from .interfaces import ConnectionPlugin, RemoteShell, Reply, Transport, TransportOptions
from .transports import new_transport

IDLE_TIMEOUT_S = 180
"""Seconds until the host deletes an idle shell; the default of WinRM 2.0. No command of a shared shell
may be silent for longer."""

OPEN_S = 120
"""Seconds that connecting, the handshake and the opening of a shell may take, or the command's time if that is less."""


REFUSED_PAUSES_S = (30, 90)
"""Seconds after the first and the second refused logon of a task; the third is the last. Many domains lock an account
after five; a domain controller takes some minutes to start."""


@dataclass
class _Refusals:
    """How many logons the host has refused to a task, over all its sessions."""

    count: int = 0


class Session:
    """A shell on one host, opened by the first command.

    Errors before the first command was sent are AnsibleConnectionFailure, which makes the host unreachable. Once a
    command is on its way the host may have executed it, so that every error is a HostFailure with its phase.
    """

    def __init__(
        self,
        connection: ConnectionPlugin,
        *,
        pin_address: bool = False,
        clock: Callable[[], float] = time.monotonic,
        verbose: Verbose = SILENT,
    ) -> None:
        """Send nothing.

        Args:
            connection: the task's connection plugin, which `refuse_foreign` has let pass.
            pin_address: look up the host's address once, at the beginning: the task stops a DNS server.
            clock: seconds, monotonic.
            verbose: says what is sent and what comes back.
        """
        self.verbose = verbose
        self.host_clock = HostClock(clock)
        self._connection = connection
        self._pin_address = pin_address
        self._addresses = Addresses()
        self._clock = clock
        self._idle_timeout = IDLE_TIMEOUT_S
        self._shell: RemoteShell | None = None
        self._transport = self._new_transport(private=False)
        self.commands_sent = 0
        """Remote commands that may have been executed, over all shells of this session."""
        self.doubtful = False
        """Whether a command failed, so that it is unknown whether it still runs and whether the connection works."""
        self._interrupted = self._refused = False
        self._refusals = _Refusals()

    @property
    def target(self) -> Target:
        """The destination, for messages."""
        return self._transport.target

    @property
    def survives_disconnection(self) -> bool:
        """Whether a command continues after its connection was lost."""
        return self._transport.survives_disconnection

    @property
    def refused(self) -> bool:
        """Whether the last logon was refused."""
        return self._refused

    def run(self, line: str, *, phase: Phase, timeout: float) -> Reply:
        """Run one command line and return its whole output.

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
            # A task's timeout, Ctrl-C: a message stays half sent or half read.
            self._interrupted = not isinstance(error, Exception)
            raise

    def _run(self, line: str, phase: Phase, timeout: float) -> Reply:
        self.verbose.phase(phase)
        try:
            shell = self._ready(min(timeout, OPEN_S))
        except AnsibleConnectionFailure as error:
            self._note(isinstance(error, LogonRefused))
            if self.commands_sent:
                raise HostFailure(str(error), phase) from error
            raise
        self.commands_sent += 1
        self.verbose.command(line, timeout)
        try:
            reply = shell.run(line, phase, timeout, self._clock)
        except HostFailure as error:
            self._note(credentials_refused(error.__cause__))
            self.doubtful = not self._refused
            self.verbose.step("no whole answer to the command")
            raise
        self.verbose.answer(reply.stdout, reply.exit_code)
        return reply

    def _note(self, refused: bool) -> None:
        self._refused = refused
        self._refusals.count += refused

    def pause_before_retry(self, usual: float) -> float | None:
        """Return the seconds to wait before another try after a failure; None if there must be no other.

        A domain controller that starts may refuse a logon that it accepts later, so one refusal is not the end. But
        Windows counts refused logons: `REFUSED_PAUSES_S` ends them before the usual limits.

        Args:
            usual: seconds after a failure that is not a refused logon.
        """
        if not self._refused:
            return usual
        count = self._refusals.count
        return REFUSED_PAUSES_S[count - 1] if count <= len(REFUSED_PAUSES_S) else None

    def private(self, idle_timeout: int) -> Session:
        """Return a second session to the same host, whose shell the task executor does not know.

        Args:
            idle_timeout: seconds; must be longer than the longest command.

        The caller closes it, and only after its work is confirmed: closing kills what still runs.
        """
        session = Session(self._connection, pin_address=self._pin_address, clock=self._clock, verbose=self.verbose)
        session.host_clock = self.host_clock
        session._addresses = self._addresses
        session.commands_sent = self.commands_sent
        session._refusals = self._refusals
        session._idle_timeout = idle_timeout
        session._transport = session._new_transport(private=True)
        return session

    def renew(self) -> None:
        """Discard the shell, for example because it was idle. The next command opens another one."""
        if self._shell is not None:
            self._transport.delete_shell(self._shell)
            self._shell = None

    def reconnect(self) -> None:
        """Drop the connection, whose authentication may have expired. The next command opens another one."""
        self._transport.drop(self._shell)
        self._shell = None
        self.doubtful = self._interrupted = self._refused = False

    def end_left_shells(self) -> bool:
        """End, over a working connection, what lost connections left running.

        Returns:
            Whether none of it is left. A refused logon is counted, as it is for a command.
        """
        try:
            return self._transport.end_left()
        except LogonRefused:
            self._note(refused=True)
            return False

    def forget_left(self) -> None:
        """Note that nothing is left of what lost connections left running: the host has shown its end."""
        self._transport.forget_left()

    def close(self) -> None:
        """End what the task executor cannot end, and leave the rest to it.

        Nothing is sent after an exchange that was given up halfway: the host ends the shell by itself. The same after
        refused credentials, because another attempt only helps to lock the account.
        """
        if self._interrupted or self._refused or self._transport.given_up:
            self.reconnect()
            self._transport.forget_left()
            return
        shell, lost = self._shell, self.doubtful
        self._shell, self.doubtful = None, False
        self._transport.close(shell, lost)

    def _ready(self, timeout: float) -> RemoteShell:
        self._transport.connect()
        if self._shell is not None and self._shell.commands >= self._transport.max_commands:
            self.renew()
        if self._shell is None:
            self._shell = self._transport.open_shell(self._idle_timeout, timeout)
        return self._shell

    def _new_transport(self, private: bool) -> Transport:
        options = TransportOptions(private, self._pin_address, self._clock, self.host_clock, self._addresses)
        return new_transport(self._connection, options)
