# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: ANN401 - signatures of the library and of ansible-core
"""The connection plugin `psrp` and its library, pypsrp.

The plugin's `_connect()` opens a runspace of PowerShell, which is slow, and impossible on Server 2003: it is never
called. The library speaks WinRS as well, so the same command lines go through the same shell as over `winrm`, with the
plugin's own options. The plugin's `_build_kwargs()` turns them into arguments for the library and sends nothing. It is
not a documented interface of ansible-core (in 2.16 to 2.21); without it the arguments are made from the options here.
"""

from __future__ import annotations

import importlib
import logging
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean

from .errors import Target, Variables
from .http_limits import Limits, limit_session
from .interfaces import ConnectionPlugin, TransportOptions
from .winrs import WinRS, pinned

_NO_OUTPUT_YET = 2150858793
"""The fault of a Receive within whose time nothing came."""

_READ_BEYOND_S = 10
"""Seconds beyond those of a Receive that its answer may take on the way."""

_SAME_NAME = (
    "path",
    "auth",
    "connection_timeout",
    "read_timeout",
    "operation_timeout",
    "max_envelope_size",
    "proxy",
    "certificate_key_pem",
    "certificate_pem",
    "credssp_auth_mechanism",
    "credssp_disable_tlsv1_2",
    "credssp_minimum_version",
    "negotiate_send_cbt",
    "negotiate_delegate",
    "negotiate_hostname_override",
    "negotiate_service",
)
"""Options of the plugin that are arguments of the library under the same name."""

_NAMELESS = ("ntlm", "basic")
"""Authentication for which the host's name does not matter."""

_CONFIGURATION = "Microsoft.PowerShell"

_SILENT = logging.NullHandler()
"""What the library logs with a traceback is in the error that it raises, too; without any handler Python prints it."""

_VARIABLES = Variables(
    authentication="ansible_psrp_auth", address="ansible_port, ansible_psrp_protocol and ansible_psrp_path"
)


class UnexpectedAnswer(Exception):
    """An answer of the host lacks what every answer of its kind has."""


class PypsrpClient:
    """WinRS through pypsrp."""

    def __init__(self, wsman: Any) -> None:
        """Take a connection.

        Args:
            wsman: `pypsrp.wsman.WSMan`, which has sent nothing yet.
        """
        self._wsman = wsman
        self._shells: dict[str, Any] = {}

    @property
    def operation_s(self) -> int:
        """Seconds that the host may hold back the answer to a Receive."""
        return int(self._wsman.operation_timeout)

    @property
    def http_session(self) -> Any:
        """The library's session of `requests`."""
        return self._wsman.transport.session

    def open_shell(self, codepage: int, idle_timeout: int) -> str:
        """Create a shell and return its id."""
        from pypsrp.shell import WinRS as Library  # noqa: PLC0415

        shell = Library(self._wsman, codepage=codepage, no_profile=True, idle_time_out=idle_timeout)
        shell_id = _text_in(shell.open(), ".//wsman:Selector[@Name='ShellId']")
        self._shells[shell_id] = shell
        return shell_id

    def run_command(self, shell_id: str, line: str) -> str:
        """Start a command line and return its id."""
        return _text_in(self._shells[shell_id].command(line, None), "rsp:CommandResponse/rsp:CommandId")

    def receive(self, shell_id: str, command_id: str, seconds: int) -> tuple[bytes, bytes, int, bool] | None:
        """Return one Receive."""
        from pypsrp.exceptions import WSManFaultError  # noqa: PLC0415
        from pypsrp.shell import CommandState  # noqa: PLC0415

        try:
            state, code, streams = self._shells[shell_id].receive("stdout stderr", command_id, timeout=seconds)
        except WSManFaultError as fault:
            if fault.code == _NO_OUTPUT_YET:
                return None
            raise
        return streams["stdout"], streams["stderr"], -1 if code is None else code, state == CommandState.DONE

    def terminate(self, shell_id: str, command_id: str) -> None:
        """Terminate a command."""
        from pypsrp.shell import SignalCode  # noqa: PLC0415

        self._shells[shell_id].signal(SignalCode.TERMINATE, command_id)

    def delete_shell(self, shell_id: str) -> None:
        """Delete a shell; one of an earlier connection is known by its id only."""
        from pypsrp.shell import WinRS as Library  # noqa: PLC0415
        from pypsrp.wsman import SelectorSet  # noqa: PLC0415

        selected = SelectorSet()
        selected.add_option("ShellId", shell_id)
        self._wsman.delete(Library(self._wsman).resource_uri, selector_set=selected)
        self._shells.pop(shell_id, None)

    def disconnect(self) -> None:
        """Close the connection."""
        self._wsman.close()


class Psrp(WinRS):
    """The transport of the connection plugin `psrp`, whose own connection stays closed: every shell is ours to end."""

    owns_shells = True

    def __init__(self, connection: ConnectionPlugin, options: TransportOptions) -> None:
        """Send nothing.

        Args:
            connection: the task's connection plugin.
            options: of the session.
        """
        self._arguments = library_arguments(connection)
        super().__init__(_target(self._arguments), options)

    def _tell_executor(self, shell_id: str | None) -> None:
        """The plugin has no shell."""

    def _new_client(self, limits: Limits) -> PypsrpClient:
        from pypsrp.wsman import WSMan  # noqa: PLC0415

        logging.getLogger("pypsrp").addHandler(_SILENT)
        try:
            wsman = WSMan(**self._arguments)
        except ValueError as error:
            raise AnsibleError(f"{self.target} cannot be reached with these variables: {error}.") from None
        transport = wsman.transport
        if self._options.pin_address:
            transport.endpoint = pinned(transport.endpoint, self.target, name_is_needed=transport.auth not in _NAMELESS)
        _limit(transport, limits)
        _send_once(transport)
        return PypsrpClient(wsman)


def _text_in(body: Any, path: str) -> str:
    """Return the text of an element of an answer.

    Raises:
        UnexpectedAnswer: it is not there.
    """
    from pypsrp.wsman import NAMESPACES  # noqa: PLC0415

    element = body.find(path, namespaces=NAMESPACES) if body is not None else None
    if element is None or not element.text:
        raise UnexpectedAnswer(f"no {path.rpartition(':')[2]} in the answer")
    return str(element.text)


def psrp_refusal(connection: ConnectionPlugin) -> str:
    """Say why a host cannot be reached with the plugin's options; empty if it can."""
    try:
        importlib.import_module("pypsrp.shell")
    except ImportError as error:
        return (
            f"the connection plugin psrp needs the Python package pypsrp on the controller ({error}): install it"
            " next to ansible-core with pip install pypsrp, or set ansible_connection=winrm."
        )
    configuration = connection.get_option("configuration_name")
    if configuration != _CONFIGURATION:
        return (
            f"ansible_psrp_configuration_name={configuration} has no effect on the modules of portkeeper.windows_dns,"
            " which run cmd.exe instead of a PowerShell session: remove the variable for this host and log on as an"
            " administrator of it."
        )
    return ""


def _limit(transport: Any, limits: Limits) -> None:
    """Make all that the library sends keep to the limits.

    It makes its session with the first request, and older releases log on only then: there must be none before.
    """
    build = transport._build_session

    def build_limited() -> Any:
        session = build()
        limit_session(session, limits)
        return session

    transport._build_session = build_limited


def _send_once(transport: Any) -> None:
    """Keep the library from repeating a request whose answer did not come: what the first one fetched is lost.

    Its two timeouts are then those of the arguments, for connecting and for reading.
    """
    send = transport.send

    def send_once(message: bytes, **_options: Any) -> Any:
        return send(message)

    transport.send = send_once


def library_arguments(connection: Any) -> dict[str, Any]:
    """Return the arguments of `pypsrp.wsman.WSMan`, by the options of the connection plugin."""
    build = getattr(connection, "_build_kwargs", None)
    if build is not None:
        build()
    built = getattr(connection, "_psrp_conn_kwargs", None)
    arguments: dict[str, Any] = dict(built) if isinstance(built, dict) else arguments_from_options(connection)
    operation_s = int(arguments.get("operation_timeout") or 20)
    return {
        **arguments,
        "operation_timeout": operation_s,
        "connection_timeout": arguments.get("connection_timeout") or 30,
        "read_timeout": max(int(arguments.get("read_timeout") or 30), operation_s + _READ_BEYOND_S),
        "reconnection_retries": 0,
    }


def arguments_from_options(connection: ConnectionPlugin) -> dict[str, Any]:
    """Return the same as the plugin makes of its options, for an ansible-core whose plugin shows it no more."""
    option = connection.get_option
    protocol, port = option("protocol"), option("port")
    if protocol is None:
        protocol = "http" if port is not None and int(port) == 5985 else "https"
    trusted = option("ca_cert")
    return {
        **{name: option(name) for name in _SAME_NAME},
        "server": option("remote_addr"),
        "port": int(port) if port is not None else 5986 if protocol == "https" else 5985,
        "username": option("remote_user"),
        "password": option("remote_password"),
        "ssl": protocol == "https",
        "cert_validation": option("cert_validation") != "ignore" and (trusted if trusted is not None else True),
        "encryption": option("message_encryption"),
        "no_proxy": boolean(option("ignore_proxy")),
        "reconnection_backoff": float(option("reconnection_backoff")),
    }


def _target(arguments: dict[str, Any]) -> Target:
    return Target(
        host=str(arguments["server"]),
        port=int(arguments["port"]),
        user=str(arguments["username"] or ""),
        way=f"psrp, auth {arguments['auth']}",
        variables=_VARIABLES,
    )
