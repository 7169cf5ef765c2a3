# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All examples of the documentation work: EXAMPLES of modules and filters, README, role README, docs."""

from __future__ import annotations

import ast
import base64
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import stated
from checkout import BIN, CHECKOUT
from markdown_page import MarkdownPage, commands

PLUGINS_WITH_EXAMPLES = sorted(
    path for folder in ("modules", "filter") for path in (CHECKOUT / "plugins" / folder).glob("*.py")
)
DOCUMENTS = [CHECKOUT / "README.md", CHECKOUT / "roles/reserve_ports/README.md", *sorted(CHECKOUT.glob("docs/*.md"))]

NOT_RUN_HERE = {
    "make demo": "is a separate step in CI",
    "make test": "is what runs this test",
    "make build": "other tests build the archive",
    "ansible-builder build": "is run by make test-execution-environment",
    "python3 -m venv": "the versions under test are installed",
    "pip install": "the versions under test are installed",
    "ansible-galaxy collection install": "the artifact under test is installed",
    "gpg --verify": "is run by the release, on its own files",
    "sha256sum --check": "is run by the release, on its own files",
}


def examples_of(path: Path) -> str:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "EXAMPLES":
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{path.name} has no EXAMPLES")


def blocks(language: str) -> list[Any]:
    return [
        pytest.param(text, id=f"{path.name}-{number}")
        for path in DOCUMENTS
        for number, (kind, text) in enumerate(MarkdownPage.read(path).all_blocks())
        if kind == language
    ]


@pytest.fixture(scope="module")
def workplace(controller, lab_host) -> Path:
    """The controller's folder with the files that examples name."""
    transcript = (CHECKOUT / "tests/unit/captures/transcript-sbs2003.txt").read_bytes()
    for name in ("sbs2003.txt", "client01.txt", "transcripts/client01.txt", "transcripts/sbs01.txt", "transcript.txt"):
        path = controller.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(transcript)
    inventory = yaml.safe_load(lab_host.inventory.read_text(encoding="utf-8"))
    (variables,) = inventory["all"]["hosts"].values()
    everything = {**inventory["all"].get("vars", {}), **(variables or {})}
    everything["reserve_ports_artifacts_dir"] = "artifacts"
    # Variables that examples name as if an earlier task had set them.
    everything["client01_file"] = {"content": base64.b64encode(transcript).decode("ascii")}
    everything["host"] = {"facts": {"dns": {"udp_ports": {"udp4": ["53-53", "1024-1030"]}}}}
    group = {"all": {"children": {"clients": {"hosts": {"client01": everything}}}}}
    (controller.folder / "inventory.yml").write_text(yaml.safe_dump(group), encoding="utf-8")
    return controller.folder


@pytest.fixture(autouse=True)
def night(workplace) -> None:
    """The run that examples name ended well, although other examples may have written into its folder since."""
    artifact = workplace / "artifacts/nightly/client01.json"
    artifact.parent.mkdir(parents=True, exist_ok=True)
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    artifact.write_text(json.dumps(stated("client01", "safe", now)), encoding="utf-8")


def plays(text: str) -> list[dict[str, Any]]:
    content = yaml.safe_load(text)
    if all("hosts" in entry for entry in content):
        return content
    return [{"name": "Run the example", "hosts": "all", "gather_facts": False, "tasks": content}]


@pytest.mark.parametrize("path", PLUGINS_WITH_EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_examples_run(controller, workplace, path: Path) -> None:
    run = controller.playbook(plays(examples_of(path)), workplace / "inventory.yml")
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("text", blocks("yaml"))
def test_yaml_blocks_run(controller, workplace, text: str) -> None:
    content = yaml.safe_load(text)
    if isinstance(content, dict) and "all" in content:
        (workplace / "example-inventory.yml").write_text(text, encoding="utf-8")
        done = controller.run([str(BIN / "ansible-inventory"), "-i", "example-inventory.yml", "--list"])
        assert done.returncode == 0, done.stderr
        return
    run = controller.playbook(plays(text), workplace / "inventory.yml")
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("text", blocks("console"))
def test_commands_run(controller, workplace, text: str) -> None:
    for line in commands(text):
        if any(line.startswith(prefix) for prefix in NOT_RUN_HERE):
            continue
        done = controller.run(["sh", "-c", line])
        # The reboot that Server 2003 needs has not happened: the drift check must say so.
        expected = 2 if ".drift" in line else 0
        assert done.returncode == expected, f"{line}\n{done.stdout}\n{done.stderr}"


def test_how_many_examples_there_are_to_run() -> None:
    """Nothing slips out: a moved document, another fence or a stale excuse would leave examples unread."""
    lines = [line for entry in blocks("console") for line in commands(entry.values[0])]
    excused = [line for line in lines if any(line.startswith(prefix) for prefix in NOT_RUN_HERE)]
    assert len(PLUGINS_WITH_EXAMPLES) >= 11
    assert len(blocks("yaml")) >= 4
    assert len([line for line in lines if line not in excused]) >= 4
    assert [prefix for prefix in NOT_RUN_HERE if not any(line.startswith(prefix) for line in excused)] == []
    assert all(NOT_RUN_HERE.values())
