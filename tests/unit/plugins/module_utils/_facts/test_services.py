# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services, their start values, and the services that depend on DNS are read."""

from __future__ import annotations

import re

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import (
    SERVICES,
    facts_of,
    facts_of_sections,
    problem_ids,
    sbs2003,
    sbs2003_with,
    section,
)


def test_dependents_and_extra_services_and_holders_belong_in_the_facts() -> None:
    dependents = (
        "Enum: entriesRead = 1\n\nSERVICE_NAME: Netlogon\nDISPLAY_NAME: x\n        T : 20\n        S : 4  RUNNING\n"
        "        W : 0\t(0x0)\n        E : 0\t(0x0)\n"
    )
    text = sbs2003().replace("Enum: entriesRead = 0\n", dependents)
    text = text.replace("0.0.0.0:2883           *:*                                3340", "0.0.0.0:2883 *:* 816")
    facts = facts_of(text, extra_services=["w32time", "NoSuchService"])
    assert facts["dns"]["dependents"] == ["Netlogon"]
    assert {"Netlogon", "W32Time", "Dhcp", "Dnscache"} <= set(facts["services"])
    assert set(facts["services"]) - set(facts_of(sbs2003())["services"]) == {"Netlogon", "W32Time", "Dhcp", "Dnscache"}


def test_services_that_show_who_sets_the_dynamic_range_belong_in_the_facts() -> None:
    keys = "".join(
        f"{SERVICES}\\{name}\n    Start    REG_DWORD    0x2\n"
        for name in ("MSExchangeTransport", "MSExchangeServiceHost", "MSExchangeADTopology", "MSExchangePOP3")
    )
    services = facts_of_sections(section("service_starts", keys))["services"]
    assert set(services) == {"MSExchangeTransport", "MSExchangeServiceHost", "MSExchangeADTopology"}


def test_triggers_and_the_first_start_value() -> None:
    keys = (
        f"{SERVICES}\\IKEEXT\n    Start    REG_DWORD    0x3\n    StartOverride    REG_DWORD    0x0\n"
        f"    Start    REG_DWORD    0x4\n{SERVICES}\\IKEEXT\\TriggerInfo\n    Start    REG_DWORD    0x1\n"
        f"{SERVICES}\\NoStart\n{SERVICES}\\IAS\n    Start    REG_DWORD    0x9\n"
        f"{SERVICES}\\Tcpip\n    Start    REG_DWORD    0x1\n"
    )
    services = facts_of_sections(section("service_starts", keys))["services"]
    assert services["IKEEXT"] == {
        "state": None,
        "start": 3,
        "pid": None,
        "win32_exit_code": None,
        "trigger_start": True,
    }
    assert (services["IAS"]["start"], services["IAS"]["trigger_start"]) == (None, False)
    assert set(services) == {"IKEEXT", "IAS"}


def test_the_services_own_error_counts_where_windows_only_says_1066() -> None:
    text = sbs2003().replace(": 10048\t(0x2740)\n        SERVICE_EXIT_CODE  : 0\t(0x0)", "@", 1)
    text = text.replace("@", ": 1066\t(0x42a)\n        SERVICE_EXIT_CODE  : 10013\t(0x271d)")
    assert facts_of(text)["services"]["IAS"]["win32_exit_code"] == 10013


@pytest.mark.parametrize(("win32", "own", "shown"), [(10048, 0, 10048), (1066, 10048, 10048), (32, 0, 32)])
def test_a_service_that_failed_for_its_port_stays_in_the_facts(win32: int, own: int, shown: int) -> None:
    before, name, block = sbs2003().partition("SERVICE_NAME: W32Time\n")
    block = block.replace(": 4  RUNNING", ": 1  STOPPED", 1).replace("PID                : 892", "PID : 0", 1)
    block = block.replace("WIN32_EXIT_CODE    : 0\t(0x0)", f"WIN32_EXIT_CODE : {win32}\t({win32:#x})", 1)
    text = before + name + block.replace("SERVICE_EXIT_CODE  : 0\t(0x0)", f"SERVICE_EXIT_CODE : {own}\t({own:#x})", 1)
    assert facts_of(text)["services"]["W32Time"]["win32_exit_code"] == shown
    assert "W32Time" not in facts_of(sbs2003())["services"]


def test_no_process_is_taken_for_dns_by_the_name_of_its_image() -> None:
    before = facts_of(sbs2003())
    pid = before["dns"]["pid"]
    assert pid and f'"dns.exe","{pid}"' in sbs2003()
    facts = facts_of(re.sub(r" +PID +:.*\n +FLAGS +:.*\n", "", sbs2003()))
    assert facts["dns"]["state"] == 4 and facts["dns"]["pid"] is None and facts["dns"]["udp_ports"] is None
    assert make_plan(facts, Policy.from_options())["status"] == "unknown"


ONE_DEPENDENT = (
    "SERVICE_NAME: W32Time\n        TYPE : 10\n        STATE : 4\n        W : 0  (0x0)\n        E : 0  (0x0)\n"
)


@pytest.mark.parametrize(
    ("text", "dependents"),
    [
        ("Enum: entriesRead = 1\n\n" + ONE_DEPENDENT, ["W32Time"]),
        ("[SC] EnumDependentServices: entriesread = 1\n\n" + ONE_DEPENDENT, ["W32Time"]),
        (ONE_DEPENDENT, ["W32Time"]),
        ("Enum: entriesRead = 2\n\n" + ONE_DEPENDENT, None),
        ("Enum: entriesRead = 1\n", None),
        ("[SC] EnumDependentServices: entriesread = 0\n", []),
        # Not all fit in the buffer: Microsoft, "Sc query", remarks on bufsize=; later releases put the tool in front.
        (ONE_DEPENDENT + "\nEnum: more data, need 1822 bytes start resume at index 79\n", None),
        (ONE_DEPENDENT + "\n[SC] EnumServicesStatus: more data, need 1822 bytes start resume at index 79\n", None),
        ("[SC] EnumDependentServices FAILED 5:\n\nAccess is denied.\n\n", None),
    ],
)
def test_dependents_are_all_or_unknown(text: str, dependents: list[str] | None) -> None:
    facts = sbs2003_with("dns_dependents", text)
    assert facts["dns"]["dependents"] == dependents
    assert problem_ids(facts) == ([] if dependents is not None else ["dns_dependents_unreadable"])


def test_a_service_list_that_was_cut_is_an_error() -> None:
    text = sbs2003().replace(
        "#portkeeper end services 0",
        "\nEnum: more data, need 1822 bytes start resume at index 79\n#portkeeper end services 0",
    )
    assert problem_ids(facts_of(text)) == ["services_incomplete"]


def test_services_that_are_denied_are_not_absent() -> None:
    facts = parse_transcript("#portkeeper begin services\n[SC] OpenSCManager FAILED 5:\n#portkeeper end services 5\n")
    assert [problem["id"] for problem in facts["problems"]].count("access_denied") == 1
    assert facts["dns"]["installed"] is None


def test_services_of_which_only_one_list_knows_are_named() -> None:
    """An uninstaller may have left a key behind."""
    text = sbs2003().replace(f"{SERVICES}\\IAS\n    Start\tREG_DWORD\t0x2\n", "")
    left = f"{SERVICES}\\klnagent\n    Start\tREG_DWORD\t0x2\n"
    (problem,) = facts_of(text.replace(f"{SERVICES}\\MSMQ\n", f"{left}{SERVICES}\\MSMQ\n"))["problems"]
    assert problem["message"] == (
        "The service manager's list and the registry do not have the same services, so one of them is not complete"
        " (only in the registry: klnagent; only in the list: IAS)."
    )
