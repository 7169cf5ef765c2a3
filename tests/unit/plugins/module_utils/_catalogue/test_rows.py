# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each column of a catalogue row has its effect on a host: no false alarm, and no missed conflict.

The rows themselves are in docs/catalogue.md, which is generated and reviewed.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._catalogue.row import CatalogueRow
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._catalogue.sbs2003 import CATALOGUE
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    DNS_PID,
    facts,
    server_2019,
    service,
    socket,
    with_dns,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import verify

HOSTS = {"nt5": facts, "nt6_r2": server_2019}
PID = 700
STRANGER = 900
CASES = [
    pytest.param(row, family, id=f"{row.name}-{family}")
    for row in CATALOGUE
    if row.service_keys or row.service_patterns
    for family in HOSTS
    if family in row.families
]
WITH_PORTS = [case for case in CASES if case.values[0].udp_ports]
WITH_CERTAIN_PORTS = [case for case in WITH_PORTS if case.values[0].udp_ports - case.values[0].choice]


def keys(row: CatalogueRow) -> st.SearchStrategy[str]:
    """Service keys of a row."""
    patterns = [st.from_regex(pattern, fullmatch=True) for pattern in row.service_patterns]
    return st.one_of(*([st.sampled_from(row.service_keys)] if row.service_keys else []), *patterns)


def host(row: CatalogueRow, family: str, key: str, pids: dict[int, int], dns: tuple[int, ...] = ()) -> dict[str, Any]:
    """Return a host of a family with a running service and its requirements; `pids` hold UDP ports, and so does DNS."""
    made: dict[str, Any] = HOSTS[family](
        udp_endpoints=[socket(port, pid, "holder.exe") for port, pid in sorted(pids.items())],
        udp_ports={"udp4": [f"{port}-{port}" for port in sorted(pids)], "udp6": []},
        dns={"udp_ports": {"udp4": ["53-53", *(f"{port}-{port}" for port in dns)], "udp6": []}},
    )
    if row.product_types:
        made["os"] = {**made["os"], "product_type": row.product_types[0]}
    made["services"] = {name: service(pid=PID + number) for number, name in enumerate((key, *row.requires))}
    return with_dns(made)


def failures(made: dict[str, Any], key: str) -> list[tuple[int | None, str]]:
    """Return port and reason of what is wrong with a service."""
    found = verify(made, Policy.from_options())["failures"]
    return [(row["port"], row["reason"]) for row in found if row["service"] == key]


def held(row: CatalogueRow, family: str) -> dict[int, int]:
    """Return the UDP ports of all rows that share a key with this one, each with the process that should hold it."""
    shared = [
        other
        for other in CATALOGUE
        if family in other.families and (set(other.service_keys) & set(row.service_keys) or other is row)
    ]
    return {port: 4 if other.holder == "system" else PID for other in shared for port in ports(other)}


def ports(row: CatalogueRow) -> list[int]:
    """Return the UDP ports of a row, one by one."""
    return [port for low, high in row.udp_ports.ranges for port in range(low, high + 1)]


@pytest.mark.parametrize(("row", "family"), CASES)
@settings(max_examples=5)
@given(data=st.data())
def test_a_service_that_holds_its_ports_raises_no_alarm(row: CatalogueRow, family: str, data: st.DataObject) -> None:
    key = data.draw(keys(row))
    assert failures(host(row, family, key, held(row, family)), key) == []


@pytest.mark.parametrize(("row", "family"), CASES)
@settings(max_examples=5)
@given(data=st.data())
def test_unheld_ports_are_a_failure_only_where_the_row_says_so(
    row: CatalogueRow, family: str, data: st.DataObject
) -> None:
    key = data.draw(keys(row))
    others = {port: pid for port, pid in held(row, family).items() if port not in ports(row)}
    expected = [] if row.hold == "never" else [(port, "port_not_held") for port in ports(row)]
    assert failures(host(row, family, key, others), key) == expected


@pytest.mark.parametrize(("row", "family"), WITH_CERTAIN_PORTS)
@settings(max_examples=5)
@given(data=st.data())
def test_a_port_that_dns_holds_is_a_failure_of_every_row_that_it_harms(
    row: CatalogueRow, family: str, data: st.DataObject
) -> None:
    certain = [port for port in ports(row) if port not in row.choice]
    key, port = data.draw(keys(row)), data.draw(st.sampled_from(certain))
    others = {number: pid for number, pid in held(row, family).items() if number != port}
    made = host(row, family, key, others, dns=(port,))
    assert ((port, "port_taken") in failures(made, key)) is (row.loss == "harm")
    taken = [found for found in verify(made, Policy.from_options())["failures"] if found["port"] == port]
    assert {found["pid"] for found in taken} == ({DNS_PID} if row.loss == "harm" else set())


@pytest.mark.parametrize(("row", "family"), WITH_PORTS)
@settings(max_examples=5)
@given(data=st.data())
def test_a_port_that_a_stranger_holds_is_a_failure_where_the_row_names_its_holder(
    row: CatalogueRow, family: str, data: st.DataObject
) -> None:
    key, port = data.draw(keys(row)), data.draw(st.sampled_from(ports(row)))
    made = host(row, family, key, held(row, family) | {port: STRANGER})
    named = row.hold != "never" and row.holder != "any_but_dns"
    assert ((port, "port_taken") in failures(made, key)) is named


@pytest.mark.parametrize(("product_type", "needed"), [("LanmanNT", True), (None, True), ("ServerNT", False)])
def test_first_ports_of_ad_lds_are_needed_on_a_domain_controller(product_type: str | None, needed: bool) -> None:
    row = next(row for row in CATALOGUE if row.name == "ad_lds_on_dc")
    made = host(row, "nt6_r2", "ADAM_one", {}, dns=(50000,))
    made["os"] = {**made["os"], "product_type": product_type}
    made["services"]["ADAM_one"] = service(state=1, exit_code=10048)
    assert ((50000, "port_taken") in failures(made, "ADAM_one")) is needed
