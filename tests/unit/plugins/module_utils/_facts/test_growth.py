# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A transcript of twice the size takes twice the work, counted in calls, not seconds.

What happens inside one regular expression is not counted; for that there are single lines of 100,000 characters, with
which a quadratic expression takes minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript

KEY = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"
SERVICE = "SERVICE_NAME: s{0}\n        T : 10\n        S : 4\n        W : 0  (0x0)\n        E : 0  (0x0)\n\n"
REG_FILE = f"REGEDIT4\n[{KEY}]\n"
REPEATED = {
    "netstat": ("netstat", "  UDP    10.0.0.1:{1}  *:*  {0}\n"),
    "netstat, one row": ("netstat", "  UDP    10.0.0.1:53  *:*  7\n"),
    "netstat, unreadable": ("netstat", "  UDP    10.0.0.1\n"),
    "netstat, packed": ("netstat", "packed 10.0.0.1:{1},*:*,{0}\n"),
    "netstat, a packed pool": ("netstat", "packed 10.0.0.1:{1},*:*,7\n"),
    "services": ("services", SERVICE),
    "services, one name": ("services", SERVICE.replace("s{0}", "s").replace(": 4", ": {2}")),
    "services, headings": ("services", "A: {0}\n\n"),
    "services, blank lines": ("services", "\n"),
    "services, fields": ("services", "    A : {0}\n"),
    "dependents": ("dns_dependents", SERVICE),
    "starts": ("service_starts", KEY.split("Tcpip", maxsplit=1)[0] + "s{0}\n    Start\tREG_DWORD\t0x2\n"),
    "values": ("tcpip", KEY + "\n    v{0}\tREG_SZ\tx\n"),
    "values, one name": ("tcpip", KEY + "\n    v\tREG_SZ\t{0}\n"),
    "values named like keys": ("tcpip", "    HKEY_X{0}    REG_SZ    x\n"),
    "keys, indented": ("tcpip", "    " + KEY + "\\k{0}\n"),
    "services, indented": ("services", "".join(f"    {line}\n" for line in SERVICE.split("\n"))),
    "services, marks": ("services", SERVICE.replace(" : ", "\uff1a\u200e")),
    "keys": ("tcpip", KEY + "\\k{0}\n"),
    "registry file": ("tcpip", REG_FILE + '"v{0}"=hex(7):33,00,\\\n  00,00\n'),
    "registry file, texts left open": ("tcpip", REG_FILE + '"v{0}"="x\n'),
    "registry file, one text left open": ("tcpip", REG_FILE + '"v"="x\n\\"{0}\n'),
    "registry file, closing marks": ("tcpip", REG_FILE + '"v{0}"="x\\"\n"\n'),
    "exclusions": ("excluded_udp4", "{1} 65535 *\n"),
    "exclusions, unreadable": ("excluded_udp4", "{0} 1 1\n"),
    "dynamic range": ("dynamicport_udp4", "x : {0}\n"),
    "processes": ("tasklist", '"a{0}.exe","{0}","x"\n'),
    "SQL ports": ("sql_ports", "HKEY_LOCAL_MACHINE\\X\\SuperSocketNetLib\\Tcp\n    TcpPort\tREG_SZ\t{1},{0}\n"),
    "state": ("state", "HKEY_LOCAL_MACHINE\\SOFTWARE\\portkeeper\\state\\s\n    value\tREG_SZ\t{0}\n"),
    "echoes": ("ver", "C:\\x>{0}\n"),
    "section lines": ("ver", "#portkeeper begin a{0}\n"),
    "foreign section lines": ("ver", "#portkeeper {0}\n"),
}
WORDS = 'a 1 : a: \\ " \\" "," [ UDP packed 0x HKEY_ C:\\ > 00, hex( = (0x 表'.split(" ")
SINGLE_LINES = (*WORDS, " ", "\t", "\0", "1 ", "* ", "\u3000", "    REG_SZ", "#portkeeper ")
BEGINNINGS = (
    ("netstat", "  UDP    0.0.0.0:53"),
    ("netstat", "packed 0.0.0.0:53,*:*,4"),
    ("services", "    A : 1"),
    ("tcpip", KEY + "\n    a\tREG_SZ\t"),
    ("dns", REG_FILE + '"'),
    ("state", REG_FILE + '"a"="'),
    ("boot", REG_FILE + '"a"=hex:'),
)
SECTIONS = ("ver", "clock", "netstat", "services", "tcpip", "tasklist", "excluded_udp4", "dynamicport_udp4")


def _body(line: str, count: int) -> str:
    return "".join(line.format(number, number % 65535 + 1, number % 7 + 1) for number in range(count))


def _calls(text: str) -> int:
    """Return how many functions of Python and of its library are called to read this transcript."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    outer = sys.getprofile()
    sys.setprofile(count)
    try:
        parse_transcript(text)
    finally:
        sys.setprofile(outer)
    return counted


@pytest.mark.parametrize("case", REPEATED)
def test_calls_grow_with_the_number_of_lines(case: str) -> None:
    section, line = REPEATED[case]

    def calls(count: int) -> int:
        return _calls(f"#portkeeper begin {section}\n{_body(line, count)}#portkeeper end {section} 0\n")

    nothing, once, twice = calls(0), calls(400), calls(800)
    assert twice - nothing <= 2.1 * (once - nothing) + 200


def test_calls_grow_with_the_services_that_only_one_of_two_lists_has() -> None:
    registry, manager = REPEATED["starts"][1], REPEATED["services"][1]

    def calls(count: int) -> int:
        starts = _body(registry.replace("s{0}", "MSSQL$a{0}"), count) + registry.replace("s{0}", "Tcpip")
        listed = _body(manager.replace("s{0}", "MSSQL$b{0}"), count)
        return _calls(
            f"#portkeeper begin services\n{listed}#portkeeper end services 0\n"
            f"#portkeeper begin service_starts\n{starts}#portkeeper end service_starts 0\n"
        )

    nothing, once, twice = calls(0), calls(200), calls(400)
    assert twice - nothing <= 2.1 * (once - nothing) + 200


def test_a_wrong_count_would_be_seen() -> None:
    """The measure itself: work that grows with the square of its input is four times as much."""

    def square(size: int) -> Callable[[], None]:
        def run() -> None:
            for _outer in range(size):
                for _inner in range(size):
                    len("")

        return run

    counts = []
    for size in (10, 20):
        counted = []
        sys.setprofile(lambda _frame, event, _argument, seen=counted: seen.append(event))
        try:
            square(size)()
        finally:
            sys.setprofile(None)
        counts.append(counted.count("c_call"))
    assert counts[1] > 3 * counts[0]


@pytest.mark.parametrize("unit", SINGLE_LINES)
def test_a_line_without_end_comes_to_an_end(unit: str) -> None:
    line = unit * (100_000 // len(unit))
    for bodies in (BEGINNINGS, [(name, "") for name in SECTIONS]):
        parts = [f"#portkeeper begin {name}\n{start}{line}\n#portkeeper end {name} 0\n" for name, start in bodies]
        assert parse_transcript("".join(parts))["format"] == 1
