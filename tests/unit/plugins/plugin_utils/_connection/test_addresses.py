# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose name can be looked up once only stays within reach; real sockets, real libraries."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.addresses import Addresses
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import Target
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.ssh_errors import VARIABLES
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.rude_server import (
    RudeServer,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.session_case import loaded

NAME = "srv.example"
PLUGINS = pytest.mark.parametrize("plugin", ["winrm", "psrp"])


class OnlyOnce:
    """A look-up that knows the name at the first question, and never again."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.questions = 0
        self.resolve = socket.getaddrinfo

    def __call__(self, host: Any, port: Any, *arguments: Any, **options: Any) -> list[Any]:
        if host != NAME:
            return self.resolve(host, port, *arguments, **options)
        self.questions += 1
        if self.questions > 1:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [row for address in self.addresses for row in self.resolve(address, port, *arguments, **options)]


def test_a_client_that_takes_one_address_gets_the_first_that_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over ssh: an IPv6 address that leads nowhere must not hide the host."""
    found = Addresses()
    with socket.create_server(("127.0.0.2", 0)) as listening:
        target = Target(NAME, listening.getsockname()[1], "Administrator", "ssh", VARIABLES)
        monkeypatch.setattr(socket, "getaddrinfo", OnlyOnce("127.0.0.1", "127.0.0.2", "127.0.0.3"))
        assert found.first_open(target) == "127.0.0.2"
    assert found.first_open(target) == "127.0.0.1", "none is open: the client says why"


@pytest.fixture
def server() -> Iterator[RudeServer]:
    """A server like WinRM."""
    made = RudeServer()
    yield made
    made.stop()


def connected(plugin: str, port: int) -> Any:
    """Return the connection plugin of the installed ansible-core, with the name that only once has an address."""
    options = {
        "ansible_host": NAME,
        "ansible_port": port,
        "ansible_user": "Administrator",
        "ansible_password": "secret-password",
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "basic",
        "ansible_psrp_protocol": "http",
        "ansible_psrp_auth": "basic",
        "ansible_psrp_message_encryption": "never",
    }
    return loaded(plugin, options)


def asked(session: Session) -> bytes:
    return session.run("ver", phase="read", timeout=60).stdout


@PLUGINS
def test_every_later_connection_goes_to_the_address_found_first(
    plugin: str, server: RudeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = OnlyOnce("127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", names)
    connection = connected(plugin, server.port)
    session = Session(connection, pin_address=True)
    assert asked(session) == b"CLIENT01"
    session.reconnect()
    assert asked(session) == b"CLIENT01", "over another connection"
    private = session.private(400)
    assert asked(private) == b"CLIENT01", "in a session of its own"
    private.close()
    session.close()
    connection.close()
    assert names.questions == 1


@PLUGINS
def test_the_next_address_is_tried_and_the_host_gets_its_name(
    plugin: str, server: RudeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the first address is of a protocol on which WinRM does not listen."""
    monkeypatch.setattr(socket, "getaddrinfo", OnlyOnce("127.0.0.9", "127.0.0.1"))
    connection = connected(plugin, server.port)
    session = Session(connection, pin_address=True)
    assert asked(session) == b"CLIENT01"
    session.close()
    connection.close()
    hosts = {name for head in server.heads for name in re.findall(r"(?im)^host: (\S+)", head)}
    assert hosts == {f"{NAME}:{server.port}"}
