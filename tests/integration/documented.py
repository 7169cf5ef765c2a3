# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventories on the page about connections, with a lab host in place of the one they name."""

from __future__ import annotations

import re
from typing import Any

import yaml

from checkout import CHECKOUT

OF_THE_HOST = (
    "ansible_host",
    "ansible_port",
    "ansible_user",
    "ansible_password",
    "ansible_winrm_ca_trust_path",
    "ansible_winrm_cert_pem",
    "ansible_winrm_cert_key_pem",
    "ansible_psrp_ca_cert",
    "ansible_psrp_certificate_pem",
    "ansible_psrp_certificate_key_pem",
    "ansible_ssh_private_key_file",
    "ansible_ssh_common_args",
)
"""Variables whose values differ from host to host."""


def yaml_blocks() -> list[str]:
    """Return the examples of the page on connections."""
    page = (CHECKOUT / "docs" / "connections.md").read_text(encoding="utf-8")
    return re.findall(r"(?ms)^```yaml$(.*?)^```$", page)


def documented(lab: dict[str, Any], **wanted: str) -> dict[str, Any]:
    """Return the variables of the only documented inventory that has the wanted ones, for a lab host.

    Args:
        lab: the variables of the lab's own inventory, for what differs from host to host.
        **wanted: variables with their values.
    """
    inventories = [yaml.safe_load(block)["all"] for block in yaml_blocks() if "ansible_connection:" in block]
    (found,) = [one for one in inventories if wanted.items() <= one["vars"].items()]
    ((_name, host),) = found["hosts"].items()
    variables = {**found["vars"], **host}
    return {name: lab[name] if name in OF_THE_HOST else value for name, value in variables.items()}
