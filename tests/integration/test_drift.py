# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""drift.yml computes one exit code for a fleet, and no host hides another."""

from __future__ import annotations

import json
import stat
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.times import time_text
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import stated

DRIFT = "portkeeper.windows_dns.drift"
GATE = "Turn the artifacts of this run into one exit code"
REPORT = "Report the results in the artifacts of this run"


def host_variables(inventory: Path) -> dict[str, Any]:
    content = yaml.safe_load(inventory.read_text(encoding="utf-8"))
    (variables,) = content["all"]["hosts"].values()
    return {**content["all"].get("vars", {}), **(variables or {})}


@pytest.fixture
def fleet(controller, tmp_path: Path):
    """Give a function that writes an inventory of hosts in a given order and runs drift.yml on it."""

    def run(hosts: dict[str, dict[str, Any]], *options: str):
        path = tmp_path / "fleet.yml"
        path.write_text(yaml.safe_dump({"all": {"hosts": hosts}}, sort_keys=False), encoding="utf-8")
        return controller.playbook(DRIFT, path, "-e", f"reserve_ports_artifacts_dir={tmp_path}/artifacts", *options)

    return run


@pytest.fixture(scope="module")
def broken(lab_host) -> dict[str, Any]:
    """The SBS 2003 host as it stands: DNS holds the ports of IAS and PolicyAgent."""
    return host_variables(lab_host.inventory)


@pytest.fixture(scope="module")
def safe(make_host, controller) -> dict[str, Any]:
    """A host that was fixed and rebooted."""
    host = make_host()
    done = controller.playbook("portkeeper.windows_dns.reserve_ports", host.inventory)
    assert done.returncode == 0, done.stdout + done.stderr
    host.reboot()
    return host_variables(host.inventory)


@pytest.fixture
def absent(broken, free_port: int) -> dict[str, Any]:
    """A host that does not answer."""
    return {**broken, "ansible_port": free_port}


def counts(tmp_path: Path) -> dict[str, int]:
    (summary,) = tmp_path.glob("artifacts/*/summary.json")
    found = json.loads(summary.read_text(encoding="utf-8"))["counts"]
    return {status: count for status, count in found.items() if count}


def test_one_safe_host(fleet, safe, tmp_path) -> None:
    assert fleet({"a": safe}).returncode == 0
    assert counts(tmp_path) == {"safe": 1}


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_safe_and_unreachable(fleet, safe, absent, tmp_path, order) -> None:
    run = fleet({name: safe if name == "a" else absent for name in order})
    assert run.returncode == 4
    assert counts(tmp_path) == {"safe": 1, "unreachable": 1}


@pytest.mark.parametrize("order", ["abc", "cba", "bca"])
def test_a_conflict_is_not_hidden_by_an_unreachable_host(fleet, safe, absent, broken, tmp_path, order) -> None:
    hosts = {"a": broken, "b": absent, "c": safe}
    run = fleet({name: hosts[name] for name in order})
    assert run.returncode == 2
    assert counts(tmp_path) == {"conflict": 1, "unreachable": 1, "safe": 1}


def test_all_down(fleet, absent, tmp_path) -> None:
    assert fleet({"a": absent, "b": absent}).returncode == 4
    assert counts(tmp_path) == {"unreachable": 2}


def test_a_host_that_fails_counts_as_not_evaluated(fleet, safe, tmp_path) -> None:
    run = fleet({"a": {**safe, "ansible_connection": "local"}, "b": safe})
    assert run.returncode == 2
    assert counts(tmp_path) == {"unknown": 1, "safe": 1}


def test_the_gate_acts_once_and_artifacts_are_private(fleet, safe, absent, tmp_path) -> None:
    run = fleet({"a": safe, "b": absent})
    assert [result["acted"] for result in run.results[GATE].values()] == [True]
    written = list(tmp_path.glob("artifacts/*/*"))
    assert {path.name for path in written if path.suffix == ".json"} == {
        "a.json",
        "b.json",
        "report.json",
        "summary.json",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}


def test_a_host_costs_at_most_four_tasks(fleet, safe) -> None:
    run = fleet({"a": safe})
    assert len(run.results) <= 4


def test_a_mistake_in_accepted_risks_is_refused_not_ignored(fleet, absent) -> None:
    accepted = [{"host": "a", "ports": ["4500"], "reason": "x", "expires": "2026-02-30"}]
    run = fleet({"a": absent}, "-e", json.dumps({"reserve_ports_accepted_risks": accepted}))
    assert run.returncode == 2
    assert "accepted_risks[0]" in run.result(GATE)["msg"]


def test_the_report_is_made_once_and_says_what_the_gate_says(fleet, absent, tmp_path) -> None:
    run = fleet({"a": absent, "b": absent})
    assert [result["acted"] for result in run.results[REPORT].values()] == [True]
    (path,) = tmp_path.glob("artifacts/*/report.json")
    report = json.loads(path.read_text(encoding="utf-8"))
    summary = json.loads(path.with_name("summary.json").read_text(encoding="utf-8"))
    assert {name: report[name] for name in ("exit_code", "counts", "reason")} == {
        name: summary[name] for name in ("exit_code", "counts", "reason")
    }
    assert "STATUS" in run.stdout, "it is shown in the terminal"


@pytest.mark.parametrize(("hosts", "code"), [("safe", 0), ("absent", 4), ("both", 4)])
def test_a_report_that_fails_does_not_decide(fleet, safe, absent, tmp_path, hosts, code) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("", encoding="utf-8")
    chosen = {"safe": {"a": safe}, "absent": {"a": absent}, "both": {"a": absent, "b": safe}}[hosts]
    run = fleet(chosen, "-e", json.dumps({"drift_report_dir": str(blocked)}))
    result = run.result(REPORT)
    assert (result["_kind"], "report.html" in result["msg"]) == ("ignored", True)
    assert run.returncode == code
    assert sum(counts(tmp_path).values()) == len(chosen)


@pytest.mark.parametrize("once", [False, True], ids=["each host", "run_once"])
def test_with_serial_report_and_gate_wait_for_the_last_batch(controller, tmp_path, once: bool) -> None:
    folder = tmp_path / "artifacts/night"
    folder.mkdir(parents=True)
    for host, status in {"a": "drifted", "b": "safe", "c": "safe"}.items():
        made = time_text(datetime.now(timezone.utc))
        (folder / f"{host}.json").write_text(json.dumps(stated(host, status, made)))
    inventory = tmp_path / "fleet.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"a": {}, "b": {}, "c": {}}}}), encoding="utf-8")
    where = {"artifacts_dir": f"{tmp_path}/artifacts", "run_id": "night"}
    tasks = [
        {"name": name, "run_once": once, f"portkeeper.windows_dns.{module}": where}
        for name, module in ((REPORT, "fleet_report"), (GATE, "fleet_gate"))
    ]
    play = {"hosts": "all", "gather_facts": False, "serial": 2 if once else 1, "tasks": tasks}
    run = controller.playbook([play], inventory)
    for task in (REPORT, GATE):
        acted = {host: result["acted"] for host, result in run.results[task].items()}
        assert acted == ({"a": False, "c": True} if once else {"a": False, "b": False, "c": True})
    assert run.returncode == 2
    assert json.loads((folder / "report.json").read_text(encoding="utf-8"))["counts"]["drifted"] == 1
