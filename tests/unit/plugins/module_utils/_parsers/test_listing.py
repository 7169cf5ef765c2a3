# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A listing means the same in every form that languages, code pages, terminals and pasting give it.

The listings are constructed in the layout of the captures; what varies here is what stands around the numbers.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.listing import (
    field_of,
    indentation,
    plain_lines,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.netsh import (
    DynamicRange,
    Exclusion,
    parse_dynamicport,
    parse_excludedportrange,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.netstat import UdpRow, parse_netstat
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.sc import ServiceRow, parse_sc
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.tasklist import parse_tasklist
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import split_transcript

Change = Callable[[str], str]

FRAMES = (("utf-8", "\n"), ("utf-8-sig", "\r\r\n"), ("utf-16", "\r\n"), ("utf-16-le", "\r\n"), ("utf-16-be", "\n"))


def _through_transcripts(body: str, frames: Iterable[tuple[str, str]] = FRAMES) -> list[str]:
    """Return what the parsers see of a body that a tool or a person put into a transcript."""
    texts = []
    for codec, line_end in frames:
        framed = f"#portkeeper begin x\n{body}\n#portkeeper end x 0\n".replace("\n", line_end)
        texts.append(split_transcript(framed.encode(codec, "replace")).sections["x"].text)
    return texts


def _swap(*pairs: tuple[str, str]) -> Change:
    def change(text: str) -> str:
        for old, new in pairs:
            text = text.replace(old, new)
        return text

    return change


def _each_line(change: Change) -> Change:
    return lambda text: "\n".join(change(line) for line in text.split("\n"))


def _indented(width: int) -> Change:
    return lambda text: textwrap.indent(text, " " * width)


SERVICES = """
SERVICE_NAME: DNS
DISPLAY_NAME: DNS Server: 4 RUNNING
        TYPE               : 10  WIN32_OWN_PROCESS
        STATE              : 4  RUNNING
                                (STOPPABLE, PAUSABLE, ACCEPTS_SHUTDOWN)
        WIN32_EXIT_CODE    : 0  (0x0)
        SERVICE_EXIT_CODE  : 0  (0x0)
        CHECKPOINT         : 0x0
        WAIT_HINT          : 0x0
        PID                : 1508
        FLAGS              :

SERVICE_NAME: MSSQL$A B
DISPLAY_NAME: SQL Server (A B)
        TYPE               : 10  WIN32_OWN_PROCESS
        STATE              : 1  STOPPED
        WIN32_EXIT_CODE    : 10048  (0x2740)
        SERVICE_EXIT_CODE  : 0  (0x0)
        CHECKPOINT         : 0x0
        WAIT_HINT          : 0x0
        PID                : 0
        FLAGS              :
"""
ROWS = [ServiceRow("DNS", 4, 1508, 0, 0), ServiceRow("MSSQL$A B", 1, 0, 10048, 0)]
WIDE = _swap(("  : ", "\uff1a"), ("NAME: ", "NAME\uff1a"), ("FLAGS              :", "FLAGS\uff1a"))
SERVICE_SHAPES: dict[str, Change] = {
    "indented as a whole": _indented(4),
    "indented by more than its fields": _indented(24),
    "indented but for the first line": lambda text: _indented(4)(text).strip(),
    "tabs": _swap(("        ", "\t")),
    "no indentation": _each_line(str.strip),
    "no indentation, no blank lines": lambda text: "\n".join(line.strip() for line in text.split("\n") if line.strip()),
    "no blank lines": _swap(("\n\n", "\n")),
    "blanks on the empty lines": _swap(("\n\n", "\n   \n")),
    "blanks at the end": _each_line(lambda line: line + "   "),
    "every line end doubled": _swap(("\n", "\n\n")),
    "a no-break space in front of the colon": _swap((":", "\xa0:")),
    "a narrow no-break space behind the colon": _swap((": ", ":\u202f")),
    "no blank behind the colon": _swap((": ", ":")),
    "full-width colons": WIDE,
    "full-width colons, no indentation": lambda text: _each_line(str.strip)(WIDE(text)),
    "marks of the writing direction": _swap(("        T", "        \u200fT"), (": ", ": \u200e"), ("0x", "\u202d0x")),
    "the flags on the line of the state": _swap(("RUNNING\n                                (", "RUNNING (")),
    "numbers in labels": _swap(("TYPE  ", "TYP_1 "), ("STATE  ", "1 STATE")),
    "a remote session's prompts": lambda text: (
        "[srv-01.example.com]: PS C:\\Users\\a b\\Documents> sc.exe queryex type= service bufsize= 2 3\n"
        + text
        + "\n[srv-01.example.com]: PS C:\\>\n"
    ),
    "the banner of a shell": lambda text: "Microsoft Windows [Version 10.0.19045.3803]\n(c) 2018 x\n" + text,
}


@pytest.mark.parametrize("shape", SERVICE_SHAPES)
def test_services(shape: str) -> None:
    for text in _through_transcripts(SERVICE_SHAPES[shape](SERVICES)):
        found = parse_sc(text)
        assert (list(found.rows.values()), found.complete) == (ROWS, True)


@pytest.mark.parametrize("codec", ["cp932", "cp936", "cp949", "cp950"])
def test_full_width_colons_of_a_double_byte_code_page(codec: str) -> None:
    for text in _through_transcripts(WIDE(SERVICES), [(codec, "\r\n")]):
        assert list(parse_sc(text).rows.values()) == ROWS


@pytest.mark.parametrize(
    "last",
    [
        "Enum: more data, need 1822 bytes start resume at index 79",
        "[SC] EnumQueryServicesStatus: more data, need 1822 bytes start resume at index 79",
        "Existují další data, je nutné 1822 bajtů, pokračovat od indexu 79",
        "列挙 ： データが続く, 1822 79",
        "need 1822 bytes start resume at index 79",
    ],
)
def test_a_cut_enumeration_is_not_complete_in_any_words(last: str) -> None:
    """The first: Microsoft's "Sc query"; the others: what a translation may make of it."""
    found = parse_sc(f"{SERVICES}\n{last}\n")
    assert (list(found.rows.values()), found.complete) == (ROWS, False)


SOCKETS = """
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              WACHT OP AFSL   7777
  UDP    0.0.0.0:53             *:*                                    1508
  UDP    0.0.0.0:53             *:*                                    1508
  UDP    [fe80::5efe:10.0.0.1%12]:123  *:*                                    4
  UDP    [::]:500               *:*                                    812
  UDP    192.168.1.5:63222      142.250.1.1:443                        9
"""
UDP_ROWS = [
    UdpRow("0.0.0.0", 53, 1508, False),
    UdpRow("fe80::5efe:10.0.0.1%12", 123, 4, False),
    UdpRow("::", 500, 812, False),
    UdpRow("192.168.1.5", 63222, 9, True),
]
SOCKET_SHAPES: dict[str, Change] = {
    "indented": _indented(6),
    "no indentation": _each_line(str.strip),
    "one blank": _each_line(lambda line: " ".join(line.split())),
    "tabs": _swap(("    ", "\t")),
    "no-break spaces": _swap((" ", "\xa0")),
    "ideographic spaces": _swap(("    ", "\u3000\u3000")),
    "marks of the writing direction": _swap(("  UDP", "  \u200fUDP"), ("*:*", "\u200e*:*\u200e")),
    "every line end doubled": _swap(("\n", "\n\n")),
    "no title for the PID": _swap(("           PID", "")),
    "small letters": _swap(("UDP", "udp")),
}


@pytest.mark.parametrize("shape", SOCKET_SHAPES)
def test_sockets(shape: str) -> None:
    for text in _through_transcripts(SOCKET_SHAPES[shape](SOCKETS)):
        assert parse_netstat(text) == (UDP_ROWS, [])


EXCLUDED = """
Protocol udp Port Exclusion Ranges

Start Port    End Port
----------    --------
      5357        5357
     50000       50059     *

* - Administered port exclusions.
"""
STARRED = "     50000       50059     *"
EXCLUDED_SHAPES: dict[str, Change] = {
    "rows only": lambda _text: "5357 5357\n50000 50059 *",
    "the star touches": _swap(("50059     *", "50059*")),
    "the star in the second column": _swap((STARRED, "     50000   *   50059")),
    "a full-width star": _swap((STARRED, STARRED.replace("*", "\uff0a"))),
    "no-break spaces": _swap((" ", "\xa0")),
    "ideographic spaces": _swap(("      ", "\u3000\u3000")),
    "marks of the writing direction": _swap((STARRED, f"\u200f{STARRED}\u200e")),
    "every line end doubled": _swap(("\n", "\n\n")),
}


@pytest.mark.parametrize("shape", EXCLUDED_SHAPES)
def test_exclusions(shape: str) -> None:
    expected = [Exclusion(5357, 5357, False), Exclusion(50000, 50059, True)]
    for text in _through_transcripts(EXCLUDED_SHAPES[shape](EXCLUDED)):
        assert parse_excludedportrange(text) == (expected, 0)


DYNAMIC = "\nProtocol udp Dynamic Port Range\n-----\nStart Port      : 1025\nNumber of Ports : 64510\n"
DYNAMIC_SHAPES: dict[str, Change] = {
    "full-width colons": _swap((" : ", "\uff1a")),
    "no-break spaces": _swap((" : ", "\xa0:\xa0")),
    "marks of the writing direction": _swap((": ", ": \u200e"), ("1025", "1025\u200f")),
    "no colon": _swap((" : ", " ")),
    "commands repeated": lambda text: (
        "PS C:\\> netsh int ipv4 set dynamicport udp start=1025 num=64510\nOk.\n\nPS C:\\> netsh int 4\n" + text
    ),
    "every line end doubled": _swap(("\n", "\n\n")),
}


@pytest.mark.parametrize("shape", DYNAMIC_SHAPES)
def test_dynamic_range(shape: str) -> None:
    for text in _through_transcripts(DYNAMIC_SHAPES[shape](DYNAMIC)):
        assert parse_dynamicport(text) == DynamicRange(1025, 64510)


PROCESSES = '"Image Name","PID","Session Name"\n"dns.exe","1508","Services"\n"System","4",""\n'


@pytest.mark.parametrize(
    "change",
    [_indented(4), _swap(('","', '";"')), _swap(('"dns', '\u200e"dns')), _swap(("\n", "\n\n")), _swap(('","', '", "'))],
)
def test_processes(change: Change) -> None:
    for text in _through_transcripts(change(PROCESSES)):
        assert parse_tasklist(text) == ({1508: "dns.exe", 4: "System"}, 0)


def test_lines() -> None:
    assert plain_lines("") == [""]
    assert plain_lines("a\n\nb\n\nc") == ["a", "b", "c"]
    assert plain_lines("a\n\nb\nc\n") == ["a", "", "b", "c", ""]
    assert plain_lines("\u200fa\xa0\uff1a\uff0a\ufeff") == ["a :*"]
    assert [field_of(line) for line in ("a", " a : b : c ", ":", "é")] == [None, ("a", "b : c"), ("", ""), None]
    assert [indentation(line) for line in ("a", "  a", "\ta", "  \ta", "")] == [0, 2, 8, 8, 0]
