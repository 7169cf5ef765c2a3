# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter portkeeper.windows_dns.plan_ports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._plan.port_plan import PortPlanError, plan_of
from ..module_utils._policy import Policy, PolicyError

DOCUMENTATION = r"""
name: plan_ports
short_description: Compute which reservations a host needs from its facts
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - Returns what M(portkeeper.windows_dns.port_plan) returns under RV(portkeeper.windows_dns.port_plan#module:plan) for
    the same facts and policy.
  - Contacts nothing, and gives the same plan byte for byte for the same input.
positional: _input
options:
  _input:
    description:
      - The facts, as M(portkeeper.windows_dns.port_info) or the filter
        P(portkeeper.windows_dns.parse_transcript#filter) returns them.
    type: dict
    required: true
  policy:
    description: Options of the policy by name, as listed in docs/policy.md; what is left out has its default.
    type: dict
    default: {}
seealso:
  - module: portkeeper.windows_dns.port_plan
  - plugin: portkeeper.windows_dns.parse_transcript
    plugin_type: filter
  - plugin: portkeeper.windows_dns.unpack_ports
    plugin_type: filter
  - name: Plan
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/plan.md
    description: What each part of a plan means.
"""

EXAMPLES = r"""
- name: Show what is to be done on a host whose transcript was carried here
  ansible.builtin.debug:
    msg: "{{ plan.status }}: {{ plan.actions }}"
  vars:
    facts: "{{ lookup('ansible.builtin.file', 'client01.txt') | portkeeper.windows_dns.parse_transcript }}"
    plan: "{{ facts | portkeeper.windows_dns.plan_ports({'profiles': ['sbs2003']}) }}"
"""

RETURN = r"""
_value:
  description: The plan; its shape is described in docs/plan.md and schemas/plan.schema.json.
  type: dict
"""


def plan_ports(facts: object, policy: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Compute the plan; see DOCUMENTATION."""
    if policy is not None and not isinstance(policy, Mapping):
        raise AnsibleFilterError("plan_ports: the policy is a dictionary of options.")
    try:
        return plan_of(facts, Policy.from_options(policy)).to_json()
    except (PolicyError, PortPlanError) as error:
        raise AnsibleFilterError(f"plan_ports: {error}.") from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"plan_ports": plan_ports}
