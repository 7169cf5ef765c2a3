# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in memory that understands only the collection's command lines, and answers in Server 2003's formats."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

TCPIP = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
DNS = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\DNS\Parameters"
SERVICES = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services"
OWN = r"HKEY_LOCAL_MACHINE\SOFTWARE\portkeeper"
STATE = r"HKEY_LOCAL_MACHINE\SOFTWARE\portkeeper\state"
MARK = "804E3F6C21F4C801"

RUNNING, STOPPED = 4, 1


@dataclass
class Service:
    """State, PID and last exit code of a service."""

    state: int
    pid: int
    exit_code: int = 0
    start: int = 2


@dataclass
class FakeHost:
    """The host's state; change it before or during a test."""

    reserved: list[str] | None = field(default_factory=lambda: ["3343-3343"])
    pool_size: int | None = None
    services: dict[str, Service] = field(
        default_factory=lambda: {
            "DNS": Service(RUNNING, 1484),
            "PolicyAgent": Service(STOPPED, 0, 10048),
            "IAS": Service(RUNNING, 1600),
        }
    )
    udp: list[tuple[int, int]] = field(
        default_factory=lambda: [(53, 1484), (4500, 1484), (1645, 1600), (1646, 1600), (1812, 1600), (1813, 1600)]
    )
    dependents: list[str] = field(default_factory=list)
    locks: list[str] | None = None
    state: dict[str, dict[str, str]] = field(default_factory=dict)
    machine: dict[str, str] = field(default_factory=dict)
    scheduler: str = "works"
    """works | missing | never_runs | hangs"""
    refuses: int = 0
    """The error level with which the window's script refuses to stop anything."""
    denied: bool = False
    lines: list[str] = field(default_factory=list)
    before_write: Callable[[], None] | None = None
    drop_sections: set[str] = field(default_factory=set)
    ranges: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Start and count of dynamic port ranges, by section; without one the host has no netsh."""
    sc_works: bool = True
    """Whether the service manager tells a record which process DNS has."""
    folder: bool = False
    """Whether there is a folder of our folder's name that does not let us in."""
    told: bool = True
    """Whether the window's script writes down what it does."""
    started: bool = False
    ended: bool = False
    claimed: bool = False

    def answer(self, line: str) -> bytes:
        """Return what the command line prints."""
        self.lines.append(line)
        run = re.search(r"transcript 1 ([0-9a-f]{16})", line)
        assert run, line
        self._run = run[1]
        parts = [f"#portkeeper transcript 1 {self._run}\r\n"]
        self._line = line
        if "begin write" in line and self.before_write:
            self.before_write()
        for name in re.findall(r"begin (\w+)", line):
            if name in self.drop_sections or not self._reached(name):
                continue
            text, level = self._section(name)
            if text is not None:
                parts.append(
                    f"#portkeeper {self._run} begin {name}\r\n{text}#portkeeper {self._run} end {name} {level}\r\n"
                )
        return "".join(parts).encode("cp437", "replace")

    def _reached(self, name: str) -> bool:
        mine = re.search(r"if exist \.\.\\portkeeper\\lock\\(\d+-[0-9a-f]{16})", self._line)
        if (name in ("create", "run", "window") and "begin lock" in self._line) or name.startswith("export_"):
            return bool(mine and self.locks and mine[1] in self.locks)
        if name in ("dynamicport_udp4", "dynamicport_udp6", "excluded_udp4", "excluded_udp6"):
            return name in self.ranges
        return name != "unlock" or "begin abort" not in self._line or self.claimed

    def _section(self, name: str) -> tuple[str | None, int]:
        if name in self.ranges:
            start, count = self.ranges[name]
            return f"Protocol udp\r\n---------\r\nStart      : {start}\r\nNumber     : {count}\r\n", 0
        method = getattr(self, f"_on_{name}", None)
        if method is None:
            return "", 1
        text, level = method()
        return text.replace("\n", "\r\n"), level

    # what the collector asks

    def _on_computer_name(self) -> tuple[str, int]:
        return "CLIENT01\n", 0

    def _on_clock(self) -> tuple[str, int]:
        return "Mon 11/23/2026 16:00:00.00\n", 0

    def _on_ver(self) -> tuple[str, int]:
        return "\nMicrosoft Windows [Version 5.2.3790]\n", 0

    def _on_current_version(self) -> tuple[str, int]:
        key = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
        return _key(
            key,
            ("CurrentVersion", "REG_SZ", "5.2"),
            ("CurrentBuildNumber", "REG_SZ", "3790"),
            ("ProductName", "REG_SZ", "Microsoft Windows Server 2003"),
            ("CSDVersion", "REG_SZ", "Service Pack 2"),
        ), 0

    def _on_product_options(self) -> tuple[str, int]:
        key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ProductOptions"
        return _key(
            key, ("ProductType", "REG_SZ", "LanmanNT"), ("ProductSuite", "REG_MULTI_SZ", r"Small Business\0\0")
        ), 0

    def _on_tcpip(self) -> tuple[str, int]:
        if self.denied:
            return "", 1
        rows = [("Hostname", "REG_SZ", "client01"), ("MaxUserPort", "REG_DWORD", "0xea60")]
        if self.reserved is not None:
            rows.append(("ReservedPorts", "REG_MULTI_SZ", r"\0".join(self.reserved) + r"\0\0"))
        return _key(TCPIP, *rows), 0

    def _on_dns(self) -> tuple[str, int]:
        rows = [("AdminConfigured", "REG_DWORD", "0x1")]
        if self.pool_size is not None:
            rows.append(("SocketPoolSize", "REG_DWORD", hex(self.pool_size)))
        return _key(DNS, *rows), 0

    def _on_services(self) -> tuple[str, int]:
        block = (
            "\nSERVICE_NAME: {name}\nDISPLAY_NAME: {name}\n        TYPE               : 10  WIN32_OWN_PROCESS \n"
            "        STATE              : {state}  {label} \n        WIN32_EXIT_CODE    : {code}  ({code:#x})\n"
            "        SERVICE_EXIT_CODE  : 0  (0x0)\n        CHECKPOINT         : 0x0\n"
            "        WAIT_HINT          : 0x0\n"
            "        PID                : {pid}\n        FLAGS              : \n"
        )
        labels = {RUNNING: "RUNNING", STOPPED: "STOPPED", 2: "START_PENDING", 7: "PAUSED"}
        return "".join(
            block.format(name=name, state=row.state, label=labels[row.state], code=row.exit_code, pid=row.pid)
            for name, row in self.services.items()
        ), 0

    def _on_service_starts(self) -> tuple[str, int]:
        starts = {"Tcpip": 1, **{name: row.start for name, row in self.services.items()}}
        return "".join(f"{SERVICES}\\{name}\n    Start\tREG_DWORD\t{start:#x}\n" for name, start in starts.items()), 0

    def _on_dns_dependents(self) -> tuple[str, int]:
        return "".join(
            f"\nSERVICE_NAME: {name}\nDISPLAY_NAME: {name}\n        TYPE               : 10  WIN32_OWN_PROCESS\n"
            f"        STATE              : {self.services[name].state}  RUNNING\n"
            "        WIN32_EXIT_CODE    : 0  (0x0)\n        SERVICE_EXIT_CODE  : 0  (0x0)\n"
            for name in self.dependents
        ) or "Enum: entriesRead = 0\n", 0

    def _on_tasklist(self) -> tuple[str, int]:
        rows = [("System", 4), ("lsass.exe", 500)]
        rows += [(f"{name.lower()}.exe", row.pid) for name, row in self.services.items() if row.pid]
        return "".join(f'"{image}","{pid}","Console","0","4,000 K"\n' for image, pid in rows), 0

    def _on_netstat(self) -> tuple[str, int]:
        rows = "".join(
            f"  UDP    0.0.0.0:{port}           *:*                                    {pid}\n"
            for port, pid in self.udp
        )
        return (
            f"\nActive Connections\n\n  Proto  Local Address          Foreign Address        State     PID\n{rows}",
            0,
        )

    def _on_boot(self) -> tuple[str, int]:
        return _key(
            r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Windows", ("ShutdownTime", "REG_BINARY", MARK)
        ), 1

    def _on_state(self) -> tuple[str, int]:
        if not self.state and not self.machine:
            return "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Secure\n", 0
        text = _key(OWN, *((name, "REG_SZ", value) for name, value in self.machine.items())) if self.machine else ""
        text += _key(STATE)
        for name, values in self.state.items():
            text += _key(f"{STATE}\\{name}", *((key, "REG_SZ", value) for key, value in values.items()))
        return text, 0

    # lock, export, write

    def _on_lock(self) -> tuple[str, int]:
        if self.denied:
            return "", 1
        renamed = re.search(r"ren \.\.\\portkeeper\\lock\\(\S+) (\S+?)&&", self._line)
        folder = r"\.\.\\portkeeper\\lock"
        made = re.search(rf"md {folder}&&\(reg\.exe query .*?\)>{folder}\\(\d+-[0-9a-f]{{16}})", self._line)
        if renamed:
            self.locks = [renamed[2] if held == renamed[1] else held for held in self.locks or []]
            gone = re.findall(r"del \.\.\\portkeeper\\lock\\(\S+?)[&)]", self._line)
            self.locks = [held for held in self.locks if held not in gone]
        elif made and (self.locks is None or (r"rd ..\portkeeper\lock&&" in self._line and not self.locks)):
            self.locks = [made[1]]
        return "".join(f"{held}\n" for held in self.locks or []), 0

    def _on_folder(self) -> tuple[str, int]:
        return "there\n" if self.folder else "", 0

    def _on_export_tcpip(self) -> tuple[str, int]:
        body = '"Hostname"="client01"\n"MaxUserPort"=dword:0000ea60\n'
        if self.reserved is not None:
            raw = "".join(f"{entry}\0" for entry in [*self.reserved, ""]).encode("utf-16-le")
            body += '"ReservedPorts"=hex(7):' + ",".join(f"{byte:02x}" for byte in raw) + "\n"
        return f"Windows Registry Editor Version 5.00\n\n[{TCPIP}]\n{body}\n", 0

    def _on_export_dns(self) -> tuple[str, int]:
        body = "" if self.pool_size is None else f'"SocketPoolSize"=dword:{self.pool_size:08x}\n'
        return f"Windows Registry Editor Version 5.00\n\n[{DNS}]\n{body}\n", 0

    def _on_write(self) -> tuple[str, int]:
        flagged = "if exist" not in self._line or (self.locks and self.locks[0] in self._line)
        if not flagged or self.before_write is CHANGED:
            return "", 0
        given = re.search(r"reg\.exe add \S+portkeeper /v machine_id /t REG_SZ /d (\S+) /f", self._line)
        if given:
            self.machine = {"machine_id": given[1], "computer_name": "CLIENT01"}
        write = self._line.partition("begin write")[2].partition("end write")[0]
        for name in re.findall(r"reg.exe delete \S+state\\(\w+) /f", write):
            self.state.pop(name, None)
        write = re.sub(r"\(for /f .*?\)\)\)|&\(sc.exe queryex.*?\)\)", "", write)
        for name, value in re.findall(r'state\\(\w+) /v value /t REG_SZ /d "([^"]*)"', self._line):
            self.state[name] = {"value": value, "boot_mark": MARK}
            if name not in ("ran_before", "dns_window") and self.sc_works:
                self.state[name]["dns_pid"] = str(self.services["DNS"].pid)
        for name, pid in re.findall(r"state\\(\w+) /v dns_pid /t REG_SZ /d (\w+) /f", write):
            self.state[name]["dns_pid"] = pid if pid.isdigit() else "stopped"
        done = ""
        listed = re.search(r'/v ReservedPorts /t REG_MULTI_SZ /s , /d "([^"]*)"', self._line)
        if listed:
            self.reserved = listed[1].split(",")
            done += "reserved_ports 0\n"
        size = re.search(r"/v SocketPoolSize /t REG_DWORD /d (\d+)", self._line)
        if size:
            self.pool_size = int(size[1])
            done += "socket_pool_size 0\n"
        return done, 0

    def _on_unlock(self) -> tuple[str, int]:
        mine = re.search(r"del \.\.\\portkeeper\\lock\\(\d+-[0-9a-f]{16})&del", self._line)
        if mine and self.locks == [mine[1]]:
            self.locks = None
        return "", 1

    # the window

    def _on_create(self) -> tuple[str, int]:
        return ("", 1) if self.scheduler == "missing" else ("created\n", 0)

    def _on_run(self) -> tuple[str, int]:
        if self.scheduler == "missing":
            self._read_window()
            return "", 1
        self.started = True
        self._read_window()
        if self.scheduler == "works":
            self._run_script()
        if self.scheduler == "hangs":
            self.services["DNS"] = Service(STOPPED, 0)
        return "", 0

    def _read_window(self) -> None:
        """What the line has written before the script runs."""
        self._victims = re.findall(r'echo set s="([^"]+)"&echo call :start&', self._line)
        self._behind = re.findall(r'echo set s="([^"]+)"&echo call :restart&', self._line)
        ran = re.search(r'state\\ran_before /v value /t REG_SZ /d "([^"]*)"', self._line)
        assert ran and self._line.index("ran_before /v value") < self._line.index("echo token>")
        self.state["ran_before"] = {"value": ran[1], "boot_mark": MARK}

    def _run_script(self) -> None:
        if self.refuses:
            self.ended = True
        else:
            self._do_window()
        if all(self.services[name].state == RUNNING for name in self.state["ran_before"]["value"].split(",")):
            del self.state["ran_before"]

    def _do_window(self) -> None:
        self.udp = [(port, pid) for port, pid in self.udp if pid != self.services["DNS"].pid]
        for name in self._victims:
            self.services[name] = Service(RUNNING, 1700)
            self._hold_ipsec(name, 1700)
        self.services["DNS"] = Service(RUNNING, 1800)
        self.udp += [(53, 1800), (50000, 1800)]
        for name in self._behind:
            if self.services[name].state == STOPPED:
                self.services[name] = Service(RUNNING, 1701)
        self.ended = True

    def _hold_ipsec(self, name: str, pid: int) -> None:
        if name == "PolicyAgent":
            self.udp += [(500, pid), (4500, pid)]

    def _on_window(self) -> tuple[str, int]:
        if "begin lock" in self._line:
            self.started = True
            self._read_window()
            self._run_script()
        if not self.started:
            return "absent\n", 0
        if not self.ended:
            return "", 0
        if self.refuses:
            return f"ended\nrefused {self.refuses}\n", 0
        if not self.told:
            return "ended\n", 0
        steps = "".join(f'start "{name}" 0\n' for name in self._victims)
        return f"ended\nstop_dns 0\n{steps}start_dns 1056\n", 0

    def _on_finish(self) -> tuple[str, int]:
        return "", 0

    def _on_abort(self) -> tuple[str, int]:
        first = self.scheduler in ("missing", "never_runs") and not self.claimed
        self.claimed = self.claimed or first
        if self.claimed and re.search(r"reg\.exe delete \S+state\\ran_before /f", self._line):
            self.state.pop("ran_before", None)
        return ("claimed\n", 0) if first else ("", 1)

    def _on_rescue(self) -> tuple[str, int]:
        was = self.services["DNS"].state
        self.services["DNS"] = Service(RUNNING, 1900)
        return f"start_dns {2 if was == RUNNING else 0}\n", 0

    def _on_start(self) -> tuple[str, int]:
        text = ""
        for name in re.findall(r'net\.exe start "([^"]+)">nul', self._line):
            self.services[name] = Service(RUNNING, 1750)
            self._hold_ipsec(name, 1750)
            text += f'"{name}" 0\n'
        return text, 0


def CHANGED() -> None:
    """A marker for `before_write`: the values are not those of the snapshot any more."""


def _key(key: str, *values: tuple[str, str, str]) -> str:
    rows = "".join(f"    {name}\t{kind}\t{data}\n" for name, kind, data in values)
    return f"\n! REG.EXE VERSION 3.0\n\n{key}\n{rows}\n"
