# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that failed for its port is reported, whether or not the catalogue knows it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    DNS_PID,
    facts,
    server_2019,
    service,
    socket,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import plan

FAILED = "service_failed_for_port"


def failed(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the problems about services that failed for their port."""
    return [problem for problem in found["problems"] if problem["id"] == FAILED]


def stopped(name: str, exit_code: int, start: int | None = 2, **changes: Any) -> dict[str, Any]:
    """Return a Server 2019 on which a service is stopped with an exit code."""
    return server_2019(services={name: service(state=1, start=start, exit_code=exit_code, **changes)})


@pytest.mark.parametrize("trigger", [False, True])
@pytest.mark.parametrize("error", [10048, 10013])
def test_an_automatic_service_that_no_row_knows_is_down(error: int, trigger: bool) -> None:
    found = plan(stopped("SageAdvantageSvc", error, trigger=trigger))
    (problem,) = failed(found)
    assert problem["severity"] == "warning"
    assert problem["data"] == {
        "service": "SageAdvantageSvc",
        "start": 2,
        "error": error,
        "ports": [],
        "held_by_dns": [],
    }
    assert problem["message"].startswith(f"SageAdvantageSvc failed for its port with error {error} (")
    for option in ("catalogue_extra", "ignore_services", "accepted_risks"):
        assert option in problem["message"]
    assert found["status"] == "service_down"


@pytest.mark.parametrize("name", ["Sage 50 (UK) Data", "R&D+Sync", "Gerätedienst"])
def test_every_name_that_the_service_manager_allows_can_be_ignored(name: str) -> None:
    assert plan(stopped(name, 10048))["status"] == "service_down"
    assert failed(plan(stopped(name, 10048), ignore_services=[name.upper()])) == []


@pytest.mark.parametrize("start", [3, 4])
def test_a_service_on_demand_or_disabled_is_information(start: int) -> None:
    found = plan(stopped("SageAdvantageSvc", 10048, start=start))
    assert [problem["severity"] for problem in failed(found)] == ["info"]
    assert found["status"] != "service_down"


@pytest.mark.parametrize("make", [facts, server_2019])
@pytest.mark.parametrize("name", ["BESClient", "RemoteAccess", "SQLBrowser"])
@pytest.mark.parametrize("error", [10048, 10013])
def test_a_service_of_the_catalogue_on_demand_is_information_while_its_ports_are_free(
    error: int, name: str, make: Any
) -> None:
    made = make()
    made["services"][name] = service(state=1, start=3, exit_code=error)
    found = plan(made)
    (problem,) = failed(found)
    assert (problem["severity"], problem["data"]["service"]) == ("info", name)
    assert "ignore_services" in problem["message"]
    made["services"][name]["win32_exit_code"] = 0
    assert found["status"] == plan(made)["status"] != "service_down"


@pytest.mark.parametrize("trigger", [False, True])
def test_on_later_releases_ipsec_on_demand_is_information_and_a_conflict_while_dns_holds_its_port(
    trigger: bool,
) -> None:
    made = server_2019(services={"IKEEXT": service(state=1, start=3, exit_code=10048, trigger=trigger)})
    made["udp_endpoints"] = [row for row in made["udp_endpoints"] if row["port"] not in (500, 4500)]
    made["udp_ports"]["udp4"] = ["1645-1646", "1812-1813"]
    assert [(problem["severity"], problem["data"]["service"]) for problem in failed(plan(made))] == [("info", "IKEEXT")]
    made["dns"]["udp_ports"]["udp4"] = ["53-53", "4500-4500"]
    found = plan(made)
    assert (found["status"], failed(found)) == ("conflict", [])


def test_another_process_on_the_port_of_a_service_on_demand_that_failed_is_a_conflict() -> None:
    made = facts(services={"RemoteAccess": service(state=1, start=3, exit_code=10048)})
    made["udp_endpoints"].append(socket(1701, 4711, "vpn.exe"))
    made["udp_ports"]["udp4"].append("1701-1701")
    assert plan(made)["status"] == "conflict"


def test_a_service_that_the_policy_always_wants_is_down_also_on_demand() -> None:
    extra = [{"name": "sage", "services": ["Sage"], "ports": ["8000"], "hold": "always"}]
    found = plan(facts(services={"Sage": service(state=1, start=3, exit_code=10048)}), catalogue_extra=extra)
    assert found["status"] == "service_down"


def test_a_start_that_could_not_be_read_is_no_excuse() -> None:
    assert plan(stopped("SageAdvantageSvc", 10048, start=None))["status"] == "service_down"


@pytest.mark.parametrize("exit_code", [0, 1, 1066, 1077, 2])
def test_other_exit_codes_are_not_about_a_port(exit_code: int) -> None:
    assert failed(plan(stopped("SageAdvantageSvc", exit_code))) == []


def test_a_service_that_runs_again_has_not_failed() -> None:
    made = server_2019(services={"SageAdvantageSvc": service(pid=4711, exit_code=10048)})
    assert failed(plan(made)) == []


def test_a_sharing_violation_counts_only_with_a_known_port_that_is_held() -> None:
    assert failed(plan(stopped("SageAdvantageSvc", 32))) == []
    extra = [{"name": "sage", "services": ["Other"], "ports": ["8000"]}]
    assert failed(plan(stopped("klnagent", 32, start=4), catalogue_extra=extra)) == []
    held = stopped("klnagent", 32, start=4)
    held["udp_endpoints"].append(socket(15000, 4711, "other.exe"))
    held["udp_ports"]["udp4"].append("15000-15000")
    (problem,) = failed(plan(held))
    assert (problem["data"]["ports"], problem["data"]["held_by_dns"]) == (["15000-15000"], [])


@pytest.mark.parametrize(("start", "status"), [(2, "service_down"), (3, "drifted"), (4, "drifted")])
def test_a_sharing_violation_while_its_port_is_free_says_only_that_a_service_does_not_run(
    start: int, status: str
) -> None:
    made = facts(services={"SQLBrowser": service(state=1, start=start, exit_code=32)})
    found = plan(made)
    assert (found["status"], found["live_conflicts"], failed(found)) == (status, [], [])
    assert "failed for its port" not in str(found["problems"])
    assert "SQLBrowser" not in str(found["actions"])


def test_a_sharing_violation_of_a_service_that_a_trigger_starts_is_no_finding_while_its_port_is_free() -> None:
    made = server_2019(services={"SQLBrowser": service(state=1, exit_code=32, trigger=True)})
    other = server_2019(services={"SQLBrowser": service(state=1, exit_code=2, trigger=True)})
    assert plan(made)["status"] == plan(other)["status"] != "service_down"


def not_running(exit_code: int) -> dict[str, Any]:
    """Return the problem of an automatic service of the catalogue that does not run, and whose ports are free."""
    found = plan(facts(services={"SQLBrowser": service(state=1, exit_code=exit_code)}))
    (problem,) = [problem for problem in found["problems"] if problem["id"] == "service_not_running"]
    return problem


@pytest.mark.parametrize("error", [10048, 10013])
def test_a_service_of_the_catalogue_that_failed_for_its_port_names_how_it_is_accepted(error: int) -> None:
    problem = not_running(error)
    assert problem["data"] == {"service": "SQLBrowser", "port": None, "error": error}
    assert problem["message"].startswith(f"SQLBrowser does not run: it failed with error {error} (")
    assert problem["message"].endswith(
        "). If that is accepted, name the service in ignore_services, or for some time in accepted_risks."
    )


@pytest.mark.parametrize("error", [32, 2])
def test_a_service_of_the_catalogue_that_does_not_run_for_another_reason_is_not_to_be_accepted(error: int) -> None:
    assert "accepted" not in not_running(error)["message"]


def test_ports_that_dns_holds_are_named_where_they_are_known() -> None:
    made = stopped("klnagent", 10048, start=4)
    made["dns"]["udp_ports"]["udp4"] = ["53-53", "15000-15000", "50000-50100"]
    (problem,) = failed(plan(made))
    assert problem["data"]["held_by_dns"] == ["15000-15000"]
    assert "DNS holds UDP 15000 of its ports" in problem["message"]
    assert "catalogue_extra" not in problem["message"]


def test_a_tcp_service_of_the_catalogue_is_not_left_out() -> None:
    found = plan(stopped("MSSQLSERVER", 10048))
    (problem,) = failed(found)
    assert problem["data"]["service"] == "MSSQLSERVER"
    assert "the catalogue lists only TCP 1433 for it, which DNS does not take" in problem["message"]
    assert "does not know it" not in problem["message"]
    assert found["status"] == "service_down"


def test_without_detection_a_service_of_the_catalogue_is_not_left_out() -> None:
    made = facts(services={"IAS": service(state=1, exit_code=10048)})
    made["dns"]["udp_ports"]["udp4"] = ["53-53", "1812-1812", "2000-2100"]
    (problem,) = failed(plan(made, detect=False, profiles=[]))
    assert problem["data"]["held_by_dns"] == ["1812-1812"]


def test_a_service_that_another_problem_names_is_not_named_twice() -> None:
    found = plan(facts(services={"IAS": service(state=1, exit_code=10048)}))
    assert failed(found) == []
    assert {conflict["service"] for conflict in found["live_conflicts"]} == {"IAS"}


@pytest.mark.parametrize("name", ["SageAdvantageSvc", "sageadvantagesvc"])
def test_ignore_services_silences_it(name: str) -> None:
    found = plan(stopped("SageAdvantageSvc", 10048), ignore_services=[name])
    assert failed(found) == []
    assert found["status"] != "service_down"


def test_ignore_services_with_the_name_of_the_row_silences_it() -> None:
    assert failed(plan(stopped("klnagent", 10048, start=4), ignore_services=["kaspersky_agent"])) == []


@pytest.mark.parametrize(
    ("name", "row", "others", "tcp"),
    [("MSSQLSERVER", "sql_resolution", ["sql_server"], "1433"), ("fwsrv", "isa_socks", ["isa_client_2004"], "1745")],
)
def test_one_ignored_row_does_not_silence_a_service_that_other_rows_describe(
    name: str, row: str, others: list[str], tcp: str
) -> None:
    made = facts(services={name: service(state=1, exit_code=10048)})
    found = plan(made, ignore_services=[row])
    (problem,) = failed(found)
    assert (problem["severity"], problem["data"]["service"]) == ("warning", name)
    assert f"TCP {tcp} for it" in problem["message"]
    assert found["status"] == "service_down"
    for ignored in ([row, *others], [name]):
        found = plan(made, ignore_services=ignored)
        assert (failed(found), found["status"]) == ([], "drifted")


def test_a_row_of_another_release_need_not_be_ignored_too() -> None:
    found = plan(stopped("MSSQLSERVER", 10048), ignore_services=["sql_server"])
    assert failed(found) == []


@pytest.mark.parametrize("product_type", ["LanmanNT", None])
def test_a_row_of_another_role_of_the_host_need_not_be_ignored_too(product_type: str | None) -> None:
    made = stopped("ADAM_app", 10048)
    made["os"]["product_type"] = "ServerNT"
    assert failed(plan(made, ignore_services=["ad_lds"])) == []
    made["os"]["product_type"] = product_type
    assert plan(made, ignore_services=["ad_lds"])["status"] == "service_down"
    assert failed(plan(made, ignore_services=["ad_lds", "ad_lds_on_dc"])) == []


def test_powerchute_on_sbs_2003_whose_port_dns_holds_is_a_conflict() -> None:
    made = facts(services={"PCNS1": service(state=1, exit_code=10048)})
    made["dns"]["udp_ports"]["udp4"] = ["53-53", "2000-2100", "3052-3052"]
    found = plan(made)
    assert found["live_conflicts"] == [
        {"port": 3052, "service": "PCNS1", "holder": "dns.exe", "pid": DNS_PID, "error": 10048}
    ]
    assert found["status"] == "conflict"
    assert failed(found) == []


def tunnel(exit_code: int = 32, **parts: Any) -> dict[str, Any]:
    """Return a server whose WireGuard tunnel failed, as in a public report."""
    services = {"WireGuardTunnel$wg_server": service(state=1, exit_code=exit_code)}
    return server_2019(services=services, **parts)


def test_a_product_with_a_sharing_violation_although_its_usual_port_is_free_may_have_another_one() -> None:
    found = plan(tunnel())
    (problem,) = failed(found)
    assert problem["severity"] == "info"
    assert problem["message"] == (
        "WireGuardTunnel$wg_server ended with error 32 (sharing violation), which can mean a port that is in use, but"
        " UDP 51820, which the catalogue has, is free now. If its start fails again, it may have another port: name"
        " that in extra_ports. If it is meant to be down, name the service in ignore_services."
    )
    assert found["status"] == "service_down"


def test_a_product_that_failed_for_its_port_although_its_usual_one_is_free_has_another_one() -> None:
    (problem,) = failed(plan(tunnel(10048)))
    assert problem["message"] == (
        "WireGuardTunnel$wg_server failed for its port with error 10048 (address already in use), but UDP 51820, which"
        " the catalogue has, is free now. If its start fails again, it has another port: name that in extra_ports. If"
        " that is accepted, name the service in ignore_services, or for some time in accepted_risks."
    )


def test_a_product_whose_usual_port_dns_holds_has_no_other_one() -> None:
    assert failed(plan(tunnel(dns={"udp_ports": {"udp4": ["53-53", "51820-51820"], "udp6": ["53-53"]}}))) == []


def test_a_fixed_port_that_is_free_again_is_no_hint() -> None:
    made = facts(services={"PolicyAgent": service(state=1, exit_code=10048)})
    made["udp_endpoints"] = [row for row in made["udp_endpoints"] if row["port"] not in (500, 4500)]
    made["udp_ports"]["udp4"] = ["1645-1646", "1812-1813"]
    assert failed(plan(made)) == []
