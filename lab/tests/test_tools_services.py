# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sc and net print, wait and fail as on Windows."""

from __future__ import annotations

import re

import pytest

from portkeeper_lab.backend import Launch

pytest_plugins = ["portkeeper_lab.tool_fixture"]

RECORD = """
SERVICE_NAME: LabBase
        TYPE               : 10  WIN32_OWN_PROCESS 
        STATE              : 1  STOPPED 
                                (NOT_STOPPABLE,NOT_PAUSABLE,IGNORES_SHUTDOWN)
        WIN32_EXIT_CODE    : 1077\t(0x435)
        SERVICE_EXIT_CODE  : 0\t(0x0)
        CHECKPOINT         : 0x0
        WAIT_HINT          : 0x0
"""  # noqa: W291
ENTRY = re.compile(r"^SERVICE_NAME: (.*)\r$", re.MULTILINE)
MORE = re.compile(r"^Enum: more data, need (\d+) bytes start resume at index (\d+)\r$", re.MULTILINE)


@pytest.fixture
def chain(tool_host):
    """LabTop needs LabMiddle needs LabBase; all stopped before and after."""
    yield tool_host
    tool_host.run("net stop LabBase /y")


def test_query_of_one_service(tool_host):
    result = tool_host.run("sc create Never binPath= C:\\windows\\system32\\dns.exe & sc query Never & sc delete Never")
    assert RECORD.replace("LabBase", "Never").replace("\n", "\r\n") in result.out
    assert result.out.endswith("[SC] DeleteService SUCCESS\r\n")


def test_enumeration_is_complete_with_a_large_buffer(tool_host):
    result = tool_host.run("sc queryex type= service state= all bufsize= 250000")
    names = ENTRY.findall(result.out)
    assert result.code == 0
    assert len(names) == len(set(names)) >= 120
    assert {"DNS", "IAS", "PolicyAgent", "LabOff"} <= set(names)
    assert MORE.search(result.out) is None
    assert result.out.count("        PID                : ") == len(names)


def test_enumeration_stops_early_without_a_buffer(tool_host):
    """The default buffer is too small; following what it says yields every service once."""
    complete = ENTRY.findall(tool_host.run("sc query type= service state= all bufsize= 250000").out)
    first = tool_host.run("sc query type= service state= all")
    assert first.code == 234
    size, index = MORE.findall(first.out)[0]
    rest = tool_host.run(f"sc query type= service state= all bufsize= {size} ri= {index}")
    assert rest.code == 0
    assert ENTRY.findall(first.out) + ENTRY.findall(rest.out) == complete


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("sc query nosuch", 1060),
        ("sc query type=service", 1060),
        ("sc query type= service state= all bufsize= 262145", 87),
        ("sc start DNS", 1056),
        ("sc stop LabBase", 1062),
        ("sc start LabOff", 1058),
        ("sc \\\\elsewhere query DNS", 1722),
        ("sc query state= some", 1639),
        ("sc qtriggerinfo DNS", 1639),
        ("sc", 1639),
        ("sc start", 1639),
        ("sc query type= service group= x", 1639),
    ],
)
def test_sc_exit_codes(tool_host, command, code):
    assert tool_host.run(command).code == code


def test_configuration(tool_host):
    """create, config, qc and delete."""
    run = tool_host.run
    assert run('sc create Fresh binPath= C:\\windows\\dns.exe start= auto DisplayName= "Quite Fresh"').code == 0
    assert run("sc config Fresh start= disabled depend= LabBase/Tcpip").code == 0
    text = run("sc qc Fresh").out
    assert "START_TYPE         : 4   DISABLED" in text
    assert "DEPENDENCIES       : LabBase  \r\n                           : Tcpip  \r\n" in text
    assert "Name = Fresh" in run('sc getkeyname "Quite Fresh"').out
    assert run("sc delete Fresh").code == 0
    assert run("sc query Fresh").code == 1060


def test_dependencies(chain):
    """Starting takes along what is needed; stopping is refused while somebody needs it."""
    assert chain.run("sc start LabTop").code == 0
    assert chain.service("LabBase")["STATE"] == "4"
    listed = chain.run("sc enumdepend LabBase 65536")
    assert "entriesRead = 2" in listed.out
    assert ENTRY.findall(listed.out) == ["LabTop", "LabMiddle"]
    assert chain.run("sc stop LabBase").code == 1051


def test_enumdepend_with_a_small_buffer(chain):
    assert chain.run("sc enumdepend LabBase 100").code == 234


def test_net_stop_takes_dependents_down(chain):
    assert chain.run('net start "Lab Top Service"').code == 0
    refused = chain.run("net stop LabBase")
    assert refused.code == 2
    assert "No valid response was provided." in refused.err
    assert chain.service("LabBase")["STATE"] == "4"
    assert chain.run("echo y| net stop LabBase").code == 0
    assert {chain.service(name)["STATE"] for name in ("LabTop", "LabMiddle", "LabBase")} == {"1"}


def test_net_stop_does_not_wait_for_ever(chain):
    """Standard input is a pipe that is never written to and never closed."""
    assert chain.run("net start LabTop").code == 0
    process = chain.host.spawn(Launch("net stop LabBase"))
    output = b""
    while process.exit_code is None:
        output += b"".join(chunk for _stream, chunk in process.read(65536, 20.0))
    assert process.exit_code == 2
    assert b"(Y/N) [N]:" in output
    process.close()


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("net start DNS", 2, "2182"),
        ("net start nosuch", 2, "2185"),
        ("net stop nosuch", 2, "2185"),
        ("net stop LabBase /y", 2, "3521"),
        ("net start LabOff", 2, "System error 1058"),
        ("net view", 1, "NET"),
        ("net stop", 1, "NET"),
        ("net stop DNS /q", 1, "NET"),
    ],
)
def test_net_failures(tool_host, command, code, message):
    result = tool_host.run(command)
    assert (result.code, result.out) == (code, "")
    assert message in result.err


def test_net_start_lists_what_runs(tool_host):
    result = tool_host.run("net start")
    assert result.code == 0
    assert "\r\n   DNS Server\r\n" in result.out
    assert "Lab Base Service" not in result.out
