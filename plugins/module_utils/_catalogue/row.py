# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns of a catalogue row and their allowed values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from .._ports import PortSet

NO_PORTS = PortSet()
SERVICE_NAME_RE = re.compile(r"\A[A-Za-z0-9_.$ -]{1,80}\Z")
"""What a service key must look like before it may be part of a remote command line."""

PROTOCOLS = ("udp", "tcp", "both")
DETECTIONS = ("any_service", "profile_only")
"""``any_service``: a service of the row is installed and not disabled (Start 4). ``profile_only``: never by looking."""
HOLDS = ("always", "when_running", "never")
"""``always``: the service must run and hold its ports. ``when_running``: while it runs, it must hold them.
``never``: it binds late or not at all, so an unheld port is no fault."""
HOLDERS = ("service_pid", "system", "any_but_dns")
"""``service_pid``: the service's process. ``system``: the kernel (PID 4). ``any_but_dns``: any process except DNS."""
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
        verify_ports: UDP ports below the reach of any pool (below 1024) that the service holds: proved, not reserved.
        protocol: udp, tcp or both; only UDP collides with the pool.
        profiles: profiles that reserve the row even where the role is not installed.
        detection: one of DETECTIONS.
        requires: service keys that must be installed and not disabled too before the role is taken as installed.
        families: OS families on which the row is detected.
        hold: one of HOLDS.
        holder: one of HOLDERS.
        start_while_dns_down: the guarded window may start it when it failed for its port.
        never_start: the collection never starts it, even if the policy names it.
        source: where the row comes from.
    """

    name: str
    title: str
    service_keys: tuple[str, ...]
    ports: PortSet
    protocol: str
    source: str
    service_patterns: tuple[str, ...] = ()
    verify_ports: PortSet = NO_PORTS
    profiles: tuple[str, ...] = ()
    detection: str = "any_service"
    requires: tuple[str, ...] = ()
    families: tuple[str, ...] = ALL_FAMILIES
    hold: str = "when_running"
    holder: str = "service_pid"
    start_while_dns_down: bool = False
    never_start: bool = False

    def __post_init__(self) -> None:
        """Compile the patterns once, on import: every task runs in its own process."""
        key_matcher(self.service_keys, self.service_patterns)

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
        return key_matcher(self.service_keys, self.service_patterns).match(service) is not None


@cache
def key_matcher(keys: tuple[str, ...], patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Return a regular expression that matches exactly these service keys, without regard to case."""
    alternatives = [re.escape(key) for key in keys] + [f"(?:{pattern})" for pattern in patterns]
    return re.compile(rf"(?:{'|'.join(alternatives) or '(?!)'})\Z", re.IGNORECASE | re.ASCII)


NEVER_START_PATTERNS: tuple[str, ...] = ("ClusSvc", "fwsrv", "wspsrv", "GKSVC", "MSExchange.*")
"""Cluster, ISA and Exchange services: the collection never starts them, even if a user names them."""


_NEVER_START_RE = key_matcher((), NEVER_START_PATTERNS)


def may_never_start(service: str) -> bool:
    """Return whether no policy can make the collection start the service."""
    return _NEVER_START_RE.match(service) is not None


def port_text(entry: object) -> Any:  # noqa: ANN401 - the caller validates it
    """Return a port that YAML read as a number as text, and anything else unchanged for the caller to judge."""
    return str(entry) if isinstance(entry, int) and not isinstance(entry, bool) else entry
