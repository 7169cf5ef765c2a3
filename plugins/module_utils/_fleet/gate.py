# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute one verdict and exit code from the artifacts of a run.

Ansible's own exit codes do not tell drift from order, because a task that reports drift in check mode has not failed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from .._plan.exposure import exposed_ports
from .._plan.failed_services import FAILED_FOR_PORT, failed_for_port
from .._plan.host_problems import SERVICE_NOT_RUNNING, SERVICE_PORT_EXCLUDED
from .._plan.pool import MODEL_NO_POOL
from .._plan.service_check import NOT_RUNNING
from .._plan.status import STATUSES
from .._ports import PortError, PortSet
from .._problems import TRUNCATED
from .accepted_risks import AcceptedRisk, accepted_ports, accepted_services, of_host
from .artifact import judged_status, status_besides_services

IN_ORDER = frozenset(("accepted", "safe"))
NOT_EVALUATED = ("unknown", "unreachable")
ORDER = (
    *(status for status in STATUSES if status not in {*NOT_EVALUATED, *IN_ORDER}),
    *NOT_EVALUATED,
    *(status for status in STATUSES if status in IN_ORDER),
)
"""The order in which hosts are named: those with findings, those that could not be evaluated, those in order.

If a whole network was unreachable one night, the few conflicts that somebody can act on must still be seen first. This
order does not say what is worse (STATUSES does), and does not affect the exit code.
"""

EXIT_IN_ORDER = 0
EXIT_FINDINGS = 2
"""Drift, conflict, pending reboot, risk, or a host that could not be evaluated. The code of Ansible's failed hosts."""
EXIT_UNREACHABLE = 4
"""Nothing of that, but a host was not reached. The code of Ansible's unreachable hosts."""
_BY_SEVERITY = (EXIT_IN_ORDER, EXIT_UNREACHABLE, EXIT_FINDINGS)

NAMED_MAX = 100
"""Where people read, at most this number of hosts is named, the worst first; the others are counted."""

_OTHER_CAUSES = frozenset(
    (
        SERVICE_NOT_RUNNING,
        "service_not_yet_running",
        "service_ran_before",
        "port_not_held",
        SERVICE_PORT_EXCLUDED,
        TRUNCATED,
    )
)
"""Problems that stand for a service that is down for another reason, or may hide one.

A block of Windows alone is not among them, because a service that it keeps from its port has a problem of its own.
"""

_NO_ARTIFACT = "no artifact of this run: the host could not be evaluated"


@dataclass(frozen=True)
class HostVerdict:
    """The verdict on one host.

    Attributes:
        host: inventory name.
        status: one of STATUSES.
        reason: one sentence; empty for a safe host.
    """

    host: str
    status: str
    reason: str


@dataclass(frozen=True)
class Scope:
    """What a verdict has to mention besides the status of the hosts.

    Attributes:
        limited: with ``--limit``, how many hosts were to be evaluated, and how many there are; otherwise None.
        note: why the verdict is a finding even if all hosts are in order; usually empty.
    """

    limited: tuple[int, int] | None = None
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """The verdict over all hosts.

    Attributes:
        exit_code: EXIT_IN_ORDER, EXIT_FINDINGS or EXIT_UNREACHABLE.
        hosts: the hosts' verdicts, in the order of ORDER, then by name.
        scope: what else is to be said.
    """

    exit_code: int
    hosts: tuple[HostVerdict, ...]
    scope: Scope = Scope()

    @property
    def worst(self) -> str:
        """The worst status of all hosts; ``unknown`` if there is no host."""
        return min((entry.status for entry in self.hosts), key=STATUSES.index, default="unknown")

    @property
    def reason(self) -> str:
        """One sentence that names the hosts that are not in order, and anything else to know."""
        note, limited = self.scope.note, self.scope.limited
        ending = f" (limited to {limited[0]} of {limited[1]} hosts)" if limited else ""
        return f"{note}; {self._found}{ending}" if note else f"{self._found}{ending}"

    @property
    def _found(self) -> str:
        if not self.hosts:
            return "no host was evaluated"
        counts = Counter(entry.status for entry in self.hosts)
        named = [f"{entry.host} ({entry.status})" for entry in self.hosts if entry.status not in IN_ORDER]
        if not named:
            return f"all {len(self.hosts)} hosts are in order"
        total = ", ".join(f"{counts[status]} {status}" for status in ORDER if counts[status])
        shown = ", ".join(named[:10]) + (f" and {len(named) - 10} more" if len(named) > 10 else "")
        return f"{total}: {shown}"

    def as_dict(self) -> dict[str, Any]:
        """Return the content of summary.json."""
        counts = Counter(entry.status for entry in self.hosts)
        limited = self.scope.limited
        return {
            "format": 1,
            "exit_code": self.exit_code,
            "worst": self.worst,
            "reason": self.reason,
            "limited": {"hosts": limited[0], "of": limited[1]} if limited else None,
            "counts": {status: counts[status] for status in STATUSES},
            "hosts": [{"host": entry.host, "status": entry.status, "reason": entry.reason} for entry in self.hosts],
        }

    def shown(self) -> dict[str, Any]:
        """Return what a task shows of the same beside the reason, which is its message: the first NAMED_MAX hosts."""
        summary = self.as_dict()
        del summary["reason"]
        named = summary["hosts"][:NAMED_MAX]
        return {**summary, "hosts": named, "hosts_left_out": len(self.hosts) - len(named)}


@dataclass(frozen=True)
class Rules:
    """The rules of a verdict besides the artifacts.

    Attributes:
        max_risk: highest accepted chance (0 to 1) that the next draw hits a needed port; null accepts what the status
            accepts.
        accepted: the accepted risks.
        today: the day, in UTC, for which they must be valid; without it, no risk is accepted.
    """

    max_risk: float | None = None
    accepted: tuple[AcceptedRisk, ...] = ()
    today: date | None = None


def judge(
    hosts: Iterable[str],
    artifacts: Mapping[str, Mapping[str, Any]],
    rules: Rules | None = None,
    defects: Mapping[str, str] | None = None,
    scope: Scope | None = None,
) -> Verdict:
    """Compute the verdict on a run.

    Args:
        hosts: inventory names of all hosts of the run; one without an artifact could not be evaluated.
        artifacts: the run's artifacts by host (schemas/artifact.schema.json).
        rules: accepted risks and the like; none by default.
        defects: by host, why its artifact could not be used.
        scope: what else is to be said; with a note, the exit code is EXIT_FINDINGS.

    Returns:
        The verdict. Findings win over unreachable hosts, so that one host never hides another.
    """
    known = defects or {}
    entries = [
        host_verdict(host, artifacts.get(host), rules or Rules(), known.get(host, _NO_ARTIFACT))
        for host in sorted(set(hosts))
    ]
    entries.sort(key=lambda entry: (ORDER.index(entry.status), entry.host))
    about = scope or Scope()
    return Verdict(_exit_code(entries, about), tuple(entries), about)


def part_of(verdict: Verdict, hosts: Iterable[str]) -> Verdict:
    """Return the verdict on some of the hosts of a verdict."""
    wanted = frozenset(hosts)
    entries = tuple(entry for entry in verdict.hosts if entry.host in wanted)
    return Verdict(_exit_code(entries, verdict.scope), entries, verdict.scope)


def _exit_code(entries: Sequence[HostVerdict], scope: Scope) -> int:
    """Return the code of the worst host. Without hosts, or with a note, it is that of a finding."""
    if scope.note or not entries:
        return EXIT_FINDINGS
    return _BY_SEVERITY[max(severity(entry.status) for entry in entries)]


def severity(status: str) -> int:
    """Return how bad a status is for the exit code: 0 in order, 1 not reached, 2 a finding or not evaluated."""
    return 0 if status in IN_ORDER else 1 if status == "unreachable" else 2


def host_verdict(
    host: str, artifact: Mapping[str, Any] | None, rules: Rules, defect: str = _NO_ARTIFACT
) -> HostVerdict:
    """Compute the verdict on one host.

    Args:
        host: inventory name.
        artifact: its artifact; None where there is none, or none that can be used.
        rules: what else decides.
        defect: why there is no artifact.
    """
    if artifact is None:
        return HostVerdict(host, "unknown", defect)
    try:
        status, contradiction = judged_status(artifact)
    except (AttributeError, KeyError, TypeError, ValueError):
        return HostVerdict(host, "unknown", "the artifact does not have the shape of its format")
    if contradiction:
        return HostVerdict(host, "unknown", contradiction)
    reason = str(artifact.get("msg") or status)
    if status in IN_ORDER and rules.max_risk is not None:
        risk, known = _risk_now(artifact)
        if not known or risk > rules.max_risk:
            shown = f"{risk:.2%}" if known else "unknown"
            status, reason = "exposed", f"the risk of the next start is {shown}, above {rules.max_risk:.2%}"
    if status == "service_down":
        status, reason = _accepted_down(host, artifact, rules, reason)
    if status == "exposed":
        return _exposed(host, artifact, rules, reason)
    return HostVerdict(host, status, "" if status == "safe" else reason)


def _accepted_down(host: str, artifact: Mapping[str, Any], rules: Rules, reason: str) -> tuple[str, str]:
    """Return status and reason of a host that is down, without the failed services that valid decisions name."""
    decisions = [decision for decision in of_host(rules.accepted, host) if decision.services]
    today = rules.today
    if not decisions or today is None:
        return "service_down", reason
    told = "; ".join(decision.sentence(today) for decision in decisions)
    status = status_besides_services(artifact)
    # A run that failed, or facts that are missing, prove as little here as on a host in order.
    proved = artifact["outcome"] == "ok" and artifact["facts"] and (status != "safe" or artifact["plan"]["in_sync"])
    if not (proved and _only_accepted_services_are_down(artifact["plan"], accepted_services(decisions, today))):
        return "service_down", f"{reason}; {told}"
    risk, known = _risk_now(artifact)
    if status == "safe" and (not known or risk > (rules.max_risk or 0)):
        status = "exposed"
    return ("accepted" if status == "safe" else status), told


def _only_accepted_services_are_down(plan: Mapping[str, Any], accepted: Collection[str]) -> bool:
    """Return whether each failed service is accepted, and nothing else in the plan makes the status service_down.

    The accepted services are lower-case keys.
    """
    problems = [problem for problem in plan["problems"] if problem["severity"] != "info"]
    of_port = [problem for problem in problems if _is_of_port(problem)]
    failed = [str(problem["data"].get("service") or "").lower() for problem in of_port]
    others = {problem["id"] for problem in problems if problem not in of_port} & _OTHER_CAUSES
    return bool(failed) and not others and not plan["live_conflicts"] and set(failed) <= set(accepted)


def _is_of_port(problem: Mapping[str, Any]) -> bool:
    """Return whether a problem is about a service that failed for its port, known to the catalogue or not."""
    if problem["id"] != SERVICE_NOT_RUNNING:
        return bool(problem["id"] == FAILED_FOR_PORT)
    return failed_for_port(problem["data"].get("service"), NOT_RUNNING, problem["data"].get("error"))


def _exposed(host: str, artifact: Mapping[str, Any], rules: Rules, reason: str) -> HostVerdict:
    """Accept an exposed host only if valid decisions name every exposed port."""
    decisions = of_host(rules.accepted, host)
    today = rules.today
    if not decisions or today is None:
        return HostVerdict(host, "exposed", reason)
    accepted = "; ".join(decision.sentence(today) for decision in decisions)
    ports = _exposed_ports(artifact)
    if ports and ports <= accepted_ports(decisions, today):
        return HostVerdict(host, "accepted", accepted)
    return HostVerdict(host, "exposed", f"{reason}; {accepted}")


def _exposed_ports(artifact: Mapping[str, Any]) -> PortSet:
    """Return the exposed ports; the empty set if facts and plan do not say. Then nothing is accepted."""
    plan, facts = artifact.get("plan"), artifact.get("facts")
    if not isinstance(plan, Mapping) or not isinstance(facts, Mapping):
        return PortSet()
    try:
        return exposed_ports(plan, facts)
    except (PortError, AttributeError, KeyError, TypeError, ValueError):
        return PortSet()


def _risk_now(artifact: Mapping[str, Any]) -> tuple[float, bool]:
    """Return the risk and whether it is known. A host without a pool has no risk."""
    plan = artifact.get("plan")
    risk = plan.get("risk") if isinstance(plan, Mapping) else None
    if not isinstance(risk, Mapping):
        return 0.0, False
    now = risk.get("now")
    if now is None:
        return 0.0, risk.get("model") == MODEL_NO_POOL
    is_chance = isinstance(now, (int, float)) and 0 <= now <= 1
    return (float(now), True) if is_chance else (0.0, False)
