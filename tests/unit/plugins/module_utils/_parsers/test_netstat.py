# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netstat rows are read: repeated, connected, overflowing, packed, with and without PIDs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.netstat import (
    UdpRow,
    parse_netstat,
    take_pools,
)

CAPTURES = Path(__file__).resolve().parents[3] / "captures"


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
    assert table.unread == []


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
        UdpRow("0.0.0.0", 123, 1004, False),
        UdpRow("fe80::15:152f:cd62:5475%13", 1194, 2210, False),
    ]


def test_tcp_rows_with_states_of_several_words_are_passed_over() -> None:
    assert parse_netstat(_capture("netstat-nl.txt")) == ([], [])


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
    assert (table.rows, len(table.unread)) == ([], 1)


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
            st.one_of(st.integers(0, 9999999999).map(str), st.just("four"), st.just("")),
        ),
        max_size=8,
    )
)
def test_packed_rows_read_like_any_others(rows: list[tuple[str, int, str]]) -> None:
    """The collector joins columns by commas and rows by blanks; nothing but the blanks between columns is lost."""
    aligned = "\n".join(f"  UDP    {address}:{port}            *:*         {pid}" for address, port, pid in rows)
    packed = "\n".join(
        " ".join(["packed", *(f"{address}:{port},*:*,{pid}" for address, port, pid in half)])
        for half in (rows[:3], rows[3:])
    )
    assert parse_netstat(packed) == parse_netstat(aligned)


@pytest.mark.parametrize(
    ("packed", "rows", "unreadable"),
    [
        ("packed", [], 0),
        ("packed ", [], 0),
        ("packed 10.0.0.1:500,10.0.0.9:4500,812", [UdpRow("10.0.0.1", 500, 812, True)], 0),
        ("packed 0.0.0.0:53,*:*,", [UdpRow("0.0.0.0", 53, None, False)], 0),
        ("packed [fe80::1%12]:4500*:*,812,", [UdpRow("fe80::1%12", 4500, 812, False)], 0),
        ("packed 0.0.0.0:53,*:*,4,5 0.0.0.0:0,*:*,4 or,UDPv6.,", [], 2),
        ("packed,0.0.0.0:53,*:*,4", [], 1),
        ("  packed 0.0.0.0:53,*:*,4", [], 1),
        ("UDP 0.0.0.0:53,*:*,4", [], 1),
        ("Proto Local Address Foreign\nUDPv6 [::]:53 *:* 4\npacked", [UdpRow("::", 53, 4, False)], 0),
        ("packed " + "0" * 500, [], 1),
    ],
)
def test_packed_lines(packed: str, rows: list[UdpRow], unreadable: int) -> None:
    table = parse_netstat(packed)
    assert (table.rows, len(table.unread)) == (rows, unreadable)


PIDS = st.sampled_from(["1508", "4", "15080"])
ADDRESSES = st.sampled_from(["0.0.0.0", "[::]", "[fe80::1%12]", "10.0.0.1"])
ODD_ROWS = st.one_of(
    st.just("Connections,,"),
    st.text(alphabet="UDP0123.:*[],%", min_size=1, max_size=60),
    st.builds(
        lambda address, port, comma, foreign, pid, tail: f"{address}:{port}{comma}{foreign}{comma}{pid}{tail}",
        ADDRESSES,
        st.sampled_from(["0", "53", "053", "65535", "65536", "99999", "123456"]),
        st.sampled_from([",", ",,", ""]),
        st.sampled_from(["*:*", "10.0.0.9:1", "*:**:*"]),
        st.one_of(PIDS, st.just("")),
        st.sampled_from(["", ",", "x"]),
    ),
)
BREAKS = st.sampled_from(
    [" ", " ", " ", "  ", "\npacked ", "\n", "\n\n", " \npacked ", "\n  UDP    0.0.0.0:53  *:*  4\npacked "]
)


@given(
    st.lists(st.tuples(ADDRESSES, PIDS, st.integers(200, 400), st.integers(0, 65600)), max_size=3),
    st.lists(st.tuples(st.integers(0, 1200), ODD_ROWS, BREAKS), max_size=12),
    st.sampled_from(["", " ", "\n"]),
)
@example([("0.0.0.0", "1508", 200, 1024)], [(200, "0", "\n")], "").via("a line behind a pool that is taken whole")
@settings(max_examples=50)
def test_pools_and_rest_are_the_rows_of_the_whole(
    pools: list[tuple[str, str, int, int]], odd: list[tuple[int, str, str]], end: str
) -> None:
    """Whatever stands between the rows of a pool and wherever lines break: nothing is lost, nothing is made up."""
    rows = [
        f" {address}:{(first + number * 7) % 65600},*:*,{pid}"
        for address, pid, count, first in pools
        for number in range(count)
    ]
    for at, row, broken in odd:
        rows.insert(at, f"{broken}{row}")
    text = "packed" + "".join(rows) + end
    taken, rest = take_pools(text)
    table, whole = parse_netstat(rest, pids_seen=bool(taken)), parse_netstat(text)
    found = {UdpRow(pool.address, port, pool.pid, False) for pool in taken for port in pool.ports}
    assert found | set(table.rows) == set(whole.rows)
    assert sorted(table.unread, key=str) == sorted(whole.unread, key=str)


def test_a_pool_is_taken_as_a_whole() -> None:
    """Else nothing would be gained."""
    rows = [f"{address}:{port},*:*,1508" for address in ("0.0.0.0", "[::]") for port in range(50000, 52500)]
    lines = [" ".join(["packed", *rows[at : at + 40]]) for at in range(0, len(rows), 40)]
    taken, rest = take_pools("\n".join(lines) + "\n")
    sizes = [(pool.address, pool.pid, len(pool.ports)) for pool in taken]
    assert sizes == [("0.0.0.0", 1508, 2500), ("::", 1508, 2500)]
    assert rest.split() == ["packed"]
