# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accept NTLM and Kerberos, raw or inside SPNEGO, and the sealed messages of MS-WSMV 2.2.9.1, with pyspnego.

Kerberos needs the package gssapi, and the host's keys in the keytab that KRB5_KTNAME names.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
import threading
from collections.abc import Iterator, Mapping
from typing import ClassVar

import spnego
from spnego._ntlm_raw.crypto import ntowfv1
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
SEALED_TYPE = f'multipart/encrypted;protocol="{PROTOCOL}";boundary="Encrypted Boundary"'
_SEALED = re.compile(
    rb"\A--\s?Encrypted Boundary\r\n(?P<head>.*?)--\s?Encrypted Boundary\r\n"
    rb"\s*Content-Type: application/octet-stream\r\n(?P<data>.*)--\s?Encrypted Boundary--(?:\r\n)?\Z",
    re.DOTALL | re.IGNORECASE,
)
_LENGTH = re.compile(rb"Length=(\d+)", re.IGNORECASE)
_NTLM, _KERBEROS, _SPNEGO = "ntlm", "kerberos", "negotiate"
_KERBEROS_OID = bytes.fromhex("06092a864886f712010202")
_OPTIONS = {
    _NTLM: spnego.NegotiateOptions.use_ntlm,
    _KERBEROS: spnego.NegotiateOptions.none,
    _SPNEGO: spnego.NegotiateOptions.use_negotiate,
}
_LONGEST_HEAD = 17
"""Bytes up to the end of Kerberos' OID in a first token of GSS-API: a tag, a length of up to five, it (RFC 2743)."""


def _protocol_of(token: bytes) -> str:
    if token.startswith(b"NTLMSSP\x00"):
        return _NTLM
    return _KERBEROS if _KERBEROS_OID in token[:_LONGEST_HEAD] else _SPNEGO


class AuthError(Exception):
    """The client's token was not accepted."""


class SealError(Exception):
    """A sealed message that this connection cannot open: sealed for another one, damaged, or not sealed at all."""


class _CredentialFile:
    """The file that pyspnego's acceptor reads: one of the process, in memory, filled for the time of a step.

    The environment variable that names it is set once: a thread that reads the environment fails when one goes.
    """

    _current: ClassVar[_CredentialFile | None] = None
    _creation = threading.Lock()

    def __init__(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._descriptor = os.memfd_create("accounts")
        os.environ["NTLM_USER_FILE"] = f"/proc/self/fd/{self._descriptor}"

    @classmethod
    def of_this_process(cls) -> _CredentialFile:
        with cls._creation:
            if cls._current is None or cls._current._process != os.getpid():
                cls._current = cls()
            return cls._current

    @contextlib.contextmanager
    def holding(self, text: bytes) -> Iterator[None]:
        with self._lock:
            os.pwrite(self._descriptor, text, 0)
            try:
                yield
            finally:
                os.ftruncate(self._descriptor, 0)


class Accounts:
    """The accounts of one server, as NT hashes."""

    def __init__(self, users: Mapping[str, str], domains: tuple[str, ...]) -> None:
        """Note the accounts, each without a domain part and with every one of `domains`."""
        lines = []
        for name, password in users.items():
            if any(character in name for character in ":\\\r\n"):
                raise ValueError("a user name of the lab has no colon, backslash or line end")
            nt_hash = ntowfv1(password).hex().upper()
            for domain in ("", *domains):
                account = f"{domain}\\{name}" if domain else name
                lines.append(f"{account}:0:{'0' * 32}:{nt_hash}:[U]:LCT-0\n")
        self._text = "".join(lines).encode()

    def active(self) -> contextlib.AbstractContextManager[None]:
        """Make pyspnego use these accounts; other servers' threads wait."""
        return _CredentialFile.of_this_process().holding(self._text)


class Acceptor:
    """The security context of one TCP connection."""

    def __init__(self, accounts: Accounts, channel_binding: bytes | None = None) -> None:
        """Start without a client.

        Args:
            accounts: who may get in.
            channel_binding: what the client must have bound its token to; None where there is no TLS.
        """
        self._accounts = accounts
        self._bindings = GssChannelBindings(application_data=channel_binding) if channel_binding else None
        self._context: spnego.ContextProxy | None = None
        self.user: str | None = None

    @property
    def complete(self) -> bool:
        """Whether the client has proved who it is."""
        return self.user is not None

    def reset(self) -> None:
        """Forget the client."""
        self._context = None
        self.user = None

    def step(self, token: bytes) -> bytes | None:
        """Take the client's token.

        Returns:
            The token to send back, if there is one. Ask `complete` whether the client is authenticated.

        Raises:
            AuthError: wrong password, unknown user, or not a token at all.
        """
        protocol = _protocol_of(token)
        starts = token[8:9] == b"\x01" if protocol == _NTLM else token.startswith(b"\x60")
        if starts:
            self.reset()
        try:
            with self._accounts.active():
                if self._context is None:
                    self._context = spnego.server(
                        protocol=protocol,
                        options=_OPTIONS[protocol],
                        channel_bindings=self._bindings,
                    )
                answer = self._context.step(token)
        # A hostile token makes the parsers of pyspnego fail in many ways; to the client they are all one.
        except (SpnegoError, ImportError, ValueError, TypeError, LookupError, struct.error) as error:
            self.reset()
            raise AuthError(str(error)) from error
        if self._context.complete:
            principal = self._context.client_principal or ""
            self.user = principal.rpartition("\\")[2].partition("@")[0].lower()
        return answer

    def unseal(self, body: bytes) -> bytes:
        """Open a sealed message.

        Raises:
            SealError: see there; the context is of no more use then.
        """
        match = _SEALED.match(body)
        length = _LENGTH.search(match["head"]) if match else None
        if self._context is None or not self.complete or match is None or length is None:
            raise SealError("not sealed for this connection")
        data = match["data"]
        header_length = int.from_bytes(data[:4], "little")
        try:
            plain = self._context.unwrap_winrm(data[4 : 4 + header_length], data[4 + header_length :])
        except SpnegoError as error:
            raise SealError(str(error)) from error
        if len(plain) != int(length[1]):
            raise SealError("the length given is not the length of the message")
        return plain

    def seal(self, plain: bytes) -> bytes:
        """Return a message as multipart/encrypted body for this connection."""
        if self._context is None:
            raise SealError("no security context")
        wrapped = self._context.wrap_winrm(plain)
        head = (
            f"--Encrypted Boundary\r\n\tContent-Type: {PROTOCOL}\r\n"
            f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={len(plain)}\r\n"
            "--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
        )
        sealed = struct.pack("<I", len(wrapped.header)) + wrapped.header + wrapped.data
        return head.encode("ascii") + sealed + b"--Encrypted Boundary--\r\n"
