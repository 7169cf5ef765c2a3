# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The holders of UDP ports are read, and whether DNS has a pool."""

from __future__ import annotations

import json
import random

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.port_plan import ARGUMENT_SPEC, run_port_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import (
    facts_of,
    problem_ids,
    sbs2003,
    sbs2003_with,
    section,
)


def test_windows_2000_names_no_processes() -> None:
    rows = "".join(f"  UDP    0.0.0.0:{port}  *:*\n" for port in (500, 1645, 4500))
    facts = sbs2003_with("netstat", rows)
    assert facts["dns"]["udp_ports"] is None
    assert facts["dns"]["pool_present"] == "unknown"
    assert facts["udp_ports"] == {"udp4": ["500-500", "1645-1645", "4500-4500"], "udp6": []}
    assert {(row["pid"], row["process"]) for row in facts["udp_endpoints"]} == {(None, None)}
    assert problem_ids(facts) == ["sockets_without_pid"]


def test_unreadable_sockets_are_not_no_sockets() -> None:
    facts = sbs2003_with("netstat", "", 1)
    assert (facts["udp_ports"], facts["udp_endpoints"], facts["dns"]["udp_ports"]) == (None, None, None)
    assert facts["dns"]["pool_present"] == "unknown"
    assert problem_ids(facts) == ["sockets_unreadable"]


@pytest.mark.parametrize(
    ("setting", "sockets", "expected"),
    [
        ("", 3, "no"),
        ("", 200, "yes"),
        ("    SocketPoolSize\tREG_DWORD\t0x64\n", 100, "unknown"),
        ("    SocketPoolSize\tREG_DWORD\t0x64\n", 200, "yes"),
        ("    SocketPoolSize\tREG_DWORD\t0x9c4\n", 100, "no"),
        ("    SocketPoolSize\tREG_SZ\tx\n", 100, "unknown"),
    ],
)
def test_pool_present(setting: str, sockets: int, expected: str) -> None:
    text = sbs2003().replace("    EnableDirectoryPartitions", f"{setting}    EnableDirectoryPartitions")
    begin, end = text.index("#portkeeper begin netstat"), text.index("#portkeeper begin sql_ports")
    rows = "".join(f"  UDP    0.0.0.0:{port}  *:*  1508\n" for port in range(20000, 20000 + sockets))
    facts = facts_of(text[:begin] + section("netstat", rows) + text[end:])
    assert facts["dns"]["pool_present"] == expected


def test_dns_that_is_stopped_holds_nothing() -> None:
    text = sbs2003()
    begin = text.index("SERVICE_NAME: DNS\n")
    block = text[begin : text.index("SERVICE_NAME: Dnscache")]
    stopped = block.replace(": 4  RUNNING", ": 1  STOPPED").replace(": 1508", ": 0")
    text = text.replace(block, stopped).replace('"dns.exe","1508"', '"old.exe","1508"')
    dns = facts_of(text)["dns"]
    assert (dns["state"], dns["pid"], dns["pool_present"]) == (1, None, "unknown")
    assert dns["udp_ports"] == {"udp4": [], "udp6": []}


def test_address_families_are_apart_and_rows_are_distinct() -> None:
    rows = (
        "  UDP    0.0.0.0:500  *:*  444\n  UDP    0.0.0.0:500  *:*  444\n  UDP    0.0.0.0:500  *:*  1508\n"
        "  UDP    [::]:500  *:*  444\n  UDP    [fe80::1%4]:53  *:*  1508\n"
    )
    facts = sbs2003_with("netstat", rows)
    assert facts["dns"]["udp_ports"] == {"udp4": ["500-500"], "udp6": ["53-53"]}
    assert facts["udp_ports"] == {"udp4": ["500-500"], "udp6": ["500-500"]}
    assert [row["address"] for row in facts["udp_endpoints"]] == ["0.0.0.0", "::"]


def test_too_many_endpoints_keep_those_on_needed_ports() -> None:
    rows = "".join(f"  UDP    0.0.0.0:{port}  *:*  3340\n" for port in (*range(1024, 1600), 4500))
    facts = sbs2003_with("netstat", rows)
    assert facts["udp_endpoints_truncated"] is True
    ports = [row["port"] for row in facts["udp_endpoints"]]
    assert (len(ports), ports[-1], ports) == (500, 4500, sorted(ports))
    assert facts["udp_ports"]["udp4"] == ["1024-1599", "4500-4500"]


def test_result_size_with_two_full_pools_and_120_services() -> None:
    draw = random.Random(951746)
    rows = "".join(
        f"  UDP    {address}:{port}  *:*  1508\n"
        for address in ("0.0.0.0", "[::]")
        for port in draw.sample(range(49152, 65535), 2500)
    )
    block = sbs2003()[sbs2003().index("\nSERVICE_NAME: Alerter") : sbs2003().index("\nSERVICE_NAME: ALG")]
    text = sbs2003().replace(block, "".join(block.replace("Alerter", f"Alerter{n}") for n in range(120)))
    begin, end = text.index("#portkeeper begin netstat"), text.index("#portkeeper begin sql_ports")
    facts = facts_of(text[:begin] + section("netstat", rows) + text[end:])
    assert len(PortSet.from_json(facts["dns"]["udp_ports"]["udp6"])) == 2500
    assert facts["services_total"] == 138
    assert len(json.dumps(facts)) < 16 * 1024


def _with_rows(rows: str) -> str:
    """Return the SBS 2003 host with further rows of netstat."""
    text = sbs2003()
    end = text.index("#portkeeper end netstat")
    return text[:end] + rows + text[end:]


MANY = "".join(f"  UDP    10.{at // 250}.{at % 250}.1:138  *:*  4\n" for at in range(600))
"""A server with many addresses: more rows than the facts hold."""


def test_rows_that_the_policy_needs_are_never_cut() -> None:
    """The row of a foreign holder stood behind 600 others, and what is not named counted as rightful."""
    row = {"name": "agent", "services": ["MSMQ"], "ports": ["65534"]}
    policy = Policy.from_options({"catalogue_extra": [row], "extra_ports": ["65533"], "profiles": []})
    text = _with_rows(MANY + "  UDP    0.0.0.0:65534  *:*  6666\n  UDP    0.0.0.0:65533  *:*  6667\n")
    found = facts_of(text, extra_services=policy.extra_services, extra_ports=policy.watched_ports)
    assert found["udp_endpoints_truncated"]
    held = {entry["port"]: entry["pid"] for entry in found["udp_endpoints"] if entry["port"] > 65000}
    assert held == {65533: 6667, 65534: 6666}
    found["services"]["MSMQ"].update(state=4, start=2, pid=70)
    assert 65534 in {entry["port"] for entry in make_plan(found, policy)["live_conflicts"]}
    blind = facts_of(text)
    blind["services"]["MSMQ"].update(state=4, start=2, pid=70)
    told = make_plan(blind, policy)
    assert told["status"] == "unknown"
    assert {problem["data"]["port"] for problem in told["problems"] if problem["id"] == "holder_unknown"} == {
        65533,
        65534,
    }


def test_port_plan_keeps_the_rows_that_its_policy_needs() -> None:
    options = {**dict.fromkeys(ARGUMENT_SPEC), "transcript": _with_rows(f"{MANY}  UDP    0.0.0.0:65533  *:*  6667\n")}
    found = run_port_plan({**options, "extra_ports": ["65533"]}, lambda _path: b"")["facts"]
    assert found["udp_endpoints_truncated"]
    assert 65533 in {entry["port"] for entry in found["udp_endpoints"]}


@pytest.mark.parametrize("processes", [3, 600])
def test_every_holder_of_a_needed_port_stays_however_many_there_are(processes: int) -> None:
    rows = "".join(f"  UDP    10.{at // 250}.{at % 250}.2:4500  *:*  {5000 + at % processes}\n" for at in range(600))
    found = facts_of(_with_rows(rows))
    held = {entry["pid"] for entry in found["udp_endpoints"] if entry["port"] == 4500}
    assert held >= set(range(5000, 5000 + processes))


def test_a_list_that_names_some_processes_only_says_nothing_of_dns() -> None:
    rows = "  UDP    0.0.0.0:53  *:*\n  UDP    0.0.0.0:4500  *:*\n  UDP    0.0.0.0:500  *:*  460\n"
    found = sbs2003_with("netstat", rows)
    assert found["dns"]["udp_ports"] is None
    assert found["dns"]["pool_present"] == "unknown"
    assert [problem["severity"] for problem in found["problems"]] == ["error"]
    assert make_plan(found, Policy.from_options())["status"] == "unknown"
