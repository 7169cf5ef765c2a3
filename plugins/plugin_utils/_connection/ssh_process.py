# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: ANN401 - signatures of ansible-core
"""One process of OpenSSH's client: start it with a password, read with a deadline, end it."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleError

from .ssh_arguments import password_of

_CHUNK = 65536
_SAID_MAX = 16 * 1024
"""Bytes of the client's standard error that are kept: the last ones give the reason of its end."""

_END_S = 5
"""Seconds to wait for the client's exit after its input or output has ended."""


class Process:
    """A process of the client. Reading and writing never block, and it has no terminal to prompt on."""

    def __init__(self, command: list[str], connection: Any) -> None:
        """Start it.

        Args:
            command: with its wrapper, from a call of `arguments_of` for this start.
            connection: the plugin, which provides the password.

        Raises:
            OSError: the program cannot be started.
        """
        self.said = b""
        self._forget_password: Callable[[], None] = _nothing
        self._process = self._started(command, connection)
        self._selector = selectors.DefaultSelector()
        for stream in (self._process.stdout, self._process.stderr):
            os.set_blocking(_descriptor(stream), False)
            self._selector.register(_descriptor(stream), selectors.EVENT_READ)
        os.set_blocking(_descriptor(self._process.stdin), False)

    def _started(self, command: list[str], connection: Any) -> subprocess.Popen[bytes]:
        pipe = getattr(connection, "sshpass_pipe", None)
        connection.sshpass_pipe = None
        more = {} if pipe else self._by_askpass(connection)
        environment = {**(more.get("env") or os.environ), "LC_ALL": "C"}
        if not more:
            # Without a terminal the client would start a program with a window where there is a display.
            environment["SSH_ASKPASS_REQUIRE"] = "never"
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                env=environment,
                pass_fds=pipe[:1] if pipe else (),
            )
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    os.write(pipe[1], f"{password_of(connection)}\n".encode())
        except BaseException:
            self.forget_password()
            raise
        finally:
            for end in pipe or ():
                os.close(end)
        return process

    def _by_askpass(self, connection: Any) -> dict[str, Any]:
        """Let the plugin share the password with its SSH_ASKPASS program, as it does since ansible-core 2.19.

        Raises:
            AnsibleError: the plugin has no method for that.
        """
        if password_of(connection) is None:
            return {}
        share = getattr(connection, "_init_shm", None)
        if share is None:
            sentence = "This ansible-core hands no password to ssh: set ansible_ssh_password_mechanism=sshpass."
            raise AnsibleError(sentence)
        more: dict[str, Any] = share()
        self._forget_password = lambda: _unlink(connection)
        return more

    def forget_password(self) -> None:
        """Remove the shared password, once it was used or is no longer needed."""
        forget, self._forget_password = self._forget_password, _nothing
        forget()

    def write(self, data: bytes) -> bool:
        """Write data that fits into the pipe, and return whether all of it was written."""
        try:
            return os.write(_descriptor(self._process.stdin), data) == len(data)
        except (BlockingIOError, BrokenPipeError):
            return False

    def read(self, seconds: float) -> bytes | None:
        """Wait for output and return it; empty if none came within the seconds, None at the end of the output."""
        out = _descriptor(self._process.stdout)
        for key, _events in self._selector.select(max(0.0, seconds)):
            data = _taken(key.fd)
            if data is None:
                continue  # the selector may announce data that does not come
            if not data:
                self._selector.unregister(key.fd)
            if key.fd == out:
                return data or None
            self.said = (self.said + data)[-_SAID_MAX:]
        return b""

    def status(self) -> int:
        """Return the exit code of a client whose output has ended; it is killed if it does not end."""
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._drain()
        return int(self._process.returncode)

    def finish(self) -> None:
        """Close the input, which ends the cmd.exe that reads it, and wait for the client to exit."""
        self._close(self._process.stdin)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
        self.kill()

    def kill(self) -> None:
        """Kill the client. What it has started on the host goes on."""
        self.forget_password()
        for end in (self._process.terminate, self._process.kill):
            if self._process.poll() is None:
                end()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(1)
        self._drain()
        self._selector.close()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            self._close(stream)

    def _drain(self) -> None:
        """Read the rest of its standard error, which the process of a shared connection may keep open."""
        stream = self._process.stderr
        while stream is not None and not stream.closed and (data := _taken(stream.fileno())):
            self.said = (self.said + data)[-_SAID_MAX:]

    @staticmethod
    def _close(stream: Any) -> None:
        with contextlib.suppress(OSError):
            stream.close()


def _nothing() -> None:
    """Do nothing, where there is no password to forget."""


def _descriptor(stream: Any) -> int:
    return int(stream.fileno())


def _taken(descriptor: int) -> bytes | None:
    """Return what can be read now; empty at the end of the stream, None if there is nothing yet."""
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None


def _unlink(connection: Any) -> None:
    shared, connection.shm = getattr(connection, "shm", None), None
    if shared is not None:
        with contextlib.suppress(OSError):
            shared.close()
            shared.unlink()
