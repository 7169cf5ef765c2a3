# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session relies on these properties of the connection plugin in the installed ansible-core.

Runs on the oldest and the newest supported ansible-core; nothing is sent anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from winrm.protocol import Protocol

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.collect import collector_line
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.host_clock import HostClock
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.interfaces import TransportOptions
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.transports import refuse_foreign
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.winrm import WinRM
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

OPTIONS = {
    "ansible_host": "192.0.2.1",
    "ansible_port": 5985,
    "ansible_user": "Administrator",
    "ansible_password": "secret-password",
    "ansible_winrm_scheme": "http",
    "ansible_winrm_transport": "ntlm",
    "ansible_winrm_message_encryption": "always",
}


def forwarded(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method of another object in place of one of the library's class."""
    return lambda _self, *args, **options: method(*args, **options)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> FakeWire:
    """The library's protocol class sends to a host in memory."""
    fake = FakeWire(FakeHost())
    for name in ("open_shell", "run_command", "get_command_output_raw", "cleanup_command", "close_shell"):
        monkeypatch.setattr(Protocol, name, forwarded(getattr(fake, name)))
    return fake


@pytest.fixture
def connection() -> Any:
    plugin = connection_loader.get("winrm", PlayContext())
    plugin.set_options(var_options={**OPTIONS, "_extras": OPTIONS})
    return plugin


def test_one_shell_with_our_code_page_which_the_plugin_deletes(wire: FakeWire, connection: Any) -> None:
    reply = Session(connection).run(collector_line("0123456789abcdef"), phase="read", timeout=60)
    assert b"CLIENT01" in reply.stdout
    assert wire.opened == [{"codepage": 437, "noprofile": True, "idle_timeout": "PT180S"}]
    connection.close()
    assert wire.deleted == ["shell-1"]


def test_the_plugin_builds_the_protocol_from_its_own_options(wire: FakeWire, connection: Any) -> None:
    Session(connection).run(collector_line("0123456789abcdef"), phase="read", timeout=60)
    transport = connection.protocol.transport
    assert transport.endpoint == "http://192.0.2.1:5985/wsman"
    assert transport.auth_method == "ntlm"
    assert transport.message_encryption == "always"


def test_our_own_protocol_gets_the_same_options(wire: FakeWire, connection: Any) -> None:
    Session(connection).run(collector_line("0123456789abcdef"), phase="read", timeout=60)
    own = WinRM(connection, TransportOptions(True, False, time.monotonic, HostClock(time.monotonic)))._own_protocol()
    theirs = connection.protocol.transport
    for name in ("endpoint", "auth_method", "username", "password", "message_encryption", "server_cert_validation"):
        assert getattr(own.transport, name) == getattr(theirs, name)


def test_local_is_refused() -> None:
    with pytest.raises(Exception, match="ansible_connection=winrm"):
        refuse_foreign(connection_loader.get("local", PlayContext()), "client01")
