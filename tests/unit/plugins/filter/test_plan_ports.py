# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.portkeeper.windows_dns.plugins.filter.plan_ports import FilterModule, plan_ports
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.port_plan import run_port_plan
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import conflict_facts


def test_it_gives_the_module_s_plan() -> None:
    policy = {"profiles": ["sbs2003"]}
    result = run_port_plan({"facts": conflict_facts(), **policy}, lambda path: b"")
    assert FilterModule().filters()["plan_ports"](conflict_facts(), policy) == result["plan"]


def test_a_policy_may_hold_options_of_the_run() -> None:
    assert plan_ports(conflict_facts(), {"reboot": "if_required"}) == plan_ports(conflict_facts())


@pytest.mark.parametrize(
    ("found", "policy"), [({}, None), (None, None), (conflict_facts(), []), (conflict_facts(), {"x": 1})]
)
def test_what_is_refused(found: Any, policy: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"^plan_ports: "):
        plan_ports(found, policy)
