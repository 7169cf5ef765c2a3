# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report and gate use the right hosts and artifacts; nothing added, lost or damaged improves a verdict."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.artifact import file_name
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.gate import Verdict, severity
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.times import time_text
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.status import STATUSES
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.report import verdict_of
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._files import RUN_ID
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._fleet.artifacts import FLEET_SPEC, judged
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils import factory
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import artifact, in_order, stated

STATED = [status for status in STATUSES if status != "accepted"]
CODES = {0: 0, 4: 1, 2: 2}
"""How bad an exit code is."""


def ago(hours: float) -> str:
    return time_text(datetime.now(timezone.utc) - timedelta(hours=hours))


def put(folder: Path, *artifacts: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for found in artifacts:
        (folder / file_name(found["host"])).write_text(json.dumps(found), encoding="utf-8")
    return folder


def own(host: str, status: str = "safe", **changes: Any) -> dict[str, Any]:
    """Return what this call has found on the host."""
    return {**stated(host, status, ago(0)), "call": RUN_ID, **changes}


def gate(
    folder: Path, play: str = "a", known: str = "", variables: dict[str, Any] | None = None, **options: Any
) -> Verdict:
    """Return the verdict over a play of hosts with names of one letter.

    Args:
        folder: with the folder `own` of the run `night`.
        play: its hosts.
        known: further hosts of the inventory, which a limit leaves out.
        variables: by host.
        **options: of the gate.
    """
    given_ = {name: row.get("default") for name, row in FLEET_SPEC.items()}
    given_ |= {"artifacts_dir": [str(folder / "own")], "run_id": "night", "this_call": True, "hosts": [*play, *known]}
    told = {
        "ansible_play_hosts_all": ["localhost", *play],
        "groups": {"all": [*play, *known]},
        "hostvars": variables or {},
    }
    found = judged({**given_, **options}, told)
    return verdict_of(found.sources, found.rules)


def statuses(verdict: Verdict) -> dict[str, str]:
    return {entry.host: entry.status for entry in verdict.hosts}


OTHERS = st.lists(st.tuples(st.sampled_from(STATED), st.floats(-2, 900), st.booleans()), max_size=3)


@given(st.sampled_from([*STATED, None]), OTHERS)
def test_no_artifact_of_another_folder_makes_a_host_of_the_play_better(
    status: str | None, others: list[tuple[str, float, bool]]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        put(folder / "own/night", *([own("a", status)] if status else []))
        before = gate(folder)
        more = []
        for number, (other, hours, forged) in enumerate(others):
            call = {"call": RUN_ID} if forged else {}
            more.append(str(put(folder / f"more{number}", {**stated("a", other, ago(hours)), **call})))
        after = gate(folder, more_artifacts_dirs=more)
        assert statuses(after) == statuses(before)
        assert CODES[after.exit_code] == CODES[before.exit_code]


def damages(content: dict[str, Any]) -> Iterator[bytes | None]:
    """Yield the file gone, cut, and without or with garbage in each of its fields, one at a time."""
    whole = json.dumps(content).encode()
    yield None
    yield from (whole[: len(whole) * part // 8] for part in range(8))
    for junk in (None, "", "x", 0, -1, [], {}, True):
        for key in content:
            yield json.dumps({**content, key: junk}).encode()
            yield json.dumps({name: value for name, value in content.items() if name != key}).encode()
        for part in ("plan", "facts"):
            for key in content[part] or ():
                yield json.dumps({**content, part: {**content[part], key: junk}}).encode()


@pytest.mark.no_cover
@pytest.mark.parametrize("status", STATED)
@pytest.mark.parametrize("place", ["own/night", "more"])
def test_no_loss_and_no_damage_makes_it_better(tmp_path: Path, status: str, place: str) -> None:
    """In this call, and among what others have left."""
    made = own("a", status)
    options = {} if place == "own/night" else {"this_call": False, "more_artifacts_dirs": [str(tmp_path / "more")]}
    path = put(tmp_path / place, made) / "a.json"
    before = gate(tmp_path, **options)
    assert statuses(before) == {"a": status}
    count = 0
    for content in damages(made):
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        after = gate(tmp_path, **options)
        assert CODES[after.exit_code] >= CODES[before.exit_code], content
        count += 1
    assert count > 100


def test_who_was_not_checked_is_unknown_whatever_others_say(tmp_path: Path) -> None:
    put(tmp_path / "own/night", stated("a", "safe", ago(1)))
    more = put(tmp_path / "more", stated("a", "safe", ago(0)))
    assert statuses(gate(tmp_path, more_artifacts_dirs=[str(more)])) == {"a": "unknown"}


def test_a_call_that_checked_no_host_is_a_finding(tmp_path: Path) -> None:
    more = put(tmp_path / "more", stated("x", "safe", ago(1)))
    options = {"more_artifacts_dirs": [str(more)]}
    for verdict in (gate(tmp_path, ""), gate(tmp_path, "", **options), gate(tmp_path, "", known="a", **options)):
        assert (verdict.exit_code, "no host was checked" in verdict.reason) == (2, True)


def test_a_limit_leaves_hosts_out_and_says_so(tmp_path: Path) -> None:
    put(tmp_path / "own/night", own("a"), stated("b", "conflict", ago(5)))
    verdict = gate(tmp_path, "a", "bc", expected_hosts=["a", "b"])
    assert (statuses(verdict), verdict.exit_code) == ({"a": "safe"}, 0)
    assert verdict.reason.endswith("(limited to 1 of 3 hosts)")


def test_a_name_that_the_inventory_does_not_know_is_missing(tmp_path: Path) -> None:
    put(tmp_path / "own/night", own("a"))
    assert statuses(gate(tmp_path, expected_hosts=["a", "gone"])) == {"a": "safe", "gone": "unknown"}
    more = put(tmp_path / "more", stated("gone", "safe", ago(1)))
    assert gate(tmp_path, expected_hosts=["gone"], more_artifacts_dirs=[str(more)]).exit_code == 0


def test_an_old_artifact_in_the_folder_of_a_name_that_is_used_again(tmp_path: Path) -> None:
    put(tmp_path / "own/night", own("a"), stated("x", "safe", "2025-01-01T00:00:00Z"))
    assert statuses(gate(tmp_path, expected_hosts=["x"])) == {"a": "safe", "x": "unknown"}


def test_a_folder_that_was_copied_by_halves_is_noticed(tmp_path: Path) -> None:
    put(tmp_path / "own/night", own("a"))
    more = put(tmp_path / "more", stated("x", "safe", ago(1)))
    summary = {**gate(tmp_path, "ay").as_dict(), "created": ago(1)}
    (more / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    options = {"more_artifacts_dirs": [str(more)]}
    assert statuses(gate(tmp_path, **options)) == {"a": "safe", "x": "safe", "y": "unknown"}
    (more / "summary.json").write_text(json.dumps({**summary, "created": ago(40)}), encoding="utf-8")
    assert statuses(gate(tmp_path, **options)) == {"a": "safe", "x": "safe"}, "an old verdict expects nobody"
    for broken in ("{", json.dumps({**summary, "hosts": [{"host": "y"}]}), json.dumps({**summary, "created": ago(-1)})):
        (more / "summary.json").write_text(broken, encoding="utf-8")
        with pytest.raises(AnsibleActionFail, match="summary"):
            gate(tmp_path, **options)


def test_one_machine_under_two_names(tmp_path: Path) -> None:
    facts = artifact("a", in_order(), ago(0))["facts"]
    twins = [{**own(host), "facts": facts, "machine_id": facts["machine"]["id"]} for host in "ab"]
    put(tmp_path / "own/night", *twins)
    assert statuses(gate(tmp_path, "ab")) == {"a": "unknown", "b": "unknown"}
    assert gate(tmp_path, "ab", same_machine=[["a", "b"]]).exit_code == 0


def exposed(host: str) -> dict[str, Any]:
    """Return a host on which nothing is reserved, and nothing to do."""
    return {**own(host, "exposed"), "facts": artifact(host, factory.facts(), ago(0))["facts"]}


def accepted(host: str) -> dict[str, Any]:
    return {"host": host, "ports": ["1-65535"], "reason": "replaced soon", "expires": "2999-12-31"}


def test_each_host_s_own_folder_run_and_risks(tmp_path: Path) -> None:
    put(tmp_path / "one/x", own("a"))
    put(tmp_path / "two/y", own("b"))
    put(tmp_path / "one/x", own("b", "conflict"))
    own_variables = {
        "a": {"reserve_ports_artifacts_dir": str(tmp_path / "one"), "reserve_ports_run_id": "x"},
        "b": {"reserve_ports_artifacts_dir": str(tmp_path / "two"), "reserve_ports_run_id": "y"},
    }
    found = gate(tmp_path, "ab", variables=own_variables, variables_prefix="reserve_ports_")
    assert statuses(found) == {"a": "safe", "b": "safe"}, "another client's folder says nothing"
    assert statuses(gate(tmp_path, "ab", variables=own_variables)) == {"a": "unknown", "b": "unknown"}


def test_a_host_accepts_no_risk_for_another_one(tmp_path: Path) -> None:
    put(tmp_path / "own/night", exposed("a"), exposed("b"))
    own_variables = {"a": {"x_accepted_risks": [accepted("a"), accepted("b")]}, "b": {"x_accepted_risks": []}}
    options = {"variables": own_variables, "variables_prefix": "x_", "accepted_risks": [accepted("b")]}
    found = statuses(gate(tmp_path, "ab", **options))
    assert found == {"a": "accepted", "b": "exposed"}
    own_variables["a"]["x_accepted_risks"] = [{**accepted("a"), "expires": "2026-02-30"}]
    with pytest.raises(AnsibleActionFail, match=r"a: accepted_risks\[0\]"):
        gate(tmp_path, "ab", **options)


@pytest.mark.parametrize(
    ("own_variables", "reason"),
    [
        ({"x_artifacts_dir": "/x", "ansible_facts": {"x_artifacts_dir": "/x"}}, "must not set its own policy"),
        ({"x_artifacts_dir": ["/x"]}, "no path"),
        ({"x_artifacts_dir": "{{ nowhere }}"}, "no path"),
        ({"x_run_id": "../elsewhere"}, "must not hold a path"),
    ],
)
def test_variables_that_cannot_be_used_make_the_host_unknown(tmp_path: Path, own_variables, reason) -> None:
    put(tmp_path / "own/night", own("a"), own("b"))
    found = gate(tmp_path, "ab", variables={"a": own_variables}, variables_prefix="x_")
    assert statuses(found) == {"a": "unknown", "b": "safe"}
    assert reason in found.hosts[0].reason


@pytest.mark.parametrize("option", ["max_age", "carried_max_age", "clock_tolerance"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), 1e12])
def test_a_span_that_is_none_is_refused(tmp_path: Path, option: str, value: float) -> None:
    with pytest.raises(AnsibleActionFail, match=option):
        gate(tmp_path, **{option: value})


def test_severity_orders_the_codes() -> None:
    assert [severity(status) for status in ("safe", "unreachable", "conflict", "unknown")] == [0, 1, 2, 2]
