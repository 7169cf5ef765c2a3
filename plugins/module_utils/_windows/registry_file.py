# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the exact bytes of values from ``reg export`` text, and render hex(n) text that restores values.

Two dialects: ``Windows Registry Editor Version 5.00`` (UTF-16LE, hex of strings is UTF-16LE) and ``REGEDIT4``
(8-bit, hex of strings is in the ANSI code page). In memory a value is always what the registry itself holds: UTF-16LE.
Both signatures are part of the format and the same in every language (KB310516).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

DIALECT_5 = "5.00"
DIALECT_4 = "4"
SIGNATURES = {DIALECT_5: "Windows Registry Editor Version 5.00", DIALECT_4: "REGEDIT4"}
_SIGNED = {signature: dialect for dialect, signature in SIGNATURES.items()}

REG_NONE, REG_SZ, REG_EXPAND_SZ, REG_BINARY, REG_DWORD = range(5)
REG_MULTI_SZ = 7
REG_QWORD = 11
TYPE_NAMES = {
    REG_NONE: "REG_NONE",
    REG_SZ: "REG_SZ",
    REG_EXPAND_SZ: "REG_EXPAND_SZ",
    REG_BINARY: "REG_BINARY",
    REG_DWORD: "REG_DWORD",
    5: "REG_DWORD_BIG_ENDIAN",
    6: "REG_LINK",
    REG_MULTI_SZ: "REG_MULTI_SZ",
    8: "REG_RESOURCE_LIST",
    9: "REG_FULL_RESOURCE_DESCRIPTOR",
    10: "REG_RESOURCE_REQUIREMENTS_LIST",
    REG_QWORD: "REG_QWORD",
}
STRING_TYPES = frozenset((REG_SZ, REG_EXPAND_SZ, REG_MULTI_SZ))
_HEX_BYTES_PER_LINE = 20

RawValue = tuple[int, bytes]

_HEX_RE = re.compile(r"hex(?:\(([0-9a-fA-F]{1,8})\))?:([0-9a-fA-F, \t]*)\Z", re.IGNORECASE)
_MORE_HEX_RE = re.compile(r"[ \t]*[0-9a-fA-F]{2}[0-9a-fA-F, \t]*\\?[ \t]*\Z")
_DWORD_RE = re.compile(r"dword:([0-9a-fA-F]{8})[ \t]*\Z", re.IGNORECASE)
_NAME_RE = re.compile(r'(?:@|"((?:[^"\\]|\\.)*)")[ \t]*=[ \t]*', re.DOTALL)
_STRING_RE = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t]*\Z', re.DOTALL)
_ESCAPE_RE = re.compile(r"\\(.)", re.DOTALL)
_KEY_RE = re.compile(r"\[(HKEY_[^\n]*)\][ \t]*\Z", re.IGNORECASE)
_BARE_MARK_RE = re.compile(r'(?:[^"\\]|\\.)*"')
_COMMENT = ";"
_VALUE_BEGINNINGS = ('"', "@")
_PRINTABLE_RE = re.compile(r"[ -~]+\Z")


class RegFileError(ValueError):
    """Text that is not a registry file, or values that this dialect cannot express exactly."""


@dataclass
class RegFile:
    """The content of a registry file.

    Attributes:
        dialect: "5.00" or "4".
        keys: ``{key: {value name: (type, bytes)}}``, names as written, the default value under "". The bytes of
            string types are UTF-16LE in both dialects.
        inexact: ``(key, name)`` in lower case of values that are there but whose bytes cannot be known exactly.
        ended: keys, as written, behind whose values stands an empty line or a heading: nothing of them was cut off.
        stray: number of lines below a heading that are no values, no comments and no continuation of data.
    """

    dialect: str
    keys: dict[str, dict[str, RawValue]] = field(default_factory=dict)
    inexact: set[tuple[str, str]] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    stray: int = 0

    def values(self, key: str) -> dict[str, RawValue] | None:
        """Return the values of a key, found without regard to case; None if the file does not contain the key."""
        for name, values in self.keys.items():
            if name.lower() == key.lower():
                return values
        return None

    def get(self, key: str, name: str) -> RawValue | None:
        """Return one value, found without regard to case; None if it is not there.

        Raises:
            RegFileError: when it is there but its exact bytes are not known.
        """
        if (key.lower(), name.lower()) in self.inexact:
            raise RegFileError(f"this file does not show the exact bytes of {name}")
        for found, value in (self.values(key) or {}).items():
            if found.lower() == name.lower():
                return value
        return None


def long_key(key: str) -> str:
    """Spell out the hive of a key, as registry files and listings do."""
    return key.replace("HKLM\\", "HKEY_LOCAL_MACHINE\\", 1)


def number_value(number: int) -> RawValue:
    """Return a REG_DWORD."""
    return REG_DWORD, number.to_bytes(4, "little")


def text_value(text: str) -> RawValue:
    """Return a REG_SZ."""
    return REG_SZ, f"{text}\0".encode("utf-16-le", "surrogatepass")


def list_value(entries: Iterable[str]) -> RawValue:
    """Return a REG_MULTI_SZ: a zero character ends each entry, and another one the list."""
    return REG_MULTI_SZ, "".join(f"{entry}\0" for entry in (*entries, "")).encode("utf-16-le")


def raw_value(data: Sequence[str] | int | None) -> RawValue | None:
    """Return a value to write as it is stored: a number, a list, or None if it is absent."""
    if data is None:
        return None
    return number_value(data) if isinstance(data, int) else list_value(data)


def dialect_of(text: str) -> str | None:
    """Return the dialect that the first non-blank line announces; None if it is not a registry file."""
    first = text[:400].lstrip("\ufeff \t\r\n").split("\n", 1)[0].strip()
    return _SIGNED.get(first)


def read_reg(source: bytes | str) -> RegFile:
    """Read a registry file.

    Args:
        source: the bytes of the file, or its text when it came through a console. Such text is exact only where it is
            ASCII: a character that the code page lacks has become a question mark.

    Raises:
        RegFileError: when the source does not begin with a signature, or is UTF-16 that was cut.
    """
    lossy = isinstance(source, str) or not source.startswith(b"\xff\xfe")
    text = source if isinstance(source, str) else _decode(source)
    dialect = dialect_of(text)
    if dialect is None:
        raise RegFileError("the text does not begin with the signature of a registry file")
    reader = _Reader(RegFile(dialect), lossy)
    for line in _logical_lines(text):
        reader.take(line)
    return reader.result


def _decode(source: bytes) -> str:
    if source[:2] != b"\xff\xfe":
        return source.decode("latin-1")
    try:
        return source[2:].decode("utf-16-le", "surrogatepass")
    except UnicodeDecodeError as error:
        raise RegFileError("the file ends within a character of UTF-16") from error


class _Reader:
    def __init__(self, result: RegFile, lossy: bool) -> None:
        self.result = result
        self._lossy = lossy
        self._key: str | None = None
        self._known: set[tuple[str, str]] = set()
        self._dialect = result.dialect

    def take(self, line: str) -> None:
        dialect = _SIGNED.get(line)
        if self._key is not None and (not line or line.startswith("[") or dialect):
            self.result.ended.add(self._key)
        heading = _KEY_RE.match(line)
        if dialect:  # one file behind another, as `type a.reg b.reg` prints them
            self._dialect, self._key = dialect, None
        elif heading:
            self._key = heading.group(1)
            self.result.keys.setdefault(self._key, {})
        elif line.startswith("["):
            self._key = None
            self.result.stray += not line.endswith("]")
        elif self._key is not None and line and not line.startswith(_COMMENT):
            self.result.ended.discard(self._key)
            self._take_value(self._key, line)

    def _take_value(self, key: str, line: str) -> None:
        name_match = _NAME_RE.match(line)
        if not name_match:
            self.result.stray += 1
            return
        name = _unescaped(name_match.group(1) or "")
        identity = (key.lower(), name.lower())
        value = self._parse_data(line[name_match.end() :])
        if value is None or identity in self._known:
            self.result.inexact.add(identity)
        else:
            self.result.keys[key][name] = value
        self._known.add(identity)

    def _parse_data(self, data: str) -> RawValue | None:
        """Return type and exact bytes of the text after the equals sign; None if they are not certain."""
        if data.startswith('"'):
            text_match = _STRING_RE.match(data)
            if not text_match:
                return None
            text = _unescaped(text_match.group(1))
            if "\n" in text or (self._lossy and not (text.isascii() and "?" not in text)):
                return None
            return text_value(text)
        number_match = _DWORD_RE.match(data)
        if number_match:
            return number_value(int(number_match.group(1), 16))
        return _parse_hex(data, self._dialect)


def _unescaped(text: str) -> str:
    return _ESCAPE_RE.sub(r"\1", text) if "\\" in text else text


def _parse_hex(data: str, dialect: str) -> RawValue | None:
    hex_match = _HEX_RE.match(data)
    if not hex_match:
        return None
    kind = REG_BINARY if hex_match.group(1) is None else int(hex_match.group(1), 16)
    digits = [part.strip() for part in hex_match.group(2).split(",")]
    if digits == [""]:
        digits.pop()
    if not all(len(part) == 2 for part in digits):
        return None
    raw = bytes(int(part, 16) for part in digits)
    if dialect == DIALECT_4 and kind in STRING_TYPES:
        return (kind, raw.decode("ascii").encode("utf-16-le")) if raw.isascii() else None
    return kind, raw


def _logical_lines(text: str) -> Iterator[str]:
    """Join continued lines: hex data that ends in a backslash, and quoted text with line feeds."""
    lines = [line.rstrip("\r") for line in text.removesuffix("\n").split("\n")]
    at = 0
    while at < len(lines):
        stripped = lines[at].strip(" \t\ufeff")
        end = at + 1
        if stripped.startswith("["):
            yield stripped
        elif stripped[:1] in _VALUE_BEGINNINGS and _begins_open_text(stripped):
            end = _end_of_text(lines, at)
            yield "\n".join([lines[at].lstrip(" \t"), *lines[at + 1 : end]])
        elif stripped.endswith("\\"):
            end = _end_of_hex(lines, at)
            *front, last = (line.strip(" \t") for line in lines[at:end])
            yield "".join(line.removesuffix("\\") for line in front) + last
        else:
            yield stripped
        at = end


def _begins_open_text(line: str) -> bool:
    """Return whether this is ``"name"="text`` with the closing quotation mark on a later line."""
    if line.endswith('"') and not line.endswith('\\"'):
        return False
    name_match = _NAME_RE.match(line)
    if name_match is None or not line.startswith('"', name_match.end()):
        return False
    return _STRING_RE.match(line, name_match.end()) is None


def _end_of_text(lines: list[str], start: int) -> int:
    r"""Return the index after the line that closes the quoted text that line `start` leaves open.

    Inside the text every quotation mark is escaped, so the first bare one closes it, at the end of a line. One that
    stands elsewhere shows that the text was never open: a double-byte code page (932, 936, 950) has characters whose
    second byte is a backslash, which makes ``\"`` of what was a character and the closing mark. Such a line stands
    alone (its bytes are not known exactly), and those behind it are read as they are.
    """
    for at in range(start + 1, len(lines)):
        bare = _BARE_MARK_RE.match(lines[at])
        if bare:
            return at + 1 if not lines[at][bare.end() :].strip(" \t") else start + 1
    return start + 1


def _end_of_hex(lines: list[str], start: int) -> int:
    """Return the index after the last line of the data. If that ends in a backslash too, the rest is missing."""
    at = start
    while at < len(lines) - 1 and lines[at].strip(" \t").endswith("\\") and _MORE_HEX_RE.match(lines[at + 1]):
        at += 1
    return at + 1


def render_reg(values: Mapping[str, Mapping[str, RawValue | None]], dialect: str = DIALECT_5) -> str:
    """Render a registry file: every value as hex(n) digits, None as the removal of the value.

    Args:
        values: ``{key: {value name: (type, bytes) or None}}``; keys and names are our own literals (printable ASCII).
            The bytes of string types are UTF-16LE in both dialects, as the registry holds them.
        dialect: "5.00", or "4" for Windows 2000 and older editors.

    Returns:
        Text with CRLF line ends; `encode_reg` gives the bytes of the file.

    Raises:
        RegFileError: for names that are not printable ASCII, and for strings that REGEDIT4 cannot hold exactly.
    """
    lines = [SIGNATURES[dialect], ""]
    for key, named in values.items():
        lines.append(f"[{_checked_name(key)}]")
        for name, value in named.items():
            left = '"' + _checked_name(name).replace("\\", "\\\\").replace('"', '\\"') + '"=' if name else "@="
            lines.extend([left + "-"] if value is None else _hex_lines(left, value, dialect))
        lines.append("")
    return "\r\n".join(lines) + "\r\n"


def encode_reg(text: str, dialect: str = DIALECT_5) -> bytes:
    """Return the bytes of a file with this text: UTF-16LE with its mark for 5.00, plain ASCII for REGEDIT4."""
    return b"\xff\xfe" + text.encode("utf-16-le") if dialect == DIALECT_5 else text.encode("ascii")


def _checked_name(name: str) -> str:
    if not _PRINTABLE_RE.match(name):
        raise RegFileError(f"{name!r} is not a key or value name of printable ASCII")
    return name


def _hex_lines(left: str, value: RawValue, dialect: str) -> list[str]:
    kind, raw = value
    if dialect == DIALECT_4 and kind in STRING_TYPES:
        try:
            raw = raw.decode("utf-16-le").encode("ascii")
        except UnicodeError as error:
            raise RegFileError("REGEDIT4 holds strings of ASCII characters only") from error
    left += "hex:" if kind == REG_BINARY else f"hex({kind:x}):"
    digits = [f"{byte:02x}" for byte in raw]
    chunks = [
        ",".join(digits[start : start + _HEX_BYTES_PER_LINE]) for start in range(0, len(digits), _HEX_BYTES_PER_LINE)
    ] or [""]
    return [
        (left if index == 0 else "  ") + chunk + (",\\" if index < len(chunks) - 1 else "")
        for index, chunk in enumerate(chunks)
    ]
