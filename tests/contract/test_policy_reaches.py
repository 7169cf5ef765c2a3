# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every task of role and playbooks passes every policy option that its module accepts."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Template

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import PLAN_SPEC, POLICY_SPEC, RUN_SPEC

CHECKOUT = Path(__file__).resolve().parents[2]
COLLECTION = "portkeeper.windows_dns."
ACTIONS = "ansible_collections.portkeeper.windows_dns.plugins.action"
FILES = sorted(
    [*CHECKOUT.glob("playbooks/*.yml"), *CHECKOUT.glob("roles/*/tasks/*.yml"), *CHECKOUT.glob("roles/*/handlers/*.yml")]
)
NOT_PASSED: dict[tuple[str, str], tuple[set[str], str]] = {
    ("acceptance.yml", "port_info"): (set(PLAN_SPEC), "it looks at what the host is, not at what a policy wants"),
}
"""By file and module: options that need not be passed, and why."""

FIXED = {("drift.yml", "port_reservations", "reboot"), ("verify.yml", "port_verify", "on_failure")}
"""By file, module and option: what is not the user's to choose. A look reboots nothing, and takes nothing back."""


def our_tasks(content: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the short names of our modules and their arguments, wherever they stand."""
    if isinstance(content, list):
        for entry in content:
            yield from our_tasks(entry)
    elif isinstance(content, dict):
        for key, value in content.items():
            if isinstance(key, str) and key.startswith(COLLECTION):
                yield key.removeprefix(COLLECTION), value or {}
            if key != "module_defaults":
                yield from our_tasks(value)


CALLS = [
    pytest.param(path, name, arguments, id=f"{path.relative_to(CHECKOUT)}-{name}")
    for path in FILES
    for name, arguments in our_tasks(yaml.safe_load(path.read_text(encoding="utf-8")))
]


def test_the_tasks_of_the_tables_are_found() -> None:
    named = {*NOT_PASSED, *((name, module) for name, module, _option in FIXED)}
    assert named <= {(call.values[0].name, call.values[1]) for call in CALLS}


@pytest.mark.parametrize(("path", "name", "arguments"), CALLS)
def test_a_task_passes_what_its_module_takes(path: Path, name: str, arguments: dict[str, Any]) -> None:
    taken = set(importlib.import_module(f"{ACTIONS}.{name}").ActionModule.SPEC)
    unpassed, _reason = NOT_PASSED.get((path.name, name), (set(), ""))
    if arguments.get("variables_prefix") == "reserve_ports_":
        assert "variables_prefix" in taken
        return
    missing = (taken & set(POLICY_SPEC)) - unpassed - set(arguments)
    assert missing == set(), f"{path.name}: {name} takes {sorted(missing)} and is not given it"


@pytest.mark.parametrize(("path", "name", "arguments"), CALLS)
def test_variables_are_checked_where_they_are_taken(path: Path, name: str, arguments: dict[str, Any]) -> None:
    """A template of one variable neither notices a mistyped name nor that a host has set it."""
    taken = set(importlib.import_module(f"{ACTIONS}.{name}").ActionModule.SPEC)
    if (path.name, name) not in NOT_PASSED:
        assert "variables_prefix" in taken and arguments["variables_prefix"] == "reserve_ports_"


@pytest.mark.parametrize(("path", "name", "arguments"), CALLS)
def test_an_option_comes_from_its_own_variable(path: Path, name: str, arguments: dict[str, Any]) -> None:
    fleet_s_own = {"max_risk"} if name in {"fleet_gate", "fleet_report"} else set()
    for option, value in arguments.items():
        if option in set(POLICY_SPEC) - {"artifacts_dir"} - fleet_s_own and (path.name, name, option) not in FIXED:
            variables = re.findall(r"\breserve_ports_[a-z_]+", str(value))
            assert variables == [f"reserve_ports_{option}"], f"{path.name}: {name}: {option}"


REPORT_VARIABLES = {
    "artifacts_dir": "reserve_ports_artifacts_dir",
    "run_id": "reserve_ports_run_id",
    "accepted_risks": "reserve_ports_accepted_risks",
    "dest": "drift_report_dir",
}
"""Options of report and gate whose variable in drift.yml is not `drift_<option>`."""


@pytest.mark.parametrize("name", ["fleet_report", "fleet_gate"])
def test_drift_offers_every_option_of_report_and_gate(name: str) -> None:
    content = yaml.safe_load((CHECKOUT / "playbooks/drift.yml").read_text(encoding="utf-8"))
    (arguments,) = [arguments for found, arguments in our_tasks(content) if found == name]
    taken = importlib.import_module(f"{ACTIONS}.{name}").ActionModule.SPEC
    guide = (CHECKOUT / "docs/running_it_nightly.md").read_text(encoding="utf-8")
    assert set(arguments) == set(taken)
    assert arguments.pop("this_call") == "{{ 'report' not in ansible_run_tags }}", "drift.yml itself knows"
    assert arguments.pop("variables_prefix") == "reserve_ports_"
    assert "inventory_hostnames" in arguments.pop("hosts")
    for option, value in arguments.items():
        variable = REPORT_VARIABLES.get(option, f"drift_{option}")
        assert re.findall(r"\b(?:drift|reserve_ports)_[a-z_]+", str(value)) == [variable], option
        assert f"`{variable}`" in guide, variable


def test_drift_knows_its_variables() -> None:
    """It refuses any other that begins with drift_."""
    text = (CHECKOUT / "playbooks/drift.yml").read_text(encoding="utf-8")
    (variables,) = [play["vars"] for play in yaml.safe_load(text) if "vars" in play]
    guide = (CHECKOUT / "docs/running_it_nightly.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[0] for line in guide.splitlines() if line.startswith("| `drift_")]
    assert variables["evaluation_variables"] == sorted(re.findall(r"`(drift_[a-z_]+)`", " ".join(rows)))
    used = set(re.findall(r"\bdrift_[a-z_]+", text))
    assert variables.pop("target") == "all", "the inventory's own variable of that name leaves out no host"
    assert used - {"drift_is_slice"} == {*variables["evaluation_variables"]}, (
        "a name of the playbook's own could be given"
    )


def test_report_and_gate_get_the_same_options() -> None:
    content = yaml.safe_load((CHECKOUT / "playbooks/drift.yml").read_text(encoding="utf-8"))
    told = dict(our_tasks(content))
    assert {option: told["fleet_report"][option] for option in told["fleet_gate"]} == told["fleet_gate"]


@pytest.mark.parametrize("seconds", [None, 10, 3600])
def test_the_look_of_drift_is_ended_by_ansible_when_nothing_else_ends_it(seconds: int | None) -> None:
    content = yaml.safe_load((CHECKOUT / "playbooks/drift.yml").read_text(encoding="utf-8"))
    (look,) = [task for play in content for block in play["tasks"] for task in block.get("block", ()) if _looks(task)]
    variables = {} if seconds is None else {"reserve_ports_command_timeout": seconds}
    command = RUN_SPEC["command_timeout"]["default"] if seconds is None else seconds
    own_deadlines = min(command, 120) + 2 * (command + 10) + 15
    assert own_deadlines < int(Template(look["timeout"]).render(variables)) <= 5 * command + 120


def _looks(task: dict[str, Any]) -> bool:
    return f"{COLLECTION}port_reservations" in task
