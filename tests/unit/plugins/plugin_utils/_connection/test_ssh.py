# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection plugin ssh of the installed ansible-core: what the transport relies on, pinned, and what it does.

Runs on the oldest and the newest supported ansible-core.
"""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection import (
    addresses,
    ssh,
    ssh_arguments,
    ssh_process,
)
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.errors import HostFailure
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.ssh_errors import explained_exit
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.transports import refuse_foreign
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.session_case import (
    LINE,
    run,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.stand_in_ssh import StandIn

NOT_VERIFIED = "Host key verification failed."
SECRET = "secret-password"


@pytest.fixture
def client(tmp_path: Path) -> StandIn:
    """Give the program in place of OpenSSH's client."""
    return StandIn(tmp_path)


@pytest.fixture
def plugin(client: StandIn, tmp_path: Path) -> Any:
    """Give a function that makes the connection plugin of the installed ansible-core, for the stand-in."""

    def make(**variables: Any) -> Any:
        made = connection_loader.get("ssh", PlayContext())
        options = {
            "ansible_host": "srv.example",
            "ansible_user": "Administrator",
            "ansible_ssh_executable": client.program,
            "ansible_control_path_dir": str(tmp_path / "cp"),
            "ansible_ssh_args": "",
            **variables,
        }
        made.set_options(var_options=options)
        return made

    return make


def session_of(connection: Any, **options: Any) -> Session:
    refuse_foreign(connection, "client01")
    return Session(connection, **options)


def shared_and_lost(client: StandIn, connection: Any, path: Path) -> Session:
    """Return a session that had a shared connection and has dropped it after a run."""
    client.plays({"controlpath": str(path)})
    session = session_of(connection)
    run(session)
    with socket.socket(socket.AF_UNIX) as master:
        master.bind(str(path))
        session.reconnect()
    return session


def option_values(words: list[str], name: str) -> list[str]:
    """Return the values of an option of the client, in order; the first one counts."""
    given = [words[at + 1].partition("=") for at, word in enumerate(words) if word == "-o"]
    return [value.strip('"') for key, _sign, value in given if key == name]


def test_the_plugin_still_has_what_is_used_of_it(plugin: Any) -> None:
    connection = plugin()
    assert callable(connection._build_command)
    assert hasattr(connection, "host")
    assert getattr(connection, "sshpass_pipe", None) is None
    if "password_mechanism" in connection._options:
        assert callable(connection._init_shm) and connection.shm is None
    else:
        assert not hasattr(connection, "_init_shm"), "it knows sshpass only"


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"ansible_port": 2222, "ansible_ssh_private_key_file": "/keys/id"},
        {"ansible_ssh_args": "-C -o ServerAliveInterval=7", "ansible_ssh_common_args": "-o ProxyJump=jump"},
        {"ansible_host_key_checking": False, "ansible_ssh_extra_args": "-v", "ansible_ssh_timeout": 33},
    ],
    ids=str,
)
def test_the_arguments_are_the_plugins_own(plugin: Any, variables: dict[str, Any]) -> None:
    """Where the plugin shows them no more, the same are made of its options."""
    connection = plugin(**variables)
    shown = ssh_arguments.arguments_of(connection)
    made = ssh_arguments.arguments_from_options(connection)
    assert (made.program, made.wrapper) == (shown.program, shown.wrapper)
    rest = list(shown.options)
    for word in made.options:
        rest.remove(word)
    assert {word.partition("=")[0] for word in rest} <= {
        "-o",
        "KbdInteractiveAuthentication",
        "NumberOfPasswordPrompts",
        "PasswordAuthentication",
        "PreferredAuthentications",
    }


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


@pytest.mark.parametrize(
    ("setting", "added"), [("ask", ["yes"]), ("accept-new", []), ("false", []), ("true", []), ("off", [])]
)
def test_an_unknown_key_is_never_accepted_by_us(client: StandIn, plugin: Any, setting: str, added: list[str]) -> None:
    client.plays({"stricthostkeychecking": setting})
    run(session_of(plugin(ansible_host_key_checking=True)))
    (words,) = client.sessions
    assert option_values(words, "StrictHostKeyChecking") == added


def test_nobody_is_asked_and_a_password_is_tried_once(client: StandIn, plugin: Any) -> None:
    run(session_of(plugin(ansible_ssh_args="-o NumberOfPasswordPrompts=5 -o BatchMode=no")))
    (words,) = client.sessions
    assert option_values(words, "NumberOfPasswordPrompts")[0] == "1"
    assert option_values(words, "BatchMode")[0] == "yes"
    assert client.calls[-1]["askpass"] == "never"


def test_a_password_goes_through_sshpass(client: StandIn, plugin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{client.folder}:{os.environ['PATH']}")
    connection = plugin(ansible_password=SECRET, ansible_ssh_password_mechanism="sshpass")
    monkeypatch.setattr(type(connection), "_sshpass_available", staticmethod(lambda: True))
    session = session_of(connection)
    run(session)
    assert (client.folder / "password").read_text(encoding="ascii") == f"{SECRET}\n"
    session.reconnect()
    run(session)
    assert len(client.sessions) == 2
    for words in client.sessions:
        assert option_values(words, "NumberOfPasswordPrompts")[0] == "1"
        assert SECRET not in str(words)
    monkeypatch.delattr(type(connection), "_build_command")
    run(session_of(connection))
    assert len(client.sessions) == 3


def test_a_password_goes_through_askpass_and_is_removed(client: StandIn, plugin: Any) -> None:
    connection = plugin(ansible_password=SECRET)
    if not hasattr(connection, "_init_shm"):
        return  # this ansible-core knows sshpass only
    run(session_of(connection))
    assert json.loads(client.calls[-1]["shared"])["password"] == SECRET
    assert client.calls[-1]["askpass"] == "force"
    assert connection.shm is None
    assert not [name for name in os.listdir("/dev/shm") if SECRET.encode() in (Path("/dev/shm") / name).read_bytes()]


@pytest.mark.parametrize(
    ("port", "alias"), [("22", "srv.example"), ("2222", "[srv.example]:2222")], ids=["22", "another"]
)
def test_the_address_is_pinned_and_the_key_stays_that_of_the_name(
    client: StandIn, plugin: Any, port: str, alias: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.plays({"port": port})
    asked: list[Any] = []

    def found(name: str, number: int, **_more: Any) -> list[Any]:
        asked.append((name, number))
        return [(2, 1, 6, "", ("192.0.2.7", number))]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", found)
    session = session_of(plugin(ansible_host="alias"), pin_address=True)
    run(session)
    session.reconnect()
    run(session)
    assert asked == [("srv.example", int(port))], "once, and by the name that the configuration gives"
    for words in client.sessions:
        assert option_values(words, "HostName")[0] == "192.0.2.7"
        assert option_values(words, "HostKeyAlias") == [alias]
        assert words[-2] == "alias"


def test_an_alias_of_the_users_stays(client: StandIn, plugin: Any) -> None:
    client.plays({"hostname": "127.0.0.1", "hostkeyalias": "theirs"})
    run(session_of(plugin(), pin_address=True))
    assert option_values(client.sessions[0], "HostKeyAlias") == []


@pytest.mark.parametrize("name", ["proxyjump", "proxycommand"])
def test_nothing_is_pinned_where_another_host_makes_the_connection(client: StandIn, plugin: Any, name: str) -> None:
    client.plays({name: "jump"})
    run(session_of(plugin(), pin_address=True))
    assert option_values(client.sessions[0], "HostName") == []


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


def test_a_missing_sshpass_is_named(plugin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = plugin(ansible_password=SECRET, ansible_ssh_password_mechanism="sshpass")
    monkeypatch.setattr(type(connection), "_sshpass_available", staticmethod(lambda: False))
    with pytest.raises(AnsibleError, match="sshpass"):
        run(session_of(connection))


@pytest.mark.parametrize(
    ("status", "said", "sentence"),
    [
        (255, "No ED25519 host key is known for [h]:22 and you have requested strict checking.", "not in known_hosts"),
        (
            255,
            f"@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n{'text ' * 200}\n{NOT_VERIFIED}",
            "another host key",
        ),
        (255, NOT_VERIFIED, "not in known_hosts"),
        (5, "", "rejected the credentials: check ansible_user and ansible_password"),
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
