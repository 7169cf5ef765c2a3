# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that never ends an answer, or sends without end, is given up at each request; real sockets, real libraries."""

from __future__ import annotations

import contextlib
import gzip
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection import http_limits, shell
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.rude_server import (
    HANDSHAKE,
    Rude,
    RudeServer,
    answer,
    drips,
    floods,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.session_case import loaded

CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
REFUSED = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\nTransfer-Encoding: chunked\r\n\r\n"
BROKEN = b"HTTP/1.1 500 Error\r\nContent-Length: 99999999\r\n\r\n"
CHUNK = b"1000\r\n" + b"x" * 4096 + b"\r\n"

NEVER_ENDS = {
    "in the status line": drips(b""),
    "in the headers": drips(b"HTTP/1.1 200 OK\r\nX-Slow: "),
    "in a chunk": drips(CHUNKED + b"ffff\r\n"),
    "in the size of a chunk": drips(CHUNKED),
    "in a refusal": drips(REFUSED + b"ffff\r\n"),
    "in an error": drips(BROKEN),
}
TOO_LARGE = {
    "chunks": floods(CHUNKED, CHUNK, 1000),
    "a refusal": floods(REFUSED, CHUNK, 1000),
    "an error": floods(BROKEN, CHUNK, 1000),
    "a header": floods(b"HTTP/1.1 200 OK\r\n", b"X-Long: " + b"x" * 60_000 + b"\r\n", 90),
    "trailers": floods(CHUNKED + b"0\r\n", b"X-Long: " + b"x" * 60_000 + b"\r\n", 1000),
    "interim replies": floods(b"", b"HTTP/1.1 100 Continue\r\nX: " + b"x" * 60_000 + b"\r\n\r\n", 100),
    "compressed": floods(
        answer("200 OK", gzip.compress(b"x" * 2**20), "Content-Encoding: gzip", "Content-Type: text/xml"), b"", 0
    ),
}
COMMAND_S = 100
LEFT_S = 0.3
"""Seconds that are left when the rude answer begins, however slow the machine is until then."""


class Clock:
    """Seconds, monotonic, that can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead

    def before(self, rude: Rude) -> Rude:
        """Return the same answer; almost all of the time has passed when it begins."""

        def late(sock: Any) -> None:
            self.ahead = COMMAND_S - LEFT_S
            rude(sock)

        return late


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A size that is quickly reached, and nothing beyond a command's time."""
    monkeypatch.setattr(http_limits, "MAX_REPLY", 256 * 1024)
    monkeypatch.setattr(shell, "REPLY_S", 0)


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Makes servers; stops them."""
    made: list[RudeServer] = []

    def make(*args: Any, **options: Any) -> RudeServer:
        made.append(RudeServer(*args, **options))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def connected(port: int, transport: str, plugin: str = "winrm", scheme: str = "http") -> Any:
    """Return the connection plugin of the installed ansible-core."""
    options = {
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_user": "Administrator",
        "ansible_password": "secret-password",
        "ansible_winrm_scheme": scheme,
        "ansible_winrm_server_cert_validation": "ignore",
        "ansible_winrm_transport": transport,
        "ansible_psrp_cert_validation": "ignore",
        "ansible_psrp_protocol": scheme,
        "ansible_psrp_auth": transport,
        "ansible_psrp_message_encryption": "never" if transport == "basic" else "auto",
    }
    return loaded(plugin, options)


def whole_task(plugin: Any, clock: Clock | None = None, seconds: int = COMMAND_S) -> Any:
    """Return a command, its end, and what the task executor does then."""
    session = Session(plugin, clock=clock or Clock())
    try:
        return session.run("ver", phase="read", timeout=seconds)
    finally:
        session.close()
        with contextlib.suppress(Exception):
            plugin.close()


PLUGINS = pytest.mark.parametrize("plugin", ["winrm", "psrp"])


@PLUGINS
def test_the_polite_server_is_heard_to_the_end(plugin: str, server: Any) -> None:
    polite = server()
    assert whole_task(connected(polite.port, "basic", plugin)).stdout == b"CLIENT01"
    assert polite.requests == ["Create", "Command", "Receive", "Delete"]


@PLUGINS
@pytest.mark.parametrize("transport", ["basic", "ntlm"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
@pytest.mark.parametrize("rude", [*NEVER_ENDS.values(), *TOO_LARGE.values()], ids=[*NEVER_ENDS, *TOO_LARGE])
def test_every_request_has_a_deadline_and_a_size(rude: Rude, at: int, transport: str, plugin: str, server: Any) -> None:
    """With NTLM the first three are the handshake, and the fourth opens the shell."""
    clock = Clock()
    host = server(at, clock.before(rude), ntlm=transport == "ntlm")
    connection = connected(host.port, transport, plugin)
    began = time.monotonic()
    if transport == "basic" and at == 4:
        assert whole_task(connection, clock).stdout == b"CLIENT01", "how a shell is deleted does not matter"
    else:
        with pytest.raises(AnsibleConnectionFailure if transport == "ntlm" or at == 1 else HostFailure) as caught:
            whole_task(connection, clock)
        assert "was given up" in str(caught.value)
        assert "secret-password" not in str(caught.value)
    assert time.monotonic() - began < 15
    assert len(host.requests) == at, "nothing more is sent, neither over this connection nor over another"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Return a server's side of TLS, with a certificate that it has signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "client01")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


OVER_TLS = {
    "in the headers": NEVER_ENDS["in the headers"],
    "in a chunk": NEVER_ENDS["in a chunk"],
    "chunks": TOO_LARGE["chunks"],
    "a header": TOO_LARGE["a header"],
}


@PLUGINS
@pytest.mark.parametrize("at", [1, 3])
@pytest.mark.parametrize("rude", OVER_TLS.values(), ids=OVER_TLS)
def test_both_hold_over_https(rude: Rude, at: int, plugin: str, server: Any, certificate: ssl.SSLContext) -> None:
    clock = Clock()
    host = server(at, clock.before(rude), tls=certificate)
    began = time.monotonic()
    with pytest.raises((AnsibleConnectionFailure, HostFailure), match="was given up"):
        whole_task(connected(host.port, "basic", plugin, "https"), clock)
    assert time.monotonic() - began < 15
    assert len(host.requests) == at


@PLUGINS
def test_a_tls_handshake_that_never_ends_is_given_up(plugin: str) -> None:
    """A byte now and then of a record of 16 KiB."""
    drip = drips(b"\x16\x03\x03\x40\x00")
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                drip(listener.accept()[0])

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(AnsibleConnectionFailure, match="was given up"):
            whole_task(connected(listener.getsockname()[1], "basic", plugin, "https"), seconds=2)
    assert time.monotonic() - began < 15


@PLUGINS
def test_a_redirection_is_not_followed(plugin: str, server: Any) -> None:
    other = server()
    moved = answer("307 Moved", b"", f"Location: http://127.0.0.1:{other.port}/wsman")
    host = server(1, floods(moved, b"", 0))
    with pytest.raises(AnsibleConnectionFailure, match="does not answer like WinRM"):
        whole_task(connected(host.port, "basic", plugin))
    assert other.requests == []


class Interruption(BaseException):
    """As a task's timeout raises it, from its alarm."""


def test_an_interrupted_task_sends_nothing_more(server: Any) -> None:
    """A task's timeout raises a BaseException wherever it is, and its alarm is off afterwards."""

    def alarm(_number: int, _frame: object) -> None:
        raise Interruption

    over = threading.Event()

    def silent(_sock: Any) -> None:
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGALRM)
        over.wait(30)

    host = server(3, silent)
    plugin = connected(host.port, "basic")
    session = Session(plugin)
    before = signal.signal(signal.SIGALRM, alarm)
    try:
        with pytest.raises(Interruption):
            session.run("ver", phase="write", timeout=10)
    finally:
        signal.signal(signal.SIGALRM, before)
    session.close()
    plugin.close()
    over.set()
    assert host.requests == ["Create", "Command", "Receive"]


def resident(name: str) -> int:
    """Return a figure of this process's memory in KiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@PLUGINS
@pytest.mark.parametrize("transport", ["basic", "ntlm"])
def test_a_flood_takes_less_than_64_mib(
    transport: str, plugin: str, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1.5 GB before anybody has logged on, with the limits as they are; measured in a child."""
    monkeypatch.undo()
    piece = b"100000\r\n" + b"x" * 2**20 + b"\r\n"
    host = server(HANDSHAKE - 1 if transport == "ntlm" else 1, floods(CHUNKED, piece, 1500), ntlm=transport == "ntlm")
    connection = connected(host.port, transport, plugin)
    child = os.fork()
    if child == 0:
        code = 100
        try:
            before = resident("VmRSS")
            try:
                whole_task(connection)
            except AnsibleConnectionFailure:
                code = min(99, (resident("VmHWM") - before) // 1024)
        finally:
            os._exit(code)
    _pid, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) < 64


def test_many_addresses_have_one_deadline_together() -> None:
    """A name with a hundred addresses, of which none answers, is no reason to wait a hundred times."""
    from urllib3.exceptions import ConnectTimeoutError  # noqa: PLC0415

    now = [0.0]
    tried: list[str] = []

    class Silent:
        """A connection that takes ten seconds to find out that nobody answers."""

        _dns_host = "srv.example"

        def _new_conn(self) -> None:
            tried.append(self._dns_host)
            now[0] += 10
            raise ConnectTimeoutError

    limits = http_limits.Limits(lambda: now[0])
    limits.addresses = tuple(f"192.0.2.{number}" for number in range(1, 101))
    limits.allow(25)
    limits.begin()
    connection = type("Connection", (http_limits._Pinned, Silent), {})()
    token = http_limits._CURRENT.set(limits)
    try:
        with pytest.raises(http_limits.DeadlinePassed):
            connection._new_conn()
    finally:
        http_limits._CURRENT.reset(token)
    assert tried == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert connection._dns_host == "srv.example"
