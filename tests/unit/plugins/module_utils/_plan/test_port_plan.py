# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.port_plan import (
    ARGUMENT_SPEC,
    SOURCES,
    PortPlanError,
    plan_of,
    run_port_plan,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import SBS_LIST, conflict_facts


def unread(path: str) -> bytes:
    raise FileNotFoundError(2, "No such file or directory", path)


def run(**params: Any) -> dict[str, Any]:
    return run_port_plan({**dict.fromkeys(ARGUMENT_SPEC), **params}, unread)


def test_from_facts() -> None:
    result = run(facts=conflict_facts(), profiles=["sbs2003"])
    assert result["changed"] is False
    assert result["before"] == {"reserved_ports": ["3343-3343"]}
    assert result["after"] == {"reserved_ports": SBS_LIST}
    assert result["reboot_required"] is True
    assert result["msg"] == "SBS2003: conflict; to write: ReservedPorts; due: restart DNS in a guarded window, reboot"
    assert "facts" not in result
    assert result["diff"]["before"] == (
        "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters ReservedPorts REG_MULTI_SZ:\n  3343-3343\n"
    )
    lines = result["diff"]["after"].splitlines()
    assert lines[1:14] == [f"  {entry}" for entry in SBS_LIST]
    assert lines[14].startswith("# reserves 1080 (isa_socks), ")
    assert lines[15].startswith("# then restart DNS in a guarded window: UDP 1645 of IAS is held by dns.exe")
    assert lines[16].startswith("# then reboot: ")


def test_from_a_transcript() -> None:
    result = run(transcript="#portkeeper transcript 1\n")
    assert result["plan"]["status"] == "unknown"
    assert result["facts"]["format"] == 1
    assert result["problems"][: len(result["facts"]["problems"])] == result["facts"]["problems"]


def test_from_a_file_read_as_bytes() -> None:
    params = {**dict.fromkeys(ARGUMENT_SPEC), "transcript_path": "x.txt"}
    result = run_port_plan(params, lambda path: b"\xff\xfe" + "#portkeeper transcript 1\r\n".encode("utf-16-le"))
    assert result["facts"]["format"] == 1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"facts": {}}, "must be those that port_info returns"),
        ({"facts": {"format": 1, "hotfixes": 7, "os": {"family": "nt5"}}}, "do not have the shape"),
        ({"facts": {"format": 1}, "socket_pool_size": 10001}, "between 0 and 10000"),
        ({"transcript": 7}, "."),
        ({"transcript_path": "x.txt"}, "x.txt could not be read: No such file or directory"),
    ],
)
def test_one_sentence_for_what_cannot_be_planned(params: dict[str, Any], message: str) -> None:
    with pytest.raises(PortPlanError, match=message) as caught:
        run(**params)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("found", [None, [], "facts", 1])
def test_facts_that_are_none(found: Any) -> None:
    with pytest.raises(PortPlanError):
        plan_of(found, Policy.from_options())


def test_problems_of_another_shape_are_said_in_one_sentence() -> None:
    found = {**conflict_facts(), "problems": [{"id": ["l"], "severity": "warning", "message": "m", "data": {}}]}
    with pytest.raises(PortPlanError, match="do not have the shape"):
        run(facts=found)


def test_the_sources_are_options() -> None:
    assert set(SOURCES) <= set(ARGUMENT_SPEC)
