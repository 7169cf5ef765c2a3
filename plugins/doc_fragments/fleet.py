# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that evaluate a fleet by its artifacts."""

from __future__ import annotations


class ModuleDocFragment:
    """The options that report and gate share: with the same options, they evaluate the same hosts in the same way."""

    DOCUMENTATION = r"""
options:
  artifacts_dir:
    description:
      - Folders with artifacts on the controller, as given to M(portkeeper.windows_dns.port_reservations). In each, the
        folder O(run_id) is read if it exists.
      - With O(variables_prefix), a variable of the host has precedence. The summary of all hosts and the report are
        written to the folder of the run that all hosts share; if there are several, to the first one of this list.
    type: list
    elements: path
    required: true
  run_id:
    description:
      - Name of the run, as given to M(portkeeper.windows_dns.port_reservations).
      - The default is this run of C(ansible-playbook).
    type: str
  variables_prefix:
    description:
      - Prefix of variable names, such as V(reserve_ports_). O(artifacts_dir), O(run_id) and O(accepted_risks) of a host
        are then taken from its variables of these names if it has them, so that each client may have its own folders. A
        variable that comes from the host's facts is refused.
    type: str
  hosts:
    description:
      - Inventory names of the hosts to evaluate. Hosts that are not in the play, for example because of C(--limit),
        are left out, and the result says so.
      - The default is the hosts of the play.
    type: list
    elements: str
  more_artifacts_dirs:
    description:
      - Folders that contain artifacts of another controller, of a slice, or of hosts without WinRM. Each must exist,
        and all hosts in it are evaluated. If such a folder contains a C(summary.json) that is not older than
        O(max_age), every host in it must have an artifact.
      - If several folders contain an artifact of the same host, the later one is used if it is later by more than
        O(clock_tolerance); otherwise the worse one is used. An artifact that cannot be used, or that is more than 15
        minutes ahead of the controller's clock, makes its host V(unknown).
    type: list
    elements: path
    default: []
  expected_hosts:
    description:
      - Hosts that must have an artifact; a host without one is V(unknown). Other hosts with an artifact are
        evaluated, too.
      - Without this option, these are the O(hosts), and only their artifacts in O(artifacts_dir) are read.
    type: list
    elements: str
  this_call:
    description:
      - Whether this run of C(ansible-playbook) has checked the hosts itself, as the collection's playbook C(drift)
        does. Then only its own result is used for them. A host without one is V(unknown), and it is a finding if this
        run has checked no host.
    type: bool
    default: false
  same_machine:
    description:
      - Groups of inventory names that are the same machine on purpose, each a list of names.
      - Otherwise two hosts with the same machine id, or with the same computer name, boot and process ids, are
        V(unknown), because one of the names probably leads to the wrong server.
    type: list
    elements: list
    default: []
  max_age:
    description: Age in hours up to which an artifact of another run of C(ansible-playbook) is valid.
    type: float
    default: 36
  carried_max_age:
    description: Age in days up to which an artifact is valid whose facts were carried to the controller by hand.
    type: float
    default: 35
  clock_tolerance:
    description:
      - Minutes within which the worse of two artifacts of a host is used, not the later one.
      - Also the minutes within which two controllers are taken to have worked on a O(ignore:restart_group) at the same
        time.
    type: float
    default: 60
  max_risk:
    description:
      - Highest accepted chance, from 0 to 1, that the next start of DNS takes a needed port.
      - A host above it, or with an unknown risk, is a finding. Without this option, the risk is not evaluated.
    type: float
  accepted_risks:
    description:
      - Exposed ports, and services that failed for their port, that you accept for some time.
      - An exposed host has the status V(accepted), and is in order, if valid entries name all of its exposed ports. Any
        other status stays as it is. The reason names entries that have expired.
      - A host with the status V(service_down) only because of services that failed for their port
        (V(service_failed_for_port), or V(service_not_running) with error 10048 or 10013) is treated as if they were not
        there if valid entries name all of them. DNS itself is never accepted.
      - Ports of detected services, of listeners and of your own list are exposed if DNS can take them at its next
        start.
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description: Inventory name of the host.
        type: str
        required: true
      ports:
        description: The ports, each V(n) or V(a-b). Either ports or services are required.
        type: list
        elements: str
      services:
        description: The keys of the services that may be down, such as V(SageAdvantageSvc).
        type: list
        elements: str
      reason:
        description: Why, in at most 300 characters.
        type: str
        required: true
      expires:
        description: The last day on which the entry counts, V(YYYY-MM-DD), in UTC.
        type: str
        required: true
attributes:
  check_mode:
    support: full
    details:
      - Does the same in check mode.
  diff_mode:
    support: N/A
    details:
      - Returns no diff, because it changes no host.
"""
