# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of two foreign interfaces that the session uses, as protocols."""

from __future__ import annotations

from typing import Any, Protocol


class WinRMProtocol(Protocol):
    """What is used of `winrm.protocol.Protocol`."""

    operation_timeout_sec: int
    transport: Any

    def open_shell(self, *, codepage: int, noprofile: bool, idle_timeout: str) -> str:
        """Creates a shell; returns its id."""

    def run_command(self, shell_id: str, command: str) -> str:
        """Starts a command line; returns its id."""

    def get_command_output_raw(self, shell_id: str, command_id: str) -> tuple[bytes, bytes, int, bool]:
        """One Receive: stdout, stderr, exit code, done."""

    def cleanup_command(self, shell_id: str, command_id: str) -> None:
        """Terminates a command."""

    def close_shell(self, shell_id: str, close_session: bool = True) -> None:
        """Deletes a shell."""


class WinRMConnection(Protocol):
    """What is used of ansible-core's connection plugin `winrm`."""

    transport: str
    shell_id: str | None

    def get_option(self, option: str) -> Any:  # noqa: ANN401 (ansible-core's own options)
        """The value of an option."""

    def close(self) -> None:
        """Deletes the plugin's shell."""

    def _connect(self) -> object:
        """Opens the connection."""
