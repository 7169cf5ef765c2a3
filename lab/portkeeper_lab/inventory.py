# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render a host's variables in an Ansible inventory, for each connection plugin that Ansible documents for Windows."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portkeeper_lab.paths import LabError
from portkeeper_lab.ssh.files import KNOWN_HOSTS, USER_KEY

Variables = dict[str, Any]


@dataclass(frozen=True)
class _WinRM:
    """The names that a connection plugin for WinRM gives to its variables.

    Attributes:
        plugin: of the connection plugin.
        scheme: http or https.
        authentication: how to log on.
        authority: the file of the authority for HTTPS.
        encryption: whether messages are encrypted over HTTP.
        certificate: the file of the client certificate.
        key: the file of its key.
        service_host: the host in the service's Kerberos principal.
    """

    plugin: str
    scheme: str
    authentication: str
    authority: str
    encryption: str
    certificate: str
    key: str
    service_host: str

    def __call__(self, info: Mapping[str, Any], certificate: bool) -> Variables:
        if info["port"] is None:
            raise LabError(f"{info['name']} has no WinRM; `lab exec` is its console.")
        https, kerberos = info["https"], info.get("kerberos")
        if certificate and not https:
            raise LabError(f"{info['name']} takes no client certificate; start it with `lab up --https`.")
        return {
            "ansible_connection": self.plugin,
            "ansible_host": "127.0.0.1",
            "ansible_port": info["port"],
            self.scheme: "https" if https else "http",
            self.authentication: "certificate" if certificate else "kerberos" if kerberos else "ntlm",
            **({self.authority: https["authority"]} if https else {self.encryption: "always"}),
            **({self.service_host: kerberos["host"]} if kerberos else {}),
            "ansible_user": kerberos["principal"] if kerberos else info["user"],
            **(
                {self.certificate: https["certificate"], self.key: https["key"]}
                if certificate
                else {"ansible_password": info["password"]}
            ),
        }


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


CONNECTIONS: dict[str, Callable[[Mapping[str, Any], bool], Variables]] = {
    "winrm": _WinRM(
        plugin="winrm",
        scheme="ansible_winrm_scheme",
        authentication="ansible_winrm_transport",
        authority="ansible_winrm_ca_trust_path",
        encryption="ansible_winrm_message_encryption",
        certificate="ansible_winrm_cert_pem",
        key="ansible_winrm_cert_key_pem",
        service_host="ansible_winrm_kerberos_hostname_override",
    ),
    "psrp": _WinRM(
        plugin="psrp",
        scheme="ansible_psrp_protocol",
        authentication="ansible_psrp_auth",
        authority="ansible_psrp_ca_cert",
        encryption="ansible_psrp_message_encryption",
        certificate="ansible_psrp_certificate_pem",
        key="ansible_psrp_certificate_key_pem",
        service_host="ansible_psrp_negotiate_hostname_override",
    ),
    "ssh": _ssh,
}


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
