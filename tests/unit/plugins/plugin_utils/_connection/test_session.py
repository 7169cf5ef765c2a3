# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session over each transport: how it opens, and what an error means at which moment."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection import addresses, shell
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import (
    IDLE_TIMEOUT_S,
    REFUSED_PAUSES_S,
    Session,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.winrs import WinRS
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.session_case import (
    Clock,
    named,
    run,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_psrp import (
    FakePsrpConnection,
    send_to,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import (
    FakeConnection,
    FakeWire,
)

Made = Callable[..., tuple[Session, Any, FakeWire]]


@pytest.fixture(params=["winrm", "psrp"])
def made(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Gives a function that makes a session on a host in memory, with the plugin and what carries its messages."""

    def make(wire: FakeWire | None = None, **options: Any) -> tuple[Session, Any, FakeWire]:
        wire = wire or FakeWire(FakeHost())
        if request.param == "winrm":
            connection: Any = FakeConnection(wire)
        else:
            send_to(wire, monkeypatch)
            connection = FakePsrpConnection(wire)
        return Session(connection, **options), connection, wire

    return make


def shell_of_executor(connection: Any) -> str | None:
    """The shell that the task executor is going to delete."""
    return getattr(connection, "shell_id", None)


def test_the_shell_has_our_code_page_and_is_deleted_at_the_end(made: Made) -> None:
    session, connection, wire = made()
    assert b"CLIENT01" in run(session).stdout
    assert wire.opened == [{"codepage": 437, "noprofile": True, "idle_timeout": f"PT{IDLE_TIMEOUT_S}S"}]
    session.close()
    connection.close()
    assert wire.deleted == ["shell-1"]


def test_commands_share_a_shell_and_no_signal_is_sent(made: Made) -> None:
    session, _connection, wire = made()
    run(session)
    run(session)
    assert len(wire.opened) == 1
    assert wire.terminated == []
    assert session.commands_sent == 2


def test_a_used_up_shell_is_replaced(made: Made) -> None:
    session, _connection, wire = made()
    for _count in range(WinRS.max_commands + 1):
        run(session)
    assert len(wire.opened) == 2
    assert wire.deleted == ["shell-1"]


def test_what_runs_over_winrs_does_not_outlive_its_connection(made: Made) -> None:
    assert made()[0].survives_disconnection is False


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (named("InvalidCredentialsError"), "rejected the credentials"),
        (named("WinRMTransportError", code=401), "rejected the credentials"),
        (named("WSManFaultError", wsman_fault_code=5), "LocalAccountTokenFilterPolicy"),
        (named("WSManFaultError", wsman_fault_code=2150858752), "install WinRM 2.0"),
        (named("WSManFaultError", wsman_fault_code=2150859174), "quota"),
        (named("WSManFaultError", wsman_fault_code=77), "fault 77"),
        (named("WinRMTransportError", code=404), "does not answer like WinRM"),
        (named("WinRMTransportError", code=500), "HTTP status 500"),
        (named("ParseError"), "does not answer like WinRM"),
        (named("ConnectTimeout"), "IPsec block mode"),
        (named("ReadTimeout"), "did not answer in time"),
        (named("SSLError"), "TLS"),
        (ConnectionError("[Errno 111] Connection refused"), "WinRM does not listen"),
        (named("ConnectionError"), "lost the connection"),
        (named("SomethingElse"), "SomethingElse"),
    ],
)
def test_a_session_that_cannot_be_opened_is_unreachable(made: Made, error: Exception, sentence: str) -> None:
    session, connection, _wire = made(FakeWire(FakeHost(), open_fault=error))
    with pytest.raises(AnsibleConnectionFailure) as caught:
        run(session)
    text = str(caught.value)
    assert sentence in text
    way = {"winrm": "transport ntlm", "psrp": "psrp, auth ntlm"}[connection.transport]
    assert f"client01 port 5985 ({way}, user Administrator)" in text
    assert "secret-password" not in text
    assert "\n" not in text
    assert shell_of_executor(connection) is None, "the executor must not delete a shell that is not there"


@pytest.mark.parametrize("when", ["faults", "receive_faults"])
def test_once_a_command_was_sent_an_error_is_a_failure_with_its_phase(made: Made, when: str) -> None:
    session, _connection, wire = made()
    getattr(wire, when)[1] = named("ConnectionError")
    with pytest.raises(HostFailure) as caught:
        run(session, phase="write")
    assert caught.value.phase == "write"
    assert session.commands_sent == 1


def test_a_shell_that_cannot_be_replaced_is_a_failure_not_unreachable(made: Made) -> None:
    session, _connection, wire = made()
    run(session)
    session.renew()
    wire.open_fault = named("ConnectionError")
    with pytest.raises(HostFailure):
        run(session)


def test_a_refused_logon_is_tried_three_times_with_longer_pauses(made: Made) -> None:
    session, connection, wire = made()
    run(session)
    refusal = {"winrm": "InvalidCredentialsError", "psrp": "AuthenticationError"}[connection.transport]
    pauses: list[float | None] = []
    for error in ("ConnectionError", refusal, refusal, refusal):
        session.reconnect()
        wire.open_fault = named(error)
        with pytest.raises(HostFailure):
            run(session)
        pauses.append(session.pause_before_retry(5))
    assert pauses == [5, *REFUSED_PAUSES_S, None]


def test_a_receive_that_failed_is_never_repeated(made: Made) -> None:
    session, _connection, wire = made()
    wire.receive_faults[1] = named("ReadTimeout")
    with pytest.raises(HostFailure):
        run(session)
    assert wire.timeouts == [20]


def test_a_silent_command_is_waited_for(made: Made) -> None:
    session, _connection, _wire = made(FakeWire(FakeHost(), silent=3))
    assert b"CLIENT01" in run(session).stdout


def test_a_hung_command_ends_at_our_own_deadline_with_a_signal() -> None:
    wire = FakeWire(FakeHost(), silent=10**9)
    session = Session(FakeConnection(wire), clock=Clock(10))
    with pytest.raises(HostFailure, match="did not finish"):
        run(session, timeout=60)
    assert wire.terminated == ["command-1"]
    assert min(wire.timeouts) >= 1
    assert max(wire.timeouts) <= 20
    assert wire.operation_timeout_sec == 20, "it is the plugin's, and is put back"


def test_endless_output_is_cut(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "MAX_OUTPUT", 10_000)
    session, _connection, wire = made(FakeWire(FakeHost(), endless=b"x" * 4096))
    with pytest.raises(HostFailure, match="more than 10000 bytes"):
        run(session)
    assert wire.terminated == ["command-1"]


def test_a_name_without_an_address_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: Any, **_options: Any) -> None:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr(addresses.socket, "getaddrinfo", fails)
    connection = FakeConnection(FakeWire(FakeHost()))
    with pytest.raises(AnsibleConnectionFailure, match="has no address: Name or service not known"):
        run(Session(connection, pin_address=True))
    assert shell_of_executor(connection) is None


def test_reconnecting_starts_from_nothing(made: Made) -> None:
    session, connection, wire = made()
    run(session)
    session.reconnect()
    assert wire.transport.closed == 1
    assert shell_of_executor(connection) is None
    run(session)
    assert len(wire.opened) == 2


def test_the_shell_of_a_lost_connection_is_deleted_over_the_next_one(made: Made) -> None:
    session, _connection, wire = made()
    run(session)
    session.reconnect()
    assert wire.deleted == []
    run(session)
    assert wire.deleted == ["shell-1"]


def test_a_task_that_ends_with_a_lost_connection_leaves_no_shell(made: Made) -> None:
    session, connection, wire = made()
    wire.receive_faults[1] = named("ConnectionError")
    with pytest.raises(HostFailure):
        run(session)
    session.close()
    assert wire.deleted == ["shell-1"]
    assert shell_of_executor(connection) is None, "the executor would try the broken connection"


def test_refused_credentials_are_not_tried_again_for_the_sake_of_a_shell(made: Made) -> None:
    session, connection, wire = made()
    wire.receive_faults[1] = named("InvalidCredentialsError")
    with pytest.raises(HostFailure):
        run(session)
    session.close()
    connection.close()
    assert wire.deleted == []


@pytest.mark.parametrize(
    ("error", "ended", "goes_on"),
    [
        (named("WSManFaultError", wsman_fault_code=2150858843), True, True),
        (named("WSManFaultError", wsman_fault_code=2150859174), False, True),
        (named("WSManFaultError", wsman_fault_code=5), False, True),
        (named("WSManFaultError", wsman_fault_code=None), False, True),
        (named("WinRMError"), False, True),
        (named("ConnectTimeout"), False, False),
    ],
)
def test_only_a_host_that_does_not_answer_keeps_us_from_going_on(
    made: Made, error: Exception, ended: bool, goes_on: bool
) -> None:
    session, _connection, wire = made()
    run(session)
    session.reconnect()

    def fails(*_args: Any, **_options: Any) -> None:
        raise error

    wire.close_shell = fails  # type: ignore[method-assign]
    assert session.end_left_shells() is ended
    if goes_on:
        run(session)
        assert len(wire.opened) == 2
    else:
        with pytest.raises(HostFailure):
            run(session)


def test_a_shell_whose_deletion_was_refused_is_deleted_at_the_next_try(made: Made) -> None:
    """A quota of operations, for example, says nothing about what runs in the shell."""
    session, _connection, wire = made()
    run(session)
    session.reconnect()
    answers: list[Exception | None] = [named("WSManFaultError", wsman_fault_code=2150859174), None]
    asked: list[str] = []

    def close_shell(shell_id: str, **_options: Any) -> None:
        asked.append(shell_id)
        if error := answers.pop(0):
            raise error

    wire.close_shell = close_shell  # type: ignore[method-assign]
    assert not session.end_left_shells()
    assert session.end_left_shells()
    assert asked == ["shell-1", "shell-1"]


def test_a_logon_that_is_refused_to_a_deletion_is_counted_and_is_the_last(made: Made) -> None:
    session, _connection, wire = made()
    run(session)
    session.reconnect()
    asked: list[str] = []

    def close_shell(shell_id: str, **_options: Any) -> None:
        asked.append(shell_id)
        raise named("InvalidCredentialsError")

    wire.close_shell = close_shell  # type: ignore[method-assign]
    assert not session.refused
    assert not session.end_left_shells()
    assert session.refused and session.pause_before_retry(5) == REFUSED_PAUSES_S[0]
    assert session.private(400)._refusals is session._refusals, "all sessions of a task count together"
    session.close()
    assert asked == ["shell-1"]


def test_a_mistake_in_our_code_is_not_reported_as_a_problem_of_the_host(made: Made) -> None:
    """A library whose interface changed; the same class out of the library's parser is the host's."""
    session, _connection, wire = made()
    wire.open_shell = lambda *, codepage: "shell-1"  # type: ignore[method-assign,assignment]
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        run(session)


def test_what_a_librarys_parser_stumbles_over_is_said_with_its_text(made: Made) -> None:
    session, _connection, wire = made()
    wire.open_shell = lambda **_options: json.loads(None)  # type: ignore[method-assign,arg-type]
    with pytest.raises(AnsibleConnectionFailure, match=r"does not answer like WinRM \(TypeError: .*NoneType"):
        run(session)
