# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulate what Wine's cmd does not have of Windows: its limit of a line, its `type`, and the answer of `ver`.

A command line is changed before cmd gets it. A script that the line starts is changed where it lies on the disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from portkeeper_lab.windows_type import with_windows_type

REFUSED = "echo The input line is too long.&exit 255"
"""A line that is too long does not run, and neither does a script that has one. Text and exit code are constructed."""

_VER = re.compile(r"(?im)(^|(?<!\^)[&|(@])ver(?=\s*(?:$|[&|<>)]))")
_FOLDER = re.compile(r'(?i)\s*@?\s*cd\s+/d\s+"?([^"]+?)"?\s*$')
_SCRIPT = re.compile(r'(?i)\s*@?\s*(?:call\s+)?(?:"([^"]+\.(?:cmd|bat))"|([^\s"<>]+\.(?:cmd|bat))(?=[\s<>]|$))')
_ESCAPED = {ord(character): f"^{character}" for character in "&|<>^()"}


@dataclass(frozen=True)
class Console:
    """The command processor of a host.

    Attributes:
        drive: the host's drive C as a folder.
        line_limit: the most characters of a line; None for no limit.
        windows_type: whether `type` converts UTF-16.
        version: what `ver` prints; "" for Wine's answer.
    """

    drive: Path
    line_limit: int | None = None
    windows_type: bool = False
    version: str = ""

    def take(self, line: str, folder: str) -> str:
        """Return the line that Wine's cmd gets in place of this one.

        Args:
            line: a command line.
            folder: where it starts, as a Windows path.
        """
        if self._too_long(line):
            return REFUSED
        for path in self._scripts(line, folder):
            # Each byte is a character, so that the script stays what it is but for the commands that are replaced.
            text = path.read_bytes().decode("latin-1")
            if self._too_long(text):
                return REFUSED
            changed = self._replaced(text)
            if changed != text:
                path.write_bytes(changed.encode("latin-1"))
        return self._replaced(line)

    def _too_long(self, text: str) -> bool:
        return self.line_limit is not None and any(len(line) > self.line_limit for line in text.splitlines())

    def _replaced(self, text: str) -> str:
        if self.windows_type:
            text = with_windows_type(text)
        if self.version:
            answer = f"(echo.&echo {self.version.translate(_ESCAPED)})"
            text = _VER.sub(lambda found: found[1] + answer, text)
        return text

    def _scripts(self, line: str, folder: str) -> Iterator[Path]:
        """Find the scripts that a command line starts, those that are on the disk."""
        if self.line_limit is None and not self.windows_type and not self.version:
            return
        for command in re.split(r"[&|]+", line):
            moved, script = _FOLDER.match(command), _SCRIPT.match(command)
            if moved:
                folder = moved[1]
            elif script:
                path = self._place(script[1] or script[2], folder)
                if path is not None and path.is_file():
                    yield path

    def _place(self, name: str, folder: str) -> Path | None:
        """Return where a Windows path lies on the drive, with any upper and lower case."""
        whole = name if re.match(r"(?i)[a-z]:\\", name) else f"{folder}\\{name}"
        if not whole.lower().startswith("c:\\"):
            return None
        place = self.drive
        for part in whole[3:].split("\\"):
            if part not in ("", "."):
                entries = place.iterdir() if place.is_dir() else iter(())
                place = next((entry for entry in entries if entry.name.lower() == part.lower()), place / part)
        return place
