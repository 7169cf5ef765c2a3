# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the policy, as every module documents them; the spec is POLICY_SPEC."""

from __future__ import annotations


class ModuleDocFragment:
    """``policy`` documents what decides the plan, ``policy.run`` what decides how a run goes."""

    DOCUMENTATION = r"""
options:
  profiles:
    description:
      - Lists of ports to reserve whatever is installed.
      - V(sbs2003) is the list recommended for SBS 2003. V(auto) is that list on an SBS 2003 server, else nothing.
      - V(sbs2008) and V(sbs2011) are the same without what these releases do not have. V(radius) is NPS, V(vpn) is
        L2TP, IKE, OpenVPN, WireGuard, NetBird and Teredo, V(wds) is Windows Deployment Services, V(voip) is SIP, V(kms)
        is a KMS host.
    type: list
    elements: str
    choices: [auto, kms, radius, sbs2003, sbs2008, sbs2011, voip, vpn, wds]
    default: [auto]
  detect:
    description: Reserve the ports of the catalogue's services that are installed and not disabled.
    type: bool
    default: true
  extra_ports:
    description: Further UDP ports to reserve, each V(n) or V(a-b).
    type: list
    elements: str
    default: []
  ignore_services:
    description: Names of catalogue rows or service keys whose ports are not wanted; case does not matter.
    type: list
    elements: str
    default: []
  include_listeners:
    description:
      - Reserve the UDP ports inside the pool's range that other programs than DNS hold while the host is read.
      - Ports that a program was given at random are among them, so the list may grow with every run.
    type: bool
    default: false
  catalogue_extra:
    description: Services that the catalogue does not know.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: A name of lower-case letters, digits and underscores that no other row has.
        type: str
        required: true
      title:
        description: What people call the service. Without it, O(catalogue_extra[].name).
        type: str
      services:
        description: Keys of the services under C(HKLM\SYSTEM\CurrentControlSet\Services).
        type: list
        elements: str
        required: true
      ports:
        description: The ports, each V(n) or V(a-b).
        type: list
        elements: str
        required: true
      protocol:
        description: Only UDP collides with the pool; V(tcp) is reserved where unexposed ports are, and never verified.
        type: str
        choices: [udp, tcp, both]
        default: udp
      hold:
        description:
          - V(always) means that the service must run and hold its ports, V(when_running) that it must hold them while
            it runs, V(never) that it binds late or not at all, so that only DNS on its ports is a fault.
        type: str
        choices: [always, when_running, never]
        default: when_running
      holder:
        description:
          - Who holds the ports. V(service_pid) is the process of the service, V(system) the kernel (PID 4),
            V(any_but_dns) any process except DNS.
        type: str
        choices: [service_pid, system, any_but_dns]
        default: service_pid
      start_while_dns_down:
        description: Whether the guarded window may start the service when it failed for its port.
        type: bool
        default: false
  reserve_unexposed:
    description:
      - Also reserve needed ports that the pool cannot reach today.
      - Without it, V(true) on Windows 2000 to 2003 and V(false) later. Profiles and O(extra_ports) are always reserved.
    type: bool
  socket_pool_size:
    description:
      - The value of C(SocketPoolSize), 0 to 10000. Without it, the value is left as it is.
      - Refused when the pool and 255 ordinary client ports would not fit what is not reserved.
    type: int
  allow_small_pool:
    description: Allow an O(socket_pool_size) below 2500, which weakens the protection against cache poisoning.
    type: bool
    default: false
  prune:
    description:
      - Remove reservations that nothing needs. The port 3343 and ports of detected services stay.
      - Needs O(detect). Refused while a section of the transcript that detection needs is missing.
    type: bool
    default: false
  repair:
    description:
      - Rewrite a value of the wrong type, and drop entries that are no port range. Each is named in the diff and kept
        in the backup. Without it, such a value is reported and not written.
    type: bool
    default: false
  use_netsh:
    description:
      - Also use C(netsh) excluded port ranges where they are not the only way, on DNS servers from 2008 R2 on, and on
        hosts without a DNS server from Vista on, which are left alone otherwise.
    type: bool
    default: false
  max_risk:
    description: Highest accepted chance, from 0 to 1, that the next start of DNS takes a needed port. Without it, none.
    type: float
  start_services:
    description: Services that may be started although somebody stopped them; never cluster, ISA or Exchange services.
    type: list
    elements: str
    default: []
attributes:
  action_group:
    description: Takes defaults from C(group/portkeeper.windows_dns.windows_dns) in C(module_defaults).
    support: full
    membership:
      - portkeeper.windows_dns.windows_dns
"""

    RUN = r"""
options:
  reboot:
    description: Whether to reboot the host where a setting waits for it.
    type: str
    choices: [never, if_required]
    default: never
  on_failure:
    description: Whether a run that fails after it wrote puts the old values back.
    type: str
    choices: [keep, rollback]
    default: keep
  restart_group:
    description:
      - Hosts of one group restart DNS or reboot one at a time. Without it, all hosts of one call are one group.
      - Name a group where two calls may meet on the hosts of one client, because only a named group is shared by calls.
    type: str
  backups_kept:
    description: How many backups of a host are kept.
    type: int
    default: 10
  artifacts_dir:
    description: Folder on the controller for the artifacts that report and gate read. Without it, none are written.
    type: path
  run_id:
    description: Name of the run, a folder below O(artifacts_dir). Without it, the run is this call of Ansible.
    type: str
  backup_dir:
    description: Folder on the controller for backups; keep clients apart. Without it, one below C(ANSIBLE_HOME).
    type: path
  command_timeout:
    description: Seconds that one remote command may take.
    type: int
    default: 120
  window_timeout:
    description: Seconds until a guarded window that has not ended is ended.
    type: int
    default: 300
  reboot_timeout:
    description: Seconds until a host must answer again after a reboot.
    type: int
    default: 2700
"""
