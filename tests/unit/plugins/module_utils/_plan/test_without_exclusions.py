# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""2008 R2 and Windows 7 without hotfix 2665809: netsh has no ``excludedportrange`` (KB3039044)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.test_round_trip import (
    LANGUAGES,
    SERVICES_KEY,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.test_round_trip import (
    _services as sc_query,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.test_round_trip import (
    _sockets as netstat,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.whole_hosts import DNS_PID, host
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import service
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import auto_plan, problem_ids
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import facts_of

NOT_FOUND = "The following command was not found: interface {} show excludedportrange protocol=udp.\n"
BOTH = {"excluded_udp4": (NOT_FOUND.format("ipv4"), 1), "excluded_udp6": (NOT_FOUND.format("ipv6"), 1)}
RANGE = "\nProtocol udp Dynamic Port Range\n---------\nStart Port      : 49152\nNumber of Ports : 16384\n\n"


def server(release: str = "2008r2", **sections: tuple[str, int]) -> dict[str, Any]:
    """Return the facts of a server with nothing but DNS, and these answers of netsh."""
    english = LANGUAGES[0]
    made = host(release, english, "utf-8", random.Random(2665809), 1)
    sockets = [("0.0.0.0", 53, DNS_PID, False), ("0.0.0.0", 50123, DNS_PID, False), ("0.0.0.0", 123, 892, False)]
    made.sections["services"] = (sc_query(english, {"DNS": service(pid=DNS_PID)}), 0)
    keys = "".join(f"{SERVICES_KEY}\\{name}\n    Start    REG_DWORD    0x2\n" for name in ("DNS", "Tcpip"))
    made.sections["service_starts"] = (keys, 0)
    made.sections["netstat"] = (netstat(english, sockets), 0)
    made.sections["dns_dependents"] = ("Enum: entriesRead = 0\n", 0)
    made.sections["dns"] = (f"\n{SERVICES_KEY}\\DNS\\Parameters\n    EnableDnssec    REG_DWORD    0x1\n\n", 0)
    made.sections.update({"dynamicport_udp4": (RANGE, 0), "dynamicport_udp6": (RANGE, 0), **sections})
    return facts_of(made.transcript())


def unread(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what the facts say of tables that were not read: severity and message."""
    return [(row["severity"], row["message"]) for row in facts["problems"] if row["id"] == "exclusions_unreadable"]


@pytest.mark.parametrize("release", ["2008r2", "sbs2011", "7"])
def test_a_netsh_without_the_command_is_no_reason_to_know_nothing(release: str) -> None:
    facts = server(release, **BOTH)
    assert facts["exclusions"] == {"udp4": None, "udp6": None}
    assert unread(facts) == [
        (
            "warning",
            f"netsh shows no excluded port ranges over {family}: this release has that only with hotfix 2665809.",
        )
        for family in ("ipv4", "ipv6")
    ]
    planned = auto_plan(facts)
    assert not [entry for entry in problem_ids(planned) if entry[1] == "error"]
    assert planned["status"] != "unknown"


def test_ports_are_still_reserved_in_the_value_of_dns_and_netsh_is_refused_on_request() -> None:
    facts = server(**BOTH)
    (listed,) = auto_plan(facts, extra_ports=["51820"])["settings"]
    assert (listed["id"], listed["after"]) == ("socket_pool_excluded_port_ranges", ["51820-51820"])
    asked = auto_plan(facts, extra_ports=["51820"], use_netsh=True)
    assert ("netsh_context_missing", "error") in problem_ids(asked)
    assert asked["status"] == "unknown"


@pytest.mark.parametrize(
    ("release", "text", "level"),
    [
        ("2012r2", NOT_FOUND.format("ipv4"), 1),
        ("2008r2", NOT_FOUND.format("ipv4"), 0),
        ("2008r2", "", 1),
        ("2008r2", "\nStart Port    End Port\n----------    --------\n", 1),
        ("2008r2", "      5357    53\n", 1),
    ],
)
def test_any_other_answer_without_a_whole_table_is_unknown(release: str, text: str, level: int) -> None:
    facts = server(release, **{**BOTH, "excluded_udp4": (text, level)})
    assert ("error", "The excluded port ranges over ipv4 could not be read.") in unread(facts)
    assert auto_plan(facts)["status"] == "unknown"


def test_a_command_that_shows_no_dynamic_range_either_is_unknown() -> None:
    facts = server(**{**BOTH, "dynamicport_udp6": ("?\n", 1)})
    assert [severity for severity, _message in unread(facts)] == ["warning", "error"]
