# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo shows the point of Ansible's output in lines that fit, and keeps all of it in its log."""

from __future__ import annotations

from pathlib import Path

import demo_screen
import pytest

OUTPUT = """
PLAY [Report drift of the port reservations] ***********************************

TASK [Compare the host with its policy] ****************************************
--- before
+++ after
@@ -1,2 +1,3 @@
 HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters ReservedPorts REG_MULTI_SZ:
+  1645-1646
   3343-3343
[WARNING]: server: what is configured waits for a reboot of the server before it takes effect.
changed: [server]

TASK [Report the results in the artifacts of this run] *************************
Port reservations of the DNS servers
2026-11-29 09:15 UTC   exit code 2

1 drifted
ok: [localhost]

TASK [Turn the artifacts of this run into one exit code] ***********************
[ERROR]: Task failed: Action failed: 1 drifted: server (drifted)
Origin: playbooks/drift.yml:109:11
fatal: [localhost]: FAILED! =>
    changed: false
    msg: '1 drifted: server (drifted)'

PLAY RECAP *********************************************************************
localhost                  : ok=1    changed=0    unreachable=0    failed=1    skipped=1    rescued=0    ignored=0
"""


@pytest.fixture(name="screen")
def _screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> demo_screen.Screen:
    monkeypatch.setenv("COLUMNS", "80")
    return demo_screen.Screen(tmp_path / "demo" / "demo.log")


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("error", ["1 drifted: server (drifted)"]),
        ("warning", ["server: what is configured waits for a reboot of the server before it takes effect."]),
        ("recap", ["localhost: ok=1 failed=1 skipped=1"]),
    ],
)
def test_an_excerpt_is_the_part_that_matters(
    kind: str, shown: list[str], screen: demo_screen.Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    screen.excerpt(OUTPUT, [kind])
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("  | ") and len(line) <= 80 for line in lines)
    assert " ".join(" ".join(lines).replace("|", "").split()) == " ".join(shown)
    assert OUTPUT in screen.path.read_text(encoding="utf-8")


def test_a_diff_ends_where_the_result_begins(screen: demo_screen.Screen, capsys: pytest.CaptureFixture[str]) -> None:
    screen.excerpt(OUTPUT, ["diff"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "  | --- before"
    assert lines[-1].split() == ["|", "3343-3343"]


def test_a_report_keeps_its_lines(screen: demo_screen.Screen, capsys: pytest.CaptureFixture[str]) -> None:
    screen.excerpt(OUTPUT, ["report"])
    expected = ["Port reservations of the DNS servers", "2026-11-29 09:15 UTC   exit code 2", "1 drifted"]
    assert capsys.readouterr().out.splitlines() == expected


def test_what_is_not_there_is_not_shown(screen: demo_screen.Screen, capsys: pytest.CaptureFixture[str]) -> None:
    screen.excerpt("", list(demo_screen.EXCERPTS))
    assert not capsys.readouterr().out


def test_a_log_has_one_line_for_each_wait_and_each_quarter(
    screen: demo_screen.Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    with screen.waiting("The server reboots"):
        pass
    for done in range(1, 21):
        screen.progress(done, 20, "restarts")
    assert capsys.readouterr().out.splitlines() == [
        "    The server reboots: 0 s",
        *(f"    {done} of 20 restarts" for done in (5, 10, 15, 20)),
    ]


def test_the_columns_of_a_diff_stay(screen: demo_screen.Screen, capsys: pytest.CaptureFixture[str]) -> None:
    screen.excerpt(OUTPUT, ["diff"])
    assert "  |    3343-3343" in capsys.readouterr().out.splitlines()
