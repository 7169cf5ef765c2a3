# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection plugin ssh of the installed ansible-core: what the transport relies on, pinned, and what it does.

Runs on the oldest and the newest supported ansible-core.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection import addresses, ssh, ssh_process
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.ssh_errors import explained_exit
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.session_case import (
    LINE,
    run,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.stand_in_ssh import (
    StandIn,
    option_values,
    session_of,
)

NOT_VERIFIED = "Host key verification failed."


def shared_and_lost(client: StandIn, connection: Any, path: Path) -> Session:
    """Return a session that had a shared connection and has dropped it after a run."""
    client.plays({"controlpath": str(path)})
    session = session_of(connection)
    run(session)
    with socket.socket(socket.AF_UNIX) as master:
        master.bind(str(path))
        session.reconnect()
    return session


def test_a_command_runs_in_one_cmd_and_its_output_ends_at_its_mark(client: StandIn, plugin: Any) -> None:
    session = session_of(plugin())
    for _turn in range(2):
        reply = run(session)
        assert (reply.stdout, reply.exit_code) == (b"one\r\ntwo\r\n", 0)
    session.close()
    assert client.lines == [LINE, LINE]
    (words,) = client.sessions
    assert words[-4:] == ["-T", "--", "srv.example", "cmd.exe /d /q /v:off"]
    assert session.survives_disconnection is True


@pytest.mark.parametrize("name", ["exec_command", "_run", "_connect"])
def test_the_plugin_runs_nothing_itself(
    client: StandIn, plugin: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no deadline and no limit for output, and repeats a command after a lost connection."""
    connection = plugin(ansible_ssh_retries=3)
    monkeypatch.setattr(type(connection), name, lambda *_arguments, **_more: pytest.fail(f"{name} was called"))
    client.plays(commands=["answer", "drop"])
    session = session_of(connection)
    run(session)
    with pytest.raises(HostFailure):
        run(session)
    session.close()
    assert client.lines == [LINE, LINE]


def test_a_name_is_never_an_option_of_the_client(client: StandIn, plugin: Any, tmp_path: Path) -> None:
    """Also a name as -oProxyCommand=..., with which the client would run a program."""
    shared_and_lost(client, plugin(ansible_host="-oProxyCommand=x"), tmp_path / "s")
    assert {"-G", "-O"} < {word for call in client.calls for word in call["argv"]}
    for call in client.calls:
        assert call["argv"][call["argv"].index("-oProxyCommand=x") - 1] == "--"


def test_output_that_is_announced_and_does_not_come_is_not_its_end(
    client: StandIn, plugin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(plugin())
    read, announced = os.read, [BlockingIOError(), BlockingIOError()]

    def read_later(descriptor: int, size: int) -> bytes:
        if announced and threading.current_thread() is threading.main_thread():
            raise announced.pop()
        return read(descriptor, size)

    run(session)
    monkeypatch.setattr(ssh_process.os, "read", read_later)
    assert run(session).exit_code == 0
    assert announced == []


def test_a_name_without_an_address_is_unreachable(
    client: StandIn, plugin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_args: Any, **_more: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(addresses.socket, "getaddrinfo", nothing)
    with pytest.raises(AnsibleConnectionFailure, match=r"srv.example .*has no address"):
        run(session_of(plugin(), pin_address=True))
    assert client.sessions == []


def test_a_shared_connection_is_ended_with_the_first_drop_and_not_used_again(
    client: StandIn, plugin: Any, tmp_path: Path
) -> None:
    session = shared_and_lost(
        client, plugin(ansible_ssh_args="-o ControlMaster=auto -o ControlPersist=60s"), tmp_path / "s"
    )
    run(session)
    session.reconnect()
    ended = [call["argv"] for call in client.calls if "-O" in call["argv"]]
    assert [words[-3:] for words in ended] == [["exit", "--", "srv.example"]]
    first, second = client.sessions
    assert option_values(first, "ControlPath")[0] != "none"
    assert option_values(second, "ControlPath")[0] == "none"


def test_a_shared_connection_that_is_dead_is_left_for_one_of_our_own(
    client: StandIn, plugin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s"
    client.plays({"controlpath": str(path)}, greeting="")
    monkeypatch.setattr(ssh, "_SHARED_OPEN_S", 1)
    with socket.socket(socket.AF_UNIX) as master:
        master.bind(str(path))
        with pytest.raises(AnsibleConnectionFailure, match="did not answer in time"):
            run(session_of(plugin()), timeout=2)
    first, second = client.sessions
    assert option_values(first, "ControlPath") == []
    assert option_values(second, "ControlPath")[0] == "none"


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ({"said": "bash: cmd.exe: command not found\n", "greeting": "", "status": 127}, "not a Windows host.*winrm"),
        ({"greeting": "Welcome to Debian\n", "status": 1}, "not a Windows host"),
        ({"greeting": "x" * 70_000}, "not a Windows host"),
        ({"said": "Host key verification failed.\n", "greeting": "", "status": 255}, "not in known_hosts"),
        ({"said": "a@h: Permission denied (publickey).\n", "greeting": "", "status": 255}, "rejected the credentials"),
        ({"greeting": ""}, "did not answer in time: no cmd.exe has printed its banner"),
        ({"truncates": True}, "did not answer in time; its cmd.exe has started and printed no end mark.*truncates its"),
    ],
    ids=str,
)
def test_a_host_on_which_no_cmd_answers_is_unreachable(
    client: StandIn, plugin: Any, case: dict[str, Any], sentence: str
) -> None:
    client.plays(**case)
    with pytest.raises(AnsibleConnectionFailure, match=sentence) as caught:
        run(session_of(plugin()), timeout=3)
    assert "\n" not in str(caught.value)
    assert client.lines == []


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("hang", "did not finish a command in the time .* no end mark.*truncates its input"),
        ("drop", "ended the connection .*Broken pipe.* may still run"),
        ("flood", "sent more than 8388608 bytes"),
    ],
)
def test_what_is_lost_after_it_was_sent_is_a_failure_and_left_running(
    client: StandIn, plugin: Any, what: str, sentence: str
) -> None:
    client.plays(commands=["answer", what])
    session = session_of(plugin())
    run(session)
    with pytest.raises(HostFailure, match=sentence):
        run(session, phase="write", timeout=2 if what == "hang" else 30)
    assert session.doubtful
    session.reconnect()
    assert not session.end_left_shells(), "nothing can end it"
    client.plays()
    assert run(session).exit_code == 0
    assert not session.end_left_shells(), "another connection does not end it either"
    session.forget_left()
    assert session.end_left_shells()


def test_a_session_that_was_idle_when_it_was_dropped_leaves_nothing(plugin: Any) -> None:
    session = session_of(plugin())
    run(session)
    session.reconnect()
    assert session.end_left_shells()


def test_a_line_that_cmd_would_cut_is_not_sent(client: StandIn, plugin: Any) -> None:
    session = session_of(plugin())
    with pytest.raises(HostFailure, match="cannot be sent"):
        session.run("x" * 8192, phase="read", timeout=5)
    assert client.lines == []


def test_a_missing_client_is_named(plugin: Any) -> None:
    with pytest.raises(AnsibleConnectionFailure, match=r"/nowhere/ssh .*ansible_connection=winrm"):
        run(session_of(plugin(ansible_ssh_executable="/nowhere/ssh")))


@pytest.mark.parametrize(
    ("status", "said", "sentence"),
    [
        (255, "No ED25519 host key is known for [h]:22 and you have requested strict checking.", "not in known_hosts"),
        (
            255,
            f"@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n{'text ' * 200}\n{NOT_VERIFIED}",
            "differs from the one in known_hosts",
        ),
        (255, NOT_VERIFIED, "not in known_hosts"),
        (5, "", "rejected the credentials: check ansible_user and ansible_password"),
        (
            255,
            "a@h: Permission denied (publickey,keyboard-interactive).",
            "rejected the credentials: check ansible_user and ansible_password or .*; it takes a password only by"
            " keyboard-interactive, which needs -o KbdInteractiveAuthentication=yes in ansible_ssh_common_args; if",
        ),
        (255, "a@h: Permission denied (publickey,password,keyboard-interactive).", "administrators_authorized_keys"),
        (255, "a@h: Permission denied (publickey). keyboard-interactive", "administrators_authorized_keys"),
        (255, 'unix_listener: path "/x" too long for Unix domain socket', "ansible_control_path_dir"),
        (255, "ControlPath too long ('/x' >= 108 bytes)", "ansible_control_path_dir"),
        (255, "ssh: Could not resolve hostname h: Name or service not known", "has no address"),
        (255, "ssh: connect to host h port 22: Connection refused", "no SSH server listens .*ansible_connection"),
        (255, "ssh: connect to host h port 22: Connection timed out", "did not answer: .*firewall"),
        (255, "kex_exchange_identification: Connection closed", "SSH server: check ansible_port, .*connection=winrm"),
        (255, "banner exchange: Connection to h port 5985: invalid format", "not answer like an SSH server"),
        (255, "Unable to negotiate with h port 22: no matching cipher found", "no algorithm in common: Unable"),
        (255, "debug1: Reading\r\nodd\x1b[31m text", r"exit code 255\): odd \[31m text$"),
        (255, "", "without a reason"),
    ],
)
def test_why_the_client_ended_is_said_in_one_sentence(plugin: Any, status: int, said: str, sentence: str) -> None:
    target = session_of(plugin()).target
    text = explained_exit(target, status, said.encode())
    assert text.startswith("srv.example port 22 (ssh, user Administrator) ")
    assert re.search(sentence, text), text
