# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that judge a fleet by its artefacts: whom, and by which rules."""

from __future__ import annotations


class ModuleDocFragment:
    """For report and gate, which judge the same hosts in the same way when they are given the same."""

    DOCUMENTATION = r"""
options:
  artifacts_dir:
    description:
      - Folders of artefacts on the controller, as given to M(portkeeper.windows_dns.port_reservations). Of each the
        folder O(run_id) in it is read; one that is not there is passed over.
      - Where several folders hold an artefact of the same host, the newest one counts; an artefact that cannot be used
        makes its host V(unknown) whatever else there is.
    type: list
    elements: path
    required: true
  run_id:
    description:
      - Name of the run, as given to M(portkeeper.windows_dns.port_reservations).
      - Without it, the run is this call of C(ansible-playbook).
    type: str
  more_folders:
    description:
      - Folders that hold artefacts themselves, such as those of another controller, of a slice, or of hosts without
        WinRM. Each must be there, and every host in it counts.
    type: list
    elements: path
    default: []
  expected_hosts:
    description:
      - Hosts that must be there; one without an artefact is V(unknown). Every host with an artefact counts beside them.
      - Without it, these are the hosts of the play, and of O(artifacts_dir) only their artefacts are read.
    type: list
    elements: str
  this_call:
    description:
      - Whether a host of the play counts as V(unknown) when its artefact in O(artifacts_dir) is of an earlier call of
        C(ansible-playbook), which can be where the name of a run is used again. The collection's playbook C(drift) sets
        it where it has checked the hosts itself.
    type: bool
    default: false
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
