# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WireGuard tunnel on another port than the catalogue's: its sockets show the port while it runs."""

from __future__ import annotations

from typing import Any

TUNNEL = "WireGuardTunnel$wg0"
SETTINGS = rf"HKLM\SYSTEM\CurrentControlSet\Services\{TUNNEL}\Lab"
OUTSIDE, INSIDE = 41820, 61820
"""Of the host's dynamic range, which is the default: 49152 to 65535."""


def move(host: Any, *ports: int) -> None:
    """Let the tunnel listen on other ports, from its next start on, which comes at once."""
    host.exec(f"net stop {TUNNEL}", check=False)
    listed = r"\0".join(map(str, ports))
    host.exec(rf"reg add {SETTINGS} /v UdpPorts /t REG_MULTI_SZ /d {listed} /f&&net start {TUNNEL}")


def hints(plan: dict[str, Any]) -> list[list[str]]:
    return [found["data"]["ports"] for found in plan["problems"] if found["id"] == "own_sockets_in_dynamic_range"]


def test_a_tunnel_on_another_port(make_host: Any, controller: Any) -> None:
    host = make_host("2022-wireguard")
    move(host, OUTSIDE, INSIDE)
    shown = {TUNNEL: {"ports": [f"{OUTSIDE}-{OUTSIDE}", f"{INSIDE}-{INSIDE}"], "doubtful": []}}
    assert controller.module(host, "port_info")["facts"]["own_sockets"] == shown

    plan = controller.module(host, "port_reservations", "--check")["plan"]
    (other,) = (need for need in plan["needs"] if need["source"].startswith("its own sockets"))
    assert other["ports"] == [f"{OUTSIDE}-{OUTSIDE}"] and f"(PID {host.pid(TUNNEL)})" in other["source"]
    assert hints(plan) == [[f"{INSIDE}-{INSIDE}"]]

    written = controller.module(host, "port_reservations")["after"]["socket_pool_excluded_port_ranges"]
    assert not {f"{OUTSIDE}-{OUTSIDE}", f"{INSIDE}-{INSIDE}"} & set(written), "out of the pool's reach; perhaps drawn"

    named = controller.module(host, "port_reservations", extra_ports=[str(INSIDE)])
    assert f"{INSIDE}-{INSIDE}" in named["after"]["socket_pool_excluded_port_ranges"]
    assert hints(named["plan"]) == [], "somebody has said what the port is"

    host.exec(f"net stop {TUNNEL}")
    assert controller.module(host, "port_info")["facts"]["own_sockets"] == {}
