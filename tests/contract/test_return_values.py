# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented return values agree with the schemas, with their samples, and between modules."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

CHECKOUT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py"))
PYTHON_TYPES = {"str": str, "int": int, "bool": bool, "dict": dict, "list": list, "float": float}
JSON_TYPES = {"str": "string", "int": "integer", "bool": "boolean", "dict": "object", "list": "array"}
SCHEMAS = {
    name: json.loads((CHECKOUT / f"plugins/plugin_utils/schemas/{name}.schema.json").read_text(encoding="utf-8"))
    for name in ("facts", "plan", "artifact")
}
IN_ARTIFACTS = ("status", "phase", "collected", "dns_may_be_stopped", "reboot_required")
"""Keys of results that an artifact has under the same name."""
OF_THE_MODULE = {
    "changed",
    "msg",
    "acted",
    "files",
    "facts",
    "plan",
    "before",
    "after",
    "diff",
    "backup",
    "reboot_required",
}
"""Keys whose text says what this module does with them; what is inside of them is the same everywhere."""


def returned(name: str) -> dict[str, Any]:
    module = importlib.import_module(f"ansible_collections.portkeeper.windows_dns.plugins.modules.{name}")
    found: dict[str, Any] = yaml.safe_load(module.RETURN)
    return found


def every_value(values: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for key, value in values.items():
        yield f"{path}{key}", value
        yield from every_value(value.get("contains", {}), f"{path}{key}.")


def resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: dict[str, Any] = schema["$defs"][part["$ref"].rsplit("/", 1)[1]]
    return found


def schema_types(part: dict[str, Any]) -> set[str]:
    if "enum" in part or "const" in part:
        names = {str: "string", bool: "boolean", int: "integer"}
        return {names[type(value)] for value in part.get("enum", [part.get("const")]) if value is not None}
    kinds = part.get("type", [])
    return {kinds} if isinstance(kinds, str) else set(kinds)


@pytest.mark.parametrize("name", MODULES)
def test_samples_are_what_their_type_says(name: str) -> None:
    samples = [(path, value) for path, value in every_value(returned(name)) if "sample" in value]
    assert samples
    for path, value in samples:
        assert isinstance(value["sample"], PYTHON_TYPES[value["type"]]), path


@pytest.mark.parametrize("name", MODULES)
def test_a_value_shows_its_shape(name: str) -> None:
    """By a sample, by what it contains, or by the page that describes it; true and false need none."""
    shapeless = [
        key
        for key, value in returned(name).items()
        if not value.keys() & {"sample", "contains"}
        and value["type"] != "bool"
        and not re.search(r"docs/\w+\.md|^Always ", value["description"])
    ]
    assert shapeless == []


@pytest.mark.parametrize("name", MODULES)
def test_what_is_in_facts_plan_and_problems_is_in_their_schemas(name: str) -> None:
    values = returned(name)
    problem = SCHEMAS["plan"]["$defs"]["problem"]["properties"]
    if "problems" in values:
        assert values["problems"]["contains"].keys() == problem.keys()
    for part in ("facts", "plan"):
        schema = SCHEMAS[part]
        for key, value in values.get(part, {}).get("contains", {}).items():
            there = resolved(schema, schema["properties"][key])
            assert not schema_types(there) or JSON_TYPES[value["type"]] in schema_types(there), f"{part}.{key}"
            if "sample" in value:
                Draft202012Validator({**there, "$defs": schema["$defs"]}).validate(value["sample"])


@pytest.mark.parametrize("name", MODULES)
def test_samples_are_what_an_artifact_may_hold(name: str) -> None:
    for key, value in returned(name).items():
        if key in IN_ARTIFACTS:
            part = SCHEMAS["artifact"]["properties"][key]
            assert JSON_TYPES[value["type"]] in schema_types(part), key
            if "sample" in value:
                Draft202012Validator(part).validate(value["sample"])


@pytest.mark.parametrize("name", MODULES)
def test_sampled_settings_and_times_have_the_form_of_real_ones(name: str) -> None:
    values = returned(name)
    for key in ("before", "after"):
        for setting, ports in values.get(key, {}).get("sample", {}).items():
            assert setting in SCHEMAS["facts"]["properties"]["settings"]["properties"]
            Draft202012Validator({"$ref": "#/$defs/ports", "$defs": SCHEMAS["facts"]["$defs"]}).validate(ports)
    if "collected" in values:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", values["collected"]["sample"])


def test_a_key_means_the_same_in_every_module_that_judges_a_host() -> None:
    kinds: dict[str, set[tuple[str, str]]] = {}
    for name in (name for name in MODULES if "problems" in returned(name)):
        for path, value in every_value(returned(name)):
            kinds.setdefault(path, set()).add((value["type"], value.get("elements", "")))
    assert {path: found for path, found in kinds.items() if len(found) > 1} == {}


def test_a_key_is_described_in_the_same_words_in_every_module() -> None:
    """Ansible has no documentation fragments for return values, so that the text stands in every module."""
    texts: dict[str, set[str]] = {}
    for name in MODULES:
        for path, value in every_value(returned(name)):
            texts.setdefault(path, set()).add(str(value["description"]))
    assert texts.keys() >= OF_THE_MODULE
    assert {path: found for path, found in texts.items() if len(found) > 1 and path not in OF_THE_MODULE} == {}
