# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a WinRM server on a loopback port for one host behind the Backend protocol.

server = WinRMServer(backend, {"Administrator": "secret"}, options=Options(full_chunks=True))
server.start()
... http://127.0.0.1:{server.port}/wsman ...
server.stop()
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import sys
import threading
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from ..backend import Backend
from ..loopback import bind
from .authority import end_point_binding
from .chaos import Chaos, Rule
from .connection import Connection, reset
from .counters import Counters
from .ntlm import Accounts
from .quotas import PROFILES, Options, Quotas, quotas_for
from .shells import ShellTable
from .wsman import Service

__all__ = ["PROFILES", "Options", "Quotas", "Rule", "WinRMServer"]

BACKLOG = 128
WATCH_INTERVAL = 0.1


def tls_context(options: Options) -> ssl.SSLContext:
    """Return how the server speaks TLS.

    Client certificates need TLS 1.2: with 1.3 they are asked for after the handshake, which clients of Python cannot.
    """
    assert options.tls is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*options.tls)
    context.maximum_version = ssl.TLSVersion[options.tls_version]
    if context.maximum_version < ssl.TLSVersion.TLSv1_2:
        with warnings.catch_warnings(action="ignore"):
            context.minimum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("ALL:@SECLEVEL=0")
    if options.client_authority is not None:
        context.load_verify_locations(options.client_authority)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


class WinRMServer:
    """One host's WinRM listener.

    Attributes:
        port: the TCP port; 0 before start() when none was given.
        counters: what has happened so far.
        chaos: faults to inject.
        options: as given, with the seed that is in use.
        quotas: the limits in force.
    """

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        backend: Backend,
        users: Mapping[str, str],
        host: str = "127.0.0.1",
        port: int = 0,
        profile: str = "winrm2",
        options: Options | None = None,
    ) -> None:
        """Take the host, its accounts (name to password), a loopback address and port, and what it plays."""
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError("the lab listens on loopback addresses only")
        self.backend = backend
        self.host = host
        self.port = port
        self.options = (options or Options()).with_seed()
        self.quotas = quotas_for(profile, self.options)
        self.counters = Counters()
        self.passwords = {name.lower(): password for name, password in users.items()}
        self.accounts = Accounts(users, (".", self.options.computer_name, *self.options.domains))
        self._stop = threading.Event()
        self.chaos = Chaos(self._stop)
        self.shells = ShellTable(backend, self.quotas, self.options, self.counters, self.log)
        self.service = Service(backend, self.quotas, self.options, self.counters, self.shells)
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self._listening = threading.Event()
        self._tls = tls_context(self.options) if self.options.tls else None
        self.channel_binding = end_point_binding(Path(self.options.tls[0]).read_bytes()) if self.options.tls else None

    def log(self, text: str) -> None:
        """One line to the options' log."""
        if self.options.log is not None:
            self.options.log(f"winrm {self.port}: {text}")

    def start(self) -> None:
        """Bind the port, and answer as soon as the host is reachable.

        Raises:
            OSError: the port is taken.
        """
        self._open()
        seed = "full chunks" if self.options.full_chunks else f"hostile chunks, seed {self.options.seed}"
        (self.options.log or self._print)(f"winrm {self.port}: {seed}")
        self._follow_host()
        for target in (self._accept, self._watch):
            thread = threading.Thread(target=target, name=f"winrm-{self.port}-{target.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def listen(self) -> socket.socket:
        """Bind the port without a thread: the caller accepts and hands connections to `serve`.

        For many hosts that are always reachable in one process; the caller sweeps `shells`, too.
        """
        listener = self._open()
        listener.listen(BACKLOG)
        return listener

    def _open(self) -> socket.socket:
        self._listener = bind(self.host, self.port)
        self.port = self._listener.getsockname()[1]
        return self._listener

    @staticmethod
    def _print(text: str) -> None:
        print(text, file=sys.stderr)

    def _follow_host(self) -> None:
        assert self._listener is not None
        reachable = self.backend.is_reachable()
        if reachable and not self._listening.is_set():
            self._listener.listen(BACKLOG)
            self._listening.set()
        elif not reachable and self._listening.is_set():
            self._listening.clear()
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._reset_all()
        if not reachable and self.backend.boot_state() != "up":
            self.shells.delete_all()

    def _watch(self) -> None:
        while not self._stop.wait(WATCH_INTERVAL):
            self._follow_host()
            self.shells.sweep()

    def _accept(self) -> None:
        assert self._listener is not None
        while not self._stop.is_set():
            if not self._listening.wait(WATCH_INTERVAL):
                continue
            try:
                sock, address = self._listener.accept()
            except OSError:
                self._stop.wait(0.01)
                continue
            threading.Thread(target=self.serve, args=(sock, str(address[0])), daemon=True).start()

    def serve(self, sock: socket.socket, address: str) -> None:
        """Serve one accepted connection until it ends."""
        if self._stop.is_set() or not self.backend.is_reachable():
            reset(sock)
            sock.close()
            return
        self.counters.add("connections")
        if self._tls is not None:
            try:
                sock.settimeout(self.options.keep_alive)
                sock = self._tls.wrap_socket(sock, server_side=True)
            except OSError:
                sock.close()
                return
        with self._lock:
            self._sockets.add(sock)
        try:
            Connection(self, sock, address).run()
        finally:
            with self._lock:
                self._sockets.discard(sock)

    def _reset_all(self) -> None:
        with self._lock:
            sockets = list(self._sockets)
        for sock in sockets:
            reset(sock)

    def drop_connections(self) -> None:
        """Reset every open connection; shells stay."""
        self._reset_all()

    def stop(self) -> None:
        """End all shells, connections and threads; the port is free afterwards. May be called twice."""
        self._stop.set()
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        self._reset_all()
        for thread in self._threads:
            thread.join(timeout=5)
        self.shells.delete_all()

    def __enter__(self) -> WinRMServer:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def control(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Execute a command of a control channel; argument and result are plain data.

        Args:
            request: {"op": "counters", "reset_counters", "shells", "delete_shells", "faults", "clear_faults" or
                "drop_connections"}, or {"op": "fault", "kind": ..., and other fields of Rule but `call`}.

        Raises:
            ValueError: no such operation, or a bad rule.
        """
        values = dict(request)
        operation = values.pop("op", None)
        if operation == "counters":
            with self._lock:
                return {**self.counters.snapshot(), "open_connections": len(self._sockets)}
        if operation == "shells":
            return {"shells": self.shells.listing()}
        if operation == "faults":
            return {"faults": self.chaos.rules()}
        if operation == "fault" and "call" not in values:
            try:
                self.chaos.arm(Rule(**values))
            except TypeError as error:
                raise ValueError(str(error)) from error
            return {}
        plain = {
            "reset_counters": self.counters.reset,
            "clear_faults": self.chaos.clear,
            "drop_connections": self.drop_connections,
            "delete_shells": self.shells.delete_all,
        }
        if operation not in plain:
            raise ValueError(f"no control operation {operation!r}")
        plain[operation]()
        return {}
