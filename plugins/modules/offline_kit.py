# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: offline_kit
short_description: Write the files that a person carries to hosts without WinRM
version_added: 1.0.0
author:
  - portkeeper.windows_dns contributors (@portkeeper)
description:
  - Writes C(collect.cmd), which collects on a host what M(portkeeper.windows_dns.port_info) would gather, and a
    C(README.txt) for the person who carries it.
  - C(collect.cmd) changes nothing on the host. Where C(reg.exe) is missing, as on Windows 2000, it reads the registry
    with regedit; what other missing tools would show is left empty. Its transcript goes to
    M(portkeeper.windows_dns.port_plan).
  - Contacts no host.
options:
  client:
    description: Name of the client, letters, digits, dot, underscore and hyphen. It is the folder's name.
    type: str
    required: true
  dest:
    description: Folder on the controller that holds a folder for each client. It is made if it is missing.
    type: path
    required: true
attributes:
  check_mode:
    description: Writes nothing and says what it would write.
    support: full
  diff_mode:
    description: Shows the files that are new or differ.
    support: full
seealso:
  - module: portkeeper.windows_dns.port_plan
"""

EXAMPLES = r"""
- name: Make the files for the servers of a client that WinRM cannot reach
  portkeeper.windows_dns.offline_kit:
    client: example-client
    dest: carry
"""

RETURN = r"""
folder:
  description: The client's folder.
  returned: success
  type: str
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
diff:
  description: A diff for each of RV(written).
  returned: success
  type: list
  elements: dict
"""
