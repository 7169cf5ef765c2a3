# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reboot a host and wait until it answers with another boot mark."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, replace

from ansible.errors import AnsibleConnectionFailure

from ...module_utils._commands.reboot import boot_line, reboot_line
from ...module_utils._facts.facts import read_facts
from ...module_utils._facts.window_facts import awaited_at_boot, not_yet, still_down
from ...module_utils._plan.changes import Work
from ...module_utils._plan.diff import blocked_words
from ...module_utils._plan.host_plan import Plan
from ...module_utils._plan.service_check import UNREADABLE, says_that_dns_is_down, sentences
from ...module_utils._plan.window_refusal import refusal_of
from ...module_utils._problems import in_number, listed
from ...module_utils._windows.service_states import RUNNING
from ...module_utils._windows.settings import DNS_SERVICE, STATE
from .._connection.errors import HostFailure, after_change
from .._host.gather import Gathered
from .._host.lock import HostLock
from .._host.verify import Checked, Wait, wait_until_verified
from .action import Job, Outcome, Planned, outcome_of, planned, unread
from .restart_group import STALE_READING_S, restart_group_lock

PAUSE_S = 5
"""Seconds between two attempts to reach a host that is rebooting."""

LOOK_S = 30
"""Seconds that one attempt may take."""

LOST_S = 60
"""Seconds after which a host that still answers has not heard a command whose answer was lost."""

_BLOCKED = (
    " A Server 2003 or XP whose IPsec service found UDP 500 or 4500 taken at boot blocks all network traffic (event"
    " 4292). In that case, run at its console: net stop DNS /y, net start PolicyAgent, net start DNS. {undo} restores"
    " the old values without a network."
)


def reboot(job: Job) -> Outcome:
    """Reboot a host if a configured value waits for a boot.

    Args:
        job: the task; its options `force` and `verify_timeout` belong to this action.

    Raises:
        HostFailure: with the phase.
    """
    found = planned(job.gather(), job)
    if not _due(found.plan, job):
        return _not_due(job, found)
    refusal = _unwritable(found.plan) or _refusal(found.gathered)
    if job.check_mode and refusal:
        return _message(job, found, False, f"would not reboot, because {refusal}.")
    if job.check_mode:
        later = " after its settings are written" if found.plan.settings else ""
        return _message(job, found, True, f"would reboot{later}.")
    _refuse(job, found)
    with restart_group_lock(job.policy.restart_group, job.host, verbose=job.session.verbose) as waited:
        if waited > STALE_READING_S:
            job.session.renew()
            found = planned(job.gather(), job)
            if not _due(found.plan, job):
                return _not_due(job, found)
            _refuse(job, found)
        return _carried_out(job, found.gathered)


def _due(plan: Plan, job: Job) -> bool:
    return bool(plan.reboot_required or job.options["force"])


def _not_due(job: Job, found: Planned) -> Outcome:
    hidden = unread(job, found, "whether something waits for a reboot")
    return _message(job, found, False, hidden or "nothing waits for a reboot.")


def unwritten(work: Work) -> list[str]:
    """Return what must be written before a reboot is useful.

    A record that holds the right values already, and is only renewed because DNS contradicts it, is not among
    that: the boot starts DNS, and the next run looks again.
    """
    return [change.name for change in work.settings if change.id != STATE or change.before != change.after]


def _unwritable(plan: Plan) -> str:
    """Return why port_reservations does not write what a reboot would put into effect; empty if it does."""
    names, blocked = unwritten(plan), blocked_words(plan.blocking)
    return f"{', '.join(names)} is not written yet, and {blocked}" if names and blocked else ""


def _refuse(job: Job, found: Planned) -> None:
    """Refuse a reboot that would find the old values, or after which DNS would not run.

    Raises:
        HostFailure: the host must not be rebooted.
    """
    names, refusal = unwritten(found.plan), _refusal(found.gathered)
    if names:
        first = f"{', '.join(names)} is not written yet: run port_reservations with the same policy before"
        reason = _unwritable(found.plan) or first
    elif found.facts["boot_mark"] is None:
        reason = "the mark of its last boot cannot be read, so it would not be known whether it has rebooted"
    elif refusal:
        reason = refusal
    else:
        return
    raise found.failure(f"{job.session.target} was not rebooted: {reason}.", "restart")


def _refusal(gathered: Gathered) -> str:
    """Return why the host must not be rebooted: what runs now would not run afterwards; empty if it may."""
    refusal = refusal_of(gathered.host)
    return f"{refusal}: enable it, or stop it for good, first" if refusal else ""


def _carried_out(job: Job, gathered: Gathered) -> Outcome:
    job.progress.enter("restart", dns_may_be_stopped=True)
    with HostLock(job.exchange(gathered.run, "restart"), lasting=True) as lock:
        asked = _ask(lock)
        _await_boot(job, gathered, asked)
        lock.take_back()
        with after_change("verify", changed=True, dns_may_be_stopped=True):
            after = planned(_wait_until_up(job, gathered), job)
    seconds = round(time.monotonic() - asked.at)
    return _message(job, after, True, f"rebooted in {seconds} seconds.")


@dataclass(frozen=True)
class _Asked:
    """A reboot that was requested.

    Attributes:
        lock: of the host; it outlives the boot.
        at: monotonic seconds.
        lost: what happened to the answer, so that the host may not have received the request; None if it came.
    """

    lock: HostLock
    at: float
    lost: HostFailure | None


def _ask(lock: HostLock) -> _Asked:
    """Ask Windows to reboot.

    Raises:
        HostFailure: it does not.
    """
    exchange, at = lock.exchange, time.monotonic()
    try:
        transcript = lock.run(reboot_line(exchange.run, lock.name))
    except HostFailure as error:
        if exchange.session.doubtful:
            return _Asked(lock, at, error)
        raise
    section = transcript.sections.get("reboot")
    if section is not None and section.errorlevel == 0:
        return _Asked(lock, at, None)
    lock.take_back()
    level = "no answer" if section is None else f"error level {section.errorlevel}"
    raise exchange.failure(
        f"did not accept shutdown -r ({level}): is another shutdown pending (1115, 1190), or does the user lack the"
        " right to shut down"
    )


def _await_boot(job: Job, gathered: Gathered, asked: _Asked) -> None:
    """Wait until the host shows another boot mark twice in a row: the first time it may still be shutting down.

    Raises:
        HostFailure: it has not, in the time it was given; sooner where the command was lost and the host stays up.
    """
    old, seen = gathered.facts["boot_mark"], 0
    silence: str | None = ""
    exchange = asked.lock.exchange
    look = replace(exchange, timeout=LOOK_S)
    pause: float | None = PAUSE_S
    awaited = "the host, which was asked to reboot"
    while pause is not None and (waited := time.monotonic() - asked.at) < job.policy.reboot_timeout:
        job.session.verbose.step("waits for {}, {:.0f} of {} s", awaited, waited, job.policy.reboot_timeout)
        time.sleep(pause)
        exchange.session.reconnect()
        try:
            answer = look.send(boot_line(exchange.run))
        except (HostFailure, AnsibleConnectionFailure) as error:
            seen, silence, awaited = 0, str(error), "the host, which does not answer"
            pause = exchange.session.pause_before_retry(PAUSE_S)
            continue
        silence, pause = None, PAUSE_S
        seen = seen + 1 if read_facts(answer).boot_mark not in (None, old) else 0
        if seen > 1:
            return
        awaited = "a second answer of the host, which has booted" if seen else "the host, which has not gone down yet"
        if asked.lost is not None and not seen and time.monotonic() > asked.at + LOST_S:
            if not exchange.session.survives_disconnection:
                asked.lock.take_back()
            raise asked.lost
    raise _stayed_away(job, gathered, silence, refused=pause is None)


def _stayed_away(job: Job, gathered: Gathered, silence: str | None, *, refused: bool) -> HostFailure:
    """Return the failure of a host that answers, or that is silent or goes on refusing the logon for this reason."""
    limit, target = job.policy.reboot_timeout, job.session.target
    if silence is None:
        sentence = f"{target} answers, but has not rebooted within {limit} seconds: look at its console."
        return HostFailure(sentence, "restart")
    sentence = f"{target} did not come back within {limit} seconds after shutdown -r. Last: {silence}"
    if refused:
        sentence = (
            f"{target} refused the logon after shutdown -r, and it is not tried again, so that no account is locked."
            f" Last: {silence}"
        )
    if gathered.facts["os"].get("family") == "nt5":
        undo = r"%SystemRoot%\portkeeper\backup\<newest>\rollback.cmd"
        sentence += _BLOCKED.format(undo=undo)
    return HostFailure(sentence, "restart", changed=True, facts=gathered.facts, dns_may_be_stopped=True)


def _wait_until_up(job: Job, before: Gathered) -> Gathered:
    """Wait until the services of the boot are in order. Only then the next host of the group may start.

    Raises:
        HostFailure: DNS, or something that is needed, is not up in the time it was given.
    """
    deadline = time.monotonic() + job.options["verify_timeout"]
    awaited = awaited_at_boot(before.facts)
    checked = _gather_with_retry(job, deadline)
    while (missing := _comes_up(before, checked, awaited)) and (left := deadline - time.monotonic()) > PAUSE_S:
        job.session.verbose.step("waits for {} to come up, at most {:.0f} s more", listed(missing), left)
        time.sleep(PAUSE_S)
        checked = _gather_with_retry(job, deadline)
    dns = _dns_is_back(before, checked.gathered)
    facts = checked.gathered.facts
    late = [
        failure
        for failure in checked.verdict["failures"]
        if failure["service"] in awaited or not not_yet(facts, str(failure["service"]))
    ]
    missing = [name for name in still_down(facts, awaited) if not_yet(facts, name)]
    if dns and not late and not missing:
        return checked.gathered
    reasons = sentences(late)
    if not dns and not says_that_dns_is_down(late):
        reasons.insert(0, "DNS does not run.")
    named = {failure["service"] for failure in late}
    waiting = [name for name in missing if name not in named and name != DNS_SERVICE]
    if waiting:
        reasons.append(in_number("{names} [has|have] not started yet.", len(waiting) > 1).format(names=listed(waiting)))
    sentence = f"{job.session.target} has rebooted, but is not as it should be: {' '.join(reasons)}"
    raise planned(checked.gathered, job).failure(sentence, "verify", changed=True, dns_may_be_stopped=not dns)


def _comes_up(before: Gathered, checked: Checked, awaited: Collection[str]) -> list[str]:
    """Return what to wait for. Windows may restart a service that has failed at first."""
    facts = checked.gathered.facts
    failing = {failure["service"] for failure in checked.verdict["failures"]}
    unread = any(failure["reason"] == UNREADABLE for failure in checked.verdict["failures"])
    late = sorted(name for name in awaited if name in failing or not_yet(facts, name))
    if not _dns_is_back(before, checked.gathered) and DNS_SERVICE not in late:
        late.insert(0, DNS_SERVICE)
    return [*late, "the list of services and sockets"] if unread else late


def _gather_with_retry(job: Job, deadline: float) -> Checked:
    """Gather the facts. A host that has just booted may still drop a connection."""
    while True:
        try:
            return wait_until_verified(lambda: job.gather("verify"), job.policy, None, Wait(0))
        except (HostFailure, AnsibleConnectionFailure):
            pause = job.session.pause_before_retry(PAUSE_S)
            if pause is None or time.monotonic() + pause > deadline:
                raise
            time.sleep(pause)
            job.session.reconnect()


def _dns_is_back(before: Gathered, after: Gathered) -> bool:
    return bool(before.facts["dns"]["state"] != RUNNING or after.facts["dns"]["state"] == RUNNING)


def _message(job: Job, found: Planned, changed: bool, msg: str) -> Outcome:
    """Return the message of a successful outcome: DNS was not stopped, or runs again."""
    return outcome_of(job, found, changed, msg, dns_may_be_stopped=False)
