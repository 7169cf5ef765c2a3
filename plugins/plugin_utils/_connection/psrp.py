# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: ANN401 - signatures of the library and of ansible-core
"""The connection plugin `psrp` and its library, pypsrp.

The plugin's `_connect()` opens a runspace of PowerShell, which is slow, and impossible on Server 2003: it is never
called. The library speaks WinRS as well, so the same command lines go through the same shell as over `winrm`, with the
plugin's own options. The plugin's `_build_kwargs()` turns them into arguments for the library and sends nothing. It is
not a documented interface of ansible-core (it exists in 2.16 to 2.21); without it the arguments are made from the
options here.
"""

from __future__ import annotations

import logging
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean

from .errors import Target, Variables
from .http_limits import Limits, limit_session
from .interfaces import ConnectionPlugin, TransportOptions
from .prerequisites import missing_library
from .tls import CERTIFICATE_NEEDS_HTTPS, HttpsOptions
from .winrs import WinRS

_NO_OUTPUT_YET = 2150858793
"""The fault code of a Receive during which no output came."""

_READ_BEYOND_S = 10
"""Seconds that the answer to a Receive may take in addition to the Receive itself."""

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

_CONFIGURATION = "Microsoft.PowerShell"

_SILENT = logging.NullHandler()
"""Drops the library's log: the errors that it raises say the same. Without any handler Python would print it."""

_VARIABLES = Variables(
    authentication="ansible_psrp_auth",
    address="ansible_port, ansible_psrp_protocol and ansible_psrp_path",
    authority="ansible_psrp_ca_cert",
    validation="ansible_psrp_cert_validation",
    certificate="ansible_psrp_certificate_pem",
)


class UnexpectedAnswer(Exception):
    """An answer of the host lacks an element that every answer of its kind has."""


class PypsrpClient:
    """WinRS through pypsrp."""

    def __init__(self, wsman: Any) -> None:
        """Use a `pypsrp.wsman.WSMan` that has sent nothing yet."""
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
        """Ask for output once.

        Returns:
            stdout, stderr, the exit code (-1 if there is none yet), whether the command is done; None without output.
        """
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
        """Delete a shell by its id, which may be that of an earlier connection."""
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
    """The transport of the connection plugin `psrp`. The plugin stays unconnected, so this class ends every shell."""

    owns_shells = True

    def __init__(self, connection: ConnectionPlugin, options: TransportOptions) -> None:
        """Send nothing."""
        self._arguments = library_arguments(connection)
        super().__init__(_target(self._arguments), options)

    def _tell_executor(self, shell_id: str | None) -> None:
        """Do nothing: the plugin has no shell."""

    def _new_client(self, limits: Limits) -> PypsrpClient:
        from pypsrp.wsman import WSMan  # noqa: PLC0415

        logging.getLogger("pypsrp").addHandler(_SILENT)
        try:
            wsman = WSMan(**self._arguments)
        except ValueError as error:
            raise AnsibleError(f"{self.target} cannot be reached with these variables: {error}.") from None
        _limit(wsman.transport, limits)
        _send_once(wsman.transport)
        return PypsrpClient(wsman)


def _text_in(body: Any, path: str) -> str:
    """Return the text of an element in an answer.

    Raises:
        UnexpectedAnswer: there is no such element.
    """
    from pypsrp.wsman import NAMESPACES  # noqa: PLC0415

    element = body.find(path, namespaces=NAMESPACES) if body is not None else None
    if element is None or not element.text:
        raise UnexpectedAnswer(f"no {path.rpartition(':')[2]} in the answer")
    return str(element.text)


def psrp_refusal(connection: ConnectionPlugin) -> str:
    """Return why a host cannot be reached with the plugin's options; empty if nothing is wrong."""
    plugin = "the connection plugin psrp"
    lacks = missing_library(plugin, ("pypsrp.shell",), "pypsrp", "ansible_connection=winrm")
    if lacks:
        return lacks
    configuration = connection.get_option("configuration_name")
    if configuration != _CONFIGURATION:
        return (
            f"ansible_psrp_configuration_name={configuration} has no effect on the modules of portkeeper.windows_dns,"
            " which run cmd.exe instead of a PowerShell session: remove the variable for this host and log on as an"
            " administrator of it."
        )
    arguments = library_arguments(connection)
    if arguments["auth"] == "kerberos":
        lacks = missing_library("Kerberos", ("gssapi", "krb5"), "pypsrp[kerberos]", "ansible_psrp_auth=ntlm")
        if lacks:
            return lacks
    return _https_refusal(arguments)


def _https_refusal(arguments: dict[str, Any]) -> str:
    """Return why HTTPS would not work or not verify the host with these arguments; empty if nothing is wrong."""
    with_certificate = arguments["auth"] == "certificate"
    if not arguments["ssl"]:
        return f"{CERTIFICATE_NEEDS_HTTPS} ansible_psrp_protocol=https." if with_certificate else ""
    trusted = arguments["cert_validation"]
    shown = ("certificate_pem", "certificate_key_pem") if with_certificate else ()
    return HttpsOptions(
        authority=_VARIABLES.authority,
        authority_path=None if isinstance(trusted, bool) else trusted,
        validation=_VARIABLES.validation,
        validates=trusted is not False,
        files=tuple((f"ansible_psrp_{name}", arguments[name]) for name in shown),
    ).refusal()


def _limit(transport: Any, limits: Limits) -> None:
    """Enforce the limits on everything that the library sends.

    It makes its session with the first request, and older releases log on only then: nothing must be sent before.
    """
    build = transport._build_session

    def build_limited() -> Any:
        session = build()
        limit_session(session, limits)
        return session

    transport._build_session = build_limited


def _send_once(transport: Any) -> None:
    """Keep the library from repeating a request whose answer did not come: the output in that answer would be lost.

    The timeouts for connecting and for reading are then those of the library's arguments.
    """
    send = transport.send

    def send_once(message: bytes, **_options: Any) -> Any:
        return send(message)

    transport.send = send_once


def library_arguments(connection: Any) -> dict[str, Any]:
    """Return the arguments of `pypsrp.wsman.WSMan` that result from the options of the connection plugin."""
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
    """Return the arguments as the plugin would build them, for an ansible-core without `_build_kwargs()`."""
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
