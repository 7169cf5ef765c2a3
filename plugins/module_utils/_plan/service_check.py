# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of the service check: failures, results per service, and one sentence for each kind of failure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._catalogue.row import NO_PORTS, CatalogueRow
from .._facts.host import Service
from .._ports import PortSet, port_words
from .._problems import in_number, listed
from .._windows.service_states import NEVER_STARTED, SHARING_VIOLATION
from .._windows.settings import DNS_SERVICE

PORT_TAKEN = "port_taken"
PORT_EXCLUDED = "port_excluded"
PORT_NOT_HELD = "port_not_held"
NOT_RUNNING = "not_running"
NOT_YET = "not_yet"
RAN_BEFORE = "ran_before"
UNREADABLE = "unreadable"
STATE_UNREADABLE = "state_unreadable"
HOLDER_UNKNOWN = "holder_unknown"
DNS_PORTS_UNKNOWN = "dns_ports_unknown"
RECORD_UNREADABLE = "record_unreadable"
EXCLUSIONS_UNKNOWN = "exclusions_unknown"

UNKNOWN_REASONS = frozenset(
    (UNREADABLE, STATE_UNREADABLE, HOLDER_UNKNOWN, DNS_PORTS_UNKNOWN, RECORD_UNREADABLE, EXCLUSIONS_UNKNOWN)
)
"""Reasons that say that something could not be read: the host's status is unknown."""

ALL_IN_ORDER = "all needed services are up and hold their ports"
"""What is said of a host without a failure."""

_SENTENCES = {
    PORT_TAKEN: "UDP {ports} [is|are] held by {holder} (PID {pid}); {loss}",
    PORT_EXCLUDED: "UDP {ports} [lies|lie] in an excluded port range that Windows itself manages; {loss}",
    PORT_NOT_HELD: "{services} runs but does not hold UDP {ports}",
    NOT_RUNNING: "{services} [does|do] not run: {error}",
    NOT_YET: "{services} [starts|start] automatically but [does|do] not run yet ({error}): check again in a few"
    " minutes",
    RAN_BEFORE: "{services} ran before DNS was last stopped by this collection and [does|do] not run now ({error}):"
    " start [it|them], or name [it|them] in ignore_services",
    UNREADABLE: "the services or the UDP sockets could not be read, so nothing is proved",
    STATE_UNREADABLE: "the state of {services} could not be read, so nothing is proved about [it|them]",
    HOLDER_UNKNOWN: "UDP {ports} [is|are] held by a process that the list of sockets does not name, so {services} may"
    " be without [it|them]",
    DNS_PORTS_UNKNOWN: "the list of sockets does not show which of them are DNS's, so no port is proved to be free of"
    " it",
    EXCLUSIONS_UNKNOWN: "the excluded port ranges could not be read, so no port is proved to lie outside of them",
    RECORD_UNREADABLE: "the record of what ran before DNS was last stopped could not be read",
}
"""The words in brackets are for one port and for several, or for one service and several if no port is named."""
PORT_ERROR_WORDS = {
    10048: "error 10048 (address already in use)",
    10013: "error 10013 (the port is excluded or held exclusively)",
    SHARING_VIOLATION: "error 32 (sharing violation)",
}


@dataclass(frozen=True)
class Failure:
    """One needed port that its service does not hold, or a needed service that is down.

    Attributes:
        service: the service key; None for a port that only the user named, and for a host that could not be read.
        reason: one of the reasons above.
        port: the UDP port, None where the failure is not about one.
        error: the service's last exit code where it is down.
        holder: process that holds the port instead, where known.
        pid: of that process.
        by_dns: whether DNS is that process.
        partly: whether the service has the port over the other address family.
        families: the address families over which the service lacks the port.
    """

    service: str | None
    reason: str
    port: int | None = None
    error: int | None = None
    holder: str | None = None
    pid: int | None = None
    by_dns: bool = False
    partly: bool = False
    families: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the failure as ``port_verify`` lists it."""
        return {
            "service": self.service,
            "port": self.port,
            "protocol": None if self.port is None else "udp",
            "error": self.error,
            "holder": self.holder,
            "pid": self.pid,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class ServiceCheck:
    """The result of the check of one service under one catalogue row.

    Attributes:
        failures: what is wrong.
        taken: ports of the row that somebody else holds, whether or not that hurts the service.
        note: why a service that does not run is no failure: stopped_on_purpose, demand_start, trigger_start or
            disabled.
        left_out: free ports of the row that a running service does not hold, if they are a setting and it holds others.
        elsewhere: these others, if none of them is in the row.
    """

    row: CatalogueRow
    service: Service
    failures: tuple[Failure, ...]
    taken: tuple[Failure, ...]
    note: str | None
    left_out: tuple[int, ...] = ()
    elsewhere: PortSet = NO_PORTS

    def to_json(self) -> dict[str, Any]:
        """Return the service as ``port_verify`` lists it."""
        return {
            "service": self.service.name,
            "row": self.row.name,
            "state": self.service.state,
            "start": self.service.start,
            "win32_exit_code": self.service.exit_code,
            "pid": self.service.pid,
            "ports": self.row.udp_ports.to_json(),
            "ok": not self.failures,
            "note": self.note,
        }


def sentence(failure: Mapping[str, Any]) -> str:
    """Describe one of the verdict's ``failures`` in a sentence."""
    return sentence_for([failure])


def says_that_dns_is_down(failures: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether one of the failures is that DNS does not run."""
    return any((row["service"], row["reason"]) == (DNS_SERVICE, NOT_RUNNING) for row in failures)


def still_without_port(failures: Iterable[Mapping[str, Any]], names: Iterable[str]) -> list[str]:
    """Return those of the named services of which another process holds a port."""
    without = {row["service"] for row in failures if row["reason"] == PORT_TAKEN}
    return [name for name in names if name in without]


def checks_by_service(service_checks: Iterable[ServiceCheck]) -> dict[str, list[ServiceCheck]]:
    """Return the checks of each service, under all rows of the catalogue that match it, by its lower-case key."""
    found: dict[str, list[ServiceCheck]] = {}
    for check in service_checks:
        found.setdefault(check.service.name.lower(), []).append(check)
    return found


def sentences(failures: Iterable[Mapping[str, Any]]) -> list[str]:
    """Describe the failures in one sentence per cause: the ports that it takes, or the services that it stops."""
    causes: dict[tuple[object, ...], list[Mapping[str, Any]]] = {}
    for failure in failures:
        service = None if failure["port"] is None else (failure["service"],)
        cause = (failure["reason"], service, failure["error"], failure["holder"], failure["pid"])
        causes.setdefault(cause, []).append(failure)
    return [sentence_for(alike) for alike in causes.values()]


def sentence_for(alike: Sequence[Mapping[str, Any]]) -> str:
    """Return the sentence for failures of one cause."""
    first = alike[0]
    ports = {int(failure["port"]) for failure in alike if failure["port"] is not None}
    names = list(dict.fromkeys(str(failure["service"]) for failure in alike if failure["service"]))
    several = len(ports or names) > 1
    template = _SENTENCES.get(first["reason"], "{services}: {reason}")
    words = in_number(template, several).format(
        services=listed(names) or f"the program that needs {'them' if several else 'it'}",
        ports=listed(port_words(ports)),
        holder=first["holder"] or "a process that is not named",
        pid="unknown" if first["pid"] is None else first["pid"],
        error=_error(first["error"], len(names) > 1),
        loss=_loss(listed(names) or "the policy", first["error"], several),
        reason=first["reason"],
    )
    return words.replace(" ()", "").rstrip(": ") + "."


def _error(number: int | None, several: bool) -> str:
    """Say what the exit code of one or several services shows."""
    if number is None:
        return ""
    if number in PORT_ERROR_WORDS:
        return f"{'they' if several else 'it'} failed with {PORT_ERROR_WORDS[number]}"
    if number == NEVER_STARTED:
        return f"no start was tried since the boot, exit code {number}"
    return f"{'their' if several else 'its'} last exit code is {number}"


def _loss(who: str, number: int | None, several: bool) -> str:
    """Say who has lost one or several ports, with its exit code."""
    if number in PORT_ERROR_WORDS:
        return f"{who} failed with {PORT_ERROR_WORDS[number]}"
    return f"{who} needs {'them' if several else 'it'} ({_error(number, False)})"
