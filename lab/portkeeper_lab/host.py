# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a simulated Windows server on Wine: boot, reboot and commands, in separate namespaces."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from portkeeper_lab import tooltexts
from portkeeper_lab.account import account_of
from portkeeper_lab.agent import INPUT_BY_READ, LIMITED, NO_STREAMS, SKIP_SHELL, Agent, AgentProcess
from portkeeper_lab.backend import BackendError, BootState, HostDown, Launch
from portkeeper_lab.build import ensure_programs
from portkeeper_lab.console import Console
from portkeeper_lab.disk import Disk, unmount
from portkeeper_lab.host_requests import RequestWatcher
from portkeeper_lab.ipsec import BlockMode
from portkeeper_lab.namespace import Namespace
from portkeeper_lab.paths import LabError
from portkeeper_lab.regtext import add_keys, drop_values
from portkeeper_lab.rootfs import ensure_root
from portkeeper_lab.scenario import Scenario
from portkeeper_lab.template import LAB_FOLDER, copy_template, ensure_template, image_path, install_programs, remove

AGENT = ["wine", "C:\\windows\\portkeeper-lab\\bin\\agent.exe"]
PROFILE = "C:\\users\\root"
SYSTEM32 = "C:\\windows\\system32"
BOOT_TIMEOUT = 120.0
"""Seconds for all services to come up; each has 30 of its own."""


class WineHost:
    """One host; implements `backend.Backend`.

    Attributes:
        scenario: what it plays.
        prefix: its Wine prefix.
        disk: what it lies on.
        boots: how often it has come up.
    """

    def __init__(self, scenario: Scenario, prefix: Path, log: Callable[[str], None] = lambda _line: None) -> None:
        """Take what to play and where; `start` does the work.

        Args:
            scenario: the scenario.
            prefix: a folder that does not exist yet; `stop` removes it.
            log: gets one line per event.
        """
        self.scenario = scenario
        self._account = account_of(scenario.registry)
        limits = scenario.console
        self._console = Console(prefix / "drive_c", limits.line_limit, scenario.windows_type, limits.version)
        self.prefix = prefix
        self.disk = Disk(prefix, scenario.disk_mb)
        self.boots = 0
        self._log = log
        self._state: BootState = "down"
        self._up_since = 0.0
        self._lifecycle = threading.RLock()
        self._stopping = threading.Event()
        self._namespace: Namespace | None = None
        self._agent: Agent | None = None
        self._block_mode = BlockMode(self.run, log)
        self._watcher = RequestWatcher(self, prefix / LAB_FOLDER, log)

    def start(self) -> None:
        """Create the prefix and boot. This takes a second once everything is cached."""
        root = ensure_root()
        template = ensure_template(self.scenario.windows_version)
        programs = ensure_programs()
        self.disk.mount()
        copy_template(template, self.prefix)
        self._furnish(programs)
        self._namespace = Namespace(root, self.prefix, self.scenario.computer_name)
        self._boot()
        self._watcher.start()

    def _furnish(self, programs: Path) -> None:
        """Put the tools, the service programs and the scenario's registry into the fresh prefix."""
        lab = self.prefix / LAB_FOLDER
        tools = tooltexts.install(self.scenario.release, self.scenario.language, lab / "formats")
        places = {image: image_path(self.prefix, image) for image in self.scenario.images()}
        install_programs(programs, self.prefix, tools, set(places.values()))
        windows_paths = {image: _windows_path(place) for image, place in places.items()}
        for name in self.scenario.absent_files:
            remove(self.prefix / "drive_c" / name)
        for key, names in self.scenario.absent.items():
            drop_values(self.prefix, key, names)
        add_keys(self.prefix, self.scenario.keys(windows_paths))

    def _boot(self) -> None:
        with self._lifecycle:
            self._state = "booting"
            began = time.monotonic()
            try:
                started = self._bring_up()
            except (BackendError, LabError):
                self._state = "down"
                raise
            if self.scenario.ipsec_failed_at_boot == "block":
                self._block_mode.on_boot(started)
            self._up_since = time.monotonic()
            self._state = "up"
            self.boots += 1
        services = ", ".join(f"{name} ({code})" if code else name for name, code in started)
        self._log(f"up after {self._up_since - began:.1f} s; started: {services or 'nothing'}")

    def _bring_up(self) -> list[tuple[str, int]]:
        """Start Wine, the agent and the services and return what was started, each with its exit code."""
        self._watcher.forget()
        namespace = self._need_namespace()
        namespace.run("wineserver", "-p")
        namespace.run("wineboot", timeout=BOOT_TIMEOUT)
        self._agent = Agent(namespace.command(AGENT))
        return self._agent.boot(BOOT_TIMEOUT)

    def _go_down(self) -> None:
        with self._lifecycle:
            agent, self._agent = self._agent, None
            self._state = "down"
            self._block_mode.end()
            if agent is not None:
                with contextlib.suppress(BackendError):
                    agent.note_shutdown()
            namespace = self._need_namespace()
            namespace.run("wineserver", "-k")
            namespace.run("wineserver", "-w")
            if agent is not None:
                agent.close()
            self._watcher.forget()
        self._log("down")

    def reboot(self) -> None:
        """Shuts the host down and boots it again; returns when its services are up."""
        with self._lifecycle:
            self._go_down()
            if not self._stopping.is_set():
                self._boot()

    def shut_down(self) -> None:
        """Switch the host off; `reboot` switches it on again."""
        self._go_down()

    def stop(self) -> None:
        """End the host and remove its prefix; may be called twice."""
        self._stopping.set()
        self._block_mode.end()
        if self._namespace is not None:
            self._namespace.close()
        with self._lifecycle:
            self._state = "down"
            if self._agent is not None:
                self._agent.close()
                self._agent = None
        self._watcher.stop()
        unmount(self.prefix)
        shutil.rmtree(self.prefix, ignore_errors=True)

    def spawn(self, launch: Launch) -> AgentProcess:
        """See `backend.Backend.spawn`."""
        if not launch.skip_shell:
            launch = replace(launch, line=self._console.take(launch.line, launch.working_directory or PROFILE))
        launch = self._account.started(launch)
        chosen = {SKIP_SHELL: launch.skip_shell, LIMITED: launch.limited, INPUT_BY_READ: launch.input_by_read}
        return self._need_agent().spawn(
            launch.line,
            flags=sum(flag for flag, wanted in chosen.items() if wanted),
            environment=launch.environment,
            directory=launch.working_directory or PROFILE,
            codepage=launch.codepage,
        )

    def start_task(self, command_line: str) -> AgentProcess:
        """Start a command as the task scheduler does: in a job that nothing of WinRS ends, output discarded.

        Args:
            command_line: the whole line; no shell is added.

        Raises:
            HostDown: the host is not up.
            SpawnError: CreateProcess failed.
        """
        return self._need_agent().spawn(command_line, flags=SKIP_SHELL | NO_STREAMS, directory=SYSTEM32)

    def run(self, command_line: str, timeout: float = 60.0) -> tuple[int, bytes, bytes]:
        """Run a command to its end, with its input at the end of file.

        Args:
            command_line: as for `spawn`.
            timeout: in seconds; then its tree is killed.

        Returns:
            (exit code, stdout, stderr).

        Raises:
            LabError: it did not end in time.
        """
        process = self.spawn(Launch(command_line))
        process.write_stdin(b"", end=True)
        output: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        end = time.monotonic() + timeout
        try:
            while process.exit_code is None:
                if time.monotonic() > end:
                    raise LabError(f"{command_line[:200]!r} did not end within {timeout:.0f} s.")
                for stream, chunk in process.read(65536, 1.0):
                    output[stream].append(chunk)
            return process.exit_code, b"".join(output["stdout"]), b"".join(output["stderr"])
        finally:
            process.close()

    def boot_state(self) -> BootState:
        """See `backend.Backend.boot_state`."""
        agent = self._agent
        if self._state == "up" and (agent is None or agent.gone):
            return "down"
        return self._state

    def is_reachable(self) -> bool:
        """See `backend.Backend.is_reachable`."""
        away = time.monotonic() - self._up_since < self.scenario.winrm.away_after_boot_seconds
        return self.boot_state() == "up" and not away and not self.is_blocked()

    def is_blocked(self) -> bool:
        """Return whether IPsec's block mode keeps everything but the console away."""
        return self._block_mode.active

    @property
    def namespace_pid(self) -> int:
        """The process whose namespaces are the host's."""
        return self._need_namespace().pid

    def _need_agent(self) -> Agent:
        agent = self._agent
        if agent is None or self._state != "up":
            raise HostDown("the host is not up")
        return agent

    def _need_namespace(self) -> Namespace:
        if self._namespace is None:
            raise HostDown("the host has not been started")
        return self._namespace


def _windows_path(place: str) -> str:
    return "C:\\" + place.removeprefix("drive_c/").replace("/", "\\")
