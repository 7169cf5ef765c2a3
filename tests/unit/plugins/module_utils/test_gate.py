# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict over a run: no host hides another, and unknown never passes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._gate import IN_ORDER, ORDER, Rules, judge
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan_status import STATUSES


def artefacts(**statuses: str) -> dict[str, dict[str, object]]:
    return {host: {"status": status, "msg": f"{host} is {status}"} for host, status in statuses.items()}


@pytest.mark.parametrize(
    ("statuses", "exit_code"),
    [
        ({"a": "safe"}, 0),
        ({"a": "safe", "b": "accepted"}, 0),
        ({"a": "safe", "b": "unreachable"}, 4),
        ({"a": "unreachable"}, 4),
        ({"a": "drifted", "b": "unreachable"}, 2),
        ({"a": "pending_reboot"}, 2),
        ({"a": "exposed"}, 2),
        ({"a": "service_down"}, 2),
        ({"a": "conflict"}, 2),
        ({"a": "unknown"}, 2),
    ],
)
def test_exit_code_of_mixtures(statuses: dict[str, str], exit_code: int) -> None:
    assert judge(statuses, artefacts(**statuses)).exit_code == exit_code


def test_a_host_without_artefact_could_not_be_evaluated() -> None:
    verdict = judge(["a", "b"], artefacts(a="safe"))
    assert verdict.exit_code == 2
    assert verdict.hosts[0].host == "b"
    assert verdict.hosts[0].status == "unknown"


def test_no_host_at_all_is_not_in_order() -> None:
    verdict = judge([], {})
    assert (verdict.exit_code, verdict.worst) == (2, "unknown")


def test_an_artefact_with_an_unheard_of_status_is_unknown() -> None:
    assert judge(["a"], {"a": {"status": "fine"}}).exit_code == 2


def test_risk_above_the_limit_is_a_finding() -> None:
    artefact = {"status": "safe", "plan": {"risk": {"now": 0.0424}}}
    assert judge(["a"], {"a": artefact}, Rules(max_risk=0.05)).exit_code == 0
    verdict = judge(["a"], {"a": artefact}, Rules(max_risk=0.01))
    assert (verdict.exit_code, verdict.hosts[0].status) == (2, "exposed")
    assert "4.24%" in verdict.hosts[0].why


def test_an_unknown_risk_is_not_below_a_limit() -> None:
    assert judge(["a"], {"a": {"status": "safe", "plan": {"risk": {"now": None}}}}, Rules(max_risk=0.5)).exit_code == 2


def test_a_host_without_a_pool_has_no_risk() -> None:
    artefact = {"status": "safe", "plan": {"risk": {"now": None, "model": "no_pool"}}}
    assert judge(["a"], {"a": artefact}, Rules(max_risk=0.5)).exit_code == 0


def test_the_summary_names_the_worst_and_counts_all() -> None:
    summary = judge("ab", artefacts(a="safe", b="drifted")).as_dict()
    assert summary["worst"] == "drifted"
    assert summary["counts"]["safe"] == summary["counts"]["drifted"] == 1
    assert summary["reason"] == "1 drifted, 1 safe: b (drifted)"


def test_a_network_that_is_away_does_not_hide_a_conflict() -> None:
    away = {f"away{number:02}": "unreachable" for number in range(25)}
    verdict = judge([*away, "z", "a"], artefacts(**away, z="conflict", a="safe"))
    assert verdict.hosts[0].host == "z"
    assert verdict.reason.startswith("1 conflict, 25 unreachable, 1 safe: z (conflict), away00 (unreachable), ")
    assert (verdict.exit_code, verdict.worst) == (2, "unreachable")


def test_hosts_are_named_by_what_was_found_then_by_what_was_not_looked_at() -> None:
    assert sorted(ORDER) == sorted(STATUSES)
    codes = [judge("a", artefacts(a=status)).exit_code for status in ORDER]
    assert codes == [2, 2, 2, 2, 2, 2, 4, 0, 0]


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.sampled_from(STATUSES), min_size=1))
def test_zero_only_if_every_host_is_in_order(statuses: dict[str, str]) -> None:
    assert (judge(statuses, artefacts(**statuses)).exit_code == 0) == (set(statuses.values()) <= IN_ORDER)
