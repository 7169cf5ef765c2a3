# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describe connection failures, in one sentence each and without secrets."""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from .kdc_errors import refused_by_kdc
from .tls import handshake_sentence

Phase = Literal["read", "backup", "write", "restart", "verify"]

_ACCESS_DENIED = 5
_RESOURCE_URI_UNKNOWN = (2150858752, 2150858811)
"""The server knows WS-Management, but not the address of WinRM 2.0's shell."""

_QUOTA = (2150858815, 2150859173, 2150859174, 2150859175, 2150859176)
"""Faults of WinRM's quotas: processes per shell, shells per user, operations per user, and the like."""


_NOT_WINRM = ("ParseError", "ExpatError", "BadRequest", "TooManyRedirects", "UnexpectedAnswer")
"""What the libraries raise for answers of another kind of server; the last one is the collection's."""

_NO_DETAILS = "No details returned by the server"
"""pypsrp's message for an error page that it mistakes for a fault."""

_FAULT_PARTS = ("fault_code", "fault_subcode", "response", "code", "reason")
"""The attributes of the libraries' faults that contain the host's answer."""

_STUMBLED = ("StopIteration", "KeyError", "AttributeError", "TypeError", "IndexError", "NameError")
"""Exceptions that the library also raises for answers that it does not expect, because it uses them unchecked. Mistakes
in code raise the same classes: origin and text of the exception show which of the two it is."""

_OURS = "ansible_collections.portkeeper."

_REJECTED = ("InvalidCredentialsError", "PermissionError", "AuthenticationError")
"""pywinrm's for a 401 after the handshake, its NTLM library's for a 401 within it, and pypsrp's for both."""

_CUT = ("ConnectionError", "ProtocolError", "ChunkedEncodingError", "ConnectionResetError", "BrokenPipeError")


_GIVEN_UP = ("DeadlinePassed", "ReplyTooLarge")
"""Of our own limits for an exchange, see `_http_limits`."""


_KERBEROS = ("NoTicket", "KerberosExchangeError", "MutualAuthenticationError", "GSSError", "Krb5Error")
"""Of the connection plugin's kinit, of pywinrm, and of the libraries below."""

_SPNEGO = (
    *("SpnegoError", "BadMechanismError", "InvalidCredentialError"),
    *("NoCredentialError", "OperationNotAvailableError"),
)
"""Of pyspnego, for any way to log on."""


class NoTicket(Exception):
    """Kerberos got no ticket for the user."""


class HostFailure(Exception):
    """A task failed on a host that had been reached.

    Attributes:
        phase: how far it got.
        details: additional keys for the task's result, for example `dns_may_be_stopped` or `backup`.
    """

    def __init__(self, message: str, phase: Phase, **details: object) -> None:
        """Create the failure.

        Args:
            message: one sentence: what, on which host, why, what to do.
            phase: how far the task got.
            **details: additional keys for the result.
        """
        super().__init__(message)
        self.phase: Phase = phase
        self.details = details


@contextlib.contextmanager
def after_change(phase: Phase, **done: object) -> Iterator[None]:
    """Add to every failure from here on what was done before it, for example ``changed`` and ``backup``.

    Args:
        phase: of a failure that is no HostFailure.
        **done: keys of the task's result; a failure that has one of them keeps its own.
    """
    try:
        yield
    except HostFailure as error:
        error.details = {**done, **error.details}
        raise
    except (AnsibleConnectionFailure, AnsibleError) as error:
        raise HostFailure(str(error), phase, **done) from error


@dataclass(frozen=True)
class Variables:
    """The inventory variables of a connection plugin that an error tells the user to check.

    Attributes:
        authentication: for how to log on.
        address: for what is contacted.
        authority: for whose certificates are trusted.
        validation: for whether certificates are verified.
        certificate: for the client's certificate.
    """

    authentication: str = "ansible_winrm_transport"
    address: str = "ansible_port, ansible_winrm_scheme and ansible_winrm_path"
    authority: str = "ansible_winrm_ca_trust_path"
    validation: str = "ansible_winrm_server_cert_validation"
    certificate: str = "ansible_winrm_cert_pem"


@dataclass(frozen=True)
class Target:
    """The destination of a session, for messages.

    Attributes:
        host: name or address.
        port: TCP port.
        user: as configured.
        way: how it gets there, for example transport ntlm.
        variables: for messages that tell what to check.
    """

    host: str
    port: int
    user: str
    way: str
    variables: Variables = Variables()

    def __str__(self) -> str:
        """Describe host, port, transport and user in one phrase."""
        return f"{self.host} port {self.port} ({self.way}, user {self.user or 'not set'})"


@dataclass(frozen=True)
class _Seen:
    """What is known of an exception of a client library: its classes differ between the library's releases.

    Attributes:
        kind: name of the class.
        text: one line.
        fault: number of a WS-Management fault, or None.
        fault_text: the fault's codes and body.
        status: HTTP status of a transport error, or None.
        kerberos: whether the user logs on with Kerberos only.
    """

    kind: str
    text: str
    fault: int | None
    fault_text: str
    status: int | None
    kerberos: bool


_REFUSED = f"[Errno {errno.ECONNREFUSED}]"
"""The number, because the text behind it is in the controller's language."""

_BLOCK_MODE = (
    "in IPsec block mode since its last boot (event 4292): then run at its console net stop DNS /y, net start"
    " PolicyAgent, net start DNS."
)

_SENTENCES: tuple[tuple[Callable[[_Seen], bool], str], ...] = (
    (
        lambda seen: seen.kind in _REJECTED or seen.status == 401,
        "rejected the credentials: check ansible_user, ansible_password and {variables.authentication}.",
    ),
    (
        lambda seen: seen.kind in _KERBEROS or (seen.kerberos and seen.kind in _SPNEGO),
        "got no logon from Kerberos ({text}): check ansible_user, ansible_password, the ticket, krb5.conf and"
        " {variables.authentication}.",
    ),
    (
        lambda seen: seen.fault == _ACCESS_DENIED,
        "denied access: the user must be an administrator, and local administrators other than the built-in one need"
        " LocalAccountTokenFilterPolicy=1 on Server 2008 and later.",
    ),
    (
        lambda seen: seen.fault in _RESOURCE_URI_UNKNOWN or "InvalidResourceURI" in seen.fault_text,
        "speaks WinRM 1.1: install WinRM 2.0 (KB968930 on XP and Server 2003).",
    ),
    (
        lambda seen: seen.fault in _QUOTA,
        "refused because of a WinRM quota (fault {fault}): this user has too many shells or operations. End other"
        " sessions of this user, or try again later.",
    ),
    (lambda seen: seen.fault is not None, "answered with the WinRM fault {fault}: {text}"),
    (
        lambda seen: seen.kind in _NOT_WINRM or _NO_DETAILS in seen.text or seen.status in (404, 405, 501),
        "does not answer like WinRM: check {variables.address}.",
    ),
    (
        lambda seen: seen.kind in _STUMBLED,
        "does not answer like WinRM ({kind}: {text}): check {variables.address}.",
    ),
    (lambda seen: seen.status is not None, "answered with HTTP status {status}: check that WinRM 2.0 listens there."),
    (lambda seen: seen.kind in _GIVEN_UP, "was given up: {text}; it is not known what the host was doing."),
    (
        lambda seen: seen.kind == "ConnectTimeout",
        f"did not answer: the host is off, filtered by a firewall, or {_BLOCK_MODE}",
    ),
    (lambda seen: "Timeout" in seen.kind, "did not answer in time; it is not known what the host was doing."),
    (lambda seen: seen.kind == "SSLError", "could not be reached over TLS: {text}"),
    (
        lambda seen: _REFUSED in seen.text,
        "refused the connection: WinRM does not listen there (5985 for http, 5986 for https), or the host is"
        f" {_BLOCK_MODE}",
    ),
    (lambda seen: seen.kind in _CUT, "lost the connection: {text}"),
    (lambda seen: True, "could not be used: {kind}: {text}"),
)
"""The first row that fits gives the sentence."""


def explained(error: BaseException, target: Target) -> str:
    """Return one sentence for an error of a client library or of what is below it.

    Raises:
        Exception: the error itself, if it comes from a mistake in this collection: no host is to blame for that.
    """
    if type(error).__name__ in _STUMBLED and _raised_here(error):
        raise error
    fault_parts = (str(getattr(error, name, "") or "") for name in _FAULT_PARTS)
    seen = _Seen(
        type(error).__name__,
        _one_line(error),
        fault_number(error),
        " ".join(fault_parts),
        _http_status(error),
        "kerberos" in target.way,
    )
    sentence = handshake_sentence(error) or next(sentence for fits, sentence in _SENTENCES if fits(seen))
    names = {"kind": seen.kind, "text": seen.text, "fault": seen.fault, "status": seen.status}
    return f"{target} {sentence.format(variables=target.variables, **names)}"


def _raised_here(error: BaseException) -> bool:
    """Return whether the collection's code raised it, or made a call that does not fit the callee."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is None or str(trace.tb_frame.f_globals.get("__name__", "")).startswith(_OURS)


def fault_number(error: BaseException) -> int | None:
    """Return the number of a WS-Management fault; None for any other error."""
    number = getattr(error, "wsman_fault_code", None)
    if type(error).__name__ == "WSManFaultError" and not hasattr(error, "wsman_fault_code"):
        # pypsrp's class has it as `code`, which is a word for a fault that is not of WinRM; pywinrm's `code` is HTTP's.
        number = getattr(error, "code", None)
    return number if isinstance(number, int) else None


def credentials_refused(error: BaseException | None) -> bool:
    """Return whether the host, or the KDC, refused user and password."""
    if error is None:
        return False
    return type(error).__name__ in _REJECTED or _http_status(error) == 401 or refused_by_kdc(error)


class LogonRefused(AnsibleConnectionFailure):  # type: ignore[misc]
    """The host or the KDC refused user and password. Windows counts such attempts, and locks the account after some."""


def connection_failure(error: BaseException, target: Target) -> AnsibleConnectionFailure:
    """Return the failure of a connection that could not be opened, with its sentence."""
    kind = LogonRefused if credentials_refused(error) else AnsibleConnectionFailure
    return kind(explained(error, target))


def unanswered(error: BaseException) -> bool:
    """Return whether the host did not answer at all, or denies access: the next request would fail too."""
    kind = type(error).__name__
    return kind in _CUT or kind in _GIVEN_UP or "Timeout" in kind or kind == "SSLError" or credentials_refused(error)


def _http_status(error: BaseException) -> int | None:
    status: int | None = getattr(error, "code", None) if type(error).__name__ == "WinRMTransportError" else None
    return status


def _one_line(error: BaseException) -> str:
    """Return the error's text on one line, cut, without control characters: part of it may come from the host."""
    text = re.sub(r"[^ -~]+", " ", str(error))
    return re.sub(r" {2,}", " ", text).strip()[:300]
