# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection plugin psrp of the installed ansible-core and its library: what the transport relies on, pinned.

Runs on the oldest and the newest supported ansible-core.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.wsman import WSMan

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.host_clock import HostClock
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.http_limits import Limits
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.interfaces import TransportOptions
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.psrp import (
    Psrp,
    arguments_from_options,
    library_arguments,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.transports import refuse_foreign
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.session_case import (
    LINE,
    run,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_psrp import (
    FakePsrpConnection,
    send_to,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

OPTIONS = {
    "ansible_host": "srv.example",
    "ansible_port": 5985,
    "ansible_user": "Administrator",
    "ansible_password": "secret-password",
    "ansible_psrp_auth": "ntlm",
    "ansible_psrp_protocol": "http",
}
MORE_OPTIONS: list[dict[str, Any]] = [
    {},
    {"ansible_port": 5986, "ansible_psrp_protocol": "https", "ansible_psrp_cert_validation": "ignore"},
    {"ansible_psrp_protocol": "https", "ansible_psrp_ca_cert": "/etc/ca.pem", "ansible_psrp_path": "other"},
    {"ansible_psrp_auth": "basic", "ansible_psrp_message_encryption": "never", "ansible_psrp_ignore_proxy": True},
    {"ansible_psrp_proxy": "http://proxy:3128", "ansible_psrp_negotiate_send_cbt": False},
    {"ansible_psrp_operation_timeout": 45, "ansible_psrp_read_timeout": 50, "ansible_psrp_connection_timeout": 7},
]


def plugin(**variables: Any) -> Any:
    """Return the connection plugin of the installed ansible-core."""
    made = connection_loader.get("psrp", PlayContext())
    made.set_options(var_options={**OPTIONS, **variables, "_extras": {}})
    return made


def client(connection: Any) -> Any:
    """Return the library's connection as a session makes it; nothing is sent."""
    clock = HostClock(time.monotonic)
    transport = Psrp(connection, TransportOptions(False, False, time.monotonic, clock))
    return transport._new_client(Limits())._wsman


def test_a_command_runs_without_a_runspace(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = FakeWire(FakeHost())
    send_to(wire, monkeypatch)
    connection = plugin()
    monkeypatch.setattr(type(connection), "_connect", lambda self: pytest.fail("it opens a runspace of PowerShell"))
    refuse_foreign(connection, "client01")
    session = Session(connection)
    assert b"CLIENT01" in run(session).stdout
    session.close()
    connection.close()
    assert wire.deleted == ["shell-1"], "the task executor knows no shell of it"


@pytest.mark.parametrize("variables", MORE_OPTIONS, ids=str)
def test_the_arguments_are_the_plugins_own(variables: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin shows what it would give to the library; where it does not, the same is made of its options."""
    connection = plugin(**variables)
    shown = library_arguments(connection)
    assert shown["server"] == "srv.example" and shown["password"] == "secret-password"
    monkeypatch.delattr(type(connection), "_build_kwargs")
    vars(connection).pop("_psrp_conn_kwargs")
    assert library_arguments(connection) == shown
    assert arguments_from_options(connection)["username"] == "Administrator"


@pytest.mark.parametrize(
    ("variables", "target"),
    [
        ({}, "srv.example port 5985 (psrp, auth ntlm, user Administrator)"),
        ({"ansible_psrp_protocol": "https", "ansible_port": None}, "srv.example port 5986 (psrp, auth ntlm"),
    ],
)
def test_messages_name_the_connection(variables: dict[str, Any], target: str) -> None:
    assert str(Session(plugin(**variables)).target).startswith(target)


def test_no_request_is_repeated_by_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own repetition of a Receive would lose the output that the first one fetched."""
    wsman = client(plugin(ansible_psrp_reconnection_retries=5))
    assert wsman.transport.reconnection_retries == 0
    assert wsman.transport._build_session().get_adapter("http://srv.example").max_retries.total == 0
    given: list[dict[str, Any]] = []
    monkeypatch.setattr("pypsrp.wsman._TransportHTTP.send", lambda _self, _message, **options: given.append(options))
    client(plugin()).transport.send(b"x", retries_on_read_timeout=5, timeout=7)
    assert given == [{}]


def test_the_answer_of_a_receive_has_longer_than_the_host_may_hold_it_back() -> None:
    wsman = client(plugin(ansible_psrp_operation_timeout=60, ansible_psrp_read_timeout=30))
    assert wsman.transport.read_timeout > wsman.operation_timeout == 60


def test_redirections_are_not_followed_and_every_request_has_its_limits() -> None:
    session = client(plugin()).transport._build_session()
    assert session.max_redirects == 0
    assert type(session.get_adapter("http://srv.example")).__name__ == "LimitedAdapter"
    assert type(session.get_adapter("https://srv.example")).__name__ == "LimitedAdapter"


def test_a_private_session_has_a_connection_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = FakeWire(FakeHost())
    send_to(wire, monkeypatch)
    session = Session(FakePsrpConnection(wire))
    run(session)
    private = session.private(400)
    private.run(LINE, phase="restart", timeout=60)
    assert wire.opened[-1]["idle_timeout"] == "PT400S"
    private.close()
    assert wire.deleted == ["shell-2"]
    session.close()
    assert wire.deleted == ["shell-2", "shell-1"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (AuthenticationError("Failed to authenticate"), "rejected the credentials: check ansible_user, .*psrp_auth"),
        (WinRMTransportError("http", 401, ""), "rejected the credentials"),
        (WinRMTransportError("http", 404, "x"), "does not answer like WinRM: check ansible_port, .*psrp_protocol"),
        (WinRMTransportError("http", 503, "x"), "HTTP status 503"),
        (WinRMTransportError("http", 500, "<html><body/></html>"), "does not answer like WinRM"),
        (WSManFaultError(5, None, "Access is denied.", None, None, None), "LocalAccountTokenFilterPolicy"),
        (WSManFaultError(2150858752, None, None, None, None, None), "install WinRM 2.0"),
        (WSManFaultError(2150859174, None, None, None, None, None), "quota"),
        (WSManFaultError("w:SchemaValidationError", None, "text", None, None, None), "SchemaValidationError"),
    ],
)
def test_errors_of_the_library_are_explained(
    error: Exception, sentence: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    wire = FakeWire(FakeHost(), open_fault=error)
    send_to(wire, monkeypatch)
    with pytest.raises(AnsibleConnectionFailure, match=sentence) as caught:
        run(Session(FakePsrpConnection(wire)))
    assert "secret-password" not in str(caught.value)
    assert "Traceback" not in capfd.readouterr().err, "the library prints nothing beside"


def test_an_answer_without_an_id_is_not_of_winrm(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = FakeWire(FakeHost())
    send_to(wire, monkeypatch)
    monkeypatch.setattr(wire, "run_command", lambda _shell, _line: "")
    with pytest.raises(HostFailure, match="does not answer like WinRM"):
        run(Session(FakePsrpConnection(wire)))


def test_variables_that_exclude_each_other_are_refused_before_anything_is_sent() -> None:
    connection = plugin(ansible_psrp_auth="basic", ansible_psrp_message_encryption="always")
    with pytest.raises(AnsibleError, match=r"srv.example .*cannot be reached with these variables: .*encryption"):
        run(Session(connection))


def test_the_library_takes_all_of_the_arguments() -> None:
    assert isinstance(client(plugin()), WSMan)
