# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A transcript gives back the host it was made from, in every release, language, code page and line end.

The renderer below is this test's own and follows the layouts that the captures show.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet

NONCE = "00112233445566ff"
LM = "HKEY_LOCAL_MACHINE"
SERVICES_KEY = rf"{LM}\SYSTEM\CurrentControlSet\Services"
STATES = {1: "STOPPED", 2: "START_PENDING", 3: "STOP_PENDING", 4: "RUNNING", 7: "PAUSED"}


@dataclass(frozen=True)
class Language:
    """The words of one display language and the code page that its console uses."""

    codec: str
    default: str
    name: str
    labels: tuple[str, str, str, str]
    titles: str
    excluded: str


LANGUAGES = (
    Language(
        "cp437",
        "(Default)",
        "SERVICE_NAME",
        ("TYPE", "STATE", "WIN32_EXIT_CODE", "SERVICE_EXIT_CODE"),
        "Active Connections\n\n  Proto  Local Address  Foreign Address  State  PID",
        "Protocol udp Port Exclusion Ranges\n\nStart Port    End Port\n----------    --------",
    ),
    Language(
        "cp850",
        "(Standard)",
        "DIENSTNAME",
        ("TYP", "STATUS", "WIN32_BEENDIGUNGSCODE", "DIENST_BEENDIGUNGSCODE"),
        "Aktive Verbindungen\n\n  Proto  Lokale Adresse  Remoteadresse  Status",
        "Protokoll udp, Ausschlussbereiche für Ports\n\nStartport    Endport\n---------    -------",
    ),
    Language(
        "cp850",
        "(par défaut)",
        "NOM_SERVICE ",
        ("TYPE", "ÉTAT", "CODE_SORTIE_WIN32", "CODE_SORTIE_SERVICE"),
        "Connexions actives\n\n  Proto  Adresse locale  Adresse distante  État",
        "",
    ),
    Language(
        "cp866",
        "(По умолчанию)",
        "Имя_службы",
        ("Тип", "Состояние", "Код_выхода_Win32", "Код_выхода_службы"),
        "Активные подключения\n\n  Имя  Локальный адрес  Внешний адрес  Состояние  PID",
        "Диапазоны исключений портов протокола udp\n\n----------    --------",
    ),
    Language(
        "cp932",
        "(既定)",
        "SERVICE_NAME",
        ("TYPE", "STATE", "WIN32_EXIT_CODE", "SERVICE_EXIT_CODE"),
        "アクティブな接続\n\n  プロトコル  ローカル アドレス  外部アドレス  状態  PID",
        "プロトコル udp ポート除外範囲\n\n開始ポート    終了ポート\n----------    --------",
    ),
    Language(
        "cp936",
        "(默认)",
        "SERVICE_NAME",
        ("TYPE", "STATE", "WIN32_EXIT_CODE", "SERVICE_EXIT_CODE"),
        "活动连接\n\n  协议  本地地址  外部地址  状态  PID",
        "协议 udp 端口排除范围\n\n开始端口    结束端口\n----------    --------",
    ),
    Language(
        "utf-8",
        "(Varsayılan)",
        "HİZMET_ADI",
        ("TÜR", "DURUM", "WIN32_ÇIKIŞ_KODU", "HİZMET_ÇIKIŞ_KODU"),
        "Etkin Bağlantılar\n\n  İl.Kr.  Yerel Adres  Yabancı Adres  Durum",
        "udp Bağlantı Noktası Dışlama Aralıkları\n\n----------    --------",
    ),
)
RELEASES = {
    "2000": ("5.0", 2195, "ServerNT", "", "nt5"),
    "xp": ("5.1", 2600, "WinNT", "", "nt5"),
    "2003": ("5.2", 3790, "ServerNT", "Enterprise", "nt5"),
    "2003r2": ("5.2", 3790, "LanmanNT", "", "nt5"),
    "sbs2003": ("5.2", 3790, "LanmanNT", "Small Business(Restricted)", "nt5"),
    "vista": ("6.0", 6002, "WinNT", "Personal", "nt6"),
    "2008": ("6.0", 6003, "ServerNT", "", "nt6"),
    "sbs2008": ("6.0", 6001, "LanmanNT", "Small Business", "nt6"),
    "7": ("6.1", 7601, "WinNT", "", "nt6_r2"),
    "2008r2": ("6.1", 7600, "ServerNT", "Terminal Server", "nt6_r2"),
    "sbs2011": ("6.1", 7601, "LanmanNT", "Small Business", "nt6_r2"),
    "8": ("6.2", 9200, "WinNT", "", "nt6_r2"),
    "2012": ("6.2", 9200, "LanmanNT", "", "nt6_r2"),
    "8.1": ("6.3", 9600, "WinNT", "", "nt6_r2"),
    "2012r2": ("6.3", 9600, "ServerNT", "", "nt6_r2"),
    "10": ("10.0", 19045, "WinNT", "", "nt6_r2"),
    "11": ("10.0", 26200, "WinNT", "", "nt6_r2"),
    "2016": ("10.0", 14393, "ServerNT", "", "nt6_r2"),
    "2019": ("10.0", 17763, "LanmanNT", "", "nt6_r2"),
    "2022": ("10.0", 20348, "ServerNT", "", "nt6_r2"),
    "2025": ("10.0", 26100, "ServerNT", "", "nt6_r2"),
}
ALPHABETS = {
    "cp437": "aZ_é",
    "cp850": "bÜß_",
    "cp852": "łąŻ",
    "cp857": "ışĞ",
    "cp866": "жЩя",
    "cp932": "表ソ能予",
    "cp936": "协議誠",
    "cp949": "포트상",
    "cp950": "許功蓋",
    "cp1250": "čřŠ",
    "cp1252": "ñçÉ",
    "utf-8": "قيمไทя表",
    "utf-8-sig": "Ωж",
    "utf-16": "표ß表",
}
"""Letters per code page, among them those whose second byte is a backslash."""


def _invented(codec: str) -> st.SearchStrategy[Language]:
    """Languages that nobody speaks: any words of any length in a code page."""
    word = st.text(ALPHABETS[codec] + "AB_", min_size=1, max_size=30)
    return st.builds(
        Language,
        codec=st.just(codec),
        default=word.map(lambda name: f"({name})"),
        name=word,
        labels=st.tuples(word, word, word, word),
        titles=st.lists(word, max_size=5).map("  ".join),
        excluded=st.lists(word, max_size=4).map("\n".join),
    )


ANY_LANGUAGE = st.sampled_from(LANGUAGES) | st.sampled_from(sorted(ALPHABETS)).flatmap(_invented)
PORT = st.integers(1, 65535)
SETS = st.lists(PORT, max_size=12).map(PortSet.from_ports)
SERVICE = st.fixed_dictionaries(
    {
        "state": st.sampled_from(sorted(STATES)),
        "start": st.integers(0, 4),
        "pid": st.integers(4, 9999),
        "win32_exit_code": st.sampled_from([0, 32, 1077, 10013, 10048]),
        "trigger_start": st.booleans(),
    }
)
SOCKET = st.tuples(
    st.sampled_from(["0.0.0.0", "192.168.16.2", "::", "fe80::1%12"]), PORT, st.integers(4, 9999), st.booleans()
)
HOSTS = st.fixed_dictionaries(
    {
        "release": st.sampled_from(sorted(RELEASES)),
        "max_user_port": st.none() | st.integers(5000, 65536),
        "reserved": st.none() | SETS,
        "services": st.dictionaries(
            st.sampled_from(["DNS", "IAS", "PolicyAgent", "IKEEXT", "MSSQL$A", "RemoteAccess"]), SERVICE, min_size=1
        ),
        "sockets": st.lists(SOCKET, min_size=1, max_size=20),
        "packed": st.booleans(),
        "dynamic": st.tuples(st.integers(1025, 50000), st.integers(255, 15000)),
        "exclusions": st.sets(st.tuples(PORT, st.integers(0, 50), st.booleans()), max_size=6),
    }
)


def _reg(family: str, language: Language, key: str, values: list[tuple[str, str, str]]) -> str:
    separator = "\t" if family == "nt5" else "    "
    banner = "\n! REG.EXE VERSION 3.0\n" if family == "nt5" else ""
    default = "<NO NAME>" if family == "nt5" else language.default
    rows = [f"    {separator.join(row)}" for row in [(default, "REG_SZ", ""), *values]]
    return "\n".join([banner, f"{LM}\\{key}", *rows, "", f"{LM}\\{key}\\Subkey", ""])


def _multi(family: str, ports: PortSet) -> str:
    return "\\0".join(ports.strings()) + ("\\0\\0" if family == "nt5" else "")


def _services(language: Language, services: dict[str, Any]) -> str:
    blocks = []
    for name, row in services.items():
        values = (
            "20  WIN32_SHARE_PROCESS ",
            f"{row['state']}  {STATES[row['state']]} \n                                (STOPPABLE)",
            f"{row['win32_exit_code']}  (0x{row['win32_exit_code']:x})",
            "0  (0x0)",
        )
        fields = [f"        {label:<19}: {value}" for label, value in zip(language.labels, values, strict=True)]
        tail = [
            "        CHECKPOINT : 0x0",
            "        WAIT_HINT : 0x0",
            f"        PID : {row['pid']}",
            "        FLAGS : ",
        ]
        blocks.append("\n".join(["", f"{language.name}: {name}", f"X {language.name}: {name}", *fields, *tail]))
    return "\n".join(blocks) + "\n"


def _starts(services: dict[str, Any]) -> str:
    rows = {name: (row["start"], row["trigger_start"]) for name, row in services.items()} | {"Tcpip": (1, False)}
    lines = []
    for name, (start, triggered) in rows.items():
        lines += [f"{SERVICES_KEY}\\{name}", f"    Start    REG_DWORD    0x{start:x}"]
        lines += [f"{SERVICES_KEY}\\{name}\\TriggerInfo"] if triggered else []
    return "\n".join(lines) + "\n"


def _columns(sockets: list[tuple[str, int, int, bool]]) -> Iterator[tuple[str, str, int]]:
    for address, port, pid, connected in sockets:
        local = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        yield local, "10.0.0.9:443" if connected else "*:*", pid


def _sockets(language: Language, sockets: list[tuple[str, int, int, bool]]) -> str:
    rows = [f"  UDP    {local:<22} {foreign:<22} {'':<15} {pid}" for local, foreign, pid in _columns(sockets)]
    return "\n".join(["", language.titles, *rows]) + "\n"


def _packed(sockets: list[tuple[str, int, int, bool]]) -> str:
    return " ".join(["packed", *(f"{local},{foreign},{pid}" for local, foreign, pid in _columns(sockets))]) + "\n"


def _sections(host: dict[str, Any], language: Language) -> dict[str, str]:
    nt, build, product_type, suite, family = RELEASES[host["release"]]
    major, _dot, minor = nt.partition(".")
    version = [
        ("CurrentVersion", "REG_SZ", "6.3" if nt == "10.0" else nt),
        ("CurrentBuildNumber", "REG_SZ", str(build)),
        ("ProductName", "REG_SZ", "Windows 1 R2" if host["release"] == "2003r2" else "Windows 1"),
    ]
    if nt == "10.0":
        version.append(("CurrentMajorVersionNumber", "REG_DWORD", f"0x{int(major):x}"))
        version.append(("CurrentMinorVersionNumber", "REG_DWORD", f"0x{int(minor):x}"))
    suites = suite + ("\\0\\0" if family == "nt5" else "")
    tcpip = []
    if host["max_user_port"] is not None:
        tcpip.append(("MaxUserPort", "REG_DWORD", f"0x{host['max_user_port']:x}"))
    if host["reserved"] is not None:
        tcpip.append(("ReservedPorts", "REG_MULTI_SZ", _multi(family, host["reserved"])))
    control = r"SYSTEM\CurrentControlSet\Control"
    sections = {
        "current_version": _reg(family, language, r"SOFTWARE\Microsoft\Windows NT\CurrentVersion", version),
        "product_options": _reg(
            family,
            language,
            rf"{control}\ProductOptions",
            [("ProductType", "REG_SZ", product_type), ("ProductSuite", "REG_MULTI_SZ", suites)],
        ),
        "tcpip": _reg(family, language, r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters", tcpip),
        "services": _services(language, host["services"]),
        "service_starts": _starts(host["services"]),
        "netstat": _packed(host["sockets"]) if host["packed"] else _sockets(language, host["sockets"]),
    }
    if family != "nt5":
        start, count = host["dynamic"]
        rows = [
            f"{first:>10}  {min(first + more, 65535):>10} {'    *' if star else ''}"
            for first, more, star in host["exclusions"]
        ]
        sections["dynamicport_udp4"] = f"\n{language.excluded}\n---\n{language.default} : {start}\nNN : {count}\n"
        rule = [] if "---" in language.excluded else ["-------------    -----------"]
        lines = ["", language.excluded, *rule, *rows, "", f"* - {language.default}", ""]
        sections["excluded_udp4"] = "\n".join(lines)
    return sections


def _transcript(host: dict[str, Any], language: Language, line_end: str, seed: int) -> bytes:
    sections = list(_sections(host, language).items())
    random.Random(seed).shuffle(sections)
    text = f"junk\n#portkeeper transcript 1 {NONCE}\n" + "".join(
        f"#portkeeper {NONCE} begin {name}\n{body}#portkeeper {NONCE} end {name} 0\n" for name, body in sections
    )
    return text.replace("\n", line_end).encode(language.codec, "replace")


def _setting(kind: str, data: Any, ranges: list[str]) -> dict[str, Any]:
    return {"present": True, "type": kind, "data": data, "ranges": ranges, "bad_entries": []}


@settings(max_examples=40, deadline=None)
@given(HOSTS, st.lists(ANY_LANGUAGE, min_size=2, max_size=3))
def test_the_facts_are_the_same_in_every_language(host: dict[str, Any], languages: list[Language]) -> None:
    every = [parse_transcript(_transcript(host, language, "\r\n", 1)) for language in languages]
    assert all(facts == every[0] for facts in every)


@settings(max_examples=100, deadline=None)
@given(HOSTS, ANY_LANGUAGE, st.sampled_from(["\n", "\r\n", "\r\r\n"]), st.integers(0, 99))
def test_a_host_comes_back_from_its_transcript(
    host: dict[str, Any], language: Language, line_end: str, seed: int
) -> None:
    facts = parse_transcript(_transcript(host, language, line_end, seed))
    assert {problem["id"] for problem in facts["problems"]} <= {"sections_missing"}
    assert facts["os"]["release"] == host["release"]
    found = facts["settings"]
    if host["max_user_port"] is None:
        assert found["max_user_port"]["present"] is False
    else:
        assert found["max_user_port"] == _setting("REG_DWORD", host["max_user_port"], [])
    if host["reserved"] is None:
        assert found["reserved_ports"]["present"] is False
    else:
        texts = host["reserved"].strings()
        assert found["reserved_ports"] == _setting("REG_MULTI_SZ", texts, texts)
    assert facts["services"] == dict(sorted(host["services"].items(), key=lambda item: item[0].lower()))
    dns = host["services"].get("DNS")
    dns_pid = dns["pid"] if dns else None
    assert (facts["dns"]["installed"], facts["dns"]["pid"]) == (dns is not None, dns_pid)
    others = {row for row in host["sockets"] if row[2] != dns_pid}
    seen = [(row["address"], row["port"], row["pid"], row["connected"]) for row in facts["udp_endpoints"]]
    assert len(seen) == len(others)
    assert set(seen) == others
    for family, mark in (("udp4", False), ("udp6", True)):
        held = PortSet.from_ports(row[1] for row in others if (":" in row[0]) == mark)
        assert PortSet.from_json(facts["udp_ports"][family]) == held
    if facts["os"]["family"] == "nt5":
        assert facts["dynamic_ports"]["udp4"] is None
        assert facts["exclusions"]["udp4"] is None
    else:
        assert facts["dynamic_ports"]["udp4"] == dict(zip(("start", "count"), host["dynamic"], strict=True))
        expected = {(first, min(first + more, 65535), star) for first, more, star in host["exclusions"]}
        assert [tuple(row.values()) for row in facts["exclusions"]["udp4"]] == sorted(expected)
