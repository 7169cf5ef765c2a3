# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and policy in, plan out: pure, and the same byte for byte for the same input.

The shape is that of docs/schemas/plan.schema.json. Lists are in this order: needs as in the catalogue, then listeners
and user; settings as they are written; conflicts as the services in the catalogue, then by port; port sets canonical.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._host import Host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._needs import Need, collect_needs
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan_actions import (
    DNS_WINDOW,
    pending_settings,
    plan_actions,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan_effective import (
    effect_of,
    effective_ports,
    record_change,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan_settings import (
    Change,
    ListPlan,
    plan_list,
    plan_pool_size,
    refuse_misfits,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan_status import Findings, has_errors
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._pool import (
    MODEL_NO_POOL,
    MODEL_UNKNOWN,
    Pool,
    pool_of,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._problems import ProblemList
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._risk import risk_report
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._settings import (
    MECHANISMS,
    NO_MECHANISM,
    RESERVED_PORTS,
    SETTINGS,
    SOCKET_POOL_SIZE,
    Mechanism,
    Setting,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._verdict import (
    UNREADABLE,
    Failure,
    Judgement,
    all_failures,
    find_victims,
    judge_services,
    live_conflicts,
)

CONFLICTS_MAX = 100
"""At most so many live conflicts are listed, those of services first."""
_RISKY_HOTFIX = "KB958644"


@dataclass(frozen=True)
class _Draft:
    """What is known before actions and status."""

    host: Host
    policy: Policy
    mechanism: Mechanism
    pool: Pool
    needs: list[Need]
    listed: ListPlan | None
    sized: Change | None

    @property
    def changes(self) -> list[Change]:
        """The values to be written."""
        changes = [self.listed.change if self.listed else None, self.sized]
        return [change for change in changes if change is not None]

    @property
    def managed(self) -> list[Setting]:
        """The settings whose effect is our business: planned by the policy, or recorded by an earlier run."""
        managed = [self.listed.setting] if self.listed and self.listed.managed else []
        size = SETTINGS[SOCKET_POOL_SIZE]
        readable = self.host.setting(size.id)["present"] is not None and self.host.dns_installed is not False
        recorded = self.host.record(size.id) is not None and effect_of(self.host, size) != "unknown"
        if readable and (self.sized or self._size_is_right or recorded):
            managed.append(size)
        return managed

    @property
    def _size_is_right(self) -> bool:
        wanted = self.policy.socket_pool_size
        return wanted is not None and self.host.setting(SOCKET_POOL_SIZE)["data"] == wanted


def make_plan(facts: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """Compute the plan.

    Args:
        facts: the facts of one host; see docs/schemas/facts.schema.json.
        policy: what the user wants protected.

    Returns:
        The plan; see docs/plan.md and docs/schemas/plan.schema.json.
    """
    host = Host(facts)
    problems = ProblemList()
    draft = _draft(host, policy, problems)
    judgements = judge_services(host, policy)
    failures = all_failures(host, policy, judgements)
    written = [change.setting.id for change in draft.changes]
    record = record_change(host, draft.managed, written)
    pending = pending_settings(host, draft.managed, written + list(record["after"] if record else ()))
    victims = find_victims(host, policy, judgements)
    actions = plan_actions(pending, victims, judgements)
    _report_host(draft, judgements, failures, problems)
    risk = _risk(draft)
    conflicts = live_conflicts(failures)
    findings = Findings(
        unknown=has_errors(problems.as_list(), False) or has_errors(facts.get("problems") or (), False),
        conflict=bool(conflicts),
        service_down=any(failure.reason != UNREADABLE for failure in failures),
        drifted=bool(written or record) or has_errors(problems.as_list(), True),
        pending=bool(pending.reboot or pending.dns_restart),
        exposed=(risk["now"] or 0) > (policy.max_risk or 0),
    )
    return {
        "mechanism": draft.mechanism.name,
        "pool_range": draft.pool.to_json(),
        "needs": _needs_json(draft),
        "settings": [change.to_json() for change in draft.changes] + ([record] if record else []),
        "kept": (draft.listed.kept if draft.listed else PortSet()).to_json(),
        "problems": problems.as_list(),
        "effective": {setting.id: _effect(host, setting, written) for setting in draft.managed},
        "live_conflicts": conflicts[:CONFLICTS_MAX],
        "actions": actions,
        "risk": risk,
        "reboot_required": bool(pending.reboot),
        "dns_restart_required": any(action["action"] == DNS_WINDOW for action in actions),
        "in_sync": findings.in_sync,
        "status": findings.status,
    }


def _draft(host: Host, policy: Policy, problems: ProblemList) -> _Draft:
    pool = pool_of(host, policy.socket_pool_size, problems)
    needs = collect_needs(host, policy, pool.all_ports)
    mechanism = _mechanism(host, policy, problems)
    listed = None
    if mechanism.setting is not None:
        listed = plan_list(host, policy, needs, pool, problems)
    sized = plan_pool_size(host, policy, problems)
    listed, sized = refuse_misfits(pool, listed, sized, problems)
    return _Draft(host, policy, mechanism, pool, needs, listed, sized)


def _mechanism(host: Host, policy: Policy, problems: ProblemList) -> Mechanism:
    mechanism = MECHANISMS.get(host.family or "", NO_MECHANISM)
    if host.family not in MECHANISMS:
        problems.add("release_not_supported", "error", "The Windows release is not known, so nothing can be planned.")
    elif host.family != "nt5" and host.dns_installed is False:
        return NO_MECHANISM
    elif mechanism.setting is None or (policy.use_netsh and host.family != "nt5"):
        problems.add(
            "mechanism_not_available",
            "error",
            "Planning of netsh excluded port ranges is not available yet, so this host is not judged.",
            mechanism=mechanism.name,
        )
    return mechanism


def _effect(host: Host, setting: Setting, written: list[str]) -> str:
    return "no" if setting.id in written else effect_of(host, setting)


def _needs_json(draft: _Draft) -> list[dict[str, Any]]:
    effective = effective_ports(draft.host, draft.listed)
    return [need.to_json(draft.pool.all_ports, effective) for need in draft.needs]


def _risk(draft: _Draft) -> dict[str, Any]:
    needs = [(need.service, need.udp_ports) for need in draft.needs if need.counts_for_risk]
    after = draft.listed.desired if draft.listed else PortSet()
    return risk_report(draft.pool, needs, effective_ports(draft.host, draft.listed), after)


def _report_host(draft: _Draft, judgements: list[Judgement], failures: list[Failure], problems: ProblemList) -> None:
    """Add the problems that are about the host as a whole, errors first."""
    host = draft.host
    if not host.services_known:
        problems.add("services_unreadable", "error", "The services could not be read, so nothing can be detected.")
    if not host.sockets_known:
        problems.add("sockets_unreadable", "error", "The UDP sockets could not be read, so no port can be judged.")
    if draft.pool.model == MODEL_UNKNOWN:
        problems.add("pool_unknown", "error", "The range of the pool, or whether there is one, could not be read.")
    if draft.managed and host.boot_mark is None:
        problems.add(
            "boot_mark_unknown",
            "error",
            "The boot mark could not be read, so nobody can say whether the values have become effective.",
        )
    if draft.managed and host.state_present is None:
        problems.add(
            "state_unreadable",
            "error",
            "The record of earlier writes could not be read, so nobody can say whether the values are effective.",
        )
    _report_information(draft, judgements, problems)


def _report_information(draft: _Draft, judgements: list[Judgement], problems: ProblemList) -> None:
    host = draft.host
    if host.family not in (None, "nt5") and host.setting(RESERVED_PORTS)["present"]:
        problems.add(
            "reserved_ports_no_effect",
            "info",
            "ReservedPorts is set, but Windows reads it up to 2003 only (KB812873): it protects nothing here.",
        )
    if host.dns_installed is False:
        problems.add("no_dns_server", "info", "The host has no DNS server, so there is no pool and no figure for it.")
    elif draft.pool.model == MODEL_NO_POOL:
        problems.add("no_pool_seen", "info", "DNS runs without a pool of sockets: there is no figure for the risk.")
    if _RISKY_HOTFIX in (host.facts.get("hotfixes") or ()):
        problems.add(
            "kb958644_present",
            "info",
            "KB958644 is installed, after which IPsec was seen to fail more often, mostly at the first reboot: the risk"
            " figure may be too low; write the reservations and reboot before trusting it.",
        )
    for judgement in judgements:
        if judgement.note == "stopped_on_purpose":
            problems.add(
                "service_stopped",
                "info",
                f"{judgement.service.name} starts automatically but was stopped on purpose: it is not started.",
                service=judgement.service.name,
            )
