# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool's range and size are right, the pool fits, and its risk is computed."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    ABSENT,
    applied,
    facts,
    number,
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
)


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
    problem, cut = found["problems"]
    assert (cut["id"], cut["data"]["count"]) == ("conflicts_cut", 101)
    assert problem["data"]["free"] == 3977 - 1277 - 2
    assert problem["data"]["pool"] == 2500


def test_a_pool_that_does_not_fit_already_is_reported_only() -> None:
    made = facts(settings={"max_user_port": number(5000), "reserved_ports": ranges("1024-2300", "3343-3343")})
    found = plan(made)
    assert [entry["id"] for entry in found["settings"]] == ["reserved_ports"]
    assert problem_ids(found) == [("pool_does_not_fit", "warning")]


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


@pytest.mark.parametrize("size", [0, 1, 500, 2499])
def test_a_small_pool_that_is_found_is_a_warning_that_says_what_it_weakens(size: int) -> None:
    found = plan(server_2019(settings={"socket_pool_size": number(size)}))
    (problem,) = [problem for problem in found["problems"] if problem["id"] == "socket_pool_small"]
    assert problem["severity"] == "warning"
    assert problem["data"] == {"value": size, "default": 2500}
    assert "MS08-037" in problem["message"] and f"SocketPoolSize is {size}, below the default" in problem["message"]
    assert found["settings"] == [] or all(change["id"] != "socket_pool_size" for change in found["settings"])


@pytest.mark.parametrize("value", [ABSENT, number(2500), number(10000), number(100, "REG_SZ")])
def test_the_default_pool_and_larger_ones_are_not_small(value: dict[str, Any]) -> None:
    found = plan(server_2019(settings={"socket_pool_size": value}))
    assert "socket_pool_small" not in {problem["id"] for problem in found["problems"]}


def test_a_small_pool_that_the_policy_changes_is_no_warning() -> None:
    found = plan(server_2019(settings={"socket_pool_size": number(100)}), socket_pool_size=2500)
    assert "socket_pool_small" not in {problem["id"] for problem in found["problems"]}


def test_a_pool_that_was_made_too_large_for_its_range_is_a_warning_with_the_numbers() -> None:
    made = server_2019(settings={"socket_pool_size": number(10000)})
    made["dynamic_ports"] = {family: {"start": 50000, "count": 10100} for family in ("udp4", "udp6")}
    problems = [problem for problem in plan(made)["problems"] if problem["id"] == "pool_does_not_fit"]
    assert [problem["severity"] for problem in problems] == ["warning", "warning"]
    assert problems[0]["data"] == {"family": "udp4", "pool": 10000, "client_ports": 255, "free": 10100}


@pytest.mark.parametrize("size", [10001, 16129, 0xFFFFFFFF])
def test_a_pool_above_the_documented_size_has_the_numbers_of_the_value_that_was_found(size: int) -> None:
    found = plan(server_2019(services={}, settings={"socket_pool_size": number(size)}))
    (limits,) = [problem for problem in found["problems"] if problem["id"] == "socket_pool_size_out_of_range"]
    assert limits["message"] == (
        f"SocketPoolSize is {size}, outside the documented 0 to 10000: the risk is computed for 10000 sockets."
    )
    problems = [problem for problem in found["problems"] if problem["id"] == "pool_does_not_fit"]
    assert len(problems) == 2 * (size + 255 > 16384)
    for problem, family in zip(problems, ("udp4", "udp6"), strict=False):
        assert problem["severity"] == "warning"
        assert problem["data"] == {"family": family, "pool": size, "client_ports": 255, "free": 16384}
        assert problem["message"] == (
            f"Over {family} a pool of {size} sockets and 255 client ports need {size + 255} ports, but only 16384 are"
            " not reserved: the pool does not fit already, if DNS takes SocketPoolSize as it is."
        )


def test_a_pool_that_does_not_fit_even_with_the_documented_size() -> None:
    made = server_2019(services={}, settings={"socket_pool_size": number(16129)})
    made["dynamic_ports"] = {family: {"start": 50000, "count": 9000} for family in ("udp4", "udp6")}
    problems = [problem for problem in plan(made)["problems"] if problem["id"] == "pool_does_not_fit"]
    assert [problem["data"]["pool"] for problem in problems] == [16129, 16129]
    assert problems[0]["message"].endswith(
        "a pool of 16129 sockets and 255 client ports need 16384 ports, but only 9000 are"
        " not reserved: the pool does not fit already; 10000 sockets would not fit either."
    )


def test_a_pool_above_the_documented_size_that_no_longer_fits_after_the_plan() -> None:
    """16129 sockets and 255 client ports fill the default range exactly: one reserved port is one too many."""
    made = server_2019(services={"BESClient": service(pid=9)}, settings={"socket_pool_size": number(16129)})
    made["udp_endpoints"] = [socket(52311, 9, "BESClient.exe")]
    found = plan(made)
    assert [change["id"] for change in found["settings"]] == ["socket_pool_excluded_port_ranges"]
    problems = [problem for problem in found["problems"] if problem["id"] == "pool_does_not_fit"]
    assert [problem["severity"] for problem in problems] == ["warning", "warning"]
    assert problems[0]["data"] == {"family": "udp4", "pool": 16129, "client_ports": 255, "free": 16383}
    assert problems[0]["message"].endswith(
        "the pool will not fit after this change, if DNS takes SocketPoolSize as it is."
    )
    smaller = plan(made, socket_pool_size=2500)["problems"]
    assert "pool_does_not_fit" not in {problem["id"] for problem in smaller}


def test_a_value_above_the_documented_size_excuses_no_change() -> None:
    """What leaves too few ports for 10000 sockets is refused, although 16130 do not fit already."""
    made = server_2019(services={}, settings={"socket_pool_size": number(16130)})
    found = plan(made, extra_ports=["50000-57000"])
    assert found["settings"] == []
    severities = [problem["severity"] for problem in found["problems"] if problem["id"] == "pool_does_not_fit"]
    assert severities == ["error", "error", "warning", "warning"]


@pytest.mark.parametrize(
    ("installed", "words"),
    [(True, "which are installed was read from the registry"), (False, "nothing can be detected")],
)
def test_without_the_service_manager_the_message_says_what_is_known(installed: bool, words: str) -> None:
    made = facts(services_total=None)
    if not installed:
        made["services"] = {}
    messages = [problem["message"] for problem in plan(made)["problems"] if problem["id"] == "services_unreadable"]
    assert len(messages) == 1 and words in messages[0]
