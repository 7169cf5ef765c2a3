# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gather the facts of a host with one remote command."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...module_utils._commands.collect import collector_line
from ...module_utils._facts.facts import read_facts
from ...module_utils._facts.host import Host
from ...module_utils._parsers.transcript import Transcript
from ...module_utils._policy import Policy
from ...module_utils._sections.table import last_section
from .._connection.errors import Phase
from .._connection.exchange import Exchange
from .._connection.session import Session
from .._files import now_text


@dataclass(frozen=True)
class Gathered:
    """The result of a reading.

    Attributes:
        run: the nonce; other commands of the task use it, too.
        transcript: its sections, the newest of each.
        host: the facts that they show.
        collected: UTC time on the controller, ISO 8601.
        sent: the transcript as the host sent it; empty where its sections came in several answers.
    """

    run: str
    transcript: Transcript
    host: Host
    collected: str
    sent: bytes = b""

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The facts as JSON, made once."""
        return self.host.to_json()


def new_nonce() -> str:
    """Return 16 hex digits that no output of a host can have known before."""
    return secrets.token_hex(8)


def gather(session: Session, policy: Policy, timeout: float, phase: Phase = "read") -> Gathered:
    """Run the collector once.

    Args:
        session: to the host.
        policy: names services beyond the catalogue.
        timeout: seconds for the command.
        phase: what to say if it fails.

    Raises:
        HostFailure: what came is not a whole transcript.
    """
    exchange = Exchange(session, new_nonce(), phase, timeout)
    sent = session.run(collector_line(exchange.run), phase=phase, timeout=timeout).stdout
    return read_answer(exchange, exchange.split(sent), policy, sent)


def read_answer(exchange: Exchange, transcript: Transcript, policy: Policy, sent: bytes = b"") -> Gathered:
    """Return the facts of a transcript that must be whole. The policy names services beyond the catalogue.

    Raises:
        HostFailure: its last section is missing.
    """
    if not is_whole(transcript, exchange.run):
        raise exchange.failure(
            f"did not answer with a whole transcript ({len(transcript.sections)} sections): the output was cut, or its"
            " command processor does not run cmd batches"
        )
    host = read_facts(transcript, policy.extra_services, policy.watched_ports)
    return Gathered(exchange.run, transcript, host, now_text(), sent)


def is_whole(transcript: Transcript, run: str) -> bool:
    """Return whether the last section that every release prints is closed."""
    return transcript.nonce == run and last_section() in transcript.sections
