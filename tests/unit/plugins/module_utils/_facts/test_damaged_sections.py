# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged registry and netsh sections are refused; intact ones are read.

Every case here was once read wrongly without a problem, or must never be refused.
"""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import ABSENT, UNREAD
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import (
    NT,
    OPTIONS,
    TCPIP,
    facts_of,
    facts_of_sections,
    problem_ids,
    sbs2003,
    sbs2003_with,
    section,
)

ROWS = "    MaxUserPort    REG_DWORD    0xea60\n    ReservedPorts    REG_MULTI_SZ    1433-1434\\03343-3343\n"
BLANKS = f"{TCPIP}\n{ROWS}\n"


def _settings(body: str) -> tuple[Any, Any]:
    found = sbs2003_with("tcpip", body)["settings"]
    return found["max_user_port"]["data"], found["reserved_ports"]["data"]


READ = (60000, ["1433-1434", "3343-3343"])


def test_a_version_section_that_is_empty_where_only_the_product_tells_the_release_is_reported() -> None:
    facts = sbs2003_with("current_version", "")
    assert problem_ids(facts) == ["section_damaged"]


@pytest.mark.parametrize(
    "body",
    [
        BLANKS,
        BLANKS.replace(" ", "\xa0"),
        BLANKS.replace("    ", "\xa0\xa0\xa0 "),
        BLANKS.replace("    ", "\u202f\u3000"),
        f"Active code page: 65001\nAuthorized users only! 24/7\n\n{BLANKS}",
        f"{BLANKS}see below\n",
        BLANKS.replace("\n", "\n\n"),
        BLANKS.replace("\n", "\r"),
        "C:\\>reg query x\n\n" + BLANKS.replace("\n", "\n\n"),
        BLANKS.replace("\n    Res", "\n\nC:\\>type\n\n    Res").replace("\n", "\r\r\n"),
    ],
)
def test_settings_that_came_through_are_read(body: str) -> None:
    facts = sbs2003_with("tcpip", body)
    assert (facts["settings"]["max_user_port"]["data"], facts["settings"]["reserved_ports"]["data"]) == READ
    assert problem_ids(facts) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\\03343", "\n    \\03343"),
        ("1433-1434\\03343-3343", "1433-1434\\0\n3343-3343"),
        ("REG_MULTI_SZ    ", "\n    REG_MULTI_SZ    "),
        ("REG_MULTI_SZ    ", "REG_MULTI_SZ    \n"),
        ("REG_MULTI_SZ    ", "REG_MULTI_SZ\n    "),
        ("REG_DWORD    ", "\nREG_DWORD    "),
        ("    MaxUserPort", "-- More --    MaxUserPort"),
        ("    MaxUserPort", "\x0c    MaxUserPort"),
        ("    MaxUserPort", "\x1b[0m    MaxUserPort"),
        ("    MaxUserPort", ">     MaxUserPort"),
        ("    MaxUserPort", "12:    MaxUserPort"),
        ("    MaxUserPort", "-- More --\n    MaxUserPort"),
        ("MaxUserPort    REG_DWORD", "MaxUserPort    udp    REG_DWORD"),
        ("MaxUserPort    REG_DWORD", "MaxUserPort    0x1    REG_DWORD"),
        ("REG_DWORD    0xea60", "0xea60"),
        ("MaxUserPort    ", ""),
        ("REG_DWORD", "REG_DWOR"),
    ],
)
def test_a_row_that_was_harmed_makes_nothing_absent(old: str, new: str) -> None:
    assert old in BLANKS
    facts = sbs2003_with("tcpip", BLANKS.replace(old, new))
    assert (facts["settings"]["max_user_port"], facts["settings"]["reserved_ports"]) == (UNREAD, UNREAD)
    assert "section_damaged" in problem_ids(facts)


@pytest.mark.parametrize(
    "data",
    ["1433-1434\\03343\\0", "1433-1434\\03343   <---", "1433-1434\xa0\\03343", "1433-1434\\0\\0  # x", "\xa01"],
)
def test_data_with_something_behind_it_is_there_and_not_read(data: str) -> None:
    facts = sbs2003_with("tcpip", BLANKS.replace("1433-1434\\03343-3343", data))
    assert facts["settings"]["reserved_ports"] == UNREAD | {"present": True, "type": "REG_MULTI_SZ"}
    assert problem_ids(facts) == ["value_unreadable"]


def test_nt5_ends_its_lists() -> None:
    banner = "! REG.EXE VERSION 3.0\n\n" + BLANKS.replace("    REG", "\tREG").replace("SZ    ", "SZ\t")
    assert _settings(banner)[1] is None
    assert _settings(banner.replace("3343-3343", "3343-3343\\0\\0"))[1] == READ[1]


def test_the_byte_a0_is_a_letter() -> None:
    raw = sbs2003().encode()
    begin = raw.index(b"    MaxUserPort")
    for harmed in (b"\xa0\xa0\xa0\xa0MaxUserPort", b"\xa0   MaxUserPort"):
        facts = facts_of(raw[:begin] + harmed + raw[begin + 15 :])
        assert facts["settings"]["max_user_port"]["present"] is None
        assert problem_ids(facts) != []


@pytest.mark.parametrize("end", ["", "    MaxUserPort    REG_DWORD    0xea60\n", "    \n"])
def test_a_value_is_absent_only_behind_the_end_of_its_key(end: str) -> None:
    cut = sbs2003_with("tcpip", f"{TCPIP}\n{end}")
    assert cut["settings"]["reserved_ports"] == UNREAD
    assert problem_ids(cut) == ["tcpip_key_unreadable"]
    for behind in ("\n", f"{TCPIP}\\Adapters\n"):
        whole = sbs2003_with("tcpip", f"{TCPIP}\n{end}{behind}")
        assert whole["settings"]["reserved_ports"] == ABSENT


FILE = (
    f"Windows Registry Editor Version 5.00\n\n[{TCPIP}]\n"
    '"MaxUserPort"=dword:0000ea60\n"ReservedPorts"=hex(7):33,00,33,00,34,00,33,00,2d,00,33,00,33,00,34,00,33,00,\\\n'
    "  00,00,00,00\n\n"
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  00,00,00,00\n", ""),
        ("\n  00,00,00,00", "\n\n  00,00,00,00"),
        ("  00,00,00,00", "\xa0 00,00,00,00"),
        ("00,33,00,\\\n  00,00,00,00", "00,33,00,"),
        ("00,33,00,\\\n  00,00,00,00", "00,33,00"),
        ("00,00,00,00\n", "00,00,00,00 <---\n"),
    ],
)
def test_a_registry_file_that_lost_something_gives_no_other_list(old: str, new: str) -> None:
    assert _settings(FILE)[1] == ["3343-3343"]
    facts = sbs2003_with("tcpip", FILE.replace(old, new))
    assert facts["settings"]["reserved_ports"]["data"] is None
    assert set(problem_ids(facts)) & {"section_damaged", "value_unreadable", "value_ambiguous"}


def test_a_number_of_a_registry_file_has_eight_digits() -> None:
    facts = sbs2003_with("tcpip", FILE.replace("0000ea60", "0000ea"))
    assert facts["settings"]["max_user_port"] == UNREAD
    assert problem_ids(facts) == ["value_ambiguous"]


STATE = "HKEY_LOCAL_MACHINE\\SOFTWARE\n" + "".join(
    f"HKEY_LOCAL_MACHINE\\SOFTWARE\\{name}\n" for name in ("Classes", "Microsoft", "Policies", "Secure")
)


def test_our_key_is_absent_only_in_a_list_that_goes_further() -> None:
    assert sbs2003_with("state", STATE)["state"]["present"] is False
    for cut in (STATE.rsplit("HKEY", 1)[0], STATE.split("HKEY", 2)[0] + "HKEY_LOCAL_MACHINE\\SOFTWARE\n"):
        facts = sbs2003_with("state", cut)
        assert facts["state"]["present"] is None
        assert problem_ids(facts) == ["state_unreadable"]


@pytest.mark.parametrize(
    ("current", "ver", "nt"),
    [
        ("6.3 14393", "", "10.0"),
        ("6.3 9600", "", "6.3"),
        ("6.3 9600", "6.3.9600", "6.3"),
        ("6.3 9600", "Clink v1.2.345\nMicrosoft Windows [Version 6.3.9600]", "6.3"),
        ("6.3 9600", "6.1.9600", None),
    ],
)
def test_the_version_is_that_of_all_sources(current: str, ver: str, nt: str | None) -> None:
    version, build = current.split()
    rows = f"    CurrentVersion    REG_SZ    {version}\n    CurrentBuild    REG_SZ    {build}\n"
    found = facts_of_sections(
        section("ver", f"{ver}\n"),
        section("current_version", f"{NT}\n{rows}"),
        section("product_options", f"{OPTIONS}\n    ProductType    REG_SZ    ServerNT\n\n"),
    )
    assert found["os"]["nt"] == nt
    assert found["os"]["release"] == {"10.0": "2016", "6.3": "2012r2", None: None}[nt]


@pytest.mark.parametrize("name", ["current_version", "state", "hotfixes"])
def test_a_transcript_of_a_32_bit_process_is_refused(name: str) -> None:
    body = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Microsoft\\Windows NT\\CurrentVersion\n    A    REG_SZ    b\n\n"
    refused = sbs2003_with(name, body)
    assert problem_ids(refused) == ["collected_in_32_bit", "release_unknown", "sections_missing"]
    assert refused["settings"]["max_user_port"] == UNREAD
    listed = sbs2003_with("state", f"{STATE}HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\n")
    assert problem_ids(listed) == []


def _sbs_replaced(*changes: tuple[str, str]) -> dict[str, Any]:
    text = sbs2003()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return facts_of(text)


DISABLED = ("Services\\DNS\n    Start\tREG_DWORD\t0x2", "Services\\DNS\n    Start\tREG_DWORD\t0x4")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("DNS  dns.exe", "service_blocks_unreadable"),
        ("DNS    persistent", "service_blocks_unreadable"),
        ("DNS <- this one!", "services_contradict"),
        ("my DNS", "services_contradict"),
    ],
)
def test_text_beside_a_service_s_name_does_not_hide_the_service(name: str, problem: str) -> None:
    """A disabled service may run all the same, so the registry alone contradicts nothing."""
    facts = _sbs_replaced(("SERVICE_NAME: DNS\n", f"SERVICE_NAME: {name}\n"), DISABLED)
    assert (problem, "error") in [(row["id"], row["severity"]) for row in facts["problems"]]


@pytest.mark.parametrize("lines", range(1, 8))
def test_a_list_that_ends_inside_a_block_is_not_complete(lines: int) -> None:
    values = "TYPE : 20\nSTATE : 4  RUNNING (X)\nWIN32 : 0 (0x0)\nOWN : 0 (0x0)\nC : 0x0\nW : 0x0\nPID : 7\nFLAGS : \n"
    listed = "".join(f"\nSERVICE_NAME: {name}\n{values}" for name in ("DNS", "IAS")).split("\n")
    facts = facts_of_sections(section("services", "\n".join(listed[:-lines]) + "\n"))
    assert ("services_incomplete" in problem_ids(facts)) is (1 < lines < 6)


@pytest.mark.parametrize(
    ("body", "damaged"),
    [
        ("HKEY_X\\SuperSocketNetLib\\Tcp\n    TcpPort\tREG_SZ\t1433\n", False),
        ("HKEY_X\\SuperSocketNetLib\\Tcp\n    TcpPort\tREG_SZ\t\n    TcpDynamicPorts\tREG_SZ\t\n", False),
        ("    TcpDynamicPorts\tREG_SZ\t1434\nHKEY_X\\SuperSocketNetLib\\Tcp\n    TcpPort\tREG_SZ\t1433\n", False),
        ("HKEY_X\\Client\\SuperSocketNetLib\\Tcp\n", False),
        ("HKEY_X\\SuperSocketNetLib\\Tcp\n", True),
        ("HKEY_X\\SuperSocketNetLib\\Tcp\n    TcpPort\tREG_SZ\t1433,\n", True),
        ("| HKEY_X\\SuperSocketNetLib\\Tcp\n    TcpPort\tREG_SZ\t1433\n", True),
        ("HKEY_X\tY\\SuperSocketNetLib\\Tcp\n    TcpPort\tREG_SZ\t1433\n", True),
    ],
)
def test_rows_of_sql_server_that_are_missing(body: str, damaged: bool) -> None:
    assert problem_ids(sbs2003_with("sql_ports", body)) == ["section_damaged"] * damaged


@pytest.mark.parametrize("key", ["TriggerInfo  <--", "TriggerInfo <- this one!", "TriggerInfo\x1b[0m"])
def test_a_trigger_s_key_with_text_behind_it(key: str) -> None:
    facts = _sbs_replaced((f"{DISABLED[0]}\n", f"{DISABLED[0]}\n{TCPIP.replace('Tcpip', 'DNS')[:-11]}\\{key}\n"))
    assert facts["services"]["DNS"]["trigger_start"] is None
    assert "service_triggers_unreadable" in problem_ids(facts)


@pytest.mark.parametrize("name", ["reserved_ports    REG_SZ", "reserved_ports <- this one!", "reserved_ports 12"])
def test_a_record_with_text_behind_its_name_is_none(name: str) -> None:
    own = "HKEY_LOCAL_MACHINE\\SOFTWARE\\portkeeper\\state"
    facts = sbs2003_with("state", f"{own}\n\n{own}\\{name}\n    value\tREG_SZ\t1-1\n\n")
    assert facts["state"] == {"present": None, "settings": {}}
    assert len(problem_ids(facts)) == 1


@pytest.mark.parametrize(
    ("value", "read"),
    [("", ""), ("1-1,2-9", "1-1,2-9"), ("60000", "60000"), ("BES Relay,MSSQL$A", "BES Relay,MSSQL$A")]
    + [(value, None) for value in ("1-1,", ",1-1", "1-1,,2-2", "1 433-1 434", "1-1  x", "\uff11-\uff11", "1-1 # x")],
)
def test_a_record_is_read_only_as_it_is_written(value: str, read: str | None) -> None:
    own = "HKEY_LOCAL_MACHINE\\SOFTWARE\\portkeeper\\state\\reserved_ports"
    facts = sbs2003_with("state", f"{own}\n    value\tREG_SZ\t{value}\n\n")
    assert facts["state"]["settings"]["reserved_ports"]["value"] == read


def test_sockets_of_an_unknown_dns_process_are_said_to_be_among_the_others() -> None:
    text = sbs2003()
    listed = text[text.index("#portkeeper begin services") : text.index("#portkeeper end services")]
    without = "\n".join(line for line in listed.split("\n") if not line.startswith(("        PID ", "        FLAGS ")))
    facts = facts_of(text.replace(listed, without).replace('"dns.exe","1508"', '"x.exe","1508"'))
    assert facts["dns"]["pid"] is None
    assert facts["dns"]["udp_ports"] is None
    assert problem_ids(facts) == ["dns_process_unknown"]


@pytest.mark.parametrize("width", [80, 120, 300])
def test_a_window_s_filling_changes_nothing(width: int) -> None:
    text = sbs2003()
    assert facts_of("\n".join(line.ljust(width) for line in text.split("\n"))) == facts_of(text)


PASTED = """{front}
SERVICE_NAME: DNS
DISPLAY_NAME: DNS Server
        TYPE               : 10  WIN32_OWN_PROCESS
        STATE              : 4  RUNNING
                                (STOPPABLE, PAUSABLE, ACCEPTS_SHUTDOWN)
        WIN32_EXIT_CODE    : 0  (0x0)
        SERVICE_EXIT_CODE  : 0  (0x0)
        CHECKPOINT         : 0x0
        WAIT_HINT          : 0x0

SERVICE_NAME: IAS
DISPLAY_NAME: Internet Authentication Service
        TYPE               : 20  WIN32_SHARE_PROCESS
        STATE              : 1  STOPPED
                                (NOT_STOPPABLE, NOT_PAUSABLE, IGNORES_SHUTDOWN)
        WIN32_EXIT_CODE    : 10048  (0x2740)
        SERVICE_EXIT_CODE  : 0  (0x0)
        CHECKPOINT         : 0x0
        WAIT_HINT          : 0x0{end}"""


@pytest.mark.parametrize("end", ["\n\n", "\n"])
@pytest.mark.parametrize(
    "front",
    [
        "C:\\Users\\admin>sc query state= all\n",
        "   C:\\>sc query state= all\n\n",
        "PS C:\\> sc.exe query state= all\n",
        "Active code page: 65001\n\nC:\\>sc query\n",
        "Contoso Remote 4.2: session 17 to 10.0.0.5\n\n  C:\\WINDOWS\\system32>sc query\n",
        "note: see the ticket\n> sc query state= all\n",
    ],
)
def test_a_pasted_list_of_services_behind_its_command(front: str, end: str) -> None:
    facts = facts_of_sections(section("services", PASTED.format(front=front, end=end)))
    assert {name: (row["state"], row["win32_exit_code"]) for name, row in facts["services"].items()} == {
        "DNS": (4, 0),
        "IAS": (1, 10048),
    }
    assert set(problem_ids(facts)) == {"sections_missing", "release_unknown"}
