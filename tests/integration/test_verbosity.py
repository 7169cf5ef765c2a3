# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of ansible-playbook at each level of -v is as documented."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from checkout import BIN

TASKS = [
    {"name": name, f"portkeeper.windows_dns.{name}": options}
    for name, options in (("port_reservations", {"profiles": ["sbs2003"]}), ("dns_restart", {}))
]


def shown(controller: Any, lab_host: Any, *options: str) -> str:
    """Return what a run of both tasks prints, on stdout and stderr."""
    path = controller.folder / "verbosity.json"
    path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": TASKS}]), encoding="utf-8")
    done = controller.run([str(BIN / "ansible-playbook"), "-i", str(lab_host.inventory), str(path), *options])
    assert done.returncode == 0, done.stdout + done.stderr
    text: str = done.stdout + done.stderr
    return text


@pytest.fixture(scope="module")
def name_and_password(lab_host: Any) -> tuple[str, str]:
    """The host's name in the inventory, and its password."""
    content = yaml.safe_load(lab_host.inventory.read_text(encoding="utf-8"))
    ((name, own),) = content["all"]["hosts"].items()
    return name, {**content["all"].get("vars", {}), **(own or {})}["ansible_password"]


def test_at_4_phases_waits_command_lines_and_answers(
    controller: Any, lab_host: Any, name_and_password: tuple[str, str]
) -> None:
    name, password = name_and_password
    text = shown(controller, lab_host, "-vvvv")
    for phase in ("read", "backup", "write", "restart"):
        assert re.search(rf"<{name}> after \d+\.\d s: phase {phase}$", text, re.MULTILINE), phase
    assert f"<{name}> after " in text and "waits for the window: the host stops DNS and starts it again" in text
    assert re.search(
        rf"<{name}> dns_restart \(\d+\.\d s, \d+ commands\): restarted DNS in a guarded window, because UDP ", text
    )
    sent = re.findall(rf"^<{name}> sends, for at most \d+ s:\n    \| (.+)$", text, re.MULTILINE)
    answers = re.findall(r"answer of (\d+) bytes, exit code -?\d+:\n    \| #portkeeper transcript 1 ", text)
    assert len(sent) == len(answers) >= 6
    assert max(map(len, sent)) == 2000 and "more characters are not shown]" in text
    assert password not in text


def test_at_1_one_line_per_host_and_task(controller: Any, lab_host: Any, name_and_password: tuple[str, str]) -> None:
    name, _password = name_and_password
    text = shown(controller, lab_host, "-v")
    assert [line.split()[1] for line in text.splitlines() if line.startswith(f"<{name}>")] == [
        "port_reservations", "dns_restart",
    ]  # fmt: skip
    assert "udp_endpoints" not in text, "the facts would bury the lines"
    assert f"<{name}>" not in shown(controller, lab_host)
