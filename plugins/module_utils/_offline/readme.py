# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render README.txt for the person who carries collect.cmd to a host."""

from __future__ import annotations

from .collect import DONE, NOT_WRITABLE


def readme(client: str) -> list[str]:
    """Render the lines of README.txt, without line ends; the client's name is ASCII."""
    return [
        f"Files for the servers of {client} that cannot be reached over the network",
        "",
        "1. Copy this folder to a USB stick or a share, and take it to the server.",
        "2. Log on as an administrator and run collect.cmd by a double click. It works from Windows 2000 on,",
        "   changes nothing on the server, and needs about a minute.",
        "3. It says where it has put its file: beside collect.cmd if that can be written to, else in the",
        "   temporary folder. The file is named after the computer, and replaces an older one there.",
        "4. Do the same on the other servers, and bring the files back.",
        "5. If you get this folder again with a folder for each server in it, read plan.txt there first. It says what",
        "   is changed and why, and how to run apply.cmd. If it says that no scripts were made, run nothing: an",
        "   apply.cmd that is there nevertheless is an old one.",
        "",
        "The file holds the version of Windows, the services, the UDP ports in use and the settings of DNS and of",
        "port reservations. It holds no passwords and no licence key.",
        "",
        "In a script of your own, write: call collect.cmd /q. It does not wait for a key at the end, and ends with",
        f"  {DONE}  the file is written",
        f"  {NOT_WRITABLE}  nothing was collected: no folder could be written to, or it runs in a 32-bit process",
    ]
