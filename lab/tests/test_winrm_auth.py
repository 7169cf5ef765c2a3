# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only NTLM with sealed messages is accepted, unless an option allows more."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
import requests
from pypsrp.exceptions import AuthenticationError
from pypsrp.shell import WinRS
from pypsrp.wsman import WSMan
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError

from portkeeper_lab.winrm.client import protocol
from portkeeper_lab.winrm.server import Options, WinRMServer
from portkeeper_lab.winrm.shellhost import PASSWORD, USER, ShellHost, wait_for


@pytest.fixture
def server():
    with WinRMServer(ShellHost(), {USER: PASSWORD}) as running:
        yield running


@pytest.mark.parametrize(
    ("user", "password"),
    [(USER, "wrong"), (USER, PASSWORD + " "), ("nobody", PASSWORD), ("FOREIGN\\" + USER, PASSWORD), (USER, "x" * 200)],
)
def test_wrong_credentials_are_401(server, user, password):
    with pytest.raises(InvalidCredentialsError):
        protocol(server, username=user, password=password).open_shell()
    assert server.counters.auth_failures == 1
    assert server.shells.listing() == []


def test_wrong_password_through_spnego_is_401(server):
    with (
        WSMan("127.0.0.1", port=server.port, ssl=False, auth="negotiate", username=USER, password="wrong") as wsman,
        pytest.raises(AuthenticationError),
    ):
        WinRS(wsman).open()


@pytest.mark.parametrize("name", [USER, USER.upper(), "windows\\" + USER, ".\\" + USER])
def test_user_names_as_windows_takes_them(server, name):
    client = protocol(server, username=name)
    client.close_shell(client.open_shell())


def test_basic_is_neither_offered_nor_accepted(server):
    with pytest.raises(InvalidCredentialsError):
        protocol(server, transport="basic", message_encryption="never").open_shell()
    answer = requests.post(f"http://127.0.0.1:{server.port}/wsman", auth=(USER, PASSWORD), timeout=5)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Negotiate")


def test_plain_soap_after_ntlm_is_refused(server):
    with pytest.raises(WinRMTransportError) as caught:
        protocol(server, message_encryption="never").open_shell()
    assert caught.value.code == 500
    assert server.counters.by_action == {}


def test_basic_needs_the_option_and_unencrypted_messages():
    with WinRMServer(ShellHost(), {USER: PASSWORD}, options=Options(basic=True)) as refusing:
        answer = requests.post(f"http://127.0.0.1:{refusing.port}/wsman", timeout=5)
        assert answer.headers["WWW-Authenticate"] == 'Negotiate, Basic realm="WSMAN"'
        with pytest.raises(WinRMTransportError):
            protocol(refusing, transport="basic", message_encryption="never").open_shell()
    with WinRMServer(
        ShellHost(), {USER: PASSWORD}, options=Options(basic=True, allow_unencrypted=True, full_chunks=True)
    ) as open_server:
        client = protocol(open_server, transport="basic", message_encryption="never")
        shell = client.open_shell()
        assert client.get_command_output(shell, client.run_command(shell, "echo plain")) == (b"plain\n", b"", 0)
        client.close_shell(shell)
        assert open_server.counters.requests == 4
        with pytest.raises(InvalidCredentialsError):
            protocol(open_server, transport="basic", message_encryption="never", password="wrong").open_shell()


def test_a_seal_of_another_connection_is_400(server):
    client = protocol(server)
    shell = client.open_shell()
    server.drop_connections()
    assert wait_for(lambda: not server.control({"op": "counters"})["open_connections"])
    with pytest.raises(WinRMTransportError) as caught:
        client.run_command(shell, "echo again")
    assert caught.value.code == 400
    assert server.counters.commands == 0


def test_a_sealed_message_without_authentication_is_401(server):
    answer = requests.post(
        f"http://127.0.0.1:{server.port}/wsman",
        data=b"--Encrypted Boundary\r\n",
        headers={"Content-Type": 'multipart/encrypted;protocol="x";boundary="Encrypted Boundary"'},
        timeout=5,
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("token", ["!!!", "TlRMTVNTUAABAAAA", "TlRMTVNTUAADAAAA", "YGAAAAAA", "AAAA", ""])
def test_tokens_that_are_none_are_401(server, token):
    answer = requests.post(
        f"http://127.0.0.1:{server.port}/wsman", headers={"Authorization": f"Negotiate {token}"}, timeout=5
    )
    assert answer.status_code == 401


def test_identify_needs_no_account(server):
    answer = requests.post(
        f"http://127.0.0.1:{server.port}/wsman",
        data='<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:i="http://schemas.dmtf.org/wbem/wsman/'
        'identity/1/wsmanidentity.xsd"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>',
        headers={"WSMANIDENTIFY": "unauthenticated", "Content-Type": "application/soap+xml;charset=UTF-8"},
        timeout=5,
    )
    assert answer.status_code == 200
    assert "OS: 5.2.3790 SP: 2.0 Stack: 2.0" in answer.text


def test_nothing_else_without_an_account(server):
    answer = requests.post(
        f"http://127.0.0.1:{server.port}/wsman",
        data='<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>',
        headers={"WSMANIDENTIFY": "unauthenticated"},
        timeout=5,
    )
    assert answer.status_code == 500
    assert server.counters.sessions == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "/wsman", None, {}, 405),
        ("POST", "/other", b"", {}, 404),
        ("POST", "/wsman", b"", {"Content-Length": "x"}, 400),
        ("POST", "/wsman", b"", {"Content-Length": "99999999999"}, 413),
        ("POST", "/wsman", b"", {"Transfer-Encoding": "chunked"}, 411),
        ("POST", "/wsman", b"<not-xml", {"WSMANIDENTIFY": "unauthenticated"}, 400),
        ("POST", "/wsman", b"<!DOCTYPE x><x/>", {"WSMANIDENTIFY": "unauthenticated"}, 400),
    ],
)
def test_http_that_no_client_sends(server, method, path, body, headers, status):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request(method, path, body=body, headers=headers)
    assert connection.getresponse().status == status
    connection.close()


IDENTIFY = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    b'xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"><s:Body><i:Identify/></s:Body></s:Envelope>'
)


def identify(*lines: str) -> bytes:
    head = ["POST /wsman HTTP/1.1", "Host: x", "WSMANIDENTIFY: unauthenticated", f"Content-Length: {len(IDENTIFY)}"]
    return "\r\n".join([*head, *lines, "", ""]).encode() + IDENTIFY


def test_bytes_on_the_wire(server):
    """Every byte is counted, however a request arrives; what goes out is laid out as HTTP.sys does it."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock, sock.makefile("rb") as stream:
        for request in (identify(), identify("Connection: close")):
            for position in range(len(request)):
                sock.sendall(request[position : position + 1])
            lines = [line.decode().strip() for line in iter(stream.readline, b"\r\n")]
            assert lines[:2] == ["HTTP/1.1 200 OK", "Server: Microsoft-HTTPAPI/1.0"]
            assert [line.split(":")[0] for line in lines[2:4]] == ["Date", "Content-Type"]
            length = next(line.removeprefix("Content-Length: ") for line in lines if line.startswith("Content-Length"))
            assert b"Stack: 2.0" in stream.read(int(length))
        assert stream.read() == b"", "the client asked for the end of the connection"
    assert server.counters.bytes_in == len(identify()) + len(identify("Connection: close"))


def test_a_client_that_goes_in_the_middle_gets_no_answer(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
        sock.sendall(identify()[:-5])
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
    assert server.counters.requests == 0


def test_https(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=client01"]
    subprocess.run([*request, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    options = Options(tls=(str(certificate), str(key)), basic=True)
    with WinRMServer(ShellHost(), {USER: PASSWORD}, options=options) as server:
        for transport in ("ntlm", "ssl"):
            client = protocol(server, transport=transport, message_encryption="auto", server_cert_validation="ignore")
            shell = client.open_shell()
            assert client.get_command_output(shell, client.run_command(shell, "echo sealed"))[0] == b"sealed\n"
            client.close_shell(shell)
        with pytest.raises((requests.ConnectionError, ssl.SSLError)):
            requests.post(f"http://127.0.0.1:{server.port}/wsman", timeout=5)


def test_loopback_only():
    with pytest.raises(ValueError, match="loopback"):
        WinRMServer(ShellHost(), {}, host="0.0.0.0")


def test_servers_of_one_process_keep_their_accounts_apart(server):
    with WinRMServer(ShellHost(), {USER: "other"}) as other:
        for target, password in ((server, PASSWORD), (other, "other"), (server, PASSWORD)):
            client = protocol(target, password=password)
            client.close_shell(client.open_shell())
        for target, password in ((server, "other"), (other, PASSWORD)):
            with pytest.raises(InvalidCredentialsError):
                protocol(target, password=password).open_shell()


def test_accounts_are_in_no_file(server):
    protocol(server).open_shell()
    path = Path(os.environ["NTLM_USER_FILE"])
    assert os.readlink(path).startswith("/memfd:")
    assert path.read_bytes() == b""


@pytest.mark.parametrize("name", ["a:b", "a\\b", "a\nb"])
def test_user_names_that_windows_has_not(name):
    with pytest.raises(ValueError, match="user name"):
        WinRMServer(ShellHost(), {name: "x"})
