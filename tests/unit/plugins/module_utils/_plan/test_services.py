# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.host import Host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.needs import relevant_rows
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.services import (
    find_services_to_start,
    judge_services,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    BOOT_MARK,
    DNS_PID,
    NEXT_BOOT_MARK,
    conflict_facts,
    facts,
    recorded,
    server_2019,
    service,
    socket,
    with_dns,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import verify

POLICY = Policy.from_options()


def failure(name: str | None, port: int | None, reason: str, **more: Any) -> dict[str, Any]:
    row = {"service": name, "port": port, "protocol": "udp" if port else None, "reason": reason}
    return {**row, "error": None, "holder": None, "pid": None, **more}


def only(name: str, found: dict[str, Any], *sockets: dict[str, Any], dns: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a host with one catalogued service."""
    made = facts(
        udp_endpoints=list(sockets),
        udp_ports={"udp4": sorted({f"{row['port']}-{row['port']}" for row in sockets}), "udp6": []},
        dns={"udp_ports": {"udp4": ["53-53", *dns], "udp6": []}},
    )
    made["services"] = {name: found}
    return with_dns(made)


def on_2000(name: str, found: dict[str, Any], *sockets: dict[str, Any]) -> dict[str, Any]:
    """Return the same host as Windows 2000, whose netstat names no process: DNS's sockets are among the others."""
    made = only(name, found, *sockets)
    made["os"].update(release="2000", nt="5.0", sbs=False)
    made["dns"]["udp_ports"] = None
    made["udp_ports"]["udp4"].insert(0, "53-53")
    return made


def services_to_start(host_facts: dict[str, Any], **options: Any) -> tuple[tuple[str, ...], bool]:
    host, policy = Host(host_facts), Policy.from_options(options)
    found = find_services_to_start(host, policy, judge_services(host, policy, relevant_rows(host, policy), {}))
    return found.services, found.need_window


def test_a_healthy_host() -> None:
    verdict = verify(facts(), POLICY)
    assert verdict["ok"]
    assert verdict["failures"] == []
    assert [(row["service"], row["row"], row["ok"]) for row in verdict["services"]] == [
        ("DNS", "dns_server", True),
        ("IAS", "ias", True),
        ("PolicyAgent", "ipsec", True),
    ]


def test_the_conflict_names_dns_its_pid_and_the_error() -> None:
    verdict = verify(conflict_facts(), POLICY)
    assert not verdict["ok"]
    assert verdict["failures"] == [
        failure("IAS", 1645, "port_taken", error=10048, holder="dns.exe", pid=DNS_PID),
        failure("PolicyAgent", 4500, "port_taken", error=10048, holder="dns.exe", pid=DNS_PID),
    ]


# Normal states of real servers that must raise no alarm.
NORMAL = {
    "SQLBrowser": only("SQLBrowser", service(pid=700), socket(1434, 700, "sqlbrowser.exe")),
    "MSSQLSERVER": only("MSSQLSERVER", service(pid=701)),
    "MSSQL$SBSMONITORING": only("MSSQL$SBSMONITORING", service(pid=701)),
    "IAS": only("IAS", service(pid=9), *(socket(port, 9, "svchost.exe") for port in (1645, 1646, 1812, 1813))),
    "RemoteAccess by System": only("RemoteAccess", service(pid=800), socket(1701, 4, "System")),
    "RemoteAccess without L2TP": only("RemoteAccess", service(pid=800)),
    "RemoteAccess disabled": only("RemoteAccess", service(1, 4, None, 10048), dns=("1701-1701",)),
    "GKSVC": only("GKSVC", service(pid=5), socket(1718, 5, "gksvc.exe"), socket(1719, 5, "gksvc.exe")),
    "wspsrv": only("wspsrv", service(pid=6), socket(3501, 6, "wspsrv.exe")),
    "fwsrv": only("fwsrv", service(pid=6), dns=("1080-1080", "1745-1745")),
    "MSMQ without UDP": only("MSMQ", service(pid=7)),
    "MSExchangeIS before AUTD binds": only("MSExchangeIS", service(pid=8)),
    "ClusSvc": only("ClusSvc", service(pid=10), socket(3343, 4, "System")),
    "BlackBerry Router": only("BlackBerry Router", service(pid=11)),
    "PolicyAgent": only("PolicyAgent", service(pid=12), socket(500, 12, "lsass.exe"), socket(4500, 12, "lsass.exe")),
    "stopped on purpose": only("IAS", service(1, 2, None, 0)),
    "demand start": only("SQLBrowser", service(1, 3, None, 1077), dns=("1434-1434",)),
    "holder without PID on Windows 2000": on_2000(
        "PolicyAgent", service(pid=12), socket(500, None, None), socket(4500, None, None)
    ),
}


def later(name: str, found: dict[str, Any], *sockets: dict[str, Any]) -> dict[str, Any]:
    """Return a host of today with one catalogued service."""
    made = server_2019(
        udp_endpoints=list(sockets),
        udp_ports={"udp4": sorted({f"{row['port']}-{row['port']}" for row in sockets}), "udp6": []},
        dns={"udp_ports": {"udp4": ["53-53"], "udp6": []}},
    )
    made["services"] = {name: found}
    return with_dns(made)


NORMAL_LATER = {
    "IKEEXT": later("IKEEXT", service(pid=12), socket(500, 12, "svchost.exe"), socket(4500, 12, "svchost.exe")),
    "IKEEXT not triggered": later("IKEEXT", service(1, 3, None, 1077, trigger=True)),
    "PolicyAgent not triggered": later("PolicyAgent", service(1, 3, None, 1077, trigger=True)),
    "PolicyAgent holds nothing": later("PolicyAgent", service(pid=13)),
    "WDSServer binds on demand": later("WDSServer", service(pid=14)),
    "WireGuardTunnel$wg0 by the kernel": later("WireGuardTunnel$wg0", service(pid=15), socket(51820, 4, "System")),
    "Netbird": later("Netbird", service(pid=16), socket(51820, 16, "netbird.exe")),
    "OpenVPNService as a client": later("OpenVPNService", service(pid=17)),
    "BESClient": later("BESClient", service(pid=18), socket(52311, 18, "BESClient.exe")),
    "AdmPwd.E.PDS": later("AdmPwd.E.PDS", service(pid=19)),
    "ADAM_MSExchange": later("ADAM_MSExchange", service(pid=20)),
    "QuickBooksDB33": later("QuickBooksDB33", service(pid=21)),
    "iphlpsvc without DirectAccess": later("iphlpsvc", service(pid=22)),
}


@pytest.mark.parametrize("name", NORMAL_LATER)
def test_no_false_alarm_on_later_releases(name: str) -> None:
    assert verify(NORMAL_LATER[name], POLICY)["failures"] == []


@pytest.mark.parametrize("name", NORMAL)
def test_no_false_alarm(name: str) -> None:
    assert verify(NORMAL[name], POLICY)["failures"] == []


def test_autd_is_hit_when_dns_holds_its_port_although_the_service_runs() -> None:
    made = only("MSExchangeIS", service(pid=8), dns=("2883-2883",))
    assert verify(made, POLICY)["failures"] == []
    made["services"]["W3SVC"] = service(pid=20)
    assert verify(made, POLICY)["failures"] == [
        failure("MSExchangeIS", 2883, "port_taken", holder="dns.exe", pid=DNS_PID)
    ]
    assert services_to_start(made) == ((), False)


def test_a_running_service_that_does_not_hold_its_port() -> None:
    made = only("PolicyAgent", service(pid=12), socket(500, 12, "lsass.exe"))
    assert verify(made, POLICY)["failures"] == [failure("PolicyAgent", 4500, "port_not_held")]


def test_a_port_that_somebody_else_holds() -> None:
    made = only("PolicyAgent", service(pid=12), socket(500, 12, "lsass.exe"), socket(4500, 99, "vpn.exe"))
    assert verify(made, POLICY)["failures"] == [failure("PolicyAgent", 4500, "port_taken", holder="vpn.exe", pid=99)]


def test_the_rightful_owner_beside_dns_is_no_conflict() -> None:
    made = only(
        "PolicyAgent",
        service(pid=12),
        socket(500, 12, "lsass.exe"),
        socket(4500, 12, "lsass.exe", "192.168.16.2"),
        dns=("4500-4500",),
    )
    assert verify(made, POLICY)["ok"]


def test_ipv6_is_a_port_space_of_its_own() -> None:
    made = server_2019(dns={"udp_ports": {"udp4": ["53-53"], "udp6": ["4500-4500"]}})
    assert verify(made, POLICY)["failures"] == [failure("IKEEXT", 4500, "port_taken", holder="dns.exe", pid=DNS_PID)]


@pytest.mark.parametrize(("state", "exit_code"), [(1, 2), (1, 1066), (1, None), (3, 0), (5, 0), (6, 0), (7, 0)])
def test_a_service_that_is_down_for_another_reason_is_reported_and_never_started(
    state: int | None, exit_code: int | None
) -> None:
    found = {**service(exit_code=exit_code), "state": state}
    made = only("IAS", found)
    assert verify(made, POLICY)["failures"] == [failure("IAS", None, "not_running", error=exit_code)]
    assert services_to_start(made) == ((), False)


def test_a_trigger_started_service_is_at_fault_only_when_its_port_is_held() -> None:
    made = server_2019()
    made["services"]["IKEEXT"] = service(1, 3, None, 1077, trigger=True)
    made["udp_endpoints"] = [row for row in made["udp_endpoints"] if row["port"] not in (500, 4500)]
    made["udp_ports"] = {"udp4": ["1645-1646", "1812-1813"], "udp6": []}
    assert verify(made, POLICY)["ok"]
    assert [row["note"] for row in verify(made, POLICY)["services"] if row["service"] == "IKEEXT"] == ["trigger_start"]
    made["dns"]["udp_ports"]["udp4"] = ["4500-4500"]
    assert [row["reason"] for row in verify(made, POLICY)["failures"]] == ["port_taken"]


def test_a_block_that_no_administrator_made_is_named() -> None:
    made = server_2019(exclusions={"udp4": [{"start": 1800, "end": 1899, "administered": False}], "udp6": []})
    made["services"]["IAS"] = service(1, 2, None, 10013)
    made["udp_endpoints"] = [row for row in made["udp_endpoints"] if row["port"] < 1812 or row["port"] == 4500]
    made["udp_ports"] = {"udp4": ["500-500", "4500-4500"], "udp6": []}
    found = [row for row in verify(made, POLICY)["failures"] if row["reason"] == "port_excluded"]
    assert found == [
        failure("IAS", 1812, "port_excluded", error=10013),
        failure("IAS", 1813, "port_excluded", error=10013),
    ]
    assert services_to_start(made) == ((), False)


def test_a_port_of_the_user_that_dns_holds() -> None:
    policy = Policy.from_options({"extra_ports": ["2050"]})
    assert verify(facts(), policy)["failures"] == [failure(None, 2050, "port_taken", holder="dns.exe", pid=DNS_PID)]


@pytest.mark.parametrize(
    "change", [{"services_total": None}, {"services_total": 0}, {"udp_endpoints": None, "udp_ports": None}]
)
def test_unknown_is_never_ok(change: dict[str, Any]) -> None:
    assert verify(facts(**change), POLICY)["failures"][-1] == failure(None, None, "unreadable")


def test_ignored_services_are_not_judged() -> None:
    for name in ("IAS", "ias"):
        policy = Policy.from_options({"ignore_services": [name, "ipsec", "dns"]})
        assert verify(conflict_facts(), policy) == {"ok": True, "services": [], "failures": []}


def test_victims_in_catalogue_order() -> None:
    assert services_to_start(conflict_facts()) == (("IAS", "PolicyAgent"), True)


def test_free_ports_need_no_window() -> None:
    made = conflict_facts(dns={"udp_ports": {"udp4": ["53-53"], "udp6": []}})
    assert services_to_start(made) == (("IAS", "PolicyAgent"), False)


def test_a_port_of_somebody_else_needs_a_person() -> None:
    made = conflict_facts(udp_endpoints=[socket(4500, 99, "vpn.exe")], udp_ports={"udp4": ["4500-4500"], "udp6": []})
    made["dns"]["udp_ports"]["udp4"] = ["1645-1645"]
    assert services_to_start(made) == (("IAS",), True)


@pytest.mark.parametrize("exit_code", [10048, 10013, 32])
def test_the_three_port_errors(exit_code: int) -> None:
    assert services_to_start(only("IAS", service(1, 2, None, exit_code), dns=("1812-1812",))) == (("IAS",), True)


@pytest.mark.parametrize(("exit_code", "started"), [(10048, ("IAS",)), (10013, ("IAS",)), (32, ())])
def test_a_sharing_violation_starts_nothing_whose_port_nobody_holds(exit_code: int, started: tuple[str, ...]) -> None:
    assert services_to_start(only("IAS", service(1, 2, None, exit_code))) == (started, False)


@pytest.mark.parametrize(
    "found",
    [service(1, 3, None, 10048), service(1, 4, None, 10048), service(1, 2, None, 0), service(2, 2, None, 10048)],
)
def test_only_automatic_services_that_failed_for_their_port(found: dict[str, Any]) -> None:
    assert services_to_start(only("IAS", found, dns=("1812-1812",)))[0] == ()


@pytest.mark.parametrize("name", ["ClusSvc", "fwsrv", "wspsrv", "MSExchangeIS", "GKSVC"])
def test_cluster_isa_and_exchange_are_never_started(name: str) -> None:
    ports = ("1718-1718", "1745-1745", "2883-2883", "3343-3343", "3500-3619")
    made = only(name, service(1, 2, None, 10048), dns=ports)
    made["services"]["W3SVC"] = service(pid=20)
    assert services_to_start(made) == ((), False)


def test_a_user_s_row_cannot_make_us_start_exchange() -> None:
    extra = [{"name": "pop", "services": ["MSExchangePOP3"], "ports": ["5000"]}]
    made = only("MSExchangePOP3", service(1, 2, None, 10048), dns=("5000-5000",))
    assert services_to_start(made, catalogue_extra=extra) == ((), False)


def test_a_user_s_row_whose_service_may_be_started() -> None:
    extra = [{"name": "wg", "services": ["WG$1"], "ports": ["51820"], "start_while_dns_down": True}]
    made = only("WG$1", service(1, 2, None, 10048), dns=("51820-51820",))
    assert services_to_start(made, catalogue_extra=extra) == (("WG$1",), True)


def test_start_services_names_exceptions() -> None:
    made = only("IAS", service(1, 2, None, 0), dns=("1812-1812",))
    assert services_to_start(made, start_services=["ias"]) == (("IAS",), True)


def test_a_window_that_failed_is_not_repeated_in_the_same_boot() -> None:
    made = conflict_facts(state=recorded({"dns_window": "IAS"}, BOOT_MARK))
    assert services_to_start(made) == (("PolicyAgent",), True)
    made = conflict_facts(state=recorded({"dns_window": "IAS"}, NEXT_BOOT_MARK))
    assert services_to_start(made) == (("IAS", "PolicyAgent"), True)


def test_without_the_sockets_nothing_is_started() -> None:
    assert services_to_start(conflict_facts(udp_endpoints=None, udp_ports=None)) == ((), False)
