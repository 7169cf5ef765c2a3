# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accepted risks: exposed ports and failed services of a host that the operator accepts, with reason and last day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from .._catalogue.row import ANY_SERVICE_NAME_RE
from .._ports import PortError, PortSet, port_words

ACCEPTED_OPTIONS: dict[str, dict[str, Any]] = {
    "host": {"type": "str", "required": True},
    "ports": {"type": "list", "elements": "str"},
    "services": {"type": "list", "elements": "str"},
    "reason": {"type": "str", "required": True},
    "expires": {"type": "str", "required": True},
}
"""One entry as an Ansible argument spec."""

REASON_LENGTH = 300
_DATE_RE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


class AcceptedRiskError(ValueError):
    """An invalid entry; the message is one sentence that gives the entry's position in the list."""


@dataclass(frozen=True)
class AcceptedRisk:
    """An operator's decision to accept some exposed ports of one host, or services that failed for their port.

    Attributes:
        host: inventory name, compared exactly.
        ports: the exposed ports that are accepted.
        services: the keys of the services that may be down.
        reason: why they are accepted.
        expires: the last day on which the decision is valid, in UTC.
    """

    host: str
    ports: PortSet
    services: tuple[str, ...]
    reason: str
    expires: date

    def in_force(self, today: date) -> bool:
        """Return whether the decision is valid on that day."""
        return today <= self.expires

    def sentence(self, today: date) -> str:
        """Describe the decision for the verdict on the host."""
        word = "accepted until" if self.in_force(today) else "no longer accepted since the end of"
        accepted = ", ".join((*port_words(self.ports), *self.services))
        return f"{accepted} {word} {self.expires.isoformat()}: {self.reason}"


def parse_accepted(entries: object) -> tuple[AcceptedRisk, ...]:
    """Validate the option ``accepted_risks``.

    Args:
        entries: a list of mappings with exactly the keys of ACCEPTED_OPTIONS; null means an empty list.

    Raises:
        AcceptedRiskError: the value is not a list, a key is unknown or missing, or a port, reason or date is not valid.
    """
    if entries is None:
        return ()
    if not isinstance(entries, Sequence) or isinstance(entries, (str, bytes)):
        raise AcceptedRiskError("accepted_risks must be a list")
    return tuple(_parsed(entry, f"accepted_risks[{place}]") for place, entry in enumerate(entries))


def of_host(accepted: Iterable[AcceptedRisk], host: str) -> tuple[AcceptedRisk, ...]:
    """Return the decisions about one host, in their original order."""
    return tuple(risk for risk in accepted if risk.host == host)


def accepted_ports(accepted: Iterable[AcceptedRisk], today: date) -> PortSet:
    """Return the ports of all decisions that are valid on that day."""
    return PortSet.union(risk.ports for risk in accepted if risk.in_force(today))


def accepted_services(accepted: Iterable[AcceptedRisk], today: date) -> frozenset[str]:
    """Return the lower-case keys of the services of all decisions that are valid on that day."""
    return frozenset(name.lower() for risk in accepted if risk.in_force(today) for name in risk.services)


def _parsed(entry: object, where: str) -> AcceptedRisk:
    if not isinstance(entry, Mapping):
        raise AcceptedRiskError(f"{where} is not a mapping")
    unknown = sorted(str(key) for key in set(entry) - set(ACCEPTED_OPTIONS))
    missing = [key for key, option in ACCEPTED_OPTIONS.items() if option.get("required") and entry.get(key) is None]
    if not entry.get("ports") and not entry.get("services"):
        missing.append("ports or services")
    if unknown or missing:
        wrong = f"unknown key {unknown[0]!r}" if unknown else f"{missing[0]} is missing"
        raise AcceptedRiskError(f"{where}: {wrong}")
    host, reason = entry["host"], entry["reason"]
    if not isinstance(host, str) or not host:
        raise AcceptedRiskError(f"{where}: host must be an inventory name")
    if not isinstance(reason, str) or not reason.strip() or len(reason) > REASON_LENGTH:
        raise AcceptedRiskError(f"{where}: reason must be 1 to {REASON_LENGTH} characters")
    ports = PortSet() if entry.get("ports") in (None, []) else _ports(entry["ports"], where)
    services = _services(entry.get("services"), where)
    return AcceptedRisk(host, ports, services, reason.strip(), _day(entry["expires"], where))


def _services(value: object, where: str) -> tuple[str, ...]:
    names = value if isinstance(value, (list, tuple)) else () if value is None else (value,)
    if not all(isinstance(name, str) and ANY_SERVICE_NAME_RE.match(name) for name in names):
        raise AcceptedRiskError(f"{where}: services must be service keys")
    return tuple(names)


def _ports(value: object, where: str) -> PortSet:
    entries: list[Any] = list(value) if isinstance(value, (list, tuple)) else [value]
    if any(isinstance(port, bool) for port in entries):
        raise AcceptedRiskError(f"{where}: ports must be ports or ranges a-b")
    try:
        ports = PortSet.from_text([str(port) if isinstance(port, int) else port for port in entries])
    except PortError as error:
        raise AcceptedRiskError(f"{where}: {error}") from None
    if not ports:
        raise AcceptedRiskError(f"{where}: ports must name a port or a range a-b")
    return ports


def _day(value: object, where: str) -> date:
    """Accept a date as YAML reads it, or as text. A time of day is refused, because it would need a time zone."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DATE_RE.match(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise AcceptedRiskError(f"{where}: expires must be a date YYYY-MM-DD, not {value!r}")
