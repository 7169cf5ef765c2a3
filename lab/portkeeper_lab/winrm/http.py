# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much HTTP/1.1 as WinRM clients use: POST with Content-Length, keep-alive."""

from __future__ import annotations

import dataclasses
import email.utils
import time
from typing import BinaryIO

MAX_LINE = 64 * 1024
MAX_HEADERS = 100
MAX_BODY = 16 * 1024 * 1024

REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Request Entity Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class BadRequest(Exception):
    """What came is not HTTP that this server answers.

    Attributes:
        status: the answer's status code.
    """

    def __init__(self, status: int) -> None:
        """Takes the status of the answer."""
        super().__init__(REASONS[status])
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

    @property
    def wants_close(self) -> bool:
        """Whether the client ends the connection after the answer."""
        return self.headers.get("connection", "").lower() == "close"


def clock() -> float:
    """UTC seconds of the host's clock; HTTP.sys says them in every answer."""
    return time.time()


@dataclasses.dataclass(frozen=True)
class Response:
    """One answer."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    close: bool = False

    def encode(self) -> bytes:
        """The answer as on the wire."""
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}", "Server: Microsoft-HTTPAPI/1.0"]
        lines.append(f"Date: {email.utils.formatdate(clock(), usegmt=True)}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.content_type:
            lines.append(f"Content-Type: {self.content_type}")
        if self.close:
            lines.append("Connection: close")
        lines.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + self.body


def _read_head(stream: BinaryIO) -> list[bytes] | None:
    lines: list[bytes] = []
    while True:
        line = stream.readline(MAX_LINE)
        if not line:
            return None
        if not line.endswith(b"\n") or len(lines) > MAX_HEADERS:
            raise BadRequest(400)
        line = line.rstrip(b"\r\n")
        if line:
            lines.append(line)
        elif lines:
            return lines


def read_request(stream: BinaryIO) -> Request | None:
    """Reads one request.

    Returns:
        The request, or None when the client has closed the connection.

    Raises:
        BadRequest: malformed, too large, or without Content-Length.
        OSError: the connection broke or stayed silent.
    """
    lines = _read_head(stream)
    if lines is None:
        return None
    first = lines[0].decode("latin-1").split(" ")
    if len(first) != 3 or not first[2].startswith("HTTP/1."):
        raise BadRequest(400)
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise BadRequest(400)
        headers[name.strip().lower()] = value.strip()
    if "transfer-encoding" in headers:
        raise BadRequest(411)
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit():
        raise BadRequest(400)
    if int(length) > MAX_BODY:
        raise BadRequest(413)
    body = stream.read(int(length))
    if len(body) < int(length):
        return None
    size = sum(len(line) + 2 for line in lines) + 2 + len(body)
    return Request(first[0], first[1], headers, body, size)
