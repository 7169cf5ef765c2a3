# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin port_verify."""

from __future__ import annotations

DOCUMENTATION = r"""
module: port_verify
short_description: Verify that the services of a Windows host are up and hold their UDP ports
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - Fails if a needed service is down or does not hold its port. The message names the process that holds the port
    instead, and the error number of the failed start. Changes nothing.
  - A service that was stopped without an error is not a failure, unless DNS holds its port.
extends_documentation_fragment:
  - portkeeper.windows_dns.attributes
  - portkeeper.windows_dns.policy
  - portkeeper.windows_dns.host
  - portkeeper.windows_dns.host.on_failure
  - portkeeper.windows_dns.host.backups
options:
  timeout:
    description:
      - Seconds to wait for DNS, for services that ran before a guarded window, and for services that are starting or
        have not opened their port yet, 0 to 86400. Other services are reported without waiting.
    type: int
    default: 30
attributes:
  check_mode:
    support: full
    details:
      - Reads the host once, returns the same, and never fails because of what it found.
  diff_mode:
    support: N/A
    details:
      - Returns no diff, because it changes nothing.
  idempotent:
    support: full
seealso:
  - module: portkeeper.windows_dns.port_info
  - module: portkeeper.windows_dns.port_reservations
  - module: portkeeper.windows_dns.dns_restart
  - module: portkeeper.windows_dns.host_reboot
  - name: Service states
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/service_states.md
    description: When a stopped service is a failure.
"""

EXAMPLES = r"""
- name: Prove that IPsec and the other services are up
  portkeeper.windows_dns.port_verify:

- name: Also with the port of a service that the catalogue does not know
  portkeeper.windows_dns.port_verify:
    catalogue_extra:
      - name: backup_agent
        services: [BackupAgent]
        ports: ["47000"]
"""

RETURN = r"""
ok:
  description: Whether all needed services are up and hold their ports.
  returned: when the host was read
  type: bool
services:
  description: Every service that was checked, in the order of the catalogue.
  returned: when the host was read
  type: list
  elements: dict
  contains:
    service:
      description: The service key.
      type: str
      sample: PolicyAgent
    row:
      description: Name of the service's row in the catalogue; see docs/catalogue.md.
      type: str
      sample: ipsec
    state:
      description: State of the service, from 1 (stopped) to 7 (paused); 4 is running. Null where it could not be read.
      type: int
      sample: 4
    start:
      description: Start type, 2 (automatic), 3 (manual) or 4 (disabled). Null where it could not be read.
      type: int
      sample: 2
    win32_exit_code:
      description: Error of the last stop or failed start, 0 if there was none.
      type: int
      sample: 0
    pid:
      description: Id of its process; null if it has none.
      type: int
      sample: 892
    ports:
      description: The UDP ports of the row.
      type: list
      elements: str
      sample: ["500-500", "4500-4500"]
    ok:
      description: Whether the service is as it should be.
      type: bool
      sample: true
    note:
      description:
        - Why a service that does not run is no failure, V(stopped_on_purpose), V(demand_start), V(trigger_start) or
          V(disabled); else null.
      type: str
failures:
  description: What is not as it should be.
  returned: when the host was read
  type: list
  elements: dict
  contains:
    service:
      description: The service key; null for a port that only the policy names.
      type: str
      sample: PolicyAgent
    port:
      description: The UDP port; null where the failure is not about one.
      type: int
      sample: 4500
    protocol:
      description: V(udp), or null where the failure is not about a port.
      type: str
      sample: udp
    holder:
      description: Image of the process that holds the port instead.
      type: str
      sample: dns.exe
    pid:
      description: Its process id.
      type: int
      sample: 1484
    error:
      description: The service's last exit code, for example 10048 or 10013.
      type: int
      sample: 10048
    reason:
      description: >-
        V(port_taken), V(port_excluded), V(port_not_held), V(not_running), V(not_yet), V(ran_before), V(unreadable),
        V(state_unreadable), V(holder_unknown), V(dns_ports_unknown), V(exclusions_unknown) or
        V(record_unreadable).
      type: str
      sample: port_taken
    message:
      description: One sentence.
      type: str
      sample: UDP 4500 is held by dns.exe (PID 1484); PolicyAgent failed with error 10048 (address already in use).
facts:
  description: Always null; M(portkeeper.windows_dns.port_info) returns the facts.
  returned: always
  type: dict
plan:
  description: Always null; M(portkeeper.windows_dns.port_plan) makes a plan of the facts.
  returned: always
  type: dict
reboot_required:
  description: Always false; the plan says it.
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
  sample: "client01: all needed services are up and hold their ports."
"""
