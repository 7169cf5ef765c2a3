# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the values in effect since the last boot or the last start of DNS. The stored values may be newer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._commands.machine_id import NAME_VALUE, cloned_from
from .._facts.dynamic_range import configured_text, current_range
from .._facts.host import Host
from .._ports import FAMILIES, PortSet, parse_entries
from .._windows.service_states import HIGHEST_PID, has_no_process
from .._windows.settings import (
    DNS_RESTART,
    LIST_TYPE,
    RANGE_PREFIX,
    RANGES,
    RECORDED_STOPPED,
    Setting,
    entries_of,
    has_other_type,
)
from .capacity import starred_ports
from .changes import Change, change_records
from .dynamic_range import is_drawn_inside
from .exclusions import NetshPlan
from .pool import drawn_outside

YES = "yes"
NO = "no"
UNKNOWN = "unknown"


BOOT = "boot"
RESTART = "dns_restart"


def effect_of(host: Host, setting: Setting) -> str:
    """Return whether the configured value is in effect: yes, no or unknown.

    Known only for a value that is recorded as it is: then a new boot mark since the record, or for DNS's own values a
    new process or none at all, means yes. DNS on a port that its own value excludes contradicts that: after a boot the
    value is treated as not effective, so that one window is due; after a restart within this boot it is only reported.
    A value without the type that Windows reads is not the recorded one, even if its text is.

    A dynamic range that is not recorded is in effect where the pool is seen to lie inside it.
    """
    if has_other_type(setting, host.setting(setting.id)):
        return UNKNOWN
    record = host.record(setting.id)
    if record is None or host.boot_mark is None or record["value"] != configured_text(host, setting):
        return YES if setting.id in RANGES and is_drawn_inside(host, setting.id) else UNKNOWN
    since = started_since(host, setting, record)
    if since is None:
        return NO
    if not contradicting_ports(host, setting):
        return YES
    return NO if since == BOOT and setting.takes_effect == DNS_RESTART else UNKNOWN


def started_since(host: Host, setting: Setting, record: Mapping[str, Any]) -> str | None:
    """Return what has put a recorded value into effect: a boot, a restart of DNS, or nothing that is proved."""
    if host.booted_since(record["boot_mark"]):
        return BOOT
    if setting.takes_effect == DNS_RESTART and _dns_is_new(host, record.get("dns_pid")):
        return RESTART
    return None


def _dns_is_new(host: Host, recorded: object) -> bool:
    """Return whether DNS certainly restarted: it has another process than recorded, or was stopped then."""
    if has_no_process(host.dns_state, host.dns_pid):
        return True
    if not host.dns_running:
        return False
    if recorded == RECORDED_STOPPED:
        return True
    known = isinstance(recorded, int) and not isinstance(recorded, bool) and 0 < recorded <= HIGHEST_PID
    return known and host.dns_pid is not None and host.dns_pid != recorded


def contradicting_ports(host: Host, setting: Setting) -> PortSet:
    """Return the excluded ports that DNS holds nevertheless, without port 53 and a fixed SendPort.

    Of a dynamic range it is a pool that lies outside of it.
    """
    if setting.id in RANGES:
        found = current_range(host, setting.id)
        ports = None if found is None else PortSet.from_ranges([found])
        return drawn_outside(host, setting.id.removeprefix(RANGE_PREFIX), ports)
    fact = host.setting(setting.id)
    if not host.dns_running or not setting.is_list or fact.get("type") != LIST_TYPE:
        return PortSet()
    ports, _bad, _canonical = parse_entries(entries_of(fact["data"]))
    return PortSet.union(ports & host.dns_ports(family) for family in FAMILIES) - host.fixed_ports


def effective_ports(host: Host, setting: Setting | None, entered: PortSet) -> dict[str, PortSet]:
    """Return the ports that are reserved and certainly in effect, per address family.

    What netsh excludes is effective at once. Only its starred rows count, because the others come and go.

    Args:
        host: the facts.
        setting: the list value of the release's mechanism, None where it has none.
        entered: the ports in that value.
    """
    listed = _effective_list(host, setting, entered) if setting else PortSet()
    return {family: listed | starred for family, starred in starred_ports(host).items()}


def _effective_list(host: Host, setting: Setting, entered: PortSet) -> PortSet:
    """Return the ports of the list value that Windows works with.

    A port is among them if it was in the recorded value and still is in the value, and if DNS or the host has started
    since the record was made, even where somebody else has added to the value. One that DNS holds nevertheless is not.
    """
    effect = effect_of(host, setting)
    if effect == YES:
        return entered
    record = host.record(setting.id)
    if effect == NO or record is None or started_since(host, setting, record) is None:
        return PortSet()
    return (host.recorded_ports(setting.id) & entered) - contradicting_ports(host, setting)


def _is_recorded(host: Host, setting: Setting) -> bool:
    """Return whether the record is of the current value. One of an earlier boot that DNS contradicts is renewed.

    A dynamic range needs none where the pool is seen to lie inside it.
    """
    record = host.record(setting.id)
    if record is None or record["value"] != configured_text(host, setting):
        return setting.id in RANGES and is_drawn_inside(host, setting.id)
    doubted = setting.takes_effect == DNS_RESTART and bool(contradicting_ports(host, setting))
    return not (doubted and host.booted_since(record["boot_mark"]))


def record_change(host: Host, managed: list[Setting], changed: list[str], netsh: NetshPlan | None) -> Change | None:
    """Return the pseudo-setting ``state``: values that are right but not recorded, and a copied machine id.

    Args:
        host: the facts.
        managed: the settings that the collection manages.
        changed: ids of those that the run writes anyway, record included.
        netsh: exclusions that a window adds are recorded, and backed up, before it opens.

    Returns:
        The change, or None when every value is recorded or a record would be worth nothing.
    """
    if host.state_present is None or host.boot_mark is None:
        return None
    before: dict[str, str | None] = {}
    after: dict[str, str] = {}
    for setting in managed:
        text = configured_text(host, setting)
        record = host.record(setting.id)
        if text is not None and setting.id not in changed and not _is_recorded(host, setting):
            before[setting.id] = None if record is None else str(record["value"])
            after[setting.id] = text
    reasons = []
    if after:
        names = ", ".join(setting.value_name for setting in managed if setting.id in after)
        reasons.append(f"records {names}, so that later runs know when the value has taken effect")
    deferred = netsh.records() if netsh else {}
    if deferred:
        reasons.append("records and backs up the excluded ports that the window adds while DNS is down")
    for setting_id, (recorded, ours) in deferred.items():
        before[setting_id] = recorded
        after[setting_id] = ours
    copied_from = cloned_from(host.facts)
    if copied_from is not None:
        before[NAME_VALUE] = copied_from
        after[NAME_VALUE] = str(host.facts["computer_name"])
        reasons.append("gives the machine an id of its own")
    if not after:
        return None
    return change_records(before, after, "; ".join(reasons))
