# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.artifact import build, file_name
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import conflict_facts, facts

SCHEMAS = {
    path.name: json.loads(path.read_text(encoding="utf-8"))
    for path in (Path(__file__).resolve().parents[5] / "plugins" / "plugin_utils" / "schemas").glob("*.json")
}
REGISTRY: Any = Registry().with_resources(
    [(schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()]
)
ARTIFACT_SCHEMA = Draft202012Validator(SCHEMAS["artifact.schema.json"], registry=REGISTRY)


def made(result: dict[str, Any], host_facts: Any = None, check_mode: bool = False) -> dict[str, Any]:
    plan = make_plan(host_facts, Policy.from_options()) if host_facts else None
    artifact = build("client01", host_facts, plan, result, "run1", "2026-01-02T03:04:05Z", check_mode)
    ARTIFACT_SCHEMA.validate(artifact)
    return artifact


def test_a_host_that_was_changed() -> None:
    artifact = made({"changed": True, "msg": "written", "backup": {"id": "b"}}, conflict_facts())
    assert (artifact["outcome"], artifact["status"], artifact["changed"]) == ("ok", "conflict", True)
    assert artifact["reboot_required"] is True
    assert artifact["backup"] == {"id": "b"}


def test_check_mode_changes_nothing() -> None:
    artifact = made({"changed": True}, conflict_facts(), check_mode=True)
    assert (artifact["changed"], artifact["would_change"]) == (False, True)


def test_a_host_that_was_not_reached() -> None:
    artifact = made({"unreachable": True, "msg": "no route"})
    assert (artifact["outcome"], artifact["status"], artifact["msg"]) == ("unreachable", "unreachable", "no route")


def test_a_failure_is_never_safe() -> None:
    assert made({"failed": True, "phase": "read"})["status"] == "unknown"
    assert made({"failed": True, "phase": "write"}, facts())["status"] == "drifted"
    plan = {**make_plan(facts(), Policy.from_options()), "status": "safe", "in_sync": True}
    artifact = build("h", facts(), plan, {"failed": True}, "r", None, False)
    assert (artifact["status"], artifact["in_sync"]) == ("unknown", False)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("client01", "client01.json"),
        ("dc1.client.example", "dc1.client.example.json"),
        ("../x", "%2E.%2Fx.json"),
        (".hidden", "%2Ehidden.json"),
        ("a/b\\c d%", "a%2Fb%5Cc%20d%25.json"),
        ("kündin", "k%C3%BCndin.json"),
        ("", ".json"),
        ("summary", "%73ummary.json"),
        ("Report", "%52eport.json"),
    ],
)
def test_file_names(host: str, expected: str) -> None:
    assert file_name(host) == expected


@given(st.text(max_size=300), st.text(max_size=300))
def test_file_names_are_safe_and_distinct(one: str, other: str) -> None:
    name = file_name(one)
    assert len(name.encode("ascii")) <= 255
    assert not set(name) & set('/\\:*?"<>|\0\n ')
    assert (name == file_name(other)) is (one == other)
