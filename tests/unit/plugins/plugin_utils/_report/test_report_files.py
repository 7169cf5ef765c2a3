# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders merge, files are private, and the report is written once per play."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleError

from ansible_collections.portkeeper.windows_dns.plugins.action import fleet_gate, fleet_report
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.artifact import file_name
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._files import RUN_ID
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils import factory
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import (
    HOSTILE,
    artifact,
    away,
    in_order,
)

AGE_MAX = 3650 * 24
"""Ten years in hours."""


def put(folder: Path, *artifacts: dict) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for found in artifacts:
        (folder / file_name(found["host"])).write_text(json.dumps(found), encoding="utf-8")
    return folder


def acted(action, folder: Path, shown: list[str], host: str, hosts: tuple[str, ...], **options) -> dict:
    """Run report or gate on one of the hosts of a play."""
    # The artifacts of these tests are of a night long ago.
    ages = {"max_age": AGE_MAX, "carried_max_age": 3650}
    arguments = {"artifacts_dir": [str(folder / "artifacts")], "run_id": "night", **ages, **options}
    task = SimpleNamespace(
        args=arguments,
        async_val=0,
        check_mode=False,
        diff=False,
        no_log=False,
        run_once=False,
        _role=None,
        action="x",
    )
    made = action.ActionModule(task, SimpleNamespace(_shell=SimpleNamespace(tmpdir="/nowhere")), None, None, None, None)
    made._display = SimpleNamespace(display=shown.append)
    variables = {"inventory_hostname": host, "ansible_play_hosts": list(hosts), "ansible_play_hosts_all": hosts}
    return {**made.run(task_vars=variables), "shown": "".join(shown)}


@pytest.fixture
def report(tmp_path: Path):
    """Run the report on one of three hosts of a play."""
    shown: list[str] = []
    return lambda host="c", hosts=("a", "b", "c"), **options: acted(
        fleet_report, tmp_path, shown, host, hosts, **options
    )


def hosts_of(result: dict) -> dict[str, str]:
    content = json.loads(Path(result["files"]["json"]).read_text(encoding="utf-8"))
    return {entry["host"]: entry["status"] for entry in content["hosts"]}


def test_only_the_last_host_that_is_still_in_the_play_acts(tmp_path: Path, report) -> None:
    put(tmp_path / "artifacts/night", artifact("a", in_order()), away("b"))
    assert not report("a")["acted"]
    assert list(tmp_path.glob("artifacts/night/report.*")) == []
    last = report("c")
    assert last["acted"] and "changed" in last and not last["changed"]
    assert hosts_of(last) == {"a": "safe", "b": "unreachable", "c": "unknown"}
    assert "c" in last["shown"] and "unreachable" in last["shown"]


def test_files_are_private_and_none_is_taken_for_an_artifact(tmp_path: Path, report) -> None:
    put(tmp_path / "artifacts/night", artifact("report", in_order()), artifact("summary", in_order()))
    first = report(expected_hosts=["c"])
    (tmp_path / "artifacts/night/summary.json").write_text("{}", encoding="utf-8")
    again = hosts_of(report(expected_hosts=["c"]))
    assert again == hosts_of(first) == {"c": "unknown", "report": "safe", "summary": "safe"}
    assert len(first["files"]) == len(set(first["files"].values())) >= 5
    assert {stat.S_IMODE(Path(path).stat().st_mode) for path in first["files"].values()} == {0o600}


def test_the_file_for_node_exporter_is_where_and_as_it_is_asked_for(tmp_path: Path, report) -> None:
    put(tmp_path / "artifacts/night", artifact("a", in_order()))
    place = tmp_path / "collector/x.prom"
    found = report(formats=["prometheus"], prometheus_file=str(place), prometheus_mode="0644", show=False)
    assert found["files"] == {"prometheus": str(place)}
    assert stat.S_IMODE(place.stat().st_mode) == 0o644
    assert found["shown"] == ""


def test_a_host_that_is_not_in_the_play_any_more_is_not_judged_by_what_lies_there(tmp_path: Path, report) -> None:
    put(tmp_path / "artifacts/night", artifact("a", in_order()), artifact("excluded", factory.conflict_facts()))
    assert hosts_of(report("a", ("a",))) == {"a": "safe"}


@pytest.mark.parametrize("expected", [None, [], ["a"]])
def test_a_host_whose_check_did_not_begin_is_not_judged_by_an_earlier_call(tmp_path: Path, report, expected) -> None:
    now = {**artifact("a", in_order()), "call": RUN_ID}
    put(tmp_path / "artifacts/night", now, artifact("b", in_order()), artifact("slice", in_order()))
    options = {"this_call": True, **({} if expected is None else {"expected_hosts": expected})}
    found = hosts_of(report("b", ("a", "b"), **options))
    assert {host: found[host] for host in "ab"} == {"a": "safe", "b": "unknown"}
    assert found.get("slice") == (None if expected is None else "safe"), "who is not in the play was checked elsewhere"
    assert hosts_of(report("b", ("a", "b")))["b"] == "safe", "report and gate alone judge what others have checked"


@pytest.mark.parametrize("expected", [None, [], ["a", "x"]])
@pytest.mark.parametrize("more", [False, True])
def test_the_gate_judges_whom_the_report_shows(tmp_path: Path, report, expected, more) -> None:
    put(tmp_path / "artifacts/night", artifact("a", in_order()), artifact("excluded", factory.facts()))
    (tmp_path / "artifacts/night/cut.json").write_text("{", encoding="utf-8")
    other = put(tmp_path / "other", artifact("offline", factory.conflict_facts()), away("gone"))
    options = {} if expected is None else {"expected_hosts": expected}
    options["more_artifacts_dirs"] = [str(other)] if more else []
    shown = hosts_of(report("a", ("a",), **options))
    assert ("offline" in shown, "excluded" in shown) == (more, expected is not None)
    judged = acted(fleet_gate, tmp_path, [], "a", ("a",), **options)
    assert {entry["host"]: entry["status"] for entry in judged["summary"]["hosts"]} == shown
    assert judged.get("failed", False) == (set(shown.values()) != {"safe"})
    written = json.loads((tmp_path / "artifacts/night/summary.json").read_text())
    assert judged["file"] == str(tmp_path / "artifacts/night/summary.json")
    assert written.pop("reason") == judged["msg"], "the sentence is said once"
    assert judged["summary"] == {**written, "hosts_left_out": 0}


def test_the_gate_shows_the_hundred_worst_of_a_large_fleet_and_writes_all(tmp_path: Path) -> None:
    put(tmp_path / "artifacts/night", artifact("a", in_order()), *(away(f"gone{number}") for number in range(120)))
    judged = acted(fleet_gate, tmp_path, [], "a", ("a",), expected_hosts=["a"])
    assert [row["status"] for row in judged["summary"]["hosts"]] == ["unreachable"] * 100
    assert judged["summary"]["hosts_left_out"] == 21
    assert judged["summary"]["counts"]["unreachable"] == 120
    assert len(json.loads(Path(judged["file"]).read_text(encoding="utf-8"))["hosts"]) == 121


@pytest.mark.parametrize("mode", ["rw-r--r--", "8", "07777", "", "-1"])
def test_a_mode_that_is_none_is_refused(report, mode: str) -> None:
    with pytest.raises(AnsibleError, match="prometheus_mode"):
        report(prometheus_mode=mode)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_folders_merge_and_the_newest_artifact_counts(tmp_path: Path, report, order) -> None:
    put(tmp_path / "artifacts/night", away("b"))
    old = put(tmp_path / "one", artifact("a", factory.conflict_facts(), "2026-01-01T00:00:00Z"))
    new = put(tmp_path / "two", artifact("a", in_order(), "2026-01-02T00:00:00Z"), artifact(HOSTILE, in_order()))
    folders = [str((old, new)[place]) for place in order]
    found = report(more_artifacts_dirs=folders, expected_hosts=[])
    assert hosts_of(found) == {"a": "safe", "b": "unreachable", HOSTILE: "safe"}


def test_a_broken_artifact_hides_no_host_and_is_not_replaced_by_an_older_one(tmp_path: Path, report) -> None:
    folder = put(tmp_path / "artifacts/night", artifact("a", in_order()), artifact("b", in_order()))
    (folder / "b.json").write_text("{", encoding="utf-8")
    (folder / "x.json").write_text(json.dumps(artifact("y", in_order())), encoding="utf-8")
    older = put(tmp_path / "older", artifact("b", in_order()))
    found = hosts_of(report(more_artifacts_dirs=[str(older)], expected_hosts=[]))
    assert found == {"a": "safe", "b": "unknown", "x": "unknown"}


def test_a_folder_that_was_named_must_be_there(report) -> None:
    with pytest.raises(AnsibleError, match="nowhere"):
        report(more_artifacts_dirs=["/nowhere"])
    with pytest.raises(AnsibleError, match="nowhere"):
        report(earlier="/nowhere")


def test_what_changed_since_an_earlier_folder(tmp_path: Path, report) -> None:
    put(tmp_path / "artifacts/night", artifact("a", in_order()))
    earlier = put(tmp_path / "earlier", artifact("a", factory.conflict_facts()), artifact("gone", in_order()))
    found = report(earlier=str(earlier), expected_hosts=[])
    content = json.loads(Path(found["files"]["json"]).read_text(encoding="utf-8"))
    assert {entry["kind"] for entry in content["hosts"][0]["changes"]} == {"fixed"}
    assert content["gone"] == ["gone"]


def test_slices_give_the_report_of_one_run(tmp_path: Path, report) -> None:
    fleet = [
        artifact("a", in_order()),
        away("b"),
        artifact("c", factory.conflict_facts()),
        artifact("d", factory.facts()),
    ]
    put(tmp_path / "artifacts/night", *fleet)
    slices = [str(put(tmp_path / f"worker{number}", *fleet[number::2])) for number in range(2)]
    whole = report(expected_hosts=[], dest=str(tmp_path / "whole"))
    folders = {"dest": str(tmp_path / "merged"), "more_artifacts_dirs": slices[::-1]}
    merged = report(expected_hosts=[], run_id="nothing", **folders)
    one, two = (json.loads(Path(found["files"]["json"]).read_text(encoding="utf-8")) for found in (whole, merged))
    assert {**one, "created": None} == {**two, "created": None}
    assert len(one["hosts"]) == 4
