# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of a whole host: typed by hand, in several code pages, and from random bytes."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import (
    BYTES_MAX,
    TranscriptError,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.factory import ABSENT, UNREAD
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import (
    ROOT,
    facts_of,
    sbs2003,
    sbs2003_with,
)


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
    "dns": {"installed": True, "state": 4, "pid": 1508, "dependents": [], "send_port": None, "pool_present": "yes"},
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
    "own_sockets": {},
    "sql_ports": ["1139-1139"],
    "configured_ports": {},
    "hotfixes": ["KB951746", "KB951748", "KB958644"],
    "boot_mark": "9A4B2C1D5E10C901",
    "machine": {"id": None, "recorded_name": None},
    "state": {"present": False, "settings": {}},
    "problems": [],
}


def _assert_sbs2003(facts: dict[str, Any]) -> None:
    held = facts["dns"].pop("udp_ports")
    assert set(PortSet.from_json(held["udp4"])) == SBS2003_DNS_PORTS
    assert held["udp6"] == []
    assert facts == SBS2003
    assert list(facts) == list(SBS2003)


def test_sbs2003_as_written_by_hand() -> None:
    _assert_sbs2003(facts_of(sbs2003()))


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
    text = sbs2003().replace("#portkeeper begin", f"{word}\n#portkeeper begin")
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
    _assert_sbs2003(facts_of(MARKS.get(codec, b"") + text.replace("\n", line_end).encode(codec)))


def test_the_order_of_the_sections_does_not_matter() -> None:
    parts = sbs2003().split("#portkeeper begin ")
    random.Random(812873).shuffle(parts)
    shuffled = "".join(f"#portkeeper begin {part}" for part in parts if not part.startswith("#portkeeper transcript"))
    _assert_sbs2003(facts_of(shuffled))


@pytest.mark.parametrize(
    "prompt", ["C:\\>", "C:\\Documents and Settings\\a (1)>", "PS D:\\x> ", "a@SRV E:\\x.1.2.345>"]
)
def test_commands_that_a_shell_repeats_do_not_matter(prompt: str) -> None:
    """A script run with `echo on` prints a blank line and the prompt with the command before each command's output."""
    echoed = []
    for line in sbs2003().split("\n"):
        if line.startswith("#portkeeper"):
            echoed += ["", f"{prompt}echo {line}", line, "", f"{prompt}(tool query type= service 4 5)<nul 2>nul"]
        else:
            echoed.append(line)
    _assert_sbs2003(facts_of("\r\n".join(echoed)))


def test_the_same_host_with_translated_labels() -> None:
    text = sbs2003()
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
    _assert_sbs2003(facts_of(text.encode("utf-8")))


def test_an_unresolved_computer_name_is_none() -> None:
    for body in ("%COMPUTERNAME%\n", "\n", "a b\n", "\x1b[2J\n"):
        assert sbs2003_with("computer_name", body)["computer_name"] is None


def test_every_problem_is_documented_and_every_documented_one_exists() -> None:
    names = ("_facts/*.py", "_parsers/transcript.py", "_problems.py")
    source = "".join(
        path.read_text(encoding="utf-8") for name in names for path in (ROOT / "plugins" / "module_utils").rglob(name)
    )
    text = (ROOT / "docs" / "facts.md").read_text(encoding="utf-8").partition("\n## Problems\n")[2]
    rows = [line for line in text.split("\n") if line[:3] == "| `"]
    documented = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row.split("|")[1]) if "_" in name}
    raised = set(re.findall(r"problems\.add\(\s*\"([a-z_]+)\"", source))
    assert raised <= documented
    assert {name for name in documented if f'"{name}"' not in source} == set()


@given(st.binary(max_size=300))
def test_arbitrary_bytes_give_facts_with_problems(data: bytes) -> None:
    facts = facts_of(data)
    assert facts["problems"]
    assert facts["settings"]["reserved_ports"] == UNREAD


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_transcript_gives_facts(data: st.DataObject) -> None:
    source = bytearray(sbs2003().encode())
    for _blow in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(source) - 1))
        source[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=12))
    facts_of(bytes(source))


@settings(max_examples=60)
@given(
    st.sampled_from(["tcpip", "dns", "services", "service_starts", "netstat", "state", "boot"]), st.text(max_size=200)
)
def test_any_text_in_a_section_gives_facts(name: str, text: str) -> None:
    facts = facts_of(f"#portkeeper begin {name}\n{text}\n#portkeeper end {name} 0\n")
    assert facts["settings"]["reserved_ports"]["present"] is not False or "Tcpip" in text


def test_only_the_size_and_the_type_are_refused() -> None:
    for source in (b"x" * (BYTES_MAX + 1), 7, None):
        with pytest.raises(TranscriptError):
            parse_transcript(source)  # type: ignore[arg-type]
