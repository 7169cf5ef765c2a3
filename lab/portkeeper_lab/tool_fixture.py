# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pytest plugin for the tests of the lab's programs: a small host, and the parsed output of its tools."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from portkeeper_lab.host import WineHost
from portkeeper_lab.scenario import LAB_KEY, SERVICES_KEY, load_scenario

SCENARIOS = Path(__file__).resolve().parent.parent / "tests" / "data"
DNS_PARAMETERS = f"{SERVICES_KEY}\\DNS\\Parameters"
DNS_LAB = f"{SERVICES_KEY}\\DNS\\Lab"
TCPIP = f"{SERVICES_KEY}\\Tcpip\\Parameters"
DRAW_DEFAULTS = {
    (DNS_PARAMETERS, "SocketPoolSize"): 200,
    (DNS_LAB, "Family"): None,
    (LAB_KEY, "Mutant"): None,
    (LAB_KEY, "DrawSeed"): None,
    (LAB_KEY, "BootReservedPorts"): ["3343-3343"],
    (LAB_KEY, "DrawFirst"): ["1645", "4500"],
    (TCPIP, "ReservedPorts"): ["3343-3343"],
    (TCPIP, "MaxUserPort"): 60000,
}
"""What the tests of the draw begin with: a small pool, so that each start is quick."""
UDP_ROW = re.compile(r"^  UDP    (\S+):(\d+) +\*:\* +(\d+)\r?$", re.MULTILINE)

Value = int | str | list[str] | None


@dataclass(frozen=True)
class Result:
    """The end of a command: exit code and both streams as text."""

    code: int
    out: str
    err: str


class ToolHost:
    """Runs commands on a host and reads the tools' answers."""

    draw_defaults: Mapping[tuple[str, str], Value] = DRAW_DEFAULTS

    def __init__(self, host: WineHost) -> None:
        """Take a host that is up."""
        self.host = host

    def run(self, line: str, timeout: float = 60.0) -> Result:
        """Run a command line under cmd.exe, with its input at the end of file."""
        code, out, err = self.host.run(line, timeout)
        return Result(code, out.decode("cp437"), err.decode("cp437"))

    def write(self, name: str, data: bytes) -> None:
        """Write a file into the root of drive C."""
        (self.host.prefix / "drive_c" / name).write_bytes(data)

    def lab_file(self, name: str) -> Path:
        """Return a file under C:\\windows\\portkeeper-lab."""
        return Path(self.host.prefix, "drive_c/windows/portkeeper-lab", name)

    def service(self, name: str) -> dict[str, str]:
        """Return what `sc queryex` prints of a service, by label; numbers without their words."""
        return _record(self.run(f"sc queryex {name}").out)

    def udp(self, family: str = "udp") -> dict[int, set[int]]:
        """Return the UDP ports of each process, by PID."""
        return _holders(self.run(f"netstat -ano -p {family}").out)

    def dns_ports(self, family: str = "udp", before: str = "rem") -> set[int]:
        """Return the ports that the DNS service holds, without 53.

        Args:
            family: netstat's name of the protocol.
            before: commands that are run first, in the same command line.
        """
        result = self.run(f"{before}& sc queryex DNS & netstat -ano -p {family}")
        assert result.err == ""
        return _holders(result.out).get(int(_record(result.out)["PID"]), set()) - {53}

    def configuration(self, changes: Mapping[tuple[str, str], Value]) -> str:
        """Prepare registry values (None deletes, a list is REG_MULTI_SZ) and return the command that writes them."""
        lines = ["REGEDIT4"]
        for (key, name), value in changes.items():
            lines += [f"[{key.replace('HKLM', 'HKEY_LOCAL_MACHINE', 1)}]", f'"{name}"={_data(value)}']
        self.write("lab.reg", "\r\n".join([*lines, "", ""]).encode("ascii"))
        return "reg import C:\\lab.reg"

    def restart_dns(self) -> set[int]:
        """Restart DNS and return the ports of its new pool."""
        return self.dns_ports(before="net stop DNS /y & net start DNS")

    def draw(self, changes: Mapping[tuple[str, str], Value]) -> set[int]:
        """Restart DNS with these values changed and return the ports of its new pool."""
        return self.dns_ports(before=f"{self.configuration(changes)} & net stop DNS & net start DNS")


def _record(text: str) -> dict[str, str]:
    return dict(re.findall(r"^ +([A-Z0-9_]+) +: *(\S*)", text, re.MULTILINE))


def _holders(text: str) -> dict[int, set[int]]:
    holders: dict[int, set[int]] = {}
    for _address, port, pid in UDP_ROW.findall(text):
        holders.setdefault(int(pid), set()).add(int(port))
    return holders


def _data(value: Value) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"dword:{value:08x}"
    if isinstance(value, str):
        return f'"{value}"'
    return "hex(7):" + ",".join(f"{byte:02x}" for byte in ("\0".join([*value, ""]) + "\0").encode("ascii"))


@pytest.fixture(scope="session")
def tool_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToolHost]:
    """One small host for all tests of the programs; each test leaves it as it found it."""
    with _running("tools.toml", tmp_path_factory) as host:
        yield host


@pytest.fixture(scope="session")
def nt6(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToolHost]:
    """The same for Vista and later: a pool of 100 from 50000-50999 over IPv4 and from the default range over IPv6."""
    with _running("nt6.toml", tmp_path_factory) as host:
        yield host


@contextmanager
def _running(scenario: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToolHost]:
    host = WineHost(load_scenario(SCENARIOS / scenario), tmp_path_factory.mktemp("tool-host") / "prefix")
    try:
        host.start()
        yield ToolHost(host)
    finally:
        host.stop()
