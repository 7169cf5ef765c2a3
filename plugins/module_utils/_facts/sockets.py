# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read facts about UDP sockets: the ports of DNS, the ports of other processes, and whether DNS has a socket pool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .._parsers.netstat import UdpRow, UnreadRow, parse_netstat, take_pools
from .._ports import FAMILIES, PortSet, address_family
from .._problems import Problem, make_problem, shown
from .._windows.service_states import RUNNING, SYSTEM_PID, has_no_process
from .reading import Reading
from .services import Services

SOCKET_ROWS_UNREADABLE = "socket_rows_unreadable"
ENDPOINTS_MAX = 500
"""Maximum number of rows in the fact ``udp_endpoints``, unless needed ports alone have more holders. The fact
``udp_ports`` is always complete."""
NEEDED_ROWS_MAX = 10_000
"""Maximum number of holders of needed ports that are listed; no server has as many."""
POOL_SOCKETS_MIN = 200
"""A DNS process that holds at least this many UDP ports in one address family has a socket pool. Without a pool it
holds a few per local address. The default pool size is 2,500. If SocketPoolSize is set to less than this number, the
sockets cannot show whether there is a pool."""
SYSTEM_PROCESS = "System"


@dataclass
class Sockets:
    """The UDP sockets of the host.

    Attributes:
        known: whether they could be read at all.
        with_pids: whether the output names the process of each socket.
        dns_pid: PID of DNS; None if it is not known.
        dns_by_family: the ports that DNS holds, per address family.
        others: all rows that are not known to belong to DNS.
        unread: what is certain of the rows that could not be read.
    """

    known: bool
    with_pids: bool
    dns_pid: int | None
    dns_by_family: dict[str, set[int]]
    others: list[UdpRow]
    unread: list[UnreadRow]

    def pids_on(self, ports: PortSet) -> set[int]:
        """Return PIDs of the processes that hold any of these ports."""
        wanted = frozenset(ports)
        pids = {row.pid for row in self.others if row.port in wanted and row.pid is not None}
        holds_one = any(not wanted.isdisjoint(held) for held in self.dns_by_family.values())
        return pids | ({self.dns_pid} if holds_one and self.dns_pid is not None else set())


def read_sockets(reading: Reading, services: Services) -> tuple[Sockets, list[Problem]]:
    """Read the section ``netstat``."""
    dns_pid = services.dns_pid
    pools, rest = take_pools(reading.text("netstat"))
    table = parse_netstat(rest, pids_seen=bool(pools))
    known = bool(pools or table.rows)
    problems: list[Problem] = []
    if reading.section("netstat") is not None:
        if not known:
            problems.append(make_problem("sockets_unreadable", "error", "The list of UDP sockets could not be read."))
        elif table.unread:
            problems.append(_of_unread(table.unread, services))
    unnamed = sum(row.pid is None for row in table.rows)
    with_pids = known and not unnamed and not _may_be_dns(table.unread, services)
    if known and unnamed == len(table.rows) and not pools:
        message = "The list of UDP sockets does not name processes."
        problems.append(make_problem("sockets_without_pid", "warning", message))
    elif known and dns_pid is None and _dns_has_process(services) and not services.lost_the_process_of_dns:
        message = "The service manager's list names no processes, so the sockets of DNS are among those of the others."
        problems.append(make_problem("dns_process_unknown", "warning", message))
    others = [row for row in table.rows if dns_pid is None or row.pid != dns_pid]
    held = _by_family([row for row in table.rows if dns_pid is not None and row.pid == dns_pid])
    for pool in pools:
        if pool.pid == dns_pid:
            held[address_family(pool.address)] |= pool.ports
        else:
            others += [UdpRow(pool.address, port, pool.pid, False) for port in sorted(pool.ports)]
    return Sockets(known, with_pids, dns_pid, held, list(dict.fromkeys(others)), table.unread), problems


def _of_unread(unread: list[UnreadRow], services: Services) -> Problem:
    """Return the problem of unreadable rows: an error if one may be DNS's or does not show its port, else a warning.

    After a warning, the plan decides whether one of the ports is needed.
    """
    distinct = set(unread)
    certain = {row.port for row in distinct if row.port is not None}
    is_error = _may_be_dns(unread, services) or any(row.port is None for row in distinct)
    return make_problem(
        SOCKET_ROWS_UNREADABLE,
        "error" if is_error else "warning",
        f"{len(unread)} rows of the list of UDP sockets could not be read.",
        rows=len(unread),
        ports=PortSet.from_ports(certain).to_json(),
    )


def _may_be_dns(unread: Iterable[UnreadRow], services: Services) -> bool:
    return _dns_has_process(services) and any(row.pid in (None, services.dns_pid) for row in unread)


def ports_by_family(rows: list[UdpRow]) -> dict[str, PortSet]:
    """Return the ports of the rows per address family."""
    return _port_sets(_by_family(rows))


def _by_family(rows: list[UdpRow]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {family: set() for family in FAMILIES}
    for row in rows:
        found[row.family].add(row.port)
    return found


def _port_sets(ports: Mapping[str, set[int]]) -> dict[str, PortSet]:
    return {family: PortSet.from_ports(held) for family, held in ports.items()}


def dns_ports(sockets: Sockets, services: Services) -> dict[str, PortSet] | None:
    """Return the fact ``dns.udp_ports``; None if it is not known which ports DNS holds."""
    if not _dns_has_process(services):
        return ports_by_family([])
    if not (sockets.known and sockets.with_pids and services.dns_pid is not None):
        return None
    return _port_sets(sockets.dns_by_family)


def _dns_has_process(services: Services) -> bool:
    """Return whether DNS may have a process. False only if the facts that were read prove that it has none."""
    if services.dns_installed is False:
        return False
    return services.dns is None or not has_no_process(services.dns.state, services.dns.pid)


def pool_present(sockets: Sockets, services: Services, pool_size: Mapping[str, Any]) -> str:
    """Return the fact ``dns.pool_present``: yes, no or unknown.

    Args:
        sockets: all sockets.
        services: all services, for the state of DNS.
        pool_size: the fact ``settings.socket_pool_size``.
    """
    if services.dns_installed is False:
        return "no"
    held = max(map(len, sockets.dns_by_family.values()))
    if held >= POOL_SOCKETS_MIN:
        return "yes"
    visible = sockets.known and sockets.with_pids and services.dns_pid is not None
    running = services.dns is not None and services.dns.state == RUNNING
    if not visible or not running or pool_size["present"] is None:
        return "unknown"
    size = pool_size["data"] if pool_size["present"] else None
    small = pool_size["present"] and not (isinstance(size, int) and size >= POOL_SOCKETS_MIN)
    return "unknown" if small else "no"


def endpoint_facts(sockets: Sockets, services: Services, needed: PortSet) -> tuple[list[dict[str, Any]], bool]:
    """Return the fact ``udp_endpoints``, sorted by port, address and PID, and whether rows were left out.

    If there are too many rows, one row for each address family, needed port and process is kept first, then the other
    rows on needed ports, then the rest.
    """
    rows = sorted(sockets.others, key=lambda row: (row.port not in needed, row.port, row.address, row.pid or 0))
    holders: dict[tuple[str, int, int | None], UdpRow] = {}
    for row in rows:
        if row.port in needed:
            holders.setdefault((row.family, row.port, row.pid), row)
    first = list(holders.values())[:NEEDED_ROWS_MAX]
    kept = list(dict.fromkeys([*first, *rows]))[: max(len(first), ENDPOINTS_MAX)]
    kept.sort(key=lambda row: (row.port, row.address, row.pid or 0, row.connected))
    processes = {**(services.processes or {}), SYSTEM_PID: SYSTEM_PROCESS}
    return [
        {
            "address": row.address,
            "port": row.port,
            "pid": row.pid,
            "process": shown(processes[row.pid]) if row.pid in processes else None,
            "connected": row.connected,
        }
        for row in kept
    ], len(rows) > len(kept)
