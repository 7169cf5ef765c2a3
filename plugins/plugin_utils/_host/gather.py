# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gather the facts of a host with one remote command."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ...module_utils._commands.collect import collector_line
from ...module_utils._facts.facts import parse_transcript
from ...module_utils._parsers.transcript import TranscriptError
from ...module_utils._policy import Policy
from ...module_utils._sections.table import last_section
from .._connection.errors import HostFailure, Phase
from .._connection.session import Session
from .._files import now_text


@dataclass(frozen=True)
class Gathered:
    """What was found out.

    Attributes:
        run: the nonce; other commands of the task use it, too.
        transcript: as the host sent it.
        facts: what it says.
        collected: UTC time on the controller, ISO 8601.
    """

    run: str
    transcript: bytes
    facts: dict[str, Any]
    collected: str


def new_nonce() -> str:
    """16 hex digits that no output of a host can have known before."""
    return secrets.token_hex(8)


def gather(session: Session, policy: Policy, timeout: float, phase: Phase = "read") -> Gathered:
    """Runs the collector once.

    Args:
        session: to the host.
        policy: names services beyond the catalogue.
        timeout: seconds for the command.
        phase: what to say if it fails.

    Raises:
        HostFailure: what came is not a whole transcript.
    """
    run = new_nonce()
    reply = session.run(collector_line(run), phase=phase, timeout=timeout)
    return parse_complete_transcript(session, policy, run, reply.stdout, phase)


def parse_complete_transcript(session: Session, policy: Policy, run: str, transcript: bytes, phase: Phase) -> Gathered:
    """The facts of a transcript that must be whole.

    Raises:
        HostFailure: its last section is missing, or it is too large.
    """
    if not is_whole(transcript, run):
        raise HostFailure(
            f"{session.target} answered with {len(transcript)} bytes that are not a whole transcript: the output was"
            " cut, or its command processor does not run cmd batches.",
            phase,
        )
    try:
        facts = parse_transcript(transcript, policy.extra_services, policy.watched_ports)
    except TranscriptError as error:
        raise HostFailure(f"{session.target} sent a transcript that cannot be read: {error}.", phase) from error
    return Gathered(run, transcript, facts, now_text())


def is_whole(transcript: bytes, run: str) -> bool:
    """Whether the last section that every release prints is closed."""
    return f"#portkeeper {run} end {last_section()} ".encode() in transcript


def merged(old: bytes, new: bytes, run: str, sections: Iterable[str]) -> bytes:
    """The old transcript with some sections as the new one shows them; both have the same nonce.

    A section that the new one lacks or has not closed is taken out, so that nothing stale is taken for re-read.
    """
    for name in sections:
        pattern = re.compile(
            rb"#portkeeper %b begin %b[ \r]*\n.*?#portkeeper %b end %b [^\r\n]*\r?\n?"
            % (run.encode(), name.encode(), run.encode(), name.encode()),
            re.DOTALL,
        )
        found = pattern.search(new)
        stale = pattern.search(old)
        if stale:
            old = old[: stale.start()] + (found.group(0) if found else b"") + old[stale.end() :]
    return old
