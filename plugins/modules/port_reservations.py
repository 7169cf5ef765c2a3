# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin port_reservations."""

from __future__ import annotations

DOCUMENTATION = r"""
module: port_reservations
short_description: Keep the Windows DNS Server's socket pool off the ports that other services need
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - Reads the host, computes which ports must be reserved, and writes what differs. It keeps reservations of others.
  - Before the first write, it backs up the exact bytes of every value on the host and on the controller. It writes
    under a lock, only if nothing has changed in between, and reads the values again afterwards.
  - It never stops or starts DNS. RV(plan.actions) lists what else has to be done, for
    M(portkeeper.windows_dns.dns_restart) and M(portkeeper.windows_dns.host_reboot).
  - If there is nothing to write, it sends a single remote command.
extends_documentation_fragment:
  - portkeeper.windows_dns.attributes
  - portkeeper.windows_dns.policy
  - portkeeper.windows_dns.host
  - portkeeper.windows_dns.host.artifacts
  - portkeeper.windows_dns.host.on_failure
  - portkeeper.windows_dns.host.backups
options:
  reboot:
    description:
      - Whether this run reboots the host if a setting takes effect only then. With V(never), RV(reboot_required)
        reports it. With V(if_required), the task is also RV(ignore:changed), so that a handler can reboot the host.
    type: str
    choices: [never, if_required]
    default: never
  restart_group:
    description:
      - Not used by this module. With O(variables_prefix) it lets the module refuse a value that
        M(portkeeper.windows_dns.dns_restart) or M(portkeeper.windows_dns.host_reboot) cannot use, before anything is
        written.
    type: str
  window_timeout:
    description: As O(restart_group), of M(portkeeper.windows_dns.dns_restart).
    type: int
    default: 300
  reboot_timeout:
    description: As O(restart_group), of M(portkeeper.windows_dns.host_reboot).
    type: int
    default: 2700
  return_facts:
    description:
      - Whether to return RV(facts) and RV(plan). Ansible's main process copies each result several times. With
        V(false) they are only in the artifact, which is enough for the report and the gate of a large fleet.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    details:
      - Writes nothing on the host, returns what it would write, and never fails because of what it found. Where an
        error forbids the real run to write anything, RV(msg) says that this has to be settled first.
  diff_mode:
    support: full
    details:
      - Shows every value before and after with the reasons, and what has to be done then.
  idempotent:
    support: partial
    details:
      - Writes nothing a second time. RV(changed) stays true while an action has to be done that this run carries out.
seealso:
  - module: portkeeper.windows_dns.port_info
  - module: portkeeper.windows_dns.port_plan
  - module: portkeeper.windows_dns.dns_restart
  - module: portkeeper.windows_dns.host_reboot
  - module: portkeeper.windows_dns.port_verify
  - module: portkeeper.windows_dns.port_rollback
  - module: portkeeper.windows_dns.fleet_report
  - module: portkeeper.windows_dns.fleet_gate
  - name: Compatibility
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/compatibility.md
    description: What is written on which release of Windows, and how sure that is.
"""

EXAMPLES = r"""
- name: Reserve what the services of this host need
  portkeeper.windows_dns.port_reservations:

- name: Reserve the whole list for SBS 2003 and a port of our own
  portkeeper.windows_dns.port_reservations:
    profiles: [sbs2003]
    extra_ports: ["51820"]
    artifacts_dir: artifacts
    run_id: nightly

- name: Reserve what the variables reserve_ports_profiles, reserve_ports_extra_ports and so on say
  portkeeper.windows_dns.port_reservations:
    variables_prefix: reserve_ports_
"""

RETURN = r"""
changed:
  description: Whether something was written, or an action has to be done that this run carries out.
  returned: always
  type: bool
before:
  description: The values that the plan changes, by setting, as they were; null where absent.
  returned: always
  type: dict
  sample: {"reserved_ports": ["3343-3343"]}
after:
  description: The same values as the plan wants them; null where a value is deleted.
  returned: always
  type: dict
  sample: {"reserved_ports": ["1645-1646", "3343-3343"]}
diff:
  description: The same as a diff, with the reasons; empty if there is nothing to do.
  returned: always
  type: dict
  contains:
    before:
      description: The text before; empty if there is none.
      type: str
    after:
      description: The text afterwards. Comments give the reasons for values, and what else has to be done.
      type: str
facts:
  description: The facts after the write, unless O(return_facts=false); see docs/facts.md.
  returned: success
  type: dict
plan:
  description:
    - What is left to do after the write; in check mode, the plan that would be carried out, unless an error forbids it.
      Not returned with O(return_facts=false). See docs/plan.md.
  returned: success
  type: dict
  contains:
    actions:
      description: What has to be done besides writing, in order.
      type: list
      elements: dict
status:
  description: One word for the host.
  returned: success
  type: str
  sample: pending_reboot
backup:
  description: The backup of this change; null where no value was written.
  returned: always
  type: dict
  contains:
    id:
      description: UTC time and a random number.
      type: str
      sample: 20261123T163218Z-c98afe141b75571e
    path:
      description: The file on the controller.
      type: str
      sample: backups/client01/20261123T163218Z-c98afe141b75571e.json
    host_path:
      description: The folder on the host.
      type: str
reboot_required:
  description: Whether a setting waits for a reboot.
  returned: always
  type: bool
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
rolled_back:
  description: Whether the host has the values of before this run again.
  returned: on failure, with O(on_failure=rollback), after this run wrote
  type: bool
dns_may_be_stopped:
  description: Whether a failed task may have left DNS stopped.
  returned: on failure
  type: bool
msg:
  description: What was found or done, in one sentence.
  returned: always
  type: str
  sample: "client01: wrote ReservedPorts; due: reboot, because ReservedPorts takes effect at the next boot."
"""
