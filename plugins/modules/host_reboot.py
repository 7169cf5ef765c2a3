# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin host_reboot."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_reboot
short_description: Reboot a Windows server whose reserved ports wait for it, and wait until it is back
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - Reboots the host if a setting that was written takes effect only then. Waits until WinRM answers, the host shows
    that it has booted, DNS runs if it ran before, and the needed services hold their ports.
  - Refuses to reboot while something that the policy wants is not written yet, because the reboot would be in vain. If
    an error forbids writing it, check mode says so, too.
  - Refuses, also in check mode, while DNS or a running service that depends on it is disabled, because it would not
    come back. A service that an administrator has stopped does not matter.
  - Hosts of the same O(restart_group) reboot one at a time. After a failure, no later host of the group is touched in
    this run.
  - Server 2003 and XP block the network if the port of their IPsec service is in use at the boot. If a host does not
    come back, the message says what to do at its console.
extends_documentation_fragment:
  - portkeeper.windows_dns.attributes
  - portkeeper.windows_dns.policy
  - portkeeper.windows_dns.host
  - portkeeper.windows_dns.host.artifacts
  - portkeeper.windows_dns.host.on_failure
  - portkeeper.windows_dns.host.backups
  - portkeeper.windows_dns.host.restart_group
options:
  reboot_timeout:
    description: Seconds until the host must answer again, 60 to 86400.
    type: int
    default: 2700
  verify_timeout:
    description:
      - Seconds to wait after the boot for the services that ran before and for automatic services that Windows tried to
        start, 0 to 86400. Services that were not started since the last boot are not waited for.
    type: int
    default: 300
  force:
    description: Also reboot if no setting needs it.
    type: bool
    default: false
attributes:
  idempotent:
    support: partial
    details:
      - With O(force) each call reboots the host.
seealso:
  - module: portkeeper.windows_dns.port_reservations
  - module: portkeeper.windows_dns.dns_restart
  - module: portkeeper.windows_dns.port_verify
  - name: IPsec does not come up
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/ipsec_does_not_come_up.md
    description: What to do when a server is unreachable after a reboot.
"""

EXAMPLES = r"""
- name: Reserve the ports
  portkeeper.windows_dns.port_reservations:

- name: Reboot if that is what the settings wait for
  portkeeper.windows_dns.host_reboot:
    restart_group: client01
"""

RETURN = r"""
changed:
  description: Whether the host was rebooted, or would be.
  returned: always
  type: bool
facts:
  description: The facts afterwards; see docs/facts.md.
  returned: success
  type: dict
plan:
  description: The plan that is left afterwards; see docs/plan.md.
  returned: success
  type: dict
reboot_required:
  description: Whether a setting waits for a reboot.
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
  sample: "client01: rebooted in 184 seconds."
"""
