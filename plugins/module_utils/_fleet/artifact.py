# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build and read artifacts. An artifact is the record of one host in one run, which report and gate use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from .._commands.machine_id import recorded_id
from .._plan.status import BLOCKING, STATUSES

ARTIFACT_FORMAT = 1
ARTIFACT_BYTES_MAX = 4 * 1024 * 1024
"""A larger file is no artifact: facts and plan are bounded, together well below a megabyte."""
NAME_BYTES_MAX = 180
"""A longer escaped name is cut and made unique by its digest, because file systems end names at 255 bytes."""

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
RESERVED_NAMES = frozenset(("summary", "report"))
"""Names of other files in the same folder: a host of that name must not share its file with them."""
_OUTCOMES = ("unreachable", "failed")
HOST, CARRIED = "host", "carried"
"""Where the facts come from: read by the task, or carried here by hand."""
_NOT_OF_A_PLAN = frozenset(("unreachable", "accepted"))
"""Statuses that no plan has; ``accepted`` is given by report and gate alone."""
_NOTHING_TO_DO = frozenset(("exposed", "safe"))
"""Statuses of a host on which everything is as planned; a run that failed proves neither."""
_DIGEST_DIGITS = 16


def file_name(host: str) -> str:
    """Return the artifact's file name: letters, digits, ``-``, ``_`` and inner dots stay, other bytes become %XX."""
    escaped = "".join(char if char in _PLAIN else _percent(char) for char in host)
    if escaped.startswith("."):
        escaped = "%2E" + escaped[1:]
    if escaped.lower() in RESERVED_NAMES:
        escaped = f"{_percent(escaped[0])}{escaped[1:]}"
    if len(escaped) > NAME_BYTES_MAX:
        digest = hashlib.sha256(host.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_DIGITS]
        escaped = f"{escaped[:NAME_BYTES_MAX]}%~{digest}"
    return f"{escaped}.json"


class ArtifactError(ValueError):
    """A file that is not an artifact of this format; the message gives the reason, without a subject."""


def parse_artifact(content: bytes, host: str | None) -> dict[str, Any]:
    """Read an artifact that may be truncated, altered or no artifact at all.

    Args:
        content: the file; more than ARTIFACT_BYTES_MAX bytes are refused.
        host: inventory name of the host whose artifact it should be; None for any host.

    Raises:
        ArtifactError: it is too large, no JSON, of another format, or another host's.
    """
    if len(content) > ARTIFACT_BYTES_MAX:
        raise ArtifactError(f"it is larger than {ARTIFACT_BYTES_MAX} bytes")
    try:
        found = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise ArtifactError("it is not JSON, or was cut") from None
    if not isinstance(found, dict):
        raise ArtifactError("it is no JSON object")
    version = found.get("format")
    if isinstance(version, bool) or version != ARTIFACT_FORMAT:
        raise ArtifactError(f"its format is not {ARTIFACT_FORMAT}")
    if not isinstance(found.get("host"), str):
        raise ArtifactError("it names no host")
    if host is not None and found["host"] != host:
        raise ArtifactError("it is another host's")
    return found


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))


def build(  # noqa: PLR0913, PLR0917 - the seven parts of an artifact, each from another place
    host: str,
    facts: Mapping[str, Any] | None,
    plan: Mapping[str, Any] | None,
    result: Mapping[str, Any],
    run_id: str,
    collected: str | None,
    check_mode: bool,
    attempted: str | None = None,
) -> dict[str, Any]:
    """Build the artifact; see schemas/artifact.schema.json.

    Args:
        host: inventory name.
        facts: the facts after the run's writes, None where none were gathered.
        plan: the plan made of them, None where none was made.
        result: what the action returns: changed, failed, unreachable, phase, msg, problems, backup are taken from it.
        run_id: name of the run.
        collected: the controller's UTC time of gathering, ISO 8601; None for facts carried by hand.
        check_mode: whether the run only looked.
        attempted: the controller's UTC time at the end of the attempt, ISO 8601; None for facts carried by hand.

    Returns:
        The artifact. ``changed`` is false in check mode; ``would_change`` says what the run would have done. A host
        that could not be reached has the status ``unreachable``, one without a plan ``unknown``.
    """
    outcome = next((name for name in _OUTCOMES if result.get(name)), "ok")
    changed = bool(result.get("changed"))
    return {
        "format": ARTIFACT_FORMAT,
        "host": host,
        "machine_id": recorded_id(facts),
        "run_id": run_id,
        "source": CARRIED if attempted is None else HOST,
        "attempted": attempted,
        "collected": collected,
        "check_mode": check_mode,
        "outcome": outcome,
        "status": _status(outcome, plan),
        "in_sync": bool(plan and plan["in_sync"]) and outcome == "ok",
        "changed": changed and not check_mode,
        "would_change": changed,
        "reboot_required": bool((plan or result).get("reboot_required")),
        "phase": result.get("phase"),
        "dns_may_be_stopped": bool(result.get("dns_may_be_stopped")),
        "msg": str(result.get("msg") or ""),
        "backup": result.get("backup"),
        "problems": list(result.get("problems") or ()),
        "facts": facts,
        "plan": plan,
    }


def judged_status(artifact: Mapping[str, Any]) -> tuple[str, str]:
    """Return the status that follows from outcome, plan and problems, even if the artifact claims another one.

    Args:
        artifact: one that has the shape of schemas/artifact.schema.json.

    Returns:
        The status, and an empty text; or ``unknown``, and why the artifact contradicts itself.
    """
    outcome, plan, claimed = artifact["outcome"], artifact["plan"], artifact["status"]
    status = _status(outcome, plan)
    if claimed != status:
        return "unknown", f"the artifact says {claimed}, but its outcome and its plan give {status}"
    if plan is None or status not in _NOTHING_TO_DO:
        return status, ""
    facts = artifact["facts"]
    shown = status_besides_services(artifact)
    if shown != "safe":
        return "unknown", f"the artifact says {status}, but its plan and its problems show {shown}"
    if not (plan["in_sync"] and facts):
        return "unknown", f"the artifact says {status}, but has no facts, or is not in sync"
    return status, ""


def status_besides_services(artifact: Mapping[str, Any]) -> str:
    """Return the status that plan and problems show apart from services that are down and from exposed ports."""
    plan, facts = artifact["plan"], artifact["facts"]
    return _shown_status(plan, [*artifact["problems"], *plan["problems"], *(facts["problems"] if facts else ())])


def _shown_status(plan: Mapping[str, Any], problems: Iterable[Mapping[str, Any]]) -> str:
    """Return the status that plan and problems show; ``safe`` if they show nothing."""
    errors = {problem["id"] for problem in problems if problem["severity"] == "error"}
    deferred = any(action.get("deferred_exclusions") for action in plan["actions"])
    seen = (
        ("unknown", errors - BLOCKING),
        ("conflict", plan["live_conflicts"]),
        ("drifted", errors or plan["settings"] or deferred),
        ("pending_reboot", plan["reboot_required"]),
        ("pending_restart", plan["dns_restart_required"]),
    )
    return next((status for status, holds in seen if holds), "safe")


def _status(outcome: str, plan: Mapping[str, Any] | None) -> str:
    if outcome == "unreachable":
        return "unreachable"
    status = plan["status"] if plan else None
    if status not in STATUSES or status in _NOT_OF_A_PLAN or (outcome != "ok" and status in _NOTHING_TO_DO):
        return "unknown"
    return str(status)
