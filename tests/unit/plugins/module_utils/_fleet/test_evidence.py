# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of several artifacts the right one is used, as long as it is valid, and copies of one machine are found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.evidence import (
    Expiry,
    chosen,
    divided_groups,
    twins,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.gate import Rules, host_verdict, severity
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.times import time_text
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.status import STATUSES
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils import factory
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import (
    NOW,
    artifact,
    away,
    in_order,
    stated,
)

EXPIRY = Expiry(NOW, timedelta(hours=36), timedelta(days=35), timedelta(hours=1))
STATED = [status for status in STATUSES if status != "accepted"]
ID = "00112233445566778899aabbccddeeff"


def at(hours: float) -> str:
    """Return a time so many hours before the judgement."""
    return time_text(NOW - timedelta(hours=hours))


def judged(*artifacts: dict[str, Any]) -> str:
    """Return the status that the host gets by these artifacts."""
    found, _why = chosen("a", artifacts, Rules(), EXPIRY)
    return host_verdict("a", found, Rules()).status


def test_a_later_artifact_replaces_an_earlier_one_only_beyond_doubt() -> None:
    conflict = stated("a", "conflict", at(3))
    assert judged(conflict, stated("a", "safe", at(1))) == "safe"
    assert judged(conflict, stated("a", "safe", at(2.5))) == "conflict"
    assert judged(stated("a", "safe", at(2.5)), conflict) == "conflict"
    assert judged(stated("a", "safe", at(3)), away("a", at(2.5))) == "unreachable"


def test_a_host_that_was_not_reached_lately_is_not_in_order_by_an_old_look() -> None:
    assert judged(stated("a", "safe", at(20)), away("a", at(1))) == "unreachable"
    assert judged(away("a", at(20)), stated("a", "safe", at(1))) == "safe"


@pytest.mark.parametrize(
    ("hours", "status"), [(-0.5, "unknown"), (-0.2, "safe"), (0, "safe"), (35.9, "safe"), (36.1, "unknown")]
)
def test_evidence_expires(hours: float, status: str) -> None:
    assert judged(stated("a", "safe", at(hours))) == status


@pytest.mark.parametrize(("days", "status"), [(34.9, "safe"), (35.1, "unknown"), (-0.1, "unknown")])
def test_carried_evidence_expires_later(days: float, status: str) -> None:
    assert judged(artifact("a", in_order(), at(days * 24), attempted=None)) == status


def test_an_artifact_from_the_future_takes_nothing_away() -> None:
    forged = stated("a", "safe", "2099-01-01T00:00:00Z")
    _found, reason = chosen("a", [stated("a", "conflict", at(1)), forged], Rules(), EXPIRY)
    assert "future" in str(reason)
    assert judged(stated("a", "safe", at(1)), forged) == "unknown"


@pytest.mark.parametrize("time", [None, "", "yesterday", "2026-01-02T02:00:00+01:00"])
def test_an_artifact_without_a_time_proves_nothing(time: str | None) -> None:
    assert judged({**stated("a", "safe", at(1)), "collected": time, "attempted": time}) == "unknown"
    assert judged({**artifact("a", in_order(), attempted=None), "collected": time}) == "unknown"


@pytest.mark.parametrize("time", [None, "", "yesterday"])
def test_the_end_of_an_attempt_does_not_date_the_facts_of_a_host_in_order(time: str | None) -> None:
    """The attempt may end an hour later, behind a reboot. Of a run that failed it says enough."""
    assert judged({**stated("a", "safe", at(1)), "collected": time}) == "unknown"
    assert judged({**stated("a", "conflict", at(1)), "outcome": "failed", "collected": None}) == "conflict"


PIECES = st.tuples(st.sampled_from(STATED), st.floats(0, 30))


@given(st.lists(PIECES, min_size=1, max_size=4), PIECES)
def test_an_artifact_that_is_not_later_beyond_doubt_never_makes_it_better(
    there: list[tuple[str, float]], added: tuple[str, float]
) -> None:
    before = [stated("a", status, at(hours)) for status, hours in there]
    newest = min(hours for _status, hours in there)
    more = stated("a", added[0], at(max(added[1], newest)))
    assert severity(judged(*before, more)) >= severity(judged(*before))


def facts_with(machine: str | None, name: str | None = "SBS01", **more: Any) -> dict[str, Any]:
    """Return facts of a host with this machine id."""
    recorded = {"id": machine, "recorded_name": name if machine else None}
    return {**in_order(), "computer_name": name, "machine": recorded, **more}


def plain(host: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the artifact with the facts as they are."""
    return {**artifact(host, facts), "facts": facts}


def test_one_machine_under_two_names_is_unknown_for_both() -> None:
    found = twins({host: plain(host, facts_with(ID)) for host in "ab"})
    assert set(found) == {"a", "b"}
    assert "same machine as b" in found["a"]
    assert twins({host: plain(host, facts_with(ID)) for host in "ab"}, [["a", "b"]]) == {}
    three = {host: plain(host, facts_with(ID)) for host in "abc"}
    assert set(twins(three, [["a", "b"]])) == {"a", "b", "c"}, "c is not declared"


def test_a_copied_disk_is_two_machines() -> None:
    assert twins({"a": plain("a", facts_with(ID, "ONE")), "b": plain("b", facts_with(ID, "TWO"))}) == {}
    nameless = {"a": plain("a", facts_with(ID, "ONE")), "b": plain("b", facts_with(ID, None))}
    assert set(twins(nameless)) == {"a", "b"}, "who has no name may be the other one"


@pytest.mark.parametrize("ids", [(None, None), (None, ID)])
def test_hosts_without_an_id_are_compared_by_name_boot_and_processes(ids: tuple[str | None, str | None]) -> None:
    same = {host: plain(host, facts_with(machine)) for host, machine in zip("ab", ids, strict=True)}
    assert set(twins(same)) == {"a", "b"}
    for other in ({"computer_name": "SBS02"}, {"boot_mark": "0"}, {"dns": {**in_order()["dns"], "pid": 7}}):
        assert twins({**same, "b": plain("b", {**facts_with(ids[1]), **other})}) == {}
    assert twins({**same, "b": plain("b", facts_with(ID[::-1])), "a": plain("a", facts_with(ID))}) == {}


def member(host: str, controller: str, hours: float, group: str = "client01") -> dict[str, Any]:
    """Return the artifact of a host that a run on this controller has changed, so many hours ago."""
    named = {"name": group, "controller": controller * 32}
    return {**stated(host, "safe", at(hours)), "attempted": at(hours), "changed": True, "restart_group": named}


def divided(*members: dict[str, Any]) -> set[str]:
    """Return the hosts that were not kept apart, with runs at least an hour apart told apart."""
    return set(divided_groups({entry["host"]: entry for entry in members}, timedelta(hours=1)))


def test_a_restart_group_on_two_controllers_at_a_time_is_unknown_for_its_hosts() -> None:
    one, other = member("dc1", "a", 2), member("dc2", "b", 1.5)
    assert divided(one, other) == {"dc1", "dc2"}
    reason = divided_groups({"dc1": one, "dc2": other}, timedelta(hours=1))["dc1"]
    assert "client01" in reason and "dc2" in reason and "one controller" in reason
    assert divided(one, member("dc2", "a", 1.5)) == set(), "the lock of one controller keeps them apart"
    assert divided(one, member("dc2", "b", 1.5, "client02")) == set()
    assert divided(one, member("dc2", "b", 0.5)) == set(), "one after the other"
    assert divided(one, stated("dc2", "safe", at(2))) == set(), "a check restarts nothing"
    assert divided(one, {**other, "changed": False}) == set(), "there was nothing to do"
    assert divided(one, {**other, "changed": False, "outcome": "failed"}) == {"dc1", "dc2"}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 12)), max_size=12))
def test_every_host_near_one_of_another_controller_is_found(runs: list[tuple[str, int]]) -> None:
    members = [member(f"dc{number}", controller, hours / 2) for number, (controller, hours) in enumerate(runs)]
    near = {
        f"dc{number}"
        for number, (controller, hours) in enumerate(runs)
        if any(other != controller and abs(hours - others) <= 2 for other, others in runs)
    }
    assert divided(*members) == near


def test_hosts_that_could_not_be_read_are_no_twins() -> None:
    assert twins({"a": away("a"), "b": away("b")}) == {}
    unread = factory.facts(computer_name=None, boot_mark=None)
    assert twins({host: plain(host, unread) for host in "ab"}) == {}
