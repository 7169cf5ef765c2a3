# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built collection works in an empty path, with only its meta/, plugins/, roles/ and playbooks/."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from checkout import BIN, CHECKOUT, install_artifact

KEPT = {"meta", "plugins", "roles", "playbooks", "MANIFEST.json", "FILES.json"}
NOBODY = "192.0.2.1"
"""An address for documentation (RFC 5737): whoever talks to it fails."""


class Alone:
    """A project that has nothing but the collection."""

    def __init__(self, folder: Path) -> None:
        """Build and install the collection, and take away what a user does not need."""
        self.folder = folder
        self.environment = {
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "HOME": str(folder),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
        }
        collections = install_artifact(folder, {**os.environ, **self.environment})
        self.environment["ANSIBLE_COLLECTIONS_PATH"] = str(collections)
        shutil.rmtree(folder / "source")
        collection = collections / "ansible_collections" / "portkeeper" / "windows_dns"
        for path in collection.iterdir():
            if path.name not in KEPT:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def playbook(self, playbook: str | list[dict[str, Any]], host: str) -> subprocess.CompletedProcess[str]:
        """Run a playbook of the collection by its name, or one that is given."""
        (self.folder / "inventory").write_text(f"{host}\n", encoding="utf-8")
        if not isinstance(playbook, str):
            (self.folder / "play.yml").write_text(json.dumps(playbook), encoding="utf-8")
            playbook = "play.yml"
        command = ["ansible-playbook", "-i", "inventory", playbook]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """One installation for all tests of this file."""
    return Alone(tmp_path_factory.mktemp("alone"))


def test_drift_says_that_a_host_was_not_reached(alone: Alone) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: refused for as long as the test runs
        port = closed.getsockname()[1]
        variables = "ansible_host=127.0.0.1 ansible_connection=winrm ansible_winrm_scheme=http ansible_user=x"
        run = alone.playbook(
            "portkeeper.windows_dns.drift", f"client01 {variables} ansible_password=x ansible_port={port}"
        )
    assert run.returncode == 4, run.stdout + run.stderr
    (summary,) = (alone.folder / "artifacts").glob("*/summary.json")
    assert json.loads(summary.read_text(encoding="utf-8"))["counts"]["unreachable"] == 1


def test_the_page_of_the_report_is_made_of_the_installed_files(alone: Alone) -> None:
    """Template, style and script are no Python files: the archive must hold them, and they must be found."""
    report = {"artifacts_dir": "nowhere", "dest": "reports", "run_id": "night", "formats": ["html"]}
    play = [{"hosts": "all", "gather_facts": False, "tasks": [{"portkeeper.windows_dns.fleet_report": report}]}]
    run = alone.playbook(play, f"client01 ansible_connection=winrm ansible_host={NOBODY}")
    assert run.returncode == 0, run.stdout + run.stderr
    page = (alone.folder / "reports" / "report.html").read_text(encoding="utf-8")
    for name, tag in (("report.css", "style"), ("report.js", "script")):
        text = (CHECKOUT / "plugins/plugin_utils/_report" / name).read_text(encoding="utf-8")
        assert f"<{tag}>{text}</{tag}>" in page
    assert '<tr data-status="unknown"' in page and '<details id="h0">' in page


def test_module_and_filters_plan_without_a_host(alone: Alone) -> None:
    shutil.copy(CHECKOUT / "tests/unit/captures/transcript-sbs2003.txt", alone.folder / "client01.txt")
    facts = "lookup('ansible.builtin.file', 'client01.txt') | portkeeper.windows_dns.parse_transcript"
    same = f"planned.plan == ({facts} | portkeeper.windows_dns.plan_ports({{'profiles': ['sbs2003']}}))"
    tasks = [
        {
            "portkeeper.windows_dns.port_plan": {"transcript_path": "client01.txt", "profiles": ["sbs2003"]},
            "register": "planned",
        },
        {"ansible.builtin.assert": {"that": ["planned.plan.mechanism == 'reserved_ports'", same]}},
    ]
    play = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    run = alone.playbook(play, f"client01 ansible_connection=winrm ansible_host={NOBODY}")
    assert run.returncode == 0, run.stdout + run.stderr


def test_module_defaults_of_the_action_group_reach_the_modules(alone: Alone) -> None:
    """The group's policy reaches a module that is given none, and the module's own argument wins over it."""
    path = {"transcript_path": "client01.txt"}
    tasks = [
        {"portkeeper.windows_dns.port_plan": path, "register": "by_group"},
        {"portkeeper.windows_dns.port_plan": {**path, "profiles": ["kms"]}, "register": "by_task"},
        {
            "ansible.builtin.assert": {
                "that": [
                    "'5060-5060' in by_group.plan.settings[0].after",
                    "'5060-5060' not in by_task.plan.settings[0].after",
                ]
            }
        },
    ]
    group = {"group/portkeeper.windows_dns.windows_dns": {"profiles": ["voip"], "detect": False}}
    play = [{"hosts": "all", "gather_facts": False, "module_defaults": group, "tasks": tasks}]
    shutil.copy(CHECKOUT / "tests/unit/captures/transcript-sbs2003.txt", alone.folder / "client01.txt")
    run = alone.playbook(play, f"client01 ansible_connection=winrm ansible_host={NOBODY}")
    assert run.returncode == 0, run.stdout + run.stderr
