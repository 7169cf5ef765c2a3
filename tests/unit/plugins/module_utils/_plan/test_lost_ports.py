# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A needed port that somebody else holds is shown in whatever way its service went down.

Services end with codes of their own: BlackBerry Controller with 5003 while DNS held its ports (a public report), others
with 1067, and some give up with 0.
"""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.service_check import (
    PORT_EXCLUDED,
    Failure,
    sentences,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    DNS_PID,
    NEXT_BOOT_MARK,
    block,
    facts,
    recorded,
    server_2019,
    service,
    socket,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import plan, problem_ids, verify

ON_DNS = {"udp4": ["53-53", "52311-52311"], "udp6": ["53-53"]}
FREE = {"udp_endpoints": [], "udp_ports": {"udp4": [], "udp6": []}}


def bigfix(found: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Return a Server 2019 with the BigFix client, whose port DNS holds unless said otherwise."""
    made = server_2019(**{"dns": {"udp_ports": ON_DNS}, **FREE, **parts})
    made["services"] = {"BESClient": found, "DNS": made["services"]["DNS"]}
    return made


def reasons(made: dict[str, Any]) -> list[tuple[str, int | None]]:
    """Return reason and port of each failure."""
    return [(row["reason"], row["port"]) for row in verify(made, Policy.from_options())["failures"]]


@pytest.mark.parametrize(
    ("state", "exit_code", "down"),
    [
        (1, 5003, "not_running"),
        (1, 1067, "not_running"),
        (1, 1066, "not_running"),
        (1, None, "not_running"),
        (3, 0, "not_running"),
        (1, 1077, "not_yet"),
        (2, 0, "not_yet"),
    ],
)
def test_the_port_is_a_conflict_beside_the_state(state: int, exit_code: int | None, down: str) -> None:
    made = bigfix(service(state, 2, None, exit_code))
    assert reasons(made) == [(down, None), ("port_taken", 52311)]
    found = plan(made)
    assert found["status"] == "conflict"
    assert found["live_conflicts"] == [
        {"port": 52311, "service": "BESClient", "holder": "dns.exe", "pid": DNS_PID, "error": exit_code}
    ]
    assert all(action["services_to_start"] == [] for action in found["actions"])


def test_another_process_on_the_port_is_named_too() -> None:
    made = bigfix(service(1, 2, None, 5003), dns={"udp_ports": {"udp4": ["53-53"], "udp6": ["53-53"]}})
    made["udp_endpoints"] = [socket(52311, 99, "relay.exe")]
    made["udp_ports"]["udp4"] = ["52311-52311"]
    assert reasons(made) == [("not_running", None), ("port_taken", 52311)]
    assert plan(made)["live_conflicts"][0]["holder"] == "relay.exe"


def test_a_state_that_was_not_read_accuses_only_dns() -> None:
    made = bigfix({**service(), "state": None})
    assert reasons(made) == [("state_unreadable", None), ("port_taken", 52311)]
    made["dns"]["udp_ports"] = {"udp4": ["53-53"], "udp6": ["53-53"]}
    made["udp_endpoints"] = [socket(52311, 99, "BESClient.exe")]
    made["udp_ports"]["udp4"] = ["52311-52311"]
    assert reasons(made) == [("state_unreadable", None)]


def test_a_service_that_ended_with_0_may_have_given_up_because_of_dns() -> None:
    made = bigfix(service(1, 2, None, 0))
    assert reasons(made) == [("port_taken", 52311)]
    found = plan(made)
    assert found["status"] == "conflict"
    (problem,) = [problem for problem in found["problems"] if problem["id"] == "service_stopped"]
    assert "purpose" not in problem["message"]
    assert all(action["services_to_start"] == [] for action in found["actions"])


def test_a_service_that_was_replaced_by_another_program_is_no_conflict() -> None:
    made = bigfix(service(1, 2, None, 0), dns={"udp_ports": {"udp4": ["53-53"], "udp6": ["53-53"]}})
    made["udp_endpoints"] = [socket(52311, 99, "relay.exe")]
    made["udp_ports"]["udp4"] = ["52311-52311"]
    assert reasons(made) == []


@pytest.mark.parametrize("start", [3, 4])
def test_a_service_that_nobody_started_is_no_conflict(start: int) -> None:
    row = {"name": "agent", "services": ["Agent"], "ports": ["2050"]}
    made = facts(services={"Agent": service(1, start, None, 1077)})
    found = plan(made, catalogue_extra=[row])
    assert found["live_conflicts"] == []
    assert ("service_not_running", "warning") not in problem_ids(found)


@pytest.mark.parametrize(
    ("exit_code", "words"),
    [
        (5003, "UDP 52311 is held by dns.exe (PID 1500); BESClient needs it (its last exit code is 5003)."),
        (
            1077,
            "UDP 52311 is held by dns.exe (PID 1500); BESClient needs it (no start was tried since the boot,"
            " exit code 1077).",
        ),
        (10048, "UDP 52311 is held by dns.exe (PID 1500); BESClient failed with error 10048 (address already in use)."),
    ],
)
def test_the_sentence(exit_code: int, words: str) -> None:
    assert sentences(verify(bigfix(service(1, 2, None, exit_code)), Policy.from_options())["failures"])[-1] == words


def test_the_sentence_on_a_service_that_runs_names_no_exit_code() -> None:
    (failure,) = verify(bigfix(service(4, 2, 5000, 0)), Policy.from_options())["failures"]
    assert sentences([failure]) == ["UDP 52311 is held by dns.exe (PID 1500); BESClient needs it."]


def test_the_sentence_on_a_service_in_a_block_whose_exit_code_was_not_read() -> None:
    failure = Failure("BESClient", PORT_EXCLUDED, 52311).to_json()
    assert sentences([failure]) == [
        "UDP 52311 lies in an excluded port range that Windows itself manages; BESClient needs it."
    ]


def radius(*ports: int, pid: int | None = 900, on_dns: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a Server 2019 whose NPS holds these ports."""
    made = server_2019(dns={"udp_ports": {"udp4": ["53-53", *on_dns], "udp6": ["53-53"]}})
    made["services"] = {"DNS": made["services"]["DNS"], "IAS": service(pid=900)}
    made["udp_endpoints"] = [socket(port, pid, "svchost.exe") for port in ports]
    made["udp_ports"]["udp4"] = [f"{port}-{port}" for port in ports]
    return made


def test_an_nps_that_is_configured_for_two_of_its_ports_is_up() -> None:
    made = radius(1812, 1813)
    assert verify(made, Policy.from_options())["ok"]
    (problem,) = plan(made)["problems"]
    assert (problem["id"], problem["severity"]) == ("port_not_held", "info")
    assert problem["message"].startswith("IAS runs and holds UDP ports of the catalogue, but not 1645-1646.")
    assert plan(made)["status"] == "safe"


def test_a_port_of_it_that_dns_holds_is_lost() -> None:
    made = radius(1812, 1813, on_dns=("1645-1645",))
    assert reasons(made) == [("port_taken", 1645)]
    assert plan(made)["status"] == "conflict"


@pytest.mark.parametrize(("ports", "pid"), [((), 900), ((1812, 1813), None), ((1814,), 900)])
def test_an_nps_of_which_no_port_is_seen_is_down(ports: tuple[int, ...], pid: int | None) -> None:
    assert ("port_not_held", 1645) in reasons(radius(*ports, pid=pid))


def elsewhere(*ports: int, **parts: Any) -> dict[str, Any]:
    """Return a Server 2019 whose NPS has a process of its own, and these ports. DNS's pool is drawn from the range."""
    held = sorted(f"{port}-{port}" for port in ports)
    made = {**radius(*ports, **parts), "own_sockets": {"IAS": {"ports": held, "doubtful": []}}}
    for family in ("udp4", "udp6"):
        made["dns"]["udp_ports"][family].append("60000-62499")
    return made


def test_an_nps_that_its_own_sockets_show_on_other_ports_is_up() -> None:
    made = elsewhere(18120, 18130)
    assert verify(made, Policy.from_options())["ok"]
    found = plan(made)
    (problem,) = [problem for problem in found["problems"] if problem["id"] == "port_not_held"]
    assert (found["status"], problem["severity"]) == ("safe", "info")
    assert problem["message"] == (
        "IAS runs on UDP 18120, 18130, and holds no port of the catalogue: UDP 1645-1646, 1812-1813. Its ports are a"
        " setting: if these are configured, the service lost them when it started, and must be restarted."
    )
    assert problem["data"] == {
        "service": "IAS",
        "port": None,
        "ports": ["1645-1646", "1812-1813"],
        "held": ["18120-18120", "18130-18130"],
    }
    assert [need["ports"] for need in found["needs"]] == [["1645-1646", "1812-1813"], ["18120-18120", "18130-18130"]]


@pytest.mark.parametrize("port", [1645, 1813])
def test_while_dns_or_anybody_else_holds_a_port_of_the_catalogue_it_may_have_lost_it(port: int) -> None:
    made = elsewhere(18120, 18130, on_dns=(f"{port}-{port}",))
    assert ("port_taken", port) in reasons(made)
    assert [reason for reason, _port in reasons(made)].count("port_not_held") == 3
    assert plan(made)["status"] == "conflict"
    made = elsewhere(18120, 18130)
    made["udp_endpoints"].append(socket(port, 4711, "other.exe"))
    made["udp_ports"]["udp4"].append(f"{port}-{port}")
    assert ("port_taken", port) in reasons(made)
    assert plan(made)["status"] == "conflict"
    made["udp_endpoints"][-1]["pid"] = None
    assert plan(made)["status"] == "unknown"


@pytest.mark.parametrize(
    "less",
    [
        {},
        {"own_sockets": {}},
        {"own_sockets": None},
        {"own_sockets": {"IAS": {"ports": [], "doubtful": ["18120-18120"]}}},
        {"own_sockets": {"IAS": {"ports": None, "doubtful": []}}},
        {"own_sockets": {"Other": {"ports": ["18120-18120"], "doubtful": []}}},
        {"dynamic_ports": {"udp4": {"start": 1025, "count": 64510}, "udp6": {"start": 49152, "count": 16384}}},
        {"dynamic_ports": {"udp4": None, "udp6": None}},
    ],
    ids=str,
)
def test_without_that_evidence_it_stays_an_alarm(less: dict[str, Any]) -> None:
    """In a process with other services, and for a port that Windows may have drawn, nobody can know."""
    made = {**(elsewhere if less.get("dynamic_ports") else radius)(18120, 18130), **less}
    found = plan(made)
    assert ("port_not_held", 1812) in reasons(made)
    assert found["status"] in ("service_down", "unknown")
    (problem,) = [problem for problem in found["problems"] if problem["id"] == "port_not_held"]
    assert problem["severity"] == "warning"
    assert problem["message"] == (
        "IAS runs but does not hold UDP 1645-1646, 1812-1813. Its ports are a setting that is not read: if it has"
        " others, name the service in ignore_services and its ports in extra_ports."
    )
    remedy = plan(made, ignore_services=["IAS"], extra_ports=["18120", "18130"])
    assert "port_not_held" not in {problem["id"] for problem in remedy["problems"]}


def test_ports_that_nobody_can_bind_prove_no_other_ones() -> None:
    made = elsewhere(18120, 18130)
    made["exclusions"] = {"udp4": block("1600-1899"), "udp6": []}
    assert plan(made)["status"] == "service_down"
    assert not verify(made, Policy.from_options())["ok"]


def test_ports_of_its_own_inside_of_the_dynamic_range_are_no_evidence() -> None:
    """A client socket of the service, for example to look for a domain controller, has such a port."""
    made = elsewhere(50812)
    assert ("port_not_held", 1812) in reasons(made)
    assert plan(made)["status"] == "service_down"


def test_after_a_change_of_the_dynamic_range_its_sockets_prove_nothing_before_a_boot() -> None:
    """DNS took its ports, and left them when the range was moved; the socket is a client's, from the old range."""
    made = elsewhere(18120)
    made["state"] = recorded({"dynamicport_udp4": "49152,16384"})
    assert (plan(made)["status"], reasons(made)[0]) == ("service_down", ("port_not_held", 1645))
    for damaged in ({"value": "49152,16384", "boot_mark": None}, None):
        made["state"]["settings"]["dynamicport_udp4"] = damaged
        assert reasons(made)[0] == ("port_not_held", 1645)
    made["state"] = {"present": None, "settings": {}}
    assert reasons(made)[0] == ("port_not_held", 1645)
    made["state"] = recorded({"dynamicport_udp4": "49152,16384"})
    assert verify({**made, "boot_mark": NEXT_BOOT_MARK}, Policy.from_options())["ok"]


def with_pool(udp4: list[str], udp6: list[str], **dns: Any) -> dict[str, Any]:
    """Return an NPS with a port outside of the range, and all RADIUS ports free. DNS holds these ports."""
    made = elsewhere(18120)
    made["dns"].update({"udp_ports": {"udp4": ["53-53", *udp4], "udp6": ["53-53", *udp6]}, **dns})
    return made


INSIDE, OUTSIDE = ["60000-62499"], ["20000-22499"]


@pytest.mark.parametrize(
    "made",
    [
        with_pool(OUTSIDE, OUTSIDE),
        with_pool(INSIDE, OUTSIDE),
        with_pool(INSIDE, ["20000-20000", *INSIDE]),
        with_pool([], []),
        with_pool(INSIDE, []),
        with_pool(["60000-60100"], ["60000-60100"]),
        with_pool(INSIDE, INSIDE, udp_ports=None),
        with_pool(INSIDE, INSIDE, pid=None),
        with_pool(INSIDE, INSIDE, state=1, pid=None),
    ],
    ids=lambda made: str({name: made["dns"][name] for name in ("udp_ports", "state", "pid")}),
)
def test_where_the_pool_does_not_show_the_range_a_port_outside_of_it_may_have_been_drawn(made: dict[str, Any]) -> None:
    """A rollback.cmd or a person has moved the range back since the boot, and nothing on the host is a record of it."""
    assert ("port_not_held", 1645) in reasons(made)
    assert plan(made)["status"] in ("service_down", "unknown")
    shown = [problem["severity"] for problem in plan(made)["problems"] if problem["id"] == "port_not_held"]
    assert shown == ["warning"]


def test_where_the_pool_is_drawn_from_the_range_a_port_outside_of_it_is_a_setting() -> None:
    assert reasons(with_pool(INSIDE, INSIDE)) == []
    assert reasons(with_pool(INSIDE, [*INSIDE, "20000-20000"], send_port=20000)) == []


def test_a_fixed_port_is_not_said_to_be_a_setting() -> None:
    row = {"name": "agent", "services": ["Agent"], "ports": ["2050"]}
    found = plan(server_2019(services={"Agent": service(pid=5)}), catalogue_extra=[row])
    (problem,) = [problem for problem in found["problems"] if problem["id"] == "port_not_held"]
    assert problem["message"] == "Agent runs but does not hold UDP 2050."


def test_a_service_that_must_always_hold_its_ports_is_down_without_one_of_them() -> None:
    row = {"name": "agent", "services": ["Agent"], "ports": ["2050-2051"], "own_sockets": True}
    made = radius(2050)
    made["services"]["Agent"] = made["services"].pop("IAS")
    policy = Policy.from_options({"catalogue_extra": [row]})
    assert verify(made, policy)["ok"]
    policy = Policy.from_options({"catalogue_extra": [{**row, "hold": "always"}]})
    made["own_sockets"] = {"Agent": {"ports": ["18120-18120"], "doubtful": []}}
    assert [(entry["reason"], entry["port"]) for entry in verify(made, policy)["failures"]] == [("port_not_held", 2051)]


def without_dns(state: int, exit_code: int, *sockets: dict[str, Any]) -> dict[str, Any]:
    """Return a Server 2019 on which DNS does not run, and others hold these sockets."""
    made = server_2019(
        dns={"state": state, "pid": None, "pool_present": "unknown", "udp_ports": {"udp4": [], "udp6": []}},
        services={"DNS": service(state, 2, None, exit_code)},
        udp_endpoints=[*sockets],
        udp_ports={"udp4": sorted({f"{row['port']}-{row['port']}" for row in sockets}), "udp6": []},
    )
    made["services"] = {"DNS": made["services"]["DNS"]}
    return made


def test_another_name_server_on_the_port_of_a_dns_that_is_down_is_named() -> None:
    made = without_dns(1, 10048, socket(53, 3333, "unbound.exe"))
    assert reasons(made) == [("not_running", None), ("port_taken", 53)]
    found = plan(made)
    assert found["live_conflicts"] == [
        {"port": 53, "service": "DNS", "holder": "unbound.exe", "pid": 3333, "error": 10048}
    ]
    assert found["status"] == "conflict"
    assert found["actions"] == []


def test_a_dns_that_is_down_for_another_reason_accuses_nobody() -> None:
    assert reasons(without_dns(1, 1067)) == [("not_running", None)]
    assert reasons(without_dns(1, 10048, socket(53, None, None))) == [("not_running", None)]
