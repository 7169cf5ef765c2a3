# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole hosts for the tests of damage: every section of the collector in all releases and languages, and the captures.

What is not rendered by test_round_trip.py follows the layout of the captures too.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.damage import RAW_A0
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.test_round_trip import (
    LANGUAGES,
    LM,
    NONCE,
    RELEASES,
    SERVICES_KEY,
    Language,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.test_round_trip import (
    _multi as list_data,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.test_round_trip import (
    _reg as reg_query,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.test_round_trip import (
    _sections as rendered,
)

CAPTURES = Path(__file__).resolve().parents[3] / "captures"
SOCKETS_MAX = 40
DNS_PID = 1508
OF_CAPTURE = {
    "netsh-dynamicport": ("dynamicport_udp4",),
    "netsh-excluded": ("excluded_udp4", "excluded_udp6"),
    "netstat": ("netstat",),
    "reg-query-nt5.txt": ("tcpip",),
    "reg-query-nt6-de": ("dns",),
    "sc-enumdepend": ("dns_dependents",),
    "sc-": ("services",),
    "tasklist": ("tasklist",),
}
"""The section that a capture stands for, by the beginning of its name; the first that fits."""


@dataclass(frozen=True)
class Host:
    """A transcript's sections, `{id: (text, error level)}`, and the bytes that it arrives in."""

    name: str
    codec: str
    line_end: str
    sections: dict[str, tuple[str, int]]

    def transcript(self, section: str = "", text: str = "") -> bytes:
        """Return the bytes, with one section's text replaced. Line ends inside that text are left as they are."""
        return self.encoded(self.text(section, text))

    def text(self, section: str = "", text: str = "") -> str:
        """Return the same as text, with line feeds only, but for those of the replaced section."""
        parts = [f"#portkeeper transcript 1 {NONCE}\n"]
        for name, (body, level) in self.sections.items():
            body = text if name == section else body  # noqa: PLW2901
            parts.append(f"#portkeeper {NONCE} begin {name}\n{body}#portkeeper {NONCE} end {name} {level}\n")
        return "".join(parts)

    def encoded(self, text: str) -> bytes:
        """Return the bytes in which a text arrives from this host."""
        data = text.replace("\r\n", "\n").replace("\n", self.line_end).encode(self.codec, "replace")
        return data.replace(RAW_A0.encode(), b"\xa0") if self.codec not in ("utf-16", "utf-8") else data


def hosts(sockets: int = SOCKETS_MAX) -> list[Host]:
    """Return all of them: the releases in every language, and a host for each capture."""
    made = [
        host(release, language, codec, random.Random(f"{release} {number}"), sockets)
        for release in RELEASES
        for number, language in enumerate(LANGUAGES)
        for codec in [(language.codec, "utf-8", "utf-16")[(number + len(release)) % 3]]
    ]
    return [*made, *_of_captures()]


def host(release: str, language: Language, codec: str, rng: random.Random, sockets: int) -> Host:
    """Return one host with DNS and the services that matter, in random states."""
    family = RELEASES[release][4]
    services = {
        name: {
            "state": rng.choice((1, 4, 4)),
            "start": rng.randint(0, 4),
            "pid": DNS_PID if name == "DNS" else rng.randint(4, 9999),
            "win32_exit_code": rng.choice((0, 32, 1077, 10013, 10048)),
            "trigger_start": rng.random() < 0.3,
        }
        for name in ("DNS", *rng.sample(["IAS", "IKEEXT", "MSSQL$A", "PolicyAgent", "RemoteAccess", "BES Relay"], 3))
    }
    described: dict[str, Any] = {
        "release": release,
        "max_user_port": rng.choice((None, 5000, 60000, 65534, 65536)),
        "reserved": rng.choice((None, _some_ports(rng), _some_ports(rng))),
        "services": services,
        "sockets": [_socket(rng) for _number in range(sockets)],
        "packed": rng.random() < 0.4,
        "dynamic": (rng.randint(1025, 50000), rng.randint(255, 15000)),
        "exclusions": {
            (rng.randint(1, 65000), rng.randint(0, 50), rng.random() < 0.5) for _number in range(rng.randint(0, 5))
        },
    }
    sections = {name: (body, 0) for name, body in rendered(described, language).items()}
    services_text = sections["services"][0]
    sections["services"] = (services_text.replace("20  WIN32_SHARE", "10  WIN32_OWN", 1), 0)
    sections.update(_further(family, language, described, rng))
    if family != "nt5":
        sections["dynamicport_udp6"] = (f"\n{language.excluded}\n---\nx : 49152\nNN : 16384\n\n", 0)
        sections["excluded_udp6"] = (_with_rule(f"\n{language.excluded}\n\n* - x\n\n"), 0)
    return Host(f"{release} {language.codec} {codec}", codec, rng.choice(("\n", "\r\n")), sections)


def _with_rule(text: str) -> str:
    """netsh draws a rule of dashes under the headings; two of the languages' texts have none."""
    return text if "----" in text else text.replace("\n", "\n\nX    Y\n----------    --------\n", 1)


def _some_ports(rng: random.Random) -> PortSet:
    return PortSet.from_ports(rng.randint(1, 65535) for _number in range(rng.randint(0, 9)))


def _socket(rng: random.Random) -> tuple[str, int, int, bool]:
    address = rng.choice(("0.0.0.0", "0.0.0.0", "192.168.16.2", "::", "fe80::1%12"))
    return address, rng.choice((53, rng.randint(1, 65535))), rng.choice((DNS_PID, 4, 892)), rng.random() < 0.1


def _further(
    family: str, language: Language, described: dict[str, Any], rng: random.Random
) -> Iterator[tuple[str, tuple[str, int]]]:
    nt, build = RELEASES[described["release"]][:2]
    control = r"SYSTEM\CurrentControlSet\Control"
    pool = [("SocketPoolSize", "REG_DWORD", f"0x{rng.choice((2500, 10000)):x}")]
    pool.append(("SocketPoolExcludedPortRanges", "REG_MULTI_SZ", list_data(family, _some_ports(rng))))
    yield "computer_name", (f"{rng.choice(('DC01', 'SBSERVER', 'EDGE-7'))}\n", 0)
    yield "clock", (f"{language.name} 09/08/2008  7:41:12.53\n", 0)
    yield "ver", (f"\nMicrosoft Windows [{language.name} {nt}.{build}]\n", 0)
    key = SERVICES_KEY.removeprefix(f"{LM}\\") + r"\DNS\Parameters"
    yield "dns", (reg_query(family, language, key, pool[rng.randint(0, 2) :]), 0)
    names = [name for name in described["services"] if name != "DNS"][: rng.randint(0, 2)]
    blocks = "".join(
        f"\n{language.name}: {name}\nX {language.name}: {name}\n        T : 20  WIN32_SHARE_PROCESS \n"
        f"        S : 4  RUNNING \n        W : 0  (0x0)\n        E : 0  (0x0)\n        C : 0x0\n        H : 0x0\n"
        for name in names
    )
    yield "dns_dependents", (f"Enum: entriesRead = {len(names)}\n{blocks}", 0)
    processes = (("System Idle Process", 0), ("System", 4), ("svchost.exe", 892), ("dns.exe", DNS_PID))
    yield "tasklist", ("".join(f'"{name}","{pid}","Services","0","1,234 K"\n' for name, pid in processes), 0)
    tcp = rf"{LM}\SOFTWARE\Microsoft\Microsoft SQL Server\MSSQL.1\MSSQLServer\SuperSocketNetLib\Tcp"
    values = f"    TcpPort    REG_SZ    {rng.choice(('1433', '', '1433,2112'))}\n    TcpDynamicPorts    REG_SZ    0\n"
    yield "sql_ports", rng.choice((("", 1), (f"{tcp}\n{tcp}\\IPAll\n{values}", 0)))
    mark = "".join(rng.choice("0123456789ABCDEF") for _digit in range(16))
    yield "boot", (reg_query(family, language, rf"{control}\Windows", [("ShutdownTime", "REG_BINARY", mark)]), 1)
    yield "state", (_state(rng, family, language, mark), 0)
    if family == "nt5":
        key = rf"{LM}\SOFTWARE\Microsoft\Windows NT\CurrentVersion\HotFix"
        yield "hotfixes", ("".join(f"{key}\\{name}\n" for name in ("KB951746", "KB958644")), 0)


def _state(rng: random.Random, family: str, language: Language, mark: str) -> str:
    if rng.random() < 0.5:
        names = ("Classes", "Clients", "Microsoft", "ODBC", "Policies", "RegisteredApplications", "Wow6432Node")
        return f"\n{LM}\\SOFTWARE\n" + "".join(f"{LM}\\SOFTWARE\\{name}\n" for name in names)
    record = [("value", "REG_SZ", "1433-1434,3343-3343"), ("boot_mark", "REG_SZ", mark), ("dns_pid", "REG_SZ", "1508")]
    keys = (rf"portkeeper\state\{name}" for name in ("reserved_ports", "socket_pool_size"))
    separator = "\t" if family == "nt5" else "    "
    rows = "".join(f"    {separator.join(row)}\n" for row in record)
    head = f"\n{LM}\\SOFTWARE\\portkeeper\n\n{LM}\\SOFTWARE\\portkeeper\\state\n\n"
    return head + "".join(f"{LM}\\SOFTWARE\\{key}\n{rows}\n" for key in keys)


def _of_captures() -> Iterator[Host]:
    whole = _split((CAPTURES / "transcript-sbs2003.txt").read_text(encoding="utf-8"))
    rows = whole["netstat"][0].split("\n")
    whole["netstat"] = ("\n".join([*rows[: SOCKETS_MAX - 10], *rows[-10:]]), whole["netstat"][1])
    yield Host("transcript-sbs2003.txt", "utf-8", "\n", whole)
    later = host("2019", LANGUAGES[0], "utf-8", random.Random(2019), SOCKETS_MAX).sections
    for path in sorted(CAPTURES.glob("*.txt")):
        stands_for = next((names for start, names in OF_CAPTURE.items() if path.name.startswith(start)), ())
        base = whole if "nt5" in path.name else later
        text = path.read_text(encoding="utf-8")
        for section in stands_for:
            yield Host(path.name, "utf-8", "\r\n", {**base, section: (text.rstrip("\n") + "\n\n", 0)})


def _split(text: str) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for part in text.split("#portkeeper begin ")[1:]:
        name, _line_end, rest = part.partition("\n")
        body, _mark, level = rest.partition(f"#portkeeper end {name} ")
        found[name] = (body, int(level.split("\n", 1)[0]))
    return found
