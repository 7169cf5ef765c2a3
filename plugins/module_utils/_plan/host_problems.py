# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the problems of the host as a whole: what a decision needs but could not be read, and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._commands.machine_id import cloned_from
from .._facts.host import Host
from .._facts.services import ACCESS_DENIED
from .._facts.sockets import SOCKET_ROWS_UNREADABLE
from .._policy import AUTO_PROFILE, Policy
from .._ports import PortSet, port_words
from .._problems import TRUNCATED, Problem, Severity, as_sentence, in_number, listed, make_problem, shown
from .._windows.service_states import is_port_error
from .._windows.settings import MAX_USER_PORT, RANGES, RESERVED_PORTS, Setting
from .configured import Rows
from .effective import contradicting_ports, started_since
from .failed_services import FAILED_FOR_PORT, HOW_TO_ACCEPT, failed_for_port
from .host_plan import CONFLICTS_MAX, Plan
from .needs import Need
from .pool import MODEL_NO_POOL, MODEL_UNKNOWN, POOL_OUTSIDE, Pool
from .service_check import (
    DNS_PORTS_UNKNOWN,
    EXCLUSIONS_UNKNOWN,
    HOLDER_UNKNOWN,
    NOT_RUNNING,
    NOT_YET,
    PORT_EXCLUDED,
    PORT_NOT_HELD,
    RAN_BEFORE,
    RECORD_UNREADABLE,
    STATE_UNREADABLE,
    Failure,
    ServiceCheck,
    sentence_for,
)
from .status import BLOCKING

SERVICE_NOT_RUNNING = "service_not_running"
SERVICE_PORT_EXCLUDED = "service_port_excluded"
_RISKY_HOTFIX = "KB958644"


def problems_of(facts: Mapping[str, Any], plan: Plan | None = None) -> list[Mapping[str, Any]]:
    """Return all problems of facts and plan, each once."""
    found = facts.get("problems") or ()
    known = {problem["id"] for problem in found} - {TRUNCATED}
    if ACCESS_DENIED in known:
        known.add("services_unreadable")
    return [*found, *(entry for entry in (plan.problems if plan else ()) if entry["id"] not in known)]


def unread_basics(host: Host, policy: Policy, writing: bool, pool: Pool) -> Iterator[Problem]:
    """Yield what every decision needs but could not be read.

    Args:
        host: the facts.
        policy: whose profiles matter.
        writing: whether there is a value that the collection manages.
        pool: of the host.
    """
    if not host.services_known:
        message = "The services could not be read, so nothing can be detected."
        if host.services:
            message = "Which services run is not known; which are installed was read from the registry."
        yield make_problem("services_unreadable", "error", message)
    if not host.sockets_known:
        yield make_problem(
            "sockets_unreadable", "error", "The UDP sockets could not be read, so it is not known who holds which port."
        )
    if pool.model == MODEL_UNKNOWN:
        yield make_problem(
            "pool_unknown", "error", "It could not be read whether there is a socket pool, or which range it uses."
        )
    if AUTO_PROFILE in policy.profiles and host.family == "nt5" and not isinstance(host.os.get("sbs"), bool):
        yield make_problem(
            "sbs_unknown",
            "error",
            "It could not be read whether this is Small Business Server, so the profile auto cannot be applied.",
        )
    if writing and host.boot_mark is None:
        yield make_problem(
            "boot_mark_unknown",
            "error",
            "The boot mark could not be read, so it is unknown whether the values have become effective.",
        )
    if writing and host.state_present is None:
        yield make_problem(
            "state_unreadable",
            "error",
            "The record of earlier writes could not be read, so it is unknown whether the values are effective.",
        )


def unread_sockets(host: Host, policy: Policy, rows: Rows, needs: Sequence[Need]) -> Iterator[Problem]:
    """Yield unreadable rows of the list of sockets whose port is needed.

    The facts are read without a policy: if such a row certainly belongs to a process other than DNS, they only warn.
    """
    if policy.include_listeners and host.sockets_known and host.unnamed_ports:
        yield make_problem(
            "listeners_unknown",
            "error",
            "The list of UDP sockets does not show who holds some ports, so not all listeners are known.",
            ports=host.unnamed_ports.to_json(),
        )
    needed = [need.udp_ports for need in needs]
    needed += [row.udp_ports for row, services in rows if services]
    wanted = PortSet.union(needed)
    for problem in host.facts.get("problems") or ():
        if problem["id"] == SOCKET_ROWS_UNREADABLE and problem["severity"] == "warning":
            ports = wanted & PortSet.from_json(problem["data"]["ports"])
            if ports:
                yield make_problem(
                    "needed_port_unread",
                    "error",
                    "A row of the list of UDP sockets could not be read, and its port is needed: it is not known who"
                    " holds it.",
                    ports=ports.to_json(),
                )


_OF_REASON: dict[str, tuple[str, Severity]] = {
    NOT_RUNNING: (SERVICE_NOT_RUNNING, "warning"),
    NOT_YET: ("service_not_yet_running", "warning"),
    RAN_BEFORE: ("service_ran_before", "warning"),
    PORT_NOT_HELD: ("port_not_held", "warning"),
    PORT_EXCLUDED: (SERVICE_PORT_EXCLUDED, "warning"),
    STATE_UNREADABLE: ("service_state_unreadable", "error"),
    HOLDER_UNKNOWN: ("holder_unknown", "error"),
    DNS_PORTS_UNKNOWN: ("dns_ports_unknown", "error"),
    EXCLUSIONS_UNKNOWN: ("exclusions_unknown", "error"),
    RECORD_UNREADABLE: ("ran_before_unreadable", "error"),
}
"""The problem that reports a failure which the list of conflicts does not show."""
_IF_CONFIGURED = (
    " Its ports are a setting: if [this one is|these are] configured, the service lost [it|them] when it started, and"
    " must be restarted."
)
_LEFT_OUT = f"{{name}} runs and holds UDP ports of the catalogue, but not {{ports}}.{_IF_CONFIGURED}"
_ELSEWHERE = f"{{name}} runs on UDP {{held}}, and holds no port of the catalogue: UDP {{ports}}.{_IF_CONFIGURED}"
_MAY_HAVE_OTHERS = (
    "Its ports are a setting that is not read: if it has others, name the service in ignore_services and its ports in"
    " extra_ports."
)
_FAILED = (FAILED_FOR_PORT, SERVICE_NOT_RUNNING, SERVICE_PORT_EXCLUDED)


def service_problems(failures: Sequence[Failure], service_checks: Sequence[ServiceCheck]) -> Iterator[Problem]:
    """Yield the failures of services and sockets, in the words of ``port_verify``; the ports of a service as one.

    A service that failed for a port in a block is a failed service, which says more.
    """
    with_setting = {check.service.name for check in service_checks if check.row.own_sockets}
    for alike in _by_service_and_reason(failures):
        failure = alike[0]
        problem_id, severity = _OF_REASON[failure.reason]
        words = sentence_for([entry.to_json() for entry in alike])
        message = as_sentence(words, failure.service)
        if failed_for_port(failure.service, failure.reason, failure.error):
            message = f"{message} {HOW_TO_ACCEPT}"
        if failure.reason == PORT_NOT_HELD and failure.service in with_setting:
            message = f"{message} {_MAY_HAVE_OTHERS}"
        data: dict[str, object] = {"service": failure.service, "port": failure.port if len(alike) == 1 else None}
        if failure.reason == NOT_RUNNING:
            data["error"] = failure.error
        if failure.port is not None:
            data["ports"] = PortSet.from_ports({entry.port for entry in alike if entry.port}).to_json()
        yield make_problem(problem_id, severity, message, **data)


def _by_service_and_reason(failures: Sequence[Failure]) -> list[list[Failure]]:
    """Return the failures that problems report, those about ports of one service together."""
    found: dict[tuple[object, ...], dict[int | None, Failure]] = {}
    for failure in failures:
        in_block = failure.reason == PORT_EXCLUDED and is_port_error(failure.error, False)
        if failure.reason in _OF_REASON and not in_block:
            key = (failure.service, failure.reason, failure.error)
            found.setdefault(key, {}).setdefault(failure.port, failure)
    return [list(alike.values()) for alike in found.values()]


def worst_first(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems in the order in which a list that is cut may lose them, the last ones first.

    Errors that forbid a change come first, then other errors, then services that failed.
    """
    return sorted(problems, key=_rank)


def _rank(problem: Problem) -> int:
    if problem["severity"] == "error":
        return 0 if problem["id"] in BLOCKING else 1
    return 2 if problem["severity"] == "warning" and problem["id"] in _FAILED else 3


def cut_conflicts(conflicts: Sequence[Failure]) -> Iterator[Problem]:
    """Yield that the list of live conflicts is cut, with the ports of all of them."""
    count = len(conflicts)
    if count > CONFLICTS_MAX:
        taken = PortSet.from_ports({conflict.port for conflict in conflicts if conflict.port})
        yield make_problem(
            "conflicts_cut",
            "info",
            f"The first {CONFLICTS_MAX} of {count} conflicts are listed. All of them together concern UDP"
            f" {listed(port_words(taken))}.",
            count=count,
            ports=taken.to_json(),
        )


def contradictions(host: Host, managed: Sequence[Setting]) -> Iterator[Problem]:
    """Yield the values that DNS does not follow although it has restarted since they were written."""
    for setting in managed:
        ports = contradicting_ports(host, setting)
        record = host.record(setting.id)
        if not ports or record is None or started_since(host, setting, record) is None:
            continue
        if setting.id in RANGES:
            yield make_problem(
                POOL_OUTSIDE,
                "warning",
                f"DNS holds {len(ports)} UDP ports outside of {setting.value_name}, although it has restarted since the"
                " range was recorded: the range was another one when DNS started, or DNS does not follow it.",
                value_name=setting.value_name,
                ports=ports.to_json(),
            )
        else:
            yield make_problem(
                "excluded_port_held",
                "warning",
                f"DNS holds UDP ports that {setting.value_name} excludes, although it has restarted since the value was"
                " recorded: they are not treated as reserved.",
                value_name=setting.value_name,
                ports=ports.to_json(),
            )


def information(host: Host, policy: Policy, pool: Pool, service_checks: Sequence[ServiceCheck]) -> Iterator[Problem]:
    """Yield what is not a fault but should be known."""
    if host.family not in (None, "nt5") and host.setting(RESERVED_PORTS)["present"]:
        yield make_problem(
            "reserved_ports_no_effect",
            "info",
            "ReservedPorts is set, but Windows reads it up to 2003 only (KB812873): it protects nothing here.",
        )
    if host.family not in (None, "nt5") and host.setting(MAX_USER_PORT)["present"]:
        yield make_problem(
            "max_user_port_not_used",
            "info",
            "MaxUserPort is set. From Windows Vista on the dynamic UDP port range is set with netsh, and the pool is"
            " computed from that; whether DNS reads MaxUserPort here as well is not known.",
        )
    if host.dns_installed is False:
        on_request = host.family not in (None, "nt5") and not policy.use_netsh
        ending = " To exclude ports from those that clients draw, set use_netsh." if on_request else ""
        yield make_problem(
            "no_dns_server",
            "info",
            f"The DNS Server of Windows is not installed, so there is no pool and no risk figure.{ending}",
        )
    elif pool.model == MODEL_NO_POOL:
        yield make_problem(
            "no_pool_seen", "info", "DNS runs without a pool of sockets: there is no figure for the risk."
        )
    if _RISKY_HOTFIX in (host.facts.get("hotfixes") or ()):
        yield make_problem(
            "kb958644_present",
            "info",
            "KB958644 is installed, after which IPsec was seen to fail more often, mostly at the first reboot: the risk"
            " figure may be too low; write the reservations and reboot before trusting it.",
        )
    copied_from = cloned_from(host.facts)
    if copied_from is not None:
        yield make_problem(
            "machine_cloned",
            "warning",
            f"The machine id was recorded when the computer was named {shown(copied_from)}: the host was renamed, or"
            " its disk is a copy. The next real run writes a new id.",
            recorded_name=shown(copied_from),
        )
    for service_check in service_checks:
        if service_check.note == "stopped_on_purpose":
            yield make_problem(
                "service_stopped",
                "info",
                f"{service_check.service.name} starts automatically but was stopped without an error: it is not"
                " started.",
                service=service_check.service.name,
            )
        if service_check.left_out:
            yield _left_out(service_check)


def _left_out(service_check: ServiceCheck) -> Problem:
    """Return which ports of the catalogue a service does not hold that runs on others."""
    ports, name = PortSet.from_ports(service_check.left_out), shown(service_check.service.name)
    elsewhere = service_check.elsewhere
    words = in_number(_ELSEWHERE if elsewhere else _LEFT_OUT, len(ports) > 1)
    numbers = {"ports": listed(port_words(ports)), "held": listed(port_words(elsewhere))}
    message = words.format(name=name, **numbers)
    more = {"held": elsewhere.to_json()} if elsewhere else {}
    return make_problem("port_not_held", "info", message, service=name, port=None, ports=ports.to_json(), **more)
