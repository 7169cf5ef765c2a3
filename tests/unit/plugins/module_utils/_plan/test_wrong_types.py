# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A value of a type that Windows does not read reserves nothing, so its ports are never treated as reserved now."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.host import Host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.effective import effect_of
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.settings import SETTINGS
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import (
    BOOT_MARK,
    DNS_PID,
    NEXT_BOOT_MARK,
    facts,
    number,
    ranges,
    recorded,
    server_2019,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.planned import plan, problem_ids, reason


def _sbs2003(*entries: str, registry_type: str = "REG_SZ", limit: int = 60000, **changes: Any) -> dict[str, Any]:
    value = ranges(*entries, registry_type=registry_type)
    return facts(settings={"max_user_port": number(limit), "reserved_ports": value}, **changes)


def _misfits(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [problem for problem in found["problems"] if problem["id"] == "pool_does_not_fit"]


@pytest.mark.parametrize("registry_type", ["REG_SZ", "REG_EXPAND_SZ"])
@pytest.mark.parametrize("entry", ["1024-58000", "1024-58000,58001-58002"])
def test_repair_puts_no_list_into_effect_that_leaves_the_pool_too_few_ports(entry: str, registry_type: str) -> None:
    found = plan(_sbs2003(entry, registry_type=registry_type), repair=True)
    assert found["settings"] == []
    (problem,) = _misfits(found)
    assert problem["severity"] == "error"
    assert problem["message"].endswith("the pool would not fit, so that change is not made.")
    assert (problem["data"]["pool"], problem["data"]["free"]) == (2500, 2000 - 2 * ("," in entry))
    assert found["kept"] == []


def test_the_same_is_refused_on_later_releases() -> None:
    made = server_2019()
    made["settings"]["socket_pool_excluded_port_ranges"] = ranges("49152-65000", registry_type="REG_SZ")
    found = plan(made, repair=True)
    assert found["settings"] == []
    assert {problem["severity"] for problem in _misfits(found)} == {"error"}


def test_a_list_of_the_right_type_that_does_not_fit_already_is_still_corrected() -> None:
    found = plan(_sbs2003("1024-58000", "abc", registry_type="REG_MULTI_SZ"), repair=True)
    assert [change["id"] for change in found["settings"]] == ["reserved_ports"]
    assert [problem["severity"] for problem in _misfits(found)] == ["warning"]


def test_the_reason_names_what_repair_puts_into_effect() -> None:
    found = plan(_sbs2003("3306-3306", registry_type="REG_SZ", limit=65534), repair=True)
    words = "changes the type from REG_SZ to REG_MULTI_SZ (repair), which puts its 3306-3306 into effect"
    assert words in reason(found)


def test_a_refused_repair_is_not_said_to_be_made() -> None:
    found = plan(_sbs2003("1024-58000"), repair=True)
    (message,) = [problem["message"] for problem in found["problems"] if problem["id"] == "wrong_type"]
    assert message.endswith("repair corrects it unless an error forbids the change.")


def test_without_repair_the_ports_of_a_wrong_type_lower_no_risk() -> None:
    found = plan(_sbs2003("1645-1646", limit=65534))
    assert found["risk"]["after_reload"] == found["risk"]["now"]
    assert found["kept"] == []
    assert problem_ids(found) == [("wrong_type", "error")]


def test_a_recorded_list_that_somebody_gave_another_type_is_not_in_effect() -> None:
    state = recorded({"reserved_ports": "4500-4500"}, NEXT_BOOT_MARK)
    right, wrong = (
        _sbs2003("4500-4500", registry_type=registry_type, limit=65534, state=state)
        for registry_type in ("REG_MULTI_SZ", "REG_SZ")
    )
    assert effect_of(Host(right), SETTINGS["reserved_ports"]) == "yes"
    assert effect_of(Host(wrong), SETTINGS["reserved_ports"]) == "unknown"
    assert [need["exposed"] for need in plan(right)["needs"] if need["service"] == "ipsec"] == [False]
    assert [need["exposed"] for need in plan(wrong)["needs"] if need["service"] == "ipsec"] == [True]


@pytest.mark.parametrize("boot_mark", [BOOT_MARK, NEXT_BOOT_MARK])
@pytest.mark.parametrize(("registry_type", "data"), [("REG_QWORD", 3000), ("REG_SZ", "3000")])
def test_a_recorded_size_that_somebody_gave_another_type_is_not_in_effect(
    registry_type: str, data: Any, boot_mark: str
) -> None:
    size = {**number(3000, registry_type), "data": data}
    state = recorded({"socket_pool_size": "3000"}, boot_mark, DNS_PID - 1)
    made = facts(settings={"socket_pool_size": size}, state=state)
    assert effect_of(Host(made), SETTINGS["socket_pool_size"]) == "unknown"
    for wanted in (None, 3000):
        assert "socket_pool_size" not in plan(made, socket_pool_size=wanted)["effective"]


def test_a_new_dynamic_range_still_has_room_for_a_list_of_a_wrong_type() -> None:
    """Whether Windows reads such a value is not confirmed: what must fit into the range has to fit in both cases."""
    made = server_2019(services={})
    made["settings"]["socket_pool_excluded_port_ranges"] = ranges("50000-57000", registry_type="REG_SZ")
    found = plan(made, dynamic_port_range={"start": 50000, "count": 8000})
    assert ("dynamic_port_range_refused", "error") in problem_ids(found)
