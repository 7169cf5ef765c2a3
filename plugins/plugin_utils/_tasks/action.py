# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base class of all actions: arguments, policy, session, result and artifact. Subclasses fill in the hooks."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

from ...module_utils._fleet.artifact import build
from ...module_utils._plan.host_plan import Plan
from ...module_utils._plan.host_problems import problems_of
from ...module_utils._plan.plan import plan_host
from ...module_utils._policy import PLAN_SPEC, POLICY_SPEC, RUN_SPEC, Policy, PolicyError
from ...module_utils._problems import messages
from .._connection.errors import HostFailure, Phase
from .._connection.exchange import Exchange
from .._connection.session import Session
from .._connection.transports import refuse_foreign
from .._connection.warm import warm_up
from .._files import RUN_ID, BackupStore, artifact_path, controller_id, now_text, safe_run_id, write_json
from .._fleet.host_policy import VARIABLES_PREFIX
from .._fleet.runs import read_artifacts
from .._host.gather import Gathered, gather
from .._host.rollback import undo_call
from .._verbose import RESULTS, Verbose
from .options import checked_options
from .outcome import Outcome, broken_off, failed, unfinished
from .progress import Progress

__all__ = ("CHANGING", "HostAction", "Job", "Outcome", "Planned", "outcome_of", "planned", "spec", "unread")

warm_up()


CHANGING = ("artifacts_dir", "run_id", "on_failure", "backup_dir", "backups_kept")
"""Options of the run that actions take which change a host and whose failure can roll the run back."""


def spec(*names: str, **own: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return an argument spec: the options of the plan, some of those of the run, and the action's own.

    Every action takes all that decides the plan, so that `module_defaults` can set a policy for the whole group.
    """
    return {
        **PLAN_SPEC,
        **{name: RUN_SPEC[name] for name in ("command_timeout", *names)},
        VARIABLES_PREFIX: {"type": "str"},
        **own,
    }


@dataclass(frozen=True)
class Job:
    """One task on one host.

    Attributes:
        host: inventory name.
        options: the validated arguments.
        policy: made from those that belong to it.
        check_mode: whether nothing may be written.
        session: to the host, not opened yet.
        progress: is updated before the host is changed.
    """

    host: str
    options: Mapping[str, Any]
    policy: Policy
    check_mode: bool
    session: Session
    progress: Progress

    @property
    def backups(self) -> BackupStore:
        """The backups of the host."""
        return BackupStore(self.host, self.policy.backup_dir, self.policy.backups_kept)

    def gather(self, phase: Phase = "read") -> Gathered:
        """Run the collector; see `gather`."""
        return gather(self.session, self.policy, self.policy.command_timeout, phase)

    def exchange(self, run: str, phase: Phase) -> Exchange:
        """Return what the commands of one piece of work share: the nonce of the reading, and the phase."""
        return Exchange(self.session, run, phase, self.policy.command_timeout)


@dataclass(frozen=True)
class Planned:
    """A reading of the host and the plan made from it."""

    gathered: Gathered
    plan: Plan

    @property
    def facts(self) -> dict[str, Any]:
        """What was read."""
        return self.gathered.facts

    @property
    def errors(self) -> list[Mapping[str, Any]]:
        """The errors of facts and plan."""
        return [problem for problem in problems_of(self.facts, self.plan) if problem["severity"] == "error"]

    def failure(self, sentence: str, phase: Phase, **details: object) -> HostFailure:
        """Return a failure with this reading and plan; the other details are additional keys of the result."""
        return HostFailure(sentence, phase, facts=self.facts, plan=self.plan, **details)


class HostAction(ActionBase):  # type: ignore[misc]
    """Base class of the actions that connect to a host. Subclasses set SPEC and implement `act`."""

    SPEC: ClassVar[dict[str, dict[str, Any]]] = {}
    PINS_ADDRESS: ClassVar[bool] = False
    """Whether the host's address is resolved before anything else, because name resolution may go away."""

    _supports_check_mode = True
    _supports_async = False
    _supports_diff = True

    def act(self, job: Job) -> Outcome:
        """Do the work. Subclasses must implement it.

        Raises:
            HostFailure: with its phase.
        """
        raise AnsibleError(f"{type(self).__name__} does not say what to do.")

    def longest(self, _policy: Policy, _options: Mapping[str, Any]) -> int:
        """Return how many seconds the task may take if it must not be interrupted, else 0."""
        return 0

    def run(self, tmp: object = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task.

        Raises:
            AnsibleConnectionFailure: the host was not reached; nothing was sent to it.
        """
        # A worker process inherits all objects of Ansible. Reading thousands of sockets can set off a full collection,
        # which walks through them and copies their pages: 50 ms of CPU. The worker ends with its task anyway.
        gc.freeze()
        result: dict[str, Any] = super().run(tmp, task_vars)
        host = str((task_vars or {}).get("inventory_hostname", ""))
        _refuse_delegation(self._task, host)
        options = checked_options(self, self.SPEC, task_vars)
        policy = _policy(options, host)
        refuse_foreign(self._connection, host)
        self._refuse_short_timeout(host, policy, options)
        job = self._job(host, options, policy)
        with contextlib.closing(job.progress):
            try:
                outcome = self._tried(job)
                # Before the connection is closed: a task that is stopped while it closes has ended its work.
                job.progress.end(lambda task: _finished(job, outcome, task == self._name))
            except AnsibleConnectionFailure as error:
                gone = Outcome(changed=False, msg=str(error), extra={"unreachable": True})
                self._name_earlier(job, gone)
                _save_artifact(job, gone, self._so_far)
                self._say_done(job, gone)
                raise
            finally:
                job.session.close()
        if outcome.failed or not options.get("return_facts", True):
            # What a person reads is the message; the artifact has the rest.
            outcome.facts = outcome.plan = None
        result.update(outcome.result())
        self._say_done(job, outcome)
        if outcome.facts is not None and not job.session.verbose.shows_on_screen(RESULTS):
            # As for gathered facts: the line that says what was done would be lost in them.
            result["_ansible_verbose_override"] = True
        return result

    def _say_done(self, job: Job, outcome: Outcome) -> None:
        """Print the summary line of this task. For a failed task, Ansible prints the message."""
        text = outcome.msg
        if outcome.extra.get("unreachable"):
            text = "the host was not reached"
        elif outcome.failed:
            text = f"failed in the phase {outcome.extra.get('phase', 'read')}"
        job.session.verbose.done(self._name, text, job.session.commands_sent)

    def _job(self, host: str, options: Mapping[str, Any], policy: Policy) -> Job:
        """Return the task. That it has not ended is on disk before the host is contacted."""
        self._so_far = _so_far(host, options, policy)

        def save(progress: Progress) -> None:
            _save_artifact(job, unfinished(host, progress), self._so_far, durable=progress.changed)

        folder = (
            BackupStore(host, policy.backup_dir).place if {"artifacts_dir", "backup_dir"} <= set(self.SPEC) else None
        )
        verbose = Verbose(host, silent=bool(getattr(self._task, "no_log", False)))
        session = Session(self._connection, pin_address=self.PINS_ADDRESS, verbose=verbose)
        job = Job(host, options, policy, bool(self._task.check_mode), session, Progress(self._name, folder, save))
        save(job.progress)
        return job

    @property
    def _name(self) -> str:
        """The name of the module."""
        return str(self._task.action).rpartition(".")[2]

    @staticmethod
    def _name_earlier(job: Job, outcome: Outcome) -> None:
        """Report an earlier task that was stopped."""
        earlier = job.progress.earlier
        if earlier is not None:
            outcome.problems = [*outcome.problems, earlier.problem]
            warnings = [f"{job.host}: {earlier.sentence}", *outcome.extra.get("warnings", ())]
            outcome.extra = {**outcome.extra, "warnings": warnings}

    def _refuse_short_timeout(self, host: str, policy: Policy, options: Mapping[str, Any]) -> None:
        """Refuse a timeout of the task that would end it while DNS is stopped or the host is down.

        Raises:
            AnsibleError: it is shorter than what the task may take by its own options.
        """
        limit, needed = getattr(self._task, "timeout", None) or 0, self.longest(policy, options)
        if 0 < limit < needed:
            raise AnsibleError(
                f"{host}: the task's timeout of {limit} seconds (timeout, ANSIBLE_TASK_TIMEOUT) is shorter than the"
                f" {needed} seconds that this task may take by its own options: it would be stopped while DNS is"
                " stopped or the host is down. Remove it, or set it higher; waiting for other hosts of the restart"
                " group comes on top."
            )

    def _tried(self, job: Job) -> Outcome:
        """Do the work, write the artifact, and return the outcome.

        With ``on_failure: rollback`` a failure puts back what this call has written. An artifact that cannot be written
        is such a failure, and takes nothing of the outcome away: by then the host may have been changed.
        """
        try:
            outcome = self.act(job)
        except HostFailure as error:
            outcome = failed(error)
        except Exception as error:
            if isinstance(error, AnsibleError) and not job.progress.changed:
                raise
            outcome = broken_off(job.host, job.progress, error)
        outcome = _undone(job, outcome)
        self._name_earlier(job, outcome)
        try:
            _save_artifact(job, outcome, self._so_far)
        except AnsibleError as error:
            already = outcome.failed
            outcome.failed = True
            outcome.msg = f"{outcome.msg} {error}"
            outcome.extra = {"phase": "verify", "dns_may_be_stopped": False, **outcome.extra}
            if not already:
                outcome = _undone(job, outcome)
        return outcome


def _undone(job: Job, outcome: Outcome) -> Outcome:
    """Return the outcome of a failure after the rollback that the policy asks for; any other outcome unchanged."""
    if outcome.failed and not job.check_mode and job.options.get("on_failure") == "rollback":
        with contextlib.suppress(HostFailure):  # a full disk on the controller must not keep the old values away
            job.progress.enter("write")
        done, sentence = undo_call(job.exchange("", "write"), job.policy, job.backups)
        if sentence:
            outcome.msg = f"{outcome.msg} {sentence}"
            outcome.extra = {**outcome.extra, "rolled_back": done}
    return outcome


@dataclass(frozen=True)
class _EarlierInThisRun:
    """What earlier tasks of this run have done on the host."""

    changed: bool = False
    backup: Mapping[str, Any] | None = None


def _so_far(host: str, options: Mapping[str, Any], policy: Policy) -> _EarlierInThisRun:
    """Return what this call's artifact says. One that an earlier run of the same name left is ignored."""
    run_id = safe_run_id(policy.run_id)
    if not options.get("artifacts_dir"):
        return _EarlierInThisRun()
    path = artifact_path(options["artifacts_dir"], run_id, host)
    found, _defects = read_artifacts(path.parent, [host])
    before = found.get(host, {})
    if before.get("call") != RUN_ID:
        return _EarlierInThisRun()
    backup = before.get("backup")
    return _EarlierInThisRun(before.get("would_change") is True, backup if isinstance(backup, dict) else None)


def _save_artifact(job: Job, outcome: Outcome, so_far: _EarlierInThisRun, durable: bool = True) -> None:
    folder = job.options.get("artifacts_dir")
    if not folder:
        return
    run_id = safe_run_id(job.policy.run_id)
    result = outcome.result()
    content = build(
        host=job.host,
        facts=outcome.facts,
        plan=result["plan"],
        result={**result, "changed": outcome.changed or so_far.changed, "backup": outcome.backup or so_far.backup},
        run_id=run_id,
        collected=outcome.extra.get("collected"),
        check_mode=job.check_mode,
        attempted=now_text(),
    )
    content = {**content, "call": RUN_ID, **_named_group(job)}
    write_json(artifact_path(folder, run_id, job.host), content, durable, Path(folder))


def _named_group(job: Job) -> dict[str, Any]:
    """Return the restart group of a task that may restart something, and what its lock is shared with."""
    if job.check_mode or job.policy.restart_group is None or (controller := controller_id()) is None:
        return {}
    return {"restart_group": {"name": job.policy.restart_group, "controller": controller}}


def _finished(job: Job, outcome: Outcome, same_task: bool) -> bool:
    """Return whether nothing is left of the work of an earlier task that was stopped."""
    if outcome.failed or outcome.extra.get("unreachable"):
        return False
    in_order = bool(outcome.plan and outcome.plan.in_sync and not outcome.plan.actions)
    return in_order or (same_task and not job.check_mode)


def _refuse_delegation(task: Any, host: str) -> None:  # noqa: ANN401 (ansible-core's task)
    """Refuse to connect to another host than the one of the task's policy, backups and artifact.

    Raises:
        AnsibleError: the task is delegated elsewhere.
    """
    other = getattr(task, "delegate_to", None)
    if other and other != host:
        raise AnsibleError(
            f"{host}: delegate_to {other} is refused: the task would change {other} by the policy of {host}, and keep"
            f" its backup under that name. Run it in a play on {other}."
        )


def planned(gathered: Gathered, job: Job) -> Planned:
    """Return what was gathered, with the plan for it."""
    return Planned(gathered, plan_host(gathered.host, job.policy))


def unread(job: Job, found: Planned, question: str) -> str:
    """Return why a question has no answer, for check mode; empty for a host that was read completely.

    Args:
        job: the task.
        found: the reading, and the plan.
        question: an indirect one, for example "whether DNS has to be restarted".

    Raises:
        HostFailure: there is no answer, and this is not check mode.
    """
    if found.plan.status != "unknown":
        return ""
    reason = f"it is not known {question}: {' '.join(messages(found.errors))}"
    if job.check_mode:
        return reason
    raise found.failure(f"{job.session.target}: nothing was touched, and {reason}", "read")


def outcome_of(job: Job, found: Planned, changed: bool, msg: str, **extra: object) -> Outcome:
    """Return the outcome of a task that has read the host and planned for it.

    Args:
        job: the task.
        found: the last reading of the host, and the plan.
        changed: as in Outcome.
        msg: one sentence, without the host's name.
        **extra: additional keys of the result.
    """
    return Outcome(
        changed=changed,
        msg=f"{job.host}: {msg}",
        facts=found.facts,
        plan=found.plan,
        problems=problems_of(found.facts, found.plan),
        reboot_required=found.plan.reboot_required,
        reading=found.gathered,
        extra={"collected": found.gathered.collected, **extra},
    )


def _policy(options: Mapping[str, Any], host: str) -> Policy:
    given = {name: value for name, value in options.items() if name in POLICY_SPEC and value is not None}
    try:
        return Policy.from_options(given)
    except PolicyError as error:
        raise AnsibleError(f"{host}: {error}.") from None
