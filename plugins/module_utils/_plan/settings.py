# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan the values to change. They are merged, never overwritten, and only if the old value was read for certain."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._facts.host import Host
from .._policy import POOL_SIZE_DEFAULT, Policy
from .._ports import REG_SEPARATOR, PortSet, Range, parse_entries, split_entry
from .._problems import NAMED_MAX, Problem, Severity, listed, make_problem, shown
from .._sections.table import SECTIONS
from .._windows.settings import (
    MECHANISMS,
    NO_MECHANISM,
    POOL_EXCLUSIONS,
    RESERVED_PORTS,
    SETTINGS,
    SOCKET_POOL_SIZE,
    Setting,
    entries_of,
)
from .changes import Change, change_value
from .needs import Need, detected_ports, detected_rows, shared_by_need
from .own_sockets import ports_of_sockets
from .pool import Pool

CLUSTER_PORT = PortSet.from_ports((3343,))
"""Present on many systems before us (the SBS 2003 article): never pruned."""
TEXT_TYPES = ("REG_MULTI_SZ", "REG_SZ", "REG_EXPAND_SZ")
"""Only of these can repair take entries over; numbers and binary data are never port ranges."""

UNPARSABLE = "unparsable_entry"
WRONG_TYPE = "wrong_type"
UNREADABLE = "setting_unreadable"
POOL_MISFIT = "pool_does_not_fit"
PRUNE_REFUSED = "prune_refused"
_REPAIRED = "repair corrects it unless an error forbids the change."
_NOT_REPAIRED = "nothing is written unless repair is set."


@dataclass(frozen=True)
class ListPlan:
    """The plan of the list value that the release's mechanism uses.

    Attributes:
        setting: the row of the settings table.
        current: the ports reserved now; none where the value has a type that Windows does not read.
        wanted: the ports that needs ask for.
        desired: the ports reserved afterwards; equal to ``current`` where nothing may be written.
        change: what to write, None where nothing is to be written.
        usable: False where the value could not be read or must not be written.
        entered: the ports that are in the value now, whatever its type.
    """

    setting: Setting
    current: PortSet
    wanted: PortSet
    desired: PortSet
    change: Change | None
    usable: bool = True
    entered: PortSet = field(default_factory=PortSet)

    @property
    def kept(self) -> PortSet:
        """Ports reserved by others that stay."""
        return self.desired - self.wanted

    @property
    def managed(self) -> bool:
        """Whether the collection manages the value, and so has to know whether it is in effect."""
        return self.usable and bool(self.wanted or self.change)


@dataclass(frozen=True)
class _Found:
    """A list value as it was found.

    Attributes:
        ports: what its good entries reserve.
        bad: the entries that Windows does not understand.
        meant: the ranges that bad entries with separators plainly mean; repair keeps them.
        split: these entries.
        dropped: bad entries and parts of them that are no range.
    """

    present: bool
    type: str | None
    data: Any
    entries: list[str]
    ports: PortSet
    bad: list[str]
    canonical: bool
    meant: PortSet = field(default_factory=PortSet)
    split: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


def wanted_ports(needs: Sequence[Need], pool_ports: PortSet, unexposed_too: bool) -> PortSet:
    """Return the ports to reserve: all of those of profiles and user, of others those that the pool can reach."""
    return PortSet.union(
        need.ports if unexposed_too or need.requested else need.udp_ports & pool_ports for need in needs
    )


def plan_list(host: Host, policy: Policy, needs: list[Need], pool: Pool) -> tuple[ListPlan | None, Sequence[Problem]]:
    """Merge the wanted ports into the list value of the release's mechanism; None if the release has no such value.

    Returns:
        The plan, and what forbids writing.
    """
    setting_id = MECHANISMS.get(host.family or "", NO_MECHANISM).setting
    if setting_id is None:
        return None, []
    setting = SETTINGS[setting_id]
    wanted = wanted_ports(needs, pool.all_ports, policy.reserves_unexposed(host.family or ""))
    found = _read(host, setting)
    if found is None:
        return ListPlan(setting, PortSet(), wanted, PortSet(), None, usable=False), [_unreadable(setting)]
    faults = _faults(found, setting, policy.repair)
    right_type = found.type in (None, setting.registry_type)
    current = found.ports if right_type else PortSet()
    as_it_is = ListPlan(setting, current, wanted, current, None, usable=False, entered=found.ports)
    if faults and not policy.repair:
        return as_it_is, faults
    kept = (found.ports | found.meant) - wanted
    refusals = prune_refusals(host, policy)
    if policy.prune and not refusals:
        kept &= CLUSTER_PORT | detected_ports(host, policy)
    problems = faults + refusals
    desired = wanted | kept
    if desired == found.ports and found.canonical and right_type:
        return replace(as_it_is, usable=True), problems
    reason = "; ".join(_reasons(found, desired, needs, setting))
    change = change_value(setting, host.setting(setting.id), desired.strings() or None, reason)
    return replace(as_it_is, desired=desired, change=change, usable=True), problems


def _read(host: Host, setting: Setting) -> _Found | None:
    fact = host.setting(setting.id)
    if fact["present"] is False:
        return _Found(False, None, None, [], PortSet(), [], True)
    if fact["present"] is None or fact["data"] is None:
        return None
    entries = entries_of(fact["data"])
    if fact["type"] not in TEXT_TYPES:
        return _Found(True, fact["type"], fact["data"], [], PortSet(), entries, False, dropped=entries)
    ports, bad, canonical = parse_entries(entries)
    is_text = fact["type"] != setting.registry_type
    parts = [(entry, *split_entry(entry, is_text)) for entry in bad]
    return _Found(
        *(True, fact["type"], fact["data"], entries, ports, bad, canonical),
        meant=PortSet.union(meant for _entry, meant, _rest in parts),
        split=[entry for entry, meant, _rest in parts if meant],
        dropped=[part for _entry, _meant, rest in parts for part in rest],
    )


def _unreadable(setting: Setting) -> Problem:
    message = f"{setting.value_name} could not be read, so nothing is written there."
    return make_problem(UNREADABLE, "error", message, setting=setting.id)


def _faults(found: _Found, setting: Setting, repair: bool) -> list[Problem]:
    """Return a wrong type, and entries that are no port range: errors unless they are to be repaired."""
    severity: Severity = "warning" if repair else "error"
    ending = _REPAIRED if repair else _NOT_REPAIRED
    faults: list[Problem] = []
    if found.present and found.type != setting.registry_type:
        found_type = shown(str(found.type))
        message = f"{setting.value_name} is {found_type} where Windows needs {setting.registry_type}: {ending}"
        faults.append(make_problem(WRONG_TYPE, severity, message, setting=setting.id, type=found_type))
    if found.bad:
        message = f"{setting.value_name} has {_wrong_entries(found)}: {ending}"
        entries = [shown(entry) for entry in found.bad[:NAMED_MAX]]
        faults.append(make_problem(UNPARSABLE, severity, message, setting=setting.id, entries=entries))
    return faults


def _wrong_entries(found: _Found) -> str:
    """Say in words what is wrong with the entries that Windows does not understand."""
    wrong = [f"entries that are no port range ({listed(_named(found.dropped))})"] if found.dropped else []
    if found.split:
        at_text = any(REG_SEPARATOR in entry for entry in found.split)
        separators = f"semicolons, spaces or a {REG_SEPARATOR} that is text" if at_text else "semicolons or spaces"
        named = listed(_named(found.split))
        wrong.append(f"entries with commas, {separators} ({named}), where Windows needs an entry for each range")
    return " and ".join(wrong)


def _named(entries: Sequence[str]) -> list[str]:
    return [f"'{shown(entry)}'" for entry in entries]


def prune_refusals(host: Host, policy: Policy) -> list[Problem]:
    """Return why nothing is pruned although the policy asks for it: what detection needs could not be read."""
    if not policy.prune:
        return []
    named = {
        str(section)
        for problem in host.facts.get("problems") or ()
        for section in (problem["data"].get("section"), *problem["data"].get("sections", ()))
    }
    missing = named & {row.id for row in SECTIONS.values() if row.shows_needs}
    if not host.services_known:
        missing |= {"services"}
    if any(service.start is None for service in host.services.values()):
        missing |= {"service_starts"}
    if ports_of_sockets(host, detected_rows(host, policy)) is None:
        missing |= {"netstat"}
    if not missing:
        return []
    message = f"Nothing is pruned: without {', '.join(sorted(missing))} it is not known what is still needed."
    return [make_problem(PRUNE_REFUSED, "error", message, sections=sorted(missing))]


def _reasons(found: _Found, desired: PortSet, needs: Sequence[Need], setting: Setting) -> list[str]:
    reasons: list[str] = []
    added = desired - found.ports - found.meant
    if added:
        reasons.append(f"reserves {shared_by_need(needs, added)}")
    reasons += _shape_reasons(found, setting)
    if found.present and found.type != setting.registry_type:
        live = (found.ports | found.meant) & desired
        effect = f", which puts its {listed(live.strings())} into effect" if live else ""
        reasons.append(f"changes the type from {shown(str(found.type))} to {setting.registry_type} (repair){effect}")
    if found.split:
        reasons.append(f"splits {listed(_named(found.split))} into an entry for each range (repair)")
    if found.dropped:
        reasons.append(f"drops {listed(_named(found.dropped))}, which is no port range (repair)")
    removed = (found.ports | found.meant) - desired
    if removed:
        reasons.append(f"removes {listed(removed.strings())}, which nothing needs (prune)")
    return reasons


_JOINING: dict[str, str] = {
    RESERVED_PORTS: "because neighbouring ports that are entered separately are not correctly reserved (KB812873)",
    POOL_EXCLUSIONS: "which is the same in canonical form",
}


def _shape_reasons(found: _Found, setting: Setting) -> list[str]:
    """Return why a value must be rewritten even if it names the right ports."""
    pieces: dict[Range, list[str]] = {}
    bare: list[str] = []
    starts = [first for first, _last in found.ports.ranges]
    bad = frozenset(found.bad)
    for entry in found.entries:
        if entry not in bad:
            whole = found.ports.ranges[bisect_right(starts, int(entry.partition("-")[0])) - 1]
            pieces.setdefault(whole, []).append(entry)
            bare += [] if "-" in entry else [entry]
    reasons = [
        f"joins {listed(split, ' and ')} to {first}-{last}, {_JOINING[setting.id]}"
        for (first, last), split in sorted(pieces.items())
        if len(split) > 1
    ][:NAMED_MAX]
    if bare:
        reasons.append(f"writes {listed(bare)} as {listed([f'{int(port)}-{int(port)}' for port in bare])}")
    if not found.canonical and not found.bad and not reasons:
        reasons.append("puts the entries in order")
    return reasons


def plan_pool_size(host: Host, policy: Policy) -> tuple[Change | None, list[Problem]]:
    """Plan SocketPoolSize if the policy names a size and the host has a DNS server."""
    setting = SETTINGS[SOCKET_POOL_SIZE]
    fact = host.setting(setting.id)
    wanted = policy.socket_pool_size
    faults: list[Problem] = []
    if fact["present"] is True and fact["type"] != setting.registry_type:
        severity: Severity = "error" if wanted is not None and not policy.repair else "warning"
        found_type = shown(str(fact["type"]))
        ending = "." if wanted is None else f": {_REPAIRED if policy.repair else _NOT_REPAIRED}"
        message = f"SocketPoolSize is {found_type} where Windows needs {setting.registry_type}{ending}"
        faults.append(make_problem(WRONG_TYPE, severity, message, setting=setting.id, type=found_type))
    if wanted is None or host.dns_installed is False or (faults and not policy.repair):
        return None, faults
    if fact["present"] is None or (fact["present"] and fact["data"] is None):
        return None, [*faults, _unreadable(setting)]
    if fact["present"] and not faults and fact["data"] == wanted:
        return None, faults
    was = f"was {shown(str(fact['data']))}" if fact["present"] else f"was absent, which means {POOL_SIZE_DEFAULT}"
    was += f" as {shown(str(fact['type']))}" if faults else ""
    reason = f"sets the pool to {wanted} sockets per address family ({was})"
    return change_value(setting, fact, wanted, reason), faults
