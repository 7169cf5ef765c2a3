# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of port_plan: its argument spec and its result. Connects to no host."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .._facts.facts import FACTS_FORMAT, parse_transcript
from .._facts.host import Host
from .._parsers.transcript import TranscriptError
from .._policy import PLAN_SPEC, Policy, PolicyError
from .diff import diff_of, summary_of, values
from .host_plan import Plan
from .host_problems import problems_of
from .plan import plan_host

SOURCES = ("facts", "transcript", "transcript_path")
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "facts": {"type": "dict"},
    "transcript": {"type": "raw"},
    "transcript_path": {"type": "path"},
    **PLAN_SPEC,
}


class PortPlanError(ValueError):
    """Input from which no plan can be made; the message is one sentence."""


def plan_of(facts: object, policy: Policy) -> Plan:
    """Compute the plan of facts from another source.

    Raises:
        PortPlanError: when they are not the facts of this collection.
    """
    if not isinstance(facts, Mapping) or facts.get("format") != FACTS_FORMAT:
        raise PortPlanError(f"the facts must be those that port_info returns under facts (format {FACTS_FORMAT})")
    with _facts_of_the_right_shape():
        return plan_host(Host(facts), policy)


@contextmanager
def _facts_of_the_right_shape() -> Iterator[None]:
    """Turn the errors of facts that have another shape into one sentence: a user may pass anything as facts."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PortPlanError(f"the facts do not have the shape of schemas/facts.schema.json: {error!r}") from error


def run_port_plan(params: Mapping[str, Any], read: Callable[[str], bytes]) -> dict[str, Any]:
    """Return the result of port_plan.

    Args:
        params: the checked module parameters.
        read: reads a file of the controller as bytes; may raise OSError.

    Returns:
        The module's result without ``failed``.

    Raises:
        PortPlanError: with one sentence, for a bad policy, source or file.
    """
    try:
        policy = Policy.from_options({name: params.get(name) for name in PLAN_SPEC})
        facts = _facts(params, policy, read)
    except (PolicyError, TranscriptError) as error:
        raise PortPlanError(str(error)) from error
    except OSError as error:
        raise PortPlanError(f"{params['transcript_path']} could not be read: {error.strerror}") from error
    plan = plan_of(facts, policy)
    with _facts_of_the_right_shape():
        problems = problems_of(facts, plan)
    result: dict[str, Any] = {
        "changed": False,
        "before": values(plan, "before"),
        "after": values(plan, "after"),
        "diff": diff_of(plan),
        "problems": problems,
        "plan": plan.to_json(),
        "reboot_required": plan.reboot_required,
        "msg": f"{facts.get('computer_name') or 'host'}: {summary_of(plan)}",
    }
    return result if params.get("facts") is not None else {**result, "facts": facts}


def _facts(params: Mapping[str, Any], policy: Policy, read: Callable[[str], bytes]) -> Mapping[str, Any]:
    if params.get("facts") is not None:
        facts: Mapping[str, Any] = params["facts"]
        return facts
    source = params.get("transcript")
    if source is None:
        source = read(params["transcript_path"])
    return parse_transcript(source, policy.extra_services, policy.watched_ports)
