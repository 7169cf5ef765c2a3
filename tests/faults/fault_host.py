# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a lab host and the actions in this process, so that hundreds of runs need no process each."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from fault_ssh import Armed, FaultSSH, fault_ssh

from ansible_collections.portkeeper.windows_dns.plugins.action import (
    dns_restart,
    host_reboot,
    port_info,
    port_reservations,
    port_rollback,
    port_verify,
)
from portkeeper_lab.backend import HostDown
from portkeeper_lab.host import WineHost
from portkeeper_lab.scenario import load_scenario
from portkeeper_lab.template import LAB_FOLDER
from portkeeper_lab.winrm.server import Options, Rule, WinRMServer

SCENARIOS = Path(__file__).parent / "scenarios"
ACTIONS = {
    "dns_restart": dns_restart,
    "host_reboot": host_reboot,
    "port_info": port_info,
    "port_reservations": port_reservations,
    "port_rollback": port_rollback,
    "port_verify": port_verify,
}
STATE_KEY = r"HKLM\SOFTWARE\portkeeper"
RUNNING = "4"
STOPPED = "1"

VALUES = {
    "nt5": (r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters", "ReservedPorts"),
    "nt6": (r"HKLM\SYSTEM\CurrentControlSet\Services\DNS\Parameters", "SocketPoolExcludedPortRanges"),
}
"""Where the family's reservations are."""

VICTIMS = {"nt5": "PolicyAgent", "nt6": "WireGuardTunnel$wg0"}
"""The service that DNS keeps down in the family's scenario."""

IDLE_CAP_S = 2.0
"""Seconds after which the lab's WinRM deletes an idle shell; a real host waits for minutes."""


@dataclass
class Baseline:
    """A state of a host to go back to: registry, our folder on the host, and the controller's home."""

    value: list[str]
    registry: str | None
    folder: Path
    home: Path


@dataclass(frozen=True)
class Glance:
    """What one look at the console shows; a look costs more than all that is done with it.

    Attributes:
        value: the reservations as the registry holds them; None where the value is absent.
        services: service name to the number of its state.
        boots: how often the host has booted.
        tasks: the scheduled tasks that are ours.
    """

    value: list[str] | None
    services: dict[str, str]
    boots: int
    tasks: int

    def runs(self, name: str) -> bool:
        """Return whether a service is running."""
        return self.services[name] == RUNNING


@dataclass
class FaultHost:
    """One lab host with its WinRM server and a controller's home.

    Attributes:
        family: nt5 or nt6.
        host: the Wine host.
        server: its WinRM server; `server.chaos` takes faults.
        home: the controller's folder for backups and locks.
        work: for baselines.
        fresh_boots: how often it had booted when it last booted in the state ``fresh``.
        connection: the connection plugin.
        ssh: the host's SSH server; None where there is none.
    """

    family: str
    host: WineHost
    server: WinRMServer
    home: Path
    work: Path
    password: str
    baselines: dict[str, Baseline] = field(default_factory=dict)
    fresh_boots: int = 1
    connection: str = "winrm"
    ssh: FaultSSH | None = None

    @contextlib.contextmanager
    def over(self, connection: str) -> Iterator[None]:
        """Let everything go over a connection plugin; over ssh, steps are counted and broken in place of requests."""
        before = self.connection
        with fault_ssh(self.host) if connection == "ssh" else contextlib.nullcontext() as served:
            self.ssh, self.connection = served, connection
            try:
                yield
            finally:
                self.ssh, self.connection = None, before

    @property
    def counted(self) -> int:
        """HTTP requests, or steps over ssh, since the last `reset_counters`."""
        return self.ssh.steps if self.ssh else int(self.server.counters.requests)

    @property
    def commands(self) -> int:
        """Commands that have reached the host since the last `reset_counters`."""
        return self.ssh.commands if self.ssh else int(self.server.counters.commands)

    def reset_counters(self) -> None:
        """Count from zero."""
        self.server.counters.reset()
        if self.ssh:
            self.ssh.reset()

    @property
    def windows(self) -> Path:
        r"""C:\windows as seen from outside."""
        return self.host.prefix / "drive_c" / "windows"

    @property
    def folder(self) -> Path:
        """Our folder on the host as seen from outside."""
        return self.windows / "portkeeper"

    @property
    def victim(self) -> str:
        """The service that DNS keeps down."""
        return VICTIMS[self.family]

    def cmd(self, line: str) -> str:
        """Run a command line at the console, past WinRM."""
        return self.host.run(line)[1].decode("cp437", "replace")

    def act(
        self,
        name: str,
        check: bool = False,
        user: str = "Administrator",
        password: str = "",
        read_timeout: int = 15,
        **options: Any,
    ) -> dict[str, Any]:
        """Run one action as the task executor does; the result carries ``unreachable`` where it was."""
        plugin = connection_loader.get(self.connection, PlayContext())
        variables = {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.server.port,
            "ansible_user": user,
            "ansible_password": password or self.password,
            "ansible_winrm_scheme": "http",
            "ansible_winrm_transport": "ntlm",
            "ansible_winrm_message_encryption": "always",
            "ansible_winrm_operation_timeout_sec": 10,
            "ansible_winrm_read_timeout_sec": read_timeout,
            "ansible_psrp_protocol": "http",
            "ansible_psrp_auth": "ntlm",
            "ansible_psrp_operation_timeout": 10,
            "ansible_psrp_read_timeout": read_timeout,
        }
        variables.update(self.ssh.variables if self.ssh else {})
        extras = variables if self.connection == "winrm" else {}
        plugin.set_options(var_options={**variables, "_extras": extras})
        plugin._shell = SimpleNamespace(tmpdir=None)
        task = SimpleNamespace(args=options, check_mode=check, async_val=0, action=name, environment=None, diff=True)
        context = SimpleNamespace(check_mode=check, diff=True)
        action = ACTIONS[name].ActionModule(
            task=task, connection=plugin, play_context=context, loader=None, templar=None, shared_loader_obj=None
        )
        action._load_name = name
        try:
            result: dict[str, Any] = action.run(task_vars={"inventory_hostname": "client01"})
        except AnsibleConnectionFailure as error:
            result = {"unreachable": True, "changed": False, "msg": str(error)}
        finally:
            with contextlib.suppress(Exception):
                plugin.close()
        return result

    def new_call(self) -> None:
        """A new call of ansible-playbook: no marker of a failed member of the group, a server without faults."""
        self.server.chaos.clear()
        if self.ssh:
            self.ssh.clear()
        shutil.rmtree(self.home / "locks", ignore_errors=True)

    def glance(self) -> Glance:
        """Read the whole state at once."""
        output = self.cmd(f"{self._query}&sc query state= all bufsize= 65536")
        states = dict(re.findall(r"SERVICE_NAME: (\S+).*?STATE\s*:\s*(\d)", output, re.DOTALL))
        services = {name: states[name] for name in ("DNS", "WINS", self.victim)}
        return Glance(self._value(output), services, self.host.boots, len(list(self._tasks())))

    def glance_until(self, holds: Callable[[Glance], bool], seconds: float) -> Glance:
        """Look until something holds or the time is over and return the last look. A host may reboot under a look."""
        end = time.monotonic() + seconds
        while True:
            try:
                seen = self.glance()
            except HostDown:
                if time.monotonic() >= end:
                    raise
            else:
                if holds(seen) or time.monotonic() >= end:
                    return seen
            time.sleep(0.1)

    @property
    def _query(self) -> str:
        return "reg query {} /v {}".format(*VALUES[self.family])

    def _value(self, output: str) -> list[str] | None:
        found = re.search(rf"{VALUES[self.family][1]}\s+REG_MULTI_SZ\s+(\S*)", output)
        return [entry for entry in found[1].split("\\0") if entry] if found else None

    def _tasks(self) -> Iterator[Path]:
        return (self.host.prefix / LAB_FOLDER / "tasks").glob("portkeeper-*.txt")

    def window_folders(self) -> list[Path]:
        """Return the folders of windows on the host."""
        return sorted(self.windows.glob("portkeeper-[0-9]*"))

    def value(self) -> list[str] | None:
        """Return the reservations as the registry holds them; None if the value is absent."""
        return self._value(self.cmd(self._query))

    def runs(self, name: str) -> bool:
        """Return whether a service is running."""
        return re.findall(r"STATE\s*:\s*(\d)", self.cmd(f"sc query {name}")) == [RUNNING]

    def backups(self) -> list[Path]:
        """Return the controller's backups."""
        return sorted((self.home / "backups").glob("*/*Z-*.json"))

    def shells(self) -> list[dict[str, object]]:
        """Return the shells that are open on the host."""
        return self.server.shells.listing()

    def wait(self, condition: Callable[[], object], seconds: float) -> bool:
        """Wait until a condition holds and return whether it did."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def answers(self) -> bool:
        """Return whether somebody who connects now is let in, and no boot that was asked for is still to come."""
        if (self.host.prefix / LAB_FOLDER / "shutdown-request").exists():
            return False
        try:
            socket.create_connection(("127.0.0.1", self.server.port), timeout=1).close()
        except OSError:
            return False
        return self.host.is_reachable()

    def conflict(self) -> None:
        """DNS takes the victim's port again and the victim fails for it; what depends on DNS runs."""
        victim = self.victim
        down, up = f"net stop {victim}&net stop DNS /y", f"net start DNS&net start WINS&net start {victim}"
        said = self.cmd(f"{down}&{up}&sc query {victim}")
        assert re.findall(r"STATE\s*:\s*(\d)", said)[-1:] == [STOPPED], said

    def heal(self) -> None:
        """The victim is up beside DNS, and what depends on DNS runs."""
        self.cmd(f"net stop DNS /y&net start {self.victim}&net start DNS&net start WINS")

    def save(self, name: str) -> None:
        """Save the current state under a name."""
        place = self.work / name
        place.mkdir()
        if self.folder.exists():
            shutil.copytree(self.folder, place / "folder")
        if (self.home / "backups").exists():
            shutil.copytree(self.home / "backups", place / "backups")
        self.cmd(rf"reg export {STATE_KEY} C:\baseline-{name}.reg /y")
        records = rf"C:\baseline-{name}.reg" if self._replacing(f"baseline-{name}.reg") else None
        self.baselines[name] = Baseline(self.value() or [], records, place / "folder", place)

    def _replacing(self, name: str) -> bool:
        """Make an export into one whose import deletes what is not in it and return whether there is one."""
        file = self.host.prefix / "drive_c" / name
        if not file.exists():
            return False
        head, sections = file.read_bytes().decode("utf-16").split("[", 1)
        long_key = STATE_KEY.replace("HKLM", "HKEY_LOCAL_MACHINE")
        file.write_bytes(f"{head}[-{long_key}]\r\n\r\n[{sections}".encode("utf-16"))
        return True

    def restore(self, name: str) -> None:
        """Go back to a state: values, records, our folder, tasks, locks, backups; services stay as they are."""
        self.new_call()
        self.server.shells.delete_all()
        kept = self.baselines[name]
        key, value_name = VALUES[self.family]
        put = f'reg add {key} /v {value_name} /t REG_MULTI_SZ /s , /d "{",".join(kept.value)}" /f'
        # Tasks that were created and never ran go with their files, as an administrator would delete them.
        for left in self._tasks():
            left.unlink()
        for left in self.window_folders():
            shutil.rmtree(left, ignore_errors=True)
        records = f"reg import {kept.registry}" if kept.registry else f"reg delete {STATE_KEY} /f"
        # A key that is not there cannot be deleted.
        fine = (0,) if kept.registry else (0, 1)
        assert self.host.run(f"{put}&&{records}")[0] in fine
        for source, target in ((kept.folder, self.folder), (kept.home / "backups", self.home / "backups")):
            shutil.rmtree(target, ignore_errors=True)
            if source.exists():
                shutil.copytree(source, target)

    def requests(self, work: Callable[[], object]) -> int:
        """Return how many HTTP requests, or steps over ssh, some work takes."""
        self.reset_counters()
        work()
        return self.counted

    def boot_fresh(self) -> None:
        """Go back to the first state as after a boot: what a host reserves is what it found at its boot."""
        self.restore("fresh")
        if self.host.boots != self.fresh_boots:
            self.host.reboot()
            assert self.wait(self.answers, 30)
            self.fresh_boots = self.host.boots

    def fault(self, kind: str, request: int = 1, **more: Any) -> Rule | Armed:
        """Arm a fault; requests are counted from now on."""
        if self.ssh:
            return self.ssh.arm(kind, request, **more)
        return self.server.chaos.arm(Rule(kind, request=request, **more))


@contextlib.contextmanager
def fault_host(
    family: str, work: Path, options: Mapping[str, Any] | None = None, disk_mb: int | None = None
) -> Iterator[FaultHost]:
    """A running host of a family.

    Args:
        family: nt5 or nt6.
        work: a separate folder.
        options: further fields of the WinRM server's Options.
        disk_mb: room on the host's drive, which can be filled then.
    """
    scenario = load_scenario(SCENARIOS / f"{family}.toml").model_copy(update={"disk_mb": disk_mb})
    host = WineHost(scenario, work / "prefix")
    chosen = Options(
        full_chunks=True,
        idle_timeout_cap=IDLE_CAP_S,
        limited_users=scenario.limited_users,
        computer_name=scenario.computer_name,
        **(options or {}),
    )
    server = WinRMServer(host, scenario.passwords, profile=scenario.winrm.profile, options=chosen)
    try:
        host.start()
        server.start()
        made = FaultHost(family, host, server, work / "home", work, scenario.passwords["Administrator"])
        assert made.wait(made.answers, 60)
        yield made
    finally:
        server.stop()
        host.stop()
