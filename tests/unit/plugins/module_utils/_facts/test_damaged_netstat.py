# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged rows of netstat are read correctly or counted, never skipped."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.netstat import (
    UdpRow,
    UnreadRow,
    parse_netstat,
    take_pools,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import make_plan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import (
    CAPTURES,
    problem_ids,
    sbs2003_with,
)

LISTING = """
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    192.168.192.1:53       0.0.0.0:0              LISTENING       13224
  TCP    [fe80::90cb:5535:6a9:2242%12]:49152  [fe80::90cb:5535:6a9:1%12]:135  ESTABLISHED     640
  UDP    0.0.0.0:53             *:*                                    1508
  UDP    0.0.0.0:5312           *:*                                    13224
  UDP    192.168.1.5:63222      142.250.1.1:443                        9
  UDP    [::]:500               *:*                                    812
  UDP    [fe80::90cb:5535:6a9:2242%12]:546  *:*                                    704
  UDP    [fe80::a5d0:8bd8:e81f:4b22%ethernet_32769]:1900  *:*                                    1460
"""
PACKED = "packed 0.0.0.0:53,*:*,1508 0.0.0.0:5312,*:*,13224 192.168.1.5:63222,142.250.1.1:443,9 [::]:500,*:*,812\n"
LISTINGS = {path.name: path.read_text(encoding="utf-8") for path in sorted(CAPTURES.glob("netstat-*.txt"))}
LISTINGS.update(constructed=LISTING, packed="Proto Local Address Foreign\n" + PACKED * 3)


def _broken(text: str, width: int) -> str:
    """As a console or an editor breaks lines: at the width, wherever that is."""
    lines = [line[at : at + width] for line in text.split("\n") for at in range(0, len(line) or 1, width)]
    return "\n".join(lines)


def _folded(text: str, width: int) -> str:
    """As mail breaks lines: at a blank."""
    lines = [part for line in text.split("\n") for part in textwrap.wrap(line, width, break_long_words=False) or [""]]
    return "\n".join(lines)


@pytest.mark.parametrize("name", LISTINGS)
@pytest.mark.parametrize("wrap", [_broken, _folded])
def test_wrapped_at_any_width(name: str, wrap: Callable[[str, int], str]) -> None:
    whole = parse_netstat(LISTINGS[name])
    for width in range(20, 133):
        table = parse_netstat(wrap(LISTINGS[name], width))
        assert table == whole or table.unread, width


@pytest.mark.parametrize("width", [79, 80])
def test_the_last_digits_of_a_pid_on_a_line_of_their_own(width: int) -> None:
    row = "  UDP    [fe80::90cb:5535:6a9:2242%12]:546  *:*                                  13224"
    assert parse_netstat(_broken(row + "\n  UDP    0.0.0.0:53   *:*   4", width)).unread


@pytest.mark.parametrize(
    "junk", ["-- More --  ", "\f", "> ", "12:", "\x1b[7m", "a", "\r", "| ", "UDP ", "\x08", "\uff1e"]
)
@pytest.mark.parametrize(
    "row", ["  UDP    0.0.0.0:53   *:*   1508", "  UDP    10.0.0.1:53    10.0.0.2:9    1508", PACKED]
)
def test_junk_in_front_of_a_row(junk: str, row: str) -> None:
    text = f"  UDP    0.0.0.0:500   *:*   4\n{junk}{row}\n"
    assert parse_netstat(text).unread


@pytest.mark.parametrize(
    "line",
    [
        "  UDP    0.0.0.0:531",
        "  UDP    0.0.0.0",
        "  UDP",
        "packed 0.0.0.0,,",
        "  UDP    0.0.0.0:5312  1508",
        "  UDP    0.0.0.0:53    *:*",
        "  UDP    0.0.0.0:53    *:*    1508 <-- this one",
        "  UDP    0.0.0.0:53    *:*    1508!",
        "  UDP    0.0.0.0:53    *:*    1 508",
        "  UDP    0.0.0.0:\uff15\uff13    *:*    1508",
        "  UDP    0.0.0.0:53    *:*    \uff11\uff15",
        "  UDP    0.0.0.0:53 10.0.0.1:531508",
        "  UDP    0.0.0.0:5310.0.0.1:53    1508",
        "         0.0.0.0:53    *:*    1508",
        "         0.0.0.0:53    10.0.0.1:53    1508",
        "\uff35\uff24\uff30    0.0.0.0:53    \uff0a\uff1a\uff0a    1508",
        "  \u540d    0.0.0.0:53    *:*    1508",
        "*:*",
        "packed 0.0.0.0:53,1508",
        "packed 0.0.0.0:53,*:*",
        "packed 0.0.0.0:53",
        "packed 0.0.0.0:53,*:*,1508,x",
        "packed 0.0.0.0:53,*:*,",
        "packed 1,0.0.0.0:53,*:*,1508",
        "*,1508 0.0.0.0:1,*:*,4",
    ],
)
def test_what_a_row_may_have_been_is_counted(line: str) -> None:
    table = parse_netstat(f"  UDP    0.0.0.0:500   *:*   4\n{line}\n")
    assert (table.rows, len(table.unread) > 0) == ([UdpRow("0.0.0.0", 500, 4, False)], True)


@pytest.mark.parametrize(
    "lines",
    [
        "Active code page: 65001\nWelcome to http://10.0.0.1:8080\n65001\n  UDP    0.0.0.0:500   *:*   4",
        "  UDP    0.0.0.0:500   *:*   4\n [svchost.exe]\n  UDP Proxy\n Can not obtain ownership information",
        "  UDP    0.0.0.0:500   *:*   4\n Es konnten keine Besitzerinformationen abgerufen werden.\n",
        "  UDP    0.0.0.0:500   *:*   4\n \u65e0\u6cd5\u83b7\u53d6\u6240\u6709\u6743\u4fe1\u606f\n",
        "  UDP    0.0.0.0:500   *:*   4\n  UDP oder UDPv6.",
        "packed 0.0.0.0:500,*:*,4 oder,UDPv6., udpProxy,,",
        "  TCP    0.0.0.0:80   0.0.0.0:0   ABH\u00d6REN   7\n7\n\n  UDP    0.0.0.0:500   *:*   4",
        "-- More --  TCP    0.0.0.0:80   0.0.0.0:0   LISTENING   7\n  UDP    0.0.0.0:500   *:*   4",
    ],
)
def test_what_is_no_row_is_passed_over(lines: str) -> None:
    assert parse_netstat(lines) == ([UdpRow("0.0.0.0", 500, 4, False)], [])


def test_a_row_without_pid_is_unreadable_where_a_pool_has_one() -> None:
    rows = " ".join(f"0.0.0.0:{port},*:*,1508" for port in range(50000, 50300))
    pools, rest = take_pools(f"packed {rows}\npacked 0.0.0.0:4500,*:*,\n")
    assert parse_netstat(rest, pids_seen=bool(pools)) == ([], [UnreadRow(4500, None)])


def test_without_any_pid_rows_are_read() -> None:
    assert parse_netstat("UDP 0.0.0.0:53 *:*\nUDP 0.0.0.0:54 *:*").unread == []


ROWS = "  UDP    0.0.0.0:53   *:*   1508\n  UDP    0.0.0.0:445   *:*   4\n"


@pytest.mark.parametrize(
    ("row", "severity"),
    [
        ("  UDP    server:5355   *:*   816", "warning"),
        ("  UDP    server:4500   *:*   816", "warning"),
        ("  UDP    server:5355   *:*   1508", "error"),
        ("  UDP    0.0.0.0:5355   *:*", "error"),
        ("  UDP    0.0.0.0:53", "error"),
        ("> UDP    0.0.0.0:5355   *:*   816", "warning"),
    ],
)
def test_a_row_that_may_be_of_dns_or_on_any_port_is_an_error(row: str, severity: str) -> None:
    facts = sbs2003_with("netstat", f"{ROWS}{row}\n")
    assert problem_ids(facts) == ["socket_rows_unreadable"]
    assert facts["problems"][0]["severity"] == severity


@pytest.mark.parametrize(
    ("row", "extra_ports", "known"),
    [
        ("  UDP    server:5355   *:*   816", [], True),
        ("  UDP    server:5355   *:*   816", ["5355"], False),
        ("  UDP    server:4500   *:*   816", [], False),
    ],
)
def test_a_row_on_a_needed_port_makes_the_host_unknown(row: str, extra_ports: list[str], known: bool) -> None:
    facts = sbs2003_with("netstat", f"{ROWS}{row}\n")
    plan = make_plan(facts, Policy.from_options({"extra_ports": extra_ports}))
    assert (plan["status"] != "unknown") is known
    assert ("needed_port_unread" in problem_ids(plan)) is not known


def test_where_dns_is_not_installed_no_row_is_of_dns() -> None:
    text = "UDP server:5355 *:* four\nUDP 0.0.0.0:445 *:* 4\n"
    services = "".join(
        f"SERVICE_NAME: {name}\n        T : 20\n        S : 4  x\n        W : 0  (0x0)\n        E : 0  (0x0)\n\n"
        for name in ("Dhcp", "W32Time")
    )
    key = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\n    Start    REG_DWORD    0x1\n"
    facts = parse_transcript(
        f"#portkeeper begin services\n{services}#portkeeper end services 0\n"
        f"#portkeeper begin service_starts\n{key}#portkeeper end service_starts 0\n"
        f"#portkeeper begin netstat\n{text}#portkeeper end netstat 0\n"
    )
    (problem,) = [problem for problem in facts["problems"] if problem["id"] == "socket_rows_unreadable"]
    assert (problem["severity"], problem["data"]["ports"]) == ("warning", ["5355-5355"])
