# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Handle requests of programs on a host: schtasks to run a task, shutdown to reboot.

They leave files below C:\\windows\\portkeeper-lab; a request counts once its file ends in a newline.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from portkeeper_lab.backend import BackendError, BootState, Process
from portkeeper_lab.paths import LabError

INTERVAL = 0.1
"""Seconds between two looks."""


class Host(Protocol):
    """What the watcher needs of a host."""

    def boot_state(self) -> BootState:
        """See `backend.Backend.boot_state`."""

    def start_task(self, command_line: str) -> Process:
        """Start a command outside all jobs of WinRS."""

    def reboot(self) -> None:
        """Reboot the host."""

    def shut_down(self) -> None:
        """Switch the host off."""


class RequestWatcher:
    """Carries the requests of one host out, in a separate thread."""

    def __init__(self, host: Host, folder: Path, log: Callable[[str], None]) -> None:
        """Take the host, the folder that C:\\windows\\portkeeper-lab is outside, and where to log."""
        self._host = host
        self._log = log
        self._shutdown = folder / "shutdown-request"
        self._run = folder / "tasks" / "run"
        self._end = folder / "tasks" / "end"
        self._tasks: dict[str, Process] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="requests", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; may be called twice and from the thread itself."""
        self._stopping.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=10)

    def forget(self) -> None:
        """Drop what was asked for before a boot."""
        self._shutdown.unlink(missing_ok=True)
        self._tasks.clear()
        for folder in (self._run, self._end):
            for request in folder.glob("*.txt"):
                request.unlink(missing_ok=True)

    def _watch(self) -> None:
        while not self._stopping.wait(INTERVAL):
            if self._host.boot_state() != "up":
                continue
            try:
                self._run_tasks()
                self._end_tasks()
                self._follow_shutdown()
            except (BackendError, LabError, OSError) as error:
                self._log(f"requests: {error}")

    def _run_tasks(self) -> None:
        """tasks/run/<task>.<serial>.txt holds the command line."""
        for request in sorted(self._run.glob("*.txt")):
            text = request.read_text(encoding="utf-8", errors="replace")
            if not text.endswith("\n"):
                continue
            request.unlink()
            line = text.strip()
            try:
                self._tasks[_task_name(request)] = self._host.start_task(line)
                self._log(f"task: {line}")
            except BackendError as error:
                self._log(f"task: {error}")

    def _end_tasks(self) -> None:
        """tasks/end/<task>.<serial>.txt ends the task's whole tree."""
        for request in sorted(self._end.glob("*.txt")):
            request.unlink()
            process = self._tasks.pop(_task_name(request), None)
            if process is not None:
                process.close()
                self._log(f"task ended: {_task_name(request)}")

    def _follow_shutdown(self) -> None:
        """shutdown-request holds "<seconds> r" (reboot) or "<seconds> s" (switch off).

        The delay counts from the moment the file was written; removing the file in time cancels it.
        """
        try:
            text = self._shutdown.read_text(encoding="ascii", errors="replace")
            written = self._shutdown.stat().st_mtime
        except FileNotFoundError:
            return
        words = text.split()
        if not text.endswith("\n") or len(words) != 2 or not words[0].isdigit():
            return
        if time.time() < written + int(words[0]):
            return
        self._log(f"shutdown asked for: {words[1]}")
        # The host drops the file when it is down: from outside there is no moment between the request and the boot.
        try:
            if words[1] == "s":
                self._host.shut_down()
            else:
                self._host.reboot()
        except (BackendError, LabError):
            self._shutdown.unlink(missing_ok=True)
            raise


def _task_name(request: Path) -> str:
    return request.name.removesuffix(".txt").rpartition(".")[0]
