# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render a host's variables in an Ansible inventory, for each connection plugin that Ansible documents for Windows."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from portkeeper_lab.paths import LabError
from portkeeper_lab.ssh.files import KNOWN_HOSTS, USER_KEY

Variables = dict[str, Any]


def _winrm(info: Mapping[str, Any], certificate: bool) -> Variables:
    https = info["https"]
    variables = {
        "ansible_connection": "winrm",
        "ansible_host": "127.0.0.1",
        "ansible_port": info["port"],
        "ansible_winrm_scheme": "https" if https else "http",
        "ansible_winrm_transport": "certificate" if certificate else "ntlm",
    }
    if https:
        variables["ansible_winrm_ca_trust_path"] = https["authority"]
    else:
        variables["ansible_winrm_message_encryption"] = "always"
    shown = {"ansible_winrm_cert_pem": "certificate", "ansible_winrm_cert_key_pem": "key"}
    return variables | _credentials(info, certificate, shown)


def _psrp(info: Mapping[str, Any], certificate: bool) -> Variables:
    https = info["https"]
    variables = {
        "ansible_connection": "psrp",
        "ansible_host": "127.0.0.1",
        "ansible_port": info["port"],
        "ansible_psrp_protocol": "https" if https else "http",
        "ansible_psrp_auth": "certificate" if certificate else "ntlm",
    }
    if https:
        variables["ansible_psrp_ca_cert"] = https["authority"]
    else:
        variables["ansible_psrp_message_encryption"] = "always"
    shown = {"ansible_psrp_certificate_pem": "certificate", "ansible_psrp_certificate_key_pem": "key"}
    return variables | _credentials(info, certificate, shown)


def _credentials(info: Mapping[str, Any], certificate: bool, shown: Mapping[str, str]) -> Variables:
    """Return the password, or the variables that name a file of the client certificate."""
    if not certificate:
        return {"ansible_user": info["user"], "ansible_password": info["password"]}
    if not info["https"]:
        raise LabError(f"{info['name']} takes no client certificate; start it with `lab up --https`.")
    return {"ansible_user": info["user"], **{name: info["https"][file] for name, file in shown.items()}}


def _ssh(info: Mapping[str, Any], certificate: bool) -> Variables:
    if certificate:
        raise LabError("Client certificates are for winrm and psrp.")
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


CONNECTIONS: dict[str, Callable[[Mapping[str, Any], bool], Variables]] = {"winrm": _winrm, "psrp": _psrp, "ssh": _ssh}


def render(hosts: list[Mapping[str, Any]], connection: str, certificate: bool) -> str:
    """Return the inventory.

    Args:
        hosts: what each host's supervisor tells of it.
        connection: a key of CONNECTIONS.
        certificate: a client certificate in place of the password.

    Raises:
        LabError: a host cannot be reached over that connection.
    """
    lines = ["---", "all:", "  hosts:"] if hosts else ["---", "all:", "  hosts: {}"]
    for info in hosts:
        lines.append(f"    {info['name']}:")
        lines += [
            f"      {key}: {json.dumps(value)}" for key, value in CONNECTIONS[connection](info, certificate).items()
        ]
    return "\n".join(lines)
