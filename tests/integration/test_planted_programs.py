# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account with a command processor of its own, and programs of our tools' names in every folder that holds data."""

from __future__ import annotations

import pytest

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
    assert host.exec(f"if exist {RAN} type {RAN}") in ("", "autorun\n", "autorun\r\n")


def test_the_host_s_own_rollback_runs_nothing_that_was_planted_beside_it(host, controller) -> None:
    done = controller.module(host, "port_reservations", profiles=["sbs2003"])
    folder = "C:\\windows\\portkeeper\\" + done["backup"]["host_path"].partition("\\portkeeper\\")[2]
    plant(host, folder)
    shown = host.exec(f"cd /d {folder}&rollback.cmd")
    assert "The old values are back" in shown
    assert host.exec(f"if exist {RAN} type {RAN}") in ("", "autorun\n", "autorun\r\n")
