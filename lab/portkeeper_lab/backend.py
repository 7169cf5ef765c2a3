# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface between the WinRM server and a simulated Windows host.

The WinRM server knows hosts only through these two protocols: a Wine host implements them with the agent inside its
prefix, a replayed host with a recorded transcript. All calls may come from several threads at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

BootState = Literal["up", "down", "booting"]
Stream = Literal["stdout", "stderr"]

STREAM_BUFFER = 64 * 1024
"""Bytes of output that may wait between two reads, per stream; a child that writes more blocks."""


class BackendError(Exception):
    """The host could not do what was asked; the message is one sentence."""


class HostDown(BackendError):
    """The host is not up: it is off, it reboots, or its agent has gone."""


class SpawnError(BackendError):
    """Windows refused to create the process.

    Attributes:
        winerror: the Win32 error number of CreateProcess, for example 2 (file not found).
    """

    def __init__(self, message: str, winerror: int) -> None:
        """Take the sentence and the Win32 error number."""
        super().__init__(message)
        self.winerror = winerror


@dataclass(frozen=True)
class Launch:
    """A command and where it runs.

    Attributes:
        line: runs exactly as `cmd.exe /C <line>`; with `skip_shell` it is the whole line.
        codepage: console code page of the command, for example 437 or 65001.
        environment: variables added to (and replacing those of) the host's own environment.
        working_directory: a Windows path; None is the profile of the user.
        skip_shell: no `cmd.exe` is put in front.
        limited: the user is no administrator.
        input_by_read: each piece of input waits until the one before was read; for a cmd that reads its commands.
    """

    line: str
    codepage: int = 437
    environment: Mapping[str, str] = field(default_factory=dict)
    working_directory: str | None = None
    skip_shell: bool = False
    limited: bool = False
    input_by_read: bool = False


@runtime_checkable
class Process(Protocol):
    """One command on a host, in a separate job."""

    def write_stdin(self, data: bytes, end: bool) -> None:
        """Feed standard input and return when the host took the bytes over.

        Args:
            data: bytes as the child shall read them; may be empty.
            end: True closes standard input after the bytes. Until then the child sees an open pipe.

        Writing to a process that has ended or closed its input is not an error: the bytes are dropped.
        """

    def read(self, max_bytes: int, timeout: float) -> list[tuple[Stream, bytes]]:
        """Take output that has arrived, oldest first.

        Args:
            max_bytes: upper bound of all the chunks together, in bytes.
            timeout: how long to wait for the first chunk, in seconds; 0 does not wait.

        Returns:
            Chunks of ("stdout" | "stderr", bytes), never an empty chunk. [] means that nothing came in time or that
            the process is done; ask `exit_code` which. Returns at once when the process is done.

        Raises:
            HostDown: the host went away under the process.
        """

    @property
    def exit_code(self) -> int | None:
        """The exit code as an unsigned 32-bit number.

        None until the process has ended and the output that it wrote itself has been read. Output of children that
        outlive it (`start /b`) is not waited for.
        """

    def kill_tree(self) -> None:
        """Kill the process and every descendant in its job; valid after the process itself has ended, too."""

    def close(self) -> None:
        """Release the process; kill what is left in its job. May be called twice."""


@runtime_checkable
class Backend(Protocol):
    """A host as the WinRM server sees it."""

    def spawn(self, launch: Launch) -> Process:
        """Start a command.

        Raises:
            HostDown: the host is not up.
            SpawnError: CreateProcess failed; `winerror` says why.
        """

    def boot_state(self) -> BootState:
        """Return whether the host is up, off, or on its way up."""

    def is_reachable(self) -> bool:
        """Return whether WinRM answers: False while off, booting, or for the scenario's seconds after a boot."""
