# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin port_rollback."""

from __future__ import annotations

DOCUMENTATION = r"""
module: port_rollback
short_description: Undo what a run of port_reservations has written
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - Restores a backup that M(portkeeper.windows_dns.port_reservations) has made on the controller, byte by byte. It only
    touches values that a run has written. A value that did not exist before is deleted.
  - Refuses if a value is not the one that our runs have written since that backup, unless O(force) is set. It always
    backs up what it overwrites.
  - Never restarts DNS and never reboots. Until then, the values that are effective now stay effective.
  - If there is nothing to restore, it sends a single remote command.
  - On the host, the folder of the backup contains C(rollback.cmd), which does the same at the console.
extends_documentation_fragment:
  - portkeeper.windows_dns.attributes
  - portkeeper.windows_dns.policy
  - portkeeper.windows_dns.host
  - portkeeper.windows_dns.host.artifacts
  - portkeeper.windows_dns.host.backups
options:
  backup:
    description: RV(ignore:backup.id) of a backup. The default is the last one that was made before a change.
    type: str
  force:
    description: Restore the backup even if somebody else has changed a value since, or if it is of another computer.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    details:
      - Changes nothing, and returns what would be restored. A refusal is returned as RV(refused) and is no failure.
  diff_mode:
    support: full
    details:
      - Shows every value before and after.
  idempotent:
    support: full
seealso:
  - module: portkeeper.windows_dns.port_reservations
  - name: Faults
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/faults.md
    description: What happens when something breaks.
"""

EXAMPLES = r"""
- name: Reserve the ports
  portkeeper.windows_dns.port_reservations:

- name: Undo what the last run wrote
  portkeeper.windows_dns.port_rollback:

- name: Restore a certain backup, also over changes of others
  portkeeper.windows_dns.port_rollback:
    backup: "{{ chosen_backup | default(omit) }}"
    force: true
"""

RETURN = r"""
changed:
  description: Whether something was restored, or would be.
  returned: always
  type: bool
refused:
  description: Whether check mode found that the backup would not be restored without O(force).
  returned: success
  type: bool
before:
  description: The restored values by setting, as they were before the run; null if absent.
  returned: always
  type: dict
  sample: {"reserved_ports": ["1645-1646", "3343-3343"]}
after:
  description: The same values as in the backup; null where absent.
  returned: always
  type: dict
  sample: {"reserved_ports": ["3343-3343"]}
diff:
  description: The same as a diff.
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
  description: The facts afterwards; see docs/facts.md.
  returned: success
  type: dict
plan:
  description: The plan for what is there afterwards; see docs/plan.md.
  returned: success
  type: dict
backup:
  description: The restored backup.
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
dns_may_be_stopped:
  description: Whether a failed task may have left DNS stopped.
  returned: on failure
  type: bool
msg:
  description: What was found or done, in one sentence.
  returned: always
  type: str
  sample: "client01: restored ReservedPorts from the backup 20261123T163218Z-c98afe141b75571e."
"""
