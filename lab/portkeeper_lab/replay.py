# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backend that answers with recorded transcripts, for hundreds of hosts in one process.

A recording is what a host printed, one transcript behind the other, in the order of the commands. A command line is
known by the sections that it asks for, not by its text, and its nonce takes the place of the recorded one. Transcripts
whose sections are all in the first one only read; any other one is a step: asking for it moves the host on, so that a
reading after a recorded write shows what the recorded write left behind.
"""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from portkeeper_lab.backend import BootState, Launch, Stream

NOT_RECORDED = 9009
"""What cmd says of a command that it does not find."""

Answer = tuple[bytes, bytes, int]
"""Standard output, standard error, exit code."""

_HEADER = re.compile(rb"^#portkeeper transcript 1(?: ([0-9a-f]{16}))?[ \r]*\n", re.MULTILINE)
_SECTION = re.compile(
    rb"^#portkeeper (?:[0-9a-f]{16} )?begin ([a-z][a-z0-9_]*)[ \r]*\n.*?"
    rb"^#portkeeper (?:[0-9a-f]{16} )?end \1 [^\n]*\n?",
    re.MULTILINE | re.DOTALL,
)
_BARE_MARK = re.compile(rb"^#portkeeper (?=(?:begin|end) )", re.MULTILINE)
_ASKED_NONCE = re.compile(r"#portkeeper transcript 1 ([0-9a-f]{16})")
_ASKED_SECTION = re.compile(r"#portkeeper [0-9a-f]{16} begin ([a-z][a-z0-9_]*)")
_NONCE, _STAMP = b"\0nonce\0", b"\0stamp\0"


class RecordingError(ValueError):
    """What should be a recording is none; the message is one sentence."""


@dataclass(frozen=True)
class Recording:
    """What one host printed.

    Attributes:
        transcripts: in order; each has its sections, whole, by id. Placeholders stand for the nonce and for a lock's
            name `<seconds>-<nonce>`.
    """

    transcripts: tuple[Mapping[str, bytes], ...]

    @classmethod
    def parse(cls, data: bytes) -> Recording:
        """Read a recording: transcripts, one after another; the nonces may be missing.

        Raises:
            RecordingError: there is no transcript in it.
        """
        heads = list(_HEADER.finditer(data))
        ends = [*(head.start() for head in heads[1:]), len(data)]
        found = tuple(_sections(data[head.end() : end], head[1]) for head, end in zip(heads, ends, strict=False))
        if not found or not all(found):
            raise RecordingError("A recording begins with a transcript and each of its transcripts has sections.")
        return cls(found)

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read a recording from a file, which may be compressed (.gz).

        Raises:
            RecordingError: it is none.
            OSError: the file cannot be read.
        """
        data = path.read_bytes()
        return cls.parse(gzip.decompress(data) if path.suffix == ".gz" else data)

    @property
    def reading(self) -> frozenset[str]:
        """Ids of the sections of a reading."""
        return frozenset(self.transcripts[0])


def _sections(text: bytes, nonce: bytes | None) -> dict[str, bytes]:
    found = {match[1].decode(): match[0] for match in _SECTION.finditer(text)}
    if nonce is None:
        return {name: _BARE_MARK.sub(b"#portkeeper " + _NONCE + b" ", body) for name, body in found.items()}
    stamped = re.compile(rb"[0-9]{1,12}-" + nonce)
    return {name: stamped.sub(_STAMP, body).replace(nonce, _NONCE) for name, body in found.items()}


class ReplayProcess:
    """A command whose answer is there at once, or once its input has ended."""

    def __init__(self, answer: Callable[[bytes], Answer], reads_input: bool) -> None:
        """Take what gives the answer to the input, and whether that is waited for."""
        self._answer = answer
        self._input = bytearray()
        self._ready = threading.Event()
        self._left: list[tuple[Stream, memoryview]] = []
        self._code = 0
        if not reads_input:
            self._finish()

    def _finish(self) -> None:
        out, error, self._code = self._answer(bytes(self._input))
        streams: tuple[tuple[Stream, bytes], ...] = (("stdout", out), ("stderr", error))
        self._left = [(name, memoryview(data)) for name, data in streams if data]
        self._ready.set()

    def write_stdin(self, data: bytes, end: bool) -> None:
        """See the protocol."""
        if not self._ready.is_set():
            self._input += data
            if end:
                self._finish()

    def read(self, max_bytes: int, timeout: float) -> list[tuple[Stream, bytes]]:
        """See the protocol."""
        if not self._ready.wait(timeout) or not self._left:
            return []
        name, data = self._left.pop(0)
        if len(data) > max_bytes:
            self._left.insert(0, (name, data[max_bytes:]))
        return [(name, bytes(data[:max_bytes]))]

    @property
    def exit_code(self) -> int | None:
        """See the protocol."""
        return None if not self._ready.is_set() or self._left else self._code

    def kill_tree(self) -> None:
        """Nothing runs; what waits for input ends without output."""
        self._left.clear()
        self._ready.set()

    def close(self) -> None:
        """See `kill_tree`."""
        self.kill_tree()


class ReplayHost:
    """The backend: one host that stands somewhere in its recording."""

    def __init__(self, recording: Recording, modules: Callable[[bytes], Answer] | None = None) -> None:
        """Begin before the first step.

        Args:
            recording: of the host.
            modules: answers the standard input of a PowerShell wrapper; None: the host has no PowerShell.
        """
        self._recording = recording
        self._modules = modules
        self._lock = threading.Lock()
        self._at = 0

    def rewind(self, *, to_end: bool = False) -> None:
        """Go to the beginning of the recording, or to its end."""
        with self._lock:
            self._at = len(self._recording.transcripts) - 1 if to_end else 0

    def spawn(self, launch: Launch) -> ReplayProcess:
        """Answer a command line with what is recorded for it."""
        if self._modules is not None and launch.line[:10].lower() == "powershell":
            return ReplayProcess(self._modules, reads_input=True)
        answer = self.answer(launch.line)
        return ReplayProcess(lambda _input: answer, reads_input=False)

    def answer(self, line: str) -> Answer:
        """Return the host's output for a command line.

        Args:
            line: a collector's line or a step's; anything else was not recorded.
        """
        nonce = _ASKED_NONCE.search(line)
        asked = _ASKED_SECTION.findall(line)
        shown = self._shown(asked) if nonce else None
        if nonce is None or shown is None:
            return b"", f"not recorded: {line[:200]}\r\n".encode(), NOT_RECORDED
        run = nonce[1].encode()
        stamp = re.search(rb"[0-9]{1,12}-" + run, line.encode())
        text = b"#portkeeper transcript 1 %b\r\n" % run + b"".join(shown)
        return text.replace(_STAMP, stamp[0] if stamp else run).replace(_NONCE, run), b"", 0

    def _shown(self, asked: Iterable[str]) -> list[bytes] | None:
        """Return the recorded sections in the order of the question; None if a requested step is missing."""
        wanted = list(asked)
        steps = self._steps(wanted)
        with self._lock:
            if not steps:
                state = self._state()
                return [state[name] for name in wanted if name in state]
            behind = range(self._at + 1, len(self._recording.transcripts))
            at = next((at for at in behind if self._is_step(at, steps)), None)
            if at is None:
                return None
            self._at = at
            answered = self._recording.transcripts[at]
            return [answered[name] for name in wanted if name in answered]

    def _steps(self, names: Iterable[str]) -> set[str]:
        """Return the sections that only a later transcript has, but no reading."""
        later = {name for transcript in self._recording.transcripts[1:] for name in transcript}
        return (set(names) - self._recording.reading) & later

    def _is_step(self, at: int, steps: set[str]) -> bool:
        return not steps.isdisjoint(self._recording.transcripts[at])

    def _state(self) -> dict[str, bytes]:
        """Return the current state of a reading: the latest up to the host's position, and of the readings after it."""
        state: dict[str, bytes] = {}
        for at, transcript in enumerate(self._recording.transcripts):
            if at > self._at and not self._recording.reading.issuperset(transcript):
                break
            state.update((name, text) for name, text in transcript.items() if name in self._recording.reading)
        return state

    def boot_state(self) -> BootState:
        """Always up."""
        return "up"

    def is_reachable(self) -> bool:
        """Always."""
        return True
