# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan the actions besides writing: a DNS restart in a guarded window, a start of services, a reboot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .._facts.host import Host
from .._facts.window_facts import on_record, owed, record_ends, startable
from .._policy import Policy
from .._ports import port_words
from .._problems import Problem, in_number, listed, make_problem
from .._windows.settings import DNS_RESTART, NETSH, REBOOT, Setting
from .changes import DNS_WINDOW, END_RECORD, REBOOT_ACTION, START_SERVICES, Action, Deferred
from .effective import NO, effect_of
from .service_check import ServiceCheck
from .services import ServicesToStart
from .status import WINDOW_REFUSED
from .window_refusal import stop_refusals


@dataclass(frozen=True)
class Earlier:
    """The consequences of a window's record.

    Attributes:
        down: services that ran before the window, do not run and can be started.
        ended: services that can be removed from the record.
    """

    down: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()


def earlier_services(host: Host, policy: Policy) -> Earlier:
    """Return which services of an earlier window must run again, and which may leave its record."""
    if host.ran_before is None or not host.services_known:
        return Earlier()
    still = owed(host.facts, policy.ignore_services)
    ends = record_ends(host.facts, policy.ignore_services)
    ended = tuple(name for name in on_record(host.facts) if name not in still) if ends else ()
    return Earlier(tuple(startable(host.facts, still)), ended)


@dataclass(frozen=True)
class Pending:
    """Settings whose value is, or will be, configured but is not in effect, by what puts it into effect."""

    reboot: tuple[Setting, ...]
    dns_restart: tuple[Setting, ...]


def pending_settings(host: Host, managed: Sequence[Setting], written: Sequence[str]) -> Pending:
    """Return the settings that wait for a reboot or a DNS restart, including those that this run writes or records.

    Args:
        host: the facts.
        managed: the settings that the collection manages.
        written: ids of those that this run writes or records.
    """
    waiting = [setting for setting in managed if setting.id in written or effect_of(host, setting) == NO]
    return Pending(
        reboot=tuple(setting for setting in waiting if setting.takes_effect == REBOOT),
        dns_restart=tuple(setting for setting in waiting if setting.takes_effect == DNS_RESTART and host.dns_running),
    )


def plan_actions(
    pending: Pending,
    services_to_start: ServicesToStart,
    service_checks: Sequence[ServiceCheck],
    deferred: Deferred,
    earlier: Earlier,
) -> list[Action]:
    """Return the plan's actions in the order in which they are due.

    A window is due only if DNS holds the port of a service that it kept down or that is to be restarted, or a port that
    netsh has to exclude (``deferred``), or if a value of DNS's own waits for its restart. On NT5, a window for a change
    of ReservedPorts alone would only make DNS draw again under the old reservations.
    """
    actions: list[Action] = []
    if pending.dns_restart or services_to_start.of_window or deferred:
        reasons = _of_ports(services_to_start, service_checks)
        reasons += [f"{setting.value_name} takes effect when DNS restarts" for setting in pending.dns_restart]
        reasons += [
            f"DNS holds {listed(rows)} over {NETSH[table]}, which can be excluded only while it is down"
            for table, rows in deferred.items()
        ]
        started, restarted = services_to_start.services, services_to_start.to_restart
        actions.append(Action(DNS_WINDOW, "; ".join(reasons), started, deferred, restarted))
    actions += _starts(services_to_start, earlier, bool(actions))
    if pending.reboot:
        names = ", ".join(setting.value_name for setting in pending.reboot)
        actions.append(Action(REBOOT_ACTION, f"{names} takes effect at the next boot"))
    if earlier.ended:
        words = "{names} ran before a window, and [runs again, is gone or is|run again, are gone or are] ignored"
        reason = in_number(words, len(earlier.ended) > 1).format(names=listed(earlier.ended))
        actions.append(Action(END_RECORD, reason))
    return actions


def _starts(services_to_start: ServicesToStart, earlier: Earlier, window: bool) -> list[Action]:
    """Return the start of services without a window, or the start of recorded services after one."""
    failed = () if window else services_to_start.services
    known = {name.lower() for name in services_to_start.services}
    down = [name for name in earlier.down if name.lower() not in known]
    reasons = (
        [
            in_number(
                "{names} failed earlier or [is|are] named in start_services, and [its|their] ports are free: no window"
                " is needed",
                len(failed) > 1,
            ).format(names=listed(failed))
        ]
        if failed
        else []
    )
    reasons += [f"{listed(down)} ran before a window that did not start it again"] if down else []
    names = (*failed, *down)
    return [Action(START_SERVICES, "; ".join(reasons), names)] if names else []


def refuse_window(host: Host, actions: list[Action]) -> tuple[list[Action], list[Problem]]:
    """Leave out a window that would stop services that cannot be started again.

    Returns:
        The actions that may be carried out, and the refusal.
    """
    allowed = [action for action in actions if action.name != DNS_WINDOW]
    reasons = stop_refusals(host) if len(allowed) < len(actions) else []
    if not reasons:
        return actions, []
    refusal = make_problem(
        WINDOW_REFUSED,
        "error",
        f"DNS has to be restarted, but that is refused, because services that the restart stops could not be started"
        f" again: {listed(reasons, '; ')}.",
        reasons=reasons,
    )
    return allowed, [refusal]


def _of_ports(services_to_start: ServicesToStart, service_checks: Sequence[ServiceCheck]) -> list[str]:
    """Return which ports DNS holds of the services for which it is stopped, and which of them are restarted."""
    restarted = services_to_start.to_restart
    reasons = [_held_by_dns(services_to_start.of_window, service_checks)] if services_to_start.of_window else []
    if restarted:
        words = "{names} [runs|run] without, and [is|are] restarted while DNS is stopped"
        reasons.append(in_number(words, len(restarted) > 1).format(names=listed(restarted)))
    return reasons


def _held_by_dns(names: Sequence[str], service_checks: Sequence[ServiceCheck]) -> str:
    ports: dict[tuple[str | None, str], list[int]] = {}
    for service_check in service_checks:
        for failure in service_check.taken if service_check.service.name in names else ():
            if failure.by_dns and failure.port is not None:
                holder = f"{failure.holder} (PID {failure.pid or 'unknown'})"
                ports.setdefault((failure.service, holder), []).append(failure.port)
    return listed(
        [
            in_number("UDP {ports} of {service} [is|are] held by {holder}", len(set(held)) > 1).format(
                ports=listed(port_words(held)), service=service, holder=holder
            )
            for (service, holder), held in ports.items()
        ]
    )
