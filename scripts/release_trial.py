# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Try an archive as its README says: install it in an empty place, and run the commands against a lab host."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from archive_check import FIRST_USE
from checkout import BIN, lab_environment
from markdown_page import MarkdownPage, commands

INSTALLATION = "2. Install"
"""The heading in README below which the installation is typed."""
SCENARIO = "sbs2003"
DRAW_SEED = "78"
"""With it DNS takes no port beside those that the scenario names, so each trial sees the same conflict."""
EXIT_CODES = {".drift": 2}
"""What does not end with 0: the reboot that Server 2003 needs has not happened, and drift must say so."""
COMMANDS = 4


class TrialError(Exception):
    """The archive does not do what README says; the message says what."""


class Trial:
    """An empty place for one user: a folder that is home and working folder, and none of this user's settings."""

    def __init__(self, folder: Path, archive: Path, log: Path) -> None:
        """Put the archive into the empty place.

        Args:
            folder: an empty one.
            archive: the file that a user has downloaded.
            log: for all that is printed.
        """
        self._folder, self._log = folder, log
        shutil.copy2(archive, folder)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
        places = {"HOME": str(folder), "ANSIBLE_HOME": str(folder / "home"), "PATH": f"{BIN}:{os.environ['PATH']}"}
        self._environment = {**kept, **places, "ANSIBLE_NOCOLOR": "1"}

    def install(self, readme: MarkdownPage, version: str) -> None:
        """Type README's installation, without that of ansible-core; see that this version is there."""
        typed = [line for block in readme.blocks("console", INSTALLATION) for line in commands(block)]
        for line in (line for line in typed if line.startswith("ansible-galaxy ")):
            self._type(line, 0)
        found = list(self._folder.rglob("ansible_collections/portkeeper/windows_dns/MANIFEST.json"))
        versions = [json.loads(path.read_bytes())["collection_info"]["version"] for path in found]
        if versions != [version]:
            raise TrialError(f"the archive of {version} was installed, and found are {versions}: {self._log}")

    def use(self, readme: MarkdownPage, inventory: str) -> list[str]:
        """Type README's commands from top to bottom; return them.

        Args:
            readme: of the archive.
            inventory: of a host on which nothing was done yet.
        """
        typed = [line for block in readme.blocks("console", FIRST_USE) for line in commands(block)]
        if len(typed) != COMMANDS:
            raise TrialError(f"README.md has {len(typed)} commands below {FIRST_USE}")
        (self._folder / "inventory.yml").write_text(inventory, encoding="utf-8")
        for line in typed:
            self._type(line, next((code for part, code in EXIT_CODES.items() if line.endswith(part)), 0))
        # Ansible itself ends with 2 when a task fails: the summary tells that from a verdict.
        worst = [json.loads(path.read_bytes())["worst"] for path in self._folder.glob("artifacts/*/summary.json")]
        if worst != ["pending_reboot"]:
            raise TrialError(f"the summary of drift should say pending_reboot and says {worst}: {self._log}")
        return typed

    def _type(self, line: str, expected: int) -> None:
        done = run(["sh", "-c", line], self._log, cwd=self._folder, env=self._environment)
        if done.returncode != expected:
            raise TrialError(
                f"{line}: exit code {done.returncode}, expected {expected}; all that was printed: {self._log}"
            )


def run(command: list[str], log: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command without input, and write to the end of a log what it prints."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        **options,  # type: ignore[call-overload]
    )
    with log.open("a", encoding="utf-8") as file:
        shown = (done.stdout + done.stderr).replace("\0", "\n")
        file.write(f"$ {' '.join(command)}\n{shown}[exit code {done.returncode}]\n\n")
    return done  # type: ignore[no-any-return]


@contextmanager
def lab_host(checkout: Path, log: Path, *scenario: str) -> Iterator[Callable[[str], str]]:
    """Start a host of a checkout's lab, and stop it in any case.

    Args:
        checkout: whose lab it is.
        log: for all that is printed.
        scenario: its name, and options for `lab up`.

    Yields: what returns the host's inventory for a connection plugin.
    """
    name = f"trial{os.getpid()}"
    environment = lab_environment(checkout)
    program = [sys.executable, "-m", "portkeeper_lab"]

    def lab(*arguments: str) -> str:
        done = run([*program, *arguments], log, cwd=checkout, env=environment)
        if done.returncode:
            raise TrialError(f"lab {' '.join(arguments)}: exit code {done.returncode}: {log}")
        return done.stdout

    try:
        lab("up", *scenario, "--name", name)
        yield lambda connection: lab("inventory", "--name", name, "--connection", connection)
    finally:
        run([*program, "down", name], log, cwd=checkout, env=environment)


def try_out(archive: Path, readme: MarkdownPage, version: str, checkout: Path, log: Path) -> list[str]:
    """Install an archive in an empty place and use it on a lab host; return the commands that were typed."""
    with tempfile.TemporaryDirectory(prefix="portkeeper-release-") as folder:
        trial = Trial(Path(folder), archive, log)
        trial.install(readme, version)
        with lab_host(checkout, log, SCENARIO, "--draw-seed", DRAW_SEED) as inventory:
            return trial.use(readme, inventory("winrm"))
