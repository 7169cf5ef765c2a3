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
  - portkeeper.windows_dns.attributes
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
    support: full
    details:
      - Does the same in check mode.
  diff_mode:
    support: N/A
    details:
      - Returns no diff, because it changes nothing.
  idempotent:
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

- name: Gather the facts with a service that the catalogue does not know
  portkeeper.windows_dns.port_info:
    catalogue_extra:
      - name: backup_agent
        services: [BackupAgent]
        ports: ["47000"]
  register: gathered_with_extra
"""

RETURN = r"""
facts:
  description: The facts; see docs/facts.md and schemas/facts.schema.json. What could not be read is null.
  returned: success
  type: dict
  contains:
    format:
      description: Version of this format.
      type: int
      sample: 1
    computer_name:
      description: The computer's name, for people only.
      type: str
      sample: CLIENT01
    collected:
      description: The host's clock in the host's format, for people only.
      type: str
      sample: Mon 09/08/2008  7:41:12.53
    os:
      description: Release and family of Windows, and what they were concluded from.
      type: dict
    settings:
      description: The registry values that this collection reads, each with its type, its data and its valid ranges.
      type: dict
    dns:
      description: The DNS service, its process and the UDP ports that it holds.
      type: dict
    dynamic_ports:
      description: The dynamic port range of UDP per address family; null on Windows 2000 to 2003.
      type: dict
    exclusions:
      description: The excluded UDP port ranges per address family; null on Windows 2000 to 2003.
      type: dict
    services:
      description: By service key, state, start type, process and last error of the services that matter here.
      type: dict
    services_total:
      description: Number of services on the host.
      type: int
      sample: 104
    udp_endpoints:
      description: UDP sockets of processes other than DNS, at most about 500.
      type: list
      elements: dict
    udp_endpoints_truncated:
      description: Whether there are more of them.
      type: bool
      sample: false
    udp_ports:
      description: All UDP ports that processes other than DNS hold, per address family.
      type: dict
    own_sockets:
      description:
        - By service, the UDP ports that its own process holds on all addresses, and those for which that is in doubt.
          Only for running services whose port is a setting that is not read.
      type: dict
      sample: {Netbird: {ports: [3478-3478], doubtful: []}}
    sql_ports:
      description: TCP ports of the instances of SQL Server.
      type: list
      elements: str
      sample: ["1139-1139"]
    configured_ports:
      description: By service, the ports that the registry holds for it (AD LDS instances and WDS).
      type: dict
      sample: {ADAM_instance1: {Port LDAP: 50000, Port SSL: 50001}}
    hotfixes:
      description: The installed updates that matter here; only on Windows 2000 to 2003.
      type: list
      elements: str
      sample: [KB951746, KB951748]
    boot_mark:
      description: A value that changes with every boot, for comparison only.
      type: str
      sample: 9A4B2C1D5E10C901
    machine:
      description: The id that the first write gives to the machine, and the computer name at that time.
      type: dict
    state:
      description: What this collection has recorded in the host's registry.
      type: dict
    problems:
      description: The problems of the facts alone.
      type: list
      elements: dict
plan:
  description: Always null; M(portkeeper.windows_dns.port_plan) makes a plan of the facts.
  returned: always
  type: dict
reboot_required:
  description: Always false; only a plan says whether a reboot is required.
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
  description: The problems of the facts, and of the plan if one was made.
  returned: always
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
  sample: read
dns_may_be_stopped:
  description: Whether a failed task may have left DNS stopped.
  returned: on failure
  type: bool
msg:
  description: What was found or done, in one sentence.
  returned: always
  type: str
  sample: "client01 is sbs2003."
"""
