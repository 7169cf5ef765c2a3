# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A replayed host that never ends its answer, or sends without end, does not affect the others."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils._connection.rude_server import (
    RudeServer,
    drips,
    floods,
)
from replayed import Replayed

DRIFT = "portkeeper.windows_dns.drift"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
COMMAND_S = 10


@pytest.fixture(scope="module")
def polite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The variables of a host that is in order."""
    replayed = Replayed(tmp_path_factory.mktemp("polite"), {"host": "nt6"})
    replayed.control(op="rewind", to_end=True)
    yield replayed.hosts["host"]
    replayed.end()


@pytest.mark.parametrize(
    "rude",
    [drips(CHUNKED + b"ffff\r\n", 5), floods(CHUNKED, b"100000\r\n" + b"x" * 2**20 + b"\r\n", 1500)],
    ids=["drips", "floods"],
)
def test_a_host_that_drips_does_not_hold_up_the_others(controller, polite, tmp_path, rude) -> None:
    server = RudeServer(1, rude)
    inventory = tmp_path / "hosts.json"
    hosts = {"a-rude": {**polite, "ansible_port": server.port}, "b-polite": polite}
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    began = time.monotonic()
    run = controller.playbook(
        DRIFT, inventory, "-f", "1", "-e", f"reserve_ports_artifacts_dir={tmp_path}",
        "-e", f"reserve_ports_command_timeout={COMMAND_S}",
    )  # fmt: skip
    server.stop()
    assert run.returncode == 4, run.stdout + run.stderr
    assert time.monotonic() - began < 6 * COMMAND_S
    (folder,) = [path.parent for path in tmp_path.glob("*/summary.json")]
    artifacts = {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in hosts}
    assert artifacts["b-polite"]["status"] == "safe"
    assert artifacts["a-rude"]["status"] == "unreachable"
    assert "was given up" in artifacts["a-rude"]["msg"]


def test_a_task_timeout_is_in_the_artifact(controller, polite, tmp_path) -> None:
    """As a second safeguard, Ansible stops the task in any wait, and the artifact exists already."""
    server = RudeServer(1, drips(CHUNKED + b"ffff\r\n", 0.5))
    inventory = tmp_path / "hosts.json"
    hosts = {"a-rude": {**polite, "ansible_port": server.port}, "b-polite": polite}
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    task = {
        "name": "Look",
        "check_mode": True,
        "portkeeper.windows_dns.port_reservations": {"artifacts_dir": str(tmp_path), "run_id": "night"},
    }
    run = controller.playbook(
        [{"hosts": "all", "gather_facts": False, "tasks": [task]}], inventory, ANSIBLE_TASK_TIMEOUT="6"
    )
    server.stop()
    assert run.returncode == 2, run.stdout + run.stderr
    rude, other = (json.loads((tmp_path / "night" / f"{name}.json").read_text(encoding="utf-8")) for name in hosts)
    assert (rude["outcome"], rude["status"], rude["phase"]) == ("failed", "unknown", "read")
    assert "did not end" in rude["msg"]
    assert other["status"] == "safe"
    assert len(server.requests) == 1, "nothing is sent after the end"


def test_delegating_to_another_host_contacts_no_host(controller, polite, tmp_path) -> None:
    server = RudeServer()
    inventory = tmp_path / "hosts.json"
    hosts = {"a": {**polite, "ansible_port": server.port}, "b": {**polite, "ansible_port": server.port}}
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    task = {"name": "Look", "portkeeper.windows_dns.port_reservations": {}, "delegate_to": "{{ 'b' }}"}
    run = controller.playbook([{"hosts": "a", "gather_facts": False, "tasks": [task]}], inventory)
    server.stop()
    assert run.returncode == 2
    assert "delegate_to b is refused" in run.result("Look")["msg"]
    assert server.requests == []
