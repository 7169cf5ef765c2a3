# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lab hosts and an installed copy of the collection for tests that run real playbooks."""

from __future__ import annotations

import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from checkout import BIN, CHECKOUT, install_artifact, lab_environment
from counts import pytest_terminal_summary  # noqa: F401 - a hook
from loaded_ansible import LoadedAnsible
from one_core import take_core as pytest_configure  # noqa: F401 - a hook
from portkeeper_lab import control
from portkeeper_lab.inventory import render as render_inventory
from portkeeper_lab.paths import LabError

COUNTS: Counter[str] = Counter()
"""What the tests have done with hosts, for the counts at the end of a run."""
LONGEST = (
    "test_whole_way",
    "test_groups",
    "test_ssh",
    "test_psrp",
    "test_effective",
    "test_window",
    "test_examples",
    "test_offline_scripts",
    "test_window_safety",
    "test_rollback",
    "test_reservations",
    "test_later_releases",
    "test_https",
    "test_cores",
    "test_same_over_every_connection",
)
"""Files that take minutes. They come first, so that at the end no worker waits for another."""
NUMBERS = itertools.count()
"""Of the hosts that this process starts."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; a file stays on one worker."""
    order = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


def lab(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the lab's command line."""
    command = [sys.executable, "-m", "portkeeper_lab", *arguments]
    done = subprocess.run(command, env=lab_environment(), capture_output=True, text=True, check=False, cwd=CHECKOUT)
    if check and done.returncode:
        raise AssertionError(f"lab {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


@dataclass
class PlaybookRun:
    """What one ansible-playbook run returned."""

    returncode: int
    stdout: str
    stderr: str
    results: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    stats: dict[str, dict[str, int]] = field(default_factory=dict)

    def result(self, task: str, host: str | None = None) -> dict[str, Any]:
        """Return the result of a task (or handler) by its name."""
        by_host = self.results[task]
        return by_host[host] if host else next(iter(by_host.values()))


@dataclass
class Controller:
    """A separate Ansible controller.

    Attributes:
        folder: its working folder, with its home.
        collections: its collections path.
        enter: what its commands are run by, for example in another namespace.
        programs: the folder of Ansible's programs.
        loaded: Ansible, loaded before the runs of playbooks, for those outside of other namespaces; None where each
            run loads it.
    """

    folder: Path
    collections: Path
    enter: tuple[str, ...] = ()
    programs: Path = BIN
    loaded: LoadedAnsible | None = None

    def environment(self, **extra: str) -> dict[str, str]:
        """Return the variables for an Ansible command that sees nothing of this user's configuration."""
        return {
            **{name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_LOCAL_TEMP": str(self.folder / "home" / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            **extra,
        }

    def run(self, command: list[str], **extra: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the controller in its working folder."""
        return subprocess.run(
            [*self.enter, *command],
            cwd=self.folder,
            env=self.environment(**extra),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def playbook(
        self, playbook: str | list[dict[str, Any]], inventory: Path, *options: str, **extra: str
    ) -> PlaybookRun:
        """Run a playbook (a name, or its content) with the json callback and return results by task name.

        Args:
            playbook: its name or its content.
            inventory: a file.
            *options: of ansible-playbook.
            **extra: variables of the environment.
        """
        name = playbook
        if not isinstance(playbook, str):
            path = self.folder / "play.json"
            path.write_text(json.dumps(playbook), encoding="utf-8")
            name = str(path)
        arguments = ["-i", str(inventory), str(name), *options]
        extra = {
            "ANSIBLE_STDOUT_CALLBACK": "portkeeper_json",
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback_plugins"),
            **extra,
        }
        if self.loaded is None or self.enter:
            done = self.run([str(self.programs / "ansible-playbook"), *arguments], **extra)
        else:
            done = self.loaded.run(arguments, self.folder, self.environment(**extra))
        run = PlaybookRun(done.returncode, done.stdout, done.stderr)
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                record = json.loads(line)
                if "stats" in record:
                    run.stats = record["stats"]
                else:
                    run.results.setdefault(record["task"], {})[record["host"]] = record["result"]
        return run

    def module(self, host: LabHost, name: str, *options: str, **arguments: Any) -> dict[str, Any]:
        """Run one module of the collection on a host with arguments; return its result, a failed one too."""
        task = {"name": name, f"portkeeper.windows_dns.{name}": arguments}
        done = self.playbook([{"hosts": "all", "gather_facts": False, "tasks": [task]}], host.inventory, *options)
        assert name in done.results, done.stdout + done.stderr
        return done.result(name)


@dataclass
class LabHost:
    """A running lab host and the inventory that reaches it."""

    name: str
    inventory: Path

    def exec(self, line: str, check: bool = True) -> str:
        """Run a cmd line inside the host, not through WinRM; return its output."""
        try:
            done = control.execute(self.name, line)
        except LabError:
            if check:
                raise
            return ""  # the host goes down, or is not up yet
        if check and done.exit_code:
            raise AssertionError(f"{line}: exit {done.exit_code}\n{done.stdout!r}\n{done.stderr!r}")
        return done.stdout.decode(errors="replace").replace("\r\n", "\n")

    def pid(self, service: str) -> str:
        """Return the process id of a service, as its service manager tells it."""
        (found,) = re.findall(r"PID\s*:\s*(\d+)", self.exec(f"sc queryex {service}"))
        return str(found)

    def winrm(self, **request: Any) -> dict[str, Any]:
        """Steer the host's WinRM server: counters, faults; see lab/portkeeper_lab/winrm/README.md."""
        answer: dict[str, Any] = control.ask_once(self.name, {"op": "winrm", "request": request})["answer"]
        return answer

    def ssh(self, **request: Any) -> dict[str, Any]:
        """Steer the host's SSH server: counters, faults; see lab/README.md."""
        answer: dict[str, Any] = control.ask_once(self.name, {"op": "ssh", "request": request})["answer"]
        return answer

    @property
    def info(self) -> dict[str, Any]:
        """What the host's supervisor tells of it."""
        return control.ask_once(self.name, {"op": "info"})

    def variables(self, connection: str) -> dict[str, Any]:
        """Return the variables with which the lab's inventory reaches the host over a connection plugin."""
        content = yaml.safe_load(render_inventory([self.info], connection, certificate=False))
        return dict(content["all"]["hosts"][self.name])

    def reboot(self) -> None:
        """Reboot the host and wait until WinRM answers."""
        COUNTS["reboot(s)"] += 1
        control.ask_once(self.name, {"op": "reboot"})

    def becomes(self, state: str, seconds: float = 30.0) -> bool:
        """Wait for a state that `lab list` shows: the network opens a little after the service that opens it."""
        end = time.monotonic() + seconds
        while self.info["state"] != state:
            if time.monotonic() > end:
                return False
            time.sleep(0.2)
        return True


@pytest.fixture(scope="session")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    """Build the collection, install it from its artifact, and give a controller that finds it there."""
    folder = tmp_path_factory.mktemp("controller")
    # The checks core-oldest and core-newest name the programs of other releases of ansible-core.
    programs = Path(os.environ.get("PORTKEEPER_PROGRAMS", BIN))
    made = Controller(folder, folder / "collections", programs=programs)
    install_artifact(folder, made.environment(), programs)
    if programs == BIN:
        made.loaded = LoadedAnsible(tmp_path_factory.mktemp("ansible"))
    yield made
    if made.loaded is not None:
        made.loaded.close()


DRAW_SEED = "78"
"""Draws, beside what a scenario's DNS takes first, no port that a service of the scenarios or a test needs.

A free draw takes one of SBS 2003's ports in two starts of five, and a test then sees one conflict more than it has
made.
"""


@pytest.fixture
def draw_seed() -> int:
    """Give the seed to a test that runs its host in this process."""
    return int(DRAW_SEED)


@pytest.fixture(scope="module")
def make_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., LabHost]]:
    """Give a function that starts a lab host of a scenario; every host ends with its file of tests."""
    names: list[str] = []

    def start(scenario: str = "sbs2003", *options: str) -> LabHost:
        name = f"it{os.getpid()}n{next(NUMBERS)}"
        names.append(name)
        COUNTS["lab host(s)"] += 1
        lab("up", scenario, "--name", name, "--draw-seed", DRAW_SEED, *options)
        host = LabHost(name, tmp_path_factory.mktemp(name) / "inventory.yml")
        if host.info["port"] is not None:
            host.inventory.write_text(render_inventory([host.info], "winrm", certificate=False), encoding="utf-8")
        return host

    yield start
    if names:
        lab("down", *names, check=False)


@pytest.fixture(scope="module")
def lab_host(make_host: Callable[..., LabHost]) -> LabHost:
    """Start one SBS 2003 host for the tests of a file; they run in order and may build on each other."""
    return make_host()


@pytest.fixture
def free_port() -> int:
    """Return a loopback port without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(autouse=True)
def _counted(record_property: Callable[[str, object], None]) -> Iterator[None]:
    yield
    for title in tuple(COUNTS):
        record_property(title, COUNTS.pop(title))
