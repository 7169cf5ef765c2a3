# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on a real socket that behaves like WinRM up to one request, and never ends its answer to that one.

Anybody may log on. It answers one command, whose output is CLIENT01.
"""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection import warm

Rude = Callable[[socket.socket], None]

_SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
_ENVELOPE = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"'
    f' xmlns:rsp="{_SHELL}"><s:Header><a:RelatesTo>{{relates}}</a:RelatesTo></s:Header><s:Body>{{body}}</s:Body>'
    "</s:Envelope>"
)
_ID = "11111111-1111-1111-1111-111111111111"
_BODIES = {
    "Create": f'<rsp:Shell><w:SelectorSet><w:Selector Name="ShellId">{_ID}</w:Selector></w:SelectorSet></rsp:Shell>',
    "Command": f"<rsp:CommandResponse><rsp:CommandId>{_ID}</rsp:CommandId></rsp:CommandResponse>",
    "Receive": f'<rsp:ReceiveResponse><rsp:Stream Name="stdout" CommandId="{_ID}">'
    + base64.b64encode(b"CLIENT01").decode()
    + f'</rsp:Stream><rsp:CommandState CommandId="{_ID}" State="{_SHELL}/CommandState/Done">'
    "<rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>",
}
HANDSHAKE = 3
"""Requests of NTLM before the first one that is sealed."""


class RudeServer:
    """Listens on loopback until it is stopped."""

    def __init__(
        self, at: int = 0, rude: Rude | None = None, ntlm: bool = False, tls: ssl.SSLContext | None = None
    ) -> None:
        """Begin to listen.

        Args:
            at: number of the request, from 1, whose answer is `rude`; 0 for none.
            rude: sends that answer.
            ntlm: begin with a handshake of NTLM.
            tls: speak HTTPS with this certificate.
        """
        self._at, self._rude, self._ntlm, self._tls = at, rude, ntlm, tls
        self.requests: list[str] = []
        self.heads: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        self._listener.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _address = self._listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), plain:
            self._converse(self._tls.wrap_socket(plain, server_side=True) if self._tls else plain)

    def _converse(self, sock: socket.socket) -> None:
        with sock, sock.makefile("rb") as stream:
            sealed = 0
            while head := b"".join(iter(stream.readline, b"\r\n")).decode():
                length = int(_found(r"(?im)^content-length: (\d+)", head) or 0)
                body = stream.read(length).decode("latin-1")
                action = _found(r"(?:shell|transfer)/(\w+)</\w+:Action>", body) or "other"
                sealed += 1
                self.requests.append(action)
                self.heads.append(head)
                if len(self.requests) == self._at and self._rude is not None:
                    self._rude(sock)
                    return
                sock.sendall(self._handshake(sealed) if self._ntlm else _answer_to(action, body))

    def _handshake(self, number: int) -> bytes:
        """Return a server's messages up to the proof of the password, which accepts any password."""
        if number < HANDSHAKE:
            token = "" if number == 1 else " " + base64.b64encode(warm._CHALLENGE).decode()
            return answer("401 Unauthorized", b"", f"WWW-Authenticate: Negotiate{token}")
        return answer("200 OK")


def _answer_to(action: str, body: str) -> bytes:
    relates = _found(r"<\w+:MessageID>([^<]*)", body)
    envelope = _ENVELOPE.format(relates=relates, body=_BODIES.get(action, ""))
    return answer("200 OK", envelope.encode(), "Content-Type: application/soap+xml;charset=UTF-8")


def _found(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text)
    return next(filter(None, found.groups()), None) if found else None


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Return a whole reply."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def drips(begin: bytes, seconds: float = 0.02, at_most: float = 30) -> Rude:
    """Send a beginning, then a byte now and then until the client goes, or longer than any test waits."""

    def rude(sock: socket.socket) -> None:
        sock.sendall(begin)
        until = time.monotonic() + at_most
        while time.monotonic() < until:
            time.sleep(seconds)
            sock.sendall(b"x")

    return rude


def floods(begin: bytes, piece: bytes, pieces: int) -> Rude:
    """Send a beginning, then as many pieces as the client takes, up to a number."""

    def rude(sock: socket.socket) -> None:
        sock.sendall(begin)
        for _count in range(pieces):
            sock.sendall(piece)

    return rude
