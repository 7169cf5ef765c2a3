# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Artefacts of hosts in different states, for the tests of the report."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._artifact import build
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._gate import Rules
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._port_plan import plan_of
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report_view import Report, Sources, make_report
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils import factory

NOW = datetime(2026, 1, 2, 7, 0, tzinfo=timezone.utc)
NIGHT = "2026-01-02T02:00:00Z"
HOSTILE = "<script>alert(1)</script>\x1b[31m`|*_[x](http://x)\n\"'&\u202e]]>\\"
"""Markup for every format at once, a terminal's escape, a line's end, a mark that turns the direction of text."""


def artefact(host: str, facts: dict[str, Any], collected: str = NIGHT) -> dict[str, Any]:
    """What a check of a host with these facts writes."""
    plan = plan_of(facts, Policy.from_options({}))
    problems = [*facts["problems"], *plan["problems"]]
    result = {"changed": not plan["in_sync"], "msg": f"{host}: {plan['status']}", "problems": problems}
    return build(host, facts, plan, result, "night", collected, check_mode=True)


def away(host: str) -> dict[str, Any]:
    """What a check of a host that does not answer writes."""
    result = {"unreachable": True, "msg": f"{host}: nobody answers"}
    return build(host, None, None, result, "night", NIGHT, check_mode=True)


def in_order() -> dict[str, Any]:
    """Facts of a host that was fixed and rebooted."""
    before = factory.facts()
    return factory.rebooted(factory.applied(before, plan_of(before, Policy.from_options({}))))


def states() -> dict[str, dict[str, Any]]:
    """A host in each of some states, by name."""
    before = factory.facts()
    made = {
        "conflict": factory.conflict_facts(),
        "drifted": before,
        "pending": factory.applied(before, plan_of(before, Policy.from_options({}))),
        "safe": in_order(),
    }
    return {**{host: artefact(host, facts) for host, facts in made.items()}, "away": away("away")}


def report_of(
    artefacts: dict[str, dict[str, Any]],
    earlier: dict[str, dict[str, Any]] | None = None,
    defects: dict[str, str] | None = None,
    title: str = "Night",
) -> Report:
    """The report of these artefacts."""
    return make_report(Sources(tuple(artefacts), artefacts, defects or {}, earlier), Rules(), NOW, title)
