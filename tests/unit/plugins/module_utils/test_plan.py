# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    ABSENT,
    BOOT_MARK,
    DNS_PID,
    NEXT_BOOT_MARK,
    SBS_LIST,
    UNREAD,
    applied,
    conflict_facts,
    facts,
    number,
    ranges,
    rebooted,
    recorded,
    server_2019,
    service,
    socket,
)

DETECTED_LIST = ["1645-1646", "1812-1813", "3343-3343", "4500-4500"]


def plan(host_facts: dict[str, Any], **options: Any) -> dict[str, Any]:
    return make_plan(host_facts, Policy.from_options({"profiles": [], **options}))


def with_reserved(*entries: str, **options: Any) -> dict[str, Any]:
    return plan(facts(settings={"reserved_ports": ranges(*entries)}), **options)


def after(found: dict[str, Any]) -> Any:
    return {entry["id"]: entry["after"] for entry in found["settings"]}.get("reserved_ports")


def why(found: dict[str, Any]) -> str:
    return str(found["settings"][0]["why"])


def problem_ids(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(problem["id"], problem["severity"]) for problem in found["problems"]]


def summary(found: dict[str, Any]) -> tuple[str, bool, bool, bool]:
    return found["status"], found["in_sync"], found["reboot_required"], found["dns_restart_required"]


def test_the_demo_host() -> None:
    found = plan(conflict_facts(), profiles=["sbs2003"])
    assert found["mechanism"] == "reserved_ports"
    assert found["pool_range"] == {"udp4": "1024-65534", "udp6": None}
    (setting,) = found["settings"]
    assert {key: value for key, value in setting.items() if key != "why"} == {
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
    assert found["actions"][0]["victims"] == ["IAS", "PolicyAgent"]
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


def test_values_that_were_right_before_us_are_recorded_once() -> None:
    made = facts(settings={"reserved_ports": ranges(*DETECTED_LIST)})
    found = plan(made)
    assert found["settings"] == [
        {
            "id": "state",
            "key": r"HKLM\SOFTWARE\portkeeper\state",
            "value_name": None,
            "type_before": None,
            "before": {"reserved_ports": None},
            "type_after": "REG_SZ",
            "after": {"reserved_ports": ",".join(DETECTED_LIST)},
            "why": "records ReservedPorts, so that it can be told when the value has become effective",
            "takes_effect": "now",
        }
    ]
    assert found["effective"] == {"reserved_ports": "unknown"}
    assert summary(found) == ("drifted", False, True, False)
    assert summary(plan(applied(made, found))) == ("pending_reboot", False, True, False)
    assert summary(plan(rebooted(applied(made, found)))) == ("safe", True, False, False)


def test_a_record_of_another_value_is_renewed_and_ports_in_both_stay_effective() -> None:
    made = facts(settings={"reserved_ports": ranges(*DETECTED_LIST, "5000-5001")}, boot_mark=NEXT_BOOT_MARK)
    made["state"] = recorded({"reserved_ports": ",".join(DETECTED_LIST)}, BOOT_MARK)
    found = plan(made)
    assert [entry["id"] for entry in found["settings"]] == ["state"]
    assert found["risk"]["now"] == 0.0
    assert found["kept"] == ["3343-3343", "5000-5001"]


def test_foreign_ranges_survive() -> None:
    found = with_reserved("3343-3343", "5000-5001")
    assert after(found) == ["1645-1646", "1812-1813", "3343-3343", "4500-4500", "5000-5001"]
    assert found["kept"] == ["3343-3343", "5000-5001"]


def test_split_neighbours_are_joined_with_the_reason() -> None:
    found = with_reserved("1645-1645", "1646-1646", "1812-1813", "4500-4500")
    assert after(found) == ["1645-1646", "1812-1813", "4500-4500"]
    assert why(found) == (
        "joins 1645-1645 and 1646-1646 to 1645-1646, because neighbouring ports that are entered separately are not"
        " correctly reserved (KB812873)"
    )


def test_a_bare_port_is_rewritten_with_the_reason() -> None:
    found = with_reserved("1645-1646", "1801", "1812-1813", "4500-4500")
    assert after(found) == ["1645-1646", "1801-1801", "1812-1813", "4500-4500"]
    assert why(found) == "writes 1801 as 1801-1801"


def test_order_alone_is_a_reason() -> None:
    found = with_reserved("4500-4500", "1645-1646", "1812-1813")
    assert after(found) == ["1645-1646", "1812-1813", "4500-4500"]
    assert why(found) == "puts the entries in order"


@pytest.mark.parametrize("entry", ["", " ", "5001-5000", "abc", "0-5", "65536-65536", "1645 - 1646", "5000-5001,6000"])
def test_an_entry_that_is_no_range_is_never_written_over(entry: str) -> None:
    found = with_reserved("3343-3343", entry)
    assert found["settings"] == []
    assert problem_ids(found) == [("unparsable_entry", "error")]
    assert found["problems"][0]["data"] == {"setting": "reserved_ports", "entries": [entry]}
    assert summary(found) == ("drifted", False, False, False)


@pytest.mark.parametrize("entry", ["", "5001-5000", "abc", "0-5", "1645 - 1646"])
def test_repair_drops_and_names_the_entry(entry: str) -> None:
    found = with_reserved("3343-3343", entry, repair=True)
    assert after(found) == DETECTED_LIST
    assert f"drops {entry!r}, which is no port range (repair)" in why(found)
    assert found["settings"][0]["before"] == ["3343-3343", entry]
    assert problem_ids(found) == [("unparsable_entry", "warning")]


def test_a_wrong_type_is_never_written_over() -> None:
    made = facts(settings={"reserved_ports": ranges("3343-3343", registry_type="REG_SZ")})
    found = plan(made)
    assert found["settings"] == []
    assert problem_ids(found) == [("wrong_type", "error")]
    assert found["status"] == "drifted"
    repaired = plan(made, repair=True)
    assert after(repaired) == DETECTED_LIST
    assert "changes the type from REG_SZ to REG_MULTI_SZ (repair)" in why(repaired)
    assert (repaired["settings"][0]["type_before"], repaired["settings"][0]["before"]) == ("REG_SZ", "3343-3343")


@pytest.mark.parametrize(("registry_type", "data"), [("REG_DWORD", 4242), ("REG_BINARY", "4242")])
def test_digits_of_another_type_are_no_ports(registry_type: str, data: Any) -> None:
    value = {**ranges("x"), "type": registry_type, "data": data}
    found = plan(facts(settings={"reserved_ports": value}), repair=True)
    assert after(found) == ["1645-1646", "1812-1813", "4500-4500"]
    assert "drops '4242'" in why(found)


@pytest.mark.parametrize("value", [UNREAD, {**ranges("x"), "data": None}])
def test_what_could_not_be_read_is_not_written(value: dict[str, Any]) -> None:
    found = plan(facts(settings={"reserved_ports": value}), repair=True, prune=True)
    assert found["settings"] == []
    assert ("setting_unreadable", "error") in problem_ids(found)
    assert found["status"] == "unknown"
    assert not found["in_sync"]


def test_prune_keeps_3343_and_what_detected_services_need() -> None:
    found = with_reserved("3343-3343", "4500-4500", "5000-5001", prune=True, ignore_services=["ipsec"])
    assert after(found) == ["1645-1646", "1812-1813", "3343-3343", "4500-4500"]
    assert "removes 5000-5001, which nothing needs (prune)" in why(found)
    assert found["kept"] == ["3343-3343", "4500-4500"]


def test_prune_of_everything_deletes_the_value() -> None:
    made = facts(settings={"reserved_ports": ranges("5000-5001")}, services={})
    made["services"] = {"W3SVC": service()}
    found = plan(made, prune=True)
    assert (found["settings"][0]["after"], found["settings"][0]["type_after"]) == (None, None)
    done = applied(made, found)
    assert plan(done, prune=True)["settings"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"services": {"IAS": service(start=None, pid=900)}},
        {"problems": [{"id": "x", "severity": "warning", "message": "", "data": {"sections": ["sql_ports"]}}]},
        {"services_total": None},
    ],
)
def test_prune_is_refused_without_full_detection(change: dict[str, Any]) -> None:
    made = facts(settings={"reserved_ports": ranges(*DETECTED_LIST, "5000-5001")}, **change)
    found = plan(made, prune=True)
    assert "5000-5001" in found["kept"]
    assert ("prune_refused", "error") in problem_ids(found)
    assert found["status"] in ("drifted", "unknown")


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


@pytest.mark.parametrize(
    ("value", "expected", "problems"),
    [
        (ABSENT, "49152-65535", []),
        (number(5000), "1024-5000", []),
        (number(60000), "1024-60000", []),
        (number(65534), "1024-65534", []),
        (number(65536), "1024-65535", []),
        (number(100), "1024-5000", [("max_user_port_out_of_range", "warning")]),
        (number(70000), "1024-65535", [("max_user_port_out_of_range", "warning")]),
        (number(60000, "REG_SZ"), None, [("max_user_port_wrong_type", "error"), ("pool_unknown", "error")]),
    ],
)
def test_the_pool_s_range_on_nt5(value: dict[str, Any], expected: str | None, problems: list[Any]) -> None:
    found = plan(facts(settings={"max_user_port": value, "reserved_ports": ranges(*DETECTED_LIST)}))
    assert found["pool_range"]["udp4"] == expected
    assert problem_ids(found) == problems


@pytest.mark.parametrize(("limit", "chance"), [(5000, 0.628615), (60000, 0.042389), (65534, 0.038753)])
def test_the_risk_of_ipsec_alone(limit: int, chance: float) -> None:
    found = plan(facts(settings={"max_user_port": number(limit)}), ignore_services=["ias"])
    assert found["risk"]["now"] == chance
    assert found["risk"]["per_need"] == [
        {"service": "ipsec", "ports": ["4500-4500"], "now": chance, "after_reload": 0.0}
    ]


def test_profile_rows_and_tcp_do_not_count_for_the_risk() -> None:
    made = facts()
    made["services"] = {"MSSQLSERVER": service(), "fwsrv": service()}
    found = plan(made, profiles=["sbs2003"], ignore_services=["sql_resolution"])
    assert found["risk"]["now"] == 0.0
    assert found["risk"]["per_need"] == []


def test_max_risk_decides_between_exposed_and_safe() -> None:
    made = facts(settings={"max_user_port": number(65534)})
    made["dns"]["udp_ports"]["udp4"] = ["53-53"]
    policy: dict[str, Any] = {"socket_pool_size": None, "ignore_services": ["ias", "ipsec"]}
    assert plan(made, **policy)["status"] == "safe"
    listed = {**policy, "include_listeners": True}
    safe = rebooted(applied(made, plan(made, **listed)))
    assert plan(safe, **listed)["status"] == "safe"
    small = facts(settings={"max_user_port": number(5000), "reserved_ports": ABSENT})
    small["dns"]["udp_ports"]["udp4"] = ["53-53"]
    refused = plan(small, extra_ports=["1024-3000"], ignore_services=["ias", "ipsec"])
    assert problem_ids(refused) == [("pool_does_not_fit", "error")]


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


def test_pool_size_is_written_where_dns_is() -> None:
    found = plan(facts(), socket_pool_size=3000)
    assert found["settings"][1]["after"] == 3000
    assert found["settings"][1]["takes_effect"] == "dns_restart"
    assert (
        found["settings"][1]["why"] == "sets the pool to 3000 sockets per address family (was absent, which means 2500)"
    )
    assert [entry["action"] for entry in found["actions"]] == ["dns_window", "reboot"]
    assert found["actions"][0]["victims"] == []
    member = facts(dns={"installed": False, "state": None, "pid": None, "pool_present": "no"})
    assert [entry["id"] for entry in plan(member, socket_pool_size=3000)["settings"]] == ["reserved_ports"]


def test_pool_size_is_effective_in_a_new_dns_process() -> None:
    made = applied(facts(), plan(facts(), socket_pool_size=3000))
    waiting = plan(made, socket_pool_size=3000)
    assert waiting["effective"] == {"reserved_ports": "no", "socket_pool_size": "no"}
    assert waiting["dns_restart_required"]
    made["dns"]["pid"] += 1
    restarted = plan(made, socket_pool_size=3000)
    assert restarted["effective"] == {"reserved_ports": "no", "socket_pool_size": "yes"}
    assert [entry["action"] for entry in restarted["actions"]] == ["reboot"]
    assert not restarted["dns_restart_required"]


def test_a_pool_of_the_wrong_type() -> None:
    made = facts(settings={"socket_pool_size": {**number(2500), "type": "REG_SZ", "data": "2500"}})
    assert problem_ids(plan(made)) == [("wrong_type", "warning")]
    assert [entry["id"] for entry in plan(made, socket_pool_size=2500)["settings"]] == ["reserved_ports"]
    assert [entry["id"] for entry in plan(made, socket_pool_size=2500, repair=True)["settings"]] == [
        "reserved_ports",
        "socket_pool_size",
    ]


def test_a_pool_that_cannot_fit_is_refused_with_the_numbers() -> None:
    made = facts(settings={"max_user_port": number(5000)})
    found = plan(made, socket_pool_size=4000)
    assert [entry["id"] for entry in found["settings"]] == ["reserved_ports"]
    (problem,) = found["problems"]
    assert (problem["id"], problem["severity"]) == ("pool_does_not_fit", "error")
    assert problem["data"] == {"family": "udp4", "pool": 4000, "client_ports": 255, "free": 3971}
    assert found["status"] == "drifted"


def test_reservations_that_leave_no_room_are_refused_too() -> None:
    made = facts(settings={"max_user_port": number(5000)})
    found = plan(made, extra_ports=["1024-2300"])
    assert found["settings"] == []
    (problem,) = found["problems"]
    assert problem["data"]["free"] == 3977 - 1277 - 2
    assert problem["data"]["pool"] == 2500


def test_a_pool_that_does_not_fit_already_is_reported_only() -> None:
    made = facts(settings={"max_user_port": number(5000), "reserved_ports": ranges("1024-2300", "3343-3343")})
    found = plan(made)
    assert [entry["id"] for entry in found["settings"]] == ["reserved_ports"]
    assert problem_ids(found) == [("pool_does_not_fit", "warning")]


def test_kb958644_is_said() -> None:
    found = plan(facts(hotfixes=["KB951746", "KB958644"]))
    assert ("kb958644_present", "info") in problem_ids(found)
    assert problem_ids(plan(facts())) == []


def test_a_member_without_dns_is_protected_and_has_no_figure() -> None:
    made = facts(dns={"installed": False, "state": None, "pid": None, "pool_present": "no", "udp_ports": None})
    found = plan(made)
    assert after(found) == DETECTED_LIST
    assert found["risk"]["model"] == "no_pool"
    assert found["risk"]["now"] is None
    assert problem_ids(found) == [("no_dns_server", "info")]
    assert [entry["action"] for entry in found["actions"]] == ["reboot"]
    assert plan(rebooted(applied(made, found)))["status"] == "safe"


def test_a_dns_without_a_pool_is_said() -> None:
    found = plan(facts(dns={"pool_present": "no"}))
    assert (found["risk"]["model"], found["risk"]["now"]) == ("no_pool", None)
    assert problem_ids(found) == [("no_pool_seen", "info")]


def test_a_stopped_dns_draws_again_at_its_next_start() -> None:
    stopped = {"state": 1, "pid": None, "pool_present": "unknown", "udp_ports": {"udp4": [], "udp6": []}}
    found = plan(facts(dns=stopped))
    assert found["risk"]["now"] == 0.179323


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
    assert found["actions"][0]["victims"] == ["IAS", "PolicyAgent"]
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


def test_exclusions_on_later_releases() -> None:
    made = server_2019(
        dynamic_ports={"udp4": {"start": 1025, "count": 58976}, "udp6": {"start": 49152, "count": 16384}}
    )
    made["settings"]["socket_pool_excluded_port_ranges"] = ranges("51000-51010", "52311")
    made["settings"]["reserved_ports"] = ranges("1812-1813")
    found = plan(made)
    (setting,) = found["settings"]
    assert setting["value_name"] == "SocketPoolExcludedPortRanges"
    assert setting["after"] == ["1645-1646", "1812-1813", "4500-4500", "51000-51010", "52311-52311"]
    assert "writes 52311 as 52311-52311" in setting["why"]
    assert found["kept"] == ["51000-51010", "52311-52311"]
    assert problem_ids(found) == [("reserved_ports_no_effect", "info")]
    assert found["risk"]["model"] == "estimate"
    assert [entry["action"] for entry in found["actions"]] == ["dns_window"]
    assert summary(found) == ("drifted", False, False, True)
    done = applied(made, found)
    assert summary(plan(done)) == ("pending_reboot", False, False, True)
    done["dns"]["pid"] += 1
    assert summary(plan(done)) == ("safe", True, False, False)


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
