# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a report show findings first, every host, and the changes; an altered artifact is not believed."""

from __future__ import annotations

import copy
import random

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._fleet.gate import judge
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet, single_ports
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._report.report import services_of
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils import factory
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.fleet import (
    NULLS,
    artifact,
    away,
    in_order,
    report_of,
    states,
    with_null,
)


def test_findings_first_and_the_gate_s_verdict() -> None:
    report = report_of(states())
    assert [(row.host, row.status) for row in report.rows] == [
        ("conflict", "conflict"),
        ("drifted", "drifted"),
        ("pending", "pending_reboot"),
        ("away", "unreachable"),
        ("safe", "safe"),
    ]
    assert list(report.counts) == [row.status for row in report.rows]
    assert report.verdict == judge(states(), states())


def test_what_a_conflict_shows() -> None:
    (row,) = report_of({"a": artifact("a", factory.conflict_facts())}).rows
    assert row.details
    assert {(entry.port, entry.holder) for entry in row.details.conflicts} == {(1645, "dns.exe"), (4500, "dns.exe")}
    cells = {need.service: need.cell for need in row.details.needs}
    assert {cells[name] for name in ("ias", "ipsec")} == {"conflict"}
    assert "exposed" in cells.values(), "the recommended list asks for more than the two that are down"
    assert row.details.risk_now and row.details.risk_after == 0
    assert any("1645-1646" in text and "add" in text for text in row.details.words)
    assert any("reboot" in text for text in row.details.words)


def test_a_safe_host_has_its_needs_reserved_and_nothing_to_do() -> None:
    (row,) = report_of({"a": artifact("a", in_order())}).rows
    assert row.details
    assert {need.cell for need in row.details.needs} == {"reserved", "outside"}
    assert row.details.words == ()


def test_a_defect_wins_over_an_artifact_of_another_folder() -> None:
    (row,) = report_of({"a": artifact("a", in_order())}, defects={"a": "it was cut"}).rows
    assert (row.status, row.reason) == ("unknown", "it was cut")


def test_services_are_ordered_by_how_many_hosts_need_them() -> None:
    rows = report_of({"a": artifact("a", factory.facts()), "b": artifact("b", factory.server_2019())}).rows
    services, left_out = services_of(rows)
    needed = [sum(need.service == name for row in rows for need in row.details.needs) for name in services]
    assert needed == sorted(needed, reverse=True) and set(needed) == {1, 2}
    assert left_out == 0


def test_what_is_worst_off_keeps_its_column_when_there_are_too_many() -> None:
    rows = report_of({"a": artifact("a", factory.conflict_facts()), "b": artifact("b", in_order())}).rows
    everything, _none = services_of(rows)
    assert services_of(rows, 2) == (["ias", "ipsec"], len(everything) - 2)


def changes(before: dict, after: dict) -> dict[str, list[str]]:
    (row,) = report_of({"a": after}, {"a": before} if before else {}).rows
    found: dict[str, list[str]] = {}
    for change in row.changes:
        found.setdefault(change.kind, []).append(change.text)
    return found


def test_fixed_since_the_earlier_report() -> None:
    found = changes(artifact("a", factory.conflict_facts()), artifact("a", in_order()))
    assert "status conflict" in found["fixed"]
    assert "port 1645 of ias is taken" in [text.lower() for text in found["fixed"]]
    assert set(found) == {"fixed"}, "our own write is no other hand's"


def test_another_hand_took_the_reservations_out() -> None:
    bent = copy.deepcopy(in_order())
    bent["settings"]["reserved_ports"] = factory.ranges("3343-3343")
    found = changes(artifact("a", in_order()), artifact("a", bent))
    (hand,) = found["hand"]
    assert hand.startswith("reserved_ports: taken out 1080, 1433-1434, 1645-1646, ")
    assert found["new"] and "fixed" not in found


def test_still_there() -> None:
    found = changes(artifact("a", factory.conflict_facts()), artifact("a", factory.conflict_facts()))
    assert set(found) == {"still"}


def test_a_host_that_is_not_reached_has_not_been_fixed() -> None:
    found = changes(artifact("a", factory.conflict_facts()), away("a"))
    assert found["new"] == ["status unreachable"]
    assert not [text for text in found.get("fixed", []) if "taken" in text or "exposed" in text]


def test_new_and_gone_hosts_are_named() -> None:
    report = report_of({"new": away("new")}, {"old": away("old")})
    assert report.gone == ("old",)
    assert [change.kind for change in report.rows[0].changes] == ["new"]


@pytest.mark.parametrize("count", [3, 2500])
def test_single_ports_are_those_of_the_set(count: int) -> None:
    ports = PortSet.from_ports(random.Random(1).sample(range(1025, 65536), count))
    assert single_ports(ports.to_json()) == list(ports)


@pytest.mark.parametrize("path", NULLS)
@pytest.mark.parametrize("make", [factory.conflict_facts, factory.server_2019])
def test_a_fact_that_is_null_costs_no_other_detail(make, path) -> None:
    found = with_null(make(), path)
    whole, less = report_of({"a": artifact("a", make())}).rows[0], report_of({"a": artifact("a", found)}).rows[0]
    assert less.details is not None
    assert less.trouble == ""
    assert [need.service for need in less.details.needs] == [need.service for need in whole.details.needs]


def test_windows_2000_keeps_its_details_and_shows_what_is_unknown() -> None:
    found = factory.conflict_facts()
    found["os"].update(release="2000", nt="5.0")
    found["dns"]["udp_ports"] = None
    found["udp_ports"]["udp4"] = ["53-53", "1645-1645", "4500-4500"]
    row = report_of({"old": artifact("old", found)}).rows[0]
    assert row.details is not None
    assert row.details.release == "2000"
    assert row.details.ports.held is None


def test_what_the_catch_all_caught_is_named() -> None:
    bent = artifact("a", factory.facts())
    bent["plan"]["risk"] = {"now": "\x1b[31m"}
    row = report_of({"a": bent}).rows[0]
    assert row.details is None
    assert row.trouble.split(":")[0] in {"KeyError", "ValueError"}
    assert "\x1b" not in row.trouble
