# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sc is read in unknown languages, by numbers and layout only."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.sc import ServiceRow, parse_sc
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import split_transcript

CAPTURES = Path(__file__).resolve().parents[3] / "captures"


def _capture(name: str) -> str:
    return (CAPTURES / name).read_text(encoding="utf-8")


def test_russian_labels_without_display_name_and_pid() -> None:
    found = parse_sc(_capture("sc-query-ru.txt"))
    assert found.rows == {"test": ServiceRow("test", 4, None, 0, 0)}
    assert (found.ambiguous, found.complete) == ((), True)


def test_spanish_queryex_whose_names_look_like_numbers() -> None:
    found = parse_sc(_capture("sc-queryex-es.txt"))
    assert found.rows["BFE"] == ServiceRow("BFE", 4, 1176, 0, 0)
    assert found.rows["IAS"] == ServiceRow("IAS", 1, 0, 1066, 10048)
    assert found.rows["IAS"].last_error == 10048
    assert found.rows["BFE"].last_error == 0
    assert (found.rows["BFE"].kind, found.rows["IAS"].kind) == (0x20, 0x20)
    assert found.complete


def test_portuguese_labels_wider_than_their_column() -> None:
    found = parse_sc(_capture("sc-query-pt.txt"))
    assert found.rows == {"Dns Cache$2": ServiceRow("Dns Cache$2", 1, None, 1077, 0)}


@pytest.mark.parametrize(
    ("win32", "own", "error"),
    [
        (0x80072740, 0, 10048),
        (1066, 0x80072740, 10048),
        (1066, 0x8007271D, 10013),
        (0x80070020, 0, 32),
        (0x80070005, 0, 0x80070005),
        (1066, 0x80004005, 0x80004005),
        (None, None, None),
    ],
)
def test_an_error_of_the_port_is_recognised_as_hresult(win32: int | None, own: int | None, error: int | None) -> None:
    assert ServiceRow("fwsrv", 1, 0, win32, own).last_error == error


@pytest.mark.parametrize("codec", ["cp850", "cp1252", "utf-8"])
def test_the_code_page_does_not_matter(codec: str) -> None:
    mangled = _capture("sc-query-pt.txt").encode(codec).decode("cp437")
    assert list(parse_sc(mangled).rows) == ["Dns Cache$2"]


def test_a_list_that_stopped_early_is_not_complete() -> None:
    found = parse_sc(_capture("sc-query-nt5-cut.txt"))
    assert found.rows == {"IAS": ServiceRow("IAS", 1, None, 10048, 0)}
    assert (found.stopped_early, found.complete) == (True, False)


def test_enumdepend() -> None:
    found = parse_sc(_capture("sc-enumdepend-nt5.txt"))
    assert list(found.rows) == ["WINS", "My Dns Helper"]
    assert found.complete
    # "[SC] EnumDependentServices: entriesread = 0" is what later releases print: Microsoft, "Sc enumdepend".
    for nothing in ("Enum: entriesRead = 0\n", "[SC] EnumDependentServices: entriesread = 0\n", ""):
        assert (parse_sc(nothing).rows, parse_sc(nothing).complete) == ({}, True)


def test_a_listing_that_lost_its_indentation() -> None:
    text = "\n".join(line.strip() for line in _capture("sc-queryex-es.txt").split("\n"))
    assert parse_sc(text).rows == parse_sc(_capture("sc-queryex-es.txt")).rows


def test_error_messages_are_no_services() -> None:
    # 1060 in its usual layout: Microsoft, System Error Codes.
    text = "[SC] EnumQueryServicesStatus:OpenService FAILED 1060:\n\nDer angegebene Dienst ist nicht da.\n"
    assert parse_sc(text).rows == {}


def test_a_translated_error_message_is_no_service() -> None:
    found = parse_sc(_capture("sc-error-pt.txt"))
    assert (found.rows, found.complete, found.announced) == ({}, True, None)


def test_italian_labels_and_a_space_behind_the_name() -> None:
    name = "com.docker.service"
    assert parse_sc(_capture("sc-query-it.txt")).rows == {name: ServiceRow(name, 1, None, 1077, 0)}


def test_the_flags_on_the_line_of_the_state() -> None:
    assert parse_sc(_capture("sc-start-one-line.txt")).rows == {"Consul": ServiceRow("Consul", 4, 8008, 0, 0)}


def test_between_the_commands_of_a_session() -> None:
    text = _capture("sc-query-ru-between.txt")
    framed = f"#portkeeper begin services\n{text}\n#portkeeper end services 0\n"
    for codec in ("utf-8", "cp866", "cp1251", "utf-16"):
        found = parse_sc(split_transcript(framed.encode(codec)).sections["services"].text)
        assert found.rows == {"BelfProctor": ServiceRow("BelfProctor", 4, None, 0, 0)}
        assert found.complete


def test_the_same_service_twice() -> None:
    text = _capture("sc-query-ru.txt")
    assert list(parse_sc(text + "\n" + text).rows) == ["test"]
    changed = parse_sc(text + "\n" + text.replace(": 4 ", ": 1 "))
    assert (changed.rows, changed.ambiguous) == ({}, ("test",))


def test_the_type_line_is_not_the_state() -> None:
    text = _capture("sc-query-ru.txt").replace(": 10  WIN32_OWN_PROCESS", ": 4  4").replace(": 4  RUNNING", ": 7  x")
    assert parse_sc(text).rows["test"].state == 7


def test_negative_exit_codes_are_read_from_their_hexadecimal_form() -> None:
    text = _capture("sc-query-ru.txt").replace(": 0  (0x0)", ": -1  (0xffffffff)", 1)
    assert parse_sc(text).rows["test"].win32_exit_code == 0xFFFFFFFF


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    parse_sc(text)
    parse_sc("A: b\n        T : 10\n        S : 4\n" + text)
