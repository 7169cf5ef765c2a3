# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the policy, as POLICY_SPEC defines them."""

from __future__ import annotations


class ModuleDocFragment:
    """``policy`` documents what decides the plan, ``policy.run`` what decides how a run goes."""

    DOCUMENTATION = r"""
options:
  profiles:
    description:
      - Lists of ports to reserve, whether or not the services are installed.
      - V(sbs2003) is the list recommended for SBS 2003. V(auto) is that list on an SBS 2003 server, and empty on
        others.
      - V(sbs2008) and V(sbs2011) are that list without the services that these releases do not have. V(radius) is NPS,
        V(vpn) is L2TP, IKE, OpenVPN, WireGuard, NetBird and Teredo, V(wds) is Windows Deployment Services, V(voip) is
        SIP, V(kms) is a KMS host, V(rdp) is Remote Desktop, V(configmgr) is multicast and wake-up proxy of
        Configuration Manager, V(sophos_stas) is Sophos' STAS, whose service key is not known.
    type: list
    elements: str
    choices: [auto, configmgr, kms, radius, rdp, sbs2003, sbs2008, sbs2011, sophos_stas, voip, vpn, wds]
    default: [auto]
  detect:
    description: Reserve the ports of the catalogue's services that are installed and not disabled.
    type: bool
    default: true
  extra_ports:
    description: Additional UDP ports to reserve, each V(n) or V(a-b). Not 53, which is the port of DNS itself.
    type: list
    elements: str
    default: []
  ignore_services:
    description:
      - Names of catalogue rows or service keys whose ports are not to be reserved; case does not matter.
      - Failures of an ignored service are not reported either, whether it does not run, failed for its port or runs
        without it. A service that several rows of the catalogue describe is ignored if its key or all of these rows
        are named.
    type: list
    elements: str
    default: []
  include_listeners:
    description:
      - Reserve the UDP ports in the pool's range that programs other than DNS hold while the host is read.
      - This includes random ports of programs, so the list may grow with every run.
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
        description: Name of the service for people. The default is O(catalogue_extra[].name).
        type: str
      services:
        description: Keys of the services under C(HKLM\SYSTEM\CurrentControlSet\Services). Never C(DNS).
        type: list
        elements: str
        required: true
      ports:
        description: The ports, each V(n) or V(a-b).
        type: list
        elements: str
        required: true
      protocol:
        description: Only UDP collides with the pool. V(tcp) is reserved like unexposed ports, and never verified.
        type: str
        choices: [udp, tcp, both]
        default: udp
      own_sockets:
        description:
          - Whether the service's port is a setting that may differ from O(catalogue_extra[].ports). UDP ports outside
            the dynamic range that its process holds on all addresses are then needed as well, if no other service
            runs in the process. Ports inside the range are only reported.
        type: bool
        default: false
      hold:
        description:
          - V(always) means that the service must run and hold its ports, V(when_running) that it must hold them while
            it runs. V(never) means that it opens them late or not at all, so that only DNS on its ports is a fault.
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
        description: Whether the guarded window may start the service after it failed because of its port.
        type: bool
        default: false
  reserve_unexposed:
    description:
      - Also reserve needed ports that the pool cannot reach today.
      - The default is V(true) on Windows 2000 to 2003 and V(false) later. Profiles and O(extra_ports) are always
        reserved.
    type: bool
  socket_pool_size:
    description:
      - The value of C(SocketPoolSize), 0 to 10000. Without this option, the value is not changed.
      - Refused if the ports that are not reserved are too few for the pool and 255 ordinary client ports.
    type: int
  allow_small_pool:
    description: Allow a O(socket_pool_size) below 2500, which weakens the protection against cache poisoning.
    type: bool
    default: false
  dynamic_port_range:
    description:
      - The dynamic UDP port range from Vista on, set with C(netsh). Without this option, the range is not changed.
      - On Windows 2000 to 2003 it is refused, because C(MaxUserPort) is never written, and then nothing else is written
        to the host either. Set it only for a group without these hosts.
      - O(dynamic_port_range.start) and O(dynamic_port_range.count) are for both address families;
        O(dynamic_port_range.ipv4) and O(dynamic_port_range.ipv6) are for one. A family without a range keeps its own.
      - Windows accepts a start of at least 1025, a count of at least 255, and an end of at most 65535. The range is
        also refused if the pool, 255 client ports and all excluded ports do not fit into it, or if one of these could
        not be read. To make room with a smaller O(socket_pool_size), set that first and let DNS restart.
      - DNS draws its pool from the new range at its next start; all other programs use it at once. A host that has
        the range already is left alone if DNS's pool lies inside it; otherwise DNS is restarted once.
      - The offline kit makes no scripts for a host whose range has to be changed. It names the command to type, and
        makes the scripts from the next transcript.
    type: dict
    suboptions:
      start:
        description: The first port.
        type: int
      count:
        description: The number of ports.
        type: int
      ipv4:
        description: The range over IPv4 alone.
        type: dict
        suboptions:
          start:
            description: The first port.
            type: int
            required: true
          count:
            description: The number of ports.
            type: int
            required: true
      ipv6:
        description: The range over IPv6 alone.
        type: dict
        suboptions:
          start:
            description: The first port.
            type: int
            required: true
          count:
            description: The number of ports.
            type: int
            required: true
      force:
        description:
          - Products whose presence does not prevent the change. Exchange, TMG and ISA Server set the range themselves,
            so on a host with one of their services the option is refused unless the product is named here.
        type: list
        elements: str
        choices: [exchange, isa, tmg]
        default: []
  prune:
    description:
      - Remove reservations that no service needs. Port 3343 and the ports of detected services stay.
      - Needs O(detect). Refused if something that detection needs could not be read.
    type: bool
    default: false
  repair:
    description:
      - Correct a value that has the wrong type, give each range of an entry with commas, semicolons or spaces an entry
        of its own, and remove what is not a port range. In a value of type C(REG_SZ) or C(REG_EXPAND_SZ), a C(\0) that
        is text separates ranges, too. The diff shows each, and the backup keeps it. Without this option, such a value
        is reported and not written.
    type: bool
    default: false
  use_netsh:
    description:
      - Also use C(netsh) excluded port ranges on DNS servers from 2008 R2 on, and on hosts without a DNS server from
        Vista on, which are not changed otherwise.
    type: bool
    default: false
  max_risk:
    description: Highest accepted chance, from 0 to 1, that the next start of DNS takes a needed port. No default.
    type: float
  start_services:
    description: Services to start even if somebody stopped them; never cluster, ISA or Exchange services.
    type: list
    elements: str
    default: []
  restart_services:
    description:
      - Services to restart while DNS is stopped, if they run without a port that DNS holds. NetBird, the BigFix client
        and IKEEXT are known to do so; freeing the port alone does not give it back to them.
      - A service that holds its ports is left alone.
      - A service that is not installed, or does not run, is skipped, so that one list can serve a group of hosts.
      - Refused for a service that runs, but is disabled, depends on DNS, or has no UDP port in the catalogue or in
        O(catalogue_extra). If it cannot be stopped, for example because other services depend on it, nothing is
        stopped. Never cluster, ISA or Exchange services. Needs O(detect).
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
    description: Whether to reboot the host if a setting takes effect only then.
    type: str
    choices: [never, if_required]
    default: never
  on_failure:
    description: Whether a run that fails after it wrote restores the old values.
    type: str
    choices: [keep, rollback]
    default: keep
  restart_group:
    description:
      - Hosts of the same group restart DNS or reboot one at a time. Without a group, all hosts of one run of Ansible
        are a group.
      - Set a group where two runs may work on the hosts of one client at the same time, because only a named group is
        shared by runs. The runs must have the same C(ANSIBLE_HOME), because the group's lock is kept there.
    type: str
  backups_kept:
    description: How many backups of a host are kept.
    type: int
    default: 10
  artifacts_dir:
    description: Folder on the controller for the artifacts that report and gate read. By default, none are written.
    type: path
  run_id:
    description: Name of the run, a folder below O(artifacts_dir). The default is a name for this run of Ansible.
    type: str
  backup_dir:
    description: Folder on the controller for backups. Use one per client. The default is below C(ANSIBLE_HOME).
    type: path
  command_timeout:
    description: Seconds that one remote command may take.
    type: int
    default: 120
  window_timeout:
    description: Seconds after which a guarded window that has not ended is ended.
    type: int
    default: 300
  reboot_timeout:
    description: Seconds until a host must answer again after a reboot.
    type: int
    default: 2700
"""
