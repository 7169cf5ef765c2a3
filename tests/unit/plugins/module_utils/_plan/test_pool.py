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
