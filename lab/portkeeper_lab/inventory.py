# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's variables in an Ansible inventory, for each connection plugin that Ansible documents for Windows."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from portkeeper_lab.paths import LabError
from portkeeper_lab.ssh.files import KNOWN_HOSTS, USER_KEY

Variables = dict[str, Any]


def _winrm(info: Mapping[str, Any]) -> Variables:
    return {
        "ansible_connection": "winrm",
        "ansible_host": "127.0.0.1",
        "ansible_port": info["port"],
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "ntlm",
        "ansible_winrm_message_encryption": "always",
        "ansible_user": info["user"],
        "ansible_password": info["password"],
    }


def _psrp(info: Mapping[str, Any]) -> Variables:
    return {
        "ansible_connection": "psrp",
        "ansible_host": "127.0.0.1",
        "ansible_port": info["port"],
        "ansible_psrp_protocol": "http",
        "ansible_psrp_auth": "ntlm",
        "ansible_psrp_message_encryption": "always",
        "ansible_user": info["user"],
        "ansible_password": info["password"],
    }


def _ssh(info: Mapping[str, Any]) -> Variables:
    if info["ssh"] is None:
        raise LabError(f"{info['name']} has no SSH server; start it with `lab up --ssh`.")
    folder = Path(info["ssh"]["folder"])
    known = ["-o", f"UserKnownHostsFile={folder / KNOWN_HOSTS}", "-o", "IdentitiesOnly=yes"]
    shell = "cmd" if info["ssh"]["default_shell"] == "cmd" else "powershell"
    return {
        "ansible_connection": "ssh",
        "ansible_host": "127.0.0.1",
        "ansible_port": info["ssh"]["port"],
        "ansible_user": info["user"],
        "ansible_ssh_private_key_file": str(folder / USER_KEY),
        "ansible_shell_type": shell,
        "ansible_ssh_common_args": shlex.join(known),
    }


CONNECTIONS: dict[str, Callable[[Mapping[str, Any]], Variables]] = {"winrm": _winrm, "psrp": _psrp, "ssh": _ssh}


def render(hosts: list[Mapping[str, Any]], connection: str) -> str:
    """The inventory.

    Args:
        hosts: what each host's supervisor tells of it.
        connection: a key of CONNECTIONS.

    Raises:
        LabError: a host cannot be reached over that connection.
    """
    lines = ["---", "all:", "  hosts:"] if hosts else ["---", "all:", "  hosts: {}"]
    for info in hosts:
        lines.append(f"    {info['name']}:")
        lines += [f"      {key}: {json.dumps(value)}" for key, value in CONNECTIONS[connection](info).items()]
    return "\n".join(lines)
