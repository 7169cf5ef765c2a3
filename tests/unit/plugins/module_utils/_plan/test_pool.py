# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.host import Host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.pool import pool_of
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    ABSENT,
    UNREAD,
    facts,
    number,
    server_2019,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import plan


def pool(made: dict[str, Any], wanted: int | None = None) -> tuple[Any, list[str]]:
    found, problems = pool_of(Host(made), wanted)
    return found, [problem["id"] for problem in problems]


@pytest.mark.parametrize(
    ("value", "size", "problems"),
    [
        (ABSENT, 2500, []),
        (number(3000), 3000, []),
        (number(0), 1, ["socket_pool_small"]),
        (number(10000), 10000, []),
        (number(20000), 10000, ["socket_pool_size_out_of_range"]),
        (UNREAD, 2500, ["pool_unknown"]),
        ({**number(1), "type": "REG_SZ", "data": "7"}, 2500, []),
    ],
)
def test_sockets_per_family(value: dict[str, Any], size: int, problems: list[str]) -> None:
    found, ids = pool(facts(settings={"socket_pool_size": value}))
    assert (found.size, found.size_after, ids) == (size, size, problems)


SMALL = "socket_pool_small"


def few_sockets(make: Any) -> dict[str, Any]:
    """Return a host on which DNS runs with only a few sockets."""
    return make(dns={"pool_present": "no"}, settings={"socket_pool_size": number(200)})


@pytest.mark.parametrize("make", [facts, server_2019])
def test_a_small_pool_is_named_also_where_only_a_few_sockets_are_seen(make: Any) -> None:
    found, ids = pool(few_sockets(make))
    assert (found.model, found.size, found.size_after, ids) == ("no_pool", None, None, [SMALL])
    planned = plan(few_sockets(make))
    assert planned["risk"]["now"] is None
    (message,) = [problem["message"] for problem in planned["problems"] if problem["id"] == SMALL]
    assert message.startswith("SocketPoolSize is 200, below the default of 2500")


def test_a_small_pool_is_named_also_where_the_dynamic_range_was_not_read() -> None:
    made = server_2019(dynamic_ports={"udp4": None, "udp6": None}, settings={"socket_pool_size": number(2499)})
    found, ids = pool(made)
    assert (found.model, found.size, ids) == ("unknown", None, [SMALL])


def test_a_small_pool_is_not_named_where_the_policy_sets_another_size_or_there_is_no_dns() -> None:
    assert pool(few_sockets(server_2019), 2500)[1] == []
    made = server_2019(dns={"installed": False}, settings={"socket_pool_size": number(200)})
    assert pool(made)[1] == []


@pytest.mark.parametrize("value", [ABSENT, UNREAD, number(2500), {**number(1), "type": "REG_SZ", "data": "7"}])
def test_without_a_pool_no_other_value_of_the_size_is_named(value: dict[str, Any]) -> None:
    assert pool(server_2019(dns={"pool_present": "no"}, settings={"socket_pool_size": value}))[1] == []


def test_a_wanted_size_counts_after_the_reload() -> None:
    found, _ids = pool(facts(), 0)
    assert (found.size, found.size_after, found.reloaded().size) == (2500, 1, 1)


def test_nt5_draws_over_ipv6_only_where_it_is_seen_to() -> None:
    assert pool(facts())[0].to_json() == {"udp4": "1024-65534", "udp6": None}
    made = facts(dns={"udp_ports": {"udp4": ["53-53"], "udp6": ["53-53"]}})
    assert pool(made)[0].to_json() == {"udp4": "1024-65534", "udp6": "1024-65534"}


def test_later_releases_draw_from_the_dynamic_range_of_each_family() -> None:
    lowered = {"start": 1025, "count": 58976}
    made = server_2019(dynamic_ports={"udp4": lowered, "udp6": {"start": 49152, "count": 16384}})
    assert pool(made)[0].to_json() == {"udp4": "1025-60000", "udp6": "49152-65535"}
    assert pool(made)[0].model == "estimate"
    one = server_2019(dynamic_ports={"udp4": lowered, "udp6": None})
    assert pool(one)[0].model == "unknown", "what the other family draws from was not read"


def test_an_impossible_dynamic_range_is_not_used() -> None:
    made = server_2019(dynamic_ports={"udp4": {"start": 60000, "count": 10000}, "udp6": None})
    found, ids = pool(made)
    assert (found.to_json()["udp4"], found.model, ids) == (None, "unknown", ["dynamic_ports_invalid"])


OUTSIDE = "pool_outside_range"


def low_pool(count: int = 250, **parts: Any) -> dict[str, Any]:
    """Return a Server 2003 without MaxUserPort whose DNS holds ports from 1025 on, also 1645."""
    drawn = [f"{port}-{port}" for port in (*range(1025, 1025 + 2 * (count - 1), 2), 4999)]
    settings = {"max_user_port": ABSENT, **parts.pop("settings", {})}
    return facts(settings=settings, dns={"udp_ports": {"udp4": ["53-53", *drawn], "udp6": []}}, **parts)


def test_up_to_2003_a_pool_outside_of_its_range_exposes_the_ports_where_it_lies() -> None:
    found, ids = pool(low_pool())
    assert ids == [OUTSIDE]
    assert found.to_json() == {"udp4": "49152-65535", "udp6": None}
    assert found.seen["udp4"].strings() == ["1025-4999"]
    planned = plan(low_pool())
    assert [need["exposed"] for need in planned["needs"]] == [True, True]
    assert planned["risk"]["now"] > 0.9
    assert planned["risk"]["after_reload"] == 0
    message = next(problem["message"] for problem in planned["problems"] if problem["id"] == OUTSIDE)
    assert "250 UDP ports between 1025 and 4999" in message


def test_the_figure_is_never_better_for_a_pool_that_is_seen_elsewhere() -> None:
    narrow = low_pool(settings={"max_user_port": number(5000)})
    wide = low_pool(settings={"max_user_port": number(5000)})
    wide["dns"]["udp_ports"]["udp4"] += [f"{port}-{port}" for port in range(20000, 60000, 100)]
    assert pool(wide)[1] == [OUTSIDE]
    assert plan(wide)["risk"]["now"] >= plan(narrow)["risk"]["now"]


def test_some_sockets_outside_are_no_pool() -> None:
    assert pool(low_pool(199))[1] == []


def test_from_vista_on_a_pool_from_an_earlier_range_is_named_and_exposes_nothing() -> None:
    made = server_2019()
    made["dns"]["udp_ports"]["udp6"] = ["53-53", *(f"{port}-{port}" for port in range(1025, 1625, 2))]
    found, ids = pool(made)
    assert (ids, found.seen) == ([OUTSIDE], {})


def test_a_size_of_the_wrong_type_is_not_less_than_the_pool_that_is_seen() -> None:
    made = server_2019(settings={"socket_pool_size": {**number(1), "type": "REG_SZ", "data": "5000"}})
    made["dns"]["udp_ports"]["udp4"] = ["53-53", "50000-54999"]
    assert pool(made)[0].size == 5000
