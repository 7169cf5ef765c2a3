# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server does with a command and with what arrives on standard input, by default shell and by age."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from portkeeper_lab.backend import Launch
from portkeeper_lab.windows_type import with_windows_type

DefaultShell = Literal["cmd", "powershell", "powershell-reads-stdin"]
DEFAULT_SHELLS: tuple[str, ...] = get_args(DefaultShell)

LINE_ROOM = 64 * 1024
"""Bytes that may wait for the end of their line."""

_ONE_PROGRAM = re.compile(r"[A-Za-z0-9_.:\\/-]+( +[A-Za-z0-9_.:\\/=-]+)*")
"""What means the same to PowerShell and to cmd."""


class NotPlayed(Exception):
    """The stand-in for a shell does not understand the command; the message is one sentence."""


@dataclass(frozen=True)
class Options:
    """What the server plays.

    Attributes:
        port: on 127.0.0.1; 0 takes a free one.
        default_shell: cmd, or a stand-in for PowerShell: one whose children inherit standard input, or one that reads
            it, makes it ASCII and hands it on.
        cut_commands: characters of a command that an early release keeps; None for all.
        cut_input: bytes of a session's standard input that an early release keeps; None for all.
    """

    port: int = 0
    default_shell: DefaultShell = "cmd"
    cut_commands: int | None = None
    cut_input: int | None = None

    @property
    def is_powershell(self) -> bool:
        """Whether the default shell is a stand-in for PowerShell."""
        return self.default_shell != "cmd"

    def exit_code(self, code: int) -> int:
        """Return the command's exit code as the client gets it: PowerShell's -Command only knows 0 and 1."""
        return int(code != 0) if self.is_powershell else code & 0xFF

    def launch(self, command: str | None, *, limited: bool) -> Launch:
        """Return what runs for a session.

        Args:
            command: what the client asks for; None for an interactive shell.
            limited: the user is no administrator.

        Raises:
            NotPlayed: the stand-in for PowerShell takes one program with plain arguments.
        """
        line = "cmd.exe" if command is None else command[: self.cut_commands]
        if not self.is_powershell:
            # cmd takes the outer quotes off where the line begins with one.
            quoted = f'"{line}"' if line.startswith('"') else line
            return Launch(quoted, limited=limited, input_by_read=True)
        if command is None or not _ONE_PROGRAM.fullmatch(line):
            raise NotPlayed("The lab's stand-in for PowerShell runs one program with plain arguments, nothing else.")
        return Launch(line, skip_shell=True, limited=limited, input_by_read=True)


class Input:
    """Standard input of one session on its way to the command, line by line."""

    def __init__(self, options: Options, *, windows_type: bool) -> None:
        """Take what the server plays, and whether `type` converts UTF-16 on this host."""
        self._left = options.cut_input
        self._recoded = options.default_shell == "powershell-reads-stdin"
        self._windows_type = windows_type
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take what has arrived and return the lines that are whole now."""
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        whole = [line + b"\n" for line in lines]
        if len(self._rest) > LINE_ROOM:
            whole.append(self.end())
        return [self._converted(line) for line in whole]

    def end(self) -> bytes:
        """Return what is left at the end of the input; a line without its end, or nothing."""
        rest, self._rest = self._rest, b""
        return self._converted(rest)

    def _converted(self, line: bytes) -> bytes:
        if self._recoded:
            line = line.decode("cp437").encode("ascii", "replace")
        if self._windows_type:
            line = with_windows_type(line.decode("latin-1")).encode("latin-1")
        return line
