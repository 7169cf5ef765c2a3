# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find services that run without a port that DNS holds, and decide which of them a window restarts.

Such a service does not fail: it goes on without its port, and takes it back only when it is started while DNS is down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from .._catalogue.row import ANOTHER, ASSUMED, HARM, REPLACED, may_never_start
from .._facts.host import Host, Service
from .._policy import Policy
from .._ports import PortSet, port_words
from .._problems import Problem, Severity, in_number, listed, make_problem, shown
from .._windows.service_states import DISABLED, RUNNING
from .dns_check import EARLIER_ROW
from .service_check import ServiceCheck, checks_by_service
from .services import failed_before
from .status import RESTART_REFUSED

RUNS_WITHOUT_PORT = "service_runs_without_port"

_MEANINGS = {
    HARM: "",
    REPLACED: " It takes another port instead, so this is no conflict.",
    ASSUMED: " That it needs [this port|these ports] over UDP is only assumed, so this is no conflict.",
}
"""By the catalogue's losses, what follows the sentence about a service that runs without its ports."""


@dataclass(frozen=True)
class Restarts:
    """Running services and their ports.

    Attributes:
        services: keys of the services to restart while DNS is down, in catalogue order.
        problems: services that are not restarted although they run without a port, refusals, and conflicts that rest
            on an assumption.
    """

    services: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class _Runner:
    """A service, with its checks under all rows of the catalogue that match it."""

    service: Service
    checks: tuple[ServiceCheck, ...]

    @property
    def name(self) -> str:
        """The key in lower case."""
        return self.service.name.lower()

    @property
    def lost(self) -> PortSet:
        """The ports that DNS holds while the service runs."""
        held = [failure.port for check in self.checks for failure in check.taken if failure.by_dns and failure.port]
        return PortSet.from_ports(set(held)) if self.service.state == RUNNING else PortSet()

    @property
    def is_never_started(self) -> bool:
        """Whether it is a cluster, ISA or Exchange service, which no policy can make the collection restart."""
        return may_never_start(self.name) or any(check.row.never_start for check in self.checks)

    @property
    def has_them_partly(self) -> bool:
        """Whether it has each port that DNS holds over the other address family."""
        return all(failure.partly for check in self.checks for failure in check.taken if failure.by_dns)

    @property
    def loss(self) -> str:
        """What the loss means, by the catalogue: the worst of all rows with a port that DNS holds."""
        found = {check.row.loss for check in self.checks if any(failure.by_dns for failure in check.taken)}
        return next((loss for loss in (HARM, ASSUMED, REPLACED, ANOTHER) if loss in found), HARM)

    @property
    def taken_by_others(self) -> PortSet:
        """The ports that a process other than DNS holds, or may hold."""
        return PortSet.from_ports(
            {failure.port for check in self.checks for failure in check.taken if not failure.by_dns and failure.port}
        )

    @property
    def ports(self) -> PortSet:
        """All its UDP ports."""
        return PortSet.union(check.row.udp_ports for check in self.checks)


def assumed_needs(service_checks: Sequence[ServiceCheck]) -> Iterator[Problem]:
    """Yield the conflicts of services that do not run and of which it is only assumed that they need UDP."""
    for check in service_checks:
        taken = {failure.port for failure in check.failures if failure.by_dns and failure.port}
        if taken and check.row.loss == ASSUMED:
            name, ports = shown(check.service.name), PortSet.from_ports(taken)
            message = (
                f"That {name} needs {listed(port_words(ports))} over UDP is only assumed: DNS may not be the reason why"
                f" it is down. The source: {check.row.source}."
            )
            yield make_problem("udp_need_assumed", "info", message, service=name, ports=ports.to_json())


def plan_restarts(host: Host, policy: Policy, service_checks: Sequence[ServiceCheck]) -> Restarts:
    """Return the services that a window restarts, and the problems of those that run without their port.

    Args:
        host: the facts.
        policy: its ``restart_services`` are restarted if they run without a port that DNS holds.
        service_checks: the checks of the needed services.
    """
    runners = _runners(service_checks)
    asked = {name.lower(): name for name in policy.restart_services}
    refused = {name: reason for name in asked if (reason := _refusal(host, asked[name], runners.get(name)))}
    without_port = [runner for runner in runners.values() if runner.lost]
    gone = failed_before(host)
    restartable = [runner for runner in without_port if runner.loss != ANOTHER]
    due = [runner for runner in restartable if runner.name in asked and runner.name not in (*refused, *gone)]
    left = [runner for runner in without_port if runner not in due and runner.name not in refused]
    return Restarts(
        tuple(runner.service.name for runner in due),
        tuple(
            chain(
                _refusals({asked[name]: reason for name, reason in refused.items()}),
                (_runs_without(runner, runner.name in asked) for runner in left if runner.loss != ANOTHER),
                (_has_another(runner) for runner in left if runner.loss == ANOTHER),
                assumed_needs(service_checks),
            )
        ),
    )


def _runners(service_checks: Sequence[ServiceCheck]) -> dict[str, _Runner]:
    found = checks_by_service(check for check in service_checks if check.row is not EARLIER_ROW)
    return {name: _Runner(checks[0].service, tuple(checks)) for name, checks in found.items()}


def _refusal(host: Host, name: str, runner: _Runner | None) -> str | None:
    """Return why the service is not restarted; None if it may be, and where it does not run: there is nothing to do."""
    service = host.service(name)
    if service is None or service.state not in (RUNNING, None):
        return None
    if service.start is None:
        return "its start type could not be read"
    if service.start == DISABLED:
        return "it is disabled (Start 4), and could not be started again"
    if name.lower() in {str(dependent).lower() for dependent in host.dns.get("dependents") or ()}:
        return "it depends on DNS, so it cannot start while DNS is down"
    if runner is None:
        return "the catalogue lists no UDP ports for it, or it is ignored: name its ports in catalogue_extra"
    return _of_ports(host, runner)


def _of_ports(host: Host, runner: _Runner) -> str | None:
    """Return why a service that runs might not start again. A service that has its ports is not restarted anyway."""
    if runner.is_never_started:
        return "the collection never starts it"
    if not runner.lost:
        return None
    excluded = PortSet.from_ports({port for port in runner.ports if host.excluded(port)})
    if runner.taken_by_others:
        return f"another process holds, or may hold, its UDP {listed(port_words(runner.taken_by_others))}"
    if excluded:
        return f"its UDP {listed(port_words(excluded))} is in a range that Windows excludes, so its start might fail"
    return None


def _refusals(refused: dict[str, str]) -> Iterator[Problem]:
    for name, reason in refused.items():
        yield make_problem(
            RESTART_REFUSED,
            "error",
            f"{shown(name)} is named in restart_services, but is not restarted: {reason}.",
            service=shown(name),
        )


def _has_another(runner: _Runner) -> Problem:
    """Return the information on a service that does not run without its port, so that DNS has not taken it."""
    name, ports = shown(runner.service.name), runner.lost
    message = (
        f"DNS holds UDP {listed(port_words(ports))}, which the catalogue has for {name}. It does not start without its"
        " port, so it runs on another one, and this is no conflict. If that is configured, name it in extra_ports."
    )
    return make_problem(RUNS_WITHOUT_PORT, "info", message, service=name, ports=ports.to_json())


def _runs_without(runner: _Runner, tried: bool) -> Problem:
    """Return the problem of a service that runs on.

    Args:
        runner: the service.
        tried: whether a window since the boot has restarted it already.
    """
    name = shown(runner.service.name)
    without = "{name} runs without UDP {ports}, which DNS holds. To get [it|them] back, it"
    if runner.has_them_partly:
        without = (
            "{name} has UDP {ports} over one address family only, DNS holds [it|them] over the other. To get [it|them]"
        )
        without += " there, too, it"
    words = f"{without} must be started while DNS is down: "
    words += (
        "a window has tried that since the last boot, so it is not tried again"
        if tried
        else "restart it yourself then, because the collection never stops or starts it"
        if runner.is_never_started
        else "name it in restart_services, or restart it yourself then"
    )
    ports, loss = runner.lost, runner.loss
    words = in_number(f"{words}.{_MEANINGS[loss]}", len(ports) > 1)
    message = words.format(name=name, ports=listed(port_words(ports)))
    severity: Severity = "warning" if loss == HARM else "info"
    return make_problem(RUNS_WITHOUT_PORT, severity, message, service=name, ports=ports.to_json())
