# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: ANN401 - signatures of the library and of ansible-core
"""The connection plugin `winrm` and its library, pywinrm.

It takes the task's own plugin, so that all of `ansible_winrm_*` keeps working, but opens the shell itself: the plugin's
own shell has code page 65001, under which batch files on Server 2008 and older print nothing. For that the plugin gets
a placeholder as shell id before `_connect()`. The attribute is not a documented interface of ansible-core (unchanged in
2.14 to 2.21); without it the transport builds its own protocol object.
"""

from __future__ import annotations

import contextlib
from typing import Any, Protocol

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from .errors import NoTicket, Target, Variables, connection_failure, explained
from .http_limits import Limits, limit
from .interfaces import ConnectionPlugin, RemoteShell, TransportOptions
from .prerequisites import missing_kinit, missing_library
from .tls import CERTIFICATE_NEEDS_HTTPS, HttpsOptions
from .winrs import WinRS

_PLACEHOLDER = "portkeeper-opens-its-own-shell"

_LIBRARY_OPTIONS = (
    "server_cert_validation",
    "ca_trust_path",
    "message_encryption",
    "cert_pem",
    "cert_key_pem",
    "kerberos_delegation",
    "kerberos_hostname_override",
    "read_timeout_sec",
    "operation_timeout_sec",
    "send_cbt",
    "proxy",
    "service",
)
"""What `ansible_winrm_*` variables may hand through to the library."""

_NAMES = Variables()


class WinRMProtocol(Protocol):
    """What is used of `winrm.protocol.Protocol`."""

    operation_timeout_sec: int
    transport: Any

    def open_shell(self, *, codepage: int, noprofile: bool, idle_timeout: str) -> str:
        """Create a shell and return its id."""

    def run_command(self, shell_id: str, command: str) -> str:
        """Start a command line and return its id."""

    def get_command_output_raw(self, shell_id: str, command_id: str) -> tuple[bytes, bytes, int, bool]:
        """Return one Receive: stdout, stderr, exit code, done."""

    def cleanup_command(self, shell_id: str, command_id: str) -> None:
        """Terminate a command."""

    def close_shell(self, shell_id: str, close_session: bool = True) -> None:
        """Delete a shell."""


class WinRMConnection(ConnectionPlugin, Protocol):
    """What is used of ansible-core's connection plugin `winrm`."""

    shell_id: str | None

    def close(self) -> None:
        """Delete the plugin's shell."""

    def set_option(self, option: str, value: object) -> None:
        """Set the value of an option."""

    def _connect(self) -> object:
        """Open the connection."""


class PywinrmClient:
    """WinRS through pywinrm."""

    def __init__(self, protocol: WinRMProtocol) -> None:
        """Take a protocol object that has sent nothing yet."""
        self._protocol = protocol

    @property
    def operation_s(self) -> int:
        """Seconds that the host may hold back the answer to a Receive."""
        return self._protocol.operation_timeout_sec

    @property
    def http_session(self) -> Any:
        """The library's session of `requests`."""
        return getattr(self._protocol.transport, "session", None)

    def open_shell(self, codepage: int, idle_timeout: int) -> str:
        """Create a shell and return its id."""
        return self._protocol.open_shell(codepage=codepage, noprofile=True, idle_timeout=f"PT{idle_timeout}S")

    def run_command(self, shell_id: str, line: str) -> str:
        """Start a command line and return its id."""
        return self._protocol.run_command(shell_id, line)

    def receive(self, shell_id: str, command_id: str, seconds: int) -> tuple[bytes, bytes, int, bool] | None:
        """Return one Receive. The plugin uses the same object, so its timeout is restored."""
        own = self._protocol.operation_timeout_sec
        self._protocol.operation_timeout_sec = seconds
        try:
            return self._protocol.get_command_output_raw(shell_id, command_id)
        except Exception as error:
            if type(error).__name__ == "WinRMOperationTimeoutError":
                return None
            raise
        finally:
            self._protocol.operation_timeout_sec = own

    def terminate(self, shell_id: str, command_id: str) -> None:
        """Terminate a command."""
        self._protocol.cleanup_command(shell_id, command_id)

    def delete_shell(self, shell_id: str) -> None:
        """Delete a shell."""
        self._protocol.close_shell(shell_id, close_session=False)

    def disconnect(self) -> None:
        """Close the connection."""
        self._protocol.transport.close_session()


class WinRM(WinRS):
    """The transport of the connection plugin `winrm`. The shell of a session that is not private is the plugin's, too:
    the task executor deletes it, after all of a loop's items."""

    def __init__(self, connection: WinRMConnection, options: TransportOptions) -> None:
        """Send nothing."""
        super().__init__(_target(connection), options)
        self._connection = connection

    def drop(self, lost: RemoteShell | None) -> None:
        """See `Transport.drop`; the task executor must not try the lost connection."""
        super().drop(lost)
        if not self._private:
            self._connection.shell_id = None
            with contextlib.suppress(Exception):
                self._connection.close()

    def _tell_executor(self, shell_id: str | None) -> None:
        if not self._private:
            self._connection.shell_id = shell_id

    def _new_client(self, limits: Limits) -> PywinrmClient:
        protocol = self._own_protocol() if self._private else self._shared_protocol()
        limit(protocol.transport, limits)
        return PywinrmClient(protocol)

    def _shared_protocol(self) -> WinRMProtocol:
        """Return the connection plugin's protocol object, built without traffic; falls back to our own."""
        plugin = self._connection
        if plugin.shell_id:
            # A loop's items share the connection: what an earlier item left may be idle or used up.
            with contextlib.suppress(Exception):
                plugin.close()
        plugin.shell_id = _PLACEHOLDER
        try:
            plugin._connect()
        except AnsibleConnectionFailure as error:
            plugin.shell_id = None
            if _authentication(plugin) == "kerberos":
                raise AnsibleConnectionFailure(explained(NoTicket(str(error)), self.target)) from None
            raise
        except AnsibleError:
            plugin.shell_id = None
            raise
        except Exception as error:
            plugin.shell_id = None
            raise connection_failure(error, self.target) from None
        protocol: WinRMProtocol | None = getattr(plugin, "protocol", None)
        if protocol is not None and protocol.transport.auth_method == "kerberos":
            # The next connection of this task uses the tickets that are there: its KDC may be the host whose DNS is
            # stopped, and known by name only.
            plugin.set_option("kerberos_mode", "manual")
        untouched = plugin.shell_id == _PLACEHOLDER
        plugin.shell_id = None
        if protocol is not None and untouched:
            return protocol
        self._private = True
        return self._own_protocol()

    def _own_protocol(self) -> WinRMProtocol:
        """Return a protocol object of our own, from the options of the connection plugin."""
        from winrm import protocol as library  # noqa: PLC0415 (a missing library is the plugin's to report)

        option = self._connection.get_option
        scheme = _scheme(self._connection)
        host = f"[{self.target.host}]" if ":" in self.target.host else self.target.host
        extras = option("_extras") or {}
        passed = {
            name: extras[f"ansible_winrm_{name}"] for name in _LIBRARY_OPTIONS if f"ansible_winrm_{name}" in extras
        }
        protocol: WinRMProtocol = library.Protocol(
            f"{scheme}://{host}:{self.target.port}/{str(option('path') or 'wsman').lstrip('/')}",
            transport=_authentication(self._connection),
            username=option("remote_user"),
            password=option("remote_password"),
            **passed,
        )
        return protocol


def _authentication(connection: ConnectionPlugin) -> str:
    """Return what the plugin logs on with, or would: of several, it takes the first for which it has a library."""
    plugins_own = getattr(connection, "protocol", None)
    if plugins_own is not None:
        return str(plugins_own.transport.auth_method)
    user = str(connection.get_option("remote_user") or "")
    by_user = "kerberos" if "@" in user else "ssl" if _scheme(connection) == "https" else "plaintext"
    return _first(connection.get_option("transport"), by_user)


def _kerberos_refusal(connection: ConnectionPlugin) -> str:
    """Say what Kerberos lacks on the controller; empty if nothing, or if another way to log on may be tried."""
    option = connection.get_option
    chosen = [name for name in option("transport") or () if name]
    if _authentication(connection) != "kerberos" or len(chosen) > 1:
        return ""
    lacks = missing_library("Kerberos", ("kerberos",), "pywinrm[kerberos]", "ansible_winrm_transport=ntlm")
    managed = option("kerberos_mode") == "managed" or (option("kerberos_mode") is None and option("remote_password"))
    return lacks or (missing_kinit(str(option("kerberos_command"))) if managed else "")


def winrm_refusal(connection: ConnectionPlugin) -> str:
    """Say why a host cannot be reached with the plugin's options; empty if it can."""
    refusal = _kerberos_refusal(connection)
    if refusal:
        return refusal
    extras = connection.get_option("_extras") or {}
    authentication = _authentication(connection)
    given = {name: extras.get(f"ansible_winrm_{name}") for name in ("cert_pem", "cert_key_pem")}
    with_certificate = authentication == "certificate" or (authentication == "ssl" and any(given.values()))
    if _scheme(connection) != "https":
        return f"{CERTIFICATE_NEEDS_HTTPS} ansible_winrm_scheme=https." if with_certificate else ""
    trusted = extras.get(_NAMES.authority)
    validation = extras.get(_NAMES.validation, "validate")
    return HttpsOptions(
        authority=_NAMES.authority,
        authority_path=None if trusted == "legacy_requests" else trusted,
        validation=_NAMES.validation,
        validates={"validate": True, "ignore": False}.get(str(validation)),
        files=tuple((f"ansible_winrm_{name}", path) for name, path in given.items()) if with_certificate else (),
    ).refusal()


def _scheme(connection: ConnectionPlugin) -> str:
    given = connection.get_option("scheme")
    return str(given or ("http" if int(connection.get_option("port")) == 5985 else "https"))


def _target(connection: WinRMConnection) -> Target:
    option = connection.get_option
    return Target(
        host=str(option("remote_addr")),
        port=int(option("port")),
        user=str(option("remote_user") or ""),
        way=f"transport {_first(option('transport'), 'default')}",
    )


def _first(value: object, default: str) -> str:
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    return str(value) if value else default
