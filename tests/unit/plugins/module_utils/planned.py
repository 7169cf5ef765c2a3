# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of made-up hosts, checked against their schema, and the parts of a plan that tests check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.host import Host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan import services
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import facts, ranges

SCHEMAS = Path(__file__).resolve().parents[4] / "plugins" / "plugin_utils" / "schemas"
PLAN_SCHEMA = Draft202012Validator(json.loads((SCHEMAS / "plan.schema.json").read_text(encoding="utf-8")))
DETECTED_LIST = ["1645-1646", "1812-1813", "3343-3343", "4500-4500"]
"""What the factory's SBS 2003 has without any profile: its services, and the cluster's port that was there."""


def auto_plan(host_facts: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Return the plan under the default policy but for these options."""
    found = make_plan(host_facts, Policy.from_options(options))
    PLAN_SCHEMA.validate(found)
    return found


def plan(host_facts: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Return the same, with no profile unless one is named."""
    return auto_plan(host_facts, **{"profiles": [], **options})


def verify(host_facts: dict[str, Any], policy: Policy) -> dict[str, Any]:
    """The verdict of port_verify."""
    return services.verify(Host(host_facts), policy)


def with_reserved(*entries: str, **options: Any) -> dict[str, Any]:
    """Return the plan of the factory's SBS 2003 with these entries in ReservedPorts."""
    return plan(facts(settings={"reserved_ports": ranges(*entries)}), **options)


def after(found: dict[str, Any]) -> Any:
    """Return what ReservedPorts is to be, or None if it is not written."""
    return {entry["id"]: entry["after"] for entry in found["settings"]}.get("reserved_ports")


def reason(found: dict[str, Any]) -> str:
    """Return why the first setting is written."""
    return str(found["settings"][0]["reason"])


def problem_ids(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Id and severity of each problem."""
    return [(problem["id"], problem["severity"]) for problem in found["problems"]]


def summary(found: dict[str, Any]) -> tuple[str, bool, bool, bool]:
    """Status, in sync, reboot required, restart of DNS required."""
    return found["status"], found["in_sync"], found["reboot_required"], found["dns_restart_required"]
