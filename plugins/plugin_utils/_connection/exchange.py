# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run command lines on a host and return the parsed transcript sections."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...module_utils._parsers.transcript import Transcript, TranscriptError, split_transcript
from .errors import HostFailure, Phase
from .session import Session


@dataclass(frozen=True)
class Exchange:
    """The parts that all commands of one piece of work share.

    Attributes:
        session: to the host.
        run: the nonce.
        phase: what to say if a command fails.
        timeout: seconds per command.
    """

    session: Session
    run: str
    phase: Phase
    timeout: float

    def send(self, line: str) -> Transcript:
        """Run a command line and return the sections of the answer.

        Raises:
            HostFailure: the answer does not carry the nonce.
        """
        transcript = self.split(self.session.run(line, phase=self.phase, timeout=self.timeout).stdout)
        if transcript.nonce != self.run:
            raise self.failure("sent an answer that does not belong to the command")
        return transcript

    def split(self, output: bytes) -> Transcript:
        """Return the sections of an answer.

        Raises:
            HostFailure: it is too large.
        """
        try:
            return split_transcript(output)
        except TranscriptError as error:
            raise self.failure(f"sent an answer that cannot be read: {error}") from error

    def during(self, phase: Phase) -> Exchange:
        """Return the same exchange for another phase."""
        return replace(self, phase=phase)

    def failure(self, sentence: str, **details: object) -> HostFailure:
        """Return a failure of this phase. The sentence continues after the host's name and has no full stop."""
        return HostFailure(f"{self.session.target} {sentence}.", self.phase, **details)
