# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On a domain controller, the ports that AD LDS and WDS were given are reserved, and not those of the catalogue."""

from __future__ import annotations

from typing import Any

SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
DNS_KEY = rf"{SERVICES}\DNS\Parameters"
OF_NPS_AND_IKE = ["1645-1646", "1812-1813", "4500-4500"]


def create(host: Any, service: str, **values: int) -> None:
    """Create a service that is started on demand, and set numbers in its key Parameters."""
    host.exec(rf"sc create {service} binPath= C:\windows\system32\{service}.exe start= demand")
    for name, data in values.items():
        value = name.replace("_", " ")
        host.exec(rf'reg add {SERVICES}\{service}\Parameters /v "{value}" /t REG_DWORD /d {data} /f')


def test_the_configured_ports_are_reserved_and_not_the_defaults(make_host: Any, controller: Any) -> None:
    host = make_host("2019-dc")
    create(host, "ADAM_instance1", Port_LDAP=50010, Port_SSL=50011)
    create(host, "WDSServer", UdpPortPolicy=1, UdpStartPort=50100, UdpEndPort=50199)
    first = controller.module(host, "port_reservations")
    assert first["facts"]["configured_ports"] == {
        "ADAM_instance1": {"Port LDAP": 50010, "Port SSL": 50011},
        "WDSServer": {"UdpEndPort": 50199, "UdpPortPolicy": 1, "UdpStartPort": 50100},
    }
    expected = [*OF_NPS_AND_IKE, "4011-4011", "50010-50011", "50100-50199"]
    listed = host.exec(f"reg query {DNS_KEY} /v SocketPoolExcludedPortRanges").partition("REG_MULTI_SZ")[2]
    assert sorted(entry.strip() for entry in listed.split("\\0") if entry.strip()) == sorted(expected)
    again = controller.module(host, "port_reservations", "--check")["plan"]
    assert [change["id"] for change in again["settings"]] == [], "only the restart of DNS is due"
    host.exec(rf"reg add {SERVICES}\WDSServer\Parameters /v UdpPortPolicy /t REG_DWORD /d 0 /f")
    assert (
        "50100-50199"
        not in controller.module(host, "port_reservations", "--check", prune=True)["after"][
            "socket_pool_excluded_port_ranges"
        ]
    )
    host.exec(rf'reg add {SERVICES}\ADAM_instance1\Parameters /v "Port SSL" /t REG_SZ /d 50011 /f')
    unread = controller.module(host, "port_info")
    assert unread["facts"]["configured_ports"]["ADAM_instance1"] == {"Port LDAP": 50010, "Port SSL": None}
    plan = controller.module(host, "port_reservations", "--check")["plan"]
    assert plan["status"] == "unknown"
    assert "configured_ports_unknown" in [problem["id"] for problem in plan["problems"]]
