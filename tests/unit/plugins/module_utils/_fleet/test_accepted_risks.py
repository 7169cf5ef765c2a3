# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An exposed host passes only if every exposed port is accepted and the decision has not expired."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.accepted_risks import (
    AcceptedRiskError,
    parse_accepted,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.artifact import build
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.gate import HostVerdict, Rules, judge
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.exposure import exposed_ports
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    ABSENT,
    DNS_PID,
    NEXT_BOOT_MARK,
    applied,
    block,
    facts,
    ranges,
    rebooted,
    recorded,
    server_2019,
    service,
    socket,
    with_dns,
)

TODAY = date(2026, 3, 1)
IAS_AND_IPSEC = ["1645-1646", "1812-1813", "4500-4500"]
"""The ports that IAS and PolicyAgent of the factory's host need inside the pool's range, written down by hand."""


def decision(**changes: Any) -> dict[str, Any]:
    return {"host": "a", "ports": IAS_AND_IPSEC, "reason": "replaced soon", "expires": "2026-03-01", **changes}


def exposed(status: str = "exposed", ports: list[str] | None = None) -> dict[str, Any]:
    """Return the artifact of a host on which the listed ports are reserved and effective, nothing else."""
    reserved = ports or ["3343-3343"]
    record = recorded({"reserved_ports": ",".join(reserved)}, NEXT_BOOT_MARK)
    found = facts(settings={"reserved_ports": ranges(*reserved)}, state=record)
    settled = {"settings": [], "actions": [], "reboot_required": False, "in_sync": status in {"exposed", "safe"}}
    plan = {**make_plan(found, Policy.from_options()), **settled, "status": status}
    return build("a", found, plan, {"msg": "a is exposed"}, "r", "2026-03-01T00:00:00Z", True, "2026-03-01T00:00:00Z")


def judged(artifact: dict[str, Any], *entries: dict[str, Any], max_risk: float | None = None) -> HostVerdict:
    (verdict,) = judge(["a"], {"a": artifact}, Rules(max_risk, parse_accepted(list(entries)), TODAY)).hosts
    return verdict


def test_every_exposed_port_accepted_on_the_last_day() -> None:
    verdict = judged(exposed(), decision())
    assert verdict.status == "accepted"
    assert "2026-03-01" in verdict.reason
    assert "replaced soon" in verdict.reason


def test_a_day_later_it_counts_again_and_is_named() -> None:
    verdict = judged(exposed(), decision(expires="2026-02-28"))
    assert verdict.status == "exposed"
    assert "no longer accepted" in verdict.reason


@pytest.mark.parametrize("missing", IAS_AND_IPSEC)
def test_one_port_that_is_not_accepted_is_enough(missing: str) -> None:
    assert judged(exposed(), decision(ports=[port for port in IAS_AND_IPSEC if port != missing])).status == "exposed"


def test_two_decisions_add_up_but_an_expired_one_does_not() -> None:
    one, two = decision(ports=["1645-1646"]), decision(ports=["1812-4500"])
    assert judged(exposed(), one, two).status == "accepted"
    assert judged(exposed(), one, {**two, "expires": "2026-02-28"}).status == "exposed"


def test_ports_that_are_protected_need_no_decision() -> None:
    assert judged(exposed(ports=["1645-1646", "1812-1813"]), decision(ports=["4500"])).status == "accepted"


def test_another_host_is_not_meant() -> None:
    assert judged(exposed(), decision(host="b")).status == "exposed"
    assert judged(exposed(), decision(host="A")).status == "exposed"


@pytest.mark.parametrize(
    "status", ["conflict", "service_down", "drifted", "pending_reboot", "pending_restart", "unknown"]
)
def test_nothing_but_exposure_can_be_accepted(status: str) -> None:
    assert judged(exposed(status), decision(ports=["1-65535"])).status == status


def down(dns: dict[str, Any] | None = None, **services: int) -> dict[str, Any]:
    """Return the artifact of a host without exposure on which services are stopped with the given exit codes."""
    browser = ["1434-1434"] if "SQLBrowser" in services else []
    reserved = [*browser, *IAS_AND_IPSEC[:1], "1812-1813", "3343-3343", "4500-4500"]
    record = recorded({"reserved_ports": ",".join(reserved)}, NEXT_BOOT_MARK)
    stopped = {name: service(state=1, exit_code=code) for name, code in services.items()}
    found = facts(settings={"reserved_ports": ranges(*reserved)}, state=record, services=stopped, dns=dns or {})
    plan = make_plan(found, Policy.from_options({"profiles": []}))
    return build("a", found, plan, {"msg": "a is down"}, "r", "2026-03-01T00:00:00Z", True, "2026-03-01T00:00:00Z")


SAGE = {"host": "a", "services": ["sageadvantagesvc"], "reason": "no longer used", "expires": "2026-03-01"}


def test_a_service_that_failed_for_its_port_can_be_accepted() -> None:
    artifact = down(SageAdvantageSvc=10048)
    assert judged(artifact).status == "service_down"
    verdict = judged(artifact, SAGE)
    assert verdict.status == "accepted"
    assert "sageadvantagesvc accepted until 2026-03-01: no longer used" in verdict.reason
    assert judged(artifact, {**SAGE, "expires": "2026-02-28"}).status == "service_down"
    assert judged(artifact, {**SAGE, "services": ["Other"]}).status == "service_down"


def test_a_known_service_that_failed_for_its_port_can_be_accepted() -> None:
    artifact = down(SQLBrowser=10048)
    assert judged(artifact).status == "service_down"
    entry = {**SAGE, "services": ["sqlbrowser"]}
    assert judged(artifact, entry).status == "accepted"
    assert judged(artifact, {**entry, "expires": "2026-02-28"}).status == "service_down"
    assert judged(artifact, SAGE).status == "service_down"
    both = down(SQLBrowser=10013, SageAdvantageSvc=10048)
    assert judged(both, entry).status == "service_down"
    assert judged(both, entry, SAGE).status == "accepted"


@pytest.mark.parametrize("code", [32, 2, 0])
def test_a_known_service_that_is_down_for_another_reason_cannot_be_accepted(code: int) -> None:
    entry = {**SAGE, "services": ["SQLBrowser", "PolicyAgent"]}
    artifact = down(SQLBrowser=code, SageAdvantageSvc=10048)
    assert judged(artifact, entry, SAGE).status == ("accepted" if code == 0 else "service_down")


def test_a_known_service_whose_port_dns_holds_cannot_be_accepted() -> None:
    artifact = down({"udp_ports": {"udp4": ["53-53", "1434-1434", "2000-2100"], "udp6": []}}, SQLBrowser=10048)
    assert judged(artifact, {**SAGE, "services": ["SQLBrowser"]}).status == "conflict"


def test_dns_that_is_down_cannot_be_accepted() -> None:
    artifact = down({"state": 1, "pid": None, "udp_ports": {"udp4": [], "udp6": []}}, DNS=10048)
    assert "service_not_running" in {problem["id"] for problem in artifact["plan"]["problems"]}
    assert "accepted_risks" not in str(artifact["plan"]["problems"])
    assert judged(artifact, {**SAGE, "services": ["DNS"]}).status == "service_down"


def test_an_accepted_service_hides_no_other_finding() -> None:
    assert judged(down(SageAdvantageSvc=10048, Other=10048), SAGE).status == "service_down"
    assert judged(down(SageAdvantageSvc=10048, IAS=10048), SAGE).status in ("conflict", "service_down")
    drifted = down(SageAdvantageSvc=10048)
    drifted["plan"]["settings"] = [{"id": "reserved_ports"}]
    assert judged(drifted, SAGE).status == "drifted"
    unread = down(SageAdvantageSvc=10048)
    unread["plan"]["risk"]["now"] = None
    assert judged(unread, SAGE).status != "accepted"


@pytest.mark.parametrize(
    "less",
    [
        {"outcome": "failed", "phase": "write"},
        {"outcome": "failed", "phase": "restart", "dns_may_be_stopped": True},
        {"facts": None},
    ],
    ids=str,
)
def test_an_accepted_service_hides_no_failure_of_the_run(less: dict[str, Any]) -> None:
    verdict = judged({**down(SageAdvantageSvc=10048), **less}, SAGE)
    assert (verdict.status, verdict.reason[:9]) == ("service_down", "a is down")


IN_BLOCK = {"exclusions": {"udp4": block("52300-52399"), "udp6": []}}
"""A block of Windows over the port of the BigFix client."""


def in_block(bigfix: dict[str, Any], **services: int) -> dict[str, Any]:
    """Return the artifact of a Server 2019 in sync, with a BigFix client in a block, and failed services."""
    made = server_2019(
        settings={"max_user_port": ABSENT, "socket_pool_excluded_port_ranges": ranges("52311-52311")},
        state=recorded({"socket_pool_excluded_port_ranges": "52311-52311"}, dns_pid=DNS_PID - 1),
        udp_endpoints=[socket(52311, 7, "BESClient.exe")] if bigfix["pid"] else [],
        udp_ports={"udp4": ["52311-52311"] if bigfix["pid"] else [], "udp6": []},
        **IN_BLOCK,
    )
    made["services"] = {name: service(state=1, exit_code=code) for name, code in services.items()}
    made["services"]["BESClient"] = bigfix
    plan = make_plan(with_dns(made), Policy.from_options({"profiles": []}))
    return build("a", made, plan, {"msg": "a is down"}, "r", "2026-03-01T00:00:00Z", True, "2026-03-01T00:00:00Z")


def test_a_service_that_failed_in_a_block_of_windows_can_be_accepted() -> None:
    artifact = in_block(service(state=1, exit_code=10013))
    assert judged(artifact).status == "service_down"
    assert judged(artifact, SAGE).status == "service_down"
    assert judged(artifact, {**SAGE, "services": ["besclient"]}).status == "accepted"


def test_a_block_is_no_obstacle_to_an_acceptance_of_another_service() -> None:
    artifact = in_block(service(pid=7), SageAdvantageSvc=10048)
    assert "port_in_excluded_block" in {problem["id"] for problem in artifact["plan"]["problems"]}
    assert judged(artifact, SAGE).status == "accepted"
    assert judged(artifact, {**SAGE, "services": ["BESClient"]}).status == "service_down"


@pytest.mark.parametrize("exit_code", [10013, 10048, 1067])
def test_a_service_that_is_down_in_a_block_is_not_hidden_by_an_acceptance_of_another_one(exit_code: int) -> None:
    artifact = in_block(service(state=1, exit_code=exit_code), SageAdvantageSvc=10048)
    assert judged(artifact, SAGE).status == "service_down"


def test_nor_is_one_that_a_trigger_will_start_into_a_block() -> None:
    artifact = in_block(service(state=1, start=3, exit_code=1077, trigger=True), SageAdvantageSvc=10048)
    assert judged(artifact, SAGE).status == "service_down"
    assert judged(artifact, {**SAGE, "services": ["BESClient"]}, SAGE).status == "service_down"


def test_a_failed_service_without_a_name_is_not_accepted_and_stops_no_other_host() -> None:
    artifact = down(SageAdvantageSvc=10048)
    for problem in artifact["plan"]["problems"]:
        problem["data"].pop("service", None)
    assert judged(artifact, SAGE).status == "service_down"


def test_an_accepted_service_needs_a_host_in_sync() -> None:
    artifact = down(SageAdvantageSvc=10048)
    artifact["plan"]["in_sync"] = False
    assert judged(artifact, SAGE).status == "service_down"


@pytest.mark.parametrize("services", [[], ["a\\b"], ["a\nb"], ["x" * 257], [5], [""]])
def test_services_must_be_service_keys(services: list[Any]) -> None:
    with pytest.raises(AcceptedRiskError, match=r"accepted_risks\[0\]"):
        parse_accepted([{**SAGE, "services": services}])


@pytest.mark.parametrize("name", ["Sage 50 (UK) Data", "R&D+Sync", "Gerätedienst"])
def test_every_name_that_the_service_manager_allows_can_be_accepted(name: str) -> None:
    """A service that no option can name would be an alarm every night."""
    artifact = down(**{name: 10048})
    assert judged(artifact).status == "service_down"
    assert judged(artifact, {**SAGE, "services": [name]}).status == "accepted"


def test_what_facts_do_not_show_cannot_be_accepted() -> None:
    artifact = exposed()
    for broken in ({**artifact, "facts": None}, {**artifact, "plan": {**artifact["plan"], "needs": 5}}):
        assert judged(broken, decision(ports=["1-65535"])).status in {"exposed", "unknown"}


def test_a_risk_above_the_limit_can_be_accepted_too() -> None:
    assert judged(exposed("safe"), decision(), max_risk=0.01).status == "accepted"


def test_the_exposed_ports_end_with_the_boot_after_the_write() -> None:
    before = facts()
    plan = make_plan(before, Policy.from_options())
    written = applied(before, plan)
    again = make_plan(written, Policy.from_options())
    assert exposed_ports(again, written) == PortSet.from_text(IAS_AND_IPSEC)
    safe = rebooted(written)
    assert not exposed_ports(make_plan(safe, Policy.from_options()), safe)


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": "2026-03-01"},
        {"host": None},
        {"host": 5},
        {"ports": []},
        {"ports": ["0"]},
        {"ports": ["65536"]},
        {"ports": ["9-8"]},
        {"ports": [" 80"]},
        {"ports": [True]},
        {"reason": " "},
        {"reason": "x" * 301},
        {"expires": "2026-02-30"},
        {"expires": "2026-3-1"},
        {"expires": "2026-03-01T00:00:00Z"},
        {"expires": 20260301},
        {"expires": None},
    ],
)
def test_mistakes_are_refused_with_their_place(wrong: dict[str, Any]) -> None:
    with pytest.raises(AcceptedRiskError, match=r"accepted_risks\[1\]"):
        parse_accepted([decision(), decision(**wrong)])


@pytest.mark.parametrize("wrong", ["a", {"host": "a"}, 5])
def test_it_must_be_a_list(wrong: object) -> None:
    with pytest.raises(AcceptedRiskError):
        parse_accepted(wrong)


def test_dates_and_numbers_of_yaml_are_read() -> None:
    (risk,) = parse_accepted([decision(ports=[4500, "1645-1646"], expires=date(2026, 3, 1))])
    assert (risk.ports.strings(), risk.expires) == (["1645-1646", "4500-4500"], TODAY)


@given(st.sets(st.sampled_from([1645, 1646, 1812, 1813, 4500, 5000])))
def test_accepted_exactly_when_all_exposed_ports_are(ports: set[int]) -> None:
    entries = [decision(ports=sorted(ports))] if ports else []
    assert (judged(exposed(), *entries).status == "accepted") is (ports >= {1645, 1646, 1812, 1813, 4500})
