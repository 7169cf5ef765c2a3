# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options and notes of the modules that talk to a host."""

from __future__ import annotations


class ModuleDocFragment:
    """The parts: ``host`` is for all modules that talk to a host, the others for those with these options.

    ``host.artifacts`` where artifacts are written, ``host.backups`` where backups are made or read, ``host.on_failure``
    where a run can end.
    """

    DOCUMENTATION = r"""
options:
  command_timeout:
    description: Seconds that one remote command may take, 10 to 3600.
    type: int
    default: 120
  variables_prefix:
    description:
      - Beginning of the names of variables, such as V(reserve_ports_). An option of the role's policy that the task
        does not give is taken from the variable of this beginning and the option's name, where there is one.
      - Such a variable wins over C(module_defaults), and an argument of the task wins over both.
      - A variable with this beginning that is one or two letters away from an option is refused, and any other that is
        no option is warned of. A name that is among the host's facts is refused, because a host has no say in its own
        policy. Variables of C(set_fact) without C(cacheable) and of C(include_vars) are no facts.
      - Does the same as an argument per option, and costs the controller less for each host.
    type: str
attributes:
  platform:
    description: Systems that the module manages.
    support: full
    platforms: windows
  async:
    description: Can be used with C(async).
    support: none
  become:
    description: Can be used with C(become).
    support: none
    details:
      - The task fails before anything is sent. Log on as an administrator of the host instead.
notes:
  - Talks to the host over the connection plugin P(ansible.builtin.winrm#connection) with plain C(cmd) commands. Neither
    PowerShell nor Python is needed there, WinRM 2.0 is. Other connections (V(local), V(psrp), V(ssh)) and C(become) are
    refused.
  - The user must be an administrator of the host. Local administrators other than the built-in one need
    C(LocalAccountTokenFilterPolicy) on Windows Server 2008 and later.
  - With C(-v) each task prints one line per host, with C(-vv) its phases and waits, with C(-vvvv) its command lines and
    their answers. Facts and plan are printed from C(-vvv) on.
  - The host is unreachable only if nothing was sent to it. Later errors are failures that name their RV(ignore:phase).
requirements:
  - pywinrm on the controller
"""

    ARTIFACTS = r"""
options:
  artifacts_dir:
    description:
      - Folder on the controller for the artifacts that report and gate read, one file per run and host, also in check
        mode. Without it, none are written.
    type: path
  run_id:
    description: Name of the run, a folder below O(artifacts_dir). Without it, the run is this call of Ansible.
    type: str
"""

    ON_FAILURE = r"""
options:
  on_failure:
    description:
      - What happens if the task fails after this call of Ansible wrote values on the host. V(rollback) puts them back
        as M(portkeeper.windows_dns.port_rollback) does; what somebody else has changed since stays. V(keep) leaves
        them.
    type: str
    choices: [keep, rollback]
    default: keep
"""

    BACKUPS = r"""
options:
  backup_dir:
    description: Folder on the controller for backups; keep clients apart. Without it, one below C(ANSIBLE_HOME).
    type: path
  backups_kept:
    description: How many backups of a host are kept, on the host and on the controller, 1 to 1000.
    type: int
    default: 10
"""
