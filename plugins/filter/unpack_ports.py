# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter portkeeper.windows_dns.unpack_ports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._ports import PortError, PortSet

DOCUMENTATION = r"""
name: unpack_ports
short_description: Read a port set of the facts or of a plan
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - Port sets are lists of ranges V(a-b); those of more than 200 ranges are packed to keep results small.
  - This filter reads both forms and always returns a list.
positional: _input
options:
  _input:
    description: A port set, either a list of ranges or a dictionary with V(count), V(lowest), V(highest) and V(packed).
    type: raw
    required: true
  single:
    description: Whether to return every port as a number instead of ranges.
    type: bool
    default: false
seealso:
  - plugin: portkeeper.windows_dns.plan_ports
    plugin_type: filter
  - name: Facts
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/facts.md
    description: What each fact means, and when it is null.
"""

EXAMPLES = r"""
- name: Show the ranges that the DNS service holds over IPv4
  ansible.builtin.debug:
    msg: "{{ host.facts.dns.udp_ports.udp4 | portkeeper.windows_dns.unpack_ports }}"

- name: Stop when the DNS service holds the port of IPsec NAT traversal
  ansible.builtin.assert:
    that: 4500 not in (host.facts.dns.udp_ports.udp4 | portkeeper.windows_dns.unpack_ports(single=true))
"""

RETURN = r"""
_value:
  description: The ranges as V(a-b) in ascending order, or the single ports.
  type: list
  elements: raw
"""


def unpack_ports(ports: Any, single: bool = False) -> list[str] | list[int]:  # noqa: ANN401
    """Read a port set in either form; see DOCUMENTATION."""
    try:
        port_set = PortSet.from_json(ports)
    except PortError as error:
        raise AnsibleFilterError(f"unpack_ports: {error}.") from error
    return list(port_set) if single else port_set.strings()


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"unpack_ports": unpack_ports}
