# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages for people stay short with many ports, services or problems."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.action import dns_restart, port_reservations, port_verify
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.service_check import (
    says_that_dns_is_down,
    sentences,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import port_words
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._problems import messages
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import (
    RUNNING,
    STOPPED,
    FakeHost,
    Service,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

SHORT = 1200


def failure(service: str | None, port: int | None, reason: str, **more: Any) -> dict[str, Any]:
    return {"service": service, "port": port, "reason": reason, "error": None, "holder": None, "pid": None, **more}


def test_neighbouring_ports_are_one_range() -> None:
    assert port_words([137, 135, 500, 136]) == ["135-137", "500"]
    assert port_words([]) == []


def test_one_sentence_per_cause_with_its_ports_joined() -> None:
    held = {"holder": "dns.exe", "pid": 1484, "error": 10048}
    found = [failure("IAS", port, "port_taken", **held) for port in (1812, 1813, 1645)]
    found += [failure("PolicyAgent", 4500, "port_taken", **held)]
    found += [failure("IAS", port, "port_not_held") for port in (1646, 1647)]
    assert sentences(found) == [
        "UDP 1645, 1812-1813 are held by dns.exe (PID 1484); IAS failed with error 10048 (address already in use).",
        "UDP 4500 is held by dns.exe (PID 1484); PolicyAgent failed with error 10048 (address already in use).",
        "IAS runs but does not hold UDP 1646-1647.",
    ]


def test_who_lost_a_port_without_an_exit_code() -> None:
    held = {"holder": "dns.exe", "pid": 1484}
    found = [failure("IKEEXT", 4500, "port_taken", **held), failure(None, 5060, "holder_unknown")]
    assert sentences(found) == [
        "UDP 4500 is held by dns.exe (PID 1484); IKEEXT needs it.",
        "UDP 5060 is held by a process that the list of sockets does not name, so the program that needs it may be"
        " without it.",
    ]


def test_services_with_one_cause_share_a_sentence() -> None:
    found = [failure(name, None, "not_running", error=7) for name in ("WINS", "DHCPServer")]
    found += [failure("IAS", None, "not_running", error=5)]
    assert sentences(found) == [
        "WINS, DHCPServer do not run: their last exit code is 7.",
        "IAS does not run: its last exit code is 5.",
    ]


def test_dns_that_is_down_with_others_is_not_said_twice() -> None:
    found = [failure(name, None, "not_running", error=1067) for name in ("DNS", "DHCPServer")]
    assert says_that_dns_is_down(found)
    assert not says_that_dns_is_down([failure("DNS", None, "not_yet"), failure("WINS", None, "not_running")])


def test_text_of_a_host_is_not_taken_for_a_choice_of_words() -> None:
    found = failure("Odd[one|two]", None, "not_running", holder="[is|are]{x}")
    assert sentences([found]) == ["Odd[one|two] does not run."]


def test_many_problems_of_a_kind_are_counted() -> None:
    problems = [{"id": "holder_unknown", "message": f"UDP {port} is held."} for port in range(100)]
    problems.insert(1, {"id": "pool_unknown", "message": "The pool is not known."})
    assert messages(problems) == [
        "UDP 0 is held.",
        "UDP 1 is held.",
        "UDP 2 is held.",
        "97 more of this kind (holder_unknown) are listed under problems.",
        "The pool is not known.",
    ]


@pytest.fixture
def crowded() -> FakeHost:
    """A host on which DNS holds 300 ports that the policy names, and every port of IAS, which failed."""
    host = FakeHost()
    host.services["IAS"] = Service(STOPPED, 0, 10048)
    host.udp = [(port, 1484) for port in (53, 1645, 1646, 1812, 1813, 4500, *range(40000, 40300))]
    return host


def test_the_messages_of_a_crowded_host_are_short(crowded: FakeHost) -> None:
    options = {"extra_ports": ["40000-40299"]}
    verified = run_task(port_verify, FakeWire(crowded), options)
    assert verified["failed"] and len(verified["failures"]) > 300
    assert "UDP 40000-40299 are held by dns.exe (PID 1484); the policy needs them." in verified["msg"]
    assert "UDP 1645-1646, 1812-1813 are held by dns.exe (PID 1484); IAS failed" in verified["msg"]
    looked = run_task(dns_restart, FakeWire(crowded), options, check=True)
    assert "UDP 1645-1646, 1812-1813 of IAS are held by dns.exe (PID 1484)" in looked["msg"]
    reserved = run_task(port_reservations, FakeWire(crowded), options, check=True)
    for result in (verified, looked, reserved):
        assert len(result["msg"]) < SHORT, result["msg"]
    assert max(map(len, reserved["diff"]["after"].splitlines())) < SHORT


@pytest.mark.parametrize(("action", "options"), [(port_reservations, {}), (dns_restart, {"force": True})])
def test_many_ports_and_policies_keep_the_diff_short(action: Any, options: dict[str, Any]) -> None:
    """200 ports with a gap behind each: what is written is all there, what explains it is counted."""
    host = FakeHost()
    host.services["PolicyAgent"] = Service(RUNNING, 600)
    ports = [str(port) for port in range(30000, 30400, 2)]
    result = run_task(action, FakeWire(host), {**options, "extra_ports": ports}, check=True)
    assert len(result["msg"]) < SHORT, result["msg"]
    lines = str(result["diff"].get("after", "")).splitlines()
    if lines:
        assert "  30398-30398" in lines
        assert "and 180 more" in next(line for line in lines if line.startswith("# reserves"))


def test_many_dependents_of_dns_that_could_not_be_started_share_a_phrase() -> None:
    host = FakeHost(dependents=[f"Svc{number}" for number in range(40)])
    host.services.update({name: Service(RUNNING, 700, start=4) for name in host.dependents})
    result = run_task(dns_restart, FakeWire(host), {"force": True}, check=True)
    told = result["msg"] + " ".join(str(problem["message"]) for problem in result["problems"])
    assert "Svc0, Svc1" in told and "and 20 more are disabled (Start 4)" in told
    assert len(result["msg"]) < SHORT
