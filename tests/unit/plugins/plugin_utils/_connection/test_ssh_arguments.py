# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments of OpenSSH's client: the plugin's own, and what is added for keys, passwords and addresses.

Runs on the oldest and the newest supported ansible-core.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection import addresses, ssh_arguments
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.session_case import run
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.stand_in_ssh import (
    StandIn,
    option_values,
    session_of,
)

SECRET = "secret-password"


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


@pytest.mark.parametrize(
    ("setting", "added"), [("ask", ["yes"]), ("accept-new", []), ("false", []), ("true", []), ("off", [])]
)
def test_an_unknown_key_is_never_accepted_by_us(client: StandIn, plugin: Any, setting: str, added: list[str]) -> None:
    client.plays({"stricthostkeychecking": setting})
    run(session_of(plugin(ansible_host_key_checking=True)))
    (words,) = client.sessions
    assert option_values(words, "StrictHostKeyChecking") == added


def test_a_host_that_is_gone_is_noticed(client: StandIn, plugin: Any) -> None:
    """Neither connecting nor waiting for output lasts for ever; what the user has set counts."""
    run(session_of(plugin()))
    client.plays({"serveraliveinterval": "7"})
    run(session_of(plugin(ansible_ssh_timeout=33, ansible_ssh_args="-o ServerAliveInterval=7")))
    first, second = client.sessions
    assert option_values(first, "ConnectTimeout") == ["10"]
    assert option_values(first, "ServerAliveInterval") == ["15"] and option_values(first, "ServerAliveCountMax") == [
        "4"
    ]
    assert option_values(second, "ConnectTimeout") == ["33"]
    assert option_values(second, "ServerAliveInterval") == ["7"]


def test_nobody_is_asked_and_a_password_is_tried_once(client: StandIn, plugin: Any) -> None:
    run(session_of(plugin(ansible_ssh_args="-o NumberOfPasswordPrompts=5 -o BatchMode=no")))
    (words,) = client.sessions
    assert option_values(words, "NumberOfPasswordPrompts")[0] == "1"
    assert option_values(words, "BatchMode")[0] == "yes"
    assert client.calls[-1]["askpass"] == "never"


@pytest.mark.parametrize(
    ("settings", "arguments", "given"),
    [
        ({}, "", ["no"]),
        ({"preferredauthentications": "publickey,password"}, "", ["no"]),
        ({"preferredauthentications": "keyboard-interactive"}, "", []),
        ({"passwordauthentication": "no"}, "", []),
        ({"kbdinteractiveauthentication": "yes"}, "", ["no"]),
        ({}, "-o KbdInteractiveAuthentication=yes", ["yes", "no"]),
    ],
    ids=str,
)
def test_a_password_is_given_to_one_method(
    client: StandIn,
    plugin: Any,
    settings: dict[str, str],
    arguments: str,
    given: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The limit for prompts counts for each method. Where a variable asks for the other method, that one stays.

    A "yes" in ssh_config cannot be told from the client's own default, so it has no effect.
    """
    monkeypatch.setenv("PATH", f"{client.folder}:{os.environ['PATH']}")
    client.plays(settings)
    variables = {"ansible_password": SECRET, "ansible_ssh_password_mechanism": "sshpass"}
    connection = plugin(ansible_ssh_common_args=arguments, **variables)
    monkeypatch.setattr(type(connection), "_sshpass_available", staticmethod(lambda: True))
    run(session_of(connection))
    (words,) = client.sessions
    assert option_values(words, "KbdInteractiveAuthentication") == given


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


def test_a_missing_sshpass_is_named(plugin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = plugin(ansible_password=SECRET, ansible_ssh_password_mechanism="sshpass")
    monkeypatch.setattr(type(connection), "_sshpass_available", staticmethod(lambda: False))
    with pytest.raises(AnsibleError, match="sshpass"):
        run(session_of(connection))
