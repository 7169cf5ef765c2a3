# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings, records, the boot mark, SQL Server's ports and hotfixes are read from the registry."""

from __future__ import annotations

import pytest

from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import ABSENT, UNREAD
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import (
    NT,
    SERVICES,
    TCPIP,
    facts_of,
    facts_of_sections,
    problem_ids,
    sbs2003,
    sbs2003_with,
    section,
)


def test_a_value_is_absent_only_when_its_key_was_read() -> None:
    read = sbs2003_with("tcpip", f"{TCPIP}\n    IPEnableRouter\tREG_DWORD\t0x1\n\n{TCPIP}\\Adapters\n")
    assert (read["settings"]["reserved_ports"], read["settings"]["max_user_port"]) == (ABSENT, ABSENT)
    for body, level in (("", 1), ("ERROR: Access is denied.\n", 1), ("", 0), (f"{TCPIP}\\Adapters\n", 0)):
        facts = sbs2003_with("tcpip", body, level)
        assert (facts["settings"]["reserved_ports"], facts["settings"]["max_user_port"]) == (UNREAD, UNREAD)
        assert problem_ids(facts) == ["tcpip_key_unreadable"]


def test_a_key_that_was_read_in_part_proves_nothing_absent() -> None:
    facts = sbs2003_with("tcpip", f"{TCPIP}\n    MaxUserPort\tREG_DWORD\t0xffff\n", 1)
    assert facts["settings"]["max_user_port"]["data"] == 65535
    assert facts["settings"]["reserved_ports"] == UNREAD


def test_no_dns_service_means_that_its_values_are_absent() -> None:
    text = sbs2003()
    begin = text.index("\nSERVICE_NAME: DNS\n")
    member = text[:begin] + text[text.index("\nSERVICE_NAME: Dnscache") :]
    member = member.replace(f"{SERVICES}\\DNS\n    Start\tREG_DWORD\t0x2\n", "")
    begin, end = member.index("#portkeeper begin dns\n"), member.index("#portkeeper end dns 0\n")
    member = member[:begin] + "#portkeeper begin dns\n#portkeeper end dns 1\n" + member[end + 22 :]
    facts = facts_of(member)
    assert facts["dns"] == {
        "installed": False,
        "state": None,
        "pid": None,
        "dependents": [],
        "send_port": None,
        "udp_ports": {"udp4": [], "udp6": []},
        "pool_present": "no",
    }
    assert facts["settings"]["socket_pool_size"] == ABSENT
    assert "DNS" not in facts["services"]
    assert problem_ids(facts) == []


def test_no_dns_service_by_the_service_keys_and_the_service_manager() -> None:
    keys = "".join(f"{SERVICES}\\{name}\n    Start    REG_DWORD    0x2\n" for name in ("AFD", "Dnscache", "Tcpip"))
    one_source = facts_of_sections(section("service_starts", keys), section("dns", "", 1))
    assert one_source["dns"]["installed"] is None
    asked = section("dns_dependents", "[SC] EnumDependentServices:OpenService FAILED 1060:\n", 1060)
    facts = facts_of_sections(section("service_starts", keys), section("dns", "", 1), asked)
    assert facts["dns"]["installed"] is False
    assert facts["settings"]["socket_pool_size"] == ABSENT
    cut = facts_of_sections(
        section("service_starts", keys.split(f"{SERVICES}\\Tcpip", maxsplit=1)[0]), section("dns", "", 1)
    )
    assert cut["dns"]["installed"] is None
    assert cut["settings"]["socket_pool_size"] == UNREAD
    assert {"service_starts_unreadable", "dns_key_unreadable"} <= set(problem_ids(cut))


@pytest.mark.parametrize(
    ("shown", "data", "ranges", "bad"),
    [
        (r"1645-1645\01646-1646\0\0", ["1645-1645", "1646-1646"], ["1645-1646"], []),
        (r"51820\052311-52311", ["51820", "52311-52311"], ["51820-51820", "52311-52311"], []),
        (
            r"5-4\0x\0 \0\070000-70001\07-7\0\0",
            ["5-4", "x", " ", "", "70000-70001", "7-7"],
            ["7-7"],
            ["5-4", "x", " ", "", "70000-70001"],
        ),
        ("", [], [], []),
    ],
)
def test_list_entries(shown: str, data: list[str], ranges: list[str], bad: list[str]) -> None:
    setting = sbs2003_with("tcpip", f"{TCPIP}\n    ReservedPorts\tREG_MULTI_SZ\t{shown}\n")["settings"][
        "reserved_ports"
    ]
    assert setting == {
        "present": True,
        "type": "REG_MULTI_SZ",
        "data": data,
        "ranges": ranges,
        "bad_entries": bad,
    }


def test_wrong_types_are_facts_too() -> None:
    body = f"{TCPIP}\n    ReservedPorts\tREG_SZ\t3343-3343\n    MaxUserPort\tREG_SZ\t65534\n"
    found = sbs2003_with("tcpip", body)["settings"]
    assert (found["reserved_ports"]["type"], found["reserved_ports"]["data"]) == ("REG_SZ", "3343-3343")
    assert found["reserved_ports"]["ranges"] == ["3343-3343"]
    assert (found["max_user_port"]["type"], found["max_user_port"]["data"]) == ("REG_SZ", "65534")
    binary = sbs2003_with("tcpip", f"{TCPIP}\n    ReservedPorts\tREG_BINARY\t33003400\n")["settings"]["reserved_ports"]
    assert (binary["type"], binary["data"], binary["ranges"]) == ("REG_BINARY", "33003400", [])


def test_values_that_cannot_be_told() -> None:
    twice = f"{TCPIP}\n    ReservedPorts\tREG_MULTI_SZ\t1-1\\0\\0\n    ReservedPorts\tREG_MULTI_SZ\t2-2\\0\\0\n\n"
    facts = sbs2003_with("tcpip", twice)
    assert facts["settings"]["reserved_ports"] == UNREAD
    assert problem_ids(facts) == ["value_ambiguous"]
    facts = sbs2003_with("tcpip", f"{TCPIP}\n    MaxUserPort\tREG_DWORD\t65534\n\n")
    assert facts["settings"]["max_user_port"] == UNREAD | {"present": True, "type": "REG_DWORD"}
    assert problem_ids(facts) == ["value_unreadable"]


def test_a_registry_file_in_place_of_reg_query() -> None:
    body = (
        f"Windows Registry Editor Version 5.00\n\n[{TCPIP}]\n"
        '"MaxUserPort"=dword:0000fffe\n"ReservedPorts"=hex(7):33,00,33,00,34,00,33,00,2d,00,33,00,33,00,34,00,33,00,\\\n'
        "  00,00,00,00\n"
    )
    for text in (body, body.replace("\n", "\r\n")):
        found = sbs2003_with("tcpip", text)["settings"]
        assert found["max_user_port"]["data"] == 65534
        assert found["reserved_ports"]["ranges"] == ["3343-3343"]


STATE = r"HKEY_LOCAL_MACHINE\SOFTWARE\portkeeper"


def test_state_record() -> None:
    body = (
        f"{STATE}\\state\\reserved_ports\n    value\tREG_SZ\t1080-1080,1433-1434\n"
        f"    boot_mark\tREG_SZ\t9a4b2c1d5e10c901-1f\n    dns_pid\tREG_SZ\t1508\n"
        f"{STATE}\\state\\socket_pool_size\n    value\tREG_SZ\tabsent\n    dns_pid\tREG_SZ\tx\n\n"
    )
    assert sbs2003_with("state", body)["state"] == {
        "present": True,
        "settings": {
            "reserved_ports": {
                "value": "1080-1080,1433-1434",
                "boot_mark": "9A4B2C1D5E10C901-1F",
                "dns_pid": 1508,
            },
            "socket_pool_size": {"value": "absent", "boot_mark": None, "dns_pid": None},
        },
    }


@pytest.mark.parametrize(
    ("body", "level"),
    [
        ("", 1),
        ("", 0),
        ("HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\n", 1),
        (f"{STATE}\nHKEY_LOCAL_MACHINE\\SOFTWARE\\X\n", 0),
    ],
)
def test_state_that_could_not_be_read(body: str, level: int) -> None:
    assert sbs2003_with("state", body, level)["state"] == {"present": None, "settings": {}}


CONTROL = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control"
PREFETCH = rf"{CONTROL}\Session Manager\Memory Management\PrefetchParameters"
COUNTER = f"{PREFETCH}\n    BootId    REG_DWORD    0x1f\n"


@pytest.mark.parametrize(
    ("body", "mark"),
    [
        (f"{CONTROL}\\Windows\n    ShutdownTime\tREG_BINARY\t9a4b2c1d5e10c901\n", "9A4B2C1D5E10C901"),
        (
            f"{CONTROL}\\Windows\n    ShutdownTime    REG_BINARY    9A4B2C1D5E10C901\n\n{COUNTER}",
            "9A4B2C1D5E10C901-1F",
        ),
        (COUNTER, None),
        (f"{CONTROL}\\Windows\n    ShutdownTime    REG_SZ    9A4B2C1D5E10C901\n", None),
        (f"{CONTROL}\\Windows\n    ShutdownTime    REG_BINARY    9A4B2C1D5E10\n", None),
        ("", None),
    ],
)
def test_boot_mark(body: str, mark: str | None) -> None:
    facts = sbs2003_with("boot", body, 1)
    assert facts["boot_mark"] == mark
    assert ("boot_mark_unreadable" in problem_ids(facts)) == (mark is None)


def test_sql_ports_may_be_empty_zero_or_several() -> None:
    server = r"HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Microsoft\Microsoft SQL Server"
    key = rf"{server}\MSSQL.1\MSSQLServer\SuperSocketNetLib\Tcp"
    body = (
        f"    TcpPort    REG_SZ    7777\n{key}\\IP1\n    TcpPort    REG_SZ    \n    TcpDynamicPorts    REG_SZ    0\n"
        f"{key}\\IPAll\n    TcpPort    REG_SZ    1433, 2112\n    TcpDynamicPorts    REG_SZ    49210\n"
        "    DefaultTcpPort    REG_SZ    99\n    TcpPort    REG_SZ    70000,x,-1\n"
    )
    assert sbs2003_with("sql_ports", body)["sql_ports"] == ["1433-1433", "2112-2112", "49210-49210"]


@pytest.mark.parametrize(
    ("value", "ports", "wrong"),
    [
        ("70000", [], "70000"),
        ("1433, 65536", ["1433-1433"], "65536"),
        ("70000,70000,99999999999", [], "70000, 99999999999"),
        ("1433,0", ["1433-1433"], None),
        ("65535", ["65535-65535"], None),
    ],
)
def test_a_number_of_sql_server_that_is_no_port_is_said(value: str, ports: list[str], wrong: str | None) -> None:
    key = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\MSSQLServer\MSSQLServer\SuperSocketNetLib\Tcp"
    found = sbs2003_with("sql_ports", f"{key}\n    TcpPort    REG_SZ    {value}\n    TcpDynamicPorts    REG_SZ    \n")
    assert found["sql_ports"] == ports
    assert problem_ids(found) == (["sql_port_invalid"] if wrong else [])
    for problem in found["problems"]:
        assert (problem["severity"], problem["data"]["section"]) == ("warning", "sql_ports")
        assert f"gives SQL Server TCP {wrong}, which " in problem["message"]


def test_only_hotfixes_that_matter() -> None:
    body = "".join(f"{NT}\\HotFix\\{name}\n" for name in ("KB123456", "KB961063", "KB2647170-v2", "KB951746"))
    assert sbs2003_with("hotfixes", body)["hotfixes"] == ["KB951746", "KB961063", "KB2647170"]
