# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An error that keeps a plan from being carried out is said wherever the plan is shown, and no script is made of it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.host import Host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.order import OrderError, plan_scripts
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.plan_text import plan_text
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import Transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.diff import diff_of, summary_of
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.host_plan import Plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import plan_host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.port_plan import run_port_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.status import BLOCKING
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.plan_words import plan_words
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    DNS_PID,
    conflict_facts,
    facts,
    number,
    ranges,
    server_2019,
    service,
)

SETTLED = "nothing is written before this is settled: "
Case = tuple[dict[str, Any], dict[str, Any]]
CASES: dict[str, Case] = {
    "dynamic_port_range_refused": (facts(), {"dynamic_port_range": {"start": 49152, "count": 16384}}),
    "pool_does_not_fit": (
        server_2019(dynamic_ports={"udp4": {"start": 60000, "count": 3000}, "udp6": {"start": 60000, "count": 3000}}),
        {"socket_pool_size": 5000, "extra_ports": ["60500"]},
    ),
    "prune_refused": (facts(services={"IAS": service(start=None)}), {"prune": True}),
    "restart_refused": (
        facts(services={"RemoteAccess": service(start=4)}),
        {"restart_services": ["RemoteAccess"]},
    ),
    "unparsable_entry": (facts(settings={"reserved_ports": ranges("3343-3343", "some")}), {}),
    "window_refused": (
        conflict_facts(
            services={"DNS": service(start=4, pid=DNS_PID), "PolicyAgent": service(state=1, exit_code=10048)}
        ),
        {},
    ),
    "wrong_type": (facts(settings={"socket_pool_size": number(3000, "REG_SZ")}), {"socket_pool_size": 3000}),
}
"""By problem, a host and the policy for which the plan has it as an error."""


def planned(found: dict[str, Any], options: dict[str, Any]) -> Plan:
    return plan_host(Host(found), Policy.from_options({"profiles": [], **options}))


def test_every_such_error_has_a_case() -> None:
    assert CASES.keys() == BLOCKING


@pytest.mark.parametrize("name", CASES)
def test_it_is_said_before_what_it_keeps_from_being_done(name: str) -> None:
    found, options = CASES[name]
    plan = planned(found, options)
    assert {(error["id"], error["severity"]) for error in plan.blocking} == {(name, "error")}
    told = SETTLED + " ".join(error["message"] for error in plan.blocking).rstrip(".")
    assert told in summary_of(plan)
    assert plan_words(plan.to_json())[0] == told
    if plan.settings or plan.actions:
        assert diff_of(plan)["after"].startswith(f"# {told}\n")
    result = run_port_plan({"facts": found, "profiles": [], **options}, lambda _path: b"")
    assert told in result["msg"]


@pytest.mark.parametrize("name", CASES)
def test_no_script_is_made(name: str) -> None:
    found, options = CASES[name]
    plan = planned(found, options)
    with pytest.raises(OrderError) as refused:
        plan_scripts(found, plan, Transcript(None, {}))
    reason = str(refused.value)
    assert plan.blocking[0]["message"].rstrip(".") in reason and f"docs/problems.md about {name}" in reason
    text = plan_text(found, plan, False, reason)
    assert "What is written, and why:" not in text and "What else is due:" not in text
    assert text[-2] == f"No scripts were made: {reason}." and "do not run it" in text[-1]


@pytest.mark.parametrize(
    ("found", "options"),
    [
        (facts(), {}),
        (conflict_facts(), {}),
        (facts(settings={"reserved_ports": ranges("3343-3343", "some")}), {"repair": True}),
        (facts(services={"IAS": service(start=None)}), {}),
    ],
    ids=["in order", "in conflict", "repaired", "unknown"],
)
def test_nothing_else_is_kept_from_being_done(found: dict[str, Any], options: dict[str, Any]) -> None:
    plan = planned(found, options)
    assert plan.blocking == () and SETTLED not in summary_of(plan) + diff_of(plan)["after"]
    assert plan.settings and not any(text.startswith(SETTLED) for text in plan_words(plan.to_json()))
    assert plan_scripts(found, plan, Transcript(None, {}))
