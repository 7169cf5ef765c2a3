# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert what a task found and did to its result, if it succeeded, failed or was interrupted."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible.errors import AnsibleError

from ...module_utils._plan.changes import Work
from ...module_utils._plan.diff import diff_of, values
from ...module_utils._plan.host_plan import Plan
from ...module_utils._problems import printable
from .._connection.errors import HostFailure
from .._host.gather import Gathered
from .progress import Progress


@dataclass
class Outcome:
    """What an action found and did: the keys that its result always has, and additional ones.

    Attributes:
        changed: whether something was done or, in check mode, would be.
        msg: one sentence.
        failed: whether the task fails.
        before: values before, by setting.
        after: values after, by setting.
        diff: Ansible's diff.
        facts: of the host, as of the end.
        plan: made from them.
        backup: `id`, `path`, `host_path`.
        problems: of facts and plan.
        reboot_required: whether something that is configured waits for a boot.
        extra: additional keys of the result.
        reading: the last one of the host, for what is done after the work; no part of the result.
    """

    changed: bool
    msg: str
    failed: bool = False
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    diff: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] | None = None
    plan: Plan | None = None
    backup: Mapping[str, Any] | None = None
    problems: list[Mapping[str, Any]] = field(default_factory=list)
    reboot_required: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    reading: Gathered | None = None

    def showing(self, work: Work) -> Outcome:
        """Return the outcome with the values of a plan, or of other work, before and after."""
        return replace(self, before=values(work, "before"), after=values(work, "after"), diff=diff_of(work))

    def result(self) -> dict[str, Any]:
        """Return the task's result."""
        result: dict[str, Any] = {
            "changed": self.changed,
            "msg": printable(self.msg),
            "before": dict(self.before),
            "after": dict(self.after),
            "diff": dict(self.diff),
            "facts": self.facts,
            "plan": self.plan and self.plan.to_json(),
            "backup": self.backup,
            "problems": self.problems,
            "reboot_required": self.reboot_required,
            **self.extra,
        }
        if self.failed:
            result["failed"] = True
        return result


def failed(error: HostFailure) -> Outcome:
    """Return the outcome of a task that reported its failure."""
    details = dict(error.details)
    return Outcome(
        changed=bool(details.pop("changed", False)),
        msg=str(error),
        failed=True,
        facts=details.pop("facts", None),  # type: ignore[arg-type]
        plan=details.pop("plan", None),  # type: ignore[arg-type]
        backup=details.pop("backup", None),  # type: ignore[arg-type]
        extra={"phase": error.phase, "dns_may_be_stopped": False, **details},
    )


def unfinished(host: str, progress: Progress) -> Outcome:
    """Return the artifact's content until the task has ended. If it never ends, it stays."""
    return Outcome(
        changed=progress.changed,
        failed=True,
        msg=f"{host}: the task did not end. It was stopped from outside in the phase {progress.phase}, for example by"
        " the task's timeout or Ctrl-C, or it is still at work.",
        extra={"phase": progress.phase, "dns_may_be_stopped": progress.dns_may_be_stopped},
    )


def broken_off(host: str, progress: Progress, error: Exception) -> Outcome:
    """Return the outcome of a task after an error of the controller or a bug, with what it has done so far."""
    known = isinstance(error, AnsibleError)
    what = str(error) if known else f"a bug in the collection or its libraries: {type(error).__name__}: {error}"
    trace = {} if known else {"exception": traceback.format_exc()}
    return Outcome(
        changed=progress.changed,
        failed=True,
        msg=f"{host}: {what}" if known else f"{host}: stopped in the phase {progress.phase} by {what}",
        extra={"phase": progress.phase, "dns_may_be_stopped": progress.dns_may_be_stopped, **trace},
    )
