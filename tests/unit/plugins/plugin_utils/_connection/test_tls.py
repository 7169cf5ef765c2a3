# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS verifies the host unless the user says otherwise, and a failed handshake names the variable to set."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from requests import exceptions

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import (
    Target,
    Variables,
    explained,
    unanswered,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.http_limits import Limits
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.transports import refuse_foreign
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.session_case import loaded

AUTHORITY = {"winrm": "ansible_winrm_ca_trust_path", "psrp": "ansible_psrp_ca_cert"}
VALIDATION = {"winrm": "ansible_winrm_server_cert_validation", "psrp": "ansible_psrp_cert_validation"}
CERTIFICATE = {
    "winrm": ("ansible_winrm_transport", "ansible_winrm_cert_pem", "ansible_winrm_cert_key_pem"),
    "psrp": ("ansible_psrp_auth", "ansible_psrp_certificate_pem", "ansible_psrp_certificate_key_pem"),
}
SCHEME = {"winrm": "ansible_winrm_scheme", "psrp": "ansible_psrp_protocol"}
PLUGINS = pytest.mark.parametrize("plugin", ["winrm", "psrp"])


def connection(plugin: str, **variables: Any) -> Any:
    """Return the connection plugin of the installed ansible-core, for HTTPS and NTLM unless variables differ."""
    options = {
        "ansible_host": "srv.example",
        "ansible_port": 5986,
        "ansible_user": "Administrator",
        "ansible_password": "secret-password",
        SCHEME[plugin]: "https",
        CERTIFICATE[plugin][0]: "ntlm",
        **variables,
    }
    return loaded(plugin, options)


def verified(made: Any) -> object:
    """Return whether the library's session verifies the host, or by which file."""
    refuse_foreign(made, "client01")
    client = Session(made)._transport._new_client(Limits())  # type: ignore[attr-defined]
    library = client._protocol.transport if hasattr(client, "_protocol") else client._wsman.transport
    built = library.build_session() if hasattr(library, "build_session") else library._build_session()
    return built.verify


@PLUGINS
def test_the_host_is_verified_by_default_and_by_the_authority_that_is_named(plugin: str, tmp_path: Path) -> None:
    assert verified(connection(plugin))
    authority = tmp_path / "ca.pem"
    authority.write_text("a certificate", encoding="ascii")
    assert verified(connection(plugin, **{AUTHORITY[plugin]: str(authority)})) == str(authority)


@PLUGINS
def test_only_the_documented_word_switches_the_verification_off(plugin: str) -> None:
    assert verified(connection(plugin, **{VALIDATION[plugin]: "ignore"})) is False


@pytest.mark.parametrize("value", [None, "", "Ignore", False])
def test_winrm_with_another_word_is_refused(value: object) -> None:
    """pywinrm verifies nothing where the variable is there without a value."""
    with pytest.raises(AnsibleError, match=r"client01: ansible_winrm_server_cert_validation is neither"):
        refuse_foreign(connection("winrm", ansible_winrm_server_cert_validation=value), "client01")


@PLUGINS
def test_an_authority_that_is_not_there_is_refused(plugin: str) -> None:
    with pytest.raises(AnsibleError, match=f"client01: {AUTHORITY[plugin]} is /nowhere/ca.pem, which does not exist"):
        refuse_foreign(connection(plugin, **{AUTHORITY[plugin]: "/nowhere/ca.pem"}), "client01")


def test_an_empty_authority_verifies_nobody_less() -> None:
    """`requests` verifies nothing where the path is empty; psrp's option makes a folder of it."""
    with pytest.raises(AnsibleError, match="client01: ansible_winrm_ca_trust_path is empty"):
        refuse_foreign(connection("winrm", ansible_winrm_ca_trust_path=""), "client01")
    assert verified(connection("psrp", ansible_psrp_ca_cert=""))


@PLUGINS
def test_the_files_of_a_client_certificate_are_named_where_they_are_missing(plugin: str, tmp_path: Path) -> None:
    authentication, certificate, key = CERTIFICATE[plugin]
    there = tmp_path / "client.pem"
    there.write_text("a certificate", encoding="ascii")
    with pytest.raises(AnsibleError, match=f"client01: {certificate} is empty"):
        refuse_foreign(connection(plugin, **{authentication: "certificate"}), "client01")
    variables = {authentication: "certificate", certificate: str(there), key: str(tmp_path / "none.key")}
    with pytest.raises(AnsibleError, match=f"client01: {key} is .*none.key, which does not exist"):
        refuse_foreign(connection(plugin, **variables), "client01")


@PLUGINS
def test_a_client_certificate_over_http_is_refused(plugin: str) -> None:
    variables = {CERTIFICATE[plugin][0]: "certificate", SCHEME[plugin]: "http", "ansible_port": 5985}
    with pytest.raises(AnsibleError, match=f"client01: .* over HTTPS only: set {SCHEME[plugin]}=https"):
        refuse_foreign(connection(plugin, **variables), "client01")


@PLUGINS
def test_over_http_the_variables_of_https_do_not_matter(plugin: str) -> None:
    variables = {AUTHORITY[plugin]: "/nowhere/ca.pem", SCHEME[plugin]: "http", "ansible_port": 5985}
    refuse_foreign(connection(plugin, **variables), "client01")


def test_a_principal_logs_on_with_kerberos_in_a_session_of_its_own_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ansible_winrm_transport the plugin decides by the user; anything else would send the password."""
    built: list[dict[str, Any]] = []
    monkeypatch.setattr("winrm.protocol.Protocol", lambda _endpoint, **options: built.append(options))
    made = connection("winrm", ansible_winrm_transport=None, ansible_user="admin@EXAMPLE.COM")
    private = Session(made).private(400)
    private._transport._own_protocol()  # type: ignore[attr-defined]
    assert built[0]["transport"] == "kerberos"


def verification(code: int) -> Exception:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    error.verify_code = code
    error.reason = "CERTIFICATE_VERIFY_FAILED"
    return error


def alert(reason: str) -> Exception:
    error = ssl.SSLError(1, f"[SSL: {reason}] text")
    error.reason = reason
    return error


class Retried(Exception):
    """As urllib3 wraps what the socket raised."""

    def __init__(self, reason: Exception) -> None:
        super().__init__("Max retries exceeded")
        self.reason = reason


@pytest.mark.parametrize(
    ("error", "sentence", "variable"),
    [
        (verification(10), "has expired", "validation"),
        (verification(9), "is not valid yet", "validation"),
        (verification(62), "for another name", "validation"),
        (verification(64), "for another name", "validation"),
        (verification(18), "is not trusted here", "authority"),
        (verification(19), "is not trusted here", "authority"),
        (verification(20), "is not trusted here", "authority"),
        (verification(23), "cannot be verified (", "authority"),
        (alert("UNSUPPORTED_PROTOCOL"), "TLS 1.0 only", "address"),
        (alert("TLSV1_ALERT_PROTOCOL_VERSION"), "TLS 1.0 only", "address"),
        (alert("WRONG_VERSION_NUMBER"), "does not speak TLS", "address"),
        (alert("TLSV1_ALERT_UNKNOWN_CA"), "does not accept the client's certificate", "certificate"),
    ],
)
@pytest.mark.parametrize("outer", [exceptions.SSLError, exceptions.ConnectionError])
def test_a_failed_handshake_is_one_sentence_with_the_variable(
    error: Exception, sentence: str, variable: str, outer: type[Exception]
) -> None:
    names = Variables(authority="THE_authority", validation="THE_validation", certificate="THE_certificate")
    wrapped = outer(Retried(error))
    text = explained(wrapped, Target("srv.example", 5986, "Administrator", "transport ntlm", names))
    assert text.startswith("srv.example port 5986 (transport ntlm, user Administrator) ")
    assert sentence in text
    assert (names.address if variable == "address" else f"THE_{variable}") in text
    assert unanswered(wrapped)


def test_another_error_of_tls_stays_general() -> None:
    text = explained(exceptions.SSLError(alert("INTERNAL_ERROR")), Target("srv.example", 5986, "", "transport ntlm"))
    assert "could not be reached over TLS" in text
