# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of 2008, which only has netsh, and of netsh's exclusions elsewhere."""

from __future__ import annotations

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    DNS_PID,
    IAS_PID,
    applied,
    block,
    service,
    socket,
    starred,
    windowed,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.later_hosts import (
    ALL_FREE,
    DEFAULT_RANGE,
    DNS_FREE,
    EXCHANGE_RANGE,
    STOPPED_10048,
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


def test_2008_excludes_by_netsh_what_is_free_and_defers_what_dns_holds() -> None:
    found = auto_plan(host_2008())
    assert found["mechanism"] == "excluded_port_range_netsh"
    assert found["pool_range"] == {"udp4": "1025-60000", "udp6": "49152-65535"}
    assert needs(found) == [
        ("ias", "1645-1646 1812-1813", True, True),
        ("ike", "4500-4500", True, True),
    ]
    (entry,) = found["settings"]
    assert {key: value for key, value in entry.items() if key != "reason"} == {
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
    assert entry["reason"] == ("excludes 1646, 1812-1813 (ias); 1645-1645 is held by DNS and follows while it is down")
    assert found["actions"] == [
        {
            "action": "dns_window",
            "reason": f"UDP 1645 of IAS is held by dns.exe (PID {DNS_PID}); DNS holds 1645-1645 over ipv4, which can be"
            " excluded only while it is down",
            "services_to_start": ["IAS"],
            "services_to_restart": [],
            "deferred_exclusions": [{"id": "excluded_udp4", "ports": ["1645-1645"]}],
        }
    ]
    assert found["kept"] == ["50000-50059"]
    assert found["effective"] == {"excluded_udp4": "no"}
    assert problem_ids(found) == [("exclusion_port_held", "warning"), ("reserved_ports_no_effect", "info")]
    assert "4500 by lsass.exe (PID 460)" in found["problems"][0]["message"]
    assert summary(found) == ("conflict", False, False, True)


def test_2008_goes_on_from_the_write_to_the_window_to_the_last_port() -> None:
    made = host_2008()
    once = applied(made, auto_plan(made))
    second = auto_plan(once)
    assert second["settings"] == []
    assert second["actions"][0]["deferred_exclusions"] == [{"id": "excluded_udp4", "ports": ["1645-1645"]}]
    after = windowed(once, second)
    after["udp_endpoints"] += [socket(port, IAS_PID, "svchost.exe") for port in (1645, 1646, 1812, 1813)]
    after["udp_ports"]["udp4"] = ["500-500", "1645-1646", "1812-1813", "4500-4500"]
    third = auto_plan(after)
    assert (third["settings"], third["actions"], third["live_conflicts"]) == ([], [], [])
    assert needs(third) == [("ias", "1645-1646 1812-1813", True, False), ("ike", "4500-4500", True, True)]
    assert problem_ids(third)[0] == ("exclusion_port_held", "warning")
    assert third["effective"] == {"excluded_udp4": "no"}
    assert summary(third) == ("exposed", True, False, False)
    after["udp_endpoints"] = after["udp_endpoints"][2:]
    after["udp_ports"]["udp4"] = ["1645-1646", "1812-1813"]
    after["services"]["IKEEXT"] = service(state=1, start=3, exit_code=0)
    fourth = auto_plan(after)
    assert written(fourth)["excluded_udp4"][:3] == ["1645-1645", "1646-1646", "1812-1813"]
    last = auto_plan(applied(after, fourth))
    assert last["effective"] == {"excluded_udp4": "yes"}
    assert last["risk"]["now"] == 0.0
    assert summary(last) == ("safe", True, False, False)


def test_2008_with_nothing_free_records_before_the_window() -> None:
    made = host_2008(services={"IAS": STOPPED_10048}, **ALL_FREE)
    made["dns"]["udp_ports"]["udp4"] = ["1645-1646", "1812-1813"]
    found = auto_plan(made)
    (entry,) = found["settings"]
    assert (entry["id"], entry["after"]) == ("state", {"excluded_udp4": "1645-1646,1812-1813"})
    assert entry["reason"] == "records and backs up the excluded ports that the window adds while DNS is down"
    once = applied(made, found)
    assert auto_plan(once)["settings"] == []
    assert auto_plan(windowed(once, auto_plan(once)))["effective"] == {"excluded_udp4": "yes"}


def test_2008_without_the_command_says_what_remains() -> None:
    found = auto_plan(host_2008(exclusions={"udp4": None, "udp6": None}))
    assert found["settings"] == []
    assert problem_ids(found)[0] == ("netsh_context_missing", "error")
    assert len(problem_ids(found)) == 2
    for option in ("install the update", "set dynamicport udp", "socket_pool_size with allow_small_pool", "window"):
        assert option in found["problems"][0]["message"]
    assert found["effective"] == {"excluded_udp4": "unknown"}
    assert found["status"] == "unknown"
    moved = host_2008(exclusions={"udp4": None, "udp6": None}, services={})
    moved["dynamic_ports"]["udp4"] = DEFAULT_RANGE
    assert auto_plan(moved)["status"] == "safe"


def test_2008_a_table_that_could_not_be_read_is_unknown() -> None:
    made = host_2008(exclusions={"udp4": [], "udp6": None}, dynamic_ports={"udp4": EXCHANGE_RANGE, "udp6": None})
    found = auto_plan(made, extra_ports=["51820"])
    assert ("exclusions_unknown", "error") in problem_ids(found)
    assert "excluded_udp4" in written(found)


def test_2008_every_family_has_its_own_table() -> None:
    made = host_2008(services={"WDSServer": service(pid=9)}, **ALL_FREE)
    made["dynamic_ports"]["udp4"] = DEFAULT_RANGE
    made["exclusions"] = {"udp4": starred("64001-65000"), "udp6": starred("60000-64500")}
    made["dns"]["udp_ports"] = {"udp4": ["53-53", "64100-64100"], "udp6": ["53-53", "64700-64700"]}
    found = auto_plan(made)
    assert [(entry["id"], entry["added"]) for entry in found["settings"]] == [
        ("excluded_udp6", ["64501-64699", "64701-65000"]),
    ]
    assert found["actions"][0]["deferred_exclusions"] == [{"id": "excluded_udp6", "ports": ["64700-64700"]}]


def test_a_stretch_full_of_dns_s_sockets_is_one_row() -> None:
    made = host_2008(services={}, **ALL_FREE)
    pool = [f"{port}-{port}" for port in range(64001, 65001, 7)]
    made["dns"]["udp_ports"] = {"udp4": pool, "udp6": pool}
    made["udp_ports"]["udp4"] = ["64500-64500"]
    found = auto_plan(made, extra_ports=["64001-65000"])
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
    assert auto_plan(made)["settings"] == []
    (entry,) = auto_plan(made, prune=True)["settings"]
    assert (entry["added"], entry["removed"]) == ([], ["7000-7009"])
    assert entry["ours"] == ["1645-1646"]
    assert "removes 7000-7009, which the collection added and nothing needs (prune)" in entry["reason"]
    assert auto_plan(applied(made, auto_plan(made, prune=True)), prune=True)["settings"] == []


def test_an_unstarred_block_over_a_needed_port_is_named_with_its_consequence() -> None:
    made = host(
        "2022", 20348, services={"Netbird": service(pid=77)}, exclusions={"udp4": block("51775-51874"), "udp6": []}
    )
    found = auto_plan(made)
    assert problem_ids(found) == [("port_in_excluded_block", "warning")]
    (problem,) = found["problems"]
    assert "UDP 51820-51820 of NetBird lies in 51775-51874" in problem["message"]
    assert "error 10013" in problem["message"]
    assert problem["data"]["block"] == "51775-51874"
    both = auto_plan(made, use_netsh=True)
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
        found = auto_plan(made)
        assert (found["mechanism"], found["settings"], found["status"]) == ("none", [], "service_down")
        assert problem_ids(found) == [("no_dns_server", "info"), ("port_not_held", "warning")]
        assert "use_netsh" in found["problems"][0]["message"]
        asked = auto_plan(made, use_netsh=True)
        assert asked["mechanism"] == "excluded_port_range_netsh"
        assert written(asked) == {"excluded_udp4": ["52311-52311"], "excluded_udp6": ["52311-52311"]}
        assert asked["actions"] == []
