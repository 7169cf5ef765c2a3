# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serve the part of HTTP/1.1 that WinRM clients use: POST with Content-Length, keep-alive. h11 does the framing."""

from __future__ import annotations

import dataclasses
import email.utils
import http
import socket
import time
from typing import Any

import h11

MAX_HEAD = 64 * 1024
MAX_BODY = 16 * 1024 * 1024
AT_ONCE = 64 * 1024


class BadRequest(Exception):
    """What came is not HTTP that this server answers.

    Attributes:
        status: the answer's status code.
    """

    def __init__(self, status: int) -> None:
        """Take the status of the answer."""
        super().__init__(http.HTTPStatus(status).phrase)
        self.status = status


@dataclasses.dataclass(frozen=True)
class Request:
    """One request; header names are in lower case; size is its length on the wire in bytes."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    size: int

    @property
    def content_type(self) -> str:
        """The media type with its parameters, in lower case."""
        return self.headers.get("content-type", "").lower()


def clock() -> float:
    """Return UTC seconds of the host's clock; HTTP.sys says them in every answer."""
    return time.time()


@dataclasses.dataclass(frozen=True)
class Response:
    """One answer."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    close: bool = False

    def lines(self) -> list[tuple[str, str]]:
        """Return the header lines as HTTP.sys writes them."""
        lines = [("Server", "Microsoft-HTTPAPI/1.0"), ("Date", email.utils.formatdate(clock(), usegmt=True))]
        lines += self.headers
        if self.content_type:
            lines.append(("Content-Type", self.content_type))
        if self.close:
            lines.append(("Connection", "close"))
        return [*lines, ("Content-Length", str(len(self.body)))]


class Framing:
    """The requests and answers of one connection; what goes out is bytes, so that faults can harm them."""

    def __init__(self, sock: socket.socket) -> None:
        """Take the connection's socket."""
        self._sock = sock
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._received = 0

    @property
    def is_over(self) -> bool:
        """Whether the client or the last answer has said that the connection ends."""
        return self._http.our_state is h11.MUST_CLOSE

    def read_request(self) -> Request:
        """Read one request.

        Raises:
            BadRequest: malformed, too large, or without Content-Length.
            OSError: the client closed the connection, or it broke, or stayed silent.
        """
        if self._http.our_state is h11.DONE:
            self._http.start_next_cycle()
        self._received = 0
        try:
            return self._read_request()
        except h11.RemoteProtocolError as error:
            raise BadRequest(error.error_status_hint) from error

    def _read_request(self) -> Request:
        head = self._next_event()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
        if "transfer-encoding" in headers:
            raise BadRequest(411)
        if int(headers.get("content-length", "0")) > MAX_BODY:
            raise BadRequest(413)
        body = bytearray()
        while isinstance(event := self._next_event(), h11.Data):
            body += event.data
        return Request(head.method.decode(), head.target.decode("latin-1"), headers, bytes(body), self._received)

    def _next_event(self) -> Any:  # noqa: ANN401 - h11's events have no common fields
        while (event := self._http.next_event()) is h11.NEED_DATA:
            data = self._sock.recv(AT_ONCE)
            if not data:
                raise ConnectionError("the client has closed the connection")
            self._received += len(data)
            self._http.receive_data(data)
        return event

    def encode(self, response: Response) -> bytes:
        """Return the answer as on the wire.

        Raises:
            ConnectionError: the request can have no such answer, for example HEAD one with a body.
        """
        reason = http.HTTPStatus(response.status).phrase
        head = h11.Response(status_code=response.status, headers=response.lines(), reason=reason)
        events = [head, h11.Data(data=response.body), h11.EndOfMessage()]
        try:
            return b"".join(self._http.send(event) or b"" for event in events)
        except h11.LocalProtocolError as error:
            raise ConnectionError(f"there is no such answer to this request: {error}") from error
