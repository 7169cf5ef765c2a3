# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planted programs with the names of tools are never run, even with a customised command processor."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.script import ALREADY, DONE
from carrier import carrier

SCENARIO = "sbs2003-account"
PLANTED = ("fc.bat", "tasklist.bat", "findstr.cmd", "ping.bat", "net.cmd", "reg.bat", "sc.bat", "netsh.cmd", "cmd.bat")
FOLDERS = (
    "C:\\windows\\portkeeper", "C:\\windows\\portkeeper\\backup", "C:\\windows", "%USERPROFILE%",
)  # fmt: skip
RAN = "C:\\windows\\ran.txt"


@pytest.fixture(scope="module")
def host(make_host):
    return make_host(SCENARIO)


def plant(host, folder: str) -> None:
    """Put programs there that leave a note when they run, and `ping.exe`, which is another program."""
    host.exec(f"md {folder}", check=False)
    line = f"(for %i in ({' '.join(PLANTED)}) do @echo @echo %~i^>^>{RAN}>{folder}\\%i)"
    host.exec(f"{line}&copy C:\\windows\\system32\\hostname.exe {folder}\\ping.exe", check=False)


def nothing_ran(host) -> bool:
    """Return whether no planted program has left a note."""
    return host.exec(f"if exist {RAN} type {RAN}") in ("", "autorun\n", "autorun\r\n")


def test_the_account_has_its_own_prompt(host) -> None:
    assert "PROMPT=$D$G" in host.exec("set PROMPT").split()


def test_what_others_do_is_done_and_nothing_that_was_planted_runs(host, controller) -> None:
    for folder in FOLDERS:
        plant(host, folder)
    done = controller.module(host, "port_reservations", profiles=["sbs2003"])
    assert done.get("failed", False) is False, done["msg"]
    assert done["changed"] is True
    window = controller.module(host, "dns_restart", force=True)
    assert window.get("failed", False) is False, window["msg"]
    assert window["changed"] is True
    back = controller.module(host, "port_rollback")
    assert back.get("failed", False) is False, back["msg"]
    assert back["changed"] is True
    assert nothing_ran(host)


def test_the_host_s_own_rollback_runs_nothing_that_was_planted_beside_it(host, controller) -> None:
    done = controller.module(host, "port_reservations", profiles=["sbs2003"])
    folder = "C:\\windows\\portkeeper\\" + done["backup"]["host_path"].partition("\\portkeeper\\")[2]
    plant(host, folder)
    shown = host.exec(f"cd /d {folder}&rollback.cmd")
    assert "The old values are back" in shown
    assert nothing_ran(host)


def test_a_planted_program_would_be_seen(host) -> None:
    plant(host, "C:\\seen")
    host.exec("cd /d C:\\seen&fc")
    assert not nothing_ran(host)
    host.exec(f"del {RAN}")


def test_the_carried_scripts_run_nothing_that_was_planted_beside_them(host) -> None:
    person = carrier(host, "SBS2003")
    plant(host, "C:\\carry")
    carried = person.collect({"profiles": ["sbs2003"]})
    person.carry(carried)
    assert "apply.cmd" in carried.files
    assert person.run("apply.cmd")[0] in (DONE, ALREADY)
    assert person.run("rollback.cmd")[0] in (DONE, ALREADY)
    assert nothing_ran(host)
