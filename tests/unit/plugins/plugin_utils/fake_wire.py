# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WinRM library and the connection plugin in front of a host in memory.

Faults are given per command, by its number: an exception when it is sent, or while its output is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost


class OperationTimeout(Exception):
    """Named as the library names it."""


OperationTimeout.__name__ = "WinRMOperationTimeoutError"


@dataclass
class FakeTransport:
    """The library's transport."""

    endpoint: str = "http://client01:5985/wsman"
    auth_method: str = "ntlm"
    closed: int = 0

    def close_session(self) -> None:
        """Count."""
        self.closed += 1

    def _send_message_request(self, *_arguments: Any) -> None:
        """Where the library sends all that it sends; nothing is sent here."""


@dataclass
class FakeWire:
    """The library's protocol object, in front of a host."""

    host: FakeHost
    faults: dict[int, Exception] = field(default_factory=dict)
    receive_faults: dict[int, Exception] = field(default_factory=dict)
    open_fault: Exception | None = None
    silent: int = 0
    endless: bytes = b""
    operation_timeout_sec: int = 20
    transport: FakeTransport = field(default_factory=FakeTransport)
    opened: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    terminated: list[str] = field(default_factory=list)
    commands: int = 0
    outputs: dict[str, bytes] = field(default_factory=dict)
    timeouts: list[int] = field(default_factory=list)

    def open_shell(self, **options: Any) -> str:
        """Create a shell."""
        if self.open_fault is not None:
            raise self.open_fault
        self.opened.append(options)
        return f"shell-{len(self.opened)}"

    def run_command(self, shell_id: str, command: str) -> str:
        """Start a command."""
        assert shell_id == f"shell-{len(self.opened)}", "a shell that is gone"
        self.commands += 1
        fault = self.faults.pop(self.commands, None)
        if fault is not None:
            raise fault
        command_id = f"command-{self.commands}"
        self.outputs[command_id] = self.host.answer(command)
        return command_id

    def get_command_output_raw(self, shell_id: str, command_id: str) -> tuple[bytes, bytes, int, bool]:
        """Return one Receive."""
        self.timeouts.append(self.operation_timeout_sec)
        fault = self.receive_faults.pop(self.commands, None)
        if fault is not None:
            raise fault
        if self.endless:
            return self.endless, b"", -1, False
        if self.silent:
            self.silent -= 1
            raise OperationTimeout
        output = self.outputs[command_id]
        half = len(output) // 2
        if half and command_id not in self.terminated:
            self.outputs[command_id] = output[half:]
            if half > 1000:
                return output[:half], b"", -1, False
        self.outputs[command_id] = b""
        return output, b"", 0, True

    def cleanup_command(self, shell_id: str, command_id: str) -> None:
        """Terminate a command."""
        self.terminated.append(command_id)

    def close_shell(self, shell_id: str, close_session: bool = True) -> None:
        """Delete a shell."""
        self.deleted.append(shell_id)


class FakeConnection:
    """The connection plugin `winrm` of ansible-core, as far as it is used."""

    transport = "winrm"

    def __init__(self, wire: FakeWire, **options: Any) -> None:
        """Take options beside the usual ones."""
        self.wire = wire
        self.protocol: FakeWire | None = None
        self.shell_id: str | None = None
        self.become = None
        self.options = {
            "remote_addr": "client01",
            "port": 5985,
            "remote_user": "Administrator",
            "remote_password": "secret-password",
            "transport": ["ntlm"],
            "scheme": "http",
            "path": "/wsman",
            "_extras": {},
            **options,
        }
        self.connect_fault: Exception | None = None

    def get_option(self, option: str) -> Any:
        """Return an option."""
        return self.options[option]

    def set_option(self, option: str, value: Any) -> None:
        """Set an option."""
        self.options[option] = value

    def _connect(self) -> FakeConnection:
        if self.connect_fault is not None:
            raise self.connect_fault
        if self.protocol is None:
            self.protocol = self.wire
            if not self.shell_id:
                self.shell_id = self.protocol.open_shell(codepage=65001)
        return self

    def close(self) -> None:
        """Delete the shell, as the task executor makes it do."""
        if self.protocol and self.shell_id:
            self.protocol.close_shell(self.shell_id)
        self.protocol = self.shell_id = None
