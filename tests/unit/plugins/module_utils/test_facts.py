# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of whole hosts: written down by hand, in several code pages, with parts missing, and out of arbitrary bytes."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._transcript import BYTES_MAX, TranscriptError

HERE = Path(__file__).resolve()
CAPTURES = HERE.parents[2] / "captures"
SCHEMA = HERE.parents[4] / "docs" / "schemas" / "facts.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))

ABSENT = {"present": False, "type": None, "data": None, "ranges": [], "bad_entries": []}
UNREAD = {"present": None, "type": None, "data": None, "ranges": [], "bad_entries": []}
SERVICES = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services"
TCPIP = rf"{SERVICES}\Tcpip\Parameters"


def _sbs2003() -> str:
    return (CAPTURES / "transcript-sbs2003.txt").read_text(encoding="utf-8")


def _facts(source: Any, **options: Any) -> dict[str, Any]:
    facts = parse_transcript(source, **options)
    VALIDATOR.validate(facts)
    return facts


def _section(name: str, body: str, level: int = 0) -> str:
    return f"#portkeeper begin {name}\n{body}#portkeeper end {name} {level}\n"


def _of(*sections: str) -> dict[str, Any]:
    return _facts("".join(sections))


def _replaced(name: str, body: str, level: int = 0) -> dict[str, Any]:
    """The SBS 2003 host with one section replaced."""
    text = _sbs2003()
    begin = text.index(f"#portkeeper begin {name}\n")
    end = text.index("\n", text.index(f"#portkeeper end {name} ")) + 1
    return _facts(text[:begin] + _section(name, body, level) + text[end:])


def _ids(facts: dict[str, Any]) -> list[str]:
    return [problem["id"] for problem in facts["problems"]]


def _running(pid: int) -> dict[str, Any]:
    return {"state": 4, "start": 2, "pid": pid, "win32_exit_code": 0, "trigger_start": False}


def _stopped(start: int, error: int) -> dict[str, Any]:
    return {"state": 1, "start": start, "pid": None, "win32_exit_code": error, "trigger_start": False}


def _endpoint(address: str, port: int, pid: int, process: str, connected: bool = False) -> dict[str, Any]:
    return {"address": address, "port": port, "pid": pid, "process": process, "connected": connected}


SBS2003_DNS_PORTS = {53, 1645, 4500} | set(range(1030, 3092, 9)) - {1813}
SBS2003: dict[str, Any] = {
    "format": 1,
    "computer_name": "SBSERVER",
    "collected": "Mon 09/08/2008  7:41:12.53",
    "os": {
        "release": "sbs2003",
        "family": "nt5",
        "nt": "5.2",
        "build": 3790,
        "product": "Microsoft Windows Server 2003 for Small Business Server",
        "product_type": "LanmanNT",
        "suites": ["Small Business(Restricted)"],
        "sbs": True,
    },
    "settings": {
        "max_user_port": {"present": True, "type": "REG_DWORD", "data": 60000, "ranges": [], "bad_entries": []},
        "reserved_ports": {
            "present": True,
            "type": "REG_MULTI_SZ",
            "data": ["3343-3343"],
            "ranges": ["3343-3343"],
            "bad_entries": [],
        },
        "socket_pool_size": ABSENT,
        "socket_pool_excluded_port_ranges": ABSENT,
    },
    "dns": {"installed": True, "state": 4, "pid": 1508, "dependents": [], "pool_present": "yes"},
    "dynamic_ports": {"udp4": None, "udp6": None},
    "exclusions": {"udp4": None, "udp6": None},
    "services": {
        "BlackBerry Router": _running(2884),
        "BlackBerry Server Alert": _running(2912),
        "ClusSvc": _stopped(4, 1077),
        "DNS": _running(1508),
        "IAS": _stopped(2, 10048),
        "MSExchangeIS": _running(3340),
        "MSMQ": _running(1748),
        "MSSQL$SBSMONITORING": _running(1792),
        "PolicyAgent": _stopped(2, 10048),
        "RemoteAccess": _running(892),
        "SQLBrowser": _running(1856),
        "W3SVC": _running(2016),
    },
    "services_total": 19,
    "udp_endpoints": [
        _endpoint("192.168.16.2", 88, 444, "lsass.exe"),
        _endpoint("127.0.0.1", 123, 892, "svchost.exe"),
        _endpoint("192.168.16.2", 123, 892, "svchost.exe"),
        _endpoint("192.168.16.2", 137, 4, "System"),
        _endpoint("192.168.16.2", 138, 4, "System"),
        _endpoint("192.168.16.2", 389, 444, "lsass.exe"),
        _endpoint("0.0.0.0", 445, 4, "System"),
        _endpoint("192.168.16.2", 464, 444, "lsass.exe"),
        _endpoint("0.0.0.0", 1434, 1856, "sqlbrowser.exe"),
        _endpoint("0.0.0.0", 1701, 4, "System"),
        _endpoint("0.0.0.0", 1801, 1748, "mqsvc.exe"),
        _endpoint("0.0.0.0", 2883, 3340, "store.exe"),
        _endpoint("127.0.0.1", 3456, 444, "lsass.exe", connected=True),
        _endpoint("0.0.0.0", 3527, 1748, "mqsvc.exe"),
    ],
    "udp_endpoints_truncated": False,
    "udp_ports": {
        "udp4": [
            "88-88",
            "123-123",
            "137-138",
            "389-389",
            "445-445",
            "464-464",
            "1434-1434",
            "1701-1701",
            "1801-1801",
            "2883-2883",
            "3456-3456",
            "3527-3527",
        ],
        "udp6": [],
    },
    "sql_ports": ["1139-1139"],
    "hotfixes": ["KB951746", "KB951748", "KB958644"],
    "boot_mark": "9A4B2C1D5E10C901",
    "state": {"present": False, "settings": {}},
    "problems": [],
}


def _assert_sbs2003(facts: dict[str, Any]) -> None:
    held = facts["dns"].pop("udp_ports")
    assert set(PortSet.from_json(held["udp4"])) == SBS2003_DNS_PORTS
    assert held["udp6"] == []
    assert facts == SBS2003
    assert list(facts) == list(SBS2003)


def test_sbs2003_as_written_down_by_hand() -> None:
    _assert_sbs2003(_facts(_sbs2003()))


FOREIGN = {
    "cp437": "größe",
    "cp850": "ÉTAT",
    "cp852": "Połączenia",
    "cp866": "Состояние",
    "cp932": "表ソ能",
    "cp936": "協議誠",
    "cp949": "포트 상태",
    "cp950": "許功蓋",
    "cp1252": "CÓD_SALIDA",
    "utf-8": "قيم 表",
    "utf-8-sig": "ışğ",
    "utf-16-le": "表 ß",
    "utf-16-be": "表 ß",
}
MARKS = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}


@pytest.mark.parametrize("codec", FOREIGN)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r\r\n"])
def test_code_page_and_line_ends_do_not_matter(codec: str, line_end: str) -> None:
    """With words of that code page in front of each section and as labels of all services' lines."""
    word = FOREIGN[codec]
    text = _sbs2003().replace("#portkeeper begin", f"{word}\n#portkeeper begin")
    for label in (
        "DISPLAY_NAME",
        "SERVICE_NAME",
        "TYPE",
        "STATE",
        "WAIT_HINT",
        "Active Connections",
        "Proto",
        "<NO NAME>",
    ):
        text = text.replace(label, word)
    _assert_sbs2003(_facts(MARKS.get(codec, b"") + text.replace("\n", line_end).encode(codec)))


def test_the_order_of_the_sections_does_not_matter() -> None:
    parts = _sbs2003().split("#portkeeper begin ")
    random.Random(812873).shuffle(parts)
    shuffled = "".join(f"#portkeeper begin {part}" for part in parts if not part.startswith("#portkeeper transcript"))
    _assert_sbs2003(_facts(shuffled))


@pytest.mark.parametrize(
    "prompt", ["C:\\>", "C:\\Documents and Settings\\a (1)>", "PS D:\\x> ", "a@SRV E:\\x.1.2.345>"]
)
def test_commands_that_a_shell_repeats_do_not_matter(prompt: str) -> None:
    """A script run with `echo on` prints a blank line and the prompt with the command before each command's output."""
    echoed = []
    for line in _sbs2003().split("\n"):
        if line.startswith("#portkeeper"):
            echoed += ["", f"{prompt}echo {line}", line, "", f"{prompt}(tool query type= service 4 5)<nul 2>nul"]
        else:
            echoed.append(line)
    _assert_sbs2003(_facts("\r\n".join(echoed)))


def test_the_same_host_with_translated_labels() -> None:
    text = _sbs2003()
    for label, translated in (
        ("SERVICE_NAME:", "NOMBRE_SERVICIO:"),
        ("DISPLAY_NAME:", "Имя:"),
        ("        TYPE  ", "        Тип  "),
        ("        STATE  ", "        ÉTAT  "),
        ("WIN32_EXIT_CODE   ", "CÓDIGO_DE_SAÍDA_DO_WIN32   "),
        ("SERVICE_EXIT_CODE  :", "CÓD_SALIDA_SERVICIO:"),
        ("CHECKPOINT", "PUNTO_COMPROB."),
        ("<NO NAME>", "(Standard)"),
        ("Active Connections", "Aktive Verbindungen"),
        ("Local Address", "Lokale Adresse"),
        ("Version 5.2", "Versión 5.2"),
    ):
        assert label in text
        text = text.replace(label, translated)
    _assert_sbs2003(_facts(text.encode("utf-8")))


# --- the registry ---------------------------------------------------------------------------------------------------


def test_a_value_is_absent_only_when_its_key_was_read() -> None:
    read = _replaced("tcpip", f"{TCPIP}\n    IPEnableRouter\tREG_DWORD\t0x1\n\n{TCPIP}\\Adapters\n")
    assert (read["settings"]["reserved_ports"], read["settings"]["max_user_port"]) == (ABSENT, ABSENT)
    for body, level in (("", 1), ("ERROR: Access is denied.\n", 1), ("", 0), (f"{TCPIP}\\Adapters\n", 0)):
        facts = _replaced("tcpip", body, level)
        assert (facts["settings"]["reserved_ports"], facts["settings"]["max_user_port"]) == (UNREAD, UNREAD)
        assert _ids(facts) == ["tcpip_key_unreadable"]


def test_a_key_that_was_read_in_part_proves_nothing_absent() -> None:
    facts = _replaced("tcpip", f"{TCPIP}\n    MaxUserPort\tREG_DWORD\t0xffff\n", 1)
    assert facts["settings"]["max_user_port"]["data"] == 65535
    assert facts["settings"]["reserved_ports"] == UNREAD


def test_no_dns_service_means_that_its_values_are_absent() -> None:
    text = _sbs2003()
    begin = text.index("\nSERVICE_NAME: DNS\n")
    member = text[:begin] + text[text.index("\nSERVICE_NAME: Dnscache") :]
    member = member.replace(f"{SERVICES}\\DNS\n    Start\tREG_DWORD\t0x2\n", "")
    begin, end = member.index("#portkeeper begin dns\n"), member.index("#portkeeper end dns 0\n")
    member = member[:begin] + "#portkeeper begin dns\n#portkeeper end dns 1\n" + member[end + 22 :]
    facts = _facts(member)
    assert facts["dns"] == {
        "installed": False,
        "state": None,
        "pid": None,
        "dependents": [],
        "udp_ports": {"udp4": [], "udp6": []},
        "pool_present": "no",
    }
    assert facts["settings"]["socket_pool_size"] == ABSENT
    assert "DNS" not in facts["services"]
    assert _ids(facts) == []


def test_no_dns_service_by_the_service_keys_alone() -> None:
    keys = "".join(f"{SERVICES}\\{name}\n    Start    REG_DWORD    0x2\n" for name in ("AFD", "Dnscache", "Tcpip"))
    facts = _of(_section("service_starts", keys), _section("dns", "", 1))
    assert facts["dns"]["installed"] is False
    assert facts["settings"]["socket_pool_size"] == ABSENT
    cut = _of(_section("service_starts", keys.split(f"{SERVICES}\\Tcpip", maxsplit=1)[0]), _section("dns", "", 1))
    assert cut["dns"]["installed"] is None
    assert cut["settings"]["socket_pool_size"] == UNREAD
    assert {"service_starts_unreadable", "dns_key_unreadable"} <= set(_ids(cut))


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
    setting = _replaced("tcpip", f"{TCPIP}\n    ReservedPorts\tREG_MULTI_SZ\t{shown}\n")["settings"]["reserved_ports"]
    assert setting == {
        "present": True,
        "type": "REG_MULTI_SZ",
        "data": data,
        "ranges": ranges,
        "bad_entries": bad,
    }


def test_wrong_types_are_facts_too() -> None:
    body = f"{TCPIP}\n    ReservedPorts\tREG_SZ\t3343-3343\n    MaxUserPort\tREG_SZ\t65534\n"
    found = _replaced("tcpip", body)["settings"]
    assert (found["reserved_ports"]["type"], found["reserved_ports"]["data"]) == ("REG_SZ", "3343-3343")
    assert found["reserved_ports"]["ranges"] == ["3343-3343"]
    assert (found["max_user_port"]["type"], found["max_user_port"]["data"]) == ("REG_SZ", "65534")
    binary = _replaced("tcpip", f"{TCPIP}\n    ReservedPorts\tREG_BINARY\t33003400\n")["settings"]["reserved_ports"]
    assert (binary["type"], binary["data"], binary["ranges"]) == ("REG_BINARY", "33003400", [])


def test_values_that_cannot_be_told() -> None:
    twice = f"{TCPIP}\n    ReservedPorts\tREG_MULTI_SZ\t1-1\\0\\0\n    ReservedPorts\tREG_MULTI_SZ\t2-2\\0\\0\n"
    facts = _replaced("tcpip", twice)
    assert facts["settings"]["reserved_ports"] == UNREAD
    assert _ids(facts) == ["value_ambiguous"]
    facts = _replaced("tcpip", f"{TCPIP}\n    MaxUserPort\tREG_DWORD\t65534\n")
    assert facts["settings"]["max_user_port"] == UNREAD | {"present": True, "type": "REG_DWORD"}
    assert _ids(facts) == ["value_unreadable"]


def test_a_registry_file_in_place_of_reg_query() -> None:
    body = (
        f"Windows Registry Editor Version 5.00\n\n[{TCPIP}]\n"
        '"MaxUserPort"=dword:0000fffe\n"ReservedPorts"=hex(7):33,00,33,00,34,00,33,00,2d,00,33,00,33,00,34,00,33,00,\\\n'
        "  00,00,00,00\n"
    )
    for text in (body, body.replace("\n", "\r\n")):
        found = _replaced("tcpip", text)["settings"]
        assert found["max_user_port"]["data"] == 65534
        assert found["reserved_ports"]["ranges"] == ["3343-3343"]


# --- the operating system -------------------------------------------------------------------------------------------


NT = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
OPTIONS = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ProductOptions"


def _os(current: str, product_type: str = "ServerNT", ver: str = "") -> dict[str, Any]:
    return _of(
        _section("ver", ver),
        _section("current_version", f"{NT}\n{current}"),
        _section("product_options", f"{OPTIONS}\n    ProductType    REG_SZ    {product_type}\n"),
    )


def test_windows_10_and_later_say_6_3_in_the_old_value() -> None:
    current = "    CurrentVersion    REG_SZ    6.3\n    CurrentBuildNumber    REG_SZ    17763\n"
    numbers = "    CurrentMajorVersionNumber    REG_DWORD    0xa\n    CurrentMinorVersionNumber    REG_DWORD    0x0\n"
    assert _os(current + numbers)["os"]["release"] == "2019"
    assert _os(current, ver="Microsoft Windows [版本 10.0.17763.1]\n")["os"]["release"] == "2019"
    assert _os(current, "WinNT", "[Version 10.0.17763]\n")["os"]["release"] == "10"


@pytest.mark.parametrize(
    ("ver", "nt", "build"),
    [
        ("Microsoft Windows 2000 [Version 5.00.2195]", "5.0", 2195),
        ("Microsoft Windows [Versión 6.1.7601]", "6.1", 7601),
        ("Microsoft Windows [版本 10.0.20348.2227]", "10.0", 20348),
        ("", None, None),
    ],
)
def test_ver_alone(ver: str, nt: str | None, build: int | None) -> None:
    facts = _of(_section("ver", f"\n{ver}\n"))
    assert (facts["os"]["nt"], facts["os"]["build"], facts["os"]["release"]) == (nt, build, None)
    assert facts["os"]["family"] == {"5.0": "nt5", "6.1": "nt6_r2", "10.0": "nt6_r2", None: None}[nt]


def test_a_newer_build_is_taken_for_the_newest() -> None:
    current = (
        "    CurrentMajorVersionNumber    REG_DWORD    0xa\n    CurrentMinorVersionNumber    REG_DWORD    0x0\n"
        "    CurrentBuildNumber    REG_SZ    29999\n"
    )
    facts = _os(current)
    assert (facts["os"]["release"], facts["os"]["family"]) == ("2025", "nt6_r2")
    assert "release_not_exact" in _ids(facts)


# --- services and sockets -------------------------------------------------------------------------------------------


def test_dependents_and_extra_services_and_holders_belong_in_the_facts() -> None:
    dependents = (
        "Enum: entriesRead = 1\n\nSERVICE_NAME: Netlogon\nDISPLAY_NAME: x\n        T : 20\n        S : 4  RUNNING\n"
    )
    text = _sbs2003().replace("Enum: entriesRead = 0\n", dependents)
    text = text.replace("0.0.0.0:2883           *:*                                3340", "0.0.0.0:2883 *:* 816")
    facts = _facts(text, extra_services=["w32time", "NoSuchService"])
    assert facts["dns"]["dependents"] == ["Netlogon"]
    assert {"Netlogon", "W32Time", "Dhcp", "Dnscache"} <= set(facts["services"])
    assert set(facts["services"]) - set(SBS2003["services"]) == {"Netlogon", "W32Time", "Dhcp", "Dnscache"}


def test_triggers_and_the_first_start_value() -> None:
    keys = (
        f"{SERVICES}\\IKEEXT\n    Start    REG_DWORD    0x3\n    StartOverride    REG_DWORD    0x0\n"
        f"    Start    REG_DWORD    0x4\n{SERVICES}\\IKEEXT\\TriggerInfo\n    Start    REG_DWORD    0x1\n"
        f"{SERVICES}\\NoStart\n{SERVICES}\\IAS\n    Start    REG_DWORD    0x9\n"
        f"{SERVICES}\\Tcpip\n    Start    REG_DWORD    0x1\n"
    )
    services = _of(_section("service_starts", keys))["services"]
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
    text = _sbs2003().replace(": 10048\t(0x2740)\n        SERVICE_EXIT_CODE  : 0\t(0x0)", "@", 1)
    text = text.replace("@", ": 1066\t(0x42a)\n        SERVICE_EXIT_CODE  : 10013\t(0x271d)")
    assert _facts(text)["services"]["IAS"]["win32_exit_code"] == 10013


ONE_DEPENDENT = "SERVICE_NAME: A\n        TYPE : 10\n        STATE : 4\n"


@pytest.mark.parametrize(
    ("text", "dependents"),
    [
        ("Enum: entriesRead = 1\n\n" + ONE_DEPENDENT, ["A"]),
        ("[SC] EnumDependentServices: entriesread = 1\n\n" + ONE_DEPENDENT, ["A"]),
        (ONE_DEPENDENT, ["A"]),
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
    facts = _replaced("dns_dependents", text)
    assert facts["dns"]["dependents"] == dependents
    assert _ids(facts) == ([] if dependents is not None else ["dns_dependents_unreadable"])


def test_a_service_list_that_was_cut_is_an_error() -> None:
    text = _sbs2003().replace(
        "#portkeeper end services 0",
        "\nEnum: more data, need 1822 bytes start resume at index 79\n#portkeeper end services 0",
    )
    assert _ids(_facts(text)) == ["services_incomplete"]


def test_windows_2000_names_no_processes() -> None:
    rows = "".join(f"  UDP    0.0.0.0:{port}  *:*\n" for port in (500, 1645, 4500))
    facts = _replaced("netstat", rows)
    assert facts["dns"]["udp_ports"] is None
    assert facts["dns"]["pool_present"] == "unknown"
    assert facts["udp_ports"] == {"udp4": ["500-500", "1645-1645", "4500-4500"], "udp6": []}
    assert {(row["pid"], row["process"]) for row in facts["udp_endpoints"]} == {(None, None)}
    assert _ids(facts) == ["sockets_without_pid"]


def test_unreadable_sockets_are_not_no_sockets() -> None:
    facts = _replaced("netstat", "", 1)
    assert (facts["udp_ports"], facts["udp_endpoints"], facts["dns"]["udp_ports"]) == (None, None, None)
    assert facts["dns"]["pool_present"] == "unknown"
    assert _ids(facts) == ["sockets_unreadable"]


@pytest.mark.parametrize(
    ("setting", "sockets", "expected"),
    [
        ("", 3, "no"),
        ("", 200, "yes"),
        ("    SocketPoolSize\tREG_DWORD\t0x64\n", 100, "unknown"),
        ("    SocketPoolSize\tREG_DWORD\t0x64\n", 200, "yes"),
        ("    SocketPoolSize\tREG_DWORD\t0x9c4\n", 100, "no"),
        ("    SocketPoolSize\tREG_SZ\tx\n", 100, "unknown"),
    ],
)
def test_pool_present(setting: str, sockets: int, expected: str) -> None:
    text = _sbs2003().replace("    EnableDirectoryPartitions", f"{setting}    EnableDirectoryPartitions")
    begin, end = text.index("#portkeeper begin netstat"), text.index("#portkeeper begin sql_ports")
    rows = "".join(f"  UDP    0.0.0.0:{port}  *:*  1508\n" for port in range(20000, 20000 + sockets))
    facts = _facts(text[:begin] + _section("netstat", rows) + text[end:])
    assert facts["dns"]["pool_present"] == expected


def test_dns_that_is_stopped_holds_nothing() -> None:
    text = _sbs2003()
    begin = text.index("SERVICE_NAME: DNS\n")
    block = text[begin : text.index("SERVICE_NAME: Dnscache")]
    stopped = block.replace(": 4  RUNNING", ": 1  STOPPED").replace(": 1508", ": 0")
    text = text.replace(block, stopped).replace('"dns.exe","1508"', '"old.exe","1508"')
    dns = _facts(text)["dns"]
    assert (dns["state"], dns["pid"], dns["pool_present"]) == (1, None, "unknown")
    assert dns["udp_ports"] == {"udp4": [], "udp6": []}


def test_address_families_are_apart_and_rows_are_distinct() -> None:
    rows = (
        "  UDP    0.0.0.0:500  *:*  444\n  UDP    0.0.0.0:500  *:*  444\n  UDP    0.0.0.0:500  *:*  1508\n"
        "  UDP    [::]:500  *:*  444\n  UDP    [fe80::1%4]:53  *:*  1508\n"
    )
    facts = _replaced("netstat", rows)
    assert facts["dns"]["udp_ports"] == {"udp4": ["500-500"], "udp6": ["53-53"]}
    assert facts["udp_ports"] == {"udp4": ["500-500"], "udp6": ["500-500"]}
    assert [row["address"] for row in facts["udp_endpoints"]] == ["0.0.0.0", "::"]


def test_too_many_endpoints_keep_those_on_needed_ports() -> None:
    rows = "".join(f"  UDP    0.0.0.0:{port}  *:*  3340\n" for port in (*range(1024, 1600), 4500))
    facts = _replaced("netstat", rows)
    assert facts["udp_endpoints_truncated"] is True
    ports = [row["port"] for row in facts["udp_endpoints"]]
    assert (len(ports), ports[-1], ports) == (500, 4500, sorted(ports))
    assert facts["udp_ports"]["udp4"] == ["1024-1599", "4500-4500"]


def test_result_size_with_two_full_pools_and_120_services() -> None:
    draw = random.Random(951746)
    rows = "".join(
        f"  UDP    {address}:{port}  *:*  1508\n"
        for address in ("0.0.0.0", "[::]")
        for port in draw.sample(range(49152, 65535), 2500)
    )
    block = _sbs2003()[_sbs2003().index("\nSERVICE_NAME: Alerter") : _sbs2003().index("\nSERVICE_NAME: ALG")]
    text = _sbs2003().replace(block, "".join(block.replace("Alerter", f"Alerter{n}") for n in range(120)))
    begin, end = text.index("#portkeeper begin netstat"), text.index("#portkeeper begin sql_ports")
    facts = _facts(text[:begin] + _section("netstat", rows) + text[end:])
    assert len(PortSet.from_json(facts["dns"]["udp_ports"]["udp6"])) == 2500
    assert facts["services_total"] == 138
    assert len(json.dumps(facts)) < 16 * 1024


# --- Windows Vista and later ----------------------------------------------------------------------------------------


def _nt6(*sections: str) -> dict[str, Any]:
    current = "    CurrentVersion    REG_SZ    6.1\n    CurrentBuildNumber    REG_SZ    7601\n"
    return _of(
        _section("current_version", f"{NT}\n{current}"),
        _section("product_options", f"{OPTIONS}\n    ProductType    REG_SZ    ServerNT\n"),
        *sections,
    )


def test_dynamic_range_and_exclusions() -> None:
    capture = (CAPTURES / "netsh-excluded-zh.txt").read_text(encoding="utf-8")
    facts = _nt6(
        _section("dynamicport_udp4", (CAPTURES / "netsh-dynamicport-fr.txt").read_text(encoding="utf-8")),
        _section("dynamicport_udp6", "?\n", 1),
        _section("excluded_udp4", capture),
        _section(
            "excluded_udp6", "\nProtocol udp Port Exclusion Ranges\n\nStart Port    End Port\n----------    ----\n"
        ),
    )
    assert facts["dynamic_ports"] == {"udp4": {"start": 49152, "count": 16384}, "udp6": None}
    assert {"start": 50000, "end": 50059, "administered": True} in facts["exclusions"]["udp4"]
    assert facts["exclusions"]["udp6"] == []
    assert "dynamic_ports_unreadable" in _ids(facts)


def test_exclusions_that_could_not_be_read_are_not_none() -> None:
    for body, level in (("", 0), ("\n", 0), ("x\n", 1)):
        facts = _nt6(_section("excluded_udp4", body, level))
        assert facts["exclusions"]["udp4"] is None
        assert "exclusions_unreadable" in _ids(facts)


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ("The following command was not found: interface ipv4 show excludedportrange.\n", None),
        ("  Start    End\n------    -----\n", []),
        ("9 9\n", [{"start": 9, "end": 9, "administered": False}]),
    ],
)
def test_without_an_error_level_only_a_table_is_an_empty_table(body: str, rows: list[dict[str, Any]] | None) -> None:
    text = f"#portkeeper begin excluded_udp4\n{body}#portkeeper end excluded_udp4\n"
    assert _nt6(text)["exclusions"]["udp4"] == rows


def test_missing_sections_are_named_for_the_family() -> None:
    (missing,) = [problem for problem in _nt6()["problems"] if problem["id"] == "sections_missing"]
    assert "excluded_udp6" in missing["data"]["sections"]
    assert "hotfixes" not in missing["data"]["sections"]
    assert "tcpip" in missing["data"]["sections"]


# --- our own record, the boot, SQL Server ---------------------------------------------------------------------------


STATE = r"HKEY_LOCAL_MACHINE\SOFTWARE\portkeeper"


def test_state_record() -> None:
    body = (
        f"{STATE}\\state\\reserved_ports\n    value\tREG_SZ\t1080-1080,1433-1434\n"
        f"    boot_mark\tREG_SZ\t9a4b2c1d5e10c901-1f\n    dns_pid\tREG_SZ\t1508\n"
        f"{STATE}\\state\\socket_pool_size\n    value\tREG_SZ\tabsent\n    dns_pid\tREG_SZ\tx\n"
    )
    assert _replaced("state", body)["state"] == {
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
    assert _replaced("state", body, level)["state"] == {"present": None, "settings": {}}


CONTROL = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control"
PREFETCH = rf"{CONTROL}\Session Manager\Memory Management\PrefetchParameters"
COUNTER = f"{PREFETCH}\n    BootId    REG_DWORD    0x1f\n"


@pytest.mark.parametrize(
    ("body", "mark"),
    [
        (f"{CONTROL}\\Windows\n    ShutdownTime\tREG_BINARY\t9a4b\n", "9A4B"),
        (
            f"{CONTROL}\\Windows\n    ShutdownTime    REG_BINARY    9A4B\n\n{COUNTER}",
            "9A4B-1F",
        ),
        (COUNTER, None),
        (f"{CONTROL}\\Windows\n    ShutdownTime    REG_SZ    9A4B\n", None),
        ("", None),
    ],
)
def test_boot_mark(body: str, mark: str | None) -> None:
    facts = _replaced("boot", body, 1)
    assert facts["boot_mark"] == mark
    assert ("boot_mark_unreadable" in _ids(facts)) == (mark is None)


def test_sql_ports_may_be_empty_zero_or_several() -> None:
    server = r"HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Microsoft\Microsoft SQL Server"
    key = rf"{server}\MSSQL.1\MSSQLServer\SuperSocketNetLib\Tcp"
    body = (
        f"    TcpPort    REG_SZ    7777\n{key}\\IP1\n    TcpPort    REG_SZ    \n    TcpDynamicPorts    REG_SZ    0\n"
        f"{key}\\IPAll\n    TcpPort    REG_SZ    1433, 2112\n    TcpDynamicPorts    REG_SZ    49210\n"
        "    DefaultTcpPort    REG_SZ    99\n    TcpPort    REG_SZ    70000,x,-1\n"
    )
    assert _replaced("sql_ports", body)["sql_ports"] == ["1433-1433", "2112-2112", "49210-49210"]


def test_only_hotfixes_that_matter() -> None:
    body = "".join(f"{NT}\\HotFix\\{name}\n" for name in ("KB123456", "KB961063", "KB2647170-v2", "KB951746"))
    assert _replaced("hotfixes", body)["hotfixes"] == ["KB951746", "KB961063", "KB2647170"]


def test_an_unresolved_computer_name_is_none() -> None:
    for body in ("%COMPUTERNAME%\n", "\n", "a b\n", "\x1b[2J\n"):
        assert _replaced("computer_name", body)["computer_name"] is None


def test_every_problem_is_documented_and_every_documented_one_exists() -> None:
    root = HERE.parents[4]
    names = ("_facts*.py", "_transcript.py", "_problems.py")
    source = "".join(
        path.read_text(encoding="utf-8") for name in names for path in (root / "plugins" / "module_utils").glob(name)
    )
    rows = [line for line in (root / "docs" / "facts.md").read_text(encoding="utf-8").split("\n") if line[:3] == "| `"]
    documented = {name for row in rows[-30:] for name in re.findall(r"`([a-z_]+)`", row.split("|")[1]) if "_" in name}
    raised = set(re.findall(r"problems\.add\(\s*\"([a-z_]+)\"", source))
    assert raised <= documented
    assert {name for name in documented if f'"{name}"' not in source} == set()


# --- anything at all ------------------------------------------------------------------------------------------------


@given(st.binary(max_size=300))
def test_arbitrary_bytes_give_facts_with_problems(data: bytes) -> None:
    facts = _facts(data)
    assert facts["problems"]
    assert facts["settings"]["reserved_ports"] == UNREAD


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_transcript_gives_facts(data: st.DataObject) -> None:
    source = bytearray(_sbs2003().encode())
    for _blow in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(source) - 1))
        source[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=12))
    _facts(bytes(source))


@settings(max_examples=60)
@given(
    st.sampled_from(["tcpip", "dns", "services", "service_starts", "netstat", "state", "boot"]), st.text(max_size=200)
)
def test_any_text_in_a_section_gives_facts(name: str, text: str) -> None:
    facts = _facts(f"#portkeeper begin {name}\n{text}\n#portkeeper end {name} 0\n")
    assert facts["settings"]["reserved_ports"]["present"] is not False or "Tcpip" in text


def test_only_the_size_and_the_type_are_refused() -> None:
    for source in (b"x" * (BYTES_MAX + 1), 7, None):
        with pytest.raises(TranscriptError):
            parse_transcript(source)  # type: ignore[arg-type]


def test_services_that_are_denied_are_not_absent() -> None:
    facts = parse_transcript("#portkeeper begin services\n[SC] OpenSCManager FAILED 5:\n#portkeeper end services 5\n")
    assert [problem["id"] for problem in facts["problems"]].count("access_denied") == 1
    assert facts["dns"]["installed"] is None
