# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account without administrator rights is denied access, at the backend and through WinRM."""

from __future__ import annotations

import pytest

from portkeeper_lab.backend import Launch
from portkeeper_lab.host import WineHost
from portkeeper_lab.scenario import Scenario
from portkeeper_lab.winrm.client import protocol
from portkeeper_lab.winrm.server import Options, WinRMServer

TCPIP = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"
DNS = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\DNS\\Parameters"


def run(host: WineHost, line: str, *, limited: bool = True) -> tuple[int, str]:
    """Exit code and both streams of a line."""
    process = host.spawn(Launch(line, limited=limited))
    process.write_stdin(b"", end=True)
    output = b""
    try:
        while process.exit_code is None:
            output += b"".join(chunk for _stream, chunk in process.read(65536, 1.0))
        return process.exit_code, output.decode("cp437")
    finally:
        process.close()


@pytest.mark.parametrize(
    "key",
    [
        TCPIP, f"{TCPIP} /v ReservedPorts", DNS, "HKLM\\SOFTWARE", "HKLM\\SYSTEM\\CurrentControlSet\\Services /s",
        "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ProductOptions",
        "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Windows /v ShutdownTime",
        '"HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\HotFix"',
        "HKLM\\SOFTWARE\\Microsoft\\MSSQLServer /s",
    ],
)  # fmt: skip
def test_the_registry_tells_nothing(host: WineHost, key: str) -> None:
    """Denied looks like absent: that is what a caller has to tell apart."""
    absent = run(host, "reg query HKLM\\SYSTEM\\CurrentControlSet\\Nowhere")
    assert run(host, f"reg query {key}") == absent
    assert run(host, f"reg query {key}", limited=False)[0] == 0


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        ("sc query DNS", 5, "[SC] OpenSCManager FAILED 5:\r\n\r\nAccess is denied.\r\n"),
        ("sc queryex type= service state= all bufsize= 250000", 5, "FAILED 5:"),
        ("sc stop DNS", 5, "FAILED 5:"),
        ("net stop DNS /y", 2, "System error 5 has occurred.\r\n\r\nAccess is denied.\r\n"),
        ("tasklist /fo csv /nh", 1, "ERROR: Access is denied.\r\n"),
        ('schtasks /create /tn T /tr "cmd.exe" /sc once /st 00:00 /ru SYSTEM', 1, "ERROR: Access is denied.\r\n"),
        ("shutdown -r -t 0", 5, "Access is denied.(5)\r\n"),
        (f"reg add {TCPIP} /v ReservedPorts /t REG_MULTI_SZ /d 1-1 /f", 1, "reg: "),
        (f"reg delete {TCPIP} /v ReservedPorts /f", 1, "reg: "),
    ],
)
def test_services_and_settings_are_out_of_reach(host: WineHost, line: str, code: int, text: str) -> None:
    found, output = run(host, line)
    assert (found, text in output) == (code, True), output
    assert host.boot_state() == "up"
    assert "3343-3343" in run(host, f"reg query {TCPIP} /v ReservedPorts", limited=False)[1]
    assert "RUNNING" in run(host, "sc query DNS", limited=False)[1]


def test_what_everybody_may(host: WineHost) -> None:
    assert "5.2.3790" in run(host, "ver")[1]
    assert run(host, "echo a| findstr a") == (0, "a\r\n")
    assert "0.0.0.0:4500" in run(host, "netstat -ano -p udp")[1]


def test_a_key_that_was_made_meanwhile_is_locked_too(host: WineHost) -> None:
    assert run(host, "reg add HKLM\\SOFTWARE\\portkeeper\\state /v x /d 1 /f", limited=False)[0] == 0
    assert run(host, "reg query HKLM\\SOFTWARE\\portkeeper /s")[0] == 1
    assert run(host, "reg delete HKLM\\SOFTWARE\\portkeeper /f")[0] == 1
    assert run(host, "reg delete HKLM\\SOFTWARE\\portkeeper /f", limited=False)[0] == 0


def test_through_winrm(host: WineHost, sbs2003: Scenario) -> None:
    (administrator, clerk) = sbs2003.users
    assert sbs2003.limited_users == (clerk.lower(),)
    options = Options(limited_users=sbs2003.limited_users)
    with WinRMServer(host, sbs2003.passwords, options=options) as server:
        answers = []
        for user in (administrator, clerk):
            client = protocol(server, username=user, password=sbs2003.passwords[user])
            shell = client.open_shell(codepage=437)
            line = f"reg query {TCPIP}& sc query DNS"
            answers.append(client.get_command_output(shell, client.run_command(shell, line)))
            client.close_shell(shell)
    assert (answers[0][2], b"ReservedPorts" in answers[0][0], b"RUNNING" in answers[0][0]) == (0, True, True)
    assert (answers[1][2], b"ReservedPorts" in answers[1][0], b"FAILED 5" in answers[1][0]) == (5, False, True)
