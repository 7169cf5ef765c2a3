# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute the plan from facts and policy. The same input gives the same plan, byte for byte.

The shape is that of schemas/plan.schema.json. Lists are in this order: needs as in the catalogue, then listeners
and user; settings as they are written; conflicts as the services in the catalogue, then by port; port sets canonical.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from .._facts.host import FAMILIES, Host
from .._policy import Policy
from .._ports import PortSet
from .._problems import Problem, ProblemList, make_problem
from .._windows.settings import (
    MECHANISMS,
    NETSH_MECHANISM,
    NO_MECHANISM,
    SETTINGS,
    SOCKET_POOL_SIZE,
    Mechanism,
    Setting,
)
from .actions import (
    DNS_WINDOW,
    earlier_services,
    pending_settings,
    plan_actions,
    refuse_window,
)
from .capacity import (
    Reservations,
    refuse_misfits,
    starred_ports,
)
from .effective import (
    effect_of,
    effective_ports,
    record_change,
)
from .exclusions import blocked_ports, plan_netsh
from .host_problems import (
    contradictions,
    information,
    service_problems,
    unread_basics,
    unread_sockets,
)
from .needs import Need, collect_needs
from .pool import Pool, pool_of
from .risk import risk_report
from .service_check import UNKNOWN_REASONS
from .services import (
    all_failures,
    find_services_to_start,
    judge_services,
    live_conflicts,
)
from .settings import (
    PlannedChange,
    plan_list,
    plan_pool_size,
)
from .status import Findings, has_errors

CONFLICTS_MAX = 100
"""Live conflicts that are listed at most, those of services first."""


@dataclass(frozen=True)
class _Draft:
    """What is known before actions and status."""

    host: Host
    policy: Policy
    mechanism: Mechanism
    pool: Pool
    needs: list[Need]
    reserved: Reservations
    problems: tuple[Problem, ...]

    @property
    def changes(self) -> list[PlannedChange]:
        """The registry values to be written."""
        listed = self.reserved.listed
        changes = [listed.change if listed else None, self.reserved.sized]
        return [change for change in changes if change is not None]

    @property
    def managed(self) -> list[Setting]:
        """The registry values whose effect is our business: planned by the policy, or recorded by an earlier run."""
        listed = self.reserved.listed
        managed = [listed.setting] if listed and listed.managed else []
        size = SETTINGS[SOCKET_POOL_SIZE]
        readable = self.host.setting(size.id)["present"] is not None and self.host.dns_installed is not False
        recorded = self.host.record(size.id) is not None and effect_of(self.host, size) != "unknown"
        if readable and (self.reserved.sized or self._size_is_right or recorded):
            managed.append(size)
        return managed

    @property
    def _size_is_right(self) -> bool:
        wanted = self.policy.socket_pool_size
        return wanted is not None and self.host.setting(SOCKET_POOL_SIZE)["data"] == wanted

    @property
    def netsh_changes(self) -> list[dict[str, Any]]:
        """The exclusions to be added or deleted at once."""
        return self.reserved.netsh.changes() if self.reserved.netsh else []

    @property
    def deferred(self) -> list[dict[str, Any]]:
        """The exclusions to be added while DNS is down."""
        return self.reserved.netsh.deferred() if self.reserved.netsh else []

    @property
    def settings_json(self) -> list[dict[str, Any]]:
        """What has to be written, in the order in which it is: list, excluded ports, size of the pool."""
        size = self.reserved.sized
        lists = [change.to_json() for change in self.changes if change is not size]
        return lists + self.netsh_changes + ([size.to_json()] if size else [])

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
        pairs = [pair for ports in tables for pair in ports.ranges]
        return (listed.kept if listed else PortSet()) | PortSet.from_ranges(pairs)


def make_plan(facts: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """Compute the plan from facts that are JSON; see `plan_host`."""
    return plan_host(Host(facts), policy)


def plan_host(host: Host, policy: Policy) -> dict[str, Any]:
    """Compute the plan.

    Args:
        host: the facts.
        policy: what the user wants protected.

    Returns:
        The plan; see docs/plan.md and schemas/plan.schema.json.
    """
    draft = _draft(host, policy)
    service_checks = judge_services(host, policy)
    failures = all_failures(host, policy, service_checks)
    written = [change.setting.id for change in draft.changes]
    netsh = draft.reserved.netsh
    record = record_change(host, draft.managed, written, netsh)
    pending = pending_settings(host, draft.managed, written + list(record["after"] if record else ()))
    services_to_start = find_services_to_start(host, policy, service_checks)
    due = plan_actions(pending, services_to_start, service_checks, draft.deferred, earlier_services(host, policy))
    actions, refusals = refuse_window(host, due)
    writing = bool(draft.managed or draft.deferred or draft.netsh_changes)
    problems = _in_order(
        draft.problems,
        refusals,
        unread_basics(host, policy, writing, draft.pool),
        unread_sockets(host, policy, draft.needs),
        information(host, policy, draft.pool, service_checks),
        service_problems(failures),
        contradictions(host, draft.managed),
        blocked_ports(host, draft.needs),
    )
    risk = _risk(draft)
    conflicts = live_conflicts(failures)
    settings = draft.settings_json + ([record] if record else [])
    findings = Findings(
        unknown=has_errors(problems, False) or host.has_reading_errors(()),
        conflict=bool(conflicts),
        service_down=any(failure.reason not in UNKNOWN_REASONS for failure in failures),
        drifted=bool(settings or draft.deferred) or has_errors(problems, True),
        pending_reboot=bool(pending.reboot),
        pending_restart=bool(pending.dns_restart),
        exposed=(risk["now"] or 0) > (policy.max_risk or 0),
    )
    return {
        "mechanism": draft.mechanism.name,
        "pool_range": draft.pool.to_json(),
        "needs": [need.to_json(draft.pool, draft.effective) for need in draft.needs],
        "settings": settings,
        "kept": draft.kept.to_json(),
        "problems": problems,
        "effective": {
            **{setting.id: _effect(host, setting, written) for setting in draft.managed},
            **(netsh.effects() if netsh else {}),
        },
        "live_conflicts": conflicts[:CONFLICTS_MAX],
        "actions": actions,
        "risk": risk,
        "reboot_required": bool(pending.reboot),
        "dns_restart_required": any(action["action"] == DNS_WINDOW for action in due),
        "in_sync": findings.in_sync,
        "status": findings.status,
    }


def _in_order(*groups: Iterable[Problem]) -> list[Problem]:
    """Return the problems of a plan in the order of their groups, each distinct one once, bounded in number."""
    problems = ProblemList()
    for group in groups:
        problems.extend(group)
    return problems.as_list()


def _draft(host: Host, policy: Policy) -> _Draft:
    pool, of_pool = pool_of(host, policy.socket_pool_size)
    needs = collect_needs(host, policy, pool.all_ports)
    mechanism, of_release = _mechanism(host, policy)
    listed, of_list = plan_list(host, policy, needs, pool) if mechanism.setting else (None, ())
    netsh, of_netsh = plan_netsh(host, policy, needs, pool) if mechanism.netsh else (None, ())
    sized, of_size = plan_pool_size(host, policy)
    reserved, misfits = refuse_misfits(pool, Reservations(listed, netsh, sized, starred_ports(host)))
    problems = (*of_pool, *of_release, *of_list, *of_netsh, *of_size, *misfits)
    return _Draft(host, policy, mechanism, pool, needs, reserved, problems)


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


def _effect(host: Host, setting: Setting, written: list[str]) -> str:
    return "no" if setting.id in written else effect_of(host, setting)


def _risk(draft: _Draft) -> dict[str, Any]:
    needs = [(need.service, need.udp_ports) for need in draft.needs if need.counts_for_risk]
    after = {family: draft.reserved.desired(family) for family in FAMILIES}
    return risk_report(draft.pool, needs, draft.effective, after)
