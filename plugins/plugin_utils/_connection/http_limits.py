# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: ANN401 - signatures of the libraries, which differ between their releases
"""Enforce a deadline, a size limit and the host's address on every HTTP exchange, below the client library.

The library's own timeout is for a single read from the socket: a host that sends a byte every few seconds never reaches
it. The library looks at the size of a reply only when all of it is in memory. So both are checked here, at each read
from the socket: status line, headers and body of every reply, including the handshake and error replies.

If the host's addresses are known beforehand, connections go to them. Everything above the connection still uses the
name: the TLS certificate, the Kerberos ticket and the Host header.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import io
import socket
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NoReturn

MAX_REPLY = 4 * 1024 * 1024
"""Bytes of one reply, headers included. The library asks for envelopes of 150 KB (MaxEnvelopeSize)."""


class DeadlinePassed(Exception):
    """A host did not finish its reply in time. It is not an OSError, so urllib3 and requests do not change it."""


class ReplyTooLarge(Exception):
    """A host sent too long a reply, or a compressed one, whose size is not known beforehand."""


class Limits:
    """The remaining time for a piece of work with a host, and the size limit of each reply."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow no time until `allow` is called. The clock returns monotonic seconds."""
        self._clock = clock
        self._seconds = 0.0
        self._deadline: float | None = None
        self._size = 0
        self.exceeded = False
        """Whether an exchange was given up, so that its connection is unusable."""
        self.addresses: tuple[str, ...] = ()
        """Addresses to connect to; if there are none, the host's name is looked up."""

    def allow(self, seconds: float) -> None:
        """Set the time for the next piece of work. It starts with the first exchange and covers all of them."""
        self._seconds, self._deadline = seconds, None

    def begin(self) -> float:
        """Begin an exchange and return the seconds that it may take.

        Raises:
            DeadlinePassed: there is no time left.
        """
        self._size = 0
        if self._deadline is None:
            self._deadline = self._clock() + self._seconds
        return self.left()

    def left(self) -> float:
        """Return the seconds until the deadline.

        Raises:
            DeadlinePassed: it has passed.
        """
        left = (self._deadline or 0.0) - self._clock()
        if left <= 0:
            self.exceeded = True
            raise DeadlinePassed(f"no complete answer within {self._seconds:.0f} seconds")
        return left

    def count(self, size: int) -> None:
        """Count received bytes.

        Raises:
            ReplyTooLarge: they are too many.
        """
        self._size += size
        if self._size > MAX_REPLY:
            self.refuse(f"more than {MAX_REPLY} bytes in one reply")

    def refuse(self, reason: str) -> NoReturn:
        """Give up an exchange.

        Raises:
            ReplyTooLarge: always.
        """
        self.exceeded = True
        raise ReplyTooLarge(reason)


_CURRENT: ContextVar[Limits] = ContextVar("limits")
"""The limits of the current exchange: urllib3 makes the object that reads a reply, and cannot pass them to it."""


class _LimitedReader(socket.SocketIO):
    """Reads from a socket, within the limits of the current exchange."""

    def __init__(self, sock: socket.socket, limits: Limits) -> None:
        super().__init__(sock, "r")
        # As socket.makefile does it: the socket stays open until its readers are closed.
        sock._io_refs += 1  # type: ignore[attr-defined]
        self._limits = limits
        self._socket = sock
        self._timeout = sock.gettimeout()

    def readinto(self, b: Any) -> int | None:
        left = self._limits.left()
        self._socket.settimeout(left if self._timeout is None else min(left, self._timeout))
        try:
            size = super().readinto(b)
        except TimeoutError:
            self._limits.left()
            raise
        self._limits.count(size or 0)
        return size


class _Source:
    """The part of a socket that http.client uses to read a reply."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_LimitedReader(self._socket, _CURRENT.get()))


class _LimitedResponse(http.client.HTTPResponse):
    """A reply that is read by a limited reader."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(_Source(sock), *args, **options)  # type: ignore[arg-type]


class _Pinned:
    """A connection of urllib3 that goes to known addresses, one after the other until one answers."""

    _dns_host: str

    def _new_conn(self) -> Any:
        from urllib3.exceptions import ConnectTimeoutError, NewConnectionError  # noqa: PLC0415

        name, limits = self._dns_host, _CURRENT.get()
        *others, last = limits.addresses or (name,)
        try:
            for address in others:
                self._dns_host = address
                with contextlib.suppress(ConnectTimeoutError, NewConnectionError):
                    return super()._new_conn()  # type: ignore[misc]
                limits.left()
            self._dns_host = last
            return super()._new_conn()  # type: ignore[misc]
        finally:
            self._dns_host = name


@functools.cache
def adapter_class() -> Any:
    """Return the class with which a session of `requests` sends. It is created once.

    Raises:
        ImportError: the libraries of the transports are missing.
    """
    from requests import Timeout, adapters  # noqa: PLC0415
    from urllib3 import connection, connectionpool  # noqa: PLC0415

    reading = {"response_class": _LimitedResponse}
    plain = type("LimitedConnection", (connection.HTTPConnection,), reading)
    tls = type("LimitedTlsConnection", (connection.HTTPSConnection,), reading)

    def pools(*pinned: type) -> dict[str, type]:
        made = {"http": (connectionpool.HTTPConnectionPool, plain), "https": (connectionpool.HTTPSConnectionPool, tls)}
        return {
            scheme: type(f"Limited{pool.__name__}", (pool,), {"ConnectionCls": type("Limited", (*pinned, way), {})})
            for scheme, (pool, way) in made.items()
        }

    # A connection to a proxy must not go to the host's address.
    direct, over_proxy = pools(_Pinned), pools()

    class LimitedAdapter(adapters.HTTPAdapter):
        """Sends requests and reads replies within the limits."""

        def __init__(self, limits: Limits) -> None:
            self.limits = limits
            super().__init__()

        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, **options)
            self.poolmanager.pool_classes_by_scheme = direct

        def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
            manager = super().proxy_manager_for(*args, **options)
            manager.pool_classes_by_scheme = over_proxy
            return manager

        def send(self, request: Any, *args: Any, **options: Any) -> Any:
            """Send a request and read the head of the reply; its body is read later, within the same limits."""
            options["timeout"] = _at_most(self.limits.begin(), options.get("timeout"))
            request.headers["Accept-Encoding"] = "identity"
            _CURRENT.set(self.limits)
            try:
                response = super().send(request, *args, **options)
            except Timeout:
                self.limits.left()
                raise
            if response.headers.get("Content-Encoding", "identity") != "identity":
                response.close()
                self.limits.refuse("a compressed reply, which was not asked for")
            return response

    return LimitedAdapter


def _at_most(left: float, timeout: Any) -> Any:
    """Return a timeout of `requests` (one number, or one to connect and one to read) within the remaining time."""
    if isinstance(timeout, tuple):
        return tuple(_at_most(left, seconds) for seconds in timeout)
    return min(left, float(timeout)) if isinstance(timeout, (int, float)) else left


def limit_session(session: Any, limits: Limits) -> None:
    """Enforce the limits on everything that a session of `requests` sends.

    Args:
        session: has sent nothing yet.
        limits: those of the current piece of work.
    """
    adapter = adapter_class()(limits)
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    # WinRM never redirects. Another server that does so must not get the proof of the password.
    session.max_redirects = 0


def limit(transport: Any, limits: Limits) -> None:
    """Enforce the limits on everything that a transport of pywinrm sends, including the handshake.

    Args:
        transport: `winrm.transport.Transport`, which has sent nothing yet. It makes a new session after each one that
            was closed, and sends the first message of the handshake before it hands the session out: all of its
            messages go through one method, which is replaced in this object.
        limits: those of the current piece of work.
    """
    send = transport._send_message_request

    def send_limited(*args: Any, **options: Any) -> Any:
        session = transport.session
        if session is not None and not isinstance(session.adapters.get("http://"), adapter_class()):
            limit_session(session, limits)
        return send(*args, **options)

    transport._send_message_request = send_limited
