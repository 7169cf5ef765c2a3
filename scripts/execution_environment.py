# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the documented execution environment, and use the collection inside it on a lab host.

Usage: python scripts/execution_environment.py CONTEXT

CONTEXT is what ansible-builder has made of docs/examples/execution-environment.yml. Containers are isolated by chroot
and share the network of this machine, so the lab host's loopback ports are reached from inside.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from containers import ContainerError, Storage, private_storage
from demo_screen import Screen

import release_trial
from checkout import CACHE, CHECKOUT

KEPT = CHECKOUT / "build" / "execution-environment"
"""What a run leaves: its log and the report of its last step."""
BASE, SUITE = "debian:13", "trixie"
"""The base image that the example names, and the release of which it is made here."""
IMAGE = "portkeeper-tried"
SCENARIO = CHECKOUT / "tests" / "faults" / "scenarios" / "nt6.toml"
"""A small Server 2022 on which DNS holds the port of one service."""
ENTRYPOINT = ("/opt/builder/bin/entrypoint", "dumb-init")
"""What the image starts every command with; `buildah run` leaves it out."""
USER = 1000
"""The user of the image."""
RESERVE, DRIFT = "portkeeper.windows_dns.reserve_ports", "portkeeper.windows_dns.drift"
NAVIGATOR = "--mode stdout --execution-environment false"


@dataclass(frozen=True)
class Step:
    """A command that is typed inside.

    Attributes:
        heading: what it shows.
        command: as typed in /runner.
        code: its exit code.
        shows: parts of its output that are printed (demo_screen).
        says: a pattern that its output must have.
        worst: what the summary of its run says.
        run_folder: where that summary lies, below /runner.
    """

    heading: str
    command: str
    code: int = 0
    shows: tuple[str, ...] = ("recap",)
    says: str = ""
    worst: str = ""
    run_folder: str = ""


def drift(heading: str, program: str, run_id: str, worst: str = "safe", code: int = 0) -> Step:
    """Return a step that checks for drift and names its run."""
    options = f"-e reserve_ports_artifacts_dir=/runner/drift -e reserve_ports_run_id={run_id}"
    return Step(heading, f"{program} {options}", code, ("report",), "", worst, f"drift/{run_id}")


STEPS = (
    Step(
        "The libraries and programs that the example adds for some hosts are there.",
        "set -e; ansible --version; ssh -V; sshpass -V; klist -V; command -v kinit"
        " && python3 -c 'import gssapi, kerberos, krb5, pypsrp, winrm' && echo all are there",
        shows=(),
        says="all are there",
    ),
    Step("The collection is installed.", "ansible-galaxy collection list", shows=(), says=r"windows_dns +\S+"),
    drift("Drift over winrm finds the conflict.", f"ansible-playbook -i inventory {DRIFT}", "before", "conflict", 2),
    Step("Check first.", f"ansible-playbook -i inventory {RESERVE} --check --diff", shows=("diff", "recap")),
    Step("Reserve the ports with the role.", f"ansible-playbook -i inventory {RESERVE}", says="changed=[1-9]"),
    Step("Run it again.", f"ansible-playbook -i inventory {RESERVE}", says="changed=0"),
    drift("Drift over psrp.", f"ansible-playbook -i psrp.yml {DRIFT}", "psrp"),
    drift("Drift over ssh, with a password.", f"ansible-playbook -i ssh.yml {DRIFT}", "ssh"),
    Step(
        "Drift with ansible-runner, and the variables of the example.",
        f"ansible-runner run /runner --ident job -p {DRIFT}",
        shows=("report",),
        worst="safe",
        run_folder="artifacts/job/portkeeper/night",
    ),
    drift("Drift with ansible-navigator.", f"ansible-navigator run {DRIFT} {NAVIGATOR} -i inventory", "navigator"),
)


class TrialError(Exception):
    """The execution environment does not do what it should; the message says what."""


class Trial:
    """A container of the built image, and the folder that it has as /runner."""

    def __init__(self, storage: Storage, screen: Screen, folder: Path) -> None:
        """Create the container, and install ansible-navigator in it: it is no part of an execution environment."""
        self._storage, self._screen, self._folder = storage, screen, folder
        self._container = storage.create(IMAGE)
        command = ["python3", "-m", "pip", "install", "--quiet", "ansible-navigator"]
        with screen.waiting("Installing ansible-navigator in the container"):
            done = storage.run_inside(self._container, command, "--user", "0")
        if done.returncode:
            raise TrialError(f"ansible-navigator cannot be installed: {screen.path}")

    def write_files(self, inventory: Callable[[str], str]) -> None:
        """Write inventories and variables; all of it belongs to the user of the image."""
        variables = {name: yaml.safe_load(inventory(name)) for name in ("winrm", "psrp", "ssh")}
        _log_on_with_the_password(self._folder, variables["ssh"], variables["winrm"])
        for name, path in {"winrm": "inventory/hosts.yml", "psrp": "psrp.yml", "ssh": "ssh.yml"}.items():
            (self._folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self._folder / path).write_text(yaml.safe_dump(variables[name]), encoding="utf-8")
        (self._folder / "env").mkdir()
        shutil.copy(CHECKOUT / "docs/examples/runner-extravars.yml", self._folder / "env/extravars")
        for path in (self._folder, *self._folder.rglob("*")):
            os.chown(path, USER, 0)

    def take(self, step: Step) -> None:
        """Type a command inside, and see that it ends as it should."""
        self._screen.command([step.command])
        words = [*ENTRYPOINT, "sh", "-c", step.command]
        with self._screen.waiting("took"):
            done = self._storage.run_inside(self._container, words, "--volume", f"{self._folder}:/runner:rw")
        self._screen.excerpt(done.stdout, step.shows)
        found = re.search(step.says, done.stdout)
        if done.returncode != step.code or not found:
            wanted = f"exit code {step.code} and {step.says}" if step.says else f"exit code {step.code}"
            raise TrialError(f"{step.command}: exit code {done.returncode}, wanted {wanted}")
        if step.worst:
            self._judge(self._folder / step.run_folder, step.worst)
        self._screen.passed(", ".join(filter(None, [f"exit code {step.code}", step.worst, found[0]])))

    def _judge(self, run: Path, worst: str) -> None:
        summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
        if summary["worst"] != worst:
            raise TrialError(f"the summary says {summary['worst']}, expected {worst}")
        shutil.copy(run / "report.html", KEPT)


def _log_on_with_the_password(folder: Path, over_ssh: dict[str, Any], over_winrm: dict[str, Any]) -> None:
    """Let an inventory of ssh use sshpass: the key of the lab's host is readable for root alone."""
    ((name, host),) = over_ssh["all"]["hosts"].items()
    known = Path(re.search(r"UserKnownHostsFile=(\S+)", host["ansible_ssh_common_args"])[1])  # type: ignore[index]
    shutil.copy(known, folder)
    del host["ansible_ssh_private_key_file"]
    host["ansible_ssh_common_args"] = f"-o UserKnownHostsFile=/runner/{known.name} -o PubkeyAuthentication=no"
    host["ansible_ssh_password_mechanism"] = "sshpass"
    host["ansible_password"] = over_winrm["all"]["hosts"][name]["ansible_password"]


def check_base(context: Path) -> None:
    """See that the context is built on the image that is made here, and not on one that would be downloaded."""
    text = (context / "Containerfile").read_text(encoding="utf-8")
    named = re.findall(r'^ARG EE_BASE_IMAGE="(.*)"$', text, re.MULTILINE)
    if named != [BASE]:
        raise TrialError(f"the example is built on {named}, and here on {BASE}")


def build_and_try(context: Path, screen: Screen, work: Path) -> None:
    """Make the base image, build on it, and take all steps inside."""
    check_base(context)
    with private_storage(work, screen.path) as storage:
        with screen.waiting(f"Making the base image {BASE} with debootstrap"):
            storage.make_base(BASE, SUITE)
        with screen.waiting("Building the execution environment (two to ten minutes)"):
            storage.build(IMAGE, context)
        folder = storage.folder / "runner"
        folder.mkdir()
        trial = Trial(storage, screen, folder)
        with release_trial.lab_host(CHECKOUT, screen.path, str(SCENARIO), "--ssh") as inventory:
            trial.write_files(inventory)
            for number, step in enumerate(STEPS, 1):
                screen.step(number, len(STEPS), step.heading)
                trial.take(step)


def _ended(_number: int, _frame: object) -> None:
    raise TrialError("it was ended from outside")


def main(context: Path) -> int:
    """Build and try; say in one sentence what went wrong."""
    screen = Screen(KEPT / "log.txt")
    try:
        build_and_try(context, screen, CACHE / "execution-environment-built")
    except (ContainerError, TrialError, release_trial.TrialError) as error:
        print(f"\nThe execution environment failed: {error}\nAll that was printed: {screen.path}", file=sys.stderr)
        return 1
    report = os.path.relpath(KEPT / "report.html")
    print(f"\nAll {len(STEPS)} steps held inside the execution environment. The last report: {report}")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _ended)
    sys.exit(main(Path(sys.argv[1])))
