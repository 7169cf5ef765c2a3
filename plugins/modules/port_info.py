# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin port_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: port_info
short_description: Gather which UDP ports DNS can take and which are reserved on a Windows host
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - Reads services, UDP sockets, reservations and the state of DNS with one remote command, and changes nothing.
  - Of the policy's options, only those that name services have an effect here. The others are accepted, so that
    C(module_defaults) can set one policy for all modules.
extends_documentation_fragment:
  - portkeeper.windows_dns.policy
  - portkeeper.windows_dns.host
options:
  transcript:
    description:
      - Also return the output of the host. It contains names and addresses; the filter
        P(portkeeper.windows_dns.anonymise_transcript#filter) removes them.
    type: bool
    default: false
attributes:
  check_mode:
    description: Runs in check mode and does the same there.
    support: full
  diff_mode:
    description: Returns no diff, because it changes nothing.
    support: N/A
  idempotent:
    description: A second call with the same options changes nothing, unless the host has changed in between.
    support: full
seealso:
  - module: portkeeper.windows_dns.port_plan
  - module: portkeeper.windows_dns.port_reservations
  - module: portkeeper.windows_dns.port_verify
  - plugin: portkeeper.windows_dns.parse_transcript
    plugin_type: filter
  - name: Facts
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/facts.md
    description: What each fact means, and when it is null.
"""

EXAMPLES = r"""
- name: Gather the facts
  portkeeper.windows_dns.port_info:
  register: gathered

- name: Also of a service that the catalogue does not know
  portkeeper.windows_dns.port_info:
    catalogue_extra:
      - name: backup_agent
        services: [BackupAgent]
        ports: ["47000"]
  register: gathered_with_extra
"""

RETURN = r"""
facts:
  description: The facts; see docs/facts.md and schemas/facts.schema.json.
  returned: success
  type: dict
plan:
  description: Always null; M(portkeeper.windows_dns.port_plan) makes a plan of the facts.
  returned: always
  type: dict
reboot_required:
  description: Always false; that is said by a plan.
  returned: always
  type: bool
before:
  description: Always empty; the module changes no value.
  returned: always
  type: dict
after:
  description: Always empty; the module changes no value.
  returned: always
  type: dict
diff:
  description: Always empty; the module changes no value.
  returned: always
  type: dict
backup:
  description: Always null; the module changes no value.
  returned: always
  type: dict
problems:
  description: What could not be read, must not be written, or should be known, of the facts and of the plan.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Name of the kind of problem; docs/problems.md says what to do about each.
      type: str
    severity:
      description: V(error), V(warning) or V(info).
      type: str
    message:
      description: One sentence.
      type: str
    data:
      description: What a program needs of it.
      type: dict
transcript:
  description: What the host sent, as P(portkeeper.windows_dns.parse_transcript#filter) reads it. No artifact holds it.
  returned: when O(transcript=true)
  type: dict
  contains:
    base64:
      description: The bytes in base64.
      type: str
collected:
  description: UTC time on the controller when the host was read last, ISO 8601.
  returned: when the host was read
  type: str
  sample: "2026-11-23T16:32:18Z"
phase:
  description: How far a failed task got, V(read), V(backup), V(write), V(restart) or V(verify).
  returned: on failure
  type: str
dns_may_be_stopped:
  description: Whether a failed task may have left DNS stopped.
  returned: on failure
  type: bool
msg:
  description: What was found or done, in one sentence.
  returned: always
  type: str
"""
