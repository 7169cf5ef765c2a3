# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns of a catalogue row and their allowed values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from .._ports import PortSet

NO_PORTS = PortSet()
SERVICE_NAME_RE = re.compile(r"\A[A-Za-z0-9_.$ -]{1,80}\Z")
"""What a service key must look like before it may be part of a remote command line."""
KEY_LETTER = "[A-Za-z0-9_.$-]"
"""A letter of a service key, for patterns of rows."""
ANY_SERVICE_NAME_RE = re.compile(r"\A[^\x00-\x1f\x7f-\x9f/\\]{1,256}\Z")
"""What the service manager allows as a key (CreateService): for names that are only compared, and never sent."""

PROTOCOLS = ("udp", "tcp", "both")
DETECTIONS = ("any_service", "profile_only")
"""``any_service``: a service of the row is installed and not disabled (Start 4). ``profile_only``: never detected."""
HOLDS = ("always", "when_running", "never")
"""``always``: the service must run and hold its ports. ``when_running``: while it runs, it must hold them.
``never``: it binds late or not at all, so a port that is not held is not a problem."""
HOLDERS = ("service_pid", "system", "any_but_dns")
"""``service_pid``: the service's process. ``system``: the kernel (PID 4). ``any_but_dns``: any process except DNS."""
HARM, REPLACED, ASSUMED, ANOTHER = "harm", "replaced", "assumed", "another"
LOSSES = (HARM, REPLACED, ASSUMED, ANOTHER)
"""What DNS on a port of the row means for a service that runs. ``harm``: it works without what the port is for.
``replaced``: it has taken another port. ``assumed``: nothing, unless the assumption is right that it needs UDP.
``another``: nothing, because it does not start without its port: while it runs, it has another one than the row."""
NT5 = ("nt5",)
NT6 = ("nt6", "nt6_r2")
ALL_FAMILIES = NT5 + NT6


class CatalogueError(ValueError):
    """An invalid entry of ``catalogue_extra``; the message is one sentence."""


@dataclass(frozen=True)
class CatalogueRow:
    """One role that needs fixed ports.

    Attributes:
        name: identifier, unique, snake_case.
        title: for people.
        service_keys: keys under ``HKLM\\SYSTEM\\CurrentControlSet\\Services``, compared without regard to case.
        service_patterns: regular expressions for additional keys; a whole key must match.
        ports: the ports to reserve.
        verify_ports: UDP ports that the service holds and no pool reaches (below 1024): verified, not reserved.
        choice: those of the ports of which the service takes any free ones, so that one held by DNS does no harm.
        protocol: udp, tcp or both; only UDP collides with the pool.
        profiles: profiles that reserve the row's ports even if the role is not installed.
        detection: one of DETECTIONS.
        requires: service keys that must also be installed and not disabled for the role to be treated as installed.
        families: OS families on which the row is detected.
        product_types: product types on which the row is detected; empty for all. LanmanNT is a domain controller.
        configured: where the registry holds the ports that were given to the service, by name in
            `_windows.configured_ports`; empty where no such place is known. If it was read, it replaces `ports`.
        only_assumed: another row stands for the service where its configured ports are known.
        own_sockets: whether the service's port is a setting that is not read from the host, so that the sockets of its
            process may show it.
        loss: one of LOSSES; only ``harm`` is a conflict while the service runs.
        hold: one of HOLDS.
        holder: one of HOLDERS.
        start_while_dns_down: whether the guarded window may start it after it failed because of its port.
        never_start: whether the collection never starts it, even if the policy names it.
        source: where the row comes from.
    """

    name: str
    title: str
    ports: PortSet
    source: str
    protocol: str = "udp"
    service_keys: tuple[str, ...] = ()
    service_patterns: tuple[str, ...] = ()
    verify_ports: PortSet = NO_PORTS
    choice: PortSet = NO_PORTS
    profiles: tuple[str, ...] = ()
    detection: str = "any_service"
    requires: tuple[str, ...] = ()
    families: tuple[str, ...] = ALL_FAMILIES
    product_types: tuple[str, ...] = ()
    configured: str = ""
    only_assumed: bool = False
    own_sockets: bool = False
    loss: str = HARM
    hold: str = "when_running"
    holder: str = "service_pid"
    start_while_dns_down: bool = False
    never_start: bool = False

    @property
    def uses_udp(self) -> bool:
        """Whether the row's ports can collide with the pool."""
        return self.protocol != "tcp"

    @property
    def udp_ports(self) -> PortSet:
        """The UDP ports that the service holds, including those below the pool's range."""
        return (self.ports if self.uses_udp else PortSet()) | self.verify_ports

    def matches(self, service: str) -> bool:
        """Return whether the service key belongs to this row."""
        return key_matcher(self.service_keys, self.service_patterns)(service)


lenient_row = partial(CatalogueRow, hold="never", holder="any_but_dns")
"""Makes a row whose ports need not be held, and may be held by any process except DNS."""


def ports(*entries: str) -> PortSet:
    """Return the ports of a row from texts ``a-b`` or ``a``."""
    return PortSet.from_text(entries)


@cache
def key_matcher(keys: tuple[str, ...], patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Return the test whether a service key is one of the keys or matches a pattern as a whole, in any case.

    Keys are looked up and only patterns are compiled: each task imports the whole catalogue in a process of its own.
    """
    known = frozenset(key.lower() for key in keys)
    alternatives = "|".join(f"(?:{pattern})" for pattern in patterns)
    whole = re.compile(rf"(?:{alternatives})\Z", re.IGNORECASE | re.ASCII) if patterns else None

    def matches(service: str) -> bool:
        if service.isascii() and service.lower() in known:
            return True
        return whole is not None and whole.match(service) is not None

    return matches


NEVER_START_PATTERNS: tuple[str, ...] = ("ClusSvc", "fwsrv", "wspsrv", "GKSVC", "MSExchange.*")
"""Cluster, ISA and Exchange services: the collection never starts them, even if a user names them."""


may_never_start = key_matcher((), NEVER_START_PATTERNS)
"""Returns whether no policy can make the collection start a service."""


def port_text(entry: object) -> Any:  # noqa: ANN401 - the caller validates it
    """Convert a port that YAML read as a number to text; return anything else unchanged for the caller to check."""
    return str(entry) if isinstance(entry, int) and not isinstance(entry, bool) else entry
