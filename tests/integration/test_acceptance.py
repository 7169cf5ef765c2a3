# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""acceptance.yml reads a host, prints what it shows, and writes a transcript that can be sent to others."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from over_each import QUICK, inventory

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript

ACCEPTANCE = "portkeeper.windows_dns.acceptance"
SHOWN = "Show what it says about the open points"
STATE = "reg query HKLM\\SOFTWARE\\portkeeper"
SEEN = {
    "winrm": ("sbs2003", "sbs2003", "PolicyAgent", "not_seen"),
    "psrp": ("sbs2003", "sbs2003", "PolicyAgent", "not_seen"),
    "ssh": (str(QUICK), "2022", "DNS", "confirmed"),
}
"""By connection: the scenario, its release, one of its services, and what it says about a list of excluded ranges."""


@pytest.fixture(scope="module")
def hosts(make_host):
    """Give a function that returns the host of a scenario; each is started once."""
    started = {}

    def host(scenario: str):
        if scenario not in started:
            started[scenario] = make_host(scenario, *(["--ssh"] if scenario == str(QUICK) else []))
        return started[scenario]

    return host


@pytest.mark.parametrize("connection", SEEN)
def test_it_reads_shows_and_leaves_a_transcript_without_names(
    controller, hosts, tmp_path: Path, connection: str
) -> None:
    scenario, release, service, listed = SEEN[connection]
    host = hosts(scenario)
    folder = tmp_path / "acceptance"
    run = controller.playbook(ACCEPTANCE, inventory(host, tmp_path, connection), "-e", f"acceptance_dest={folder}")
    assert run.returncode == 0, run.stdout + run.stderr
    verdicts = {row["id"]: row["verdict"] for row in run.result(SHOWN)["msg"]}
    assert verdicts["output_is_read"] == verdicts["release_is_known"] == "confirmed"
    assert verdicts["excluded_ranges_are_a_list"] == listed
    (path,) = folder.iterdir()
    assert path.name == "server1.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    facts = parse_transcript(path.read_bytes())
    assert facts["os"]["release"] == release
    assert facts["computer_name"] == "name1"
    assert service in facts["services"]
    text = path.read_text(encoding="utf-8").lower()
    names = (host.exec("echo %COMPUTERNAME%").strip(), host.variables("winrm")["ansible_password"])
    assert [name for name in names if name.lower() in text] == []
    assert not {"transcript", "facts"} & set(run.result("Read the host")), "the log would hold all names"
    assert "1" in host.exec(f"{STATE}>nul 2>nul||echo 1", check=False), "the run left something on the host"
