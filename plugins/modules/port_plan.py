# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin port_plan."""

from __future__ import annotations

DOCUMENTATION = r"""
module: port_plan
short_description: Compute which port reservations a Windows host needs
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - Computes from the facts or the transcript of a host which ports have to be reserved, what has to be written, what
    takes effect only after a restart, and how likely the next start of DNS is to take a needed port.
  - Contacts no host and changes nothing. The same input always gives the same plan, byte for byte.
  - The filter P(portkeeper.windows_dns.plan_ports#filter) does the same inside a template.
extends_documentation_fragment:
  - portkeeper.windows_dns.attributes
  - portkeeper.windows_dns.policy
  - portkeeper.windows_dns.controller
options:
  facts:
    description: The facts, as M(portkeeper.windows_dns.port_info) returns them under RV(facts).
    type: dict
  transcript:
    description: A transcript of the collector as text, or as a dictionary with the single key V(base64).
    type: raw
  transcript_path:
    description: A file on the controller that holds a transcript, in any code page.
    type: path
attributes:
  check_mode:
    support: full
    details:
      - Does the same in check mode.
  diff_mode:
    support: full
    details:
      - Returns what the plan would change on the host.
  idempotent:
    support: full
seealso:
  - module: portkeeper.windows_dns.port_info
  - module: portkeeper.windows_dns.port_reservations
  - module: portkeeper.windows_dns.offline_kit
  - plugin: portkeeper.windows_dns.plan_ports
    plugin_type: filter
  - name: Plan
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/plan.md
    description: What each part of a plan means.
  - name: The risk
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/risk.md
    description: How the risk is computed.
"""

EXAMPLES = r"""
- name: Gather the facts of a host
  portkeeper.windows_dns.port_info:
  register: gathered

- name: Plan with the list recommended for SBS 2003
  portkeeper.windows_dns.port_plan:
    facts: "{{ gathered.facts }}"
    profiles: [sbs2003]
  register: planned

- name: Plan for a host whose transcript was carried here
  portkeeper.windows_dns.port_plan:
    transcript_path: transcripts/client01.txt
    extra_ports: ["51820", "64001-65000"]
"""

RETURN = r"""
before:
  description: The values that the plan changes, by setting, as they are; null where absent.
  returned: success
  type: dict
  sample: {"reserved_ports": ["3343-3343"]}
after:
  description: The same values as the plan wants them; null where a value is to be deleted.
  returned: success
  type: dict
  sample: {"reserved_ports": ["1645-1646", "3343-3343"]}
diff:
  description: The same as a diff, with the reasons; empty where nothing is to be changed and nothing is due.
  returned: success
  type: dict
  contains:
    before:
      description: The text before; empty if there is none.
      type: str
    after:
      description: The text afterwards. Comments give the reasons for values, and what else has to be done.
      type: str
problems:
  description: The problems of the facts, and of the plan if one was made.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Name of the kind of problem; docs/problems.md says what to do about each.
      type: str
      sample: no_pool_seen
    severity:
      description: V(error), V(warning) or V(info).
      type: str
      sample: info
    message:
      description: One sentence.
      type: str
      sample: "DNS runs without a pool of sockets: there is no figure for the risk."
    data:
      description: The details, for programs.
      type: dict
facts:
  description: The facts of the transcript; see docs/facts.md.
  returned: when O(facts) is not given
  type: dict
plan:
  description: The plan; see docs/plan.md and schemas/plan.schema.json.
  returned: success
  type: dict
  contains:
    mechanism:
      description: V(reserved_ports), V(excluded_port_ranges), V(excluded_port_range_netsh) or V(none).
      type: str
    pool_range:
      description: The range of the pool per address family, V(a-b) or null.
      type: dict
    needs:
      description: Who needs which ports, why, and whether the pool can take them.
      type: list
      elements: dict
    settings:
      description: The values that have to be written, with the reasons.
      type: list
      elements: dict
    kept:
      description: Reserved ranges of others that stay.
      type: list
      elements: str
    problems:
      description: The problems of the plan alone.
      type: list
      elements: dict
    effective:
      description: Per setting, whether the configured value is in effect, V(yes), V(no) or V(unknown).
      type: dict
    live_conflicts:
      description: Needed ports that another process holds now.
      type: list
      elements: dict
    actions:
      description: What has to be done besides writing, in order.
      type: list
      elements: dict
    risk:
      description: How likely the next start of DNS is to take a needed port, now and after everything is effective.
      type: dict
    reboot_required:
      description: Whether a setting waits for a reboot, or will once it is written.
      type: bool
    dns_restart_required:
      description: Whether DNS has to be restarted.
      type: bool
    in_sync:
      description: Whether nothing has to be changed and what is configured is effective.
      type: bool
    status:
      description: One word for the host; V(unknown) is never shown as V(safe).
      type: str
      sample: pending_reboot
reboot_required:
  description: The same as RV(plan.reboot_required).
  returned: success
  type: bool
msg:
  description: The plan in one sentence.
  returned: always
  type: str
  sample: "SBS2003: conflict; to write: ReservedPorts; due: restart DNS in a guarded window, reboot"
"""
