# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read ``reg query`` output of every release, and registry files where a host has no reg.exe.

Layouts of ``reg query``: Windows 2000, XP and 2003 begin with ``! REG.EXE VERSION n`` and put tabs between name, type
and data; later ones put four blanks. Both indent values by four blanks and print subkeys as bare lines behind them.
The default value's name is translated, so it is treated like any other name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._regfile import (
    REG_BINARY,
    REG_DWORD,
    REG_MULTI_SZ,
    REG_QWORD,
    SIGNATURES,
    STRING_TYPES,
    TYPE_NAMES,
    RawValue,
    RegFile,
    read_reg,
)

RegData: TypeAlias = "int | str | list[str] | None"

_KEY_RE = re.compile(r"HKEY_[A-Z_]+(?:\\[^\t]*)?\Z")
_TYPED_RE = re.compile(r"(?:\t| {4})(REG_[A-Z_]+|0x[0-9A-Fa-f]{1,8})(?:\t| {4}|[ \t]*\Z)")
# What tabs have become in a listing that was pasted somewhere: any number of blanks.
_PASTED_RE = re.compile(r"(?<![ \t])[ \t]+(REG_[A-Z_]+)(?:[ \t]+|\Z)")
_SIGNATURE_RE = re.compile(
    "^[ \t\ufeff]*(?:" + "|".join(map(re.escape, SIGNATURES.values())) + ")[ \t\r]*$", re.MULTILINE
)
_LISTED_RE = re.compile("^HKEY_", re.MULTILINE)
_INDENTED_RE = re.compile("^([ \t]+)(HKEY_[^\n]*)$", re.MULTILINE)
_BANNER = "! REG.EXE "
_HEX_NUMBER_RE = re.compile(r"0x[0-9A-Fa-f]{1,16}\Z")
_DIGITS_RE = re.compile(r"(?:[0-9A-Fa-f]{2})*\Z")
_NUMBER_TYPES = frozenset((TYPE_NAMES[REG_DWORD], TYPE_NAMES[REG_QWORD]))
_MARGIN = "    "
_CURRENT = "\\currentcontrolset\\"
_STRING_SEPARATOR = "\\0"


@dataclass(frozen=True)
class RegValue:
    """One value.

    Attributes:
        name: as printed; the default value under its translated name, in registry files under "".
        type: ``REG_SZ`` and so on; the number in hexadecimal for types that have no name.
        data: int for numbers, list for REG_MULTI_SZ, hexadecimal digits in upper case for REG_BINARY, else text;
            None where the data cannot be read as what its type says.
    """

    name: str
    type: str
    data: RegData


@dataclass
class RegKey:
    """A key that was listed; `values` by lower-case name, `ambiguous` names came more than once."""

    path: str
    values: dict[str, RegValue] = field(default_factory=dict)
    ambiguous: set[str] = field(default_factory=set)

    def add(self, value: RegValue) -> None:
        """Add a value; one that differs from an earlier one of that name makes the name ambiguous."""
        earlier = self.values.setdefault(value.name.lower(), value)
        if earlier != value:
            self.ambiguous.add(value.name.lower())


@dataclass
class RegDump:
    """Keys in the order of the text, by lower-case path."""

    keys: dict[str, RegKey] = field(default_factory=dict)

    def open(self, path: str) -> RegKey:
        """The key of that path, made when it is new."""
        return self.keys.setdefault(path.lower(), RegKey(path))

    def find(self, suffix: str) -> RegKey | None:
        r"""The first key whose path ends in `suffix` (begin it with a backslash), without regard to case.

        One of the current control set is preferred: an export of more may show the others too.
        """
        wanted = suffix.lower()
        found = [path for path in self.keys if path.endswith(wanted)]
        best = next((path for path in found if _CURRENT in path), found[0] if found else None)
        return self.keys[best] if best is not None else None


def parse_reg(text: str) -> RegDump:
    """Parse ``reg query`` output or the text of a registry file; lines that are neither are ignored."""
    file_text = _file_text(text)
    if file_text is not None:
        return _from_file(read_reg(file_text))
    dump = RegDump()
    key: RegKey | None = None
    for item in _query_lines(text):
        if isinstance(item, str):
            key = dump.open(item)
        elif key is not None:
            key.add(item)
    return dump


def reg_lines(text: str) -> Iterator[str | RegValue]:
    """What `parse_reg` reads, in the order of the text: a str for a key, a RegValue for a value.

    For filtered output, in which the key lines of some values are missing.
    """
    file_text = _file_text(text)
    if file_text is None:
        yield from _query_lines(text)
        return
    for key in _from_file(read_reg(file_text)).keys.values():
        yield key.path
        yield from key.values.values()


def is_file(text: str) -> bool:
    """Whether the text is that of a registry file, and no listing."""
    return _file_text(text) is not None


def _file_text(text: str) -> str | None:
    """The text from the signature of a registry file on; None when it has none, or is a listing in front of it."""
    signature = _SIGNATURE_RE.search(text)
    if not signature or _LISTED_RE.search(text, 0, signature.start()):
        return None
    return text[signature.start() :].lstrip(" \t\ufeff")


def _query_lines(text: str) -> Iterator[str | RegValue]:
    pasted = "\tREG_" not in text and (_BANNER in text or "    REG_" not in text)
    for line in _unindented(text).split("\n"):
        bare = line.rstrip()
        if bare.startswith("HKEY_") and _KEY_RE.match(bare):
            yield bare
            continue
        value = (None if pasted else _exact_value(line)) or _pasted_value(line)
        if value:
            yield value


def _exact_value(line: str) -> RegValue | None:
    margin = len(_MARGIN) if line.startswith(_MARGIN) else 0
    found = _TYPED_RE.search(line, margin)
    if not found or (found.group(1).startswith("0") and _PASTED_RE.search(line, 0, found.start(1))):
        return None  # no value, or the number is the data of one whose tabs have become blanks
    name = line[margin : found.start()].strip("\t").rstrip(" ")
    return RegValue(name, found.group(1), _data_of(found.group(1), line[found.end() :]))


def _pasted_value(line: str) -> RegValue | None:
    found = _PASTED_RE.search(line)
    if not found:
        return None
    return RegValue(line[: found.start()].strip(), found.group(1), _data_of(found.group(1), line[found.end() :]))


def _unindented(text: str) -> str:
    """Take away the margin of a listing that stands indented as a whole; with a key at the left edge there is none."""
    if _LISTED_RE.search(text):
        return text
    for found in _INDENTED_RE.finditer(text):
        if _KEY_RE.match(found.group(2).rstrip()) and not _PASTED_RE.search(found.group()):  # no value named so
            return re.sub("^" + found.group(1), "", text, flags=re.MULTILINE)
    return text


def _data_of(type_name: str, text: str) -> RegData:
    bare = text.strip()
    if type_name in _NUMBER_TYPES:
        return int(bare, 16) if _HEX_NUMBER_RE.match(bare) else None
    if type_name == TYPE_NAMES[REG_MULTI_SZ]:
        return _without_empty_tail(text.split(_STRING_SEPARATOR)) if bare else []
    if type_name == TYPE_NAMES[REG_BINARY]:
        return bare.upper() if _DIGITS_RE.match(bare) else None
    return text


def _without_empty_tail(entries: list[str]) -> list[str]:
    r"""Drop what the terminators leave behind: NT5 prints ``a\0b\0\0``, later releases ``a\0b``.

    An empty string in the middle stays: it is an entry that somebody must see.
    """
    end = len(entries)
    while end and not entries[end - 1]:
        end -= 1
    return entries[:end]


def _from_file(source: RegFile) -> RegDump:
    dump = RegDump()
    for path, values in source.keys.items():
        key = dump.open(path)
        for name, raw in values.items():
            key.add(RegValue(name, type_name(raw[0]), typed_data(raw)))
    for path, name in source.inexact:
        if path in dump.keys:
            dump.keys[path].ambiguous.add(name)
    return dump


def type_name(kind: int) -> str:
    """The name of a registry type; its number in hexadecimal when it has none."""
    return TYPE_NAMES.get(kind, f"0x{kind:x}")


def typed_data(raw: RawValue) -> RegData:
    """The exact bytes of a value as data: see `RegValue.data`."""
    kind, data = raw
    if kind == REG_DWORD:
        return int.from_bytes(data, "little") if len(data) == 4 else None
    if kind == REG_QWORD:
        return int.from_bytes(data, "little") if len(data) == 8 else None
    if kind not in STRING_TYPES:
        return data.hex().upper()
    text = data.decode("utf-16-le", "replace")
    if kind == REG_MULTI_SZ:
        return _without_empty_tail(text.split("\0"))
    return text.split("\0", 1)[0]
