# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""acceptance.yml reads a host, prints what it shows, and writes a transcript that can be sent to others."""

from __future__ import annotations

import stat

import yaml

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript

ACCEPTANCE = "portkeeper.windows_dns.acceptance"
SHOWN = "Show what it says about the open points"
STATE = "reg query HKLM\\SOFTWARE\\portkeeper"


def test_it_reads_shows_and_leaves_a_transcript_without_names(controller, lab_host) -> None:
    folder = controller.folder / "acceptance"
    run = controller.playbook(ACCEPTANCE, lab_host.inventory)
    assert run.returncode == 0, run.stdout + run.stderr
    verdicts = {row["id"]: row["verdict"] for row in run.result(SHOWN)["msg"]}
    assert verdicts["output_is_read"] == verdicts["release_is_known"] == "confirmed"
    assert verdicts["excluded_ranges_are_a_list"] == "not_seen"
    (path,) = folder.iterdir()
    assert path.name == "server1.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    facts = parse_transcript(path.read_bytes())
    assert facts["os"]["release"] == "sbs2003"
    assert facts["computer_name"] == "name1"
    assert "PolicyAgent" in facts["services"]
    (variables,) = yaml.safe_load(lab_host.inventory.read_text(encoding="utf-8"))["all"]["hosts"].values()
    text = path.read_text(encoding="utf-8").lower()
    names = (lab_host.exec("echo %COMPUTERNAME%").strip(), str((variables or {}).get("ansible_password", "secret")))
    assert [name for name in names if name.lower() in text] == []
    assert not {"transcript", "facts"} & set(run.result("Read the host")), "the log would hold all names"
    assert "1" in lab_host.exec(f"{STATE}>nul 2>nul||echo 1", check=False), "the run left something on the host"
