# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exit code of drift.yml in every mixture and order of hosts: no host hides another. On replayed hosts."""

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
    """The code of ansible-playbook and that of the summary."""
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
    """Nobody is left to judge: there is no summary, and Ansible's own code is that of a failure."""
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"a": kinds["P"]}}}), encoding="utf-8")
    run = controller.playbook(DRIFT, inventory, "-e", f"reserve_ports_artifacts_dir={tmp_path}")
    assert run.returncode == 2
    assert not list(tmp_path.glob("*/summary.json"))


@pytest.mark.parametrize("mixture", ["US", "UC"])
def test_ansible_s_configuration_does_not_decide(controller, kinds, tmp_path, mixture: str) -> None:
    hosts = {f"{place}-{kind}": kinds[kind] for place, kind in enumerate(mixture)}
    environment = {"ANSIBLE_ANY_ERRORS_FATAL": "1", "ANSIBLE_STRATEGY": "free"}
    assert judged(controller, tmp_path, hosts, **environment) == (expected(mixture), expected(mixture))
