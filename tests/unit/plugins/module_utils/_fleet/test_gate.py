# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In the verdict on a run no host hides another, and unknown never passes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.gate import (
    IN_ORDER,
    ORDER,
    Rules,
    Scope,
    judge,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.status import STATUSES
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import artifact, in_order, stated

STATED = [status for status in STATUSES if status != "accepted"]
"""What an artifact can say of itself."""


def artifacts(**statuses: str) -> dict[str, dict[str, object]]:
    return {host: stated(host, status) for host, status in statuses.items()}


def at_risk(**risk: object) -> dict[str, object]:
    made = stated("a", "safe")
    return {**made, "plan": {**made["plan"], "risk": {**made["plan"]["risk"], **risk}}}


@pytest.mark.parametrize(
    ("statuses", "exit_code"),
    [
        ({"a": "safe"}, 0),
        ({"a": "safe", "b": "unreachable"}, 4),
        ({"a": "unreachable"}, 4),
        ({"a": "drifted", "b": "unreachable"}, 2),
        ({"a": "pending_reboot"}, 2),
        ({"a": "pending_restart"}, 2),
        ({"a": "exposed"}, 2),
        ({"a": "service_down"}, 2),
        ({"a": "conflict"}, 2),
        ({"a": "unknown"}, 2),
    ],
)
def test_exit_code_of_mixtures(statuses: dict[str, str], exit_code: int) -> None:
    assert judge(statuses, artifacts(**statuses)).exit_code == exit_code


def test_a_host_without_artifact_could_not_be_evaluated() -> None:
    verdict = judge(["a", "b"], artifacts(a="safe"))
    assert verdict.exit_code == 2
    assert verdict.hosts[0].host == "b"
    assert verdict.hosts[0].status == "unknown"


def test_no_host_at_all_is_not_in_order() -> None:
    verdict = judge([], {})
    assert (verdict.exit_code, verdict.worst) == (2, "unknown")


def test_an_artifact_with_an_unheard_of_status_is_unknown() -> None:
    assert judge(["a"], {"a": {"status": "fine"}}).exit_code == 2


def test_risk_above_the_limit_is_a_finding() -> None:
    artifact = at_risk(now=0.0424)
    assert judge(["a"], {"a": artifact}, Rules(max_risk=0.05)).exit_code == 0
    verdict = judge(["a"], {"a": artifact}, Rules(max_risk=0.01))
    assert (verdict.exit_code, verdict.hosts[0].status) == (2, "exposed")
    assert "4.24%" in verdict.hosts[0].reason


def test_an_unknown_risk_is_not_below_a_limit() -> None:
    assert judge(["a"], {"a": at_risk(now=None, model="uniform")}, Rules(max_risk=0.5)).exit_code == 2


def test_a_host_without_a_pool_has_no_risk() -> None:
    assert judge(["a"], {"a": at_risk(now=None, model="no_pool")}, Rules(max_risk=0.5)).exit_code == 0


def test_the_summary_names_the_worst_and_counts_all() -> None:
    summary = judge("ab", artifacts(a="safe", b="drifted")).as_dict()
    assert summary["worst"] == "drifted"
    assert summary["counts"]["safe"] == summary["counts"]["drifted"] == 1
    assert summary["reason"] == "1 drifted, 1 safe: b (drifted)"


def test_a_network_that_is_away_does_not_hide_a_conflict() -> None:
    away = {f"away{number:02}": "unreachable" for number in range(25)}
    verdict = judge([*away, "z", "a"], artifacts(**away, z="conflict", a="safe"))
    assert verdict.hosts[0].host == "z"
    assert verdict.reason.startswith("1 conflict, 25 unreachable, 1 safe: z (conflict), away00 (unreachable), ")
    assert (verdict.exit_code, verdict.worst) == (2, "unreachable")


def test_hosts_are_named_by_what_was_found_then_by_what_was_not_looked_at() -> None:
    assert sorted(ORDER) == sorted(STATUSES)
    codes = {status: judge("a", artifacts(a=status)).exit_code for status in ORDER if status != "accepted"}
    assert {status for status, code in codes.items() if code != 2} == {"unreachable", "safe"}
    assert (codes["unreachable"], codes["safe"]) == (4, 0)


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.sampled_from(STATED), min_size=1))
def test_zero_only_if_every_host_is_in_order(statuses: dict[str, str]) -> None:
    assert (judge(statuses, artifacts(**statuses)).exit_code == 0) == (set(statuses.values()) <= IN_ORDER)


def test_a_verdict_over_some_of_the_hosts_says_so() -> None:
    verdict = judge("ab", artifacts(a="safe", b="safe"), scope=Scope(limited=(2, 5)))
    assert (verdict.exit_code, verdict.reason) == (0, "all 2 hosts are in order (limited to 2 of 5 hosts)")
    assert verdict.as_dict()["limited"] == {"hosts": 2, "of": 5}


def test_a_call_that_checked_no_host_is_a_finding_whatever_others_found() -> None:
    verdict = judge("a", artifacts(a="safe"), scope=Scope(note="no host was checked"))
    assert (verdict.exit_code, verdict.reason) == (2, "no host was checked; all 1 hosts are in order")


ERROR = {"id": "sockets_unreadable", "severity": "error", "message": "x", "data": {}}
CONTRADICTIONS = {
    "accepted, which only the gate gives": {"status": "accepted"},
    "no plan": {"plan": None},
    "another status than the plan's": {"status": "exposed"},
    "a failed run": {"outcome": "failed"},
    "not reached": {"outcome": "unreachable"},
    "an error among the problems": {"problems": [ERROR]},
    "no facts": {"facts": None},
    "not in sync": {"in plan": {"in_sync": False}},
    "a conflict in the plan": {"in plan": {"live_conflicts": [{}]}},
    "something to write": {"in plan": {"settings": [{}]}},
    "an error in the plan": {"in plan": {"problems": [ERROR]}},
    "exclusions that a window adds": {"in plan": {"actions": [{"action": "dns_window", "deferred_exclusions": [{}]}]}},
    "a reboot that is due": {"in plan": {"reboot_required": True}},
    "a restart that is due": {"in plan": {"dns_restart_required": True}},
    "a plan without its parts": {"plan": {"status": "safe"}},
    "no outcome": {"outcome": None},
}


@pytest.mark.parametrize("said", CONTRADICTIONS)
def test_an_artifact_is_not_believed_against_its_own_contents(said: str) -> None:
    made = artifact("a", in_order())
    assert judge("a", {"a": made}).exit_code == 0
    change = dict(CONTRADICTIONS[said])
    plan = change.pop("in plan", None)
    changed = {**made, **change, **({"plan": {**made["plan"], **plan}} if plan else {})}
    verdict = judge("a", {"a": changed})
    assert (verdict.exit_code, verdict.hosts[0].status) == (2, "unknown")
    assert verdict.hosts[0].reason


def test_a_host_that_failed_cannot_have_an_accepted_risk() -> None:
    made = stated("a", "exposed")
    assert judge("a", {"a": {**made, "outcome": "failed"}}).hosts[0].status == "unknown"
