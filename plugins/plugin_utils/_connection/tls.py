# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS: refuse variables that would switch off the verification of the host, and explain a failed handshake."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

_EXPIRED = 10
_NOT_YET_VALID = 9
_OTHER_NAME = (62, 64)
"""A mismatch of the host name, and of the address."""
_NO_AUTHORITY = (2, 18, 19, 20, 21)
"""No issuer, a self-signed certificate, an unknown authority in the chain, an incomplete chain (x509_vfy.h)."""

_TOO_OLD = ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE", "VERSION_TOO_LOW")
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
_CLIENT_REFUSED = (
    "TLSV1_ALERT_UNKNOWN_CA",
    "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED",
)
"""The host's alerts about a client's certificate."""

_UNVERIFIED = (
    " ({variables.validation}=ignore would accept it, but then anybody in between can pretend to be the host)."
)

_VERIFICATION = {
    _EXPIRED: "presents a certificate that has expired: renew it on the host" + _UNVERIFIED,
    _NOT_YET_VALID: "presents a certificate that is not valid yet: check the clocks of both machines" + _UNVERIFIED,
    **dict.fromkeys(
        _OTHER_NAME,
        "presents a certificate for another name: set ansible_host to the name in the certificate, or issue one for"
        " this name" + _UNVERIFIED,
    ),
    **dict.fromkeys(
        _NO_AUTHORITY,
        "presents a certificate of an authority that is not trusted here: set {variables.authority} to the file with"
        " the authority's certificate.",
    ),
}
"""By the number of OpenSSL's verification error."""

_HANDSHAKE = {
    **dict.fromkeys(
        _TOO_OLD,
        "speaks no version of TLS that this controller accepts; Server 2003 and XP support TLS 1.0 only: use NTLM over"
        " HTTP for them, and check {variables.address}.",
    ),
    **dict.fromkeys(_NO_TLS, "does not speak TLS on this port: check {variables.address}."),
    **dict.fromkeys(_CLIENT_REFUSED, "does not accept the client's certificate: check {variables.certificate}."),
}
"""By OpenSSL's name of the reason."""


CERTIFICATE_NEEDS_HTTPS = "a client certificate works over HTTPS only: set"
"""The beginning of a refusal; the variable follows."""


@dataclass(frozen=True)
class HttpsOptions:
    """The variables of a connection plugin that concern HTTPS.

    Attributes:
        authority: the variable that names the trusted authority.
        authority_path: its value; None for the authorities of the controller.
        validation: the variable that can switch the verification off.
        validates: whether its value is validate; None if it is neither validate nor ignore.
        files: variable and value of each file of the client's certificate, where one is used.
    """

    authority: str
    authority_path: object
    validation: str
    validates: bool | None
    files: tuple[tuple[str, object], ...] = ()

    def refusal(self) -> str:
        """Return why a connection would not verify the host, or cannot be made; empty if nothing is wrong."""
        if self.validates is None:
            return (
                f"{self.validation} is neither validate nor ignore: remove the variable, and the host's certificate is"
                " verified."
            )
        path = self.authority_path
        if self.validates and path is not None and not (path and os.path.exists(str(path))):
            return (
                f"{self.authority} is {_shown(path)}: name the file with the certificate of the authority that issued"
                " the host's, or remove the variable."
            )
        for variable, file in self.files:
            if not file or not os.path.isfile(str(file)):
                return f"{variable} is {_shown(file)}: name two PEM files, the client's certificate and its key."
        return ""


def _shown(path: object) -> str:
    return f"{path}, which does not exist" if path else "empty"


def handshake_sentence(error: BaseException) -> str | None:
    """Return the explanation of a TLS error, as a template for `Variables`; None if it is not a TLS error.

    Args:
        error: the exception of the client library.
    """
    for found in _chain(error):
        if isinstance(found, ssl.SSLCertVerificationError):
            general = "presents a certificate that cannot be verified ({text}): check {variables.authority}."
            return _VERIFICATION.get(found.verify_code, general)
        if isinstance(found, ssl.SSLError) and found.reason in _HANDSHAKE:
            return _HANDSHAKE[found.reason]
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all exceptions inside it: libraries wrap the original one."""
    waiting, seen = [error], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
        waiting += [part for part in inner if isinstance(part, BaseException)]
