# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the UDP rows of ``netstat -ano``, ``-an`` and ``-abno``, and those that our collector packs.

Titles and TCP states are translated and columns overflow, so a row is what begins with the protocol's name and has
an address with a port behind it. UDP rows have no state; the PID is the last column where there is one.

A packed line is the word ``packed`` and, behind a blank each, rows without the protocol's name whose columns are
joined by commas: ``packed 0.0.0.0:53,*:*,1508 [::]:53,*:*,1508``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._listing import plain_lines

_ADDRESS_RE = re.compile(r"[0-9A-Fa-f.:]+(?:%[^%\s]{1,80})?\Z")
# Behind -b stand names of components, which may begin with the same letters.
_BEGINNING_RE = re.compile(r"[ \t]*UDP(?:v?[46])?(?=[ \t]|\Z)", re.IGNORECASE)
_ROW_RE = re.compile(
    r"UDP(?:v?[46])? "
    r"(?P<address>\[[^\]\s]{1,90}\]|[0-9A-Fa-f.:]{1,60}|\*):(?P<port>[0-9]{1,5})(?![0-9]) ?"
    r"(?:\*:\*|(?P<foreign>\[[^\]\s]{1,90}\]|[0-9A-Fa-f.:]{1,60}):(?P<foreign_port>[0-9]{1,5}))?"
    r"(?: ?(?P<pid>[0-9]{1,10}))?\Z",
    re.IGNORECASE,
)
_POOL_ROW_RE = re.compile(
    r" (?P<address>[0-9.]{1,15}|\[[0-9A-Fa-f:.]{1,45}(?:%[0-9]{1,10})?\]):(?P<port>[0-9]{1,5})"
    r"(?P<rest>,\*:\*,(?P<pid>[0-9]{1,10}))(?= |\Z)"
)
PACKED = "packed"
"""The first word of a packed line."""
_PACKED_BEGINNING = f"{PACKED} "
_POOL_ROWS_MIN = 200
"""Fewer rows than that are not worth a regular expression of their own."""
_SAMPLES = 4
"""At how many places of the text a row is looked at: which pools are large enough to be met is seen in a few."""
_HIGHEST_PORT = 65535
_LINE_MAX = 400


def family_of(address: str) -> str:
    """udp4 or udp6: two separate port spaces."""
    return "udp6" if ":" in address else "udp4"


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
        """udp4 or udp6: two separate port spaces."""
        return family_of(self.address)


class UdpTable(NamedTuple):
    """Distinct rows in the order of the text, and how many rows that begin like one could not be read."""

    rows: list[UdpRow]
    unreadable: int


def parse_netstat(text: str) -> UdpTable:
    """Parse netstat output; TCP rows, titles and the lines of ``-b`` that name programs are ignored."""
    rows: dict[UdpRow, None] = {}
    unreadable = 0
    for line in _unpacked(plain_lines(text)):
        if not _BEGINNING_RE.match(line):
            continue
        row = _row(line)
        if row is None:
            unreadable += 1
        else:
            rows[row] = None
    return UdpTable(list(rows), unreadable)


def _unpacked(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith(_PACKED_BEGINNING):
            yield from (f"UDP {row.replace(',', ' ')}" for row in line.split()[1:])
        else:
            yield line


class Pool(NamedTuple):
    """Unconnected sockets of one process on one address.

    Attributes:
        address: as in UdpRow.
        pid: of the process.
        ports: theirs, each once.
    """

    address: str
    pid: int
    ports: frozenset[int]


def take_pools(text: str) -> tuple[list[Pool], str]:
    """Take the rows of large pools out of the packed lines of a text; the rest is for `parse_netstat`.

    Thousands of rows that differ in nothing but the port need no object each. A row that is taken here is one that
    `parse_netstat` would read as the same; whatever is unusual stays in the rest.
    """
    lines = text.split("\n") if text.isascii() else []
    packed = "".join(line[len(PACKED) :] for line in lines if line.startswith(_PACKED_BEGINNING))
    pools: list[Pool] = []
    for number in range(_SAMPLES):
        found = _POOL_ROW_RE.search(packed, len(packed) * number // _SAMPLES)
        beginning = packed[found.start() : found.start("port")] if found else ""
        if found and min(packed.count(beginning), packed.count(found["rest"])) >= _POOL_ROWS_MIN:
            row_re = rf"{re.escape(beginning)}([0-9]{{1,5}}){re.escape(found['rest'])}(?= |\Z)"
            rest, *pieces = re.split(row_re, packed)
            ports = frozenset(map(int, pieces[::2]))
            if ports and min(ports) > 0 and max(ports) <= _HIGHEST_PORT:
                pools.append(Pool(found["address"].strip("[]"), int(found["pid"]), ports))
                packed = rest + "".join(pieces[1::2])
    if not pools:
        return [], text
    return pools, "\n".join([PACKED + packed, *(line for line in lines if not line.startswith(_PACKED_BEGINNING))])


def _row(line: str) -> UdpRow | None:
    found = _ROW_RE.match(" ".join(line.split())) if len(line) <= _LINE_MAX else None
    if not found:
        return None
    address = found["address"].strip("[]")
    port = int(found["port"])
    if not 0 < port <= _HIGHEST_PORT or not (address == "*" or _ADDRESS_RE.match(address)):
        return None
    pid = found["pid"]
    return UdpRow(address, port, None if pid is None else int(pid), int(found["foreign_port"] or 0) > 0)
