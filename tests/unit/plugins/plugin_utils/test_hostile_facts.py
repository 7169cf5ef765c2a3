# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts and artifacts with one impossible value are planned, judged, or refused with a clear message."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.accepted_risks import parse_accepted
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.artifact import build
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.gate import Rules, judge
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.port_plan import PortPlanError, plan_of
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.hostile import HOST, places, replaced

CAPTURES = Path(__file__).parents[2] / "captures"
POLICY = Policy.from_options({"repair": True})
FACTS = parse_transcript((CAPTURES / "transcript-sbs2003.txt").read_bytes())
NIGHT = "2026-11-23T01:00:00Z"
ARTIFACT = build(HOST, FACTS, make_plan(FACTS, POLICY), {"msg": "a port is taken"}, "night", NIGHT, True, NIGHT)
RULES = Rules(
    0.5,
    parse_accepted([{"host": HOST, "ports": ["4500"], "reason": "known", "expires": "2030-01-01"}]),
    datetime.date(2026, 11, 23),
)
WRONG: tuple[Any, ...] = (-1, 0, 2**32, 10**400, float("inf"), float("nan"), True, None, "x", "", [], {}, [["a"]], [{}])


@settings(max_examples=400)
@given(at=st.sampled_from(list(places(FACTS))), value=st.sampled_from(WRONG))
def test_facts_with_one_wrong_value_are_planned_or_refused(at: tuple[Any, ...], value: Any) -> None:
    try:
        plan_of(replaced(FACTS, at, value), POLICY).to_json()
    except PortPlanError:
        return


@settings(max_examples=300)
@given(at=st.sampled_from(list(places(ARTIFACT))), value=st.sampled_from(WRONG))
def test_an_artifact_with_one_wrong_value_is_judged(at: tuple[Any, ...], value: Any) -> None:
    artifact = replaced(ARTIFACT, at, value)
    if isinstance(artifact, dict):
        assert judge([HOST], {HOST: artifact}, RULES).exit_code == 2


def test_the_artifact_is_one_as_it_is() -> None:
    assert judge([HOST], {HOST: ARTIFACT}, RULES).hosts[0].status == "conflict"


@pytest.mark.parametrize("name", ["pool_range", "mechanism", "needs", "risk", "status"])
@pytest.mark.parametrize("value", WRONG, ids=range(len(WRONG)))
def test_every_part_of_a_plan_that_is_judged(name: str, value: Any) -> None:
    assert judge([HOST], {HOST: replaced(ARTIFACT, ("plan", name), value)}, RULES).exit_code == 2
