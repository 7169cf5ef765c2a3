# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Split the collector's output into sections, in any code page, with any line ends, and with extra text around it.

The format is described in docs/transcript.md. Nothing here looks into a section.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from .._problems import Problem, ProblemList, shown
from .listing import single_spaced, unfilled

BYTES_MAX = 8 * 1024 * 1024
"""Larger transcripts are refused: 2 x 2,500 sockets and 250 services are some 0.6 MiB."""

Source: TypeAlias = "bytes | bytearray | memoryview | str | Mapping[str, str]"

_UTF16_MARKER = {codec: "#portkeeper".encode(codec) for codec in ("utf-16-le", "utf-16-be")}
# A UTF-16 file that `type` copied as it is ends with a NUL byte, not with a line feed, before our own echo.
# The conditions on what stands in front come behind the literal, which is searched for much faster than they are.
_MARKER_RE = re.compile(rb"#portkeeper(?:(?<![^\r\n]#portkeeper)|(?<=\x00#portkeeper))[ \t]([^\r\n]*)")
_HEADER_RE = re.compile(r"transcript ([0-9]{1,9})(?: ([0-9A-Fa-f]{16}))?\Z")
_SECTION_RE = re.compile(r"(?:([0-9A-Fa-f]{16}) )?(begin|end) ([a-z0-9_]{1,40})(?: (\S{1,20}))?\Z")
_ERRORLEVEL_RE = re.compile(r"-?[0-9]{1,10}\Z")
# A line that begins with a prompt (also a PowerShell's, with a user, an environment or a remote host in front).
_ECHO_RE = re.compile(r"(?:\[[^\s\[\]]{1,100}\]: )?(?:[^\s:\\\"\[]{1,60} ){0,3}[A-Za-z]:\\[^\"<>|?*]{0,260}>")
_RETURNS_RE = re.compile(r"\r+\n?")
"""What is left of CR CR LF, and a CR that stands alone: each is one line end."""
_FORMAT = 1
_ZEROS_OF_TEXT = 4
"""Text that is mostly ASCII has a zero byte for every other one in UTF-16, and none in any other code page."""


class TranscriptError(ValueError):
    """The source cannot be a transcript: it has the wrong type, or is larger than 8 MiB."""


@dataclass(frozen=True)
class Section:
    """The output of one command.

    Attributes:
        text: decoded, lines ended by a single line feed, without the lines in which a shell repeats a command.
        errorlevel: the command's exit code, None where the end line carries none.
        body: the same as it was received, for what has to be exact.
    """

    text: str
    errorlevel: int | None
    body: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True)
class Transcript:
    """A transcript's sections by id, its nonce (None if written by hand), and the problems of its framing."""

    nonce: str | None
    sections: dict[str, Section]
    problems: list[Problem] = field(default_factory=list)

    def updated(self, newer: Transcript, sections: Iterable[str]) -> Transcript:
        """Return the same with some sections as a newer answer of the same host shows them.

        A section that the newer answer lacks is left out, so that nothing stale is taken for read again.
        """
        again = set(sections)
        kept = {name: section for name, section in self.sections.items() if name not in again}
        read = {name: section for name, section in newer.sections.items() if name in again}
        problems = [problem for problem in self.problems if problem["data"].get("section") not in again]
        return Transcript(self.nonce, {**kept, **read}, [*problems, *newer.problems])

    def lines(self, name: str) -> list[str]:
        """Return the lines of a section that are not blank, without spaces around them; none if it is missing."""
        section = self.sections.get(name)
        return [line.strip() for line in section.text.split("\n") if line.strip()] if section else []


def split_transcript(source: Source) -> Transcript:
    """Split a transcript into its sections.

    Args:
        source: the bytes as received, or text, or ``{"base64": text}``.

    Returns:
        The sections that are closed, unique and carry the transcript's own nonce. Everything else is a problem.

    Raises:
        TranscriptError: for a source of another type, invalid base64, or more than 8 MiB.
    """
    data = _as_bytes(source)
    if len(data) > BYTES_MAX:
        raise TranscriptError(f"the transcript has {len(data)} bytes, more than the {BYTES_MAX} that are read")
    return _Splitter(_as_ascii_compatible(data)).run()


def decode(data: bytes) -> str:
    """Decode a command's output: UTF-16 by its mark or zero bytes, UTF-8 by its mark or validity, else code page 437.

    437 is the code page that the session asks for, and it has a character for every byte, so nothing is lost and no
    output is refused. Nothing that is parsed depends on a character beyond ASCII.
    """
    if data.startswith(b"\xff\xfe"):
        text = data[2:].decode("utf-16-le", "replace")
    elif data.startswith(b"\xfe\xff"):
        text = data[2:].decode("utf-16-be", "replace")
    elif len(data) > 1 and data.count(0) * _ZEROS_OF_TEXT >= len(data):
        text = data.decode("utf-16-le" if data[1::2].count(0) >= data[::2].count(0) else "utf-16-be", "replace")
    else:
        data = data.removeprefix(b"\xef\xbb\xbf")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("cp437")
    text = text.replace("\r\n", "\n")
    return _RETURNS_RE.sub("\n", text) if "\r" in text else text


def _without_echoes(text: str) -> str:
    """Remove lines that begin with a prompt: with ``echo on``, a script prints each command before its output."""
    if ":\\" not in text or ">" not in text:
        return text
    return "\n".join(line for line in text.split("\n") if not _ECHO_RE.match(line))


def _as_bytes(source: Source) -> bytes:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    if isinstance(source, str):
        try:
            return source.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return source.encode("utf-8", "replace")
    encoded = source.get("base64") if isinstance(source, Mapping) and set(source) == {"base64"} else None
    if not isinstance(encoded, str):
        raise TranscriptError('a transcript is bytes, text, or a mapping {"base64": text}')
    if len(encoded) > 2 * BYTES_MAX:
        raise TranscriptError(f"the transcript has more than the {BYTES_MAX} bytes that are read")
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (ValueError, binascii.Error) as error:
        raise TranscriptError("the text under base64 is not base64") from error


def _as_ascii_compatible(data: bytes) -> bytes:
    """Convert a transcript in UTF-16 to UTF-8, so that section lines can be found as bytes."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return decode(data).encode("utf-8", "replace")
    if b"#portkeeper" not in data:
        for codec, marker in _UTF16_MARKER.items():
            position = data.find(marker)
            if position >= 0 and position % 2 == 0:
                return data.decode(codec, "replace").encode("utf-8", "replace")
    return data.removeprefix(b"\xef\xbb\xbf")


class _Splitter:
    """One pass over the section lines. Everything between two of them is sliced, never scanned again."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._problems = ProblemList()
        self._nonce: str | None = None
        self._bodies: dict[str, tuple[bytes, bytes, int | None]] = {}
        self._spoiled: set[str] = set()
        self._open_id: str | None = None
        self._pieces: list[bytes] = []
        self._begun = self._resume = 0
        self._foreign = False

    def run(self) -> Transcript:
        markers = [(found, found.group(1).decode("latin-1").rstrip()) for found in _MARKER_RE.finditer(self._data)]
        headers = [match for _found, line in markers for match in [_HEADER_RE.match(line)] if match]
        if headers and int(headers[0].group(1)) != _FORMAT:
            self._problems.add(
                "transcript_format_unknown",
                "error",
                f"The transcript has format {headers[0].group(1)}; only format {_FORMAT} is known.",
                format=headers[0].group(1),
            )
            return Transcript(None, {}, self._problems.as_list())
        if headers and headers[0].group(2):
            self._nonce = headers[0].group(2).lower()
        for found, line in markers:
            self._take(found, line)
        self._drop_open()
        if not self._bodies:
            self._problems.add("transcript_empty", "error", "The transcript holds no complete section.")
        sections = {
            name: Section(_without_echoes(single_spaced(unfilled(decode(own)))), level, body)
            for name, (own, body, level) in self._bodies.items()
        }
        return Transcript(self._nonce, sections, self._problems.as_list())

    def _take(self, found: re.Match[bytes], line: str) -> None:
        header = _HEADER_RE.match(line)
        if header and self._is_own(header.group(2)) and self._open_id is None:
            return
        match = _SECTION_RE.match(line)
        if not match or not self._is_own(match.group(1)):
            self._begin_foreign(found, line)
        elif match.group(2) == "begin":
            self._begin(found, match.group(3))
        else:
            self._end(found, match.group(3), match.group(4))

    def _is_own(self, nonce: str | None) -> bool:
        return (nonce and nonce.lower()) == self._nonce

    def _begin_foreign(self, found: re.Match[bytes], line: str) -> None:
        """Leave out a section line of another transcript, and everything up to the next line of this one."""
        self._problems.add(
            "foreign_section",
            "warning",
            "A section line that does not belong to this transcript was ignored, with what followed it.",
            line=shown(line),
        )
        if self._open_id is not None and not self._foreign:
            self._pieces.append(self._data[self._resume : found.start()])
            self._foreign = True

    def _begin(self, found: re.Match[bytes], section_id: str) -> None:
        self._drop_open()
        self._open_id = section_id
        self._pieces = []
        self._foreign = False
        self._begun = self._resume = found.end()

    def _end(self, found: re.Match[bytes], section_id: str, errorlevel: str | None) -> None:
        if section_id != self._open_id:
            self._problems.add(
                "section_not_opened",
                "error",
                f"Section {section_id} ends without having begun; it is not used.",
                section=section_id,
            )
            self._drop_open()
            self._spoil(section_id)
            return
        if not self._foreign:
            self._pieces.append(self._data[self._resume : found.start()])
        self._open_id = None
        if section_id in self._bodies or section_id in self._spoiled:
            self._problems.add(
                "duplicate_section",
                "error",
                f"Section {section_id} is there more than once; none of them is used.",
                section=section_id,
            )
            self._spoil(section_id)
            return
        body = self._data[self._begun : found.start()]
        own = b"".join(self._pieces).lstrip(b"\r").removeprefix(b"\n")
        self._bodies[section_id] = (own, body, self._errorlevel(section_id, errorlevel))

    def _errorlevel(self, section_id: str, text: str | None) -> int | None:
        if text is not None and _ERRORLEVEL_RE.match(text):
            return int(text)
        self._problems.add(
            "errorlevel_missing",
            "warning",
            f"Section {section_id} does not say how its command ended.",
            section=section_id,
        )
        return None

    def _drop_open(self) -> None:
        if self._open_id is not None:
            self._problems.add(
                "section_not_closed",
                "error",
                f"Section {self._open_id} does not end; it is not used.",
                section=self._open_id,
            )
            self._spoil(self._open_id)
            self._open_id = None

    def _spoil(self, section_id: str) -> None:
        self._bodies.pop(section_id, None)
        self._spoiled.add(section_id)
