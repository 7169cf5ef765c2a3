# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged blocks of sc are read correctly or reported, never mistaken for others."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.sc import (
    ServiceList,
    ServiceRow,
    parse_sc,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import (
    CAPTURES,
    SERVICES,
    facts_of,
    problem_ids,
    sbs2003,
    section,
)

BLOCK = """
SERVICE_NAME: {0}
DISPLAY_NAME: The service called {0}
        TYPE               : 20  WIN32_SHARE_PROCESS
        STATE              : {1}  {2}
                                (STOPPABLE, PAUSABLE, ACCEPTS_SHUTDOWN)
        WIN32_EXIT_CODE    : {3}  (0x{3:x})
        SERVICE_EXIT_CODE  : {4}  (0x{4:x})
        CHECKPOINT         : 0x0
        WAIT_HINT          : 0x0
        PID                : {5}
        FLAGS              :
"""
HOST = (
    ("Alerter", 1, "STOPPED", 1077, 0, 0),
    ("BlackBerry MDS Connection Service", 4, "RUNNING", 0, 0, 13224),
    ("DNS", 4, "RUNNING", 0, 0, 1508),
    ("IAS", 1, "STOPPED", 10048, 0, 0),
    ("PolicyAgent", 1, "STOPPED", 1066, 10048, 0),
    ("W32Time", 4, "RUNNING", 0, 0, 816),
)
LISTING = "".join(BLOCK.format(*service) for service in HOST)
ROWS = {name: ServiceRow(name, state, pid, win32, own) for name, state, _word, win32, own, pid in HOST}
LISTINGS = {path.name: path.read_text(encoding="utf-8") for path in sorted(CAPTURES.glob("sc-*.txt"))}
LISTINGS["constructed"] = LISTING


def _agrees(found: ServiceList, whole: ServiceList) -> bool:
    """Return whether nothing is told otherwise, and what is missing is named or counted."""
    same = all(whole.rows.get(name) == row for name, row in found.rows.items())
    return same and (found.rows.keys() == whole.rows.keys() or not found.complete or not found.rows)


def _broken(text: str, width: int) -> str:
    lines = [line[at : at + width] for line in text.split("\n") for at in range(0, len(line) or 1, width)]
    return "\n".join(lines)


def _folded(text: str, width: int) -> str:
    wrapper = textwrap.TextWrapper(width, break_long_words=False, drop_whitespace=False)
    return "\n".join(part for line in text.split("\n") for part in wrapper.wrap(line) or [""])


@pytest.mark.parametrize("name", LISTINGS)
@pytest.mark.parametrize("wrap", [_broken, _folded])
def test_wrapped_at_any_width(name: str, wrap: Callable[[str, int], str]) -> None:
    whole = parse_sc(LISTINGS[name])
    for width in range(24, 133):
        assert _agrees(parse_sc(wrap(LISTINGS[name], width)), whole), width


def test_cut_at_any_character() -> None:
    """Where the text ends between two blocks nothing is to be seen: the registry tells what is missing.

    From the third block on, a block has to be as the others are; before, the digits of a PID may be cut.
    """
    whole = parse_sc(LISTING)
    for end in range(len(LISTING) // len(HOST), len(LISTING)):
        found = parse_sc(LISTING[:end])
        for name, row in found.rows.items():
            assert replace(row, pid=0) == replace(whole.rows[name], pid=0), end
            assert len(found.rows) < 3 or row.pid == whole.rows[name].pid, end
        if found.rows:
            assert len(found.rows) + len(found.unread) + found.nameless >= LISTING[:end].count("\nSERVICE_NAME: "), end


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("SERVICE_NAME: x\n    TYPE : 20  A\n    STATE : 4  B\n        (STOPPABLE, PAUSABLE)\n", 4),
        ("SERVICE_NAME: x\n    TYPE : 20  A\n    STATE : 4  B (STOPPABLE, PAUSABLE)\n", 4),
        ("SERVICE_NAME: x\n    TYPE : 20  A\n    START_TYPE : 2   B\n", None),
    ],
)
def test_blocks_that_were_shortened_behind_the_state(text: str, state: int | None) -> None:
    rows = parse_sc(text).rows
    assert (rows["x"].state, rows["x"].win32_exit_code) == (state, None) if state else not rows


JUNK = ("> ", "-- More --", "12:", "\x1b[7m", "x", "\f", "\r")


@pytest.mark.parametrize(("junk", "at"), [*product(JUNK, range(1, len(LISTING.split("\n")), 2))])
def test_junk_in_front_of_a_line(junk: str, at: int) -> None:
    lines = LISTING.split("\n")
    lines[at] = junk + lines[at]
    assert _agrees(parse_sc("\n".join(lines)), parse_sc(LISTING))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "-- More --",
        "see ticket 4711: done",
        "    C:\\>sc queryex",
        "        X : 1",
        "        X : 1  (0x1)",
        "        X : 0x1",
        "X: 1",
        "checked on 27.11. at 10 30 by two people",
    ],
)
def test_a_line_more_anywhere(line: str) -> None:
    lines = LISTING.split("\n")
    whole = parse_sc(LISTING)
    for at in range(len(lines)):
        found = parse_sc("\n".join([*lines[:at], line, *lines[at:]]))
        assert _agrees(found, whole), at
        assert len(found.rows) >= len(ROWS) - 1, at


def test_a_line_less_anywhere() -> None:
    lines = LISTING.split("\n")
    whole = parse_sc(LISTING)
    for at in range(len(lines)):
        found = parse_sc("\n".join([*lines[:at], *lines[at + 1 :]]))
        assert _agrees(found, whole), at


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1066  (0x42a)", "10 66  (0x42a)"),
        ("1066  (0x42a)", "106  (0x42a)"),
        ("1066  (0x42a)", "\uff11\uff10\uff16\uff16  (0x42a)"),
        ("10048  (0x2740)", "10048"),
        ("10048  (0x2740)", "10048  (0x27"),
        ("PID                : 1508", "PID                : 1508 <-- restart"),
        ("PID                : 1508", "PID                : 1 508"),
        ("PID                : 1508", "PID                :"),
        ("STATE              : 4  RUNNING", "STATE              : \uff14  RUNNING"),
        ("STATE              : 4  RUNNING", "STATE              : 44  RUNNING"),
        ("STATE              : 4  RUNNING", "START_TYPE         : 2   AUTO_START"),
        ("WIN32_EXIT_CODE    : 10048", "ERROR_CONTROL      : 1   NORMAL"),
    ],
)
def test_a_field_that_cannot_be_read_takes_no_other_s_value(old: str, new: str) -> None:
    assert old in LISTING
    found = parse_sc(LISTING.replace(old, new, 1))
    assert _agrees(found, parse_sc(LISTING))
    assert found.unread


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_number_more_is_no_pid_where_there_are_none(count: int) -> None:
    """`sc query` shows no PIDs."""
    blocks = [BLOCK.format(f"s{number}", 4, "RUNNING", 0, 0, 7).partition("        PID")[0] for number in range(count)]
    found = parse_sc("".join(blocks) + "        X : 1\n")
    assert {row.pid for row in found.rows.values()} <= {None}


def test_answers_of_query_and_queryex_in_one_text() -> None:
    blocks = [BLOCK.format(f"s{number}", 4, "RUNNING", 0, 0, 7) for number in range(4)]
    blocks[1:] = [block.partition("        PID")[0] for block in blocks[1:]]
    found = parse_sc("".join(blocks))
    assert [row.pid for row in found.rows.values()] == [7, None, None, None]
    assert found.complete


def test_the_answer_to_another_question_gives_no_state() -> None:
    """`sc qc` in the place of `sc query`: type and start type look like type and state."""
    text = (
        "[SC] QueryServiceConfig SUCCESS\n\nSERVICE_NAME: DNS\n        TYPE               : 10  WIN32_OWN_PROCESS\n"
        "        START_TYPE         : 2   AUTO_START\n        ERROR_CONTROL      : 1   NORMAL\n"
        "        BINARY_PATH_NAME   : C:\\Windows\\system32\\dns.exe\n        LOAD_ORDER_GROUP   :\n"
    )
    found = parse_sc(text + "\n" + text.replace("DNS", "IAS"))
    assert (found.rows, found.complete) == ({}, False)


def test_an_error_that_the_service_does_not_explain_is_no_success() -> None:
    """1066 says that the service has a code of its own; 0 there does not mean that it never failed."""
    assert ServiceRow("IAS", 1, 0, 1066, 0).last_error == 1066
    assert ServiceRow("IAS", 1, 0, 1066, 10048).last_error == 10048


def test_an_empty_line_behind_a_repeated_command() -> None:
    for command in ("C:\\>sc query: x", "    C:\\>sc queryex", "$ sc query type: service", "X: y"):
        found = parse_sc(f"{command}\n\n{LISTING}")
        assert (found.rows, found.complete) == (ROWS, True)


def test_lines_in_front_of_a_block_do_not_name_it() -> None:
    for lines in ("    C:\\>sc queryex\n", "Active code page: 65001\nX: y\n", "\tnote: a\n"):
        found = parse_sc(lines + LISTING.lstrip("\n"))
        assert (found.rows, found.complete) == (ROWS, True)


def test_service_keys_with_spaces_and_messages_of_the_tool_stay() -> None:
    text = LISTING.replace("\nSERVICE_NAME: IAS", "[SC] GetServiceDisplayName FAILED 1060:\n\nSERVICE_NAME: IAS")
    assert (parse_sc(text).rows, parse_sc(text).complete) == (ROWS, True)


# --- what it means for the host -------------------------------------------------------------------------------------


def _sbs(change: Callable[[str], str]) -> dict[str, Any]:
    text = sbs2003()
    begin, end = text.index("#portkeeper begin services\n"), text.index("#portkeeper end services 0")
    return facts_of(text[:begin] + change(text[begin:end]) + text[end:])


def _without(name: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        begin = text.index(f"\nSERVICE_NAME: {name}\n")
        return text[:begin] + text[text.index("\n\nSERVICE_NAME", begin) + 1 :]

    return change


def _spoiled(name: str) -> Callable[[str], str]:
    return lambda text: text.replace(f"SERVICE_NAME: {name}\n", f"SERVICE_NAME: {name}\nx\n")


def _state_of(facts: dict[str, Any], problem_id: str) -> str:
    return next(problem["severity"] for problem in facts["problems"] if problem["id"] == problem_id)


def test_one_strange_line_does_not_make_a_host_unknown() -> None:
    whole = facts_of(sbs2003())
    known = make_plan(whole, Policy.from_options({}))["status"]
    spoiled = _sbs(lambda text: text.replace("        PID  ", "        X : 1\n        PID  ", 1))
    assert _state_of(spoiled, "service_blocks_unreadable") == "warning"
    assert make_plan(spoiled, Policy.from_options({}))["status"] == known != "unknown"
    nameless = _sbs(_spoiled("Alerter"))
    assert _state_of(nameless, "service_blocks_unreadable") == "warning"
    assert make_plan(nameless, Policy.from_options({}))["status"] == known


@pytest.mark.parametrize("name", ["DNS", "PolicyAgent", "BlackBerry Router"])
def test_a_block_that_may_be_of_dns_or_a_needed_service_does(name: str) -> None:
    def with_a_field_more(text: str) -> str:
        at = text.index("        PID  ", text.index(f"\nSERVICE_NAME: {name}\n"))
        return f"{text[:at]}        X : 1\n{text[at:]}"

    for change in (with_a_field_more, _spoiled(name), _without(name)):
        facts = _sbs(change)
        assert {problem["severity"] for problem in facts["problems"]} >= {"error"}
        assert make_plan(facts, Policy.from_options({}))["status"] == "unknown"


def test_a_list_without_dns_does_not_mean_that_there_is_no_dns() -> None:
    facts = _sbs(_without("DNS"))
    assert facts["dns"]["installed"] is None
    assert problem_ids(facts) == ["services_contradict", "dns_process_unknown"]
    assert facts["problems"][0]["data"] == {"not_listed": ["DNS"], "not_in_registry": []}
    assert facts["services"]["DNS"]["state"] is None
    assert make_plan(facts, Policy.from_options({}))["status"] == "unknown"


def test_a_list_of_the_running_services_only_does_not_lose_those_that_failed() -> None:
    """`sc query` without `state= all`."""

    def running(text: str) -> str:
        blocks = text.split("\n\n")
        return "\n\n".join(block for block in blocks if ": 1  STOPPED" not in block) + "\n"

    facts = _sbs(running)
    assert problem_ids(facts) == ["services_contradict"]
    assert {"IAS", "PolicyAgent"} <= set(facts["problems"][0]["data"]["not_listed"])


@pytest.mark.parametrize(
    ("key", "installed"),
    [
        ("", False),
        (f"{SERVICES}\\DNS\n", False),
        (f"{SERVICES}\\DNS\n    Start\tREG_DWORD\t0x4\n", False),
        (f"{SERVICES}\\DNS\n    Start\tREG_DWORD\t0x2\n    DeleteFlag\tREG_DWORD\t0x1\n", False),
        (f"{SERVICES}\\DNS\n    Start\tREG_DWORD\t0x2\n    DeleteFlag\tREG_DWORD\t0x0\n", None),
        (f"{SERVICES}\\DNS\n    Start\tREG_DWORD\t0x2\n", None),
        (f"{SERVICES}\\DNS\n    Start\tREG_DWORD\t0x3\n", None),
        (f"{SERVICES}\\DNS\n    Start\tREG_DWORD\t0x\n", None),
    ],
)
def test_what_the_registry_must_say_before_dns_is_not_installed(key: str, installed: bool | None) -> None:
    text = _without("DNS")(sbs2003()).replace(f"{SERVICES}\\DNS\n    Start\tREG_DWORD\t0x2\n", key)
    assert facts_of(text)["dns"]["installed"] is installed


@pytest.mark.parametrize("sections", [[], ["dns_dependents"], ["service_starts"], ["dns_dependents", "service_starts"]])
def test_not_installed_needs_two_sources(sections: list[str]) -> None:
    """The service manager's list, its answer when it is asked for DNS alone, and the registry."""
    listed = section("services", "\n".join(BLOCK.format(*service) for service in HOST if service[0] != "DNS"))
    others = {
        "dns_dependents": section("dns_dependents", "[SC] OpenService FAILED 1060:\n", 1060),
        "service_starts": section("service_starts", f"{SERVICES}\\Tcpip\n    Start    REG_DWORD    0x1\n"),
    }
    chosen = [others[name] for name in sections]
    assert facts_of("".join([listed, *chosen]))["dns"]["installed"] is (False if chosen else None)
    assert facts_of("".join(chosen))["dns"]["installed"] is (False if len(chosen) > 1 else None)


def test_a_list_with_an_unreadable_name_proves_no_absence() -> None:
    """DNS may be disabled and run all the same: then the registry does not contradict."""
    text = sbs2003().replace(f"{SERVICES}\\DNS\n    Start\tREG_DWORD\t0x2\n", f"{SERVICES}\\DNS\n")
    begin = text.index("SERVICE_NAME: DNS\n")
    facts = facts_of(text[:begin] + text[begin:].replace("SERVICE_NAME: DNS\n", "SERVICE_NAME: D\nNS\n", 1))
    assert facts["dns"]["installed"] is None
    assert _state_of(facts, "service_blocks_unreadable") == "error"


def test_a_service_that_the_registry_lacks_is_an_error() -> None:
    text = sbs2003().replace(f"{SERVICES}\\IAS\n    Start\tREG_DWORD\t0x2\n", "")
    facts = facts_of(text)
    assert problem_ids(facts) == ["services_contradict"]
    assert facts["problems"][0]["data"] == {"not_listed": [], "not_in_registry": ["IAS"]}


def test_what_is_no_needed_service_may_differ() -> None:
    text = (
        sbs2003().replace(f"{SERVICES}\\Alerter\n", f"{SERVICES}\\Other\n").replace("Services\\Dhcp", "Services\\Ohcp")
    )
    assert problem_ids(facts_of(text)) == []
    assert problem_ids(facts_of(text, extra_services=["other"])) == []
    assert problem_ids(facts_of(text, extra_services=["ohcp"])) == ["services_contradict"]


def test_a_dependent_that_is_no_service_is_not_believed() -> None:
    dependent = BLOCK.format("W32Time", 4, "RUNNING", 0, 0, 816).lstrip("\n")
    text = sbs2003().replace("Enum: entriesRead = 0\n", f"x = 1\n\n{dependent}")
    assert facts_of(text)["dns"]["dependents"] == ["W32Time"]
    begin = text.index("x = 1")
    dependents = text[begin:].replace("DISPLAY_NAME: The service called W32Time\n", "", 1)
    named = facts_of(text[:begin] + dependents.replace("SERVICE_NAME", "note: a\nSERVICE_NAME", 1))
    assert named["dns"]["dependents"] is None
    assert problem_ids(named) == ["dns_dependents_unreadable"]


TRIGGERED = (
    f"{SERVICES}\\IAS\n    Start    REG_DWORD    0x2\n{SERVICES}\\PolicyAgent\n    Start    REG_DWORD    0x3\n"
    f"{SERVICES}\\PolicyAgent\\TriggerInfo\n{SERVICES}\\Tcpip\n    Start    REG_DWORD    0x1\n"
)


@pytest.mark.parametrize("width", range(60, 100))
@pytest.mark.parametrize("pieces", [1, 99])
def test_a_trigger_s_key_that_is_broken_or_cut(width: int, pieces: int) -> None:
    """It is no proof that the service has no trigger; a text in front of the listing says nothing of that."""
    lines = [line[at : at + width] for line in TRIGGERED.split("\n") for at in range(0, len(line), width)[:pieces]]
    services = facts_of(section("service_starts", "Active code page: 65001\n" + "\n".join(lines) + "\n"))["services"]
    known = max(map(len, TRIGGERED.split("\n"))) <= width
    if "PolicyAgent" in services:
        assert services["PolicyAgent"]["trigger_start"] is (True if known else None)
    if "IAS" in services:
        assert services["IAS"]["trigger_start"] is (False if known else None)


def test_a_trigger_s_key_on_the_line_of_a_value() -> None:
    services = facts_of(section("service_starts", TRIGGERED.replace("0x3\n", "0x3 ")))["services"]
    assert (services["PolicyAgent"]["start"], services["PolicyAgent"]["trigger_start"]) == (None, None)
