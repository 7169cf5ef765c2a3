# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values are written, kept or refused, with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    BOOT_MARK,
    NEXT_BOOT_MARK,
    UNREAD,
    applied,
    facts,
    number,
    ranges,
    rebooted,
    recorded,
    server_2019,
    service,
    with_dns,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import (
    DETECTED_LIST,
    after,
    plan,
    problem_ids,
    reason,
    summary,
    with_reserved,
)


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
            "reason": "records ReservedPorts, so that later runs know when the value has taken effect",
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
    assert reason(found) == (
        "joins 1645-1645 and 1646-1646 to 1645-1646, because neighbouring ports that are entered separately are not"
        " correctly reserved (KB812873)"
    )


def test_a_bare_port_is_rewritten_with_the_reason() -> None:
    found = with_reserved("1645-1646", "1801", "1812-1813", "4500-4500")
    assert after(found) == ["1645-1646", "1801-1801", "1812-1813", "4500-4500"]
    assert reason(found) == "writes 1801 as 1801-1801"


def test_order_alone_is_a_reason() -> None:
    found = with_reserved("4500-4500", "1645-1646", "1812-1813")
    assert after(found) == ["1645-1646", "1812-1813", "4500-4500"]
    assert reason(found) == "puts the entries in order"


@pytest.mark.parametrize("entry", ["", " ", "5001-5000", "abc", "0-5", "65536-65536", "1645 - 1646", "5000-5001,6000"])
def test_an_entry_that_is_no_range_is_never_written_over(entry: str) -> None:
    found = with_reserved("3343-3343", entry)
    assert found["settings"] == []
    assert problem_ids(found) == [("unparsable_entry", "error")]
    assert found["problems"][0]["data"] == {"setting": "reserved_ports", "entries": [entry]}
    assert summary(found) == ("drifted", False, False, False)


@pytest.mark.parametrize("entry", ["", "5001-5000", "abc", "0-5", "5001 - 5000", "5000 -", "- 5000", "5000 - 5001 x"])
def test_repair_drops_and_names_the_entry(entry: str) -> None:
    found = with_reserved("3343-3343", entry, repair=True)
    assert after(found) == DETECTED_LIST
    assert f"drops {entry!r}, which is no port range (repair)" in reason(found)
    assert found["settings"][0]["before"] == ["3343-3343", entry]
    assert problem_ids(found) == [("unparsable_entry", "warning")]


SCRIPTED = "3306-3306,8000-9024,40000-40100"
"""What installation scripts in the field write as one text."""


@pytest.mark.parametrize("registry_type", ["REG_SZ", "REG_MULTI_SZ"])
@pytest.mark.parametrize("entry", [SCRIPTED, SCRIPTED.replace(",", "; "), SCRIPTED.replace(",", " "), f"{SCRIPTED},"])
def test_repair_keeps_each_range_of_an_entry_with_separators(entry: str, registry_type: str) -> None:
    value = {**ranges(entry), "type": registry_type, "data": entry if registry_type == "REG_SZ" else [entry]}
    found = plan(facts(settings={"reserved_ports": value}), repair=True)
    assert {"3306-3306", "8000-9024", "40000-40100"} < set(after(found))
    assert found["kept"] == ["3306-3306", "8000-9024", "40000-40100"]
    assert f"splits {entry!r} into an entry for each range (repair)" in reason(found)
    assert "drops" not in reason(found)
    assert {severity for _id, severity in problem_ids(found)} == {"warning"}
    assert found["settings"][0]["before"] == value["data"]


@pytest.mark.parametrize("registry_type", ["REG_SZ", "REG_MULTI_SZ"])
def test_without_repair_the_message_says_what_is_wrong_with_the_entry(registry_type: str) -> None:
    value = {**ranges(SCRIPTED), "type": registry_type, "data": SCRIPTED if registry_type == "REG_SZ" else [SCRIPTED]}
    found = plan(facts(settings={"reserved_ports": value}))
    message = next(problem["message"] for problem in found["problems"] if problem["id"] == "unparsable_entry")
    assert message == (
        f"ReservedPorts has entries with commas, semicolons or spaces ('{SCRIPTED}'), where Windows needs an entry for"
        " each range: nothing is written unless repair is set."
    )
    assert found["settings"] == []


@pytest.mark.parametrize("registry_type", ["REG_SZ", "REG_EXPAND_SZ"])
@pytest.mark.parametrize("ending", ["", r"\0", r"\0\0"])
def test_repair_splits_a_text_at_the_separator_of_reg_add(registry_type: str, ending: str) -> None:
    text = r"3306-3306\08000-9024\050000" + ending
    made = facts(settings={"reserved_ports": ranges(text, registry_type=registry_type)})
    found = plan(made, repair=True)
    assert {"3306-3306", "8000-9024", "50000-50000"} < set(after(found))
    assert f"splits '{text}' into an entry for each range (repair)" in reason(found)
    assert "drops" not in reason(found)
    message = next(problem["message"] for problem in plan(made)["problems"] if problem["id"] == "unparsable_entry")
    assert message == (
        f"ReservedPorts has entries with commas, semicolons, spaces or a \\0 that is text ('{text}'), where Windows"
        " needs an entry for each range: nothing is written unless repair is set."
    )


def test_in_a_list_the_separator_of_reg_add_is_no_separator() -> None:
    entry = r"3306-3306\08000-9024"
    found = with_reserved("3343-3343", entry, repair=True)
    assert after(found) == DETECTED_LIST
    assert f"drops '{entry}', which is no port range (repair)" in reason(found)


@pytest.mark.parametrize(
    "entry", ["5000 - 5001", "5000- 5001", " 5000 -5001 ", "5000 - 5001, 6000", "5000 - 5001 6000"]
)
def test_repair_keeps_a_range_with_spaces_beside_its_dash(entry: str) -> None:
    found = with_reserved("3343-3343", entry, repair=True)
    assert {*DETECTED_LIST, "5000-5001"} <= set(after(found))
    assert ("6000-6000" in after(found)) == ("6000" in entry)
    assert "drops" not in reason(found)


def test_repair_drops_only_the_part_that_is_no_range() -> None:
    found = with_reserved("3343-3343", "5000-5001,abc", repair=True)
    assert after(found) == ["1645-1646", "1812-1813", "3343-3343", "4500-4500", "5000-5001"]
    assert "drops 'abc', which is no port range (repair)" in reason(found)


def test_prune_removes_a_split_range_that_nothing_needs() -> None:
    found = with_reserved("3343-3343,5000-5001", repair=True, prune=True)
    assert after(found) == DETECTED_LIST
    assert "removes 5000-5001, which nothing needs (prune)" in reason(found)


def test_a_wrong_type_is_never_written_over() -> None:
    made = facts(settings={"reserved_ports": ranges("3343-3343", registry_type="REG_SZ")})
    found = plan(made)
    assert found["settings"] == []
    assert problem_ids(found) == [("wrong_type", "error")]
    assert found["status"] == "drifted"
    repaired = plan(made, repair=True)
    assert after(repaired) == DETECTED_LIST
    assert "changes the type from REG_SZ to REG_MULTI_SZ (repair)" in reason(repaired)
    assert (repaired["settings"][0]["type_before"], repaired["settings"][0]["before"]) == ("REG_SZ", "3343-3343")


@pytest.mark.parametrize(("registry_type", "data"), [("REG_DWORD", 4242), ("REG_BINARY", "4242")])
def test_digits_of_another_type_are_no_ports(registry_type: str, data: Any) -> None:
    value = {**ranges("x"), "type": registry_type, "data": data}
    found = plan(facts(settings={"reserved_ports": value}), repair=True)
    assert after(found) == ["1645-1646", "1812-1813", "4500-4500"]
    assert "drops '4242'" in reason(found)


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
    assert "removes 5000-5001, which nothing needs (prune)" in reason(found)
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


def test_pool_size_is_written_where_dns_is() -> None:
    found = plan(facts(), socket_pool_size=3000)
    assert found["settings"][1]["after"] == 3000
    assert found["settings"][1]["takes_effect"] == "dns_restart"
    reason = "sets the pool to 3000 sockets per address family (was absent, which means 2500)"
    assert found["settings"][1]["reason"] == reason
    assert [entry["action"] for entry in found["actions"]] == ["dns_window", "reboot"]
    assert found["actions"][0]["services_to_start"] == []
    member = facts(dns={"installed": False, "state": None, "pid": None, "pool_present": "no"})
    assert [entry["id"] for entry in plan(member, socket_pool_size=3000)["settings"]] == ["reserved_ports"]


def test_a_pool_size_of_another_type_names_both_types_and_what_happens() -> None:
    made = facts(settings={"socket_pool_size": ranges("2500", registry_type="REG_SZ")})
    messages = [
        next(problem["message"] for problem in plan(made, **options)["problems"] if problem["id"] == "wrong_type")
        for options in ({}, {"socket_pool_size": 2500}, {"socket_pool_size": 2500, "repair": True})
    ]
    wrong = "SocketPoolSize is REG_SZ where Windows needs REG_DWORD"
    assert messages == [
        f"{wrong}.",
        f"{wrong}: nothing is written unless repair is set.",
        f"{wrong}: repair corrects it unless an error forbids the change.",
    ]
    written = plan(made, socket_pool_size=2500, repair=True)["settings"][1]
    assert written["reason"] == "sets the pool to 2500 sockets per address family (was 2500 as REG_SZ)"


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
    assert "writes 52311 as 52311-52311" in setting["reason"]
    assert found["kept"] == ["51000-51010", "52311-52311"]
    assert problem_ids(found) == [("reserved_ports_no_effect", "info")]
    assert found["risk"]["model"] == "estimate"
    assert [entry["action"] for entry in found["actions"]] == ["dns_window"]
    assert summary(found) == ("drifted", False, False, True)
    done = applied(made, found)
    assert summary(plan(done)) == ("pending_restart", False, False, True)
    done["dns"]["pid"] += 1
    assert summary(plan(with_dns(done))) == ("safe", True, False, False)
