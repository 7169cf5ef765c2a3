# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OpenSSH server on a loopback port for one host.

The supervisor listens itself and starts an sshd for each connection (`sshd -i`), so that the port is open exactly while
the host is reachable, and sshd never runs as a service of this machine. It runs in separate namespaces, in which
/etc/passwd and /etc/shadow hold the host's accounts, and ends with the supervisor.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portkeeper_lab.backend import Backend
from portkeeper_lab.loopback import bind
from portkeeper_lab.namespace import FirstProcess
from portkeeper_lab.paths import LabError
from portkeeper_lab.scenario import Scenario
from portkeeper_lab.ssh.files import CONFIG, SOCKET, write_files, write_known_hosts
from portkeeper_lab.ssh.sessions import Sessions
from portkeeper_lab.ssh.shells import Options

WATCH_INTERVAL = 0.1
BACKLOG = 32

SETUP = r"""
set -e
mount --make-rprivate /
mount -t proc proc /proc
mkdir -p /run/sshd
for file in passwd shadow nsswitch.conf; do
    mount --bind "$1/$file" "/etc/$file"
done
mount -t tmpfs -o mode=755 log /var/log
echo ready
exec env --ignore-signal=CHLD cat >/dev/null
"""
"""Argument: the folder. sshd writes failed logins into /var/log; /run/sshd is the empty folder that it insists on."""


class SSHServer:
    """One host's SSH listener.

    Attributes:
        folder: its files.
        port: the TCP port; 0 before start() when none was given.
    """

    def __init__(
        self, backend: Backend, scenario: Scenario, folder: Path, options: Options, log: Callable[[str], None]
    ) -> None:
        """Take the host, what it plays, a folder to be made for the server's files, and where to log."""
        self.folder = folder
        self.port = options.port
        self._backend = backend
        self._passwords = scenario.passwords
        self._default_shell = options.default_shell
        self._command: list[str] = []
        self._log = log
        self._sessions = Sessions(backend, scenario, options, lambda line: log(f"ssh {self.port}: {line}"), self._drop)
        self._stop = threading.Event()
        self._listening = threading.Event()
        self._lock = threading.Lock()
        self._sockets: dict[int, socket.socket] = {}
        self._listener: socket.socket | None = None
        self._enclosure: FirstProcess | None = None

    def start(self) -> None:
        """Bind the port, and answer as soon as the host is reachable.

        Raises:
            LabError: there is no sshd, or the port is taken.
        """
        program = shutil.which("sshd", path="/usr/sbin:/sbin:/usr/local/sbin")
        if program is None:
            raise LabError("There is no sshd. `lab setup --install` as root installs Debian's openssh-server.")
        write_files(self.folder, self._passwords)
        try:
            self._listener = bind("127.0.0.1", self.port)
        except OSError as error:
            raise LabError(f"SSH cannot have port {self.port}: {error}") from error
        self.port = self._listener.getsockname()[1]
        write_known_hosts(self.folder, self.port)
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", SETUP, "sh", str(self.folder)]
        self._enclosure = FirstProcess(command, "sshd")
        self._sessions.listen(self.folder / SOCKET)
        self._command = [*self._enclosure.enter("--mount"), program, "-i", "-e", "-f", str(self.folder / CONFIG)]
        for target in (self._accept, self._watch):
            name = f"ssh-{target.__name__}"
            threading.Thread(target=target, args=(self._listener,), name=name, daemon=True).start()

    def wait_open(self, timeout: float) -> bool:
        """Wait until the port is open and return whether it is."""
        return self._listening.wait(timeout)

    def facts(self) -> dict[str, Any]:
        """Return what a client needs to know of it."""
        return {"port": self.port, "folder": str(self.folder), "default_shell": self._default_shell}

    @property
    def running(self) -> int:
        """How many sessions' commands have not ended on the host, with and without a client."""
        return len(self._sessions.running)

    def _watch(self, listener: socket.socket) -> None:
        """Open and close the port with the host. A bound socket that does not listen keeps it."""
        while not self._stop.wait(WATCH_INTERVAL):
            reachable = self._backend.is_reachable()
            if reachable and not self._listening.is_set():
                listener.listen(BACKLOG)
                self._listening.set()
            elif not reachable and self._listening.is_set():
                self._listening.clear()
                with contextlib.suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
                self.drop_connections()

    def _accept(self, listener: socket.socket) -> None:
        while not self._stop.is_set():
            if not self._listening.wait(WATCH_INTERVAL):
                continue
            try:
                sock, address = listener.accept()
            except OSError:
                self._stop.wait(0.01)
                continue
            threading.Thread(target=self._serve, args=(sock, int(address[1])), name="sshd", daemon=True).start()

    def _serve(self, sock: socket.socket, client_port: int) -> None:
        """Run an sshd for one connection; our own handle of the socket is for `drop_connections`."""
        with self._lock:
            self._sockets[client_port] = sock
        self._sessions.faults.add("connections")
        try:
            subprocess.run(
                self._command, stdin=sock.fileno(), stdout=sock.fileno(), start_new_session=True, check=False
            )
        finally:
            with self._lock:
                self._sockets.pop(client_port, None)
            sock.close()

    def drop_connections(self) -> None:
        """End every open connection. Commands on the host continue."""
        with self._lock:
            sockets = list(self._sockets.values())
        for sock in sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _drop(self, connection: str) -> None:
        """End one connection, named as SSH_CONNECTION does: client address and port, server address and port."""
        with self._lock:
            sock = self._sockets.get(int(connection.split()[1]))
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def control(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out a request of a control channel; see lab/README.md.

        Raises:
            ValueError: no such operation, or a bad rule.
        """
        if request == {"op": "drop_connections"}:
            self.drop_connections()
            return {}
        return self._sessions.faults.control(request)

    def stop(self) -> None:
        """End everything; the port is free afterwards. May be called twice."""
        self._stop.set()
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        self.drop_connections()
        if self._enclosure is not None:
            self._enclosure.close()
        self._sessions.stop()
