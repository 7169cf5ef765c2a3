# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of the NT5 family besides SBS 2003 behave as their scenarios say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from portkeeper_lab.host import WineHost
from portkeeper_lab.scenario import find_scenario, load_scenario

Eventually = Callable[..., None]
TCPIP = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"
CURRENT = '"HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"'
OPTIONS = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ProductOptions"


@pytest.fixture(scope="module")
def named(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WineHost]:
    """The running host of the scenario that the test names."""
    made = WineHost(load_scenario(find_scenario(request.param)), tmp_path_factory.mktemp("nt5") / "prefix")
    try:
        made.start()
        yield made
    finally:
        made.stop()


def on(scenario: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("named", [scenario], indirect=True)


def text(host: WineHost, line: str) -> str:
    """Standard output of a line; code page 437 has the umlauts of 850."""
    return host.run(line)[1].decode("cp437")


def state(host: WineHost, service: str) -> tuple[int, int]:
    """(state, WIN32_EXIT_CODE); (0, code of sc) where there is no such service."""
    code, output, _error = host.run(f"sc query {service}")
    found = re.findall(rb"(?:STATE|WIN32_EXIT_CODE) +: (\d+)", output)
    return (int(found[0]), int(found[1])) if found else (0, code)


@on("2003-de")
def test_2003_de_has_the_conflict(named: WineHost) -> None:
    assert state(named, "DNS") == (4, 0)
    assert state(named, "IAS") == (4, 0)
    assert state(named, "PolicyAgent") == (1, 10048)
    assert "ReservedPorts" not in text(named, f"reg query {TCPIP}")
    assert "0xea60" in text(named, f"reg query {TCPIP} /v MaxUserPort")


@on("2003-de")
def test_2003_de_speaks_german(named: WineHost) -> None:
    netstat = text(named, "netstat -ano -p tcp")
    assert "\r\nAktive Verbindungen\r\n" in netstat
    assert re.search(r"  TCP    0\.0\.0\.0:53 +0\.0\.0\.0:0 +ABHÖREN +\d+\r", netstat)
    tasks = text(named, "tasklist /fo csv")
    assert tasks.startswith('"Abbildname","PID","Sitzungsname","Sitz.-Nr.","Speichernutzung"')
    assert re.search(r'^"dns\.exe","\d+","Console","0","\d+\.\d{3} K"\r$', tasks, re.MULTILINE)
    code, output, _error = named.run("sc query Nirgends")
    assert code == 1060
    assert output.startswith(b"[SC] EnumQueryServicesStatus:OpenService FEHLER 1060:\r\n")
    code, _output, error = named.run("net start IAS")
    assert (code, error.decode("cp437").splitlines()[0]) == (2, "Der angeforderte Dienst wurde bereits gestartet.")
    assert "DISPLAY_NAME: IPSEC-Dienste\r\n" in text(named, "sc queryex type= service state= all bufsize= 250000")


@on("2003-de")
def test_2003_de_takes_j_for_yes(named: WineHost) -> None:
    create = 'schtasks /create /tn T /tr "cmd.exe" /sc once /st 00:00 /ru SYSTEM'
    assert "wurde erfolgreich erstellt" in text(named, create)
    assert named.run(f"echo Y|{create}")[0] == 1
    assert named.run(f"echo J|{create}")[0] == 0
    assert named.run("schtasks /delete /tn T /f")[0] == 0


@on("xp")
def test_xp_is_a_client_without_dns(named: WineHost) -> None:
    current = text(named, f"reg query {CURRENT}")
    assert re.search(r"CurrentVersion +REG_SZ +5\.1\r", current)
    assert "Service Pack 3" in current
    assert re.search(r"ProductType +REG_SZ +WinNT\r", text(named, f"reg query {OPTIONS}"))
    assert "5.1.2600" in text(named, "ver")
    assert [state(named, name) for name in ("PolicyAgent", "DNS", "IAS")] == [(4, 0), (0, 1060), (0, 1060)]
    assert named.run(f"reg query {TCPIP} /v ReservedPorts")[0] == 1
    assert not (named.prefix / "drive_c/windows/system32/dns.exe").exists()


@on("2003-member")
def test_2003_member_has_no_dns_role(named: WineHost) -> None:
    assert re.search(r"ProductType +REG_SZ +ServerNT\r", text(named, f"reg query {OPTIONS}"))
    assert "ProductSuite" not in text(named, f"reg query {OPTIONS}")
    assert "5.2.3790" in text(named, "ver")
    assert [state(named, name) for name in ("PolicyAgent", "DNS", "IAS")] == [(4, 0), (0, 1060), (4, 0)]
    assert named.run("reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\DNS")[0] == 1
    assert named.run(f"reg query {TCPIP} /v ReservedPorts")[0] == 1
    assert "dns.exe" not in text(named, "tasklist")
    assert not (named.prefix / "drive_c/windows/system32/dns.exe").exists()


@on("sbs2003-block")
def test_block_mode(named: WineHost, eventually: Eventually) -> None:
    assert (named.boot_state(), named.is_blocked(), named.is_reachable()) == ("up", True, False)
    assert state(named, "PolicyAgent") == (1, 10048)
    assert named.run("net stop DNS & net start PolicyAgent & net start DNS")[0] == 0
    eventually(named.is_reachable)
    named.run("net stop PolicyAgent")
    assert named.is_reachable()
    named.reboot()
    assert (named.is_blocked(), named.is_reachable()) == (True, False)
    reserved = "1645-1646\\03343-3343\\04500-4500"
    named.run(f"reg add {TCPIP} /v ReservedPorts /t REG_MULTI_SZ /d {reserved} /f")
    named.reboot()
    assert not named.is_blocked()
    eventually(named.is_reachable)
    named.run("sc config PolicyAgent start= disabled & reg delete " + TCPIP + " /v ReservedPorts /f")
    named.reboot()
    assert not named.is_blocked()


@on("2000")
def test_2000_has_only_the_tools_of_its_release(named: WineHost) -> None:
    absent = ("reg", "sc", "tasklist", "schtasks", "shutdown", "wmic", "powershell")
    assert all("Can't recognize" in named.run(f"{tool} /?")[2].decode("cp437") for tool in absent)
    code, output, _error = named.run("netstat -ano -p udp")
    assert (code, b"*:*" in output) == (1, False), "-o came with XP"
    rows = re.findall(r"^  UDP    \S+:(\d+) +\*:\* *\r$", text(named, "netstat -an -p udp"), re.MULTILINE)
    assert len(rows) > 2500
    assert {"1812", "4500"} <= set(rows)
    assert text(named, "ver").splitlines() == ["", "Microsoft Windows 2000 [Version 5.00.2195]"]
    started = text(named, "net start")
    assert "   DNS Server\r\n" in started and "IPSEC Policy Agent" not in started


@on("2000")
def test_2000_exports_and_imports_the_registry(named: WineHost) -> None:
    key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
    named.run(rf'regedit /e C:\a.reg "{key}"')
    exported = (named.prefix / "drive_c/a.reg").read_bytes()
    assert exported.startswith(b"\xff\xfe")
    assert exported.decode("utf-16").startswith("Windows Registry Editor Version 5.00\r\n")
    assert text(named, r"type C:\a.reg").startswith("Windows Registry Editor Version 5.00\r\n"), "type converts"
    for signature, encoding, port in (
        ("REGEDIT4", "ascii", "1000-1000"),
        ("Windows Registry Editor Version 5.00", "utf-16", "2000-2000"),
    ):
        raw = f"{port}\0\0".encode("ascii" if encoding == "ascii" else "utf-16-le").hex(",")
        content = f'{signature}\r\n\r\n[{key}]\r\n"Tried"=hex(7):{raw}\r\n'
        (named.prefix / "drive_c/b.reg").write_bytes(content.encode(encoding))
        named.run(r"regedit /s C:\b.reg")
        named.run(rf'regedit /e C:\a.reg "{key}"')
        shown = re.sub(r"\\\r\n +", "", (named.prefix / "drive_c/a.reg").read_bytes().decode("utf-16"))
        assert f'"Tried"=hex(7):{f"{port}{chr(0)}{chr(0)}".encode("utf-16-le").hex(",")}' in shown


@on("2000")
def test_2000_refuses_a_long_line(named: WineHost) -> None:
    assert named.run("echo ".ljust(2047, "x"))[0] == 0
    code, output, _error = named.run("echo ".ljust(2048, "x"))
    assert (code, output) == (255, b"The input line is too long.\r\n")
