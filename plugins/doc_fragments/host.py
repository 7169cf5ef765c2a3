# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options and notes of the modules that connect to a host."""

from __future__ import annotations


class ModuleDocFragment:
    """The parts of the fragment: ``host`` is for all modules that connect to a host, the others for some of them.

    ``host.artifacts`` is for modules that write artifacts, ``host.backups`` for modules that make or read backups, and
    ``host.on_failure`` for modules whose failure can roll back the run. ``host.restart_group`` is for modules that
    restart DNS or the host.
    """

    DOCUMENTATION = r"""
options:
  command_timeout:
    description: Seconds that one remote command may take, 10 to 3600.
    type: int
    default: 120
  variables_prefix:
    description:
      - Prefix of variable names, such as V(reserve_ports_). An option of the policy that the task does not set is taken
        from the variable with this prefix and the option's name, if there is one.
      - Such a variable overrides C(module_defaults), and an argument of the task overrides both.
      - A variable that differs from the prefix and an option's name by one or two letters is refused. Any other
        variable with this prefix that is not an option causes a warning. A variable that comes from the host's facts is
        refused, because a host must not set its own policy. Variables of C(set_fact) without C(cacheable) and of
        C(include_vars) are not facts.
      - This is the same as an argument for each option, but costs the controller less per host.
    type: str
attributes:
  platform:
    description: Systems that the module manages.
    support: full
    platforms: windows
  become:
    description: Can be used with C(become).
    support: none
    details:
      - The task fails before anything is sent. Log on as an administrator of the host instead.
  connection:
    description: Uses the connection of the host.
    support: full
  delegation:
    description: Can be used with C(delegate_to).
    support: none
    details:
      - The task fails before anything is sent, because it would change another host by the policy of this one. Use a
        play on the other host instead.
notes:
  - Uses the connection plugin P(ansible.builtin.winrm#connection), P(ansible.builtin.psrp#connection) or
    P(ansible.builtin.ssh#connection) with plain C(cmd) commands. The host needs WinRM 2.0 or an OpenSSH server, but
    neither PowerShell nor Python. Other connections, such as V(local), and C(become) are refused.
  - The user must be an administrator of the host. Local administrators other than the built-in one need
    C(LocalAccountTokenFilterPolicy) on Windows Server 2008 and later.
  - With C(-v) each task prints one line per host, with C(-vv) its phases and waits, with C(-vvvv) its command lines and
    their answers. Facts and plan are printed with C(-vvv) and above.
  - The host is reported as unreachable only if nothing was sent to it. Later errors are failures with a
    RV(ignore:phase).
requirements:
  - pywinrm on the controller; for hosts that use P(ansible.builtin.psrp#connection), pypsrp; for hosts that use
    P(ansible.builtin.ssh#connection), OpenSSH's client
seealso:
  - name: Problems
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/problems.md
    description: What to do about each problem, by its id.
  - name: Connections
    link: https://github.com/portkeeper/windows_dns/blob/main/docs/connections.md
    description: How to reach a host.
"""

    ARTIFACTS = r"""
options:
  artifacts_dir:
    description:
      - Folder on the controller for the artifacts that report and gate read, one file per run and host, also in check
        mode. Without this option, no artifacts are written.
    type: path
  run_id:
    description: Name of the run, a folder below O(artifacts_dir). The default is a name for this run of Ansible.
    type: str
"""

    ON_FAILURE = r"""
options:
  on_failure:
    description:
      - What to do if the task fails after this run of Ansible wrote values on the host. V(rollback) restores the old
        values as M(portkeeper.windows_dns.port_rollback) does, except those that something else has changed since.
        V(keep) leaves the new values.
    type: str
    choices: [keep, rollback]
    default: keep
"""

    BACKUPS = r"""
options:
  backup_dir:
    description:
      - Folder on the controller for backups. Use a separate folder for each client (customer). The default is below
        C(ANSIBLE_HOME).
    type: path
  backups_kept:
    description: How many backups of a host are kept, on the host and on the controller, 1 to 1000.
    type: int
    default: 10
"""

    RESTART_GROUP = r"""
options:
  restart_group:
    description:
      - Hosts of the same group restart DNS or reboot one at a time. Without a group, all hosts of one run of Ansible
        are a group.
      - Set a group where two runs may work on the hosts of one client at the same time, because only a named group is
        shared by runs. The runs must have the same C(ANSIBLE_HOME), because the group's lock is kept there.
    type: str
attributes:
  check_mode:
    support: full
    details:
      - Changes nothing and says what it would do.
  diff_mode:
    support: none
    details:
      - Returns no diff, because it changes no value.
"""
