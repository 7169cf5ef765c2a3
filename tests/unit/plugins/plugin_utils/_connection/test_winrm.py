# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection plugin winrm: what it shares with the session, and what the task executor ends."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.winrm import PywinrmClient
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.session_case import (
    LINE,
    run,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeConnection,
    FakeWire,
)


def made(wire: FakeWire | None = None, **options: Any) -> tuple[Session, FakeConnection, FakeWire]:
    wire = wire or FakeWire(FakeHost())
    connection = FakeConnection(wire, **options)
    return Session(connection), connection, wire


def test_a_loops_items_never_use_the_shell_of_an_earlier_one() -> None:
    first, connection, wire = made()
    run(first)
    run(Session(connection))
    assert wire.deleted == ["shell-1"]
    assert connection.shell_id == "shell-2"


def test_the_plugins_own_errors_stay() -> None:
    session, connection, _wire = made()
    connection.connect_fault = AnsibleError("pywinrm is not installed")
    with pytest.raises(AnsibleError, match="not installed"):
        run(session)
    assert connection.shell_id is None


def test_without_the_plugins_attribute_we_build_our_own_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    """A core whose plugin opens its shell anyway must not get our commands into it."""
    session, connection, wire = made()
    monkeypatch.setattr(FakeConnection, "_connect", lambda self: setattr(self, "protocol", None))
    built: list[dict[str, Any]] = []

    class Library:
        """In place of winrm.protocol."""

        @staticmethod
        def Protocol(endpoint: str, **options: Any) -> FakeWire:
            built.append({"endpoint": endpoint, **options})
            return wire

    monkeypatch.setattr("winrm.protocol", Library, raising=False)
    connection.options["_extras"] = {"ansible_winrm_message_encryption": "always", "ansible_winrm_unknown": 1}
    run(session)
    assert built == [
        {
            "endpoint": "http://client01:5985/wsman",
            "transport": "ntlm",
            "username": "Administrator",
            "password": "secret-password",
            "message_encryption": "always",
        }
    ]
    assert connection.shell_id is None
    session.close()
    assert wire.deleted == ["shell-1"], "nobody else would delete it"


def test_a_private_session_is_closed_by_us_only() -> None:
    session, connection, wire = made()
    run(session)
    private = session.private(400)
    private._transport._client = PywinrmClient(wire)  # type: ignore[attr-defined]
    private.run(LINE, phase="restart", timeout=60)
    assert wire.opened[-1]["idle_timeout"] == "PT400S"
    assert connection.shell_id == "shell-1"
    private.close()
    assert wire.deleted == ["shell-2"]


def test_a_task_that_ends_well_leaves_its_shell_to_the_executor() -> None:
    session, _connection, wire = made()
    run(session)
    session.close()
    assert wire.deleted == []
