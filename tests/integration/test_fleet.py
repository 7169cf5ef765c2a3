# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A nightly run over six hosts in different states gives the right rows and exit code, within each host's budget."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLE, DRIFT = "portkeeper.windows_dns.reserve_ports", "portkeeper.windows_dns.drift"
SCENARIOS = {
    "conflict": "sbs2003",
    "drifted": "2003-member",
    "foreign": "2022-wireguard",
    "pending": "2003-member",
    "safe": "xp",
}
AWAY = "away"
STATUSES = {
    "conflict": "conflict",
    "drifted": "drifted",
    "pending": "pending_reboot",
    AWAY: "unreachable",
    "foreign": "safe",
    "safe": "safe",
}
"""In the order of the report."""
REBOOTED = "safe"
REQUESTS, COMMANDS, RECEIVE_BYTES = 7, 1, 64 * 1024


@dataclass
class Night:
    """What a night left behind.

    Attributes:
        folder: the artifacts and reports.
        code: exit code of drift.yml.
        shown: what it printed.
        counters: of each host's WinRM server during the night.
        prepared: status of each host that the role has set up, by the role's own artifact.
    """

    folder: Path
    code: int = -1
    shown: str = ""
    counters: dict[str, dict[str, Any]] = field(default_factory=dict)
    prepared: dict[str, str] = field(default_factory=dict)

    @property
    def report(self) -> dict[str, Any]:
        """The report for programs."""
        return json.loads((self.folder / "report.json").read_text(encoding="utf-8"))

    def row(self, host: str) -> dict[str, Any]:
        """Return the host's entry in it."""
        (found,) = [entry for entry in self.report["hosts"] if entry["host"] == host]
        return found


def variables(inventory: Path) -> dict[str, Any]:
    content = yaml.safe_load(inventory.read_text(encoding="utf-8"))
    (found,) = content["all"]["hosts"].values()
    return {**content["all"].get("vars", {}), **(found or {})}


def statuses(folder: Path) -> dict[str, str]:
    read = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return {content["host"]: content["status"] for content in read}


@pytest.fixture(scope="module")
def night(controller, make_host, tmp_path_factory) -> Night:
    """Start five hosts, let the role set up three of them, and run the check over six."""
    folder = tmp_path_factory.mktemp("fleet")
    hosts = {name: make_host(scenario, "--winrm", "full_chunks=true") for name, scenario in SCENARIOS.items()}
    fleet = {name: variables(host.inventory) for name, host in hosts.items()}
    fleet[REBOOTED]["reserve_ports_reboot"] = "if_required"
    fleet[AWAY] = {**fleet["safe"], "ansible_port": 1}
    inventory = folder / "fleet.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": dict(sorted(fleet.items()))}}), encoding="utf-8")
    options = ("-e", f"reserve_ports_artifacts_dir={folder}", "-e", "reserve_ports_run_id=")

    role = controller.playbook(ROLE, inventory, "--limit", "foreign:pending:safe", *options[:3], f"{options[3]}role")
    assert role.returncode == 0, role.stdout + role.stderr
    made = Night(folder / "night", prepared=statuses(folder / "role"))
    for host in hosts.values():
        host.winrm(op="reset_counters")
    run = controller.playbook(DRIFT, inventory, *options[:3], f"{options[3]}night")
    made.code, made.shown = run.returncode, run.stdout
    made.counters = {name: host.winrm(op="counters") for name, host in hosts.items()}
    return made


def test_each_host_has_its_row_and_the_code_is_that_of_the_findings(night: Night) -> None:
    assert night.code == night.report["exit_code"] == 2, night.shown
    assert [(entry["host"], entry["status"]) for entry in night.report["hosts"]] == list(STATUSES.items())
    assert night.report["counts"] == {
        **dict.fromkeys(night.report["counts"], 0),
        "conflict": 1, "drifted": 1, "pending_reboot": 1, "unreachable": 1, "safe": 2,
    }  # fmt: skip


def test_the_role_s_artifacts_hold_the_results_of_window_and_reboot(night: Night) -> None:
    assert night.prepared == {"foreign": "safe", "pending": "pending_reboot", "safe": "safe"}


def test_the_conflict_is_named_with_port_and_holder(night: Night) -> None:
    row = night.row("conflict")
    assert {(entry["port"], entry["holder"]) for entry in row["conflicts"]} >= {(1645, "dns.exe"), (4500, "dns.exe")}
    assert row["risk_now"] > 0.3 and row["risk_after_reload"] == 0
    assert any("restart DNS in a guarded window" in text for text in row["to_do"])


def test_what_is_to_be_done_is_in_the_row(night: Night) -> None:
    assert any("write ReservedPorts" in text for text in night.row("drifted")["to_do"])
    assert [text.partition(":")[0] for text in night.row("pending")["to_do"]] == ["then reboot"]
    assert night.row(AWAY)["to_do"] == [] and "refused the connection" in night.row(AWAY)["reason"]
    assert night.row("safe")["to_do"] == night.row("foreign")["to_do"] == []


def test_foreign_entries_are_kept_and_shown(night: Night) -> None:
    artifact = json.loads((night.folder / "foreign.json").read_text(encoding="utf-8"))
    assert "51000-51010" in artifact["facts"]["settings"]["socket_pool_excluded_port_ranges"]["data"]
    page = (night.folder / "report.html").read_text(encoding="utf-8")
    assert re.search(r'aria-label="foreign ranges: [^"]*51000-51010', page)


def test_every_format_names_every_host(night: Night) -> None:
    for name in ("html", "txt", "md", "xml", "prom"):
        text = (night.folder / f"report.{name}").read_text(encoding="utf-8")
        assert [host for host in STATUSES if not re.search(rf"\b{host}\b", text)] == [], name
    heads = re.findall(r"^(?:conflict|drifted|pending_reboot|unreachable) .* (\w+)$", night.shown, re.MULTILINE)
    assert heads == ["conflict", "drifted", "pending", AWAY]


@pytest.mark.parametrize("host", SCENARIOS)
def test_the_budget_of_each_host_is_kept(night: Night, host: str) -> None:
    counters = night.counters[host]
    print(host, {name: counters[name] for name in ("requests", "receives", "commands", "output_bytes")})
    assert (counters["sessions"], counters["commands"]) == (1, COMMANDS)
    assert counters["requests"] - counters["receives"] <= REQUESTS
    assert counters["receives"] <= 1 + counters["output_bytes"] // RECEIVE_BYTES
