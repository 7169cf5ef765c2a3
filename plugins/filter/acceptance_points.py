# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter portkeeper.windows_dns.acceptance_points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._contribute.acceptance import acceptance_points as points_of

DOCUMENTATION = r"""
name: acceptance_points
short_description: Say what a real server shows about the open points
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - This collection rests on documents where it could not be run. The filter compares the facts of a real server with
    what was taken from them, point by point; docs/acceptance.md says what each point means.
positional: _input
options:
  _input:
    description: Facts as M(portkeeper.windows_dns.port_info) returns them.
    type: dict
    required: true
seealso:
  - plugin: portkeeper.windows_dns.parse_transcript
    plugin_type: filter
  - name: Acceptance
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/acceptance.md
    description: What each point means, and how to send a result.
"""

EXAMPLES = r"""
- name: Show what a carried transcript says about the open points
  ansible.builtin.debug:
    msg: "{{ lookup('ansible.builtin.file', 'client01.txt') | portkeeper.windows_dns.parse_transcript
      | portkeeper.windows_dns.acceptance_points }}"
"""

RETURN = r"""
_value:
  description: One entry per point.
  type: list
  elements: dict
  contains:
    id:
      description: Name of the point.
      type: str
      sample: excluded_ranges_are_a_list
    verdict:
      description: V(confirmed), V(contradicted), or V(not_seen) where this host cannot tell.
      type: str
      sample: confirmed
    seen:
      description: What was looked at, without names.
      type: str
      sample: SocketPoolExcludedPortRanges is REG_MULTI_SZ
"""


def acceptance_points(facts: Any) -> list[dict[str, str]]:  # noqa: ANN401
    """Compare facts with the open points; see DOCUMENTATION."""
    try:
        return points_of(facts)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError("acceptance_points: the input is not the facts of a host.") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"acceptance_points": acceptance_points}
