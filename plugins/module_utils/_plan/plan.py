# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute the plan from facts and policy. The same input gives the same plan, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

from .._facts.dynamic_range import current_range
from .._facts.host import Host
from .._policy import Policy
from .._ports import FAMILIES, PortSet
from .._problems import Problem, make_problem, merged
from .._windows.settings import (
    MECHANISMS,
    NETSH_MECHANISM,
    NO_MECHANISM,
    RANGES,
    SETTINGS,
    SOCKET_POOL_SIZE,
    Mechanism,
    Setting,
    has_other_type,
)
from .actions import earlier_services, pending_settings, plan_actions, refuse_window
from .capacity import Reservations, refuse_misfits, starred_ports
from .changes import DNS_WINDOW, Change
from .configured import Rows, unknown_ports
from .dynamic_range import NO_RANGES, RangePlan, plan_ranges, range_reason, refuse_small_ranges
from .effective import NO, UNKNOWN, effect_of, effective_ports, record_change
from .exclusions import blocked_ports, plan_netsh
from .failed_services import failed_service_problems, failed_services
from .host_plan import Plan
from .host_problems import (
    contradictions,
    cut_conflicts,
    information,
    service_problems,
    unread_basics,
    unread_sockets,
    worst_first,
)
from .needs import Need, collect_needs, relevant_rows
from .other_ports import find_other_ports, other_port_problems
from .own_sockets import find_own_sockets, own_socket_problems
from .pool import Pool, pool_of
from .restarts import plan_restarts
from .risk import Risk, risk_of
from .service_check import PORT_TAKEN, UNKNOWN_REASONS
from .services import all_failures, chosen_ports, find_services_to_start, judge_services
from .settings import plan_list, plan_pool_size
from .status import Findings, has_errors


@dataclass(frozen=True)
class _Draft:
    """What is known before actions and status."""

    host: Host
    policy: Policy
    mechanism: Mechanism
    pool: Pool
    rows: Rows
    chosen: Mapping[str, PortSet]
    needs: list[Need]
    reserved: Reservations
    ranges: RangePlan
    problems: tuple[Problem, ...]

    def changes(self, risk: Risk) -> list[Change]:
        """Return what has to be written, in this order: dynamic ranges, list, excluded ports, size of the pool."""
        listed, netsh = self.reserved.listed, self.reserved.netsh
        moved = self.ranges.changes(range_reason(self.host, risk.now, risk.after_reload))
        changes = [*moved, listed and listed.change, *(netsh.changes() if netsh else ()), self.reserved.sized]
        return [change for change in changes if change]

    @cached_property
    def managed(self) -> list[Setting]:
        """The values that the collection manages: planned by the policy, or recorded by an earlier run."""
        listed = self.reserved.listed
        managed = [listed.setting] if listed and listed.managed else []
        size = SETTINGS[SOCKET_POOL_SIZE]
        readable = self.host.setting(size.id)["present"] is not None and self.host.dns_installed is not False
        if readable and (self.reserved.sized or self._size_is_right or self._was_set(size)):
            managed.append(size)
        return managed + [setting for setting in RANGES.values() if self._manages_range(setting)]

    def _manages_range(self, setting: Setting) -> bool:
        """Return whether DNS has to follow a range: one that is set now, was right already, or was set by us."""
        if self.host.dns_installed is False or current_range(self.host, setting.id) is None:
            return False
        asked = self.policy.dynamic_port_range
        is_right = asked is not None and asked.wanted(setting.id) == current_range(self.host, setting.id)
        return setting.id in self.ranges.ranges or is_right or self._was_set(setting)

    def _was_set(self, setting: Setting) -> bool:
        """Return whether an earlier run has recorded the value, and the host has it still."""
        return self.host.record(setting.id) is not None and effect_of(self.host, setting) != UNKNOWN

    @property
    def _size_is_right(self) -> bool:
        wanted, fact = self.policy.socket_pool_size, self.host.setting(SOCKET_POOL_SIZE)
        return wanted is not None and fact["data"] == wanted and not has_other_type(SETTINGS[SOCKET_POOL_SIZE], fact)

    @cached_property
    def effective(self) -> dict[str, PortSet]:
        """The ports that are reserved and known to be effective, per address family."""
        listed = self.reserved.listed
        return effective_ports(self.host, listed.setting if listed else None, listed.current if listed else PortSet())

    @property
    def kept(self) -> PortSet:
        """Ports reserved by others that stay."""
        listed, netsh = self.reserved.listed, self.reserved.netsh
        tables = [part.desired - part.wanted for part in netsh.families] if netsh else []
        return PortSet.union((*tables, listed.kept) if listed else tables)


def make_plan(facts: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """Compute the plan from facts that are JSON; see `plan_host`."""
    return plan_host(Host(facts), policy).to_json()


def plan_host(host: Host, policy: Policy) -> Plan:
    """Compute the plan that gives a host what the policy wants protected."""
    draft = _draft(host, policy)
    risk = _risk(draft)
    changes, netsh = draft.changes(risk), draft.reserved.netsh
    deferred = netsh.deferred() if netsh else {}
    service_checks = judge_services(host, policy, draft.rows, draft.chosen)
    failures = all_failures(host, policy, service_checks)
    conflicts = [failure for failure in failures if failure.reason == PORT_TAKEN]
    other_ports = find_other_ports(host, policy, service_checks)
    failed = failed_services(host, policy, service_checks, [entry.key for entry in other_ports])
    written = [change.id for change in changes]
    record = record_change(host, draft.managed, written, netsh)
    pending = pending_settings(host, draft.managed, written + list(record.after if record else ()))
    restarts = plan_restarts(host, policy, service_checks)
    services_to_start = replace(find_services_to_start(host, policy, service_checks), to_restart=restarts.services)
    due = plan_actions(pending, services_to_start, service_checks, deferred, earlier_services(host, policy))
    actions, refusals = refuse_window(host, due)
    writing = bool(draft.managed or deferred or changes)
    found = worst_first(
        chain(
            draft.problems,
            refusals,
            restarts.problems,
            unread_basics(host, policy, writing, draft.pool),
            unread_sockets(host, policy, draft.rows, draft.needs),
            unknown_ports(host, draft.rows),
            information(host, policy, draft.pool, service_checks),
            service_problems(failures, service_checks),
            failed_service_problems(host, failed),
            other_port_problems(host, other_ports),
            cut_conflicts(conflicts),
            contradictions(host, draft.managed),
            blocked_ports(host, draft.needs),
        )
    )
    problems = merged(found)
    settings = (*changes, record) if record else (*changes,)
    findings = Findings(
        unknown=has_errors(found, False) or host.has_reading_errors(()),
        conflict=bool(conflicts),
        service_down=any(failure.reason not in UNKNOWN_REASONS for failure in failures)
        or any(entry.is_down for entry in failed),
        drifted=bool(settings or deferred) or has_errors(found, True),
        pending_reboot=bool(pending.reboot),
        pending_restart=bool(pending.dns_restart),
        exposed=(risk.now or 0) > (policy.max_risk or 0),
    )
    return Plan(
        settings=settings,
        actions=tuple(actions),
        mechanism=draft.mechanism.name,
        pool=draft.pool,
        needs=draft.needs,
        in_effect=draft.effective,
        kept=draft.kept,
        problems=problems,
        effective={
            **{item.id: NO if item.id in written else effect_of(host, item) for item in draft.managed},
            **(netsh.effects() if netsh else {}),
        },
        live_conflicts=conflicts,
        risk=risk,
        reboot_required=bool(pending.reboot),
        dns_restart_required=any(action.name == DNS_WINDOW for action in due),
        in_sync=findings.in_sync,
        status=findings.status,
    )


def _draft(host: Host, policy: Policy) -> _Draft:
    """Return the draft with the ranges that the policy asks for; without them where not everything fits into them."""
    pool, of_pool = pool_of(host, policy.socket_pool_size)
    ranges, of_ranges = plan_ranges(host, policy, pool)
    draft = _in_ranges(host, policy, pool, ranges)
    too_small = refuse_small_ranges(host, policy, ranges, draft.pool, draft.reserved)
    if too_small:
        draft = _in_ranges(host, policy, pool, NO_RANGES)
    return replace(draft, problems=(*of_pool, *of_ranges, *too_small, *draft.problems))


def _in_ranges(host: Host, policy: Policy, found: Pool, ranges: RangePlan) -> _Draft:
    """Return the draft for a pool that is drawn from these ranges from the next start of DNS on."""
    pool = replace(found, moved=ranges.ports())
    drawn = pool.in_new_range()
    rows = relevant_rows(host, policy)
    own = find_own_sockets(host, policy, rows, found)
    needs = collect_needs(host, policy, rows, drawn, own)
    mechanism, of_release = _mechanism(host, policy)
    listed, of_list = plan_list(host, policy, needs, drawn) if mechanism.setting else (None, ())
    netsh, of_netsh = plan_netsh(host, policy, needs, drawn) if mechanism.netsh else (None, ())
    sized, of_size = plan_pool_size(host, policy)
    reserved, misfits = refuse_misfits(pool, Reservations(listed, netsh, sized, starred_ports(host)))
    needed = PortSet.union(need.udp_ports for need in needs)
    problems = (*of_release, *of_list, *of_netsh, *of_size, *misfits, *own_socket_problems(own, needed))
    chosen = chosen_ports(host, found, own)
    return _Draft(host, policy, mechanism, pool, rows, chosen, needs, reserved, ranges, problems)


def _mechanism(host: Host, policy: Policy) -> tuple[Mechanism, list[Problem]]:
    """Return the release's mechanism; where there is no DNS to protect, netsh's on request only, from Vista on."""
    if host.family not in MECHANISMS:
        message = "The Windows release is not known, so nothing can be planned."
        return NO_MECHANISM, [make_problem("release_not_supported", "error", message)]
    mechanism = MECHANISMS[host.family]
    if host.family == "nt5":
        return mechanism, []
    if host.dns_installed is False:
        return NETSH_MECHANISM if policy.use_netsh else NO_MECHANISM, []
    return replace(mechanism, netsh=True) if policy.use_netsh else mechanism, []


def _risk(draft: _Draft) -> Risk:
    needs = [(need.service, need.udp_ports) for need in draft.needs if need.counts_for_risk]
    after = {family: draft.reserved.desired(family) for family in FAMILIES}
    return risk_of(draft.pool, needs, draft.effective, after)
