# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netstat rows: repeated, connected, overflowing, with and without PIDs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parse_netstat import (
    UdpRow,
    parse_netstat,
    take_pools,
)

CAPTURES = Path(__file__).resolve().parents[2] / "captures"


def _capture(name: str) -> str:
    return (CAPTURES / name).read_text(encoding="utf-8")


def test_rows_without_pid_repeated_and_connected() -> None:
    table = parse_netstat(_capture("netstat-connected-en.txt"))
    assert table.rows == [
        UdpRow("0.0.0.0", 123, None, False),
        UdpRow("0.0.0.0", 3702, None, False),
        UdpRow("0.0.0.0", 5353, None, False),
        UdpRow("0.0.0.0", 50127, None, True),
        UdpRow("0.0.0.0", 50949, None, False),
    ]
    assert table.unreadable == 0


@pytest.mark.parametrize(
    ("name", "ports", "pid"),
    [
        ("netstat-pool-en.txt", [1037, 1063, 1075, 1077], 13224),
        ("netstat-pasted.txt", [53, 67, 67, 1013], 26248),
    ],
)
def test_pool_among_tcp_rows(name: str, ports: list[int], pid: int) -> None:
    table = parse_netstat(_capture(name))
    assert [row.port for row in table.rows] == ports
    assert {row.pid for row in table.rows} == {pid}


def test_several_pids_on_a_port_zone_ids_and_overflowing_columns() -> None:
    assert parse_netstat(_capture("netstat-zones-de.txt")).rows == [
        UdpRow("0.0.0.0", 500, 4711, False),
        UdpRow("0.0.0.0", 500, 812, False),
        UdpRow("127.0.0.1", 62110, 2044, True),
        UdpRow("::", 4500, 812, False),
        UdpRow("fe80::90cb:5535:6a9:2242%12", 546, 704, False),
        UdpRow("fe80::a5d0:8bd8:e81f:4b22%ethernet_32769", 1900, 1460, False),
        UdpRow("2001:db8:1:2:3:4:5:6", 65535, 1460, True),
    ]


def test_address_families() -> None:
    rows = parse_netstat(_capture("netstat-zones-de.txt")).rows
    assert [row.family for row in rows] == ["udp4", "udp4", "udp4", "udp6", "udp6", "udp6", "udp6"]


def test_program_names_between_the_rows() -> None:
    assert parse_netstat(_capture("netstat-abno.txt")).rows == [
        UdpRow("0.0.0.0", 4500, 1508, False),
        UdpRow("0.0.0.0", 123, None, False),
        UdpRow("fe80::15:152f:cd62:5475%13", 1194, None, False),
    ]


def test_tcp_rows_with_states_of_several_words_are_passed_over() -> None:
    assert parse_netstat(_capture("netstat-nl.txt")) == ([], 0)


@pytest.mark.parametrize(
    "row",
    [
        "  UDP    0.0.0.0:0  *:*  4",
        "  UDP    0.0.0.0:65536  *:*  4",
        "  UDP    0.0.0.0:domain  *:*  4",
        "  UDP    server:53  *:*  4",
        "  UDP    0.0.0.0  *:*  4",
        "  UDP    0.0.0.0:53  *:*  4 5",
        "  UDP    0.0.0.0:53  *:*  four",
        "  UDP    [fe80::1%12:53  *:*  4",
        "  UDP    0.0.0.0:٥٣  *:*  4",
        "  UDP",
        "  UDP " + "0" * 500,
    ],
)
def test_rows_that_cannot_be_one_are_counted(row: str) -> None:
    table = parse_netstat(row)
    assert (table.rows, table.unreadable) == ([], 1)


def test_columns_that_touch() -> None:
    (row,) = parse_netstat("  UDP    [2001:db8:1111:2222:3333:4444:5555:6666]:4500*:*      812").rows
    assert row == UdpRow("2001:db8:1111:2222:3333:4444:5555:6666", 4500, 812, False)


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    parse_netstat(text)
    parse_netstat("  UDP    0.0.0.0:53" + text)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["0.0.0.0", "192.168.0.10", "[::]", "[fe80::1%12]", "[::1", "server", "1.2.3.4.5.6.7.8.9"]),
            st.integers(0, 70000),
            st.one_of(st.integers(0, 9999999999).map(str), st.just("four"), st.just("4 5")),
        ),
        max_size=8,
    )
)
def test_the_usual_columns_read_like_any_others(rows: list[tuple[str, int, str]]) -> None:
    """Rows as Windows aligns them take a shorter way through the parser; what comes out must not show it."""
    usual = "\n".join(f"  UDP    {address}:{port}            *:*         {pid}" for address, port, pid in rows)
    assert parse_netstat(usual) == parse_netstat(usual.replace("  UDP", "\tUDP"))


PIDS = st.sampled_from(["1508", "4", "15080"])
ADDRESSES = st.sampled_from(["0.0.0.0", "[::]", "[fe80::1%12]", "10.0.0.1"])
TAILS = st.sampled_from(["", " ", "\t", " " * 12, "x", "\r"])
ODD_ROWS = st.one_of(
    st.just(""),
    st.just("  TCP    0.0.0.0:53             0.0.0.0:0              LISTENING       1508"),
    st.just("UDP"),
    st.text(alphabet="UDP 0123.:*[]\t%", max_size=60),
    st.builds(
        lambda head, address, port, gap, foreign, pid, tail: f"{head}{address}:{port}{gap}{foreign}{gap}{pid}{tail}",
        st.sampled_from(["  UDP    ", "UDP ", "\tUDP\t", "  udp    "]),
        ADDRESSES,
        st.sampled_from(["0", "53", "053", "65535", "65536", "99999", "123456", "5 3"]),
        st.sampled_from([" ", "          ", "\t", ""]),
        st.sampled_from(["*:*", "10.0.0.9:1", "*:**:*"]),
        st.one_of(PIDS, st.just("")),
        TAILS,
    ),
)


@given(
    st.lists(st.tuples(ADDRESSES, PIDS, st.integers(200, 400), st.integers(0, 65600)), max_size=3),
    st.lists(st.tuples(st.integers(0, 1200), ODD_ROWS), max_size=12),
    st.booleans(),
)
@settings(max_examples=30)
def test_pools_and_rest_are_the_rows_of_the_whole(
    pools: list[tuple[str, str, int, int]], odd: list[tuple[int, str]], ended: bool
) -> None:
    """Whatever stands between the rows of a pool and however they end: nothing is lost, nothing is made up."""
    lines = [
        f"  UDP    {f'{address}:{(first + number * 7) % 65600}':<23}*:*                                    {pid}"
        for address, pid, count, first in pools
        for number in range(count)
    ]
    for at, line in odd:
        lines.insert(at, line)
    text = "\n".join(lines) + ("\n" if ended else "")
    taken, rest = take_pools(text)
    table, whole = parse_netstat(rest), parse_netstat(text)
    rows = {UdpRow(pool.address, port, pool.pid, False) for pool in taken for port in pool.ports}
    assert rows | set(table.rows) == set(whole.rows)
    assert table.unreadable == whole.unreadable


def test_a_pool_is_taken_as_a_whole() -> None:
    """Else nothing would be gained."""
    row = "  UDP    {0}:{1:<15}*:*                                    1508\n"
    text = "".join(row.format(address, port) for address in ("0.0.0.0", "[::]") for port in range(50000, 52500))
    taken, rest = take_pools(f"\nActive Connections\n\n{text}")
    sizes = [(pool.address, pool.pid, len(pool.ports)) for pool in taken]
    assert sizes == [("0.0.0.0", 1508, 2500), ("::", 1508, 2500)]
    assert rest == "\nActive Connections\n\n"
