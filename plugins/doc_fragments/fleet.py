# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that judge a fleet by its artifacts: whom, and by which rules."""

from __future__ import annotations


class ModuleDocFragment:
    """For report and gate, which judge the same hosts in the same way when they are given the same."""

    DOCUMENTATION = r"""
options:
  artifacts_dir:
    description:
      - Folders of artifacts on the controller, as given to M(portkeeper.windows_dns.port_reservations). Of each the
        folder O(run_id) in it is read; one that is not there is passed over.
      - With O(variables_prefix), a host's own variable wins. The summary of all hosts and the report go to the folder
        of the run that all hosts share; if there are several, to the first one of this list.
    type: list
    elements: path
    required: true
  run_id:
    description:
      - Name of the run, as given to M(portkeeper.windows_dns.port_reservations).
      - Without it, the run is this call of C(ansible-playbook).
    type: str
  variables_prefix:
    description:
      - Beginning of the names of variables, such as V(reserve_ports_). O(artifacts_dir), O(run_id) and
        O(accepted_risks) of each host then come from its own variables of these names where it has them, so that
        clients may have folders of their own. A variable that is a fact of the host is refused.
    type: str
  hosts:
    description:
      - Inventory names of the hosts that are judged, as far as they are in the play. What is not, such as a host
        outside of C(--limit), is left out, and the verdict says so.
      - Without it, these are the hosts of the play.
    type: list
    elements: str
  more_artifacts_dirs:
    description:
      - Folders that hold artifacts themselves, such as those of another controller, of a slice, or of hosts without
        WinRM. Each must be there, and every host in it counts. If such a folder has a C(summary.json) that is not older
        than O(max_age), every host in it must have an artifact.
      - Where several folders hold an artifact of the same host, a later one replaces an earlier one if it is later by
        more than O(clock_tolerance); otherwise the worse one counts. An artifact that cannot be used, or that is more
        than 15 minutes ahead of the controller's clock, makes its host V(unknown) whatever else there is.
    type: list
    elements: path
    default: []
  expected_hosts:
    description:
      - Hosts that must be there; one without an artifact is V(unknown). Every host with an artifact counts beside them.
      - Without it, these are the hosts that are judged, and of O(artifacts_dir) only their artifacts are read.
    type: list
    elements: str
  this_call:
    description:
      - Whether this call of C(ansible-playbook) has checked the hosts itself, as the collection's playbook C(drift)
        does. Then its own result is the only one that counts for them; a host for which it left none is V(unknown), and
        it is a finding if it has checked no host at all.
    type: bool
    default: false
  same_machine:
    description:
      - Groups of inventory names that lead to the same machine on purpose, each a list of names.
      - Two hosts that are one machine by their machine id, or by computer name, boot and process ids together, are
        V(unknown) otherwise, because one of the names probably leads to the wrong server.
    type: list
    elements: list
    default: []
  max_age:
    description: Age in hours up to which an artifact counts that another call of C(ansible-playbook) has left.
    type: float
    default: 36
  carried_max_age:
    description: Age in days up to which an artifact counts whose facts were carried to the controller by hand.
    type: float
    default: 35
  clock_tolerance:
    description: Time in minutes within which the worse one of two artifacts of the same host counts, not the later one.
    type: float
    default: 60
  max_risk:
    description:
      - Highest accepted chance, from 0 to 1, that the next start of DNS takes a needed port.
      - A host above it, or with an unknown risk, is a finding. Without it the figure decides nothing.
    type: float
  accepted_risks:
    description:
      - Exposed ports that somebody has decided to live with.
      - An exposed host whose every exposed port is named by an entry that still counts has the status V(accepted) and
        is in order. Any other status stays what it is. An entry whose time is over is named in the reason.
      - Exposed are the ports of detected services, of listeners and of the user that DNS can take at its next start.
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description: Inventory name of the host.
        type: str
        required: true
      ports:
        description: The ports, each V(n) or V(a-b).
        type: list
        elements: str
        required: true
      reason:
        description: Why, in at most 300 characters.
        type: str
        required: true
      expires:
        description: The last day on which the entry counts, V(YYYY-MM-DD), in UTC.
        type: str
        required: true
"""
