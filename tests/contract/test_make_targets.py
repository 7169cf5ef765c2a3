# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each target of make sets up what it needs: in a fresh clone, no other command comes first."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml

from checkout import CHECKOUT

TARGETS = sorted(
    set(re.search(r"^\.PHONY: (.*)$", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1].split())
)
"""As the Makefile lists them; a variable stands for itself."""
NEED_NOTHING = {"clean", "help", "setup", "setup-browser", "setup-lab"}


def commands_of(target: str) -> list[str]:
    command = ["make", "--dry-run", "--no-print-directory", target]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def names() -> list[str]:
    shown = commands_of("help")
    checks = next(line for line in shown if "One check by its name" in line).partition("echo ")[2].partition("|")[0]
    return sorted({*TARGETS, *checks.split()} - {"$(CHECKS)"} - NEED_NOTHING)


@pytest.mark.parametrize("target", names())
def test_a_target_sets_up_what_it_needs_before_anything_else(target: str) -> None:
    lines = commands_of(target)
    assert lines[0].startswith("scripts/setup "), lines
    needs_lab = any(f"--session {name}" in line for line in lines for name in ("integration", "lab-tests", "molecule"))
    assert not needs_lab or any("scripts/setup lab" in line for line in lines)


def test_what_sets_up_needs_nothing_of_the_virtual_environment() -> None:
    for target in NEED_NOTHING:
        assert not any(".venv/" in line for line in commands_of(target)), target


def test_the_hooks_of_pre_commit_are_targets() -> None:
    config = yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    for hook in (hook for repository in config["repos"] for hook in repository["hooks"]):
        assert hook["entry"].removeprefix("make ") in names()
