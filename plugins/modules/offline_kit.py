# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin offline_kit."""

from __future__ import annotations

DOCUMENTATION = r"""
module: offline_kit
short_description: Write the files that a person carries to hosts without WinRM
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - Writes C(collect.cmd), which reads on a host what M(portkeeper.windows_dns.port_info) would read, and a
    C(README.txt) for the person at the host.
  - C(collect.cmd) changes nothing on the host. If C(reg.exe) is missing, as on Windows 2000, it reads the registry with
    regedit. The output of other missing tools is left empty.
  - From the transcripts that you bring back, it writes a folder for each host with C(plan.txt), which says what has to
    be done and why, and, if there is something to do, C(apply.cmd), C(rollback.cmd) and their data files. While
    the plan has an error that forbids changes, or if a part of the transcript is missing, there are no scripts, and a
    warning says why. See docs/hosts_without_winrm.md for what the scripts check, do and return.
  - Contacts no host.
extends_documentation_fragment:
  - portkeeper.windows_dns.attributes
  - portkeeper.windows_dns.policy
  - portkeeper.windows_dns.controller
options:
  client:
    description: Name of the client and of its folder; letters, digits, dot, underscore and hyphen.
    type: str
    required: true
  dest:
    description: Folder on the controller that contains a folder for each client. It is created if it does not exist.
    type: path
    required: true
  transcripts:
    description:
      - A transcript that C(collect.cmd) wrote, or a folder of them (C(*.txt)), on the controller.
      - Two transcripts of the same computer are refused, and so is a file that names no computer.
    type: path
  artifacts_dir:
    description:
      - Folder on the controller for an artifact of each host in O(transcripts), named after the computer, like the
        artifact of a host with WinRM. C(collected) is the UTC time at which the transcript's file was last changed;
        C(facts.collected) is the time of the host's clock as text.
    type: path
  run_id:
    description: Name of the run, a folder below O(artifacts_dir). The default is a name for this run of Ansible.
    type: str
  variables_prefix:
    description:
      - Prefix of variable names, such as V(reserve_ports_). An option of the policy that the task does not set is taken
        from the variable with this prefix and the option's name, if there is one.
      - A variable that differs from such a name by one or two letters is refused. Any other variable with this prefix
        that is not an option causes a warning.
    type: str
attributes:
  check_mode:
    support: full
    details:
      - Writes nothing but the artifacts, and returns what it would write.
  diff_mode:
    support: full
    details:
      - Shows the files that are new or differ.
  idempotent:
    support: full
seealso:
  - module: portkeeper.windows_dns.port_plan
  - plugin: portkeeper.windows_dns.parse_transcript
    plugin_type: filter
  - name: Hosts without WinRM
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/hosts_without_winrm.md
    description: The steps by hand, and what the scripts check, do and return.
"""

EXAMPLES = r"""
- name: Make the files for the servers of a client that WinRM cannot reach
  portkeeper.windows_dns.offline_kit:
    client: example-client
    dest: carry

- name: Plan for a server whose transcript came back, and make its scripts
  portkeeper.windows_dns.offline_kit:
    client: example-client
    dest: carry
    transcripts: transcripts/client01.txt
    artifacts_dir: artifacts
"""

RETURN = r"""
changed:
  description: Whether a file is new or differs.
  returned: success
  type: bool
folder:
  description: The client's folder.
  returned: success
  type: str
  sample: carry/example-client
files:
  description: Names of all files of the kit.
  returned: success
  type: list
  elements: str
  sample: [README.txt, collect.cmd]
written:
  description: Names of those that are new or differ.
  returned: success
  type: list
  elements: str
  sample: [README.txt, collect.cmd]
hosts:
  description: What was made of each transcript.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: The computer's name, and the name of its folder in RV(folder).
      type: str
    status:
      description: The plan's status.
      type: str
    reboot_required:
      description: Whether a setting waits for a reboot, or will once it is written.
      type: bool
    files:
      description: Names of the files in the host's folder. Only C(plan.txt) if there is nothing for a script to do.
      type: list
      elements: str
    msg:
      description: The plan in one sentence, or why there are no scripts.
      type: str
    collected:
      description:
        - When the transcript was made, UTC, ISO 8601; null where that is not known. This is the time of its file, or
          the day that the server's clock showed if that is older, because copying a file may change its time.
      type: str
    age_note:
      description: A sentence if these two times differ or cannot be compared, also shown as a warning; otherwise null.
      type: str
diff:
  description: A diff for each of RV(written).
  returned: success
  type: list
  elements: dict
  contains:
    before_header:
      description: The file.
      type: str
      sample: carry/example-client/README.txt
    after_header:
      description: The same.
      type: str
    before:
      description: The text before; empty if there is none.
      type: str
    after:
      description: The text afterwards. Comments give the reasons for values, and what else has to be done.
      type: str
msg:
  description: Which files were written, in one sentence.
  returned: success
  type: str
  sample: "carry/example-client: wrote README.txt, collect.cmd."
"""
