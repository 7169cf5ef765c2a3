# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the commands that write the backup files on the host and check that they are complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .._windows.registry_file import DIALECT_5, SIGNATURES
from .cmd import MAX_LINE, echoed
from .host_backup import as_wide, widening


def backup_files(
    folder: str, texts: Mapping[str, Sequence[str]]
) -> tuple[dict[str, list[str]], list[str], dict[str, str]]:
    """Render the files of the backup: `echo` commands by name, the conversion of some files to UTF-16, and the sizes.

    A size is a condition of `if`. In UTF-16 each character that is sent takes two bytes, behind the mark of `reg`.

    Args:
        folder: of the backup, seen from system32.
        texts: lines by name; a file without lines is not made.
    """
    wide = [name for name, text in texts.items() if text and text[0] == SIGNATURES[DIALECT_5]]
    lines = {name: as_wide(text) if name in wide else text for name, text in texts.items() if text}
    saved = {name: [echoed(line) if line else "echo." for line in text] for name, text in lines.items()}
    widened = [widening(rf"{folder}\{name}") for name in wide]
    sizes = {name: sum(len(line) + 2 for line in text) for name, text in lines.items()}
    conditions = {
        name: f" GEQ {2 * (size + len(SIGNATURES[DIALECT_5]))}" if name in wide else f"=={size}"
        for name, size in sizes.items()
    }
    return saved, widened, conditions


def if_whole(folder: str, sizes: Mapping[str, str], command: str) -> str:
    """Run the command only if each file of the backup has the expected size: the disk may be full.

    Args:
        folder: of the backup, seen from system32.
        sizes: per file a condition of `if` on its size.
        command: what to run.
    """
    for letter, (name, condition) in zip("jklmn", sizes.items(), strict=False):
        command = rf"for %{letter} in ({folder}\{name}) do @if %~z{letter}{condition} {command}"
    return f"({command})"


def kept_file(folder: str, name: str, echoes: Sequence[str], first: bool) -> str:
    """Render the start of a file of the host's backup, or its continuation."""
    return rf"({'&'.join(echoes)}){'>' if first else '>>'}{folder}\{name}"


def chunks_of(echoes: Sequence[str]) -> list[list[str]]:
    """Distribute commands over as few command lines as possible."""
    chunks: list[list[str]] = [[]]
    for echo in echoes:
        if sum(len(part) + 1 for part in [*chunks[-1], echo]) > MAX_LINE - 500:
            chunks.append([])
        chunks[-1].append(echo)
    return chunks
