# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan needs the ports that a service was given. The catalogue's are an assumption, never read as evidence."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import server_2019, service
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import plan, verify

LDS = "ADAM_instance1"
ASSUMED = ["50000-50001", "50636-50636"]
DEFAULT_RANGE = "64001-65000"
BROKEN = "configured_ports_unknown"


def host(configured: Any, *services: str, product_type: str = "LanmanNT", **changes: Any) -> dict[str, Any]:
    """Return a Server 2019 with these services and what the registry holds for their ports."""
    made = server_2019(services={name: service(pid=3000 + at) for at, name in enumerate(services)}, **changes)
    made["os"]["product_type"] = product_type
    made["configured_ports"] = configured
    return made


def excluded(found: dict[str, Any]) -> list[str]:
    """Return what the pool is to leave out."""
    after = {entry["id"]: entry["after"] for entry in found["settings"]}
    return list(after.get("socket_pool_excluded_port_ranges", ()))


def sources(found: dict[str, Any], row: str) -> list[str]:
    """Return where the needs of a row come from."""
    return [need["source"] for need in found["needs"] if need["service"] == row]


def problems(found: dict[str, Any]) -> list[str]:
    """Return ids of the errors."""
    return [problem["id"] for problem in found["problems"] if problem["severity"] == "error"]


def test_an_instance_of_ad_lds_needs_its_own_ports_and_not_those_of_the_catalogue() -> None:
    found = plan(host({LDS: {"Port LDAP": 50389, "Port SSL": 51636}}, LDS))
    assert excluded(found) == ["50389-50389", "51636-51636"]
    assert problems(found) == []
    assert sources(found, "ad_lds_on_dc") == []
    assert sources(found, "ad_lds")[0].startswith("Port LDAP and Port SSL in the registry")


def test_every_instance_has_its_own_ports_and_without_them_those_of_the_catalogue_are_assumed() -> None:
    configured = {"adam_ONE": {"Port LDAP": 50010, "Port SSL": 50011}, "ADAM_two": {"Port LDAP": 389, "Port SSL": 636}}
    found = plan(host(configured, "ADAM_one", "ADAM_two", "ADAM_three"))
    assert excluded(found) == ["50000-50001", "50010-50011", "50636-50636"]
    assert [text.split(":")[0] for text in sources(found, "ad_lds_on_dc")] == [
        "assumed, because the service's own ports were not read from the registry"
    ]


def test_a_member_server_with_the_usual_ldap_ports_needs_nothing_of_the_pool() -> None:
    found = plan(host({LDS: {"Port LDAP": 389, "Port SSL": 636}}, LDS, product_type="ServerNT"))
    assert excluded(found) == []


@pytest.mark.parametrize(
    "values",
    [
        {"Port LDAP": None, "Port SSL": 50011},
        {"Port LDAP": 50010},
        {"Port LDAP": 50010, "Port SSL": 70000},
        {"Port LDAP": 50010, "Port SSL": "50011"},
        None,
        "50010",
    ],
)
def test_ports_that_could_not_be_read_are_unknown_and_the_default_is_only_assumed(values: Any) -> None:
    found = plan(host({LDS: values}, LDS))
    assert problems(found) == [BROKEN]
    assert found["status"] == "unknown"
    assert excluded(found) == ASSUMED


def test_unread_ports_of_a_service_that_is_not_needed_do_not_matter() -> None:
    values = {LDS: {"Port LDAP": None, "Port SSL": None}}
    disabled = host(values, LDS)
    disabled["services"][LDS]["start"] = 4
    assert problems(plan(disabled)) == []
    assert problems(plan(host(values))) == []
    assert problems(plan(host(values, LDS), ignore_services=[LDS])) == []


@pytest.mark.parametrize("fact", [None, [], "?"])
def test_a_fact_that_is_lost_is_unknown_where_a_service_needs_it(fact: Any) -> None:
    assert problems(plan(host(fact, "WDSServer"))) == [BROKEN]
    assert problems(plan(host(fact, "IAS"))) == []


def test_facts_without_the_fact_assume_the_ports_of_the_catalogue() -> None:
    made = host({}, LDS, "WDSServer")
    del made["configured_ports"]
    assert excluded(plan(made)) == [*ASSUMED, DEFAULT_RANGE]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, [DEFAULT_RANGE]),
        ({"UdpPortPolicy": 1}, [DEFAULT_RANGE]),
        ({"UdpPortPolicy": 1, "UdpStartPort": 50000, "UdpEndPort": 50999}, ["50000-50999"]),
        ({"UdpStartPort": 50000, "UdpEndPort": 50000}, ["50000-50000"]),
        ({"UdpPortPolicy": 2, "UdpStartPort": 50000, "UdpEndPort": 50999}, ["50000-50999"]),
        ({"UdpPortPolicy": None, "UdpStartPort": 50000, "UdpEndPort": 50999}, ["50000-50999"]),
        ({"UdpPortPolicy": 0, "UdpStartPort": 64001, "UdpEndPort": 65000}, []),
        ({"UdpPortPolicy": 0, "UdpStartPort": None}, []),
    ],
)
def test_wds_needs_its_own_range_and_none_where_it_takes_any_port(values: dict[str, Any], expected: list[str]) -> None:
    found = plan(host({"WDSServer": values}, "WDSServer"))
    assert (excluded(found), problems(found)) == (expected, [])


@pytest.mark.parametrize(
    "values",
    [
        {"UdpStartPort": 50999, "UdpEndPort": 50000},
        {"UdpStartPort": 50000},
        {"UdpPortPolicy": 1, "UdpStartPort": 0, "UdpEndPort": 50000},
        {"UdpPortPolicy": None, "UdpStartPort": None, "UdpEndPort": 50000},
    ],
)
def test_a_range_that_is_none_is_unknown(values: dict[str, Any]) -> None:
    found = plan(host({"WDSServer": values}, "WDSServer"))
    assert (excluded(found), problems(found)) == ([DEFAULT_RANGE], [BROKEN])


def test_plain_2008_does_not_know_the_policy_of_wds() -> None:
    made = host({"WDSServer": {"UdpPortPolicy": 0, "UdpStartPort": 50000, "UdpEndPort": 50999}}, "WDSServer")
    made["os"].update(release="2008", family="nt6")
    (need,) = [need for need in plan(made)["needs"] if need["service"] == "wds"]
    assert need["ports"] == ["4011-4011", "50000-50999"]


def test_dns_on_the_configured_port_is_a_conflict_and_on_the_default_is_none() -> None:
    configured = {LDS: {"Port LDAP": 50010, "Port SSL": 50011}}
    for port, expected in ((50011, [50011]), (50636, []), (50000, [])):
        made = host(configured, LDS, dns={"udp_ports": {"udp4": ["53-53", f"{port}-{port}"], "udp6": []}})
        made["services"][LDS] = service(state=1, exit_code=10048)
        assert [row["port"] for row in plan(made)["live_conflicts"]] == expected
        failures = verify(made, Policy.from_options())["failures"]
        assert [row["port"] for row in failures if row["service"] == LDS and row["reason"] == "port_taken"] == expected


def test_prune_keeps_the_configured_ports_and_removes_the_default() -> None:
    entries = ["50000-50001", "50010-50011"]
    configured = {LDS: {"Port LDAP": 50010, "Port SSL": 50011}}
    made = host(
        configured,
        LDS,
        settings={
            "socket_pool_excluded_port_ranges": {
                "present": True,
                "type": "REG_MULTI_SZ",
                "data": entries,
                "ranges": entries,
                "bad_entries": [],
            }
        },
    )
    assert excluded(plan(made, prune=True)) == ["50010-50011"]


def test_a_service_that_failed_is_named_with_its_own_ports() -> None:
    made = host({LDS: {"Port LDAP": 50010, "Port SSL": 50011}}, product_type="ServerNT")
    made["services"][LDS] = service(state=1, start=3, exit_code=10048)
    (failed,) = [row for row in plan(made, detect=False)["problems"] if row["id"] == "service_failed_for_port"]
    assert failed["data"]["ports"] == ["50010-50011"]
