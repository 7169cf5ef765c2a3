# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the UDP ports of running services that keep their port in a place that is not read: those of their sockets.

A socket shows a port of the service only in a process that is the service's alone. It must be open on all addresses,
and must not be connected. Whether Windows has drawn the port is judged in the plan, which knows the dynamic range.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .._catalogue.sbs2003 import may_have_other_ports
from .._parsers.sc import ServiceRow
from .._ports import PortSet
from .._windows.service_states import RUNNING, SYSTEM_PID, has_own_process
from .services import DNS, Services
from .sockets import Sockets

ALL_ADDRESSES = ("0.0.0.0", "::")
_NONE = PortSet()


def read_own_sockets(
    services: Services, sockets: Sockets, extra: Iterable[str]
) -> dict[str, dict[str, PortSet | None]]:
    """Return the fact ``own_sockets``: by service the ports of its sockets, and those of which that is in doubt.

    Args:
        services: all services.
        sockets: all sockets.
        extra: services to include besides those of the catalogue that keep their port where it is not read.
    """
    wanted = {name.lower() for name in extra}
    listing = _Listing(services, sockets)
    found: dict[str, dict[str, PortSet | None]] = {}
    for name, row in sorted(services.rows.items()):
        if name != DNS and row.state == RUNNING and (name in wanted or may_have_other_ports(name)):
            ports, doubtful = listing.ports_of(row)
            if ports or doubtful != _NONE:
                found[row.name] = {"ports": ports, "doubtful": doubtful}
    return found


class _Listing:
    """What the lists of services and sockets show, by process."""

    def __init__(self, services: Services, sockets: Sockets) -> None:
        self._services_in = Counter(row.pid for row in services.rows.values())
        self._all_services_read = services.complete and not services.unread
        self._names_processes = sockets.known and all(row.pid is not None for row in sockets.others)
        self._unread = sockets.unread
        self._held: dict[int | None, set[int]] = {}
        for row in sockets.others:
            if row.address in ALL_ADDRESSES and not row.connected:
                self._held.setdefault(row.pid, set()).add(row.port)

    def ports_of(self, service: ServiceRow) -> tuple[PortSet, PortSet | None]:
        """Return the ports that are the service's, and those that may be; None in place of the latter for any port."""
        own, pid = has_own_process(service.kind), service.pid
        if own is False or pid == SYSTEM_PID or (pid and self._services_in[pid] > 1):
            return _NONE, _NONE
        if not pid or not self._names_processes:
            return _NONE, None
        held = PortSet.from_ports(self._held.get(pid, ()))
        unread = PortSet.from_ports({row.port for row in self._unread if row.port and row.pid in (None, pid)})
        return (held, unread - held) if own and self._all_services_read else (_NONE, held | unread)
