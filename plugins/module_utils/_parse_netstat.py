# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the UDP rows of ``netstat -ano``, ``-an`` and ``-abno``.

Titles and TCP states are translated and columns overflow, so a row is what begins with the protocol's name and has
an address with a port behind it. UDP rows have no state; the PID is the last column where there is one.
"""

from __future__ import annotations

import re
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
# What nearly every row of a host with a pool looks like; thousands of them are read, so they get a shorter way. It
# must give what the longer one gives.
_POOL_ROW_RE = re.compile(
    r" {1,8}UDP {1,8}(?P<address>[0-9.]{1,15}|\[[0-9A-Fa-f:.]{1,45}(?:%[0-9]{1,10})?\]):(?P<port>[0-9]{1,5})"
    r" {1,60}\*:\* {1,60}(?P<pid>[0-9]{1,10})[ \t]*\Z"
)
_HIGHEST_PORT = 65535
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
        """udp4 or udp6: two separate port spaces."""
        return "udp6" if ":" in self.address else "udp4"


class UdpTable(NamedTuple):
    """Distinct rows in the order of the text, and how many rows that begin like one could not be read."""

    rows: list[UdpRow]
    unreadable: int


def parse_netstat(text: str) -> UdpTable:
    """Parse netstat output; TCP rows, titles and the lines of ``-b`` that name programs are ignored."""
    rows: dict[UdpRow, None] = {}
    unreadable = 0
    for line in plain_lines(text):
        usual = _POOL_ROW_RE.match(line)
        if usual:
            address, port, pid = usual.groups()
            if 0 < int(port) <= _HIGHEST_PORT and len(line) <= _LINE_MAX:
                rows[UdpRow(address.strip("[]"), int(port), int(pid), False)] = None
                continue
        if not _BEGINNING_RE.match(line):
            continue
        row = _row(line)
        if row is None:
            unreadable += 1
        else:
            rows[row] = None
    return UdpTable(list(rows), unreadable)


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
