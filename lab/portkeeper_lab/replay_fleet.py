# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run many replayed hosts in one process, each with a WinRM server and a loopback port.

Steered over pipes: one JSON object per line in, one out; the process ends with its standard input.
"""

from __future__ import annotations

import json
import resource
import selectors
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from portkeeper_lab.replay import Recording, ReplayHost
from portkeeper_lab.replay_modules import Modules
from portkeeper_lab.replay_ssh import ReplaySSH
from portkeeper_lab.winrm.server import Options, Rule, WinRMServer

SWEEP_INTERVAL = 5.0
"""Seconds between two looks for idle shells."""

FIRST_STATE = "steady"
"""The state of the table of modules to begin with."""

USER, PASSWORD = "Administrator", "Replay-Passw0rd"


class Fleet:
    """The hosts and the one thread that accepts their connections.

    Attributes:
        ports: of the hosts, in order.
        ssh: an SSH server in front of the first host; None where there is none.
    """

    def __init__(  # noqa: PLR0913
        self,
        recordings: Sequence[Recording],
        count: int,
        modules: Modules | None,
        profile: str,
        options: Options,
        *,
        ssh: bool = False,
    ) -> None:
        """Make the hosts; they listen when this returns.

        Args:
            recordings: the hosts take them in turn.
            count: how many hosts.
            modules: answers PowerShell, None: no host has it.
            profile: see `WinRMServer`.
            options: of every server.
            ssh: whether the first host has an SSH server, too.
        """
        self._modules = modules
        answer = modules.answer if modules else None
        self._hosts = [ReplayHost(recordings[number % len(recordings)], answer) for number in range(count)]
        self._servers = [WinRMServer(host, {USER: PASSWORD}, profile=profile, options=options) for host in self._hosts]
        self._selector = selectors.DefaultSelector()
        self._stop = threading.Event()
        for server in self._servers:
            self._selector.register(server.listen(), selectors.EVENT_READ, server)
        self.ports = [server.port for server in self._servers]
        self.ssh = ReplaySSH(self._hosts[0]) if ssh else None
        self._thread = threading.Thread(target=self._accept, name="accept", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            for key, _events in self._selector.select(SWEEP_INTERVAL):
                listener, server = key.fileobj, key.data
                assert isinstance(listener, socket.socket)
                try:
                    sock, address = listener.accept()
                except OSError:
                    continue
                threading.Thread(target=server.serve, args=(sock, str(address[0])), daemon=True).start()
            for server in self._servers:
                server.shells.sweep()

    def stop(self) -> None:
        """End all hosts; may be called once."""
        self._stop.set()
        for server in self._servers:
            server.stop()
        if self.ssh is not None:
            self.ssh.stop()

    def control(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Execute a command; argument and result are plain data.

        Args:
            request: {"op": "counters"} (sums, with the "lines", "ssh_logons" and "ssh_sessions" of ssh, and the
                process's own CPU seconds), "reset_counters", "rewind" (with "to_end" for the end of the recordings and
                "state" for the table of modules), or "delay" (with "seconds" that each HTTP request takes longer).

        Raises:
            ValueError: no such operation.
        """
        operations: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "counters": self._counters,
            "reset_counters": self._reset,
            "rewind": self._rewind,
            "delay": self._delay,
        }
        operation = operations.get(str(request.get("op")))
        if operation is None:
            raise ValueError(f"no control operation {request.get('op')!r}")
        return operation(request)

    def _counters(self, _request: Mapping[str, Any]) -> dict[str, Any]:
        sums: Counter[str] = Counter()
        actions: Counter[str] = Counter()
        for server in self._servers:
            counts = server.counters.snapshot()
            actions.update(counts.pop("by_action"))
            sums.update(counts)
        sums.update(self.ssh.counters() if self.ssh is not None else {"lines": 0})
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {**sums, "by_action": dict(actions), "cpu_seconds": used.ru_utime + used.ru_stime}

    def _reset(self, _request: Mapping[str, Any]) -> dict[str, Any]:
        for server in self._servers:
            server.counters.reset()
        if self.ssh is not None:
            self.ssh.reset_counters()
        return {}

    def _rewind(self, request: Mapping[str, Any]) -> dict[str, Any]:
        for host in self._hosts:
            host.rewind(to_end=bool(request.get("to_end")))
        if self._modules is not None and "state" in request:
            self._modules.enter(str(request["state"]))
        return {}

    def _delay(self, request: Mapping[str, Any]) -> dict[str, Any]:
        for server in self._servers:
            server.chaos.clear()
            if request["seconds"]:
                server.chaos.arm(Rule("delay", times=0, seconds=float(request["seconds"])))
        return {}


def serve(fleet: Fleet, commands: TextIO = sys.stdin, answers: TextIO = sys.stdout) -> None:
    """Tell the ports, then carry out commands until they end."""

    def tell(answer: Mapping[str, Any]) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    ssh = fleet.ssh.facts() if fleet.ssh is not None else None
    tell({"ports": fleet.ports, "user": USER, "password": PASSWORD, "ssh": ssh})
    for line in commands:
        try:
            tell(fleet.control(json.loads(line)))
        except (ValueError, KeyError) as error:
            tell({"error": str(error)})
    fleet.stop()


def raise_file_limit() -> None:
    """A listener and a connection per host are more files than a process may open by default."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
