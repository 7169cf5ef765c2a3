# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse the UDP rows of ``netstat -ano``, ``-an`` and ``-abno``, and the packed rows of the collector.

Titles and TCP states are translated and columns overflow, so a row is what begins with the protocol's name and has
an address with a port behind it. UDP rows have no state; the PID is the last column where there is one.

A line that may be what a console, a pager or a mail has left of a row is counted as unreadable, never passed over: it
holds `*:*`; or, behind the first row, an address with a port or digits alone. TCP rows and the owners that ``-b`` names
are neither.

A packed line is the word ``packed`` and, each after a space, rows without the protocol's name whose columns are
joined by commas: ``packed 0.0.0.0:53,*:*,1508 [::]:53,*:*,1508``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .._ports import HIGHEST_PORT, address_family
from .._sections.row import PACKED
from .listing import is_left_out, plain_lines

_ADDRESS_RE = re.compile(r"[0-9A-Fa-f.:]+(?:%[^%\s]{1,80})?\Z")
# Behind -b stand names of components, which may begin with the same letters.
_BEGINNING_RE = re.compile(r"[ \t]*UDP(?:v?[46])?(?=[ \t]|\Z)", re.IGNORECASE)
# Columns that touch can be separated only at a star or a bracket: of digits that run together any cut would be a guess.
_ROW_RE = re.compile(
    r"UDP(?:v?[46])? "
    r"(?P<address>\[[^\]\s]{1,90}\]|[0-9A-Fa-f.:]{1,60}|\*):(?P<port>[0-9]{1,5})"
    r"(?: ?\*:\*|(?: |(?=\[))(?P<foreign>\[[^\]\s]{1,90}\]|[0-9A-Fa-f.:]{1,60}):(?P<foreign_port>[0-9]{1,5}))"
    r"(?:(?: |(?<=\*))(?P<pid>[0-9]{1,10}))?\Z",
    re.IGNORECASE,
)
_POOL_ROW_RE = re.compile(
    r" (?P<address>[0-9.]{1,15}|\[[0-9A-Fa-f:.]{1,45}(?:%[0-9]{1,10})?\]):(?P<port>[0-9]{1,5})"
    r"(?P<rest>,\*:\*,(?P<pid>[0-9]{1,10}))(?= |\Z)"
)
# A port is certain where the whole next column stands behind it, a PID where the line ends with it.
_REMAINS_RE = re.compile(
    r"UDP(?:v?[46])? [^\s]{1,120}:(?P<port>[0-9]{1,5}) (?:\*:\*|[^\s]{1,120}:[0-9]{1,5})"
    r"(?:(?: (?P<pid>[0-9]{1,10}))?\Z| )",
    re.IGNORECASE,
)
# An owner's name, or a line of the usage that a release without UDPv6 prints.
_OWNER_RE = re.compile(r"[ \t]*UDP[ \t]+[^0-9:*\[ \t][^:*\[]*\Z", re.IGNORECASE)
_OTHER_PROTOCOL_RE = re.compile(r"(?<![A-Za-z])TCP(?:v?[46])?[ \t]+[0-9\[]", re.IGNORECASE)
_ADDRESS_AND_PORT_RE = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}:[0-9]|\]:[0-9]")
_NAMED_ROW_RE = re.compile(r"(?<![A-Za-z])UDP(?:v?[46])?[ \t][^\n]*[0-9.\]]:[0-9]", re.IGNORECASE)
_ANY_FOREIGN = "*:*"
_PACKED_BEGINNING = f"{PACKED} "
_PACKED_COMMAS = 2
_POOL_ROWS_MIN = 200
"""Fewer rows than that are not worth a regular expression of their own."""
_SAMPLES = 4
"""At how many places of the text a row is looked at: which pools are large enough to be met is seen in a few."""
_LINE_MAX = 400


class UdpRow(NamedTuple):
    """One UDP socket.

    Attributes:
        address: local address without brackets, with its zone id where there is one.
        port: 1-65535.
        pid: None where the output has no PIDs.
        connected: whether the socket has a real foreign address.
    """

    address: str
    port: int
    pid: int | None
    connected: bool

    @property
    def family(self) -> str:
        """udp4 or udp6, which are two separate port spaces."""
        return address_family(self.address)


class UnreadRow(NamedTuple):
    """What is certain of an unreadable row: its port and its PID, or None."""

    port: int | None
    pid: int | None


class UdpTable(NamedTuple):
    """The distinct rows in the order of the text, and the unreadable rows."""

    rows: list[UdpRow]
    unread: list[UnreadRow]


_NOTHING_CERTAIN = UnreadRow(None, None)


def parse_netstat(text: str, pids_seen: bool = False) -> UdpTable:
    """Parse netstat output. TCP rows, titles and the program names of ``-b`` are ignored.

    Args:
        text: the output.
        pids_seen: other rows of the same output, which are not in the text, have PIDs. A row without one is unreadable
            where others have one.
    """
    rows: dict[UdpRow, None] = {}
    unread: list[UnreadRow] = []
    place = _Place()
    for line in plain_lines(text):
        if line.startswith(_PACKED_BEGINNING):
            candidates = [_unpacked(row) for row in line.split()[1:]]
        elif _BEGINNING_RE.match(line):
            candidates = [line]
        else:
            if place.may_be_a_row(line):
                unread.append(_remains(line))
            continue
        place.behind_row()
        for candidate in candidates:
            row = _row(candidate)
            if row is not None:
                rows[row] = None
            elif not _OWNER_RE.match(candidate):
                unread.append(_remains(candidate))
    if pids_seen or any(row.pid is not None for row in rows):
        unread += [UnreadRow(row.port, None) for row in rows if row.pid is None]
        rows = {row: None for row in rows if row.pid is not None}
    return UdpTable(list(rows), unread)


class _Place:
    """The position in the listing of a line that does not begin like a UDP row."""

    def __init__(self) -> None:
        self._begun = False
        self._digits_count = False

    def behind_row(self) -> None:
        """Note that the line before was a UDP row: a line of digits may be the end of its PID."""
        self._begun = self._digits_count = True

    def may_be_a_row(self, line: str) -> bool:
        """Return whether the line may be part of a UDP row. Before the first row, any text is allowed."""
        if _ANY_FOREIGN in line:
            return True
        if len(line) > _LINE_MAX:
            return self._begun
        if _NAMED_ROW_RE.search(line):
            return True
        if _OTHER_PROTOCOL_RE.search(line):
            self._begun, self._digits_count = True, False
            return False
        if "".join(line.split()).isdigit():
            return self._digits_count
        return self._begun and (is_left_out(line) or bool(_ADDRESS_AND_PORT_RE.search(line)))


def _unpacked(row: str) -> str:
    """Convert a packed row to netstat's format. Without three columns it stays unchanged, and is not a row."""
    return f"UDP {row.replace(',', ' ')}" if row.count(",") == _PACKED_COMMAS else row


def _remains(line: str) -> UnreadRow:
    found = _REMAINS_RE.search(" ".join(line.split())) if len(line) <= _LINE_MAX else None
    if not found or not 0 < int(found["port"]) <= HIGHEST_PORT:
        return _NOTHING_CERTAIN
    return UnreadRow(int(found["port"]), int(found["pid"]) if found["pid"] else None)


class SocketGroup(NamedTuple):
    """The unconnected sockets of one process on one address.

    Attributes:
        address: as in UdpRow.
        pid: of the process.
        ports: theirs, each once.
    """

    address: str
    pid: int
    ports: frozenset[int]


def take_pools(text: str) -> tuple[list[SocketGroup], str]:
    """Take the rows of large pools out of the packed lines of a text. `parse_netstat` reads the rest.

    Thousands of rows that differ in nothing but the port need no object each. A row that is taken here is one that
    `parse_netstat` would read as the same; unusual rows stay in the rest.
    """
    lines = text.split("\n") if text.isascii() else []
    packed = "".join(line[len(PACKED) :] for line in lines if line.startswith(_PACKED_BEGINNING))
    pools: list[SocketGroup] = []
    for number in range(_SAMPLES):
        found = _POOL_ROW_RE.search(packed, len(packed) * number // _SAMPLES)
        beginning = packed[found.start() : found.start("port")] if found else ""
        if found and min(packed.count(beginning), packed.count(found["rest"])) >= _POOL_ROWS_MIN:
            row_re = rf"{re.escape(beginning)}([0-9]{{1,5}}){re.escape(found['rest'])}(?= |\Z)"
            rest, *pieces = re.split(row_re, packed)
            ports = frozenset(map(int, pieces[::2]))
            if ports and min(ports) > 0 and max(ports) <= HIGHEST_PORT:
                pools.append(SocketGroup(found["address"].strip("[]"), int(found["pid"]), ports))
                packed = rest + "".join(pieces[1::2])
    if not pools:
        return [], text
    return pools, "\n".join(
        [PACKED + (packed or " "), *(line for line in lines if not line.startswith(_PACKED_BEGINNING))]
    )


def _row(line: str) -> UdpRow | None:
    found = _ROW_RE.match(" ".join(line.split())) if len(line) <= _LINE_MAX else None
    if not found:
        return None
    address = found["address"].strip("[]")
    port = int(found["port"])
    if not 0 < port <= HIGHEST_PORT or not (address == "*" or _ADDRESS_RE.match(address)):
        return None
    pid = found["pid"]
    return UdpRow(address, port, None if pid is None else int(pid), int(found["foreign_port"] or 0) > 0)
