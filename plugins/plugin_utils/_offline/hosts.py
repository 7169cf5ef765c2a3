# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Process the transcripts that a person carried to the controller: write scripts, data, plan.txt and artifact."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ...module_utils._commands.cmd import BatchError
from ...module_utils._commands.machine_id import ID_BYTES
from ...module_utils._facts.facts import MISSING, read_facts
from ...module_utils._facts.services import ACCESS_DENIED
from ...module_utils._fleet.artifact import build
from ...module_utils._fleet.times import time_text
from ...module_utils._offline.apply import apply_script
from ...module_utils._offline.carried_age import collected
from ...module_utils._offline.data_files import data_bytes
from ...module_utils._offline.order import OrderError, ScriptPlan, computer_name, plan_scripts
from ...module_utils._offline.plan_text import plan_text
from ...module_utils._offline.rollback import rollback_script
from ...module_utils._offline.script import data_file
from ...module_utils._parsers.transcript import Transcript, TranscriptError, split_transcript
from ...module_utils._plan.changes import END_RECORD
from ...module_utils._plan.diff import summary_of
from ...module_utils._plan.host_plan import Plan
from ...module_utils._plan.host_problems import problems_of
from ...module_utils._plan.plan import plan_host
from ...module_utils._policy import Policy
from ...module_utils._problems import messages
from ...module_utils._windows.registry_file import RegFileError
from .._files import utc_now
from .kit import OfflineError, file_of

_NONCE_DIGITS = 16


@dataclass(frozen=True)
class Carried:
    """The result for one transcript.

    Attributes:
        host: its computer name.
        facts: of it.
        plan: made from them.
        collected: UTC time of the transcript, ISO 8601; None where it is not known.
        age_note: what to say about that time, or None.
        files: by name.
        refusal: why there are no scripts although the host is not as it should be.
    """

    host: str
    facts: Mapping[str, Any]
    plan: Plan
    collected: str | None = None
    age_note: str | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    refusal: str | None = None

    def row(self) -> dict[str, Any]:
        """Return the host's entry in the result."""
        return {
            "host": self.host,
            "status": self.plan.status,
            "reboot_required": self.plan.reboot_required,
            "files": sorted(self.files),
            "msg": f"no scripts: {self.refusal}" if self.refusal else summary_of(self.plan),
            "collected": self.collected,
            "age_note": self.age_note,
        }

    def artifact(self, run_id: str) -> dict[str, Any]:
        """Return the artifact, in the form of a WinRM host's in check mode."""
        due = bool(self.plan.settings or any(action.name != END_RECORD for action in self.plan.actions))
        result = {"changed": due, "msg": self.row()["msg"], "problems": problems_of(self.facts, self.plan)}
        return build(self.host, self.facts, self.plan.to_json(), result, run_id, self.collected, check_mode=True)


def read_transcripts(source: Path, policy: Policy) -> list[Carried]:
    """Return all hosts of a transcript, or of a folder of transcripts (`*.txt`), by name.

    Raises:
        OfflineError: a file is no transcript, or two are of the same computer.
    """
    try:
        paths = sorted(source.glob("*.txt")) if source.is_dir() else [source]
        found = [(path, path.read_bytes()) for path in paths if path.is_file() or path == source]
    except OSError as error:
        raise OfflineError(f"{error.filename or source} could not be read: {error.strerror}.") from error
    if not found:
        raise OfflineError(f"{source} holds no transcript (*.txt).")
    hosts: dict[str, tuple[Path, Carried]] = {}
    for path, content in found:
        carried = _carried(path, content, policy)
        if carried.host.lower() in hosts:
            other = hosts[carried.host.lower()][0]
            raise OfflineError(f"{other} and {path} are of the same computer: keep the newer one.")
        hosts[carried.host.lower()] = path, carried
    return [hosts[name][1] for name in sorted(hosts)]


def _carried(path: Path, content: bytes, policy: Policy) -> Carried:
    try:
        transcript = split_transcript(content)
        read = read_facts(transcript, policy.extra_services, policy.watched_ports)
        facts = read.to_json()
        host = computer_name(facts).upper()
    except (TranscriptError, OrderError) as error:
        raise OfflineError(f"{path} is not used: {error}.") from error
    plan = plan_host(read, policy)
    try:
        order = scripts_for(facts, plan, transcript)
        files = _scripts(order, content) if order else {}
        refusal = None
    except (OrderError, BatchError, RegFileError) as error:
        files, refusal = {}, str(error).rstrip(".")
    text = plan_text(facts, plan, bool(files), refusal)
    files = {**files, "plan.txt": file_of(text)}
    return Carried(host, facts, plan, *_age(path, facts), files, refusal)


def scripts_for(facts: Mapping[str, Any], plan: Plan, transcript: Transcript) -> ScriptPlan:
    """Return what the scripts of a host do, if its transcript has all that collect.cmd always writes.

    A plan can be made from less, but what it lacks may be what forbids a change.

    Raises:
        OrderError: see `plan_scripts`; or the transcript was cut, or its user was no administrator.
        BatchError: see `plan_scripts`.
    """
    broken = [problem for problem in transcript.problems if problem["severity"] == "error"]
    broken += [problem for problem in facts["problems"] if problem["id"] == MISSING]
    if broken:
        raise OrderError(f"the transcript is not whole: {' '.join(messages(broken))} Run this kit's collect.cmd again")
    if any(problem["id"] == ACCESS_DENIED for problem in facts["problems"]):
        raise OrderError("the services could not be read, because access was denied: collect again as an administrator")
    return plan_scripts(facts, plan, transcript)


def _age(path: Path, facts: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return when a transcript was made (ISO 8601 or None), and what to say about it."""
    written = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    moment, note = collected(facts["collected"], written, utc_now())
    return time_text(moment) if moment else None, note


def _scripts(order: ScriptPlan, content: bytes) -> dict[str, bytes]:
    # The same transcript gives the same files.
    digest = hashlib.sha256(content).hexdigest()
    run, machine = digest[:_NONCE_DIGITS], digest[-2 * ID_BYTES :]
    return {
        "apply.cmd": file_of(apply_script(order, run)),
        "rollback.cmd": file_of(rollback_script(order, run)),
        **{data_file(order, which): data_bytes(order, which, machine) for which in ("apply", "rollback")},
    }
