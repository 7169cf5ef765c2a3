# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module documentation, action specs and the role's argument specs agree on every option."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import generate
from ansible_collections.portkeeper.windows_dns.tests.contract.specs import facets
from markdown_page import MarkdownPage, code_spans

CHECKOUT = Path(__file__).resolve().parents[2]
NAMESPACE = CHECKOUT / ".cache" / "ns"
COLLECTION = "portkeeper.windows_dns"
PLUGINS = "ansible_collections.portkeeper.windows_dns.plugins"
MODULES = sorted(path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py"))


FILTERS = sorted(path.stem for path in (CHECKOUT / "plugins" / "filter").glob("*.py"))
ATTRIBUTES = {
    "action",
    "async",
    "become",
    "check_mode",
    "connection",
    "delegation",
    "diff_mode",
    "idempotent",
    "platform",
}
"""What Ansible's own modules say of themselves besides their options."""
REPOSITORY = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))["repository"]


@cache
def _documentation(kind: str = "module") -> dict[str, Any]:
    """Return the documentation of all modules, of one call of ansible-doc: a call per module takes seconds each."""
    names = [f"{COLLECTION}.{name}" for name in {"module": MODULES, "filter": FILTERS}[kind]]
    command = [str(Path(sys.executable).with_name("ansible-doc")), "--json", "--type", kind, *names]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(NAMESPACE)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def documentation(name: str) -> dict[str, Any]:
    """Return a module's documentation as ansible-doc resolves it, fragments included."""
    found: dict[str, Any] = _documentation()[f"{COLLECTION}.{name}"]
    return found


def test_every_action_has_a_documented_module() -> None:
    actions = sorted(path.stem for path in (CHECKOUT / "plugins" / "action").glob("*.py"))
    assert actions == MODULES


@pytest.mark.parametrize("name", MODULES)
def test_documented_options_are_the_accepted_ones(name: str) -> None:
    documented = documentation(name)["doc"]["options"]
    spec = importlib.import_module(f"{PLUGINS}.action.{name}").ActionModule.SPEC
    assert {key: facets(option) for key, option in documented.items()} == {
        key: facets(option) for key, option in spec.items()
    }


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_examples_and_return_values(name: str) -> None:
    found = documentation(name)
    assert yaml.safe_load(found["examples"])
    assert found["return"]


def test_the_action_group_is_all_modules_that_take_the_policy() -> None:
    """The policy's fragment says that its modules belong to the group, whose defaults another module would refuse."""
    groups = yaml.safe_load((CHECKOUT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    taking = [
        name
        for name in MODULES
        if "- portkeeper.windows_dns.policy\n" in importlib.import_module(f"{PLUGINS}.modules.{name}").DOCUMENTATION
    ]
    assert groups == {"windows_dns": taking}


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_does_with_ansible_s_keywords(name: str) -> None:
    attributes = documentation(name)["doc"]["attributes"]
    assert ATTRIBUTES - attributes.keys() == set()
    assert [key for key, value in attributes.items() if not {"description", "support"} <= value.keys()] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_names_its_action_groups(name: str) -> None:
    groups = yaml.safe_load((CHECKOUT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    attribute = documentation(name)["doc"]["attributes"].get("action_group", {})
    assert attribute.get("membership", []) == [f"{COLLECTION}.{group}" for group in groups if name in groups[group]]


def test_plugins_refer_to_each_other_in_both_directions() -> None:
    found = {
        f"{COLLECTION}.{name}": {entry.get("module") or entry.get("plugin") for entry in plugin["doc"]["seealso"]}
        for kind in ("module", "filter")
        for name, plugin in ((full.rpartition(".")[2], row) for full, row in _documentation(kind).items())
    }
    pairs = {(one, other) for one, others in found.items() for other in others if other}
    assert {one for one, _other in pairs} == found.keys()
    assert {(one, other) for one, other in pairs if (other, one) not in pairs} == set()


def test_guides_that_plugins_refer_to_exist() -> None:
    links = {
        entry["link"]
        for kind in ("module", "filter")
        for plugin in _documentation(kind).values()
        for entry in plugin["doc"]["seealso"]
        if "link" in entry
    }
    assert links
    for link in links:
        assert (CHECKOUT / link.removeprefix(f"{REPOSITORY}/blob/main/")).is_file(), link


def test_every_acceptance_point_is_documented() -> None:
    points = importlib.import_module(f"{PLUGINS}.module_utils._contribute.acceptance").POINTS
    rows = MarkdownPage.read(CHECKOUT / "docs/acceptance.md").rows()
    assert [name for first, *_rest in rows for name in code_spans(first)] == list(points)


def test_role_variables_are_the_module_s_options() -> None:
    prefix = "reserve_ports_"
    specs = yaml.safe_load((CHECKOUT / "roles/reserve_ports/meta/argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"]["main"]["options"]
    accepted = {
        **importlib.import_module(f"{PLUGINS}.action.port_reservations").ActionModule.SPEC,
        **importlib.import_module(f"{PLUGINS}.action.dns_restart").ActionModule.SPEC,
        **importlib.import_module(f"{PLUGINS}.action.host_reboot").ActionModule.SPEC,
    }
    for name, option in options.items():
        assert name.startswith(prefix)
        assert facets(option) == facets(accepted[name.removeprefix(prefix)]), name


def test_role_defaults_are_the_documented_defaults() -> None:
    role = CHECKOUT / "roles/reserve_ports"
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text(encoding="utf-8"))
    assert defaults == {name: option["default"] for name, option in options.items() if "default" in option}


GENERATED = (
    "docs/catalogue.md",
    "docs/images/packages.svg",
    "docs/policy.md",
    "plugins/plugin_utils/schemas/facts.schema.json",
    "plugins/plugin_utils/schemas/plan.schema.json",
    "roles/reserve_ports/README.md",
    "roles/reserve_ports/defaults/main.yml",
    "roles/reserve_ports/meta/argument_specs.yml",
)


def test_generated_files_are_these() -> None:
    assert sorted(generate.documents()) == sorted(GENERATED)


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_file_is_up_to_date(name: str) -> None:
    assert (CHECKOUT / name).read_text(encoding="utf-8") == generate.documents()[name], "run scripts/generate.py"


def test_a_stale_file_is_named_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in GENERATED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, tmp_path / name)
    (tmp_path / "docs/policy.md").write_text("stale", encoding="utf-8")
    monkeypatch.setattr(generate, "CHECKOUT", tmp_path)
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().out == "not up to date: docs/policy.md\n"
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
