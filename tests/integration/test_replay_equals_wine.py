# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A replayed host and the Wine host that was recorded give the same artifact."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checkout import CHECKOUT, lab_environment

OF_THE_RUN = ("host", "run_id", "call", "collected", "attempted")
"""What an artifact says of the run and not of the host."""


def _artifact(controller, inventory: Path, name: str) -> dict[str, Any]:
    folder = controller.folder / "artifacts"
    options = {"artifacts_dir": str(folder), "run_id": name}
    task = {"name": "Look", "check_mode": True, "portkeeper.windows_dns.port_reservations": options}
    done = controller.playbook([{"hosts": "all", "gather_facts": False, "tasks": [task]}], inventory)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (folder / name).glob("*.json")
    text = path.read_text(encoding="utf-8").replace(next(iter(done.results["Look"])), "HOST")
    content = json.loads(text)
    return {key: value for key, value in content.items() if key not in OF_THE_RUN}


@pytest.mark.parametrize(("scenario", "families"), [("sbs2003", ["udp4"]), ("2019-dc", ["udp4", "udp6"])])
def test_replay_equals_wine(controller, make_host, tmp_path, scenario: str, families: list[str]) -> None:
    recording = tmp_path / "recording.txt"
    wine = _artifact(controller, make_host(scenario, "--record", str(recording)).inventory, f"wine-{scenario}")
    assert all(wine["facts"]["dns"]["udp_ports"][family]["count"] > 2500 for family in families)
    command = [sys.executable, "-m", "portkeeper_lab", "replay", str(recording)]
    replay = subprocess.Popen(
        command,
        env=lab_environment(),
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with replay:
        answer = json.loads(replay.stdout.readline())
        variables = {
            "ansible_connection": "winrm",
            "ansible_host": "127.0.0.1",
            "ansible_port": answer["ports"][0],
            "ansible_winrm_scheme": "http",
            "ansible_winrm_transport": "ntlm",
            "ansible_user": answer["user"],
            "ansible_password": answer["password"],
        }
        inventory = tmp_path / "replayed.json"
        inventory.write_text(json.dumps({"all": {"hosts": {"replayed": variables}}}), encoding="utf-8")
        assert _artifact(controller, inventory, f"replayed-{scenario}") == wine
        replay.stdin.close()
