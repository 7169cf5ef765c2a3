# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The products that set the dynamic port range themselves, and how they are recognised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class RangeOwner:
    """A product that sets the dynamic range.

    Attributes:
        names: any of these in the option ``dynamic_port_range.force`` allows to set the range nevertheless.
        title: for messages.
        services: keys of its services in lower case; one of them shows that the product is installed.
        source: where it is documented that the product sets the range.
    """

    names: tuple[str, ...]
    title: str
    services: frozenset[str]
    source: str


RANGE_OWNERS: tuple[RangeOwner, ...] = (
    RangeOwner(
        ("exchange",),
        "Exchange Server",
        # Mailbox, transport and Edge roles, and what every role from 2007 on has.
        frozenset(
            (
                *("msexchangeis", "msexchangetransport", "msexchangeadtopology", "msexchangeservicehost"),
                "adam_msexchange",
            )
        ),
        "KB929851: Exchange Server 2007 sets 1025 to 60000",
    ),
    RangeOwner(
        ("tmg", "isa"),
        "the firewall service of TMG or ISA Server",
        frozenset(("fwsrv", "wspsrv")),
        "reports from the field: TMG makes it 10000-65535. That wspsrv is the key of ISA 2000 is not confirmed",
    ),
)
FORCES = tuple(sorted(name for owner in RANGE_OWNERS for name in owner.names))
"""What the option ``dynamic_port_range.force`` may name."""

_SERVICES = frozenset[str]().union(*(owner.services for owner in RANGE_OWNERS))


def owns_the_range(service: str) -> bool:
    """Return whether a service key shows that such a product is installed."""
    return service.lower() in _SERVICES


def owners_among(services: Iterable[str]) -> list[RangeOwner]:
    """Return the products that these service keys belong to."""
    found = {service.lower() for service in services}
    return [owner for owner in RANGE_OWNERS if owner.services & found]
