# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS with the host's certificate authority: trust, channel binding, client certificates, old TLS."""

from __future__ import annotations

import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from pypsrp.exceptions import AuthenticationError
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import WSMan
from winrm.exceptions import InvalidCredentialsError

from portkeeper_lab.winrm.authority import LOOPBACK, Authority
from portkeeper_lab.winrm.client import protocol
from portkeeper_lab.winrm.server import Options, WinRMServer
from portkeeper_lab.winrm.shellhost import PASSWORD, USER, ShellHost

Serve = Callable[..., WinRMServer]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The server's authority, which clients trust."""
    return Authority(tmp_path_factory.mktemp("authority") / "tls")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Another authority of the same name."""
    return Authority(tmp_path_factory.mktemp("foreign") / "tls")


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[WinRMServer]:
    """A server with a certificate of the authority, which accepts client certificates of it."""
    pair = authority.server("WINDOWS", *LOOPBACK)
    tls = {"tls": (str(pair.certificate), str(pair.key)), "client_authority": str(authority.certificate)}
    with WinRMServer(ShellHost(), {USER: PASSWORD}, options=Options(**tls)) as made:
        yield made


def over_pywinrm(server: WinRMServer, authority: Authority, **options: Any) -> bytes:
    """Return what a line prints for pywinrm."""
    client = protocol(server, message_encryption="auto", ca_trust_path=str(authority.certificate), **options)
    shell = client.open_shell()
    output: bytes = client.get_command_output(shell, client.run_command(shell, "echo in"))[0]
    client.close_shell(shell)
    return output


def over_pypsrp(server: WinRMServer, authority: Authority, **options: Any) -> bytes:
    """Return the same for pypsrp."""
    chosen = {"auth": "ntlm", "username": USER, "password": PASSWORD, **options}
    connection = WSMan("127.0.0.1", port=server.port, ssl=True, cert_validation=str(authority.certificate), **chosen)
    with connection, WinRS(connection) as shell:
        process = Process(shell, "echo in", no_shell=False)
        process.invoke()
        output: bytes = process.stdout
    return output


CLIENTS = pytest.mark.parametrize("run", [over_pywinrm, over_pypsrp])


@CLIENTS
def test_ntlm_with_validation_and_channel_binding(run: Callable[..., bytes], server, authority):
    assert run(server, authority) == b"in\n"


@CLIENTS
def test_a_foreign_authority_is_not_trusted(run: Callable[..., bytes], server, foreign):
    requests_before = server.counters.requests
    with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        run(server, foreign)
    assert server.counters.requests == requests_before


def test_pywinrm_without_channel_binding_does_not_get_in(server, authority):
    with pytest.raises(InvalidCredentialsError):
        over_pywinrm(server, authority, send_cbt=False)


def test_pypsrp_without_channel_binding_does_not_get_in(server, authority):
    with pytest.raises(AuthenticationError):
        over_pypsrp(server, authority, negotiate_send_cbt=False)


def pywinrm_certificate(pair) -> dict[str, Any]:
    """Options of pywinrm for a client certificate."""
    return {"transport": "certificate", "cert_pem": str(pair.certificate), "cert_key_pem": str(pair.key)}


def pypsrp_certificate(pair) -> dict[str, Any]:
    """Return the same for pypsrp."""
    return {"auth": "certificate", "certificate_pem": str(pair.certificate), "certificate_key_pem": str(pair.key)}


@pytest.fixture(scope="module")
def certificates(authority: Authority, foreign: Authority) -> dict[str, Any]:
    """Client certificates: of the account, of an unknown account, of the account by another authority."""
    return {"good": authority.client(USER), "nobody": authority.client("nobody"), "forged": foreign.client(USER)}


def test_a_client_certificate_is_enough(server, authority, certificates):
    assert over_pywinrm(server, authority, password="", **pywinrm_certificate(certificates["good"])) == b"in\n"
    assert over_pypsrp(server, authority, password=None, **pypsrp_certificate(certificates["good"])) == b"in\n"


def test_a_certificate_of_no_account_is_refused(server, authority, certificates):
    with pytest.raises(InvalidCredentialsError):
        over_pywinrm(server, authority, **pywinrm_certificate(certificates["nobody"]))
    with pytest.raises(AuthenticationError):
        over_pypsrp(server, authority, **pypsrp_certificate(certificates["nobody"]))


def test_a_forged_certificate_ends_the_handshake(server, authority, certificates):
    requests_before = server.counters.requests
    with pytest.raises(requests.exceptions.ConnectionError):
        over_pywinrm(server, authority, **pywinrm_certificate(certificates["forged"]))
    assert server.counters.requests == requests_before


def test_the_scheme_alone_is_no_certificate(server, authority):
    mutual = {"Authorization": "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"}
    url = f"https://127.0.0.1:{server.port}/wsman"
    answer = requests.post(url, headers=mutual, verify=str(authority.certificate), timeout=10)
    assert answer.status_code == 401


def test_a_current_client_does_not_speak_to_tls_1_0(authority, tmp_path):
    pair = Authority(tmp_path / "old").server("WINDOWS", *LOOPBACK)
    options = Options(tls=(str(pair.certificate), str(pair.key)), tls_version="TLSv1")
    with WinRMServer(ShellHost(), {USER: PASSWORD}, options=options) as old:
        with pytest.raises(requests.exceptions.SSLError):
            over_pywinrm(old, authority)
        assert _version(old, minimum=ssl.TLSVersion.TLSv1, ciphers="ALL:@SECLEVEL=0") == "TLSv1"


def test_a_current_server_speaks_tls_1_2(server):
    assert _version(server, minimum=ssl.TLSVersion.TLSv1_2, ciphers="DEFAULT") == "TLSv1.2"


def _version(server: WinRMServer, minimum: ssl.TLSVersion, ciphers: str) -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = minimum
    context.set_ciphers(ciphers)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw, context.wrap_socket(raw) as channel:
        return channel.version()


def test_keys_are_private(authority: Authority):
    assert stat.S_IMODE(authority.folder.stat().st_mode) == 0o700
    keys = list(authority.folder.glob("*.key"))
    assert keys
    assert {stat.S_IMODE(Path(key).stat().st_mode) for key in keys} == {0o600}
