# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that failed although its known UDP ports are free: what is said of its other ports, UDP and TCP."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    block,
    facts,
    server_2019,
    service,
    with_dns,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import plan

IN_USE = "error 10048 (address already in use)"
ACCEPT = "If that is accepted, name the service in ignore_services, or for some time in accepted_risks."
NETSTAT = "find the other program with netstat -ano"
NETSH = ", or an excluded range with netsh interface ipv4 show excludedportrange protocol=tcp"


def later(name: str, exit_code: int = 10048, start: int = 2, **parts: Any) -> dict[str, Any]:
    """Return a Server 2019 on which nothing but this service has failed, and all its ports are free."""
    made = server_2019(udp_endpoints=[], udp_ports={"udp4": [], "udp6": []}, **parts)
    made["services"] = {name: service(1, start, None, exit_code)}
    return with_dns(made)


def instance(ldap: int, ssl: int, **changes: Any) -> dict[str, Any]:
    """Return the same with an AD LDS instance whose ports the registry holds."""
    return {**later("ADAM_app", **changes), "configured_ports": {"ADAM_app": {"Port LDAP": ldap, "Port SSL": ssl}}}


def told(found: dict[str, Any], severity: str = "info") -> list[str]:
    """Return the messages about services that failed for their port."""
    return [
        problem["message"]
        for problem in found["problems"]
        if (problem["id"], problem["severity"]) == ("service_failed_for_port", severity)
    ]


def test_a_service_that_has_tcp_ports_is_told_to_look_there() -> None:
    assert told(plan(later("docker"))) == [
        f"docker failed for its port with {IN_USE}, but UDP 4789, 7946, which the catalogue has, are free now. It has"
        f" TCP ports, too, which are not read: {NETSTAT}. {ACCEPT}"
    ]
    (message,) = told(plan(later("docker", 10013)))
    assert f"{NETSTAT}{NETSH}. If" in message


def test_so_is_sql_server_2000_which_has_the_resolution_port_as_well() -> None:
    (message,) = told(plan(facts(services={"MSSQLSERVER": service(1, exit_code=10013)})))
    assert "but UDP 1434, which the catalogue has, is free now. It has TCP ports, too, which are not read" in message
    assert f"{NETSTAT}. If" in message
    assert "another port" not in message


def test_ports_from_the_registry_are_not_said_to_be_others() -> None:
    (message,) = told(plan(instance(389, 636)))
    assert message.startswith(
        f"ADAM_app failed for its port with {IN_USE}, but UDP 389, 636, which the registry has, are free now. It has"
        " TCP ports"
    )
    assert "extra_ports" not in message


def test_a_range_from_the_registry_is_no_reason_to_look_for_another_port() -> None:
    made = later("WDSServer")
    assert len(told(plan(made))) == 1
    made["configured_ports"] = {"WDSServer": {"UdpPortPolicy": 1, "UdpStartPort": 50000, "UdpEndPort": 50100}}
    found = plan(made)
    assert told(found) == []
    assert [(problem["id"], problem["data"]["service"]) for problem in found["problems"][:1]] == [
        ("service_not_running", "WDSServer")
    ]
    made["services"]["WDSServer"]["start"] = 3
    (message,) = told(plan(made))
    assert f"failed for its port with {IN_USE}; the registry has UDP 4011, 50000-50100 for it. If" in message


def test_a_product_whose_udp_port_is_a_setting_may_have_another_one_beside_its_tcp_ports() -> None:
    row = {"name": "agent", "services": ["Agent"], "ports": ["7000"], "own_sockets": True, "hold": "never"}
    (message,) = told(plan(later("Agent"), catalogue_extra=[row]))
    assert "it has another port: name that in extra_ports" in message
    (message,) = told(plan(later("Agent"), catalogue_extra=[{**row, "protocol": "both"}]))
    assert f"{NETSTAT}. If it has another UDP port, name that in extra_ports. {ACCEPT}" in message


def test_after_a_sharing_violation_it_only_may_be() -> None:
    assert told(plan(later("docker", 32))) == [
        "docker ended with error 32 (sharing violation), which can mean a port that is in use, but UDP 4789, 7946,"
        f" which the catalogue has, are free now. It has TCP ports, too, which are not read: {NETSTAT}. If it is meant"
        " to be down, name the service in ignore_services."
    ]


@pytest.mark.parametrize("ignored", [["sql_server"], ["SQL_SERVER"]])
def test_an_ignored_row_has_no_ports_to_look_for(ignored: list[str]) -> None:
    (message,) = told(plan(facts(services={"MSSQLSERVER": service(1, exit_code=10048)}), ignore_services=ignored))
    assert "TCP" not in message


def test_a_block_or_a_holder_is_named_instead() -> None:
    assert told(plan(later("docker", 10013, exclusions={"udp4": block("7900-7999"), "udp6": []}))) == []


def test_without_detection_udp_and_tcp_ports_are_named() -> None:
    (message,) = told(plan(later("docker"), detect=False), "warning")
    assert (
        f"; the catalogue lists UDP 4789, 7946 for it, and TCP 4789, 7946, which is not read here: {NETSTAT}."
        in message
    )
