# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host boots, starts services, reboots and runs tasks, also beside another one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from portkeeper_lab.backend import Launch
from portkeeper_lab.host import WineHost
from portkeeper_lab.scenario import Scenario, Winrm

Eventually = Callable[..., None]
TCPIP = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"
LAB = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\PortkeeperLab"


def state(host: WineHost, service: str) -> tuple[int, int]:
    """(state, WIN32_EXIT_CODE) of a service."""
    text = host.run(f"sc query {service}")[1].decode()
    found = re.search(r"STATE +: (\d)", text), re.search(r"WIN32_EXIT_CODE +: (\d+)", text)
    assert found[0], text
    assert found[1], text
    return int(found[0][1]), int(found[1][1])


def holder(host: WineHost, port: int) -> str:
    """Return the image name of the process that holds a UDP port, "" when it is free."""
    rows = [line.split() for line in host.run("netstat -ano -p udp")[1].decode().splitlines() if "UDP" in line]
    pids = [row[-1] for row in rows if row[1].endswith(f":{port}")]
    tasks = [line.split() for line in host.run("tasklist")[1].decode().splitlines()]
    return next((row[0] for row in tasks if len(row) > 1 and [row[1]] == pids), "")


def boot_mark(host: WineHost) -> str:
    """ShutdownTime as reg query shows it."""
    text = host.run("reg query HKLM\\SYSTEM\\CurrentControlSet\\Control\\Windows /v ShutdownTime")[1].decode()
    return text.split()[-1]


def test_the_conflict_happens_at_boot(host: WineHost) -> None:
    assert state(host, "DNS") == (4, 0)
    assert state(host, "IAS") == (1, 10048)
    assert state(host, "PolicyAgent") == (1, 10048)
    assert holder(host, 4500) == "dns.exe"
    assert holder(host, 1645) == "dns.exe"


def test_everything_else_is_up_and_holds_its_port(host: WineHost) -> None:
    for service in ("W3SVC", "MSExchangeIS", "MSSQLSERVER", "SQLBrowser", "MSMQ"):
        assert state(host, service) == (4, 0)
    assert holder(host, 1434) == "sqlbrowser.exe"
    assert holder(host, 2883) == "inetinfo.exe"
    assert holder(host, 4070) == "BlackBerryAgent.exe"


def test_the_pool_is_full(host: WineHost) -> None:
    rows = host.run("netstat -ano -p udp")[1].decode().splitlines()
    pid = re.search(r"PID +: (\d+)", host.run("sc queryex DNS")[1].decode())
    assert pid
    assert sum(row.split()[-1] == pid[1] for row in rows if "UDP" in row) == 2501


def test_many_services_are_registered(host: WineHost) -> None:
    text = host.run("sc queryex type= service state= all bufsize= 250000")[1].decode()
    assert text.count("SERVICE_NAME") >= 120
    assert "ClusSvc" not in text


def test_the_registry_is_that_of_sbs_2003(host: WineHost) -> None:
    current = host.run('reg query "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"')[1].decode()
    assert re.search(r"CurrentVersion +REG_SZ +5\.2\r", current)
    assert "CurrentMajorVersionNumber" not in current
    assert "KB951746" in current + host.run(f'reg query "{current.splitlines()[1]}\\HotFix"')[1].decode()
    options = host.run("reg query HKLM\\SYSTEM\\CurrentControlSet\\Control\\ProductOptions")[1].decode()
    assert re.search(r"ProductSuite +REG_MULTI_SZ +Small Business", options)
    assert re.search(r"ProductType +REG_SZ +LanmanNT", options)
    assert re.search(r"ReservedPorts +REG_MULTI_SZ +3343-3343", host.run(f"reg query {TCPIP}")[1].decode())


def test_there_is_no_powershell(host: WineHost) -> None:
    code, _output, error = host.run("powershell -Command 1")
    assert code == 9009
    assert b"powershell" in error


def test_reboot(host: WineHost, drive_c: Path, host_log: list[str]) -> None:
    before, boots = boot_mark(host), host.boots
    (drive_c / "kept.txt").write_text("kept", encoding="ascii")
    reserved = "1645-1646\\01812-1813\\03343-3343\\04500-4500"
    assert host.run(f"reg add {TCPIP} /v ReservedPorts /t REG_MULTI_SZ /d {reserved} /f")[0] == 0
    assert host.run("sc config SQLBrowser start= demand")[0] == 0
    assert "1645" not in host.run(f"reg query {LAB} /v BootReservedPorts")[1].decode()
    host.reboot()
    assert host.boots == boots + 1
    assert len(boot_mark(host)) == 16
    assert boot_mark(host) != before
    assert (drive_c / "kept.txt").read_text(encoding="ascii") == "kept"
    assert "1645-1646" in host.run(f"reg query {LAB} /v BootReservedPorts")[1].decode()
    assert (state(host, "IAS"), state(host, "PolicyAgent")) == ((4, 0), (4, 0))
    assert state(host, "SQLBrowser")[0] == 1
    started = [line for line in host_log if line.startswith("up after")][-1]
    assert started.index("DNS") < started.index("IAS") < started.index("PolicyAgent")
    host.run(f"reg add {TCPIP} /v ReservedPorts /t REG_MULTI_SZ /d 3343-3343 /f& sc config SQLBrowser start= auto")
    host.reboot()
    assert state(host, "PolicyAgent") == (1, 10048)
    assert state(host, "SQLBrowser") == (4, 0)


def test_shutdown_asked_for_from_inside(host: WineHost, eventually: Eventually) -> None:
    before, boots = boot_mark(host), host.boots
    assert host.run("shutdown -r -t 1")[0] == 0
    assert host.boot_state() == "up"
    eventually(lambda: host.boots == boots + 1 and host.boot_state() == "up", 30.0)
    assert boot_mark(host) != before


def test_winrm_is_away_for_a_while_after_boot(sbs2003: Scenario, tmp_path: Path, eventually: Eventually) -> None:
    bare = sbs2003.model_copy(update={"services": {}, "winrm": Winrm(away_after_boot_seconds=1)})
    host = WineHost(bare, tmp_path / "prefix")
    assert (host.boot_state(), host.is_reachable()) == ("down", False)
    try:
        host.start()
        assert (host.boot_state(), host.is_reachable()) == ("up", False)
        eventually(host.is_reachable, 5.0)
        host.shut_down()
        assert (host.boot_state(), host.is_reachable()) == ("down", False)
    finally:
        host.stop()
    assert not host.prefix.exists()


def create_task(host: WineHost, name: str, command: str) -> str:
    """Create a scheduled task and return the line that runs it."""
    assert host.run(f'schtasks /create /tn {name} /tr "{command}" /sc once /st 00:00 /ru SYSTEM')[0] == 0
    return f"schtasks /run /tn {name}"


def test_a_scheduled_task_outlives_the_command_that_ran_it(
    host: WineHost, drive_c: Path, eventually: Eventually
) -> None:
    run = create_task(host, "T1", "cmd.exe /c ping -n 3 127.0.0.1 >nul & echo done>C:\\task.txt")
    process = host.spawn(Launch(f"{run}& ping -n 60 127.0.0.1 >nul"))
    assert process.read(65536, 5)
    process.kill_tree()
    process.close()
    assert not (drive_c / "task.txt").exists()
    eventually((drive_c / "task.txt").exists)


def test_a_scheduled_task_can_be_ended(host: WineHost, eventually: Eventually) -> None:
    def pings() -> int:
        return host.run("tasklist")[1].lower().count(b"ping.exe")

    host.run(create_task(host, "T2", "cmd.exe /c ping -n 60 127.0.0.1 >nul"))
    eventually(lambda: pings() == 1)
    assert host.run("schtasks /end /tn T2")[0] == 0
    eventually(lambda: pings() == 0)


def test_two_hosts_have_networks_of_their_own(host: WineHost, sbs2003: Scenario, tmp_path: Path) -> None:
    other = WineHost(sbs2003.model_copy(update={"computer_name": "OTHER"}), tmp_path / "prefix")
    try:
        began = time.monotonic()
        other.start()
        assert time.monotonic() - began < 30
        assert other.run("echo %COMPUTERNAME%")[1] == b"OTHER\r\n"
        assert (state(other, "DNS"), state(host, "DNS")) == ((4, 0), (4, 0))
        assert (holder(other, 4500), holder(host, 4500)) == ("dns.exe", "dns.exe")
    finally:
        other.stop()
    assert state(host, "DNS") == (4, 0)
