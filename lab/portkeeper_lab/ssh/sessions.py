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
from collections.abc import Callable
from io import BufferedIOBase
from pathlib import Path

from portkeeper_lab.backend import Backend, BackendError, HostDown, Process
from portkeeper_lab.ssh.relay import EXIT, FRAME, STDERR, STDOUT
from portkeeper_lab.ssh.shells import Input, NotPlayed, Options

KINDS = {"stdout": STDOUT, "stderr": STDERR}
CHUNK = 64 * 1024
POLL = 1.0
"""Seconds between two looks at whether the host is still there."""
FAILED = 1


class Client:
    """The relay of one session; once it has gone, what is sent to it is thrown away."""

    def __init__(self, sock: socket.socket) -> None:
        """Takes the relay's connection."""
        self._sock = sock
        self.gone = False

    def send(self, kind: int, data: bytes) -> None:
        """Sends output."""
        self._send(FRAME.pack(kind, len(data)) + data)

    def exit(self, code: int) -> None:
        """Sends the exit code, as the last thing."""
        self._send(FRAME.pack(EXIT, code))

    def _send(self, data: bytes) -> None:
        if self.gone:
            return
        try:
            self._sock.sendall(data)
        except OSError:
            self.gone = True


class Sessions:
    """All sessions of one host."""

    def __init__(
        self,
        backend: Backend,
        options: Options,
        log: Callable[[str], None],
        *,
        limited_users: tuple[str, ...],
        windows_type: bool,
    ) -> None:
        """Takes the host and what it plays.

        Args:
            backend: the host.
            options: of the server.
            log: gets a line per session.
            limited_users: in lower case.
            windows_type: whether `type` converts UTF-16 on this host.
        """
        self._backend = backend
        self._options = options
        self._log = log
        self._limited_users = limited_users
        self._windows_type = windows_type
        self._server: socketserver.ThreadingUnixStreamServer | None = None

    def listen(self, path: Path) -> None:
        """Takes relays from now on."""
        sessions = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                sessions.serve(self.connection, self.rfile)

        self._server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="ssh-sessions", daemon=True).start()

    def stop(self) -> None:
        """Takes no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def serve(self, sock: socket.socket, incoming: BufferedIOBase) -> None:
        """Serves one session to the end of its command."""
        client = Client(sock)
        try:
            head = json.loads(incoming.readline())
            command, user = head["command"], head["user"]
            self._log(f"{user}: {command or 'no command'}")
            launch = self._options.launch(command, limited=user.lower() in self._limited_users)
            process = self._backend.spawn(launch)
        except HostDown:
            return
        except (ValueError, BackendError, NotPlayed) as error:
            client.send(STDERR, f"{error}\r\n".encode())
            client.exit(FAILED)
            return
        threading.Thread(target=self._pass_input, args=(process, incoming), daemon=True).start()
        with contextlib.suppress(HostDown):
            self._pass_output(process, client)

    def _pass_input(self, process: Process, incoming: BufferedIOBase) -> None:
        filtered = Input(self._options, windows_type=self._windows_type)
        with contextlib.suppress(BackendError):
            with contextlib.suppress(OSError, ValueError):
                while data := incoming.read1(CHUNK):
                    for line in filtered.feed(data):
                        process.write_stdin(line, end=False)
            process.write_stdin(filtered.end(), end=True)

    def _pass_output(self, process: Process, client: Client) -> None:
        """The process is not closed: that would end what it has started in the background."""
        while process.exit_code is None:
            for stream, chunk in process.read(CHUNK, POLL):
                client.send(KINDS[stream], chunk)
        client.exit(self._options.exit_code(process.exit_code))
