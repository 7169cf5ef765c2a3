# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions work as tasks on a host in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.portkeeper.windows_dns.plugins.action import (
    dns_restart,
    host_reboot,
    port_info,
    port_reservations,
    port_rollback,
    port_verify,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.modules import dns_restart as dns_restart_doc
from ansible_collections.portkeeper.windows_dns.plugins.modules import host_reboot as host_reboot_doc
from ansible_collections.portkeeper.windows_dns.plugins.modules import port_info as port_info_doc
from ansible_collections.portkeeper.windows_dns.plugins.modules import port_reservations as port_reservations_doc
from ansible_collections.portkeeper.windows_dns.plugins.modules import port_rollback as port_rollback_doc
from ansible_collections.portkeeper.windows_dns.plugins.modules import port_verify as port_verify_doc
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._tasks import action as action_module
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.action.tasks import run_task
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_host import (
    RUNNING,
    STOPPED,
    FakeHost,
    Service,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.plugin_utils.fake_wire import FakeWire

FIXED_KEYS = {
    "changed", "before", "after", "diff", "problems", "facts", "plan", "backup", "reboot_required", "msg",
}  # fmt: skip
ACTIONS = {
    "port_info": (port_info, port_info_doc),
    "port_reservations": (port_reservations, port_reservations_doc),
    "dns_restart": (dns_restart, dns_restart_doc),
    "port_verify": (port_verify, port_verify_doc),
    "port_rollback": (port_rollback, port_rollback_doc),
    "host_reboot": (host_reboot, host_reboot_doc),
}
ANSIBLES_OWN = {"changed", "failed", "skipped", "invocation", "warnings", "_ansible_verbose_override"}
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
def run(host: FakeHost) -> Run:
    def runs(name: str, check: bool = False, wire: FakeWire | None = None, **options: Any) -> dict[str, Any]:
        result = run_task(ACTIONS[name][0], wire or FakeWire(host), options, check)
        assert result.keys() >= FIXED_KEYS
        assert "secret-password" not in json.dumps(result)
        return result

    return runs


def test_the_rows_that_the_policy_needs_are_never_cut(run: Run, host: FakeHost) -> None:
    host.udp += [*((20000 + at, 4) for at in range(600)), (65533, 6667)]
    facts = run("port_reservations", check=True, extra_ports=["65533"])["facts"]
    assert facts["udp_endpoints_truncated"]
    assert 65533 in {entry["port"] for entry in facts["udp_endpoints"]}


@pytest.mark.parametrize("name", ACTIONS)
def test_the_result_is_the_documented_one(name: str, run: Run) -> None:
    documented = yaml.safe_load(ACTIONS[name][1].RETURN)
    always = {key for key, value in documented.items() if value["returned"] == "always"}
    kinds = {"str": str, "bool": bool, "dict": dict, "list": list}
    for result in (run(name, check=True), run(name)):
        own = result.keys() - ANSIBLES_OWN
        assert own <= documented.keys(), own - documented.keys()
        assert always <= result.keys()
        for key in own:
            assert result[key] is None or isinstance(result[key], kinds[documented[key]["type"]]), key


@pytest.mark.parametrize("name", ACTIONS)
def test_unknown_options_and_bad_policies_reach_no_host(name: str, run: Run, host: FakeHost) -> None:
    for options in ({"no_such": 1}, {"extra_ports": ["1433 & del"]}, {"socket_pool_size": 10001}, {"prune": True,
                    "detect": False}):  # fmt: skip
        with pytest.raises(AnsibleError):
            run(name, **options)
    assert host.lines == []


@pytest.mark.parametrize("name", ACTIONS)
def test_a_host_that_is_not_reached_is_unreachable(name: str, run: Run, host: FakeHost) -> None:
    with pytest.raises(AnsibleConnectionFailure):
        run(name, wire=FakeWire(host, open_fault=ConnectionError("Connection refused")))


@pytest.mark.parametrize("name", ACTIONS)
def test_a_loss_on_the_way_is_a_failure(name: str, run: Run, host: FakeHost) -> None:
    result = run(name, wire=FakeWire(host, receive_faults={1: ConnectionResetError("gone")}))
    assert result["failed"] is True
    assert result["phase"] == "read"
    assert result["dns_may_be_stopped"] is False


@pytest.mark.parametrize("name", ACTIONS)
def test_check_mode_sends_only_the_collector(name: str, run: Run, host: FakeHost) -> None:
    result = run(name, check=True)
    assert bool(result.get("failed")) is (name == "port_rollback"), "there is no backup to put back"
    assert len(host.lines) == 1
    assert not re.search(r"reg.exe add|\bmd |schtasks|net.exe start|echo held", host.lines[0])


def test_port_info(run: Run) -> None:
    result = run("port_info")
    assert result["changed"] is False
    assert result["facts"]["computer_name"] == "CLIENT01"


def test_port_info_returns_the_transcript_only_when_asked(run: Run) -> None:
    assert "transcript" not in run("port_info")
    result = run("port_info", transcript=True)
    again = parse_transcript(result["transcript"])
    assert {**again, "collected": None} == {**result["facts"], "collected": None}


def test_port_reservations_writes_and_is_quiet_the_second_time(run: Run, host: FakeHost) -> None:
    first = run("port_reservations", profiles=["sbs2003"])
    assert first["changed"] is True
    assert first["before"] == {"reserved_ports": ["3343-3343"]}
    assert first["after"]["reserved_ports"] == host.reserved
    assert "+" not in first["diff"]["before"] and "4500-4500" in first["diff"]["after"]
    assert first["plan"]["settings"] == []
    assert first["reboot_required"] is True
    assert Path(first["backup"]["path"]).is_file()
    host.services["PolicyAgent"] = Service(RUNNING, 600)
    host.udp = [(port, 600 if port == 4500 else pid) for port, pid in host.udp]
    second = run("port_reservations", profiles=["sbs2003"])
    assert second["changed"] is False
    assert second["reboot_required"] is True
    assert second["backup"] is None
    assert len(host.lines) == 4


def test_actions_that_are_due_are_a_change(run: Run, host: FakeHost) -> None:
    run("port_reservations")
    result = run("port_reservations")
    assert result["before"] == {}
    assert result["changed"] is True
    assert [action["action"] for action in result["plan"]["actions"]] == ["dns_window", "reboot"]


def test_a_pending_reboot_is_a_change_only_if_this_run_reboots(run: Run, host: FakeHost) -> None:
    host.services["PolicyAgent"] = Service(RUNNING, 600)
    host.udp = [(port, 600 if port == 4500 else pid) for port, pid in host.udp]
    run("port_reservations")
    assert run("port_reservations")["changed"] is False
    assert run("port_reservations", reboot="if_required")["changed"] is True


def test_facts_that_were_not_asked_for_are_in_the_artifact_only(run: Run, tmp_path: Path) -> None:
    where = {"artifacts_dir": str(tmp_path), "run_id": "night"}
    result = run("port_reservations", check=True, return_facts=False, **where)
    assert (result["facts"], result["plan"]) == (None, None)
    assert result["status"]
    artifact = json.loads((tmp_path / "night" / "client01.json").read_text(encoding="utf-8"))
    assert artifact["facts"] and artifact["plan"]


def test_a_pending_reboot_that_no_task_will_do_is_a_warning(run: Run) -> None:
    run("port_reservations")
    for check in (True, False):
        warnings = run("port_reservations", check=check)["warnings"]
        assert len(warnings) == 1
        assert warnings[0].startswith("client01: ") and "reboot" in warnings[0]
        assert "warnings" not in run("port_reservations", check=check, reboot="if_required")


def test_check_mode_says_the_same_and_writes_nothing(run: Run, host: FakeHost) -> None:
    check = run("port_reservations", check=True)
    assert host.reserved == ["3343-3343"]
    real = run("port_reservations")
    for key in ("changed", "before", "after", "diff"):
        assert check[key] == real[key]


@pytest.mark.parametrize("entry", ["", "5001-5000", "abc", "70000-70001"])
def test_a_value_with_unreadable_entries_is_not_written(run: Run, host: FakeHost, entry: str) -> None:
    host.reserved = ["3343-3343", entry, "5000-5001"] if entry else ["3343-3343", " ", "5000-5001"]
    result = run("port_reservations")
    assert result["failed"] is True
    assert result["phase"] == "read"
    assert len(host.lines) == 1
    drift = run("port_reservations", check=True)
    assert not drift.get("failed")
    assert drift["changed"] is True
    repaired = run("port_reservations", repair=True)
    assert not repaired.get("failed")
    assert "5000-5001" in (host.reserved or [])


def test_artifacts_are_written_also_in_check_mode_and_for_hosts_not_reached(
    run: Run, host: FakeHost, tmp_path: Path
) -> None:
    options = {"artifacts_dir": str(tmp_path / "artifacts"), "run_id": "nightly"}
    path = tmp_path / "artifacts" / "nightly" / "client01.json"
    run("port_reservations", check=True, **options)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert (content["changed"], content["would_change"], content["status"]) == (False, True, "conflict")
    assert oct(path.stat().st_mode)[-3:] == "600"
    with pytest.raises(AnsibleConnectionFailure):
        run("port_reservations", wire=FakeWire(host, open_fault=ConnectionError("refused")), **options)
    assert json.loads(path.read_text(encoding="utf-8"))["status"] == "unreachable"
    with pytest.raises(AnsibleError):
        run("port_reservations", run_id="../elsewhere", artifacts_dir=options["artifacts_dir"])


@pytest.mark.parametrize("of_this_call", [True, False])
def test_the_artifact_of_a_restart_tells_what_is_now_and_what_the_run_has_done(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_this_call: bool
) -> None:
    options = {"artifacts_dir": str(tmp_path), "run_id": "nightly"}
    path = tmp_path / "nightly" / "client01.json"
    backup = run("port_reservations", **options)["backup"]
    assert json.loads(path.read_text(encoding="utf-8"))["status"] == "conflict"
    now = run("dns_restart", **options)["plan"]["status"]
    first = json.loads(path.read_text(encoding="utf-8"))
    assert (first["status"], first["changed"], first["backup"]) == (now, True, backup)
    assert now != "conflict"
    if not of_this_call:
        monkeypatch.setattr(action_module, "RUN_ID", "another call")
    assert not run("dns_restart", **options)["changed"]
    second = json.loads(path.read_text(encoding="utf-8"))
    expected = (True, backup) if of_this_call else (False, None)
    assert (second["status"], second["changed"], second["backup"]) == (now, *expected)


def test_dns_restart_opens_a_window_and_looks_again(run: Run, host: FakeHost) -> None:
    result = run("dns_restart")
    assert result["changed"] is True
    assert host.services["PolicyAgent"].state == RUNNING
    assert result["steps"][-1] == {"step": "start_dns", "error_level": 1056}
    assert result["plan"]["live_conflicts"] == []
    assert result["verified"] is True and "All needed services are up" in result["msg"]
    again = run("dns_restart")
    assert again["changed"] is False and "verified" not in again
    assert "nothing asks for a restart" in again["msg"]


def test_a_restart_that_leaves_another_service_without_its_port_has_verified_nothing(run: Run, host: FakeHost) -> None:
    """The role then verifies, which waits for that service and fails."""
    host.udp = [(port, pid) for port, pid in host.udp if pid != 1600]
    result = run("dns_restart")
    assert result["changed"] is True and host.services["PolicyAgent"].state == RUNNING
    assert result["verified"] is False and "All needed services are up" not in result["msg"]
    assert run("port_verify", timeout=0)["failed"] is True


def test_dns_restart_says_what_it_would_do(run: Run, host: FakeHost) -> None:
    result = run("dns_restart", check=True)
    assert result["changed"] is True
    assert "would restart DNS in a guarded window, because UDP 4500 of PolicyAgent is held by dns.exe" in result["msg"]
    assert host.services["DNS"].pid == 1484


def test_dns_that_does_not_run_gets_no_window(run: Run, host: FakeHost) -> None:
    host.services["DNS"] = Service(STOPPED, 0)
    for check in (True, False):
        result = run("dns_restart", check=check, force=True)
        assert result["changed"] is False
        assert "DNS does not run: no window is opened" in result["msg"]


def test_services_that_cannot_be_read_are_not_taken_for_stopped(run: Run, host: FakeHost) -> None:
    host._on_services = lambda: ("", 1)  # type: ignore[method-assign]
    host._on_service_starts = lambda: ("", 1)  # type: ignore[method-assign]
    result = run("dns_restart", force=True)
    assert result["failed"] is True
    assert "could not be read, so nothing was touched" in result["msg"]
    assert len(host.lines) == 1
    looked = run("dns_restart", check=True, force=True)
    assert looked["changed"] is False and "it is not known whether DNS has to be restarted" in looked["msg"]


@pytest.mark.parametrize("section", ["service_starts", "netstat", "tcpip"])
def test_what_was_not_read_is_no_reason_to_leave_dns_alone(run: Run, host: FakeHost, section: str) -> None:
    """IPsec is down for its port; a host that shows less of that must not look better."""
    host.services["PolicyAgent"] = Service(RUNNING, 600)
    host.udp = [(port, 600 if port == 4500 else pid) for port, pid in [*host.udp, (500, 600)]]
    assert run("dns_restart")["changed"] is False
    setattr(host, f"_on_{section}", lambda: ("", 1))
    result = run("dns_restart")
    assert result["failed"] is True and result["changed"] is False and result["phase"] == "read"
    assert "it is not known whether DNS has to be restarted" in result["msg"]
    looked = run("dns_restart", check=True)
    assert "failed" not in looked and "it is not known whether DNS has to be restarted" in looked["msg"]


def test_what_was_not_read_is_no_reason_to_leave_a_host_unbooted(run: Run, host: FakeHost) -> None:
    host._on_tcpip = lambda: ("", 1)  # type: ignore[method-assign]
    result = run("host_reboot")
    assert result["failed"] is True and result["changed"] is False and result["phase"] == "read"
    assert "it is not known whether something waits for a reboot" in result["msg"]
    looked = run("host_reboot", check=True)
    assert "failed" not in looked and "it is not known whether something waits for a reboot" in looked["msg"]


def test_a_service_whose_port_is_free_is_started_without_a_window(run: Run, host: FakeHost) -> None:
    host.udp = [(port, pid) for port, pid in host.udp if port != 4500]
    result = run("dns_restart")
    assert result["changed"] is True
    assert host.services["DNS"].pid == 1484
    assert host.services["PolicyAgent"].state == RUNNING


def test_force_opens_a_window_that_starts_no_service(run: Run, host: FakeHost) -> None:
    host.services["PolicyAgent"] = Service(RUNNING, 600)
    host.udp = [(port, 600 if port == 4500 else pid) for port, pid in host.udp]
    assert run("dns_restart", force=True)["changed"] is True
    assert host.services["DNS"].pid == 1800


def test_a_victim_that_stays_down_is_remembered_and_gets_no_second_window(run: Run, host: FakeHost) -> None:
    window = host._do_window

    def in_vain() -> None:
        window()
        host.services["PolicyAgent"] = Service(STOPPED, 0, 10048)
        host.udp = [(4500, 1800) if port == 4500 else (port, pid) for port, pid in host.udp]

    host._do_window = in_vain  # type: ignore[method-assign]
    result = run("dns_restart")
    assert result["failed"] is True
    assert result["phase"] == "verify"
    assert "UDP 4500 is held by dns.exe (PID 1800)" in result["msg"]
    assert host.state["dns_window"]["value"] == "PolicyAgent"
    again = run("dns_restart", restart_group="another")
    assert again["changed"] is False
    assert "nothing asks" in again["msg"]


def test_after_a_failure_no_other_member_of_the_group_is_touched(run: Run, host: FakeHost) -> None:
    failing = FakeHost(scheduler="missing")
    assert run("dns_restart", wire=FakeWire(failing), restart_group="client a")["failed"] is True
    result = run("dns_restart", restart_group="client a")
    assert result["failed"] is True
    assert "Not started: client01 failed before" in result["msg"]
    assert host.services["DNS"].pid == 1484
    assert run("dns_restart", restart_group="client b")["changed"] is True


def test_port_verify_names_service_port_holder_and_error(run: Run, host: FakeHost) -> None:
    result = run("port_verify")
    assert result["failed"] is True
    assert result["ok"] is False
    assert "client01: UDP 4500 is held by dns.exe (PID 1484); PolicyAgent failed with error 10048 (" in result["msg"]
    (failure,) = result["failures"]
    assert (failure["service"], failure["port"], failure["pid"], failure["error"]) == ("PolicyAgent", 4500, 1484, 10048)
    assert len(host.lines) == 1, "waiting cannot help"


def test_port_verify_waits_for_what_is_starting(run: Run, host: FakeHost) -> None:
    host.services["PolicyAgent"] = Service(2, 600)
    answer = host.answer

    def later(line: str) -> bytes:
        output = answer(line)
        host.services["PolicyAgent"] = Service(RUNNING, 600)
        host.udp = [(500, 600), *((port, 600 if port == 4500 else pid) for port, pid in host.udp)]
        return output

    host.answer = later  # type: ignore[method-assign]
    result = run("port_verify", timeout=60)
    assert result["ok"] is True
    assert len(host.lines) == 2


def test_port_verify_never_fails_in_check_mode(run: Run) -> None:
    result = run("port_verify", check=True)
    assert result["ok"] is False
    assert not result.get("failed")
