# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the floor of WinRM: a bare pywinrm session per host that transfers the same bytes.

Usage: python bench/sessions.py INVENTORY
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import winrm

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._commands.collect import collector_line

RUN = "0123456789abcdef"


def session(port: int, variables: dict[str, str]) -> int:
    """Open a shell, run the collector, close, and return the number of received bytes."""
    client = winrm.Protocol(
        f"http://127.0.0.1:{port}/wsman",
        "ntlm",
        variables["ansible_user"],
        variables["ansible_password"],
        message_encryption="always",
    )
    shell = client.open_shell(codepage=437, noprofile=True)
    command = client.run_command(shell, collector_line(RUN))
    size, done = 0, False
    while not done:
        out, _error, _code, done = client.get_command_output_raw(shell, command)
        size += len(out)
    client.close_shell(shell, close_session=True)
    return size


if __name__ == "__main__":
    inventory = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["all"]
    for host in inventory["hosts"].values():
        if not session(host["ansible_port"], inventory["vars"]):
            sys.exit("a host answered nothing")
