# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the folder of one client with the files that a person carries to hosts without WinRM."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...module_utils._offline.collect import collect_script
from ...module_utils._offline.readme import readme
from .._files import why_not
from .._writer import read_plain, write_file

COLLECT, README = "collect.cmd", "README.txt"
_CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_NONCE = re.compile(rb"^echo #portkeeper transcript 1 ([0-9a-f]{16})\r$", re.MULTILINE)


class OfflineError(Exception):
    """The kit could not be written; the message is one sentence."""


def make_kit(dest: Path, client: str) -> tuple[Path, dict[str, bytes]]:
    """Return the client's folder, and its files by name.

    Args:
        dest: the folder that holds a folder per client.
        client: its name; it becomes the folder's name and stands in README.txt.

    Raises:
        OfflineError: the name is not one of a folder.
    """
    if _CLIENT.fullmatch(client) is None:
        raise OfflineError(f"client {client!r} must be a folder's name of letters, digits and . _ - (at most 64).")
    folder = dest / client
    texts = {COLLECT: collect_script(_nonce(folder / COLLECT)), README: readme(client)}
    return folder, {name: file_of(lines) for name, lines in texts.items()}


def file_of(lines: list[str]) -> bytes:
    """Return the content of a text file on Windows."""
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def write_kit(dest: Path, folder: Path, files: Mapping[str, bytes], check_mode: bool) -> dict[str, Any]:
    """Write the files whose content differs. Check mode only returns their names.

    Args:
        dest: the folder that the user named.
        folder: the client's, below it.
        files: content by name.
        check_mode: whether nothing may be written.

    Returns:
        The result of offline_kit.

    Raises:
        OfflineError: a file could not be written.
    """
    before = {name: _read(folder / name) for name in files}
    written = sorted(name for name in files if before[name] != files[name])
    if written and not check_mode:
        try:
            for name in written:
                write_file(folder / name, files[name], base=dest)
        except OSError as error:
            raise OfflineError(f"{folder} could not be written to: {why_not(error)}.") from error
    verb = "would write" if check_mode else "wrote"
    return {
        "changed": bool(written),
        "folder": str(folder),
        "files": sorted(files),
        "written": written,
        "diff": [
            {
                "before_header": str(folder / name),
                "after_header": str(folder / name),
                "before": _shown(before[name] or b""),
                "after": _shown(files[name]),
            }
            for name in written
        ],
        "msg": f"{folder}: {verb} {', '.join(written)}." if written else f"{folder}: everything is there already.",
    }


def _shown(content: bytes) -> str:
    return content.decode("utf-16" if content[:2] == b"\xff\xfe" else "ascii", "replace")


def _nonce(script: Path) -> str:
    """Return the nonce of the existing script, so that nothing changes without a reason, or else a new one."""
    found = _NONCE.search(_read(script) or b"")
    return found[1].decode("ascii") if found else secrets.token_hex(8)


def _read(path: Path) -> bytes | None:
    try:
        return read_plain(path)
    except OSError as error:
        raise OfflineError(f"{path} could not be read: {error.strerror}.") from error
