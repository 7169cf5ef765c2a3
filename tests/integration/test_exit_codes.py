# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exit code of drift.yml is right for every mixture and order of replayed hosts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from replayed import Replayed

DRIFT = "portkeeper.windows_dns.drift"
IN_ORDER, AWAY = "S", "U"
MIXTURES = (
    "S", "U", "UU", "SU", "US", "C", "SC", "CU", "UC", "USC", "F", "UF", "FU", "SF", "V", "UV", "VU", "SV", "B", "UB",
    "UP", "PU", "SP", "PS",
)  # fmt: skip
"""Hosts in the order of the inventory, a letter each: see ``kinds``."""


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    """The variables of a host of each kind."""
    folder = tmp_path_factory.mktemp("kinds")
    fixed, untouched = Replayed(folder, {"host": "nt6"}), Replayed(folder, {"host": "nt5"})
    fixed.control(op="rewind", to_end=True)
    safe = fixed.hosts["host"]
    yield {
        IN_ORDER: safe,
        "C": untouched.hosts["host"],  # a conflict
        AWAY: {**safe, "ansible_port": 1},
        "F": {**safe, "ansible_connection": "local"},  # refused by the module
        "V": {**safe, "reserve_ports_extra_ports": "{{ lookup('ansible.builtin.file', '/nowhere/at/all') }}"},
        "B": {**safe, "reserve_ports_extra_ports": ["99999"]},
        "P": {**safe, "ansible_password": "{{ nowhere }}"},  # no task can run on it, not even the rescue
    }
    fixed.end()
    untouched.end()


def expected(mixture: str) -> int:
    others = set(mixture) - {IN_ORDER, AWAY}
    return 2 if others else 4 if AWAY in mixture else 0


def judged(controller, folder: Path, hosts: dict[str, dict[str, Any]], **environment: str) -> tuple[int, int]:
    """Return the code of ansible-playbook and that of the summary."""
    inventory = folder / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    run = controller.playbook(DRIFT, inventory, "-e", f"reserve_ports_artifacts_dir={folder}", **environment)
    (summary,) = folder.glob("*/summary.json")
    return run.returncode, json.loads(summary.read_text(encoding="utf-8"))["exit_code"]


@pytest.mark.parametrize("mixture", MIXTURES)
def test_the_exit_code_of_a_mixture(controller, kinds, tmp_path, mixture: str) -> None:
    hosts = {f"{place}-{kind}": kinds[kind] for place, kind in enumerate(mixture)}
    assert judged(controller, tmp_path, hosts) == (expected(mixture), expected(mixture))


def test_a_run_in_which_no_task_can_run_fails(controller, kinds, tmp_path) -> None:
    """Without a host to evaluate, there is no summary, and Ansible's exit code is that of a failure."""
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"a": kinds["P"]}}}), encoding="utf-8")
    run = controller.playbook(DRIFT, inventory, "-e", f"reserve_ports_artifacts_dir={tmp_path}")
    assert run.returncode == 2
    assert not list(tmp_path.glob("*/summary.json"))


def written(folder: Path, hosts: dict[str, dict[str, Any]]) -> Path:
    inventory = folder / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    return inventory


@pytest.mark.parametrize(
    "options",
    [
        {"target": "typo"},
        {"drift_expected_hosts": ["a"], "target": "typo"},
        {"drift_expected_hosts": ["unheard-of"]},
        {},
    ],
)
@pytest.mark.parametrize("inventory", ["hosts", "none"])
def test_no_host_to_judge_is_a_finding(controller, kinds, tmp_path, options, inventory) -> None:
    """With a mistyped target, an empty inventory, or a missing host that must be there."""
    path = written(tmp_path, {"a": kinds[IN_ORDER]} if inventory == "hosts" else {})
    extra = json.dumps({"reserve_ports_artifacts_dir": str(tmp_path), **options})
    run = controller.playbook(DRIFT, path, "-e", extra)
    assert run.returncode == (2 if options or inventory == "none" else 0), run.stdout + run.stderr


def test_a_limit_is_reported_and_only_its_hosts_are_judged(controller, kinds, tmp_path) -> None:
    """With `hosts: localhost` alone the limit would leave out the judge."""
    path = written(tmp_path, {"a": kinds[IN_ORDER], "b": kinds["C"], "c": kinds[AWAY]})
    codes = {}
    for limit in ("a", "b", "c", "a:c"):
        folder = tmp_path / limit.replace(":", "-")
        extra = json.dumps({"reserve_ports_artifacts_dir": str(folder), "drift_expected_hosts": ["b"]})
        run = controller.playbook(DRIFT, path, "-e", extra, "--limit", limit)
        (summary,) = folder.glob("*/summary.json")
        content = json.loads(summary.read_text(encoding="utf-8"))
        codes[limit] = (run.returncode, content["limited"])
        assert f"limited to {content['limited']['hosts']} of 3 hosts" in content["reason"]
    assert codes == {
        "a": (0, {"hosts": 1, "of": 3}), "b": (2, {"hosts": 1, "of": 3}), "c": (4, {"hosts": 1, "of": 3}),
        "a:c": (4, {"hosts": 2, "of": 3}),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "environment", "code"),
    [
        (["--skip-tags", "report"], {}, 2),
        ([], {"ANSIBLE_SKIP_TAGS": "report"}, 2),
        (["--tags", "always"], {}, 2),
        (["-e", "drift_slice=true"], {}, 0),
        (["-e", "drift_slice=true", "--skip-tags", "report"], {}, 0),
        (["-e", "drift_slice=true", "--tags", "report"], {}, 2),
    ],
)
def test_no_tag_leaves_out_the_judge(controller, kinds, tmp_path, options, environment, code) -> None:
    path = written(tmp_path, {"a": kinds[AWAY], "b": kinds[IN_ORDER]})
    run = controller.playbook(DRIFT, path, "-e", f"reserve_ports_artifacts_dir={tmp_path}", *options, **environment)
    assert run.returncode == code, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"drift_expected_host": ["unheard-of"]}, 2),
        ({"drift_risk_max": 0}, 2),
        ({"drift_slices": True}, 2),
        ({"drift_is_slice": True}, 2),
        ({"drift_show": False}, 0),
        ({"other_drift_show": False}, 0),
    ],
)
def test_a_mistyped_variable_of_the_judge_is_refused(controller, kinds, tmp_path, options, code) -> None:
    """Ignored without a word, it would leave out a host, a limit, or the judgement."""
    path = written(tmp_path, {"a": kinds[IN_ORDER]})
    extra = json.dumps({"reserve_ports_artifacts_dir": str(tmp_path), **options})
    run = controller.playbook(DRIFT, path, "-e", extra)
    assert run.returncode == code, run.stdout + run.stderr
    assert code == 0 or f"{next(iter(options))} is no variable of this playbook" in run.stdout


@pytest.mark.parametrize(
    ("fact", "code", "sentence"),
    [
        ({"drift_slice": True}, 2, "drift_slice is among the facts of a"),
        ({"target": "b"}, 2, "target is among the facts of a"),
        ({"drift_slices": True}, 2, "drift_slices is no variable of this playbook"),
        ({"evaluation_is_slice": True}, 4, "exit code 4"),
    ],
)
def test_a_host_has_no_say_in_how_it_is_judged(controller, kinds, tmp_path, fact, code, sentence) -> None:
    """A fact of the host on which the evaluation's tasks run once, as a fact cache keeps it."""
    path = written(tmp_path, {"a": kinds[AWAY], "b": kinds[IN_ORDER]})
    cache = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "facts")}
    said = tmp_path / "said.yml"
    task = {"ansible.builtin.set_fact": {**fact, "cacheable": True}}
    play = {"hosts": "a", "connection": "local", "gather_facts": False, "tasks": [task]}
    said.write_text(json.dumps([play]), encoding="utf-8")
    assert controller.playbook(str(said), path, **cache).returncode == 0
    folder = f"reserve_ports_artifacts_dir={tmp_path}"
    run = controller.playbook(DRIFT, path, "-e", folder, "--limit", "a", **cache)
    assert run.returncode == code, run.stdout + run.stderr
    assert sentence in run.stdout


@pytest.mark.parametrize(("options", "code"), [([], 2), (["-e", "target=a"], 0), (["--limit", "a"], 0)])
def test_a_variable_of_the_inventory_leaves_out_no_host(controller, kinds, tmp_path, options, code) -> None:
    """Another role may have a `target`, too; which hosts are checked is decided without the inventory's variables."""
    path = tmp_path / "hosts.json"
    hosts = {"a": kinds[IN_ORDER], "b": kinds["C"]}
    path.write_text(json.dumps({"all": {"vars": {"target": "a"}, "hosts": hosts}}), encoding="utf-8")
    run = controller.playbook(DRIFT, path, "-e", f"reserve_ports_artifacts_dir={tmp_path}", *options)
    assert run.returncode == code, run.stdout + run.stderr


def test_no_other_folder_takes_away_what_this_call_found(controller, kinds, tmp_path) -> None:
    forged = {"format": 1, "host": "a", "status": "safe", "collected": "2099-01-01T00:00:00Z"}
    more = tmp_path / "more"
    more.mkdir()
    (more / "a.json").write_text(json.dumps(forged), encoding="utf-8")
    extra = json.dumps({"reserve_ports_artifacts_dir": str(tmp_path / "own"), "drift_more_artifacts_dirs": [str(more)]})
    for kind, code in ((AWAY, 4), ("C", 2), (IN_ORDER, 0)):
        run = controller.playbook(DRIFT, written(tmp_path, {"a": kinds[kind]}), "-e", extra)
        assert run.returncode == code, run.stdout + run.stderr


def test_one_machine_under_two_names_is_no_host_in_order(controller, kinds, tmp_path) -> None:
    path = written(tmp_path, {"a": kinds[IN_ORDER], "b": kinds[IN_ORDER]})
    for declared, code in (([], 2), ([["a", "b"]], 0)):
        extra = json.dumps({"reserve_ports_artifacts_dir": str(tmp_path / str(code)), "drift_same_machine": declared})
        assert controller.playbook(DRIFT, path, "-e", extra).returncode == code


def test_each_host_s_own_variables_decide_where_and_what_is_judged(controller, kinds, tmp_path) -> None:
    """The policy in group_vars, localhost in the inventory as a Windows host."""
    first = {"reserve_ports_artifacts_dir": str(tmp_path / "one"), "reserve_ports_run_id": "night"}
    second = {
        "reserve_ports_artifacts_dir": "{{ base }}/two", "base": str(tmp_path), "reserve_ports_run_id": "{{ 1 + 1 }}",
    }  # fmt: skip
    hosts = {"all": {"children": {
        "one": {"hosts": {"localhost": kinds[IN_ORDER]}, "vars": first},
        "two": {"hosts": {"b": kinds["C"]}, "vars": second},
    }}}  # fmt: skip
    path = tmp_path / "groups.json"
    path.write_text(json.dumps(hosts), encoding="utf-8")
    run = controller.playbook(DRIFT, path)
    assert run.returncode == 2, run.stdout + run.stderr
    summaries = {place: json.loads((tmp_path / place / "summary.json").read_text()) for place in ("one/night", "two/2")}
    named = {place: [row["host"] for row in summary["hosts"]] for place, summary in summaries.items()}
    assert named["two/2"] == ["b"], "no client's folder names the hosts of another client"
    assert named["one/night"] == ["localhost"]
    assert {row["host"]: row["status"] for summary in summaries.values() for row in summary["hosts"]} == {
        "localhost": "safe", "b": "conflict",
    }  # fmt: skip


@pytest.mark.parametrize("mixture", ["US", "UC"])
def test_ansible_s_configuration_does_not_decide(controller, kinds, tmp_path, mixture: str) -> None:
    hosts = {f"{place}-{kind}": kinds[kind] for place, kind in enumerate(mixture)}
    environment = {"ANSIBLE_ANY_ERRORS_FATAL": "1", "ANSIBLE_STRATEGY": "free"}
    assert judged(controller, tmp_path, hosts, **environment) == (expected(mixture), expected(mixture))
