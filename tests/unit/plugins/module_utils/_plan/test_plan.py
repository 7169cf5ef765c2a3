# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of SBS 2003, from the conflict to the verified fix."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    ABSENT,
    DNS_PID,
    SBS_LIST,
    applied,
    conflict_facts,
    facts,
    ranges,
    rebooted,
    server_2019,
    service,
    socket,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import (
    DETECTED_LIST,
    after,
    plan,
    problem_ids,
    summary,
)


def test_the_demo_host() -> None:
    found = plan(conflict_facts(), profiles=["sbs2003"])
    assert found["mechanism"] == "reserved_ports"
    assert found["pool_range"] == {"udp4": "1024-65534", "udp6": None}
    (setting,) = found["settings"]
    assert {key: value for key, value in setting.items() if key != "reason"} == {
        "id": "reserved_ports",
        "key": r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters",
        "value_name": "ReservedPorts",
        "type_before": "REG_MULTI_SZ",
        "before": ["3343-3343"],
        "type_after": "REG_MULTI_SZ",
        "after": SBS_LIST,
        "takes_effect": "reboot",
    }
    assert found["kept"] == []
    assert found["problems"] == []
    assert found["effective"] == {"reserved_ports": "no"}
    assert found["live_conflicts"] == [
        {"port": 1645, "service": "IAS", "holder": "dns.exe", "pid": DNS_PID, "error": 10048},
        {"port": 4500, "service": "PolicyAgent", "holder": "dns.exe", "pid": DNS_PID, "error": 10048},
    ]
    assert [entry["action"] for entry in found["actions"]] == ["dns_window", "reboot"]
    assert found["actions"][0]["services_to_start"] == ["IAS", "PolicyAgent"]
    assert found["actions"][0]["deferred_exclusions"] == []
    assert [(need["service"], need["reason"]) for need in found["needs"] if need["reason"] != "profile"] == [
        ("ias", "detected"),
        ("ipsec", "detected"),
    ]
    assert found["risk"]["now"] == 0.179323
    assert found["risk"]["after_reload"] == 0.0
    assert found["risk"]["model"] == "uniform"
    assert summary(found) == ("conflict", False, True, True)


def test_auto_is_the_list_on_sbs_only() -> None:
    policy = Policy.from_options()
    assert after(make_plan(facts(), policy)) == SBS_LIST
    assert after(make_plan(facts(os={"sbs": False}), policy)) == DETECTED_LIST


def test_detection_alone_reserves_what_is_installed_and_not_disabled() -> None:
    found = plan(facts())
    assert after(found) == DETECTED_LIST
    made = facts()
    made["services"]["RemoteAccess"]["start"] = 3
    assert "1701-1701" in after(plan(made))


def test_from_conflict_to_safe_and_to_drift() -> None:
    policy = Policy.from_options()
    broken = conflict_facts()
    first = make_plan(broken, policy)
    written = applied(broken, first)
    second = make_plan(written, policy)
    assert second["settings"] == []
    assert summary(second) == ("conflict", False, True, True)
    windowed = applied(facts(), make_plan(facts(), policy))
    third = make_plan(windowed, policy)
    assert (third["settings"], third["live_conflicts"]) == ([], [])
    assert [entry["action"] for entry in third["actions"]] == ["reboot"]
    assert third["effective"] == {"reserved_ports": "no"}
    assert summary(third) == ("pending_reboot", False, True, False)
    booted = rebooted(windowed)
    fourth = make_plan(booted, policy)
    assert (fourth["settings"], fourth["actions"]) == ([], [])
    assert fourth["effective"] == {"reserved_ports": "yes"}
    assert fourth["risk"]["now"] == 0.0
    assert not any(need["exposed"] for need in fourth["needs"])
    assert summary(fourth) == ("safe", True, False, False)
    emptied = copy.deepcopy(booted)
    emptied["settings"]["reserved_ports"] = ABSENT
    assert summary(make_plan(emptied, policy)) == ("drifted", False, True, False)
    emptied["settings"]["reserved_ports"] = ranges()
    drifted = make_plan(emptied, policy)
    assert after(drifted) == SBS_LIST[:9] + SBS_LIST[9:]
    assert summary(drifted) == ("drifted", False, True, False)


def test_in_sync_but_ipsec_down_is_repaired_without_a_write() -> None:
    policy = Policy.from_options()
    right = rebooted(applied(conflict_facts(), make_plan(conflict_facts(), policy)))
    found = make_plan(right, policy)
    assert found["settings"] == []
    assert found["in_sync"] is True
    assert [entry["action"] for entry in found["actions"]] == ["dns_window"]
    assert found["status"] == "conflict"


def test_unexposed_needs_by_family() -> None:
    made = facts(settings={"max_user_port": ABSENT})
    assert plan(made)["pool_range"]["udp4"] == "49152-65535"
    assert after(plan(made)) == DETECTED_LIST
    assert after(plan(made, reserve_unexposed=False)) is None
    assert after(plan(made, reserve_unexposed=False, extra_ports=["51820", "9"])) == [
        "9-9",
        "3343-3343",
        "51820-51820",
    ]
    assert plan(server_2019())["settings"] == []
    assert plan(server_2019(), reserve_unexposed=True)["settings"][0]["after"] == [
        "1645-1646",
        "1812-1813",
        "4500-4500",
    ]


def test_sql_instances_have_ports_of_their_own() -> None:
    made = facts(sql_ports=["1433-1433", "1450-1451"])
    made["services"]["MSSQL$SBS"] = service()
    found = plan(made)
    assert after(found) == ["1433-1434", "1450-1451", "1645-1646", "1812-1813", "3343-3343", "4500-4500"]
    (need,) = [need for need in found["needs"] if need["service"] == "sql_instances"]
    assert (need["ports"], need["protocol"], need["exposed"]) == (["1450-1451"], "tcp", False)
    assert "1450-1451" not in after(plan(facts(sql_ports=["1450-1451"])))


def test_listeners_are_explained_and_clients_left_alone() -> None:
    made = facts(
        udp_endpoints=[
            socket(1645, 900, "svchost.exe"),
            socket(40000, 77, "agent.exe"),
            socket(40001, 77, "agent.exe"),
            {**socket(40005, 78, "client.exe"), "connected": True},
            socket(137, 4, "System"),
        ]
    )
    found = plan(made, include_listeners=True, ignore_services=["ias", "ipsec"])
    needs = [(need["service"], need["ports"], need["reason"]) for need in found["needs"]]
    assert needs == [("agent.exe", ["40000-40001"], "listener"), ("svchost.exe", ["1645-1645"], "listener")]


def test_kb958644_is_said() -> None:
    found = plan(facts(hotfixes=["KB951746", "KB958644"]))
    assert ("kb958644_present", "info") in problem_ids(found)
    assert problem_ids(plan(facts())) == []


def test_a_service_that_was_stopped_on_purpose_is_reported_and_not_started() -> None:
    made = facts()
    made["services"]["IAS"] = service(1, 2, None, 0)
    found = plan(made)
    assert problem_ids(found) == [("service_stopped", "info")]
    assert [entry["action"] for entry in found["actions"]] == ["reboot"]


def test_a_victim_whose_port_is_free_needs_no_window() -> None:
    made = conflict_facts(dns={"udp_ports": {"udp4": ["53-53"], "udp6": []}})
    found = plan(made)
    assert found["actions"][0]["action"] == "start_services"
    assert found["actions"][0]["services_to_start"] == ["IAS", "PolicyAgent"]
    assert summary(found) == ("service_down", False, True, False)


def test_autd_is_a_conflict_that_only_the_reboot_cures() -> None:
    made = facts(dns={"udp_ports": {"udp4": ["2883-2883"], "udp6": []}})
    made["services"].update(MSExchangeIS=service(pid=8), W3SVC=service(pid=9))
    found = plan(made)
    assert found["live_conflicts"] == [
        {"port": 2883, "service": "MSExchangeIS", "holder": "dns.exe", "pid": DNS_PID, "error": None}
    ]
    assert [entry["action"] for entry in found["actions"]] == ["reboot"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"os": {"family": None}}, "release_not_supported"),
        ({"os": {"family": "nt6"}}, "pool_unknown"),
        ({"services_total": None}, "services_unreadable"),
        ({"udp_endpoints": None}, "sockets_unreadable"),
        ({"boot_mark": None}, "boot_mark_unknown"),
        ({"state": {"present": None, "settings": {}}}, "state_unreadable"),
        ({"dns": {"installed": None}}, "pool_unknown"),
    ],
)
def test_unknown_is_never_safe(change: dict[str, Any], problem: str) -> None:
    made = facts(settings={"reserved_ports": ranges(*DETECTED_LIST)})
    made = rebooted(applied(made, plan(made)))
    assert plan(made)["status"] == "safe"
    for name, value in change.items():
        made[name] = {**made[name], **value} if isinstance(value, dict) else value
    found = plan(made)
    assert (problem, "error") in problem_ids(found)
    assert found["status"] == "unknown"
    assert not found["in_sync"]


def test_an_error_of_the_facts_is_unknown_too() -> None:
    error = {"id": "x", "severity": "error", "message": "", "data": {}}
    assert plan(facts(problems=[error]))["status"] == "unknown"


def test_a_later_client_without_dns_has_nothing_to_do() -> None:
    made = server_2019(dns={"installed": False, "state": None, "pid": None, "pool_present": "no", "udp_ports": None})
    found = plan(made)
    assert (found["mechanism"], found["settings"], found["status"]) == ("none", [], "safe")


def test_the_same_input_gives_the_same_bytes() -> None:
    made = conflict_facts()
    shuffled = {**made, "services": dict(reversed(made["services"].items()))}
    policy = {"profiles": ["sbs2003"], "extra_ports": ["6000", "5000"]}
    assert json.dumps(plan(made, **policy)) == json.dumps(plan(shuffled, **policy))
    assert json.dumps(plan(made, **policy)) == json.dumps(plan(copy.deepcopy(made), **policy))


def test_a_full_pool_keeps_the_plan_small() -> None:
    pool = PortSet.from_ports(range(1024, 65534, 25))
    made = conflict_facts(dns={"udp_ports": {"udp4": pool.to_json(), "udp6": []}})
    assert len(json.dumps(plan(made, profiles=["sbs2003"]))) < 12_000
