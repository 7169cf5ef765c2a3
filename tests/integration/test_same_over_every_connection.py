# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One running host gives the same facts, plan and artifacts over every connection, one after the other.

The host runs in this process, so that it can have several servers at a time. test_kerberos.py compares Kerberos.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from documented import documented
from same_artifacts import assert_equal, task

from portkeeper_lab.host import WineHost
from portkeeper_lab.inventory import CONNECTIONS
from portkeeper_lab.scenario import Scenario, find_scenario, load_scenario
from portkeeper_lab.ssh.server import SSHServer
from portkeeper_lab.ssh.shells import Options as SSHOptions
from portkeeper_lab.winrm.authority import LOOPBACK, Authority
from portkeeper_lab.winrm.server import Options, WinRMServer

ANSWERS_S = 60
VARIABLES = {
    "winrm": ("ansible_winrm_scheme", "ansible_winrm_transport"),
    "psrp": ("ansible_psrp_protocol", "ansible_psrp_auth"),
}
WINRM = [(plugin, "http", "ntlm") for plugin in VARIABLES]
HTTPS = [(plugin, "https", logon) for plugin in VARIABLES for logon in ("ntlm", "certificate")]
SSH = [("ssh", "cmd", "key"), ("ssh", "powershell", "key"), ("ssh", "powershell-reads-stdin", "key")]
READ = {"sbs2003": WINRM, "2019-dc": WINRM + HTTPS + SSH}
"""The connections by scenario. Server 2003 has no SSH server, and only TLS 1.0, which is not used."""

CHANGED = {"sbs2003": WINRM, "2019-dc": [*WINRM, ("winrm", "https", "ntlm"), *SSH[:2]]}
"""The connections over which a change is made, by scenario."""

WRITTEN = (
    r"HKLM\SYSTEM\CurrentControlSet\Services\DNS\Parameters",
    r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters",
)
RECORDS = r"HKLM\SOFTWARE\portkeeper"


class Servers:
    """The servers in front of one host."""

    def __init__(self, stack: ExitStack, host: WineHost, folder: Path, shells: Iterable[str]) -> None:
        """Start them; they end with the stack."""
        scenario = self._scenario = host.scenario
        authority = Authority(folder / "tls")
        (user, self._password), *_others = scenario.passwords.items()
        shown, client = authority.server(scenario.computer_name, *LOOPBACK), authority.client(user)
        tls = {"tls": (str(shown.certificate), str(shown.key)), "client_authority": str(authority.certificate)}
        self._facts = {"name": "host", "user": user, "password": self._password}
        known = {"authority": authority.certificate, "certificate": client.certificate, "key": client.key}
        self._tls = {name: str(path) for name, path in known.items()}
        self.winrm = {"http": self._winrm(host), "https": self._winrm(host, **tls)}
        self.ssh = {shell: self._ssh(host, folder / f"s{number}", shell) for number, shell in enumerate(shells)}
        for server in (*self.winrm.values(), *self.ssh.values()):
            stack.callback(server.stop)
            server.start()

    def _winrm(self, host: WineHost, **more: Any) -> WinRMServer:
        scenario = self._scenario
        options = Options(computer_name=scenario.computer_name, full_chunks=True, **more)
        return WinRMServer(host, scenario.passwords, profile=scenario.winrm.profile, options=options)

    def _ssh(self, host: WineHost, folder: Path, shell: str) -> SSHServer:
        return SSHServer(host, self._scenario, folder, SSHOptions(default_shell=shell), lambda _line: None)

    def variables(self, plugin: str, how: str, logon: str) -> dict[str, Any]:
        """Return the variables of the documented inventory for a connection to the host."""
        if plugin == "ssh":
            lab = CONNECTIONS["ssh"]({**self._facts, "ssh": self.ssh[how].facts()}, False)
            found = documented(lab, ansible_connection="ssh")
            return {**found, "ansible_shell_type": lab["ansible_shell_type"], "ansible_ssh_args": ""}
        https = self._tls if how == "https" else None
        facts = {**self._facts, "port": self.winrm[how].port, "https": https}
        lab = CONNECTIONS[plugin](facts, logon == "certificate")
        return documented(lab, ansible_connection=plugin, **dict(zip(VARIABLES[plugin], (how, logon), strict=True)))


class Untouched:
    """The state of a host before any change, to go back to without a connection."""

    def __init__(self, host: WineHost) -> None:
        """Save it."""
        self._host = host
        for number, key in enumerate(WRITTEN):
            self._run(rf"reg export {key} C:\untouched{number}.reg /y")

    def _run(self, line: str) -> None:
        code, out, error = self._host.run(line)
        assert code == 0, out + error

    def restore(self) -> None:
        """Go back."""
        for number, key in enumerate(WRITTEN):
            self._run(rf"reg delete {key} /f&&reg import C:\untouched{number}.reg")
        self._run(f"reg delete {RECORDS} /f")
        shutil.rmtree(self._host.prefix / "drive_c" / "windows" / "portkeeper")


@contextmanager
def running(scenario: Scenario, shells: Iterable[str]) -> Iterator[tuple[WineHost, Servers]]:
    """Run a host with all servers."""
    # A path of the folder is that of a socket, too, and must be short.
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        host = WineHost(scenario, Path(name) / "prefix")
        stack.callback(host.stop)
        host.start()
        servers = Servers(stack, host, Path(name), shells)
        deadline = time.monotonic() + ANSWERS_S
        while not host.is_reachable():
            assert time.monotonic() < deadline, "the host does not answer"
            time.sleep(0.1)
        assert all(server.wait_open(ANSWERS_S) for server in servers.ssh.values())
        yield host, servers


def small(scenario: str, folder: Path) -> Scenario:
    """Return a scenario of the lab with fewer sockets in DNS's pool, which are read at every step."""
    path = folder / f"{scenario}.toml"
    pool = rf"""include = ["{find_scenario(scenario)}"]
[registry.'HKLM\SYSTEM\CurrentControlSet\Services\DNS\Parameters']
SocketPoolSize = 100
"""
    path.write_text(pool, encoding="utf-8")
    return load_scenario(path)


@pytest.mark.parametrize("scenario", READ)
def test_facts_plan_and_artifacts_are_the_same(controller, tmp_path, draw_seed, scenario: str) -> None:
    shells = [how for plugin, how, _logon in READ[scenario] if plugin == "ssh"]
    with running(small(scenario, tmp_path).with_draw_seed(draw_seed), shells) as (host, servers):
        hosts = {"-".join(way): servers.variables(*way) for way in READ[scenario]}
        inventory = tmp_path / "inventory.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")

        def run(wanted: dict[str, Any], *options: str) -> None:
            plays = [{"hosts": "all", "gather_facts": False, "tasks": [wanted]}]
            done = controller.playbook(plays, inventory, "--forks=1", *options)
            assert done.returncode == 0, done.stdout + done.stderr

        run(task("untouched", tmp_path, check_mode=True))
        assert_equal(tmp_path / "untouched", list(hosts))
        untouched = Untouched(host)
        changed = ["-".join(way) for way in CHANGED[scenario]]
        for name in changed:
            run(task("changed", tmp_path), "--limit", name)
            untouched.restore()
        assert_equal(tmp_path / "changed", changed)
