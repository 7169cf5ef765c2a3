# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority for one host: its server certificate, and a client certificate for each account."""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

CA_FILE = "ca.pem"
UPN = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
"""Where a Windows certificate has its user's name: an otherName of this type."""
UTF8_STRING = 0x0C
LIFETIME = datetime.timedelta(days=30)


@dataclass(frozen=True)
class Pair:
    """Paths of a certificate and its key (PEM)."""

    certificate: Path
    key: Path


LOOPBACK = ("localhost", "127.0.0.1")
DOMAIN = "portkeeper.test"
"""DNS domain of the lab's hosts; no server answers for it (RFC 2606)."""


class Authority:
    """An authority with its files in one folder; its own key is never written."""

    def __init__(self, folder: Path) -> None:
        """Make the folder (0700) and the authority's certificate in it."""
        folder.mkdir(mode=0o700)
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "portkeeper lab authority")])
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        made = self._builder("portkeeper lab authority", self._key)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        made = made.add_extension(usage, critical=True)
        self.certificate = folder / CA_FILE
        self.certificate.write_bytes(_pem(made.sign(self._key, hashes.SHA256())))

    def server(self, *names: str, expired: bool = False) -> Pair:
        """Return a certificate for a host.

        Args:
            *names: of the host, and addresses.
            expired: yesterday.
        """
        alternatives: list[x509.GeneralName] = []
        for name in names:
            try:
                alternatives.append(x509.IPAddress(ipaddress.ip_address(name)))
            except ValueError:
                alternatives.append(x509.DNSName(name))
        lifetime = -LIFETIME / 30 if expired else LIFETIME
        return self._issue(f"server-{names[0]}", names[0], alternatives, ExtendedKeyUsageOID.SERVER_AUTH, lifetime)

    def client(self, user: str) -> Pair:
        """Return a certificate for an account, by its user principal name."""
        principal = f"{user}@localhost".encode()
        names = [x509.OtherName(UPN, bytes([UTF8_STRING, len(principal)]) + principal)]
        return self._issue(f"client-{user}", user, names, ExtendedKeyUsageOID.CLIENT_AUTH)

    def _builder(
        self, subject: str, key: ec.EllipticCurvePrivateKey, lifetime: datetime.timedelta = LIFETIME
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - LIFETIME)
            .not_valid_after(now + lifetime)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )

    def _issue(
        self,
        file: str,
        subject: str,
        names: Iterable[x509.GeneralName],
        purpose: ObjectIdentifier,
        lifetime: datetime.timedelta = LIFETIME,
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._builder(subject, key, lifetime).add_extension(x509.SubjectAlternativeName(names), critical=False)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        pair = Pair(self.folder / f"{file}.pem", self.folder / f"{file}.key")
        pair.certificate.write_bytes(_pem(made.sign(self._key, hashes.SHA256())))
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with open(os.open(pair.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
            output.write(secret)
        return pair


def end_point_binding(certificate: bytes) -> bytes:
    """Return the tls-server-end-point channel binding (RFC 5929) of a certificate that is signed with SHA-256.

    Args:
        certificate: in PEM.
    """
    digest = x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256())
    return b"tls-server-end-point:" + digest


def principal_of(certificate: bytes) -> str | None:
    """Return the user's name in a client certificate (DER), without its domain."""
    try:
        names = x509.load_der_x509_certificate(certificate).extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except x509.ExtensionNotFound:
        return None
    for name in names.value:
        if isinstance(name, x509.OtherName) and name.type_id == UPN:
            return name.value[2:].decode("utf-8", "replace").partition("@")[0]
    return None


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
