# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Artifacts of hosts in different states, for the tests of the report."""

from __future__ import annotations

from datetime import datetime, timezone
from hashlib import sha256
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.artifact import build
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.gate import Rules
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.port_plan import plan_of
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.report import Report, Sources, make_report
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils import factory

NOW = datetime(2026, 1, 2, 7, 0, tzinfo=timezone.utc)
NIGHT = "2026-01-02T02:00:00Z"
HOSTILE = "<script>alert(1)</script>\x1b[31m`|*_[x](http://x)\n\"'&\u202e]]>\\"
"""Markup for every format at once, a terminal's escape, a line's end, a mark that turns the direction of text."""

NULLS = (
    ("dns", "udp_ports"),
    ("dns", "state"),
    ("dns", "pid"),
    ("dns", "dependents"),
    ("dynamic_ports", "udp4"),
    ("exclusions", "udp4"),
    ("udp_endpoints",),
    ("udp_ports",),
    ("services_total",),
    ("boot_mark",),
    ("computer_name",),
    ("os", "release"),
    ("os", "nt"),
)
"""What the facts' schema allows to be null."""


def with_null(facts: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Return the facts with one of them null."""
    part = facts
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = None
    return facts


def artifact(host: str, facts: dict[str, Any], collected: str = NIGHT, attempted: str | None = NIGHT) -> dict[str, Any]:
    """Return what a check of a host with these facts writes; two hosts are two machines."""
    if facts["machine"]["id"] is None:
        name = facts["computer_name"]
        facts = {**facts, "machine": {"id": sha256(host.encode()).hexdigest()[:32], "recorded_name": name}}
    plan = plan_of(facts, Policy.from_options({})).to_json()
    problems = [*facts["problems"], *plan["problems"]]
    result = {"changed": not plan["in_sync"], "msg": f"{host}: {plan['status']}", "problems": problems}
    return build(host, facts, plan, result, "night", collected, check_mode=True, attempted=attempted)


def away(host: str, attempted: str = NIGHT) -> dict[str, Any]:
    """Return what a check of a host that does not answer writes."""
    result = {"unreachable": True, "msg": f"{host}: nobody answers"}
    return build(host, None, None, result, "night", None, check_mode=True, attempted=attempted)


def stated(host: str, status: str, time: str = NIGHT, **plan: Any) -> dict[str, Any]:
    """Return the artifact of a host in one of the statuses, with a plan that shows nothing worse.

    Args:
        host: inventory name.
        status: of STATUSES, but `accepted`, which only report and gate give.
        time: when its facts were gathered.
        **plan: further parts of the plan.
    """
    if status == "unreachable":
        return away(host, time)
    if status == "unknown":
        return build(host, None, None, {"failed": True, "msg": f"{host} failed"}, "night", None, True, time)
    made = artifact(host, in_order(), time, time)
    in_sync = status in {"exposed", "safe", "conflict", "service_down"}
    return {
        **made,
        "status": status,
        "msg": f"{host} is {status}",
        "in_sync": in_sync,
        "plan": {**made["plan"], "status": status, "in_sync": in_sync, **plan},
    }


def in_order() -> dict[str, Any]:
    """Return facts of a host that was fixed and rebooted."""
    before = factory.facts()
    return factory.rebooted(factory.applied(before, make_plan(before, Policy.from_options({}))))


def states() -> dict[str, dict[str, Any]]:
    """Return a host in each of some states, by name."""
    before = factory.facts()
    made = {
        "conflict": factory.conflict_facts(),
        "drifted": before,
        "pending": factory.applied(before, make_plan(before, Policy.from_options({}))),
        "safe": in_order(),
    }
    return {**{host: artifact(host, facts) for host, facts in made.items()}, "away": away("away")}


def report_of(
    artifacts: dict[str, dict[str, Any]],
    earlier: dict[str, dict[str, Any]] | None = None,
    defects: dict[str, str] | None = None,
    title: str = "Night",
) -> Report:
    """Return the report of these artifacts."""
    return make_report(Sources(tuple(artifacts), artifacts, defects or {}, earlier), Rules(), NOW, title)
