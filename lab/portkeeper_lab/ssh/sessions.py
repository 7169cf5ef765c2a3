# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The supervisor's end of each session: what the client asks for, run on the host.

Closing the connection does not end what runs: a command keeps its streams, its output is thrown away, and what it has
started in the background outlives it.
"""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import BufferedIOBase
from pathlib import Path
from typing import Protocol

from portkeeper_lab.backend import Backend, BackendError, HostDown, Process
from portkeeper_lab.ssh.faults import Faults
from portkeeper_lab.ssh.relay import EXIT, FRAME, STDERR, STDOUT
from portkeeper_lab.ssh.shells import Input, NotPlayed, Options

KINDS = {"stdout": STDOUT, "stderr": STDERR}
CHUNK = 64 * 1024
POLL = 1.0
"""Seconds between two looks at whether the host is still there."""
FAILED = 1


class Played(Protocol):
    """What a session needs to know of a scenario: what it plays."""

    @property
    def limited_users(self) -> tuple[str, ...]:
        """Lower-case names."""

    @property
    def oem_codepage(self) -> int:
        """The code page of its console: WinRM asks for one, ssh gets this one."""

    @property
    def windows_type(self) -> bool:
        """Whether it does."""


class Client:
    """The relay of one session; once it has gone, what is sent to it is thrown away."""

    def __init__(self, sock: socket.socket) -> None:
        """Take the relay's connection."""
        self._sock = sock
        self._lock = threading.Lock()
        self.gone = False
        self.pause: float | None = None

    def send(self, kind: int, data: bytes) -> None:
        """Send output; with a pause set, byte by byte."""
        if self.pause is None:
            self._send(FRAME.pack(kind, len(data)) + data)
            return
        for at in range(len(data)):
            self._send(FRAME.pack(kind, 1) + data[at : at + 1])
            time.sleep(0 if self.gone else self.pause)

    def flood(self, size: int) -> None:
        """Send output that the command has not written."""
        while size > 0 and not self.gone:
            self._send(FRAME.pack(STDOUT, CHUNK) + b"x" * CHUNK)
            size -= CHUNK

    def exit(self, code: int) -> None:
        """Send the exit code, as the last thing."""
        self._send(FRAME.pack(EXIT, code))

    def _send(self, data: bytes) -> None:
        if self.gone:
            return
        try:
            with self._lock:
                self._sock.sendall(data)
        except OSError:
            self.gone = True


class Sessions:
    """All sessions of one host.

    Attributes:
        faults: what is to go wrong, and what has happened.
        running: those whose command has not ended on the host.
    """

    def __init__(
        self,
        backend: Backend,
        scenario: Played,
        options: Options,
        log: Callable[[str], None],
        drop: Callable[[str], None],
    ) -> None:
        """Take the host and what it plays.

        Args:
            backend: the host.
            scenario: what it plays.
            options: of the server.
            log: gets a line per session.
            drop: ends a connection, by the SSH_CONNECTION of its sessions.
        """
        self._backend = backend
        self._options = options
        self._log = log
        self._drop = drop
        self._limited_users = scenario.limited_users
        self._windows_type = scenario.windows_type
        self._codepage = scenario.oem_codepage
        self._server: socketserver.ThreadingUnixStreamServer | None = None
        self._stopping = threading.Event()
        self.faults = Faults()
        self.running: set[object] = set()

    def listen(self, path: Path) -> None:
        """Take relays from now on."""
        sessions = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                sessions.running.add(self)
                try:
                    sessions.serve(self.connection, self.rfile)
                finally:
                    sessions.running.discard(self)
                # Wakes the thread that still waits for input.
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)

        self._server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="ssh-sessions", daemon=True).start()

    def stop(self) -> None:
        """Accept no more relays."""
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def serve(self, sock: socket.socket, incoming: BufferedIOBase) -> None:
        """Serve one session to the end of its command."""
        client = Client(sock)
        started: list[Process] = []
        self.faults.add("sessions")
        try:
            head = json.loads(incoming.readline())
            command, user = head["command"], head["user"]
            self._log(f"{user}: {command or 'no command'}")
            launch = self._options.launch(command, limited=user.lower() in self._limited_users)
            launch = replace(launch, codepage=self._codepage)
            if not self._step(client, head["client"], lambda: started.append(self._backend.spawn(launch))):
                return
        except HostDown:
            return
        except (ValueError, BackendError, NotPlayed) as error:
            client.send(STDERR, f"{error}\r\n".encode())
            client.exit(FAILED)
            return
        process = started[0]
        threading.Thread(target=self._pass_input, args=(process, incoming, client, head["client"]), daemon=True).start()
        with contextlib.suppress(HostDown):
            self._pass_output(process, client)

    def _step(self, client: Client, connection: str, action: Callable[[], None]) -> bool:
        """Deliver data to the host, with the armed faults, and return whether the session continues."""
        rules = self.faults.reached()
        if "hang" in rules and self._stopping.wait(rules["hang"].seconds):
            return False
        if "drop_before" in rules:
            self._drop(connection)
            return False
        if "dribble" in rules:
            client.pause = rules["dribble"].seconds or 0.0
        if "call_before" in rules:
            call = rules["call_before"].call
            assert call is not None
            call()
        action()
        if "flood" in rules:
            client.flood(rules["flood"].size)
        if "drop_after" in rules:
            self._drop(connection)
        return True

    def _pass_input(self, process: Process, incoming: BufferedIOBase, client: Client, connection: str) -> None:
        filtered = Input(self._options, windows_type=self._windows_type)
        rest, counted = b"", ["lines"]
        with contextlib.suppress(BackendError):
            with contextlib.suppress(OSError, ValueError):
                while data := incoming.read1(CHUNK):
                    for line in filtered.feed(data):
                        self.faults.add(*counted)
                        self.faults.keep(line)
                        counted = ["lines", "further_lines"]
                        if not self._step(client, connection, partial(process.write_stdin, line, end=False)):
                            process.write_stdin(b"", end=True)
                            return
                rest = filtered.end()
            process.write_stdin(rest, end=True)

    def _pass_output(self, process: Process, client: Client) -> None:
        """The process is not closed: that would end what it has started in the background."""
        while process.exit_code is None:
            for stream, chunk in process.read(CHUNK, POLL):
                client.send(KINDS[stream], chunk)
        client.exit(self._options.exit_code(process.exit_code))
