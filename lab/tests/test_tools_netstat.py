# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netstat and tasklist show sockets and processes."""

from __future__ import annotations

import re

import pytest

from portkeeper_lab.scenario import LAB_KEY

pytest_plugins = ["portkeeper_lab.tool_fixture"]

HEAD = "\r\nActive Connections\r\n\r\n  Proto  Local Address          Foreign Address        State           PID\r\n"


@pytest.fixture(scope="module")
def pid(tool_host):
    """DNS's PID; it holds the full pool."""
    tool_host.restart_dns()
    return int(tool_host.service("DNS")["PID"])


def test_rows(tool_host, pid):
    """The full pool with its PID, laid out as on NT5."""
    text = tool_host.run("netstat -ano -p udp").out
    assert text.startswith(HEAD)
    assert f"\r\n  UDP    0.0.0.0:53             *:*                                    {pid}\r\n" in text
    rows = re.findall(rf"^  UDP    0\.0\.0\.0:\d+ +\*:\* +{pid}\r$", text, re.MULTILINE)
    assert len(rows) == 2501


def test_protocols_and_switches(tool_host, pid):
    text = tool_host.run("netstat -a -n -o -p tcp").out
    assert f"\r\n  TCP    0.0.0.0:53             0.0.0.0:0              LISTENING       {pid}\r\n" in text
    assert "UDP" not in text
    text = tool_host.run("netstat -an").out
    assert "  Proto  Local Address          Foreign Address        State\r\n" in text
    assert re.search(r"^  UDP    0\.0\.0\.0:53             \*:\* +\r$", text, re.MULTILINE)
    assert "UDP" not in tool_host.run("netstat -no").out


@pytest.mark.parametrize("arguments", ["-b", "-ab", "-p", "-p icmp", "1", "-x"])
def test_netstat_refuses(tool_host, arguments):
    assert tool_host.run(f"netstat {arguments}").code == 1


def test_ports_of_the_kernel(tool_host, pid):
    tool_host.run(tool_host.configuration({(LAB_KEY, "SystemPorts"): ["53"]}))
    assert 53 in tool_host.udp()[4]
    tool_host.run(tool_host.configuration({(LAB_KEY, "SystemPorts"): None}))
    assert 53 in tool_host.udp()[pid]


def test_tasklist_csv(tool_host, pid):
    rows = tool_host.run("tasklist /fo csv /nh").out.splitlines()
    assert '"System","4","Console","0","0 K"' in rows
    assert any(re.fullmatch(rf'"dns\.exe","{pid}","Console","0","[\d,]+ K"', row) for row in rows)


def test_tasklist_filter_and_services(tool_host, pid):
    result = tool_host.run('tasklist /svc /fo csv /nh /fi "imagename eq DNS.EXE"')
    assert (result.code, result.out) == (0, f'"dns.exe","{pid}","DNS"\r\n')
    assert f'"{pid}"' in tool_host.run(f'tasklist /fo csv /fi "PID eq {pid}"').out
    nothing = tool_host.run('tasklist /fi "imagename eq nosuch.exe" /fo csv /nh')
    assert (nothing.code, nothing.out[:5]) == (0, "INFO:")
    assert '"dns.exe"' not in tool_host.run('tasklist /fo csv /fi "imagename ne dns.exe"').out


@pytest.mark.parametrize("arguments", ["/v", "/fo xml", "/m", "/fi", '/fi "status like x"', "csv"])
def test_tasklist_refuses(tool_host, arguments):
    assert tool_host.run(f"tasklist {arguments}").code == 1
