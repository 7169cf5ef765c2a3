# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role variable is a module option of the same name, and is used for nothing else."""

from __future__ import annotations

import importlib
from pathlib import Path

import yaml

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import POLICY_SPEC

ROLE = Path(__file__).resolve().parents[2] / "roles" / "reserve_ports"
PREFIX = "reserve_ports_"
COLLECTION = "portkeeper.windows_dns."
ACTIONS = "ansible_collections.portkeeper.windows_dns.plugins.action"


def test_each_role_variable_is_passed_to_the_option_of_its_name_only() -> None:
    tasks = [task for part in ("tasks", "handlers") for task in yaml.safe_load((ROLE / part / "main.yml").read_text())]
    passed = set()
    for task in tasks:
        for module, options in task.items():
            if module.startswith(COLLECTION):
                assert options == {"variables_prefix": PREFIX}, module
                taken = importlib.import_module(f"{ACTIONS}.{module.removeprefix(COLLECTION)}").ActionModule.SPEC
                passed |= set(taken) & set(POLICY_SPEC)
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    assert {name.removeprefix(PREFIX) for name in specs} == passed
