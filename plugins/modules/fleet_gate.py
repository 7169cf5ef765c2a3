# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin fleet_gate."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_gate
short_description: Turn the artifacts of a run into one exit code
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - Reads the artifacts that M(portkeeper.windows_dns.port_reservations) wrote in this run, and fails if a host is not
    in order, so that C(ansible-playbook) ends with an exit code for a pipeline. Ansible itself exits with 0 if check
    mode finds drift.
  - Contacts no host. It acts once in a play, on the last host that is still in it, and does nothing on the others. So
    with C(serial) it acts in the last batch only.
  - With C(run_once) it acts in the batch that contains that host, and starts no process for the others. Ansible then
    makes each error fatal for all hosts, which turns exit code 4 into 2; the playbook C(drift) shows how to prevent
    that.
  - It computes the status from the artifact's outcome, plan and problems, and does not rely on the status in it. An
    artifact that contradicts itself, or does not match its published schema, makes its host V(unknown).
  - It fails (exit code 2) if a host has drift, a conflict, a stopped service, a pending reboot or restart or an exposed
    port, if a host could not be evaluated, and if there are no hosts. Otherwise, if a host was not reached, its own
    result is unreachable (exit code 4). Otherwise it succeeds (exit code 0).
  - With the same options, it evaluates the hosts that M(portkeeper.windows_dns.fleet_report) shows.
  - Writes C(summary.json) to the folder of the run. If hosts have folders of their own, each folder gets a summary of
    its hosts.
  - Use it in a play with C(ignore_unreachable=true), and set C(ignore_unreachable=false) on this task, as the
    collection's playbook C(drift) does. Otherwise a host that was not reached decides the exit code.
extends_documentation_fragment:
  - portkeeper.windows_dns.attributes
  - portkeeper.windows_dns.fleet
  - portkeeper.windows_dns.controller
attributes:
  idempotent:
    support: full
    details:
      - The summary is written again each time. That is not reported as a change.
seealso:
  - module: portkeeper.windows_dns.fleet_report
  - module: portkeeper.windows_dns.port_reservations
  - name: Pipelines
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/pipelines.md
    description: What each exit code means, and how to accept a risk.
"""

EXAMPLES = r"""
- name: Turn the artifacts of this run into one exit code
  portkeeper.windows_dns.fleet_gate:
    artifacts_dir: artifacts
    run_id: nightly
  ignore_unreachable: false

- name: The same, with a risk that is accepted until a server is replaced
  portkeeper.windows_dns.fleet_gate:
    artifacts_dir: artifacts
    run_id: nightly
    accepted_risks:
      - host: client01
        ports: ["4500", "1812-1813"]
        reason: the server is replaced in spring
        expires: "2030-03-31"
  ignore_unreachable: false

- name: One exit code for all slices, hosts that left no artifact included
  portkeeper.windows_dns.fleet_gate:
    artifacts_dir: artifacts
    run_id: nightly
    expected_hosts: "{{ groups['all'] }}"
  ignore_unreachable: false
"""

RETURN = r"""
acted:
  description: Whether this host's task was the one that evaluated the run.
  returned: always
  type: bool
  sample: true
file:
  description: Path of C(summary.json), which has the reason and all hosts.
  returned: when RV(acted=true)
  type: str
  sample: /home/ops/artifacts/20260102T020000Z-1a2b/summary.json
summary:
  description: What was written to C(summary.json), without its reason, which is RV(msg), and with at most 100 hosts.
  returned: when RV(acted=true)
  type: dict
  contains:
    format:
      description: Version of this format.
      type: int
    exit_code:
      description: 0, 2 or 4.
      type: int
    limited:
      description: With C(--limit), how many hosts were evaluated (C(hosts)) and how many there are (C(of)); else null.
      type: dict
    created:
      description: When, in UTC.
      type: str
    worst:
      description: Worst status of all hosts.
      type: str
    counts:
      description: Number of hosts by status.
      type: dict
    hosts:
      description: Name, status and reason of at most 100 hosts, findings first, those in order last.
      type: list
      elements: dict
    hosts_left_out:
      description: Number of hosts that are only in the file.
      type: int
msg:
  description: The reason in one sentence.
  returned: always
  type: str
  sample: "1 drifted, 1 safe: client02 (drifted)"
"""
