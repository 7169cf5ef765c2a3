# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one host with its WinRM and SSH servers in one process, and serve requests of `lab` on a unix socket."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from portkeeper_lab.backend import Backend, BackendError, HostDown, Launch
from portkeeper_lab.host import WineHost
from portkeeper_lab.kerberos import Realm
from portkeeper_lab.paths import LabError
from portkeeper_lab.replay_record import Recorder
from portkeeper_lab.scenario import Scenario
from portkeeper_lab.ssh.server import SSHServer
from portkeeper_lab.ssh.shells import Options as SSHOptions
from portkeeper_lab.state import claim, host_dir, prefix_path
from portkeeper_lab.winrm.authority import DOMAIN, LOOPBACK, Authority
from portkeeper_lab.winrm.server import Options, WinRMServer

REACHABLE_TIMEOUT = 120.0
"""Seconds that a boot may take until WinRM answers."""


class Https(NamedTuple):
    """Options of the WinRM server, and what a client needs to know."""

    options: dict[str, Any]
    facts: dict[str, str]


def _make_certificates(folder: Path, scenario: Scenario) -> Https:
    """Make an authority and its certificates; Server 2003 and XP know no newer TLS than 1.0."""
    authority = Authority(folder)
    name = scenario.computer_name
    server = authority.server(f"{name}.{DOMAIN}", name, *LOOPBACK)
    client = authority.client(next(iter(scenario.passwords)))
    options = {
        "tls": (str(server.certificate), str(server.key)),
        "tls_version": "TLSv1" if scenario.release == "nt5" else "TLSv1_2",
        "client_authority": str(authority.certificate),
    }
    known = {"authority": authority.certificate, "certificate": client.certificate, "key": client.key}
    return Https(options, {name: str(path) for name, path in known.items()})


def _make_realm(folder: Path, scenario: Scenario) -> Realm:
    """Start a realm, and let this process accept its tickets; Server 2003 and XP know no newer type than RC4."""
    realm = Realm(folder, scenario.computer_name, scenario.passwords, rc4_only=scenario.release == "nt5")
    os.environ["KRB5_CONFIG"], os.environ["KRB5_KTNAME"] = str(realm.acceptor_configuration), str(realm.keytab)
    return realm


class Supervisor:
    """A running host with its WinRM server and its control socket."""

    def __init__(  # noqa: PLR0913
        self,
        name: str,
        scenario: Scenario,
        port: int,
        options: Mapping[str, Any],
        record: Path | None = None,
        *,
        ssh: SSHOptions | None = None,
        https: bool = False,
        kerberos: bool = False,
    ) -> None:
        """Take what to run.

        Args:
            name: the host's name in the lab.
            scenario: what it plays.
            port: of the WinRM server on 127.0.0.1; 0 takes a free one.
            options: of the WinRM server, on top of the scenario's.
            record: a file for the transcripts that go over WinRM.
            ssh: what its SSH server plays; None for none.
            https: WinRM over TLS, with an authority of the host's own.
            kerberos: a realm of the host's own.

        Raises:
            LabError: a host of that name is there already.
        """
        self._name = name
        self._folder = host_dir(name)
        self._lock = claim(name)
        self._stopping = threading.Event()
        self._scenario = scenario
        self._host = WineHost(scenario, prefix_path(name), self._log)
        self._realm = _make_realm(self._folder / "kerberos", scenario) if kerberos else None
        self._https = _make_certificates(self._folder / "tls", scenario) if https else None
        try:
            chosen = Options(
                computer_name=scenario.computer_name,
                log=self._log,
                limited_users=scenario.limited_users,
                **{**(self._https.options if self._https else {}), **scenario.winrm.options, **options},
            )
        except TypeError as error:
            raise LabError(f"The options of the WinRM server are not right: {error}") from error
        backend: Backend = self._host if record is None else Recorder(self._host, record)
        self._server = WinRMServer(
            backend, scenario.passwords, port=port, profile=scenario.winrm.profile, options=chosen
        )
        folder = self._folder / "ssh"
        self._ssh = SSHServer(self._host, scenario, folder, ssh, self._log) if ssh is not None else None

    def run(self, on_ready: Callable[[int], None]) -> None:
        """Boots, serves until SIGTERM, SIGINT or `lab down`, and cleans up.

        Args:
            on_ready: called with the port when WinRM answers.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self._stopping.set())
        try:
            self._host.start()
            if self._scenario.winrm.installed:
                self._server.start()
            if self._ssh is not None:
                self._ssh.start()
            self._write_info()
            with self._control_server() as control:
                threading.Thread(target=control.serve_forever, name="control", daemon=True).start()
                self._wait_reachable()
                on_ready(self._port or 0)
                self._stopping.wait()
                control.shutdown()
        finally:
            self._server.stop()
            if self._ssh is not None:
                self._ssh.stop()
            self._host.stop()
            if self._realm is not None:
                self._realm.stop()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._lock.close()

    def _control_server(self) -> socketserver.ThreadingUnixStreamServer:
        supervisor = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    request = json.loads(self.rfile.readline() or b"{}")
                    for answer in supervisor.answers(request):
                        self.wfile.write(json.dumps(answer).encode() + b"\n")
                except BrokenPipeError:
                    return

        server = socketserver.ThreadingUnixStreamServer(str(self._folder / "control"), Handler)
        server.daemon_threads = True
        return server

    def answers(self, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Carry out a request of `lab`; the answers, the last of which has "done" or "error"."""
        operations: dict[str, Callable[[Mapping[str, Any]], Iterator[dict[str, Any]]]] = {
            "info": self._info,
            "exec": self._exec,
            "reboot": self._reboot,
            "disk": self._disk,
            "down": self._down,
            "winrm": self._winrm,
            "ssh": self._control_ssh,
            "kerberos": self._count_tickets,
        }
        operation = operations.get(str(request.get("op")))
        if operation is None:
            yield {"error": f"no operation {request.get('op')!r}"}
            return
        try:
            yield from operation(request)
        except (LabError, BackendError, ValueError) as error:
            yield {"error": str(error)}

    def _info(self, _request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"done": True, **self._facts(), "state": self._state(), "boots": self._host.boots}

    def _state(self) -> str:
        if self._host.is_reachable():
            return "up"
        if self._host.boot_state() != "up":
            return self._host.boot_state()
        return "blocked" if self._host.is_blocked() else "booting"

    def _exec(self, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Run a command line without WinRM; return its streams as base64, then its exit code."""
        process = self._host.spawn(Launch(str(request["line"])))
        try:
            process.write_stdin(b"", end=True)
            while process.exit_code is None:
                for stream, chunk in process.read(65536, 1.0):
                    yield {"stream": stream, "data": base64.b64encode(chunk).decode("ascii")}
            yield {"done": True, "exit_code": process.exit_code}
        finally:
            process.close()

    def _reboot(self, _request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        self._host.reboot()
        self._wait_reachable()
        yield {"done": True}

    def _down(self, _request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        self._stopping.set()
        yield {"done": True}

    def _disk(self, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Fill the drive, or free its space again."""
        (self._host.disk.fill if request["full"] else self._host.disk.free)()
        yield {"done": True}

    def _winrm(self, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Passes a control request to the WinRM server: counters, faults, shells."""
        if not self._scenario.winrm.installed:
            raise LabError("This host has no WinRM; `lab exec` is its console.")
        yield {"done": True, "answer": self._server.control(request["request"])}

    def _control_ssh(self, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Passes a control request to the SSH server: counters, faults."""
        if self._ssh is None:
            raise LabError("There is no SSH server; start the host with `lab up --ssh`.")
        yield {"done": True, "answer": self._ssh.control(request["request"])}

    def _count_tickets(self, _request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Say how often the KDC was asked, and what it answered."""
        if self._realm is None:
            raise LabError("There is no realm; start the host with `lab up --kerberos`.")
        yield {"done": True, "answer": self._realm.counts()}

    def _wait_reachable(self) -> None:
        """Wait until WinRM answers, or until it is clear that it will not: IPsec blocks the network."""
        end = time.monotonic() + REACHABLE_TIMEOUT
        while not self._host.is_reachable() and not self._host.is_blocked():
            if self._host.boot_state() == "down":
                raise HostDown("the host went down while it booted")
            if time.monotonic() > end or self._stopping.wait(0.05):
                raise LabError("The host did not become reachable.")
        if self._ssh is not None and not self._host.is_blocked():
            self._ssh.wait_open(REACHABLE_TIMEOUT)

    @property
    def _port(self) -> int | None:
        """The port of WinRM; None if the host has none."""
        return self._server.port if self._scenario.winrm.installed else None

    def _facts(self) -> dict[str, Any]:
        user, password = next(iter(self._scenario.passwords.items()))
        return {
            "name": self._name,
            "scenario": self._scenario.name,
            "pid": os.getpid(),
            "port": self._port,
            "user": user,
            "password": password,
            "prefix": str(self._host.prefix),
            "namespace_pid": self._host.namespace_pid,
            "https": self._https.facts if self._https is not None else None,
            "ssh": self._ssh.facts() if self._ssh is not None else None,
            "kerberos": self._realm.facts(user) if self._realm is not None else None,
        }

    def _write_info(self) -> None:
        path = self._folder / "info.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(self._facts()), encoding="utf-8")

    def _log(self, line: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {self._name}: {line}", flush=True)
