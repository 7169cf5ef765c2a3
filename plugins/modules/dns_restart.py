# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin dns_restart."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_restart
short_description: Restart the Windows DNS Server in a guarded window that brings failed services up
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - If the host needs it, stops DNS, starts the services that failed because DNS held their port, and starts DNS and the
    services that depend on it again. Otherwise it changes nothing.
  - This sequence, the guarded window, runs as a scheduled task on the host, so that DNS runs at the end even if the
    connection is lost. If it has not ended after O(window_timeout), the module starts DNS itself.
  - It never stops what could not be started again. While DNS, or a running service that depends on it, is disabled, no
    window is opened.
  - While the plan has an error that forbids writing, such as V(pool_does_not_fit), no window is opened that would only
    exclude ports. One that starts or restarts services is opened without the exclusions, and the task fails afterwards.
  - If a window is due but refused, and services can be started without one, they are started, and the task fails
    afterwards.
  - A failed service whose port is free is started without a window. A service that was stopped on purpose is not
    started. A service that an earlier window did not start again is started.
  - Hosts of the same O(restart_group) restart DNS one at a time. After a failure, no later host of the group is touched
    in this run.
  - It reads the host again before it returns.
extends_documentation_fragment:
  - portkeeper.windows_dns.attributes
  - portkeeper.windows_dns.policy
  - portkeeper.windows_dns.host
  - portkeeper.windows_dns.host.artifacts
  - portkeeper.windows_dns.host.on_failure
  - portkeeper.windows_dns.host.backups
  - portkeeper.windows_dns.host.restart_group
options:
  window_timeout:
    description: Seconds after which a window that has not ended is ended, 60 to 3600.
    type: int
    default: 300
  verify_timeout:
    description:
      - Seconds to wait after the window for DNS, for the services that ran before and for those that were started, 0 to
        86400. Other services are reported without waiting.
    type: int
    default: 60
  force:
    description: Restart DNS in a window also if the host does not need it.
    type: bool
    default: false
  allow_unguarded:
    description:
      - Run the sequence inside the WinRM session if the Task Scheduler does not work. If the connection is then lost,
        the task ends that shell and starts DNS over a new one. If the host cannot be reached again, DNS may stay
        stopped.
      - Without this option, such a host is refused. Over C(ssh) it is always refused, because nothing could end the
        sequence after a lost connection.
    type: bool
    default: false
attributes:
  idempotent:
    support: partial
    details:
      - With O(force) each call restarts DNS.
seealso:
  - module: portkeeper.windows_dns.port_reservations
  - module: portkeeper.windows_dns.host_reboot
  - module: portkeeper.windows_dns.port_verify
  - name: Faults
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/faults.md
    description: What happens when something breaks.
"""

EXAMPLES = r"""
- name: Bring up what failed because DNS held its port
  portkeeper.windows_dns.dns_restart:

- name: Never restart DNS on two domain controllers of one client at once
  portkeeper.windows_dns.dns_restart:
    restart_group: client01
    window_timeout: 600
"""

RETURN = r"""
changed:
  description: Whether DNS was restarted or a service was started, or would be.
  returned: always
  type: bool
steps:
  description: The steps of the window in their order; empty where there was none.
  returned: success
  type: list
  elements: dict
  contains:
    step:
      description: Name of the step, with a service key where it is about one.
      type: str
      sample: start PolicyAgent
    error_level:
      description:
        - Error level of the command. For V(start_dns) 1056 means that DNS runs; V(gave_up_dns) has what C(sc start)
          said last. V(refused) is the only step, because nothing was stopped. Its level is 1058 if a service is
          disabled, 1062 if DNS does not run, 5 if what runs could not be recorded.
      type: int
      sample: 0
verified:
  description:
    - Whether the reading after the work has shown that all needed services are up and hold their ports. It is checked
      as M(portkeeper.windows_dns.port_verify) does.
  returned: when DNS was restarted or a service was started
  type: bool
  sample: true
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
  sample: "client01: restarted DNS in a guarded window, because UDP 4500 of PolicyAgent is held by dns.exe (PID 1484)."
"""
