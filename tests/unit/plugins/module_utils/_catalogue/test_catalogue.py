# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The built-in rows and their service keys are consistent."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._catalogue.row import (
    ALL_FAMILIES,
    DETECTIONS,
    HOLDERS,
    HOLDS,
    LOSSES,
    PROTOCOLS,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._catalogue.sbs2003 import (
    CATALOGUE,
    PROFILE_SOURCES,
    PROFILES,
    SERVICE_NAME_RE,
    is_catalogued,
    may_never_start,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import SBS_LIST


def test_the_profile_reserves_the_whole_list() -> None:
    pairs = [pair for row in CATALOGUE if "sbs2003" in row.profiles for pair in row.ports.ranges]
    assert PortSet.from_ranges(pairs).strings() == SBS_LIST


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("sbs2008", "1433-1434 1645-1646 1701-1701 1812-1813 3343-3343 4070-4071 4500-4500"),
        ("sbs2011", "1433-1434 1645-1646 1701-1701 1812-1813 3343-3343 4070-4071 4500-4500"),
        ("radius", "1645-1646 1812-1813"),
        ("vpn", "1194-1194 1701-1701 3544-3544 4500-4500 51820-51820"),
        ("wds", "4011-4011 64001-65000"),
        ("voip", "5060-5060"),
        ("kms", "1688-1688"),
        ("rdp", "3389-3389"),
        ("configmgr", "8004-8004 25536-25536 63000-64000"),
        ("sophos_stas", "5566-5566 6677-6677"),
    ],
)
def test_what_the_other_profiles_reserve(profile: str, expected: str) -> None:
    pairs = [pair for row in CATALOGUE if profile in row.profiles for pair in row.ports.ranges]
    assert " ".join(PortSet.from_ranges(pairs).strings()) == expected


def test_every_profile_has_rows_and_a_source() -> None:
    assert {profile for row in CATALOGUE for profile in row.profiles} == set(PROFILES)
    assert (
        *("configmgr", "kms", "radius", "rdp", "sbs2003", "sbs2008", "sbs2011"),
        *("sophos_stas", "voip", "vpn", "wds"),
    ) == PROFILES
    assert all(PROFILE_SOURCES[profile] for profile in PROFILES)


def test_fifteen_udp_ports_of_the_list_besides_the_one_range_of_isa_2000() -> None:
    pairs = [
        pair
        for row in CATALOGUE
        if "sbs2003" in row.profiles and row.uses_udp and row.name != "isa_2000"
        for pair in row.ports.ranges
    ]
    assert len(PortSet.from_ranges(pairs)) == 15


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.name)
def test_columns_keep_to_their_vocabulary_and_have_a_source(row: Any) -> None:
    assert row.title and row.source
    assert bool(row.ports) == (row.name != "ipsec_policy")
    assert bool(row.service_keys or row.service_patterns) == (row.detection != "profile_only")
    assert row.protocol in PROTOCOLS
    assert row.detection in DETECTIONS
    assert row.hold in HOLDS
    assert row.holder in HOLDERS
    assert row.loss in LOSSES and (row.loss == "harm" or row.hold == "never")
    assert set(row.families) <= set(ALL_FAMILIES)
    assert all(port < 1024 for port in row.verify_ports)
    assert not row.own_sockets or (row.uses_udp and row.detection != "profile_only" and not row.configured)
    assert all(SERVICE_NAME_RE.match(key) for key in row.service_keys + row.requires)
    assert not (row.never_start and row.start_while_dns_down)
    assert not any(may_never_start(key) and row.start_while_dns_down for key in row.service_keys)


@pytest.mark.parametrize(
    ("key", "ports"),
    [
        ("PCNS1", "3052-3052"),
        ("klnagent", "15000-15000"),
        ("AeXNSClient", "52028-52029"),
        ("ADAM_instance1", "50000-50001 50636-50636"),
        ("masvc", "8082-8083"),
        ("SccmPxe", "4011-4011"),
    ],
)
def test_the_ports_of_services_that_administrators_met(key: str, ports: str) -> None:
    pairs = [pair for row in CATALOGUE if row.matches(key) for pair in row.ports.ranges]
    assert " ".join(PortSet.from_ranges(pairs).strings()) == ports


def test_names_of_rows_are_unique() -> None:
    names = [row.name for row in CATALOGUE]
    assert len(names) == len(set(names)) >= 60


def test_ipsec_also_proves_port_500_and_never_reserves_it() -> None:
    ipsec = next(row for row in CATALOGUE if row.name == "ipsec")
    assert ipsec.udp_ports.strings() == ["500-500", "4500-4500"]
    assert 500 not in ipsec.ports


@pytest.mark.parametrize(
    "name",
    [
        "IAS",
        "ias",
        "policyagent",
        "MSSQL$SHAREPOINT",
        "BlackBerry Router",
        "blackberry",
        "W3SVC",
        "MSExchangeIS",
        "WDSServer",
        "WireGuardTunnel$wg_server",
        "netbird",
        "BESClient",
        "AdmPwd.E",
        "ADAM_Edge",
        "QuickBooksDB28",
        "RaMgmtSvc",
        "pcns1",
        "KLNAGENT",
        "AeXNSClient",
        "Sentinel RMS License Manager",
        "SQLANYs_sem5",
    ],
)
def test_catalogued_names(name: str) -> None:
    assert is_catalogued(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "\u212alnagent",
        "SQLANYs_",
        "PCNS",
        "IAS\n",
        "IAS2",
        "MSSQL$",
        "MSSQL$a&b",
        "Dnscache",
        "İAS",
        "xMSSQLSERVER",
        "WireGuardManager",
        "QuickBooksDB",
    ],
)
def test_names_that_are_not_catalogued(name: str) -> None:
    assert not is_catalogued(name)


@pytest.mark.parametrize("name", ["a", "MSSQL$X", "BlackBerry MDS 4.1", "a" * 80])
def test_service_names_that_may_be_sent(name: str) -> None:
    assert SERVICE_NAME_RE.match(name)


@pytest.mark.parametrize("name", ["", "a" * 81, "a\n", "a&b", "a%b", 'a"b', "ä", "a^b", "1٣"])
def test_service_names_that_are_never_sent(name: str) -> None:
    assert not SERVICE_NAME_RE.match(name)


@pytest.mark.parametrize("name", ["ClusSvc", "CLUSSVC", "fwsrv", "wspsrv", "MSExchangeIS", "msexchangesa", "GKSVC"])
def test_services_that_are_never_started(name: str) -> None:
    assert may_never_start(name)
