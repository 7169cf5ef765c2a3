# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run commands on a separate controller and measure the CPU of their process tree."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "scripts"))

from checkout import BIN, CACHE, install_artifact  # noqa: E402

WORK = CACHE / "bench"
PLAYS = CHECKOUT / "bench" / "plays"
SAMPLE_INTERVAL = 0.2
"""Seconds between two looks at the memory of a process tree."""


@dataclass(frozen=True)
class Cost:
    """What one command took.

    Attributes:
        cpu: seconds of user and system time of the process and all its descendants that were waited for.
        wall: seconds.
        memory: highest sum of the tree's proportional set sizes in bytes; 0 where it was not sampled.
        processes: how many processes there were then.
        code: the exit code.
        output: standard output and error.
    """

    cpu: float
    wall: float
    memory: int
    processes: int
    code: int
    output: str


class Controller:
    """Collections, ANSIBLE_HOME and environment below the checkout's cache."""

    def __init__(self, collections: Sequence[Path] = ()) -> None:
        """Install the collection from its artifact.

        Args:
            collections: further collections paths.
        """
        WORK.mkdir(parents=True, exist_ok=True)
        own = install_artifact(WORK, self._environment([WORK / "collections"]))
        self._paths = [own, *collections]

    @staticmethod
    def _environment(paths: Sequence[Path]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        return {
            **kept,
            "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(map(str, paths)),
            "ANSIBLE_HOME": str(WORK / "home"),
            "ANSIBLE_LOCAL_TEMP": str(WORK / "home" / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
            "ANSIBLE_ACTION_PLUGINS": str(PLAYS / "action_plugins"),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        }

    def run(self, command: Sequence[str | Path], *, sample: bool = False, **extra: str) -> Cost:
        """Run a command to its end.

        Args:
            command: the program and its arguments.
            sample: look at the tree's memory meanwhile, which itself takes CPU, but not the tree's.
            extra: environment variables.
        """
        log = WORK / f"output-{os.getpid()}"
        environment: Mapping[str, str] = {**self._environment(self._paths), **extra}
        began = time.monotonic()
        with log.open("wb") as stream:
            child = subprocess.Popen(
                [str(part) for part in command],
                cwd=WORK,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
            watcher = MemoryWatcher(child.pid) if sample else None
            _pid, status, used = os.wait4(child.pid, 0)
            wall = time.monotonic() - began
            child.returncode = os.waitstatus_to_exitcode(status)
        peak = watcher.end() if watcher else (0, 0)
        output = log.read_text(encoding="utf-8", errors="replace")
        log.unlink()
        return Cost(used.ru_utime + used.ru_stime, wall, *peak, child.returncode, output)

    def playbook(self, play: Path | str, inventory: Path, *options: str, forks: int, sample: bool = False) -> Cost:
        """Run a playbook.

        Raises:
            SystemExit: it failed; a measurement of that would mean nothing.
        """
        command = [BIN / "ansible-playbook", "-i", inventory, "-f", str(forks), play, *options]
        cost = self.run(command, sample=sample)
        if cost.code:
            raise SystemExit(f"{play} ended with {cost.code}:\n{cost.output[-4000:]}")
        return cost


class MemoryWatcher:
    """Samples the proportional set size of a process and its descendants."""

    def __init__(self, root: int) -> None:
        """Begin at once.

        Args:
            root: process id.
        """
        self._root = root
        self._peak = (0, 0)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> tuple[int, int]:
        """Return the highest sum in bytes, and how many processes there were then."""
        self._ended.set()
        self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_INTERVAL):
            sizes = proportional_sizes(self._root)
            self._peak = max(self._peak, (sum(sizes), len(sizes)))


def proportional_sizes(root: int) -> list[int]:
    """Return the bytes of memory of a process and its descendants, with shared pages divided among their users."""
    sizes = []
    with contextlib.suppress(psutil.NoSuchProcess):
        top = psutil.Process(root)
        for process in (top, *top.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                sizes.append(process.memory_full_info().pss)
    return [size for size in sizes if size]
