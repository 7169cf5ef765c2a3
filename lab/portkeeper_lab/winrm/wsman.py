# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations of WS-Management that shell clients use, one method each."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..backend import Backend, HostDown
from . import soap
from .counters import Counters
from .faults import DropConnection, SoapFault
from .quotas import Options, Quotas
from .shells import Command, Shell, ShellTable
from .soap import Message

SIGNALS = {"terminate": "terminate", "ctrl_c": "interrupt", "ctrl_break": "interrupt"}
OEM_US = 437
MAX_CODEPAGE = 65535


class Service:
    """Executes decoded messages for authenticated users."""

    def __init__(
        self, backend: Backend, quotas: Quotas, options: Options, counters: Counters, shells: ShellTable
    ) -> None:
        """Take the host, its limits and its shells."""
        self._backend = backend
        self._quotas = quotas
        self._options = options
        self._counters = counters
        self._shells = shells
        transfer, shell = soap.NAMESPACES["x"], soap.SHELL
        cmd, readable = (soap.CMD_SHELL,), (soap.CMD_SHELL, soap.SHELL, soap.CONFIG)
        self._table: dict[str, tuple[str, tuple[str, ...], Callable[[Message, str, str], str]]] = {
            "Create": (transfer, cmd, self._create),
            "Delete": (transfer, cmd, self._delete),
            "Get": (transfer, readable, self._get),
            "Command": (shell, cmd, self._command),
            "Receive": (shell, cmd, self._receive),
            "Send": (shell, cmd, self._send),
            "Signal": (shell, cmd, self._signal),
        }

    def execute(self, message: Message, user: str, address: str) -> bytes:
        """Return the envelope that answers a message.

        Raises:
            SoapFault: the answer is a fault.
            DropConnection: the host has gone.
        """
        if message.action == "Identify":
            return self.identify(message)
        row = self._table.get(message.action)
        if row is None:
            raise SoapFault("invalid_action")
        base, resources, method = row
        if message.resource.lower() not in resources:
            raise SoapFault("invalid_resource")
        try:
            body = method(message, user, address)
        except HostDown as error:
            raise DropConnection(str(error)) from error
        return soap.envelope(f"{base}/{message.action}Response", message.message_id, body)

    def identify(self, message: Message) -> bytes:
        """Return the product that answers here."""
        return soap.envelope(
            "",
            message.message_id,
            "<wsmid:IdentifyResponse><wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
            "</wsmid:ProtocolVersion><wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
            f"<wsmid:ProductVersion>{self._quotas.product_version}</wsmid:ProductVersion></wsmid:IdentifyResponse>",
        )

    def _create(self, message: Message, user: str, address: str) -> str:
        codepage = message.options.get("WINRS_CODEPAGE", str(OEM_US))
        if not (codepage.isascii() and codepage.isdigit() and int(codepage) <= MAX_CODEPAGE):
            raise SoapFault("invalid_parameter", reason="WINRS_CODEPAGE is not a code page")
        idle = soap.seconds(message.text("rsp:Shell/rsp:IdleTimeOut"), self._quotas.idle_timeout)
        cap = self._options.idle_timeout_cap
        variables = message.body.findall("rsp:Shell/rsp:Environment/rsp:Variable", soap.NAMESPACES)
        shell = Shell(
            user=user,
            codepage=int(codepage),
            idle_timeout=idle if cap is None else min(idle, cap),
            environment={node.get("Name", ""): node.text or "" for node in variables},
            working_directory=message.text("rsp:Shell/rsp:WorkingDirectory"),
            address=address,
            limited=user in self._options.limited_users,
        )
        self._shells.create(shell)
        return soap.created_body(shell.id) + soap.shell_body(shell.id, shell.idle_timeout, user, address)

    def _shell(self, message: Message, user: str) -> Shell:
        return self._shells.find(message.selectors.get("ShellId", ""), user)

    def _get(self, message: Message, user: str, address: str) -> str:
        if message.resource.lower() == soap.CONFIG:
            return (
                f"<cfg:Config><cfg:MaxEnvelopeSizekb>{self._quotas.max_envelope_kb}</cfg:MaxEnvelopeSizekb>"
                f"<cfg:MaxTimeoutms>{int(self._quotas.max_operation_timeout * 1000)}</cfg:MaxTimeoutms></cfg:Config>"
            )
        shell = self._shell(message, user)
        with shell.in_use():
            return soap.shell_body(shell.id, shell.idle_timeout, shell.user, shell.address)

    def _delete(self, message: Message, user: str, address: str) -> str:
        self._shells.delete(self._shell(message, user))
        return ""

    def _command(self, message: Message, user: str, address: str) -> str:
        shell = self._shell(message, user)
        line = message.find("rsp:CommandLine")
        if line is None:
            raise SoapFault("invalid_parameter", reason="there is no rsp:CommandLine")
        words = [line.findtext("rsp:Command", "", soap.NAMESPACES)]
        words += [node.text or "" for node in line.findall("rsp:Arguments", soap.NAMESPACES)]
        console = message.options.get("WINRS_CONSOLEMODE_STDIN", "TRUE").upper() in ("TRUE", "1")
        with shell.in_use():
            command = self._shells.start(
                shell,
                " ".join(words),
                skip_shell=message.flag("WINRS_SKIP_CMD_SHELL"),
                end_stdin=console and self._options.stdin_ends,
            )
        return f"<rsp:CommandResponse><rsp:CommandId>{command.id}</rsp:CommandId></rsp:CommandResponse>"

    def _receive(self, message: Message, user: str, address: str) -> str:
        deadline = time.monotonic() + message.operation_timeout
        shell = self._shell(message, user)
        wanted = message.find("rsp:Receive/rsp:DesiredStream")
        command = self._shells.find_command(shell, "" if wanted is None else wanted.get("CommandId", ""))
        with shell.in_use():
            if not command.turn.acquire(timeout=max(0.0, message.operation_timeout)):
                raise SoapFault("operation_timeout")
            try:
                chunks, exit_code = command.outlet.receive(
                    message.max_envelope - soap.OVERHEAD, deadline, lambda: self._still_there(command)
                )
            finally:
                command.turn.release()
        self._counters.add("output_bytes", sum(len(data) for _, data in chunks))
        return soap.receive_body(command.id, chunks, exit_code)

    def _still_there(self, command: Command) -> None:
        if not self._backend.is_reachable():
            raise DropConnection("the host does not answer")
        if command.gone:
            raise SoapFault("aborted")

    def _send(self, message: Message, user: str, address: str) -> str:
        shell = self._shell(message, user)
        command_id, data, end = soap.stream_input(message)
        with shell.in_use():
            self._shells.find_command(shell, command_id).process.write_stdin(data, end)
        return "<rsp:SendResponse/>"

    def _signal(self, message: Message, user: str, address: str) -> str:
        shell = self._shell(message, user)
        node = message.find("rsp:Signal")
        code = (message.text("rsp:Signal/rsp:Code") or "").rpartition("/")[2].lower()
        command = self._shells.find_command(shell, "" if node is None else node.get("CommandId", ""))
        with shell.in_use():
            if SIGNALS.get(code) == "terminate":
                self._shells.terminate(shell, command)
            elif SIGNALS.get(code) == "interrupt":
                self._shells.interrupt(command)
            else:
                raise SoapFault("invalid_parameter", reason="the signal code is unknown")
        return "<rsp:SignalResponse/>"
