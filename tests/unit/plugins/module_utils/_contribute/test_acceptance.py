# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts confirm or refute the open points, and each point is documented."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._contribute.acceptance import (
    POINTS,
    acceptance_points,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    facts,
    number,
    ranges,
    server_2019,
)

CAPTURES = Path(__file__).resolve().parents[3] / "captures"
NT6 = {"family": "nt6", "release": "2008"}


def verdict(name: str, found: dict[str, Any]) -> str:
    (row,) = [row for row in acceptance_points(found) if row["id"] == name]
    assert row["seen"]
    return row["verdict"]


def reserved(entry: str) -> dict[str, Any]:
    return {**ranges(entry), "ranges": [entry]}


CASES = [
    ("output_is_read", facts(), "confirmed"),
    ("output_is_read", facts(problems=[{"id": "sockets_unreadable"}]), "contradicted"),
    ("release_is_known", facts(), "confirmed"),
    ("release_is_known", facts(os={"release": None}), "contradicted"),
    ("pool_is_as_large_as_said", facts(dns={"udp_ports": {"udp4": ["2000-4499"], "udp6": []}}), "confirmed"),
    ("pool_is_as_large_as_said", facts(), "contradicted"),
    ("pool_is_as_large_as_said", facts(settings={"socket_pool_size": number(3000)}), "not_seen"),
    ("pool_is_as_large_as_said", facts(dns={"state": 1}), "not_seen"),
    ("pool_begins_where_said", facts(), "confirmed"),
    ("pool_begins_where_said", facts(settings={"max_user_port": number(2050)}), "contradicted"),
    ("pool_begins_where_said", server_2019(), "not_seen"),
    # The pool is there over IPv6 only.
    (
        "pool_begins_where_said",
        facts(dns={"udp_ports": {"udp4": ["53-53"], "udp6": ["2000-4499"]}, "pool_present": "yes"}),
        "not_seen",
    ),
    ("reservation_keeps_dns_off", facts(settings={"reserved_ports": reserved("3343-3343")}), "confirmed"),
    ("reservation_keeps_dns_off", facts(settings={"reserved_ports": reserved("2000-2000")}), "not_seen"),
    (
        "reservation_keeps_dns_off",
        server_2019(settings={"socket_pool_excluded_port_ranges": reserved("53-53")}),
        "contradicted",
    ),
    ("reservation_keeps_dns_off", facts(), "not_seen"),
    *(
        (
            "reservation_keeps_dns_off",
            server_2019(
                settings={
                    "socket_pool_excluded_port_ranges": {
                        **ranges(entry, registry_type="REG_SZ"),
                        "ranges": [entry],
                    }
                }
            ),
            "not_seen",
        )
        for entry in ("53-53", "4500-4500")
    ),
    ("exclusions_can_be_listed", facts(os=NT6, exclusions={"udp4": [], "udp6": []}), "confirmed"),
    ("exclusions_can_be_listed", facts(os=NT6), "contradicted"),
    ("exclusions_can_be_listed", server_2019(), "not_seen"),
    (
        "excluded_ranges_are_a_list",
        server_2019(settings={"socket_pool_excluded_port_ranges": reserved("4500-4500")}),
        "confirmed",
    ),
    (
        "excluded_ranges_are_a_list",
        server_2019(settings={"socket_pool_excluded_port_ranges": ranges("4500-4500", registry_type="REG_SZ")}),
        "contradicted",
    ),
    ("excluded_ranges_are_a_list", server_2019(), "not_seen"),
    ("max_user_port_moves_no_range", server_2019(settings={"max_user_port": number(65534)}), "confirmed"),
    (
        "max_user_port_moves_no_range",
        server_2019(settings={"max_user_port": number(65534)}, dynamic_ports={"udp4": {"start": 1025, "count": 60000}}),
        "contradicted",
    ),
    ("max_user_port_moves_no_range", facts(), "not_seen"),
]


@pytest.mark.parametrize(("name", "found", "expected"), CASES)
def test_verdict(name: str, found: dict[str, Any], expected: str) -> None:
    assert verdict(name, found) == expected


def test_every_point_has_cases() -> None:
    assert {name for name, _found, _expected in CASES} == set(POINTS)


@pytest.mark.parametrize("text", [b"", (CAPTURES / "transcript-sbs2003.txt").read_bytes()])
def test_any_facts_have_all_points(text: bytes) -> None:
    assert [row["id"] for row in acceptance_points(parse_transcript(text))] == list(POINTS)
