# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that runs /bin/sh, for tests of the WinRM server without Wine."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping

import psutil

from portkeeper_lab.backend import BootState, HostDown, Launch, SpawnError, Stream

USER = "Administrator"
PASSWORD = "Pass:word-1 ü"


class ShellProcess:
    """A command of /bin/sh in a separate session; the pipes of the kernel are the bounded buffers."""

    def __init__(self, host: ShellHost, line: str, skip_shell: bool, environment: Mapping[str, str]) -> None:
        """Start the line."""
        self._host = host
        self.closed = False
        self.child = subprocess.Popen(
            line.split() if skip_shell else ["/bin/sh", "-c", line],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
            env={**os.environ, **environment},
        )
        assert self.child.stdout is not None and self.child.stderr is not None
        self._open: dict[int, Stream] = {self.child.stdout.fileno(): "stdout", self.child.stderr.fileno(): "stderr"}

    def write_stdin(self, data: bytes, end: bool) -> None:
        """See the protocol."""
        assert self.child.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self.child.stdin.write(data)
        if end:
            self.child.stdin.close()

    def read(self, max_bytes: int, timeout: float) -> list[tuple[Stream, bytes]]:
        """See the protocol."""
        try:
            return self._read(max_bytes, timeout)
        except (OSError, ValueError):
            if self.closed:
                return []
            raise

    def _read(self, max_bytes: int, timeout: float) -> list[tuple[Stream, bytes]]:
        deadline = time.monotonic() + timeout
        while True:
            if not self._host.is_reachable():
                raise HostDown("the host is away")
            if self.closed:
                return []
            wait = max(0.0, min(0.02, deadline - time.monotonic()))
            ready = select.select(list(self._open), [], [], wait)[0] if self._open else []
            for descriptor in ready:
                data = os.read(descriptor, max_bytes)
                if data:
                    return [(self._open[descriptor], data)]
                del self._open[descriptor]
            if not ready and (self.child.poll() is not None or time.monotonic() >= deadline):
                return []
            if not self._open:
                time.sleep(wait)

    @property
    def exit_code(self) -> int | None:
        """See the protocol."""
        code = self.child.poll()
        if code is None or (not self.closed and self._open and select.select(list(self._open), [], [], 0)[0]):
            return None
        return code & 0xFFFFFFFF

    def kill_tree(self) -> None:
        """Kill the session's process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait(5)

    def close(self) -> None:
        """See the protocol."""
        if not self.closed:
            self.closed = True
            self.kill_tree()
            for pipe in (self.child.stdin, self.child.stdout, self.child.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


class ShellHost:
    """The backend; `answers` maps the start of a command line to what runs in its place."""

    def __init__(self) -> None:
        """A host that is up."""
        self.spawned: list[Launch] = []
        self.processes: list[ShellProcess] = []
        self.answers: dict[str, Callable[[str], str]] = {}
        self.state: BootState = "up"
        self._lock = threading.Lock()

    def spawn(self, launch: Launch) -> ShellProcess:
        """Note the call and start it, with everybody's rights; a line that begins with "nosuch" is not found."""
        line = launch.line
        if line.startswith("nosuch"):
            raise SpawnError("The system cannot find the file specified.", 2)
        with self._lock:
            self.spawned.append(launch)
            for start, answer in self.answers.items():
                if line.lower().startswith(start):
                    line = answer(line)
            process = ShellProcess(self, line, launch.skip_shell, launch.environment)
            self.processes.append(process)
        return process

    def boot_state(self) -> BootState:
        """Return what the test set."""
        return self.state

    def is_reachable(self) -> bool:
        """Reachable when up."""
        return self.state == "up"


def alive(pid: int) -> bool:
    """Return whether a process exists and is not a zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(condition: Callable[[], object], seconds: float = 5.0) -> bool:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())
