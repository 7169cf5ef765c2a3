# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serve one TCP connection: HTTP, authentication, encryption."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import socket
import ssl
import struct
from typing import TYPE_CHECKING

from . import soap
from .authority import principal_of
from .chaos import Injection
from .faults import DropConnection, SoapFault
from .http import BadRequest, Framing, Request, Response
from .ntlm import SEALED_TYPE, Acceptor, AuthError, SealError
from .quotas import KIB
from .soap import Message

if TYPE_CHECKING:
    from .server import WinRMServer

MUTUAL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
"""The scheme of a client that shows a certificate."""
PLAIN_TYPE = "application/soap+xml;charset=UTF-8"


def reset(sock: socket.socket) -> None:
    """Make the close of a connection a reset. The thread that waits for it wakes up and closes it."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RD)


class Connection:
    """Serves one client until it goes."""

    def __init__(self, server: WinRMServer, sock: socket.socket, address: str) -> None:
        """Take an accepted socket and the client's IP address."""
        self._server = server
        self._sock = sock
        self._http = Framing(sock)
        self._address = address
        self._acceptor = Acceptor(server.accounts, server.channel_binding)
        self._final_token: bytes | None = None

    def run(self) -> None:
        """Answer requests until the client closes, a fault drops it, or the host goes."""
        try:
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sock.settimeout(self._server.options.keep_alive)
            while not self._http.is_over:
                self._exchange(self._http.read_request())
        except BadRequest as error:
            with contextlib.suppress(OSError):
                self._sock.sendall(self._http.encode(Response(error.status, close=True)))
        except DropConnection:
            reset(self._sock)
        except OSError:
            pass
        finally:
            self._sock.close()

    def _exchange(self, request: Request) -> None:
        server = self._server
        server.counters.add("requests")
        server.counters.add("bytes_in", request.size)
        injection = server.chaos.arrived()
        response = injection.arrival() or self._answer(request, injection)
        if not server.backend.is_reachable():
            raise DropConnection("the host does not answer")
        data = self._http.encode(response)
        injection.send(self._sock, data)
        server.counters.add("bytes_out", len(data))
        server.counters.add("challenges", response.status == 401)

    def _answer(self, request: Request, injection: Injection) -> Response:
        if request.path.split("?")[0].rstrip("/").lower() != "/wsman":
            return Response(404)
        if request.method != "POST":
            return Response(405)
        if request.headers.get("wsmanidentify", "").lower() == "unauthenticated":
            return self._soap(request.body, "", injection, sealed=False)
        user = self._who(request.headers.get("authorization", ""))
        if isinstance(user, Response):
            return user
        if not request.body:
            return Response(200, headers=self._token_header(), content_type=PLAIN_TYPE)
        return self._message(request, user, injection)

    def _message(self, request: Request, user: str, injection: Injection) -> Response:
        sealed = request.content_type.startswith("multipart/")
        if not sealed and not (self._server.options.allow_unencrypted or self._server.options.tls):
            self._server.log("500: the message is not encrypted")
            return Response(500)
        try:
            plain = self._acceptor.unseal(request.body) if sealed else request.body
        except SealError as error:
            self._server.log(f"400: {error}")
            self._acceptor.reset()
            return Response(400, close=True)
        return self._soap(plain, user, injection, sealed=sealed)

    def _token_header(self) -> tuple[tuple[str, str], ...]:
        token, self._final_token = self._final_token, None
        return (("WWW-Authenticate", "Negotiate " + base64.b64encode(token).decode()),) if token else ()

    def _refused(self) -> Response:
        offers = [("WWW-Authenticate", "Negotiate")]
        if self._server.options.basic:
            offers.append(("WWW-Authenticate", 'Basic realm="WSMAN"'))
        return Response(401, headers=tuple(offers))

    def _who(self, authorization: str) -> str | Response:
        if not authorization:
            return self._acceptor.user or self._refused()
        if authorization == MUTUAL:
            return self._certificate()
        scheme, _, text = authorization.partition(" ")
        try:
            token = base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            return self._refused()
        if scheme.lower() == "basic" and self._server.options.basic:
            return self._basic(token)
        return self._negotiate(token) if scheme.lower() == "negotiate" else self._refused()

    def _negotiate(self, token: bytes) -> str | Response:
        try:
            answer = self._acceptor.step(token)
        except AuthError as error:
            self._server.counters.add("auth_failures")
            self._server.log(f"401: {error}")
            return self._refused()
        if self._acceptor.user is not None:
            self._final_token = answer
            return self._acceptor.user
        challenge = "Negotiate " + base64.b64encode(answer or b"").decode()
        return Response(401, headers=(("WWW-Authenticate", challenge),))

    def _certificate(self) -> str | Response:
        """Return the account of the client certificate, which TLS has checked already."""
        shown = self._sock.getpeercert(binary_form=True) if isinstance(self._sock, ssl.SSLSocket) else None
        name = (principal_of(shown) or "").lower() if shown else ""
        if name in self._server.passwords:
            return name
        self._server.counters.add("auth_failures")
        return self._refused()

    def _basic(self, token: bytes) -> str | Response:
        for encoding in ("utf-8", "latin-1"):  # clients disagree
            name, _, password = token.decode(encoding, "replace").partition(":")
            name = name.rpartition("\\")[2].lower()
            expected = self._server.passwords.get(name)
            if expected is not None and hmac.compare_digest(expected.encode(), password.encode()):
                return name
        self._server.counters.add("auth_failures")
        return self._refused()

    def _soap(self, plain: bytes, user: str, injection: Injection, *, sealed: bool) -> Response:
        server = self._server
        try:
            message = soap.parse(plain, server.quotas)
        except ValueError as error:
            server.log(f"400: {error}")
            return Response(400, close=True)
        except SoapFault as error:
            return self._reply(500, soap.fault(error, ""), sealed)
        server.counters.action(message.action)
        response = injection.add(server.chaos.matching(message.action)).arrival()
        if response is not None:
            return response
        status, xml = self._execute(message, user, len(plain), injection)
        return self._reply(status, injection.body(message, xml), sealed)

    def _execute(self, message: Message, user: str, size: int, injection: Injection) -> tuple[int, bytes]:
        server = self._server
        try:
            injection.execution()
            if not user and message.action != "Identify":
                raise SoapFault("access_denied")
            if size > server.quotas.max_envelope_kb * KIB:
                raise SoapFault("encoding_limit")
            return 200, server.service.execute(message, user, self._address)
        except SoapFault as error:
            server.counters.add("receive_timeouts" if error.name == "operation_timeout" else "faults")
            return 500, soap.fault(error, message.message_id)

    def _reply(self, status: int, xml: bytes, sealed: bool) -> Response:
        headers = self._token_header()
        if sealed:
            return Response(status, self._acceptor.seal(xml), SEALED_TYPE, headers)
        return Response(status, xml, PLAIN_TYPE, headers)
