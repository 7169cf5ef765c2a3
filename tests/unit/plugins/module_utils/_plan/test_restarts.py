# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that runs without a port that DNS holds is named, and restarted in a window if the policy asks for it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    BOOT_MARK,
    DNS_PID,
    NEXT_BOOT_MARK,
    block,
    facts,
    recorded,
    server_2019,
    service,
    socket,
    with_dns,
)

PORTS = {"Netbird": 51820, "BESClient": 52311, "IKEEXT": 4500}


def victim(name: str = "Netbird", found: dict[str, Any] | None = None, *sockets: dict[str, Any], **parts: Any) -> Any:
    """Return a host on which DNS holds the port of a service that runs on."""
    port = PORTS.get(name, 51820)
    made = server_2019(
        udp_endpoints=list(sockets),
        udp_ports={"udp4": sorted(f"{row['port']}-{row['port']}" for row in sockets), "udp6": []},
        dns={"udp_ports": {"udp4": ["53-53", f"{port}-{port}"], "udp6": ["53-53"]}},
        **parts,
    )
    made["services"] = {name: found or service(pid=16)}
    return with_dns(made)


def planned(host_facts: dict[str, Any], *names: str, **options: Any) -> dict[str, Any]:
    return make_plan(host_facts, Policy.from_options({"restart_services": list(names), **options}))


def window(plan: dict[str, Any]) -> dict[str, Any]:
    return next((action for action in plan["actions"] if action["action"] == "dns_window"), {})


def told(plan: dict[str, Any], name: str) -> list[str]:
    return [problem["message"] for problem in plan["problems"] if problem["id"] == name]


@pytest.mark.parametrize("name", PORTS)
def test_it_is_named_and_left_alone_without_the_option(name: str) -> None:
    plan = planned(victim(name))
    (sentence,) = told(plan, "service_runs_without_port")
    assert sentence.startswith(f"{name} runs without UDP {PORTS[name]}, which DNS holds.")
    assert "restart_services" in sentence
    assert plan["status"] == "conflict"
    assert not window(plan).get("services_to_restart")


@pytest.mark.parametrize("name", PORTS)
def test_it_is_restarted_in_a_window_on_request(name: str) -> None:
    plan = planned(victim(name), name.upper())
    due = window(plan)
    assert (due["services_to_restart"], due["services_to_start"]) == ([name], [])
    assert f"UDP {PORTS[name]} of {name} is held by dns.exe (PID {DNS_PID})" in due["reason"]
    assert f"{name} runs without, and is restarted while DNS is stopped" in due["reason"]
    assert plan["dns_restart_required"]
    assert told(plan, "service_runs_without_port") == []


def test_a_service_with_its_ports_is_left_alone() -> None:
    made = victim("Netbird", None, socket(51820, 16, "netbird.exe"))
    made["dns"]["udp_ports"]["udp4"] = ["53-53"]
    plan = planned(made, "Netbird")
    assert (plan["status"] == "conflict", window(plan).get("services_to_restart", [])) == (False, [])
    assert told(plan, "restart_refused") == []


def test_a_port_in_catalogue_extra_makes_any_service_known() -> None:
    extra = [{"name": "own", "services": ["Own"], "ports": ["51820"]}]
    assert window(planned(victim("Own"), "Own", catalogue_extra=extra))["services_to_restart"] == ["Own"]
    (sentence,) = told(planned(victim("Own"), "Own"), "restart_refused")
    assert "catalogue_extra" in sentence


REFUSED = {
    "is disabled (Start 4)": (victim("Netbird", service(start=4, pid=16)), "Netbird"),
    "its start type could not be read": (victim("Netbird", service(start=None, pid=16)), "Netbird"),
    "depends on DNS": (victim(), "Netbird"),
    "is in a range that Windows excludes": (
        victim("Netbird", None, exclusions={"udp4": block("51800-51900"), "udp6": []}),
        "Netbird",
    ),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refused(reason: str) -> None:
    made, name = REFUSED[reason]
    if reason == "depends on DNS":
        made["dns"]["dependents"] = ["Netbird"]
    plan = planned(made, name)
    (sentence,) = told(plan, "restart_refused")
    assert reason in sentence and name in sentence
    assert not window(plan).get("services_to_restart")
    assert not plan["in_sync"]


NOTHING_TO_RESTART = {
    "it is not installed": victim("BESClient"),
    "services could not be read": {**victim("BESClient"), "services": {}, "services_total": None},
    "it is disabled and does not run": victim("Netbird", service(start=4, state=1, pid=0)),
    "it does not run": victim("Netbird", service(state=1, pid=0)),
}


@pytest.mark.parametrize("why", NOTHING_TO_RESTART)
def test_a_list_for_a_whole_group_is_no_fault_of_a_host_where_a_service_does_not_run(why: str) -> None:
    plan = planned(NOTHING_TO_RESTART[why], "Netbird")
    assert told(plan, "restart_refused") == []
    assert "Netbird" not in window(plan).get("services_to_restart", [])


def test_a_window_that_did_not_help_is_not_repeated_before_the_next_boot() -> None:
    made = victim("Netbird")
    made["state"] = recorded({"dns_window": "Netbird"}, boot_mark=BOOT_MARK)
    plan = planned(made, "Netbird")
    assert not window(plan).get("services_to_restart")
    (sentence,) = told(plan, "service_runs_without_port")
    assert "a window has tried that since the last boot" in sentence
    made["boot_mark"] = NEXT_BOOT_MARK
    assert window(planned(made, "Netbird"))["services_to_restart"] == ["Netbird"]


def test_a_port_that_it_has_over_the_other_family_is_not_said_to_be_missing() -> None:
    made = victim("BESClient", None, socket(52311, 16, "BESClient.exe"))
    made["dns"]["udp_ports"] = {"udp4": ["53-53"], "udp6": ["53-53", "52311-52311"]}
    plan = planned(made)
    (sentence,) = told(plan, "service_runs_without_port")
    assert sentence.startswith("BESClient has UDP 52311 over one address family only, DNS holds it over the other.")
    assert "runs without" not in sentence
    assert "restart_services" in sentence
    assert plan["status"] == "conflict"


def test_a_service_that_no_option_restarts_is_not_sent_to_the_option() -> None:
    """AUTD of Exchange 2003 on SBS (KB956189): the policy refuses to name an Exchange service."""
    made = facts(dns={"udp_ports": {"udp4": ["53-53", "2883-2883"], "udp6": []}})
    made["services"] = {"MSExchangeIS": service(pid=8), "W3SVC": service(pid=9)}
    (sentence,) = told(planned(with_dns(made)), "service_runs_without_port")
    assert sentence == (
        "MSExchangeIS runs without UDP 2883, which DNS holds. To get it back, it must be started while DNS is down:"
        " restart it yourself then, because the collection never stops or starts it."
    )


TUNNEL = "WireGuardTunnel$office"


def test_a_tunnel_that_does_not_start_without_its_port_runs_on_another_one() -> None:
    """A tunnel without a configured port has a random one, and DNS may hold the port of the catalogue."""
    plan = planned(victim(TUNNEL), extra_ports=[])
    assert told(plan, "service_runs_without_port") == [
        f"DNS holds UDP 51820, which the catalogue has for {TUNNEL}. It does not start without its port, so it runs on"
        " another one, and this is no conflict. If that is configured, name it in extra_ports."
    ]
    assert (plan["status"], plan["live_conflicts"]) == ("drifted", [])
    assert [entry["after"] for entry in plan["settings"]] == [["51820-51820"]]


def test_such_a_tunnel_is_not_restarted_for_a_port_that_it_does_not_have() -> None:
    plan = planned(victim(TUNNEL), TUNNEL)
    assert not window(plan).get("services_to_restart")
    assert told(plan, "restart_refused") == []


def test_such_a_tunnel_that_is_down_has_lost_its_port() -> None:
    plan = planned(victim(TUNNEL, service(state=1, exit_code=32)))
    assert (plan["status"], window(plan)["services_to_start"]) == ("conflict", [TUNNEL])


def test_the_port_that_the_user_names_for_a_tunnel_is_one_that_it_has_lost() -> None:
    row = {"name": "office", "services": [TUNNEL], "ports": ["51820"], "hold": "never", "holder": "any_but_dns"}
    assert planned(victim(TUNNEL), catalogue_extra=[row])["status"] == "conflict"
