# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: ANN401 - signatures of ansible-core
"""The command line of OpenSSH's client, from the options of the connection plugin `ssh`.

The plugin's `_build_command()` turns its options into arguments and sends nothing. It is not a documented interface of
ansible-core (it exists in 2.16 to 2.21); without it the arguments are made from the options here. `ssh -G` shows which
settings result from the arguments and the user's configuration files.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible.errors import AnsibleConnectionFailure

from .addresses import Addresses
from .errors import Target
from .interfaces import ConnectionPlugin
from .ssh_errors import VARIABLES, explained_exit

QUERY_S = 15
"""Seconds for a call of the client that contacts no host."""

_STANDARD_PORT = 22
_NONE = ("", "none")

FIRST = ("-o", "NumberOfPasswordPrompts=1", "-o", "RemoteCommand=none")
"""Options before the user's: the client uses the first value of each option."""

NO_PROMPTS = ("-o", "BatchMode=yes")
"""Do not prompt for a password, or for the passphrase of a key: nobody is at a terminal."""

DIRECT = ("-o", "ControlMaster=no", "-o", "ControlPath=none")
"""Do not use a shared connection: after a reboot of the host it may be dead and never answer."""

_ALIVE = ("-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4")
_STRICT = ("-o", "StrictHostKeyChecking=yes")

_ONE_METHOD = ("-o", "KbdInteractiveAuthentication=no")
"""NumberOfPasswordPrompts counts for each method: the client would answer a server that offers this one and `password`
twice. Windows' server has only `password` and `publickey` (Microsoft, OpenSSH Server configuration for Windows).

It overrides a "yes" of ssh_config, because `ssh -G` does not tell that from the client's own default."""


@dataclass(frozen=True)
class Arguments:
    """The client's command line, without the host.

    Attributes:
        wrapper: sshpass with its options, or empty.
        program: the client.
        options: those of the plugin.
    """

    wrapper: tuple[str, ...]
    program: str
    options: tuple[str, ...]

    def client(self, *first: str) -> list[str]:
        """Return the command line without the wrapper; the given options take precedence over the plugin's."""
        return [self.program, *FIRST, *first, *self.options]


@dataclass(frozen=True)
class Resolved:
    """The settings that result from the client's arguments and the configuration files.

    Attributes:
        settings: the output of `ssh -G`, by lower-case key.
    """

    settings: Mapping[str, str]

    @property
    def control_path(self) -> str | None:
        """The socket of a shared connection; None if connections are not shared."""
        path = self.settings.get("controlpath", "")
        return None if path.lower() in _NONE else path

    @property
    def is_proxied(self) -> bool:
        """Whether another host or a program makes the connection."""
        return any(self.settings.get(name, "").lower() not in _NONE for name in ("proxyjump", "proxycommand"))

    def last(self, password: bool) -> list[str]:
        """Return the options that apply where the arguments of the connection plugin have not set them.

        Where ssh_config has set another value than the client's default, it applies, too. A value that is the default
        is overridden from wherever it comes.

        Args:
            password: whether the client logs on with one.
        """
        options: list[str] = []
        preferred = self.settings.get("preferredauthentications", "password").lower().split(",")
        if password and "password" in preferred and self.settings.get("passwordauthentication") != "no":
            options += _ONE_METHOD
        if self.settings.get("stricthostkeychecking", "ask") == "ask":
            options += _STRICT
        if self.settings.get("serveraliveinterval", "0") == "0":
            options += _ALIVE
        return options


def host_of(connection: Any) -> str:
    """Return the name or address that the client gets."""
    return str(connection.get_option("host") or connection._play_context.remote_addr)


def destination(target: Target) -> tuple[str, str]:
    """Return the host after ``--``, so that the client does not take a name that begins with ``-`` for an option."""
    return ("--", target.host)


def password_of(connection: Any) -> str | None:
    """Return the password, if there is one."""
    context = getattr(connection, "_play_context", None)
    password = connection.get_option("password") or getattr(context, "password", None)
    return str(password) if password else None


def arguments_of(connection: Any) -> Arguments:
    """Return the command line that results from the options of the connection plugin.

    If the client gets its password through a pipe, this opens the pipe: call it once per start of the client.
    """
    program = str(connection.get_option("ssh_executable"))
    build = getattr(connection, "_build_command", None)
    if build is None:
        return arguments_from_options(connection)
    connection.host = host_of(connection)
    words = [os.fsdecode(word) for word in build(program, "ssh")]
    at = words.index(program)
    sshpass = getattr(connection, "_sshpass_cmd", None)  # a separate method since ansible-core 2.21
    wrapper = [os.fsdecode(word) for word in sshpass()] if sshpass else words[:at]
    return Arguments(tuple(wrapper), program, tuple(words[at + 1 :]))


def arguments_alone(connection: Any) -> Arguments:
    """Return the command line for a call of the client that contacts no host and needs no password."""
    arguments = arguments_of(connection)
    pipe, connection.sshpass_pipe = getattr(connection, "sshpass_pipe", None), None
    for end in pipe or ():
        os.close(end)
    return replace(arguments, wrapper=())


def arguments_from_options(connection: Any) -> Arguments:
    """Return the arguments as the plugin would build them, for an ansible-core without `_build_command()`."""
    option = connection.get_option
    options = shlex.split(option("ssh_args") or "")
    if option("host_key_checking") is False:
        options += ["-o", "StrictHostKeyChecking=no"]
    named = {
        "Port": option("port"),
        "IdentityFile": _quoted(os.path.expanduser(option("private_key_file") or "")),
        "User": _quoted(option("remote_user") or ""),
        "ConnectTimeout": option("timeout"),
    }
    for name, value in named.items():
        options += ["-o", f"{name}={value}"] if value else []
    for name in ("ssh_common_args", "ssh_extra_args"):
        options += shlex.split(option(name) or "")
    return Arguments(_wrapper(connection), str(option("ssh_executable")), tuple(options))


def _quoted(value: str) -> str:
    return f'"{value}"' if value else ""


def _wrapper(connection: Any) -> tuple[str, ...]:
    if password_of(connection) is None:
        return ()
    connection.sshpass_pipe = os.pipe()
    return ("sshpass", f"-d{connection.sshpass_pipe[0]}")


def resolve(arguments: Arguments, target: Target, *first: str) -> Resolved:
    """Ask the client for its settings, without contacting the host. The `first` options take precedence.

    Raises:
        AnsibleConnectionFailure: it does not accept its arguments.
    """
    done = query([*arguments.client(*first), "-G", *destination(target)], target)
    if done.returncode:
        raise AnsibleConnectionFailure(explained_exit(target, done.returncode, done.stderr))
    lines = (line.partition(" ") for line in done.stdout.decode("utf-8", "replace").splitlines())
    settings: dict[str, str] = {}
    for key, _blank, value in lines:
        settings.setdefault(key.lower(), value)
    return Resolved(settings)


def query(command: Sequence[str], target: Target) -> subprocess.CompletedProcess[bytes]:
    """Run the client for something that it does without contacting a host.

    Raises:
        AnsibleConnectionFailure: it cannot be started, or does not end in time.
    """
    try:
        return subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=QUERY_S,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
            start_new_session=True,
        )
    except FileNotFoundError:
        raise AnsibleConnectionFailure(
            f"{target} cannot be reached: the program {command[0]} of the connection plugin ssh is not on the"
            " controller; install OpenSSH's client, or set ansible_connection=winrm or =psrp."
        ) from None
    except (OSError, subprocess.SubprocessError) as error:
        raise AnsibleConnectionFailure(f"{target} cannot be reached: ssh -G does not work ({error}).") from None


def pinned(resolved: Resolved, target: Target, addresses: Addresses) -> list[str]:
    """Look up the host's address; return the options that connect to it and still check the host key by its name.

    There are none if a jump host or proxy command makes the connection, because that looks up the name itself.

    Raises:
        AnsibleConnectionFailure: the name has no address.
    """
    if resolved.is_proxied:
        return []
    name, port = resolved.settings.get("hostname", target.host), int(resolved.settings.get("port", _STANDARD_PORT))
    address = addresses.first_open(replace(target, host=name, port=port))
    options = ["-o", f"HostName={address}"]
    if resolved.settings.get("hostkeyalias", "").lower() in _NONE:
        alias = name if port == _STANDARD_PORT else f"[{name}]:{port}"
        options += ["-o", f"HostKeyAlias={alias}"]
    return options


def target_of(connection: ConnectionPlugin) -> Target:
    """Return the destination, for messages."""
    option = connection.get_option
    return Target(
        host=host_of(connection),
        port=int(option("port") or _STANDARD_PORT),
        user=str(option("remote_user") or ""),
        way="ssh",
        variables=VARIABLES,
    )
