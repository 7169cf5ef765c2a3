# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions that connect to no host return what their modules document."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import FakeHost
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

PLUGINS = "ansible_collections.portkeeper.windows_dns.plugins"
TRANSCRIPT = Path(__file__).parents[2] / "captures" / "transcript-sbs2003.txt"
OPTIONS: dict[str, dict[str, Any]] = {
    "port_plan": {"transcript_path": str(TRANSCRIPT)},
    "fleet_gate": {"artifacts_dir": ["artifacts"]},
    "fleet_report": {"artifacts_dir": ["artifacts"], "show": False},
    "offline_kit": {"client": "client01", "dest": "carry", "transcripts": str(TRANSCRIPT)},
}
ANSIBLES_OWN = {"changed", "failed", "unreachable", "warnings"}
KINDS = {"str": str, "bool": bool, "dict": dict, "list": list}


@pytest.mark.parametrize("name", OPTIONS)
def test_the_result_is_the_documented_one(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    documented = yaml.safe_load(importlib.import_module(f"{PLUGINS}.modules.{name}").RETURN)
    result = run_task(importlib.import_module(f"{PLUGINS}.action.{name}"), FakeWire(FakeHost()), OPTIONS[name])
    assert result.keys() - ANSIBLES_OWN - documented.keys() == set()
    for key in result.keys() & documented.keys():
        assert isinstance(result[key], KINDS[documented[key]["type"]]), key
    assert {key for key, value in documented.items() if value["returned"] == "always"} <= result.keys()
