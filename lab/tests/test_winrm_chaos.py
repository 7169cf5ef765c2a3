# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each kind of fault happens at the named request, and nothing else does."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import requests
from winrm.exceptions import InvalidCredentialsError, WinRMOperationTimeoutError, WinRMTransportError, WSManFaultError

from portkeeper_lab.winrm import chaos
from portkeeper_lab.winrm.client import protocol
from portkeeper_lab.winrm.server import Options, Rule, WinRMServer
from portkeeper_lab.winrm.shellhost import PASSWORD, USER, ShellHost

COMMAND = 5
"""The number of the Command request in a session: three for the handshake, Create, Command."""


@pytest.fixture
def server():
    with WinRMServer(ShellHost(), {USER: PASSWORD}, options=Options(full_chunks=True)) as running:
        yield running


def session(server, line="echo done", read_timeout=2):
    client = protocol(server, operation_timeout_sec=1, read_timeout_sec=read_timeout)
    shell = client.open_shell()
    output = client.get_command_output(shell, client.run_command(shell, line))
    client.close_shell(shell)
    return output


def arm(server, kind, **values):
    server.control({"op": "fault", "kind": kind, **values})


@pytest.mark.parametrize("number", range(1, 8))
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "cut_reply"])
def test_cuts_at_every_request(server, kind, number):
    arm(server, kind, request=number)
    # Half of a 401 is to pywinrm a refusal of the password, half of a challenge a ValueError of pyspnego.
    with pytest.raises((requests.RequestException, WinRMTransportError, InvalidCredentialsError, ValueError)):
        session(server)
    done = number if kind != "drop_before" else number - 1
    assert server.counters.by_action == dict.fromkeys(["Create", "Command", "Receive", "Delete"][: max(0, done - 3)], 1)
    assert server.control({"op": "faults"})["faults"][0]["fired"] == 1
    server.control({"op": "clear_faults"})
    assert session(server) == (b"done\n", b"", 0)


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("unauthorized", {"request": 1, "times": 0}, PermissionError),
        ("unauthorized", {"request": 3, "times": 0}, InvalidCredentialsError),
        ("html", {"request": COMMAND}, ET.ParseError),
        ("xhtml", {"request": COMMAND}, StopIteration),
        ("garbage", {"action": "Command"}, ET.ParseError),
        ("unavailable", {"request": COMMAND}, WinRMTransportError),
        ("hang", {"request": COMMAND}, requests.ReadTimeout),
        ("hang_after", {"request": COMMAND}, requests.ReadTimeout),
        ("quota", {"action": "Command"}, WSManFaultError),
        ("quota_shells", {"action": "Create"}, WSManFaultError),
        ("shell_gone", {"action": "Receive"}, WSManFaultError),
        ("access_denied", {"action": "Create"}, WSManFaultError),
        ("aborted", {"action": "Receive"}, WSManFaultError),
        ("operation_timeout", {"action": "Command"}, WinRMOperationTimeoutError),
    ],
)
def test_faults_reach_the_client(server, kind, values, expected):
    arm(server, kind, **values)
    with pytest.raises(expected):
        session(server)


def test_401_in_the_middle_makes_the_resend_a_foreign_seal(server):
    arm(server, "unauthorized", request=COMMAND)
    with pytest.raises(WinRMTransportError) as caught:
        session(server)
    assert caught.value.code == 400
    assert server.counters.commands == 0


def test_operation_timeouts_are_retried_by_pywinrm_until_they_end(server):
    arm(server, "operation_timeout", action="Receive", times=3)
    assert session(server) == (b"done\n", b"", 0)
    assert server.counters.receives == 4


def test_delay_and_dribble_change_nothing_but_time(server):
    arm(server, "delay", request=COMMAND, seconds=0.3)
    arm(server, "dribble", request=COMMAND + 1, seconds=0.0001)
    start = time.monotonic()
    assert session(server) == (b"done\n", b"", 0)
    assert time.monotonic() - start > 0.3


def test_changed_answers(server):
    arm(server, "empty_output", action="Receive")
    assert session(server, "echo done; exit 5") == (b"", b"", 0)
    server.control({"op": "clear_faults"})
    arm(server, "half_output", action="Receive")
    assert session(server, "printf 12345678; printf abcd >&2; exit 5") == (b"1234", b"ab", 0)
    server.control({"op": "clear_faults"})
    arm(server, "huge_output", action="Receive", size=3_000_000)
    assert session(server) == (b"x" * 3_000_000, b"", 0)
    server.control({"op": "clear_faults"})
    arm(server, "wrong_message_id", action="Delete")
    with pytest.raises(AssertionError):
        session(server)


def test_calls_before_and_after_the_execution(server):
    seen = []
    for kind in ("call_before", "call_after"):
        server.chaos.arm(Rule(kind, action="Command", call=lambda: seen.append(server.counters.commands)))
    assert session(server) == (b"done\n", b"", 0)
    assert seen == [0, 1]
    assert [rule["call"] for rule in server.control({"op": "faults"})["faults"]] == [True, True]


def test_shells_that_vanish(server):
    server.chaos.arm(Rule("call_before", action="Receive", call=lambda: server.control({"op": "delete_shells"})))
    with pytest.raises(WSManFaultError) as caught:
        session(server)
    assert caught.value.wsman_fault_code == 2150858843


def test_every_kind_is_in_one_table_only_and_in_the_readme():
    assert len(chaos.KINDS) == len(set(chaos.KINDS))
    readme = Path(chaos.__file__).with_name("README.md").read_text(encoding="utf-8")
    assert [kind for kind in chaos.KINDS if f"`{kind}`" not in readme] == []


def test_control_refuses_what_it_does_not_know(server):
    bad_rules = [{"kind": "earthquake"}, {"kind": "html", "x": 1}, {"kind": "call_before", "call": 1}, {}]
    for request in [*({"op": "fault", **rule} for rule in bad_rules), {"op": "?"}, {}]:
        with pytest.raises(ValueError, match=r"fault|control|argument"):
            server.control(request)


def test_control_reads_and_resets_counters(server):
    session(server)
    counts = server.control({"op": "counters"})
    assert counts["requests"] == 7
    assert counts["output_bytes"] == 5
    assert 5000 < counts["bytes_out"] < counts["bytes_in"] < 20000
    assert server.control({"op": "shells"}) == {"shells": []}
    server.control({"op": "reset_counters"})
    assert server.control({"op": "counters"})["requests"] == 0
    server.control({"op": "drop_connections"})
    with pytest.raises(AttributeError):
        _ = server.counters.nothing
    with pytest.raises(KeyError):
        server.counters.add("nothing")
