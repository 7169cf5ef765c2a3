# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipes for nightly runs work: the script, the timer and the pipelines."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
import yaml

from checkout import CHECKOUT

EXAMPLES = CHECKOUT / "docs/examples"
SCRIPT = EXAMPLES / "nightly.sh"


@pytest.fixture
def inventory(tmp_path: Path, free_port: int) -> Path:
    """One host that does not answer."""
    host = {
        "ansible_connection": "winrm",
        "ansible_host": "127.0.0.1",
        "ansible_port": free_port,
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "ntlm",
        "ansible_user": "u",
        "ansible_password": "p",
    }
    path = tmp_path / "inventory.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": {"a": host}}}), encoding="utf-8")
    return path


def test_one_night_is_compared_with_the_one_before(controller, inventory, tmp_path) -> None:
    folder = tmp_path / "all runs"
    command = ["sh", str(SCRIPT), str(inventory), str(folder)]
    done = controller.run(command)
    assert done.returncode == 4, done.stdout + done.stderr
    first = folder / "first"
    (folder / "latest").resolve().rename(first)
    (folder / "latest").unlink()
    (folder / "latest").symlink_to("first")
    assert not json.loads((first / "report.json").read_text(encoding="utf-8"))["compared"]

    done = controller.run([*command, "-e", "drift_prometheus_file=x.prom"])
    assert done.returncode == 4, done.stdout + done.stderr
    report = json.loads((folder / "latest/report.json").read_text(encoding="utf-8"))
    assert report["hosts"][0]["changes"] == [{"kind": "still", "text": "status unreachable"}]
    assert (controller.folder / "x.prom").is_file()


def test_a_night_without_hosts_is_not_in_order(controller, tmp_path) -> None:
    """Ansible itself warns of an inventory without hosts and ends with 0."""
    inventory = tmp_path / "inventory.yml"
    inventory.write_text("all: {hosts: {}}\n", encoding="utf-8")
    done = controller.run(["sh", str(SCRIPT), str(inventory), str(tmp_path / "runs")])
    assert (done.returncode, "no host was checked" in done.stdout) == (2, True), done.stdout + done.stderr


def commands() -> dict[str, str]:
    gitlab = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text(encoding="utf-8"))
    (gitlab_line,) = gitlab["drift"]["script"]
    github = yaml.safe_load((EXAMPLES / "github-workflow.yml").read_text(encoding="utf-8"))
    (github_line,) = [step["run"] for step in github["jobs"]["drift"]["steps"] if "nightly.sh" in step.get("run", "")]
    return {"gitlab": gitlab_line, "github": github_line}


@pytest.mark.parametrize("service", ["gitlab", "github"])
def test_the_pipeline_s_command_leaves_the_files_that_the_pipeline_takes(controller, inventory, service) -> None:
    for name, content in (("inventory.yml", inventory.read_bytes()), ("nightly.sh", SCRIPT.read_bytes())):
        (controller.folder / name).write_bytes(content)
    done = controller.run(shlex.split(commands()[service]))
    assert done.returncode == 4, done.stdout + done.stderr
    recipe = {"gitlab": "gitlab-ci.yml", "github": "github-workflow.yml"}[service]
    taken = {"gitlab": "report/report.xml", "github": "report/report.md"}[service]
    assert taken in (EXAMPLES / recipe).read_text(encoding="utf-8")
    assert (controller.folder / taken).is_file()


def test_the_timer_starts_the_script() -> None:
    unit = (EXAMPLES / "portkeeper-drift.service").read_text(encoding="utf-8")
    (start,) = [line.partition("=")[2] for line in unit.splitlines() if line.startswith("ExecStart=")]
    program, *arguments = shlex.split(start)
    assert Path(program).name == SCRIPT.name
    assert len(arguments) == 2
