# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows 2000 server, from the first file of the offline kit to its line in the report, by its console alone.

The tests run in order: each is a step of one person who carries files. What the host shows and what is planned is typed
from Microsoft's documents; the host's scenario names them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from test_whole_way import part

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.script import ALREADY, CHANGED, DONE
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.registry_file import (
    DIALECT_4,
    DIALECT_5,
    REG_MULTI_SZ,
    encode_reg,
    render_reg,
)
from portkeeper_lab.control import ask_once

COMPUTER = "W2KDC"
TCPIP = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
RESERVED = ["1645-1646", "1812-1813", "4500-4500"]
RECOMMENDED = {"ias": ["1645-1646", "1812-1813"], "ipsec": ["4500-4500"]}

FACTS = {
    "computer_name": COMPUTER,
    "os": {
        "release": "2000",
        "family": "nt5",
        "nt": "5.0",
        "build": 2195,
        "product_type": "LanmanNT",
        "suites": ["Terminal Server"],
        "sbs": False,
    },
    "settings": {
        "max_user_port": {"present": True, "type": "REG_DWORD", "data": 65534},
        "reserved_ports": {"present": False},
        "socket_pool_size": {"present": False},
        "socket_pool_excluded_port_ranges": {"present": False},
    },
    # Neither sc nor PIDs: what runs and who holds a port is not known, and so it is not known whether there is a pool.
    "dns": {"installed": True, "state": None, "pid": None, "pool_present": "unknown"},
    "dynamic_ports": {"udp4": None, "udp6": None},
    "exclusions": {"udp4": None, "udp6": None},
    "services": {
        "DNS": {"start": 2, "state": None, "pid": None, "win32_exit_code": None},
        "IAS": {"start": 2, "state": None, "pid": None, "win32_exit_code": None},
        "PolicyAgent": {"start": 2, "state": None, "pid": None, "win32_exit_code": None},
        "RemoteAccess": {"start": 4, "state": None, "pid": None, "win32_exit_code": None},
    },
    "services_total": None,
    "state": {"present": False, "settings": {}},
}
PROBLEMS = {"dns_dependents_unreadable", "processes_unreadable", "services_unreadable", "sockets_without_pid"}


@dataclass
class Person:
    """Somebody who carries files between the controller and the console of the server.

    Attributes:
        controller: the controller.
        host: the server.
        folder: C:\\carry of the server, as seen from the controller.
        files: a folder of the controller.
        said: all that the console has shown.
    """

    controller: Any
    host: Any
    folder: Path
    files: Path
    said: list[str] = field(default_factory=list)

    def type(self, line: str) -> str:
        """Type a line at the console; return what it shows."""
        shown: str = self.host.exec(line, check=False)
        self.said += [f"C:\\carry>{line}", shown]
        return shown

    def run(self, script: str) -> tuple[int, str]:
        """Exit code and output of a script."""
        shown = self.type(rf"cd /d C:\carry&{script} /q & call echo rc=%^errorlevel%")
        return int(re.findall(r"rc=(\d+)", shown)[-1]), shown

    def play(self, *options: str) -> str:
        """Run the playbook for hosts without WinRM; return what it printed."""
        kit = ["-e", "offline_client=acme", "-e", f"offline_dest={self.files / 'carry'}", *options]
        name = "portkeeper.windows_dns.offline"
        done = self.controller.run(["ansible-playbook", "-i", "localhost,", name, *kit])
        assert done.returncode == 0, done.stdout + done.stderr
        output: str = done.stdout
        return output

    def carry_there(self, folder: str) -> None:
        """Carry the files of a folder of the kit to the server."""
        for path in (self.files / "carry" / folder).iterdir():
            if path.is_file():
                (self.folder / path.name).write_bytes(path.read_bytes())

    def carry_back(self, run: str) -> dict[str, Any]:
        """Collect, carry the transcript back, let the playbook plan; return the artifact of this run."""
        code, _shown = self.run("collect.cmd")
        assert code == DONE
        transcripts = self.files / run
        transcripts.mkdir()
        (transcripts / f"{COMPUTER}.txt").write_bytes((self.folder / f"{COMPUTER}.txt").read_bytes())
        where = {"reserve_ports_artifacts_dir": self.files / "artifacts", "reserve_ports_run_id": run}
        options = {"offline_transcripts": transcripts, **where}
        self.play(*(word for name, value in options.items() for word in ("-e", f"{name}={value}")))
        path = self.files / "artifacts" / run / f"{COMPUTER}.json"
        artifact: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return artifact

    def report(self, run: str) -> str:
        """Let the controller make the report of a run; return what it says from the server's line on."""
        report = {"artifacts_dir": [str(self.files / "artifacts")], "run_id": run}
        task = {"name": "report", "portkeeper.windows_dns.fleet_report": report, "run_once": True}
        inventory = self.files / "inventory"
        inventory.write_text(f"{COMPUTER} ansible_connection=local\n")
        play = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
        found = self.controller.playbook(play, inventory).result("report")
        assert f"{COMPUTER} (unknown)" in found["msg"]
        text = Path(found["files"]["text"]).read_text(encoding="utf-8")
        (line,) = re.findall(rf"^unknown .* {COMPUTER}$", text, re.MULTILINE)
        return text[text.index(line) :]

    def exported(self) -> bytes:
        """Return the bytes of ReservedPorts as regedit exports them; nothing if it is absent."""
        self.type(rf'del C:\carry\all.reg&regedit /e C:\carry\all.reg "{TCPIP}"')
        content = (self.folder / "all.reg").read_bytes()
        assert content.startswith(b"\xff\xfe"), "regedit of Windows 2000 writes UTF-16 with its mark"
        text = content.decode("utf-16")
        assert text.startswith("Windows Registry Editor Version 5.00\r\n")
        found = re.search(r'^"ReservedPorts"=(?:.*\\\r\n)*[^\r\n]*', text, re.MULTILINE)
        return found[0].encode() if found else b""


@pytest.fixture(scope="module")
def person(make_host, controller, tmp_path_factory) -> Person:
    host = make_host("2000")
    folder = Path(ask_once(host.name, {"op": "info"})["prefix"]) / "drive_c" / "carry"
    folder.mkdir()
    return Person(controller, host, folder, tmp_path_factory.mktemp("person"))


@pytest.fixture(scope="module")
def first(person: Person) -> dict[str, Any]:
    """The artifact of the first transcript; its files are carried to the server."""
    person.play()
    person.carry_there("acme")
    artifact = person.carry_back("first")
    person.carry_there(f"acme/{COMPUTER}")
    return artifact


def test_what_is_read(person: Person, first: dict[str, Any]) -> None:
    assert part(FACTS, first["facts"]) == FACTS
    assert {row["id"] for row in first["facts"]["problems"]} == PROBLEMS
    transcript = (person.folder / f"{COMPUTER}.txt").read_bytes()
    assert b"Microsoft Windows 2000 [Version 5.00.2195]" in transcript
    assert b"Windows Registry Editor Version 5.00" in transcript, "exported by regedit and converted by type"
    assert b"\0" not in transcript and b"ProductId" not in transcript


def test_what_is_planned(person: Person, first: dict[str, Any]) -> None:
    plan = first["plan"]
    assert (plan["mechanism"], plan["status"]) == ("reserved_ports", "unknown")
    assert plan["pool_range"] == {"udp4": "1024-65534", "udp6": None}
    assert {need["service"]: need["ports"] for need in plan["needs"]} == RECOMMENDED
    (written,) = (row for row in plan["settings"] if row["id"] == "reserved_ports")
    assert (written["type_before"], written["type_after"], written["after"]) == (None, "REG_MULTI_SZ", RESERVED)
    assert written["takes_effect"] == "reboot"
    text = (person.folder / "plan.txt").read_text(encoding="ascii")
    assert all(ports in text for ports in RESERVED) and all(problem in text for problem in PROBLEMS)
    assert person.exported() == b"", "a plan changes nothing"


def test_apply_and_reboot(person: Person, first: dict[str, Any]) -> None:
    assert "IPSEC Policy Agent" not in person.type("net start")
    code, shown = person.run("apply.cmd")
    assert code == DONE and "Restart this server" in shown
    # hex(7) in UTF-16 as KB310516 shows it: each entry ends with a zero, the list with another one.
    raw = "".join(f"{entry}\0" for entry in [*RESERVED, ""]).encode("utf-16-le").hex(",")
    assert re.sub(rb"\\\r\n +", b"", person.exported()).decode() == f'"ReservedPorts"=hex(7):{raw}'
    assert person.run("apply.cmd")[0] == ALREADY
    waiting = person.carry_back("waiting")
    record = waiting["facts"]["state"]["settings"]["reserved_ports"]
    assert record == {"value": ",".join(RESERVED), "boot_mark": waiting["facts"]["boot_mark"], "dns_pid": None}
    assert waiting["plan"]["settings"] == [] and waiting["plan"]["effective"] == {"reserved_ports": "no"}
    assert "then reboot: ReservedPorts takes effect at the next boot" in person.report("waiting")
    person.host.reboot()
    assert "IPSEC Policy Agent" in person.type("net start"), "the reservation keeps DNS off 4500"
    assert re.search(r"^ +UDP +0\.0\.0\.0:4500 +\*:\*", person.type('netstat -an -p udp|find ":4500 "'), re.MULTILINE)


def test_second_run_and_its_line_in_the_report(person: Person, first: dict[str, Any]) -> None:
    again = person.carry_back("second")
    assert again["facts"]["settings"]["reserved_ports"]["ranges"] == RESERVED
    assert again["plan"]["settings"] == [] and again["plan"]["effective"] == {"reserved_ports": "yes"}
    assert again["plan"]["reboot_required"] is False and again["plan"]["actions"] == []
    plan = (person.files / "carry/acme" / COMPUTER / "plan.txt").read_text(encoding="ascii")
    assert "There is nothing to write" in plan and "Restart" not in plan
    report = person.report("second")
    assert "reboot" not in report and "nothing to write" in report
    print("\n".join([*person.said, report]))  # `pytest -s` shows the whole way


def test_rollback(person: Person, first: dict[str, Any]) -> None:
    assert person.run("rollback.cmd")[0] == DONE
    assert person.exported() == b""
    assert person.run("rollback.cmd")[0] == ALREADY


def test_what_was_reserved_by_hand_is_recorded(person: Person, first: dict[str, Any]) -> None:
    for which in ("apply", "rollback"):
        content = (person.folder / f"{COMPUTER}-{which}.reg.data").read_bytes()
        (person.folder / f"by-hand-{which}.reg").write_bytes(content)
    person.type(r"regedit /s C:\carry\by-hand-apply.reg")
    found = person.carry_back("by-hand")
    assert [row["id"] for row in found["plan"]["settings"]] == ["state"]
    assert found["plan"]["effective"] == {"reserved_ports": "unknown"}
    person.carry_there(f"acme/{COMPUTER}")
    # What is not as the transcript showed it is not recorded.
    person.type(r"regedit /s C:\carry\by-hand-rollback.reg")
    assert person.run("apply.cmd")[0] == CHANGED
    person.type(r"regedit /s C:\carry\by-hand-apply.reg")
    # Without a mark there is no record.
    shutdown = r"[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Windows]"
    (person.folder / "no-mark.reg").write_bytes(f'REGEDIT4\r\n\r\n{shutdown}\r\n"ShutdownTime"=-\r\n'.encode())
    person.type(r"regedit /s C:\carry\no-mark.reg")
    assert person.run("apply.cmd")[0] == DONE
    unmarked = person.carry_back("unmarked")["facts"]
    assert (unmarked["boot_mark"], unmarked["state"]) == (None, {"present": True, "settings": {}})
    # A restart between the transcript and the script does not matter: the mark is that of the script's boot.
    person.host.reboot()
    assert person.run("apply.cmd")[0] == DONE
    assert person.carry_back("recorded")["plan"]["effective"] == {"reserved_ports": "no"}
    person.host.reboot()
    settled = person.carry_back("settled")
    assert settled["plan"]["settings"] == [] and settled["plan"]["effective"] == {"reserved_ports": "yes"}


@pytest.mark.parametrize("dialect", [DIALECT_4, DIALECT_5])
def test_regedit_takes_the_data_files_of_both_dialects(person: Person, first: dict[str, Any], dialect: str) -> None:
    raw = "".join(f"{entry}\0" for entry in ["7000-7010", ""]).encode("utf-16-le")
    content = encode_reg(render_reg({TCPIP: {"ReservedPorts": (REG_MULTI_SZ, raw)}}, dialect), dialect)
    (person.folder / "taken.reg.data").write_bytes(content)
    person.type(r"regedit /s C:\carry\taken.reg.data")
    assert raw.hex(",").encode() in re.sub(rb"\\\r\n +", b"", person.exported())
