# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expected plans for hosts from 2008 to 2025, written down by hand from what is documented about each release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    ABSENT,
    DNS_PID,
    IAS_PID,
    LSASS_PID,
    applied,
    block,
    number,
    ranges,
    server_2019,
    service,
    socket,
    starred,
    windowed,
)

SCHEMAS = Path(__file__).resolve().parents[4] / "docs" / "schemas"
PLAN_SCHEMA = Draft202012Validator(json.loads((SCHEMAS / "plan.schema.json").read_text(encoding="utf-8")))
DEFAULT_RANGE = {"start": 49152, "count": 16384}
EXCHANGE_RANGE = {"start": 1025, "count": 58976}
TMG_RANGE = {"start": 10000, "count": 55536}
DNS_KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\DNS\Parameters"
DNS_FREE = {"udp4": ["53-53"], "udp6": ["53-53"]}
ALL_FREE: dict[str, Any] = {"udp_endpoints": [], "udp_ports": {"udp4": [], "udp6": []}}
STOPPED_10048 = service(state=1, exit_code=10048)


def host(release: str, build: int, nt: str = "10.0", family: str = "nt6_r2", **changes: Any) -> dict[str, Any]:
    """A DNS server of a release with nothing but DNS and IPsec; `os` may be refined by changes."""
    system = {"release": release, "family": family, "nt": nt, "build": build, **changes.pop("os", {})}
    settings = {"max_user_port": ABSENT, "reserved_ports": ABSENT, **changes.pop("settings", {})}
    made = server_2019(os=system, settings=settings, **{**ALL_FREE, **changes})
    made["services"] = changes.get("services", {})
    return made


def plan(made: dict[str, Any], **options: Any) -> dict[str, Any]:
    found = make_plan(made, Policy.from_options(options))
    PLAN_SCHEMA.validate(found)
    return found


def needs(found: dict[str, Any]) -> list[tuple[str, str, bool, bool]]:
    return [
        (need["service"], " ".join(need["ports"]), need["in_pool_range"], need["exposed"]) for need in found["needs"]
    ]


def written(found: dict[str, Any]) -> dict[str, Any]:
    return {entry["id"]: entry["after"] for entry in found["settings"]}


def problems(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(problem["id"], problem["severity"]) for problem in found["problems"]]


def summary(found: dict[str, Any]) -> tuple[str, bool, bool, bool]:
    return found["status"], found["in_sync"], found["reboot_required"], found["dns_restart_required"]


def host_2008(**changes: Any) -> dict[str, Any]:
    """2008 with Exchange 2007's dynamic range over IPv4; DNS drew RADIUS's 1645, so NPS is down."""
    parts: dict[str, Any] = {
        "settings": {"reserved_ports": ranges("1645-1646", "1812-1813")},
        "dynamic_ports": {"udp4": EXCHANGE_RANGE, "udp6": DEFAULT_RANGE},
        "exclusions": {"udp4": starred("50000-50059"), "udp6": []},
        "dns": {"udp_ports": {"udp4": ["53-53", "1645-1645"], "udp6": ["53-53"]}},
        "services": {"IAS": STOPPED_10048, "IKEEXT": service(pid=LSASS_PID)},
        "udp_endpoints": [socket(500, LSASS_PID, "lsass.exe"), socket(4500, LSASS_PID, "lsass.exe")],
        "udp_ports": {"udp4": ["500-500", "4500-4500"], "udp6": []},
    }
    return host("2008", 6002, "6.0", "nt6", **{**parts, **changes})


def test_2008_excludes_by_netsh_what_is_free_and_defers_what_dns_holds() -> None:
    found = plan(host_2008())
    assert found["mechanism"] == "excluded_port_range_netsh"
    assert found["pool_range"] == {"udp4": "1025-60000", "udp6": "49152-65535"}
    assert needs(found) == [
        ("ias", "1645-1646 1812-1813", True, True),
        ("ike", "4500-4500", True, True),
    ]
    (entry,) = found["settings"]
    assert {key: value for key, value in entry.items() if key != "why"} == {
        "id": "excluded_udp4",
        "key": "netsh interface ipv4 excludedportrange protocol=udp",
        "value_name": None,
        "type_before": None,
        "before": ["50000-50059"],
        "type_after": None,
        "after": ["1646-1646", "1812-1813", "50000-50059"],
        "added": ["1646-1646", "1812-1813"],
        "removed": [],
        "ours": ["1645-1646", "1812-1813"],
        "takes_effect": "now",
    }
    assert entry["why"] == (
        "excludes 1646-1646, 1812-1813 (ias); 1645-1645 is held by DNS and follows while it is down"
    )
    assert found["actions"] == [
        {
            "action": "dns_window",
            "why": f"UDP 1645 of IAS is held by dns.exe (PID {DNS_PID}); DNS holds 1645-1645 over ipv4, which can be"
            " excluded only while it is down",
            "victims": ["IAS"],
            "deferred_exclusions": [{"id": "excluded_udp4", "ports": ["1645-1645"]}],
        }
    ]
    assert found["kept"] == ["50000-50059"]
    assert found["effective"] == {"excluded_udp4": "no"}
    assert problems(found) == [("exclusion_port_held", "warning"), ("reserved_ports_no_effect", "info")]
    assert "4500 by lsass.exe (PID 460)" in found["problems"][0]["message"]
    assert summary(found) == ("conflict", False, False, True)


def test_2008_goes_on_from_the_write_to_the_window_to_the_last_port() -> None:
    made = host_2008()
    once = applied(made, plan(made))
    second = plan(once)
    assert second["settings"] == []
    assert second["actions"][0]["deferred_exclusions"] == [{"id": "excluded_udp4", "ports": ["1645-1645"]}]
    after = windowed(once, second)
    after["udp_endpoints"] += [socket(port, IAS_PID, "svchost.exe") for port in (1645, 1646, 1812, 1813)]
    after["udp_ports"]["udp4"] = ["500-500", "1645-1646", "1812-1813", "4500-4500"]
    third = plan(after)
    assert (third["settings"], third["actions"], third["live_conflicts"]) == ([], [], [])
    assert needs(third) == [("ias", "1645-1646 1812-1813", True, False), ("ike", "4500-4500", True, True)]
    assert problems(third)[0] == ("exclusion_port_held", "warning")
    assert third["effective"] == {"excluded_udp4": "no"}
    assert summary(third) == ("exposed", True, False, False)
    after["udp_endpoints"] = after["udp_endpoints"][2:]
    after["udp_ports"]["udp4"] = ["1645-1646", "1812-1813"]
    after["services"]["IKEEXT"] = service(state=1, start=3, exit_code=0)
    fourth = plan(after)
    assert written(fourth)["excluded_udp4"][:3] == ["1645-1645", "1646-1646", "1812-1813"]
    last = plan(applied(after, fourth))
    assert last["effective"] == {"excluded_udp4": "yes"}
    assert last["risk"]["now"] == 0.0
    assert summary(last) == ("safe", True, False, False)


def test_2008_with_nothing_free_records_before_the_window() -> None:
    made = host_2008(services={"IAS": STOPPED_10048}, **ALL_FREE)
    made["dns"]["udp_ports"]["udp4"] = ["1645-1646", "1812-1813"]
    found = plan(made)
    (entry,) = found["settings"]
    assert (entry["id"], entry["after"]) == ("state", {"excluded_udp4": "1645-1646,1812-1813"})
    assert entry["why"] == "records and backs up the excluded ports that the window adds while DNS is down"
    once = applied(made, found)
    assert plan(once)["settings"] == []
    assert plan(windowed(once, plan(once)))["effective"] == {"excluded_udp4": "yes"}


def test_2008_without_the_command_says_what_remains() -> None:
    found = plan(host_2008(exclusions={"udp4": None, "udp6": None}))
    assert found["settings"] == []
    assert problems(found)[0] == ("netsh_context_missing", "error")
    assert len(problems(found)) == 2
    for option in ("install the update", "set dynamicport udp", "socket_pool_size with allow_small_pool", "window"):
        assert option in found["problems"][0]["message"]
    assert found["effective"] == {"excluded_udp4": "unknown"}
    assert found["status"] == "unknown"
    moved = host_2008(exclusions={"udp4": None, "udp6": None}, services={})
    moved["dynamic_ports"]["udp4"] = DEFAULT_RANGE
    assert plan(moved)["status"] == "safe"


def test_2008_a_table_that_could_not_be_read_is_unknown() -> None:
    made = host_2008(exclusions={"udp4": [], "udp6": None}, dynamic_ports={"udp4": EXCHANGE_RANGE, "udp6": None})
    found = plan(made, extra_ports=["51820"])
    assert ("exclusions_unknown", "error") in problems(found)
    assert "excluded_udp4" in written(found)


def test_2008_every_family_has_its_own_table() -> None:
    made = host_2008(services={"WDSServer": service(pid=9)}, **ALL_FREE)
    made["dynamic_ports"]["udp4"] = DEFAULT_RANGE
    made["exclusions"] = {"udp4": starred("64001-65000"), "udp6": starred("60000-64500")}
    made["dns"]["udp_ports"] = {"udp4": ["53-53", "64100-64100"], "udp6": ["53-53", "64700-64700"]}
    found = plan(made)
    assert [(entry["id"], entry["added"]) for entry in found["settings"]] == [
        ("excluded_udp4", ["4011-4011"]),
        ("excluded_udp6", ["4011-4011", "64501-64699", "64701-65000"]),
    ]
    assert found["actions"][0]["deferred_exclusions"] == [{"id": "excluded_udp6", "ports": ["64700-64700"]}]


def test_a_stretch_full_of_dns_s_sockets_is_one_row() -> None:
    made = host_2008(services={}, **ALL_FREE)
    pool = [f"{port}-{port}" for port in range(64001, 65001, 7)]
    made["dns"]["udp_ports"] = {"udp4": pool, "udp6": pool}
    made["udp_ports"]["udp4"] = ["64500-64500"]
    found = plan(made, extra_ports=["64001-65000"])
    assert found["actions"][0]["deferred_exclusions"] == [
        {"id": "excluded_udp4", "ports": ["64001-64499", "64501-65000"]},
        {"id": "excluded_udp6", "ports": ["64001-65000"]},
    ]
    assert [entry["id"] for entry in found["settings"]] == ["state"]


def test_prune_deletes_exactly_our_rows_that_nothing_needs() -> None:
    made = host_2008(services={"IAS": service(pid=IAS_PID)}, **ALL_FREE)
    made["exclusions"]["udp4"] = starred("1645-1646", "1812-1813", "50000-50059", "7000-7009", "8000-8000")
    made["state"] = {
        "present": True,
        "settings": {
            "excluded_udp4": {"value": "1645-1646,7000-7009", "boot_mark": made["boot_mark"], "dns_pid": DNS_PID}
        },
    }
    assert plan(made)["settings"] == []
    (entry,) = plan(made, prune=True)["settings"]
    assert (entry["added"], entry["removed"]) == ([], ["7000-7009"])
    assert entry["ours"] == ["1645-1646"]
    assert "removes 7000-7009, which we added and nothing needs (prune)" in entry["why"]
    assert plan(applied(made, plan(made, prune=True)), prune=True)["settings"] == []


def test_an_unstarred_block_over_a_needed_port_is_named_with_its_consequence() -> None:
    made = host(
        "2022", 20348, services={"Netbird": service(pid=77)}, exclusions={"udp4": block("51775-51874"), "udp6": []}
    )
    found = plan(made)
    assert problems(found) == [("port_in_excluded_block", "warning")]
    (problem,) = found["problems"]
    assert "UDP 51820-51820 of NetBird lies in 51775-51874" in problem["message"]
    assert "error 10013" in problem["message"]
    assert problem["data"]["block"] == "51775-51874"
    both = plan(made, use_netsh=True)
    assert [(entry["id"], entry.get("added")) for entry in both["settings"]] == [
        ("socket_pool_excluded_port_ranges", None),
        ("excluded_udp6", ["51820-51820"]),
    ]
    assert both["effective"]["excluded_udp4"] == "no"


def test_vista_and_members_without_dns_are_planned_on_request_only() -> None:
    nothing = {"installed": False, "state": None, "pid": None, "pool_present": "no", "udp_ports": DNS_FREE}
    for made in (
        host("vista", 6002, "6.0", "nt6", dns=nothing, services={"BESClient": service(pid=8)}),
        host("2019", 17763, dns=nothing, services={"BESClient": service(pid=8)}),
    ):
        found = plan(made)
        assert (found["mechanism"], found["settings"], found["status"]) == ("none", [], "service_down")
        assert problems(found) == [("no_dns_server", "info")]
        assert "use_netsh" in found["problems"][0]["message"]
        asked = plan(made, use_netsh=True)
        assert asked["mechanism"] == "excluded_port_range_netsh"
        assert written(asked) == {"excluded_udp4": ["52311-52311"], "excluded_udp6": ["52311-52311"]}
        assert asked["actions"] == []


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
    found = plan(made)
    assert found["mechanism"] == "excluded_port_ranges"
    assert needs(found) == [("ias", "1645-1646 1812-1813", False, False)]
    assert (found["settings"], found["kept"], found["status"]) == ([], ["3343-3343"], "safe")
    asked = plan(made, profiles=["sbs2011"])
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
    assert asked["actions"][0]["victims"] == []
    assert plan(made, reserve_unexposed=True)["settings"][0]["after"] == ["1645-1646", "1812-1813", "3343-3343"]


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
    found = plan(made)
    assert needs(found) == [
        ("ias", "1645-1646 1812-1813", False, False),
        ("ike", "4500-4500", False, False),
        ("wds", "4011-4011 64001-65000", True, True),
        ("admpwd_e", "61184-61184", True, True),
    ]
    assert written(found) == {"socket_pool_excluded_port_ranges": ["4011-4011", "61184-61184", "64001-65000"]}
    assert found["actions"][0]["victims"] == ["WDSServer"]
    assert found["live_conflicts"] == [
        {"port": 64007, "service": "WDSServer", "holder": "dns.exe", "pid": DNS_PID, "error": 10048}
    ]
    assert problems(found) == []
    assert summary(found) == ("conflict", False, False, True)


def host_2019_dc() -> dict[str, Any]:
    """A domain controller with Exchange's range and NPS; DNS drew 1812, so NPS failed with 10048."""
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
    found = plan(made)
    (entry,) = found["settings"]
    assert entry == {
        "id": "socket_pool_excluded_port_ranges",
        "key": DNS_KEY,
        "value_name": "SocketPoolExcludedPortRanges",
        "type_before": None,
        "before": None,
        "type_after": "REG_MULTI_SZ",
        "after": ["1645-1646", "1812-1813", "4500-4500"],
        "why": "reserves 1645-1646, 1812-1813 (ias), 4500-4500 (ike)",
        "takes_effect": "dns_restart",
    }
    assert problems(found) == [("reserved_ports_no_effect", "info")]
    assert found["live_conflicts"] == [
        {"port": 1812, "service": "IAS", "holder": "dns.exe", "pid": DNS_PID, "error": 10048}
    ]
    assert [action["action"] for action in found["actions"]] == ["dns_window"]
    assert found["actions"][0]["victims"] == ["IAS"]
    # 1 - C(58976-5, 2500) / C(58976, 2500)
    assert found["risk"]["now"] == 0.194733
    assert (found["risk"]["after_reload"], found["risk"]["model"]) == (0.0, "estimate")
    assert summary(found) == ("conflict", False, False, True)
    assert "reserved_ports" not in written(plan(made, profiles=["sbs2003"], reserve_unexposed=True))
    after = windowed(applied(made, found), found)
    after["udp_endpoints"] += [socket(port, IAS_PID, "svchost.exe") for port in (1645, 1646, 1812, 1813)]
    after["udp_ports"]["udp4"] = ["500-500", "1645-1646", "1812-1813", "4500-4500"]
    second = plan(after)
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
    found = plan(made)
    (entry,) = found["settings"]
    assert entry["before"] == ["51000-51010", "52311"]
    assert entry["after"] == ["51000-51010", "51820-51820", "52311-52311"]
    assert entry["why"] == "reserves 51820-51820 (wireguard); writes 52311 as 52311-52311"
    assert found["kept"] == ["51000-51010", "52311-52311"]
    assert needs(found) == [("wireguard", "51820-51820", True, True)]
    assert found["actions"][0]["victims"] == ["WireGuardTunnel$wg0"]
    # 2500 of 16384 ports
    assert found["risk"]["now"] == 0.152588
    assert found["risk"]["per_family"]["udp6"]["now"] == 0.152588
    assert summary(found) == ("conflict", False, False, True)
    split = host("2022", 20348, settings={"socket_pool_excluded_port_ranges": ranges("7-7", "8-8")})
    assert plan(split)["settings"][0]["why"] == "joins 7-7 and 8-8 to 7-8, which is the same in canonical form"


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
    found = plan(made)
    assert needs(found) == [
        ("ias", "1645-1646 1812-1813", False, False),
        ("ike", "4500-4500", False, False),
        ("teredo", "3544-3544", False, False),
    ]
    assert (found["settings"], found["actions"], found["problems"]) == ([], [], [])
    assert found["effective"] == {}
    assert summary(found) == ("safe", True, False, False)
    asked = plan(made, profiles=["vpn", "kms"], extra_ports=["51820"])
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
    found = plan(made, extra_ports=["52311"])
    assert (found["settings"], problems(found), found["status"]) == ([], [("wrong_type", "error")], "drifted")
    repaired = plan(made, extra_ports=["52311"], repair=True)
    assert written(repaired)["socket_pool_excluded_port_ranges"] == ["51820-51820", "52311-52311"]
    assert repaired["settings"][0]["type_after"] == "REG_MULTI_SZ"


def test_reserved_ports_is_never_written_from_vista_on() -> None:
    options: dict[str, Any] = {"profiles": ["sbs2003"], "reserve_unexposed": True, "repair": True, "use_netsh": True}
    for value in (ABSENT, ranges("x"), ranges("1-1", "2-2"), number(1)):
        for made in (host_2008(), host_2019_dc()):
            made["settings"]["reserved_ports"] = value
            assert "reserved_ports" not in json.dumps(plan(made, **options)["settings"])


def test_listeners_say_who_holds_what_where() -> None:
    made = host(
        "2019",
        17763,
        udp_endpoints=[socket(55000, 77, "agent.exe"), socket(55000, 77, "agent.exe", "::")],
        udp_ports={"udp4": ["55000-55000"], "udp6": ["55000-55000"]},
    )
    (need,) = plan(made, include_listeners=True)["needs"]
    assert need["source"] == "held by agent.exe (PID 77) on 0.0.0.0, :: while the host was read"
    assert need["title"] == "UDP sockets that agent.exe holds"
