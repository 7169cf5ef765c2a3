# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of servers from 2008 R2 to 2025 in cases from the field."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    ABSENT,
    DNS_PID,
    IAS_PID,
    LSASS_PID,
    applied,
    number,
    ranges,
    service,
    socket,
    windowed,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.later_hosts import (
    DEFAULT_RANGE,
    DNS_KEY,
    EXCHANGE_RANGE,
    STOPPED_10048,
    TMG_RANGE,
    host,
    host_2008,
    needs,
    written,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import (
    auto_plan,
    problem_ids,
    summary,
)


def test_2008_r2_sbs_2011() -> None:
    """French names change nothing; Exchange 2010 leaves the range alone, so only what the profile asks is reserved."""
    made = host(
        "sbs2011",
        7601,
        "6.1",
        os={"sbs": True, "suites": ["Small Business"], "product": "Windows Small Business Server 2011"},
        settings={"socket_pool_excluded_port_ranges": ranges("3343-3343")},
        services={"IAS": service(pid=IAS_PID), "MSExchangeIS": service(pid=8), "W3SVC": service(pid=9)},
        udp_endpoints=[socket(port, IAS_PID, "svchost.exe") for port in (1645, 1646, 1812, 1813)],
        udp_ports={"udp4": ["1645-1646", "1812-1813"], "udp6": []},
    )
    found = auto_plan(made)
    assert found["mechanism"] == "excluded_port_ranges"
    assert needs(found) == [("ias", "1645-1646 1812-1813", False, False)]
    assert (found["settings"], found["kept"], found["status"]) == ([], ["3343-3343"], "safe")
    asked = auto_plan(made, profiles=["sbs2011"])
    assert written(asked) == {
        "socket_pool_excluded_port_ranges": [
            "1433-1434",
            "1645-1646",
            "1701-1701",
            "1812-1813",
            "3343-3343",
            "4070-4071",
            "4500-4500",
        ]
    }
    assert [action["action"] for action in asked["actions"]] == ["dns_window"]
    assert asked["actions"][0]["services_to_start"] == []
    assert auto_plan(made, reserve_unexposed=True)["settings"][0]["after"] == ["1645-1646", "1812-1813", "3343-3343"]


def test_2012_r2_with_tmg_s_range() -> None:
    """WDS and AdmPwd.E on a DNS server whose range begins at 10000; the classic list below it stays out of reach."""
    made = host(
        "2012r2",
        9600,
        "6.3",
        dynamic_ports={"udp4": TMG_RANGE, "udp6": DEFAULT_RANGE},
        services={
            "AdmPwd.E": service(pid=31),
            "IAS": service(pid=IAS_PID),
            "IKEEXT": service(state=1, start=3, exit_code=1077, trigger=True),
            "PolicyAgent": service(state=1, start=3, exit_code=0, trigger=True),
            "WDSServer": service(state=1, exit_code=10048),
        },
        dns={"udp_ports": {"udp4": ["53-53", "64007-64007"], "udp6": ["53-53"]}},
        udp_endpoints=[socket(port, IAS_PID, "svchost.exe") for port in (1645, 1646, 1812, 1813)],
        udp_ports={"udp4": ["1645-1646", "1812-1813"], "udp6": []},
    )
    found = auto_plan(made)
    assert needs(found) == [
        ("ias", "1645-1646 1812-1813", False, False),
        ("ike", "4500-4500", False, False),
        ("wds", "4011-4011 64001-65000", True, True),
        ("admpwd_e", "61184-61184", True, True),
    ]
    assert written(found) == {"socket_pool_excluded_port_ranges": ["61184-61184", "64001-65000"]}
    assert found["actions"][0]["services_to_start"] == ["WDSServer"]
    assert found["live_conflicts"] == [
        {"port": 64007, "service": "WDSServer", "holder": "dns.exe", "pid": DNS_PID, "error": 10048}
    ]
    assert problem_ids(found) == []
    assert summary(found) == ("conflict", False, False, True)


def host_2019_dc() -> dict[str, Any]:
    """Return a domain controller with Exchange's range and NPS; DNS drew 1812, so NPS failed with 10048."""
    return host(
        "2019",
        17763,
        settings={"reserved_ports": ranges("1812-1812", "1813-1813")},
        dynamic_ports={"udp4": EXCHANGE_RANGE, "udp6": EXCHANGE_RANGE},
        dns={"udp_ports": {"udp4": ["53-53", "1812-1812"], "udp6": ["53-53"]}},
        services={
            "IAS": STOPPED_10048,
            "IKEEXT": service(pid=LSASS_PID, trigger=True),
            "PolicyAgent": service(state=1, start=3, exit_code=1077, trigger=True),
        },
        udp_endpoints=[socket(port, LSASS_PID, "svchost.exe") for port in (500, 4500)],
        udp_ports={"udp4": ["500-500", "4500-4500"], "udp6": []},
    )


def test_2019_dc_with_a_lowered_range_and_nps() -> None:
    made = host_2019_dc()
    found = auto_plan(made)
    (entry,) = found["settings"]
    assert entry == {
        "id": "socket_pool_excluded_port_ranges",
        "key": DNS_KEY,
        "value_name": "SocketPoolExcludedPortRanges",
        "type_before": None,
        "before": None,
        "type_after": "REG_MULTI_SZ",
        "after": ["1645-1646", "1812-1813", "4500-4500"],
        "reason": "reserves 1645-1646, 1812-1813 (ias), 4500 (ike)",
        "takes_effect": "dns_restart",
    }
    assert problem_ids(found) == [("reserved_ports_no_effect", "info")]
    assert found["live_conflicts"] == [
        {"port": 1812, "service": "IAS", "holder": "dns.exe", "pid": DNS_PID, "error": 10048}
    ]
    assert [action["action"] for action in found["actions"]] == ["dns_window"]
    assert found["actions"][0]["services_to_start"] == ["IAS"]
    # 1 - C(58976-5, 2500) / C(58976, 2500)
    assert found["risk"]["now"] == 0.194733
    assert (found["risk"]["after_reload"], found["risk"]["model"]) == (0.0, "estimate")
    assert summary(found) == ("conflict", False, False, True)
    assert "reserved_ports" not in written(auto_plan(made, profiles=["sbs2003"], reserve_unexposed=True))
    after = windowed(applied(made, found), found)
    after["udp_endpoints"] += [socket(port, IAS_PID, "svchost.exe") for port in (1645, 1646, 1812, 1813)]
    after["udp_ports"]["udp4"] = ["500-500", "1645-1646", "1812-1813", "4500-4500"]
    second = auto_plan(after)
    assert (second["settings"], second["actions"]) == ([], [])
    assert second["effective"] == {"socket_pool_excluded_port_ranges": "yes"}
    assert summary(second) == ("safe", True, False, False)


def test_2022_with_wireguard_and_exclusions_of_others() -> None:
    made = host(
        "2022",
        20348,
        settings={"socket_pool_excluded_port_ranges": ranges("51000-51010", "52311")},
        services={"WireGuardTunnel$wg0": service(state=1, exit_code=32)},
        dns={"udp_ports": {"udp4": ["53-53", "51820-51820"], "udp6": ["53-53"]}},
    )
    found = auto_plan(made)
    (entry,) = found["settings"]
    assert entry["before"] == ["51000-51010", "52311"]
    assert entry["after"] == ["51000-51010", "51820-51820", "52311-52311"]
    assert entry["reason"] == "reserves 51820 (wireguard); writes 52311 as 52311-52311"
    assert found["kept"] == ["51000-51010", "52311-52311"]
    assert needs(found) == [("wireguard", "51820-51820", True, True)]
    assert found["actions"][0]["services_to_start"] == ["WireGuardTunnel$wg0"]
    # 2500 of 16384 ports
    assert found["risk"]["now"] == 0.152588
    assert found["risk"]["per_family"]["udp6"]["now"] == 0.152588
    assert summary(found) == ("conflict", False, False, True)
    split = host("2022", 20348, settings={"socket_pool_excluded_port_ranges": ranges("7-7", "8-8")})
    assert auto_plan(split)["settings"][0]["reason"] == "joins 7-7 and 8-8 to 7-8, which is the same in canonical form"


def test_2025_with_the_default_range_has_nothing_to_do() -> None:
    made = host(
        "2025",
        26100,
        settings={"socket_pool_size": number(2500)},
        services={
            "IAS": service(pid=IAS_PID),
            "IKEEXT": service(state=1, start=3, exit_code=1077, trigger=True),
            "RaMgmtSvc": service(state=1, start=3, exit_code=1077),
            "RemoteAccess": service(state=1, start=4, exit_code=1077),
            "iphlpsvc": service(pid=12),
        },
        udp_endpoints=[socket(port, IAS_PID, "svchost.exe") for port in (1645, 1646, 1812, 1813)],
        udp_ports={"udp4": ["1645-1646", "1812-1813"], "udp6": []},
    )
    found = auto_plan(made)
    assert needs(found) == [
        ("ias", "1645-1646 1812-1813", False, False),
        ("ike", "4500-4500", False, False),
        ("teredo", "3544-3544", False, False),
    ]
    assert (found["settings"], found["actions"], found["problems"]) == ([], [], [])
    assert found["effective"] == {}
    assert summary(found) == ("safe", True, False, False)
    asked = auto_plan(made, profiles=["vpn", "kms"], extra_ports=["51820"])
    assert written(asked)["socket_pool_excluded_port_ranges"] == [
        "1194-1194",
        "1688-1688",
        "1701-1701",
        "3544-3544",
        "4500-4500",
        "51820-51820",
    ]


def test_exclusions_of_the_wrong_type_are_not_written() -> None:
    value = ranges("51820", registry_type="REG_SZ")
    made = host("2022", 20348, settings={"socket_pool_excluded_port_ranges": value})
    found = auto_plan(made, extra_ports=["52311"])
    assert (found["settings"], problem_ids(found), found["status"]) == ([], [("wrong_type", "error")], "drifted")
    repaired = auto_plan(made, extra_ports=["52311"], repair=True)
    assert written(repaired)["socket_pool_excluded_port_ranges"] == ["51820-51820", "52311-52311"]
    assert repaired["settings"][0]["type_after"] == "REG_MULTI_SZ"


def test_reserved_ports_is_never_written_from_vista_on() -> None:
    options: dict[str, Any] = {"profiles": ["sbs2003"], "reserve_unexposed": True, "repair": True, "use_netsh": True}
    for value in (ABSENT, ranges("x"), ranges("1-1", "2-2"), number(1)):
        for made in (host_2008(), host_2019_dc()):
            made["settings"]["reserved_ports"] = value
            assert "reserved_ports" not in json.dumps(auto_plan(made, **options)["settings"])


def test_listeners_say_who_holds_what_where() -> None:
    made = host(
        "2019",
        17763,
        udp_endpoints=[socket(55000, 77, "agent.exe"), socket(55000, 77, "agent.exe", "::")],
        udp_ports={"udp4": ["55000-55000"], "udp6": ["55000-55000"]},
    )
    (need,) = auto_plan(made, include_listeners=True)["needs"]
    assert need["source"] == "held by agent.exe (PID 77) on 0.0.0.0, :: while the host was read"
    assert need["title"] == "UDP sockets that agent.exe holds"
