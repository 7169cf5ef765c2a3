# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No check is lost on the way from `make test` to the line that counts them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from checkout import BIN, CHECKOUT
from run_checks import run

NOXFILE = """
import nox

@nox.session(python=False)
def good(session):
    session.run("true")

@nox.session(python=False)
def waits_for_the_other(session):
    session.run("timeout", "30", "sh", "-c", "until test -e there; do sleep 0.1; done; echo the one")

@nox.session(python=False)
def is_the_other(session):
    session.run("sh", "-c", "touch there; echo the other")

@nox.session(python=False)
def bad(session):
    session.run("false")

@nox.session(python=False)
def skips(session):
    session.skip("there is no tool here")

@nox.session(python=False)
def needs_a_program(session):
    session.run("a-program-that-nobody-has")

@nox.session(python="3.99")
def needs_a_python(session):
    session.run("true")

@nox.session(python=False, requires=["bad"])
def needs_bad(session):
    session.run("true")

@nox.session(python=False)
@nox.parametrize("code", [0, 1])
def in_two_parts(session, code):
    session.run("sh", "-c", f"exit {code}")

@nox.session(python=False)
@nox.parametrize("what", [object()])
def not_to_be_reported(session, what):
    session.run("true")
"""


def named_in_make(target: str) -> list[str]:
    """The sessions in the steps that a target of the Makefile gives to run_checks.py."""
    command = ["make", "--dry-run", "--no-print-directory", target]
    shown = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    line = next(line for line in shown.splitlines() if "run_checks.py" in line)
    return re.split(r"[\s,/]+", line.partition("run_checks.py")[2].strip())


def run_fake(folder: Path, *names: str) -> int:
    noxfile = folder / "noxfile.py"
    noxfile.write_text(NOXFILE, encoding="utf-8")
    return run(noxfile, list(names))


def test_every_check_of_make_is_a_session_and_every_session_is_described_in_testing() -> None:
    listing = subprocess.run([BIN / "nox", "--list", "--json"], cwd=CHECKOUT, capture_output=True, check=True)
    sessions = {session["name"] for session in json.loads(listing.stdout)}
    checks = named_in_make("test")
    assert sorted([*checks, *named_in_make("test-cores")]) == sorted(sessions - {"gates"})
    assert set(named_in_make("test-fast")) < set(checks)
    table = (CHECKOUT / "TESTING.md").read_text(encoding="utf-8")
    assert [name for name in checks if f"`{name}`" not in table] == []


def test_all_checks_passed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_fake(tmp_path, "good") == 0
    assert capfd.readouterr().out.splitlines()[-1] == "checks: 1 passed, 0 failed"


def test_what_did_not_pass_is_counted_and_the_rest_still_runs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    failing = ("bad", "skips", "needs_a_program", "needs_a_python", "needs_bad", "in_two_parts")
    assert run_fake(tmp_path, *failing, "good") == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines[-1] == "checks: 1 passed, 6 failed"
    assert f"failed: {' '.join(failing)}" in lines
    assert "=== good passed, took 0 s" in lines


def test_rows_run_side_by_side_and_print_one_after_the_other(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_fake(tmp_path, "waits_for_the_other,good/is_the_other") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[-1] == "checks: 3 passed, 0 failed"
    assert lines.index("the one") < lines.index("the other")


def test_a_failure_in_either_row_is_counted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_fake(tmp_path, "bad,good/good", "good/misspelt") == 1
    assert capfd.readouterr().out.splitlines()[-1] == "checks: 3 passed, 2 failed"


def test_a_check_that_no_session_stands_for_has_failed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_fake(tmp_path, "good,misspelt") == 1
    assert capfd.readouterr().out.splitlines()[-1] == "checks: 0 passed, 2 failed"
    assert run_fake(tmp_path, "good", "misspelt") == 1
    assert capfd.readouterr().out.splitlines()[-1] == "checks: 1 passed, 1 failed"


def test_a_noxfile_that_cannot_be_read_fails_every_check(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "noxfile.py", ["good"]) == 1
    assert capfd.readouterr().out.splitlines()[-1] == "checks: 0 passed, 1 failed"


def test_a_report_that_nox_cannot_write_fails_every_check(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_fake(tmp_path, "good,not_to_be_reported") == 1
    assert capfd.readouterr().out.splitlines()[-1] == "checks: 0 passed, 2 failed"
