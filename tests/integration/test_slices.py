# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices of a fleet give the report and exit code of one run, and the gate waits for all hosts.

Replayed hosts, in the state before anything was written, and one that does not answer.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checkout import CHECKOUT
from markdown_page import MarkdownPage
from replayed import Replayed

DRIFT, ROLE = "portkeeper.windows_dns.drift", "portkeeper.windows_dns.reserve_ports"
GATE = "Turn the artifacts of this run into one exit code"
RECORDINGS = {"client1-dc": "nt5", "client1-sbs": "nt6", "client2-dc": "nt5"}
AWAY = "client2-away"
RUN = "night"
EXAMPLES = CHECKOUT / "docs/examples"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    """Start the hosts; they end with the tests of this file."""
    hosts = Replayed(tmp_path_factory.mktemp("fleet"), RECORDINGS)
    yield hosts
    hosts.end()


@pytest.fixture(scope="module")
def inventory(fleet: Replayed) -> Path:
    """All hosts in the order of their names, the absent one among them."""
    first = next(iter(fleet.hosts.values()))
    hosts = {**fleet.hosts, AWAY: {**first, "ansible_port": 1}}
    path = fleet.inventory.with_name("fleet.json")
    same = {"drift_same_machine": [["client1-dc", "client2-dc"]]}  # one recording plays both
    path.write_text(json.dumps({"all": {"hosts": dict(sorted(hosts.items())), "vars": same}}), encoding="utf-8")
    return path


def said(report: Path) -> dict[str, Any]:
    """Return the report without the times at which it was made and its facts were gathered."""
    content = json.loads(report.read_text(encoding="utf-8"))
    for entry in (content, *content["hosts"]):
        entry.pop("created", None)
        entry.pop("collected", None)
    return content


@pytest.fixture(scope="module")
def whole(controller, fleet: Replayed, inventory: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one run over all hosts reports."""
    folder = tmp_path_factory.mktemp("whole")
    fleet.control(op="rewind")
    options = {"reserve_ports_artifacts_dir": str(folder), "reserve_ports_run_id": RUN}
    run = controller.playbook(DRIFT, inventory, "-e", json.dumps(options))
    assert run.returncode == 2, run.stdout + run.stderr
    content = said(folder / RUN / "report.json")
    statuses = {entry["host"]: entry["status"] for entry in content["hosts"]}
    assert statuses.pop(AWAY) == "unreachable"
    assert set(statuses) == set(RECORDINGS) and "conflict" in statuses.values()
    return content


def documented(beginning: str) -> str:
    """Return the command of the guide that begins so."""
    guide = MarkdownPage.read(CHECKOUT / "docs/running_it_nightly.md")
    (found,) = [text for text in guide.blocks("sh") if text.startswith(beginning)]
    return found


def in_shell(controller, folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=controller.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """Two workers side by side; what they return, or the first one's error."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(work, range(2)))


def test_workers_of_ansible_runner_give_the_report_of_one_run(controller, fleet, inventory, whole, tmp_path) -> None:
    """The guide's commands, but for the way to the other machine; each worker has a private folder all the same."""
    for name, source in (("inventory/hosts.json", inventory), ("env/extravars", EXAMPLES / "runner-extravars.yml")):
        (tmp_path / "job" / name).parent.mkdir(parents=True)
        shutil.copy(source, tmp_path / "job" / name)
    command, hosts = documented("ansible-runner transmit"), ("all[0:1]", "all[2:]")
    made = {"ssh worker1 ": "", "results/1": "results/{0}", "all[0:49]": "{1}"}
    for text, other in made.items():
        assert text in command
        command = command.replace(text, other)
    fleet.control(op="rewind")
    done = at_once(lambda number: in_shell(controller, tmp_path, command.format(number + 1, hosts[number])))
    assert [run.returncode for run in done] == [0, 0], [run.stdout + run.stderr for run in done]
    folders = [tmp_path / f"results/{number}/artifacts/night/portkeeper/night" for number in (1, 2)]
    assert [len(list(folder.glob("*.json"))) for folder in folders] == [2, 2]
    assert {path.stat().st_mode & 0o777 for folder in folders for path in folder.glob("*.json")} == {0o600}

    requests = fleet.control(op="counters")["requests"]
    merged = in_shell(controller, tmp_path, documented("ansible-playbook -i job/inventory"))
    assert merged.returncode == 2, merged.stdout + merged.stderr
    (report,) = tmp_path.glob("artifacts/*/report.json")
    assert said(report) == whole
    assert fleet.control(op="counters")["requests"] == requests, "the report contacts no host"


def slice_of(inventory: Path, number: int) -> Path:
    """Return every second host, as AWX gives a separate inventory to each job of a slice."""
    content = json.loads(inventory.read_text(encoding="utf-8"))
    hosts = dict(list(content["all"]["hosts"].items())[number::2])
    path = inventory.with_name(f"slice{number}.json")
    path.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    return path


def test_jobs_that_share_a_folder_give_the_report_of_one_run(controller, fleet, inventory, whole, tmp_path) -> None:
    playbook = str(EXAMPLES / "awx-drift.yml")
    folder = ("-e", json.dumps({"reserve_ports_artifacts_dir": str(tmp_path)}))
    slices = [slice_of(inventory, number) for number in range(2)]
    fleet.control(op="rewind")
    runs = at_once(lambda number: controller.playbook(playbook, slices[number], "-e", "drift_slice=true", *folder))
    assert [run.returncode for run in runs] == [0, 0], "a slice does not judge"
    (night,) = tmp_path.iterdir()
    assert len(list(night.iterdir())) == 4, "nothing but artifacts"

    run = controller.playbook(playbook, inventory, "--tags", "report", *folder)
    assert run.returncode == 2, run.stdout + run.stderr
    assert said(night / "report.json") == whole

    (night / f"{AWAY}.json").unlink()
    run = controller.playbook(playbook, inventory, "--tags", "report", *folder)
    statuses = {entry["host"]: entry["status"] for entry in said(night / "report.json")["hosts"]}
    assert (run.returncode, statuses[AWAY]) == (2, "unknown"), "a slice that left nothing is not passed over"


def on_another_machine(controller, folder: Path, minutes: int) -> Any:
    """Return a controller with a folder of its own and a clock that is so many minutes fast."""
    folder.mkdir()
    return replace(controller, folder=folder, enter=("faketime", "-f", f"{minutes:+d}m"))


@pytest.mark.parametrize(("minutes", "believed"), [((-10, 10), True), ((-10, 25), False)], ids=["near", "far"])
def test_two_controllers_with_folders_and_clocks_of_their_own(
    controller, fleet, inventory, whole, tmp_path, minutes: tuple[int, int], believed: bool
) -> None:
    """Their clocks may differ by some minutes. A time that lies far ahead of the judge's clock proves nothing."""
    slices = [slice_of(inventory, number) for number in range(2)]
    folders = [tmp_path / f"artifacts{number}" for number in range(2)]
    fleet.control(op="rewind")

    def check(number: int) -> Any:
        other = on_another_machine(controller, tmp_path / f"controller{number}", minutes[number])
        options = {
            "drift_slice": True,
            "reserve_ports_artifacts_dir": str(folders[number]),
            "reserve_ports_run_id": RUN,
        }
        return other.playbook(DRIFT, slices[number], "-e", json.dumps(options))

    assert [run.returncode for run in at_once(check)] == [0, 0]
    options = {
        "drift_more_artifacts_dirs": [str(folder / RUN) for folder in folders],
        "reserve_ports_artifacts_dir": str(tmp_path / "judge"),
        "reserve_ports_run_id": RUN,
    }
    run = controller.playbook(DRIFT, inventory, "--tags", "report", "-e", json.dumps(options))
    assert run.returncode == 2, run.stdout + run.stderr
    report = said(tmp_path / "judge" / RUN / "report.json")
    if believed:
        assert report == whole
        return
    ahead = set(json.loads(slices[1].read_text(encoding="utf-8"))["all"]["hosts"])
    statuses = {entry["host"]: entry["status"] for entry in report["hosts"]}
    assert {host for host, status in statuses.items() if status == "unknown"} == ahead


def test_a_restart_group_on_two_controllers_is_refused_by_name(controller, fleet, inventory, tmp_path) -> None:
    """Its lock is on the controller: nothing keeps the two domain controllers from restarting DNS at the same time."""
    fleet.control(op="rewind")
    folders = [tmp_path / f"artifacts{number}" for number in range(2)]

    def reserve(number: int) -> Any:
        other = on_another_machine(controller, tmp_path / f"controller{number}", 0)
        options = {"artifacts_dir": str(folders[number]), "run_id": RUN, "restart_group": "client1"}
        extra = json.dumps({f"reserve_ports_{name}": value for name, value in options.items()})
        return other.playbook(ROLE, slice_of(inventory, number), "--limit", f"!{AWAY}", "-e", extra)

    assert [run.returncode for run in at_once(reserve)] == [0, 0]
    options = {
        "drift_more_artifacts_dirs": [str(folder / RUN) for folder in folders],
        "reserve_ports_artifacts_dir": str(tmp_path / "judge"),
        "reserve_ports_run_id": RUN,
    }
    run = controller.playbook(DRIFT, inventory, "--tags", "report", "--limit", f"!{AWAY}", "-e", json.dumps(options))
    assert run.returncode == 2, run.stdout + run.stderr
    report = said(tmp_path / "judge" / RUN / "report.json")
    reasons = {entry["host"]: entry["reason"] for entry in report["hosts"] if entry["status"] == "unknown"}
    assert set(reasons) == set(RECORDINGS)
    assert "client1 was at work on another controller, too (client1-dc)" in reasons["client1-sbs"]


@pytest.fixture
def silent() -> Iterator[int]:
    """A port at which somebody listens and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_the_gate_waits_for_a_slow_host_with_any_strategy(controller, fleet, silent, tmp_path) -> None:
    """With `free` the quick last host would judge while the slow one has no artifact."""
    first = next(iter(fleet.hosts.values()))
    patience = {"ansible_winrm_operation_timeout_sec": 2, "ansible_winrm_read_timeout_sec": 3}
    hosts = {"a-slow": {**first, **patience, "ansible_port": silent}, "b-quick": {**first, "ansible_port": 1}}
    path = tmp_path / "two.json"
    path.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    run = controller.playbook(DRIFT, path, "-e", f"reserve_ports_artifacts_dir={tmp_path}", ANSIBLE_STRATEGY="free")
    assert run.returncode == 4, run.stdout + run.stderr
    judged = [result for result in run.results[GATE].values() if result["acted"]]
    assert [result["summary"]["counts"]["unreachable"] for result in judged] == [2]


def test_a_name_of_a_run_that_is_used_again_hides_no_host(controller, fleet, tmp_path) -> None:
    """The check of a host whose variables cannot be resolved does not even begin; what lies there is of yesterday."""
    first = next(iter(fleet.hosts.values()))
    host: dict[str, Any] = {**first, "ansible_port": 1}
    path = tmp_path / "one.json"
    options = json.dumps({"reserve_ports_artifacts_dir": str(tmp_path), "reserve_ports_run_id": RUN})
    codes = []
    for broken in ({}, {"reserve_ports_extra_ports": "{{ lookup('ansible.builtin.file', '/nowhere/at/all') }}"}):
        path.write_text(json.dumps({"all": {"hosts": {"a": {**host, **broken}}}}), encoding="utf-8")
        codes.append(controller.playbook(DRIFT, path, "-e", options).returncode)
    assert codes == [4, 2]
