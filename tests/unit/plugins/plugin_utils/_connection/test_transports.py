# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which connection plugins are let pass, and what a user reads who has another one."""

from __future__ import annotations

import sys

import pytest
from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.transports import refuse_foreign
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.session_case import run
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_psrp import FakePsrpConnection
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeConnection,
    FakeWire,
)


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        ("local", "not local, which runs on the controller"),
        ("paramiko", "not paramiko"),
        ("ansible.netcommon.libssh", "not ansible.netcommon.libssh"),
        (None, "not None"),
    ],
)
def test_other_connections_are_refused_and_the_variable_is_named(plugin: str | None, reason: str) -> None:
    connection = FakeConnection(FakeWire(FakeHost()))
    connection.transport = plugin  # type: ignore[assignment]
    with pytest.raises(AnsibleError) as caught:
        refuse_foreign(connection, "client01")
    text = str(caught.value)
    assert text.startswith("client01: ")
    assert f"need the connection plugin winrm, psrp or ssh, {reason}: set ansible_connection=winrm, " in text
    assert text.count(".") - text.count("portkeeper.windows_dns") - reason.count(".") == 1, "one sentence"


def test_the_default_of_ansible_core_is_ssh() -> None:
    """A host of the group without the variable gets an attempt over ssh."""
    connection = connection_loader.get(C.DEFAULT_TRANSPORT, PlayContext())
    assert connection.transport == "ssh"
    refuse_foreign(connection, "client01")


@pytest.mark.parametrize("plugin", ["paramiko_ssh", "local"])
def test_plugins_of_ansible_core_are_refused(plugin: str) -> None:
    connection = connection_loader.get(plugin, PlayContext())
    if connection is not None:  # paramiko_ssh is leaving ansible-core
        with pytest.raises(AnsibleError, match="set ansible_connection=winrm, =psrp or =ssh for this host"):
            refuse_foreign(connection, "client01")


def test_become_is_refused() -> None:
    connection = FakeConnection(FakeWire(FakeHost()))
    connection.become = object()  # type: ignore[assignment]
    with pytest.raises(AnsibleError, match=r"client01.*become"):
        refuse_foreign(connection, "client01")


def test_a_powershell_configuration_is_refused() -> None:
    connection = FakePsrpConnection(FakeWire(FakeHost()), configuration_name="Operators")
    with pytest.raises(
        AnsibleError, match=r"client01: ansible_psrp_configuration_name=Operators .* remove the variable"
    ):
        refuse_foreign(connection, "client01")


def test_a_missing_library_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = FakePsrpConnection(FakeWire(FakeHost()))
    for module in [name for name in sys.modules if name.partition(".")[0] == "pypsrp"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "pypsrp", None)
    with pytest.raises(AnsibleError, match=r"client01: .*psrp needs the Python package pypsrp.*pip install pypsrp"):
        refuse_foreign(connection, "client01")


def test_winrm_works_without_the_library_of_psrp(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == "pypsrp"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "pypsrp", None)
    connection = FakeConnection(FakeWire(FakeHost()))
    refuse_foreign(connection, "client01")
    assert b"CLIENT01" in run(Session(connection)).stdout
