# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse ``reg query`` output of every release, and registry files of hosts without reg.exe.

Layouts of ``reg query``: Windows 2000, XP and 2003 begin with ``! REG.EXE VERSION n`` and put tabs between name, type
and data; later ones put four spaces. Both indent values by four spaces and print subkeys as bare lines behind them.
The default value's name is translated, so it is treated like any other name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeAlias

from .._windows.registry_file import (
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
from .listing import NO_BREAK

RegData: TypeAlias = "int | str | list[str] | None"

# Two spaces in a row stand between columns, never in a key's path: what is behind them was put there. Behind another
# hive is a second line.
_KEY_RE = re.compile(r"HKEY_[A-Z_]+(?:\\(?!.*(?:[ \t]{2}|HKEY_))[^\x00-\x1f]*)?\Z")
_TYPED_RE = re.compile(r"(?:\t| {4})(REG_[A-Z_]+|0x[0-9A-Fa-f]{1,8})(?:\t| {4}|[ \t]*\Z)")
_BLANK = f"[ \t{NO_BREAK}]"
# What tabs have become in a listing that was pasted somewhere: any number of spaces, also no-break ones.
_PASTED_RE = re.compile(f"(?<!{_BLANK}){_BLANK}+(REG_[A-Z_]+)(?:{_BLANK}+|\\Z)")
_TWO_TYPES_RE = re.compile(
    f"(?:\t|{_BLANK}{{2}})(?:REG_[A-Z_]+|0x[0-9A-Fa-f]{{1,8}}){_BLANK}+REG_[A-Z_]+(?:{_BLANK}|\\Z)"
)
# The type of another row, whose line end was lost: between columns, or after single spaces where there are no others.
_TYPE_COLUMN_RE = re.compile(f"(?:\t|{_BLANK}{{2}})REG_[A-Z_]+(?=\t|{_BLANK}{{2}}|\\Z)")
_TYPE_WORD_RE = re.compile(f"{_BLANK}REG_[A-Z_]+(?={_BLANK}|\\Z)")
_COLUMNS_RE = re.compile(f"\t|{_BLANK}{{2}}")
_NO_BREAK_RE = re.compile(f"[{NO_BREAK}]")
# Characters that end a line elsewhere than in a console.
_LINE_END_RE = re.compile("[\x85\u2028\u2029]")
_CONTROL_RE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SIGNATURE_RE = re.compile(
    "^[ \t\ufeff]*(?:" + "|".join(map(re.escape, SIGNATURES.values())) + ")[ \t\r]*$", re.MULTILINE
)
_LISTED_RE = re.compile("^HKEY_", re.MULTILINE)
_INDENTED_RE = re.compile("^([ \t]+)(HKEY_[^\n]*)$", re.MULTILINE)
_HIVE = "HKEY_"
_BANNER = "! REG.EXE "
_HEX_NUMBER_RE = re.compile(r"0x[0-9A-Fa-f]{1,16}\Z")
_DIGITS_RE = re.compile(r"(?:[0-9A-Fa-f]{2})*\Z")
_NUMBER_TYPES = frozenset((TYPE_NAMES[REG_DWORD], TYPE_NAMES[REG_QWORD]))
_KNOWN_TYPES = frozenset(TYPE_NAMES.values())
_MARGIN = "    "
_CURRENT = "\\currentcontrolset\\"
# What a browser, a terminal and a word processor leave inside a name, and everything that is no letter.
_JUNK_RE = re.compile(r"&#?[0-9a-z]{1,10};|<[^<>]{0,40}>|\[[0-9;]{0,10}[a-z]|\\'?[a-z0-9]{1,10} ?|[^a-z_]+")
_DAMAGED_PART = 3
"""At most a third of a name has become other characters; else it is another name, as the default one in Cyrillic."""
_NO_WORD_RE = re.compile(r"[^a-z0-9_]")
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
    """A key in the listing.

    Attributes:
        path: as printed.
        values: by lower-case name.
        ambiguous: names that occur more than once, or whose data is not certain.
        ended: whether the text shows where the values end: an empty line or another key behind them. Only then is a
            value absent that is not among them.
        repeated: whether a name occurs more than once: perhaps the line of the second one's key is missing.
    """

    path: str
    values: dict[str, RegValue] = field(default_factory=dict)
    ambiguous: set[str] = field(default_factory=set)
    ended: bool = False
    repeated: bool = False

    def add(self, value: RegValue) -> None:
        """Add a value. A different value with the same name makes the name ambiguous."""
        self.repeated = self.repeated or value.name.lower() in self.values
        earlier = self.values.setdefault(value.name.lower(), value)
        if earlier != value:
            self.ambiguous.add(value.name.lower())


@dataclass
class RegDump:
    """The keys of a text.

    Attributes:
        keys: in the order of the text, by lower-case path.
        stray: number of lines behind the first key that cannot be read: parts of wrapped rows, rows that lack a column,
            marks of a pager. Any of them may have been the value that is missed.
        headless: number of values in front of the first key: the lines are not in their order, or a key's is missing.
    """

    keys: dict[str, RegKey] = field(default_factory=dict)
    stray: int = 0
    headless: int = 0

    @property
    def damaged(self) -> int:
        """The number of lines that show that the listing of a single key is not as reg.exe printed it."""
        return self.stray + self.headless

    def open(self, path: str) -> RegKey:
        """Return the key of that path, and create it if it is new."""
        return self.keys.setdefault(path.lower(), RegKey(path))

    def find(self, suffix: str) -> RegKey | None:
        r"""Return the first key whose path ends in `suffix` (begin it with a backslash), without regard to case.

        One of the current control set is preferred: an export of more may show the others too.
        """
        wanted = suffix.lower()
        found = [path for path in self.keys if path.endswith(wanted)]
        best = next((path for path in found if _CURRENT in path), found[0] if found else None)
        return self.keys[best] if best is not None else None

    def may_hold(self, suffix: str, name: str) -> bool:
        """Return whether a key without a value may have it: under a damaged name, or in a line that went elsewhere.

        The same key of another control set may have it, too.
        """
        wanted, suffix = name.lower(), suffix.lower()
        return self.headless > 0 or any(
            is_damaged_name(found, wanted) or (found == wanted and not path.endswith(suffix))
            for path, key in self.keys.items()
            for found in key.values
        )


def parse_reg(text: str) -> RegDump:
    """Parse ``reg query`` output or the text of a registry file.

    What stands in front of the first key is ignored, and a remark behind an empty line; other lines are counted.
    """
    file_text = _file_text(text)
    if file_text is not None:
        return _from_file(read_reg(file_text))
    dump = RegDump()
    key: RegKey | None = None
    for item in _query_lines(text):
        if isinstance(item, str):
            if key is not None:
                key.ended = True
            key = dump.open(item)
            key.ended = False
        elif isinstance(item, RegValue):
            if key is not None:
                key.add(item)
                key.ended = False
            else:
                dump.headless += 1
        elif key is not None:
            key.ended = key.ended or item is _Line.EMPTY
            dump.stray += item is _Line.STRAY
    return dump


def reg_lines(text: str) -> Iterator[str | RegValue]:
    """Yield the lines for `parse_reg` in the order of the text: a str for a key, a RegValue for a value.

    For filtered output, in which the key lines of some values are missing.
    """
    file_text = _file_text(text)
    if file_text is None:
        yield from (item for item in _query_lines(text) if not isinstance(item, _Line))
        return
    for key in _from_file(read_reg(file_text)).keys.values():
        yield key.path
        yield from key.values.values()


def is_file(text: str) -> bool:
    """Return whether the text is a registry file and not a listing."""
    return _file_text(text) is not None


def _file_text(text: str) -> str | None:
    """Return the text from the signature of a registry file on. None without a signature, or behind a listing."""
    signature = _SIGNATURE_RE.search(text)
    if not signature or _LISTED_RE.search(text, 0, signature.start()):
        return None
    return text[signature.start() :].lstrip(" \t\ufeff")


class _Line(Enum):
    """A line that is neither a key nor a value."""

    EMPTY = 0
    STRAY = 1


def _query_lines(text: str) -> Iterator[str | RegValue | _Line]:
    pasted = "\tREG_" not in text and (_BANNER in text or "    REG_" not in text)
    begun, behind_empty, of_nt5 = False, False, _BANNER in text
    # What the last line end ends is no empty line.
    for line in _unindented(text).removesuffix("\n").split("\n"):
        bare = line.rstrip()
        if bare.startswith("HKEY_") and _KEY_RE.match(bare):
            begun, behind_empty = True, False
            yield bare
            continue
        value = (None if pasted else _exact_value(line)) or _pasted_value(line)
        if value and _is_sound(value, line):
            behind_empty = False
            yield replace(value, data=None) if of_nt5 and _lacks_its_end(value, bare) else value
        elif not bare:
            behind_empty = True
            if not line:
                yield _Line.EMPTY
        elif begun and not (behind_empty and _is_remark(line)) and not bare.startswith(_BANNER):
            yield _Line.STRAY


def _is_sound(value: RegValue, line: str) -> bool:
    """Return whether reg.exe can have printed this row: one name, an existing type, and no control characters.

    A number in the place of a type that has no data behind it is the data of a row that lost its type.
    """
    known = value.type in _KNOWN_TYPES or (value.type.startswith("0x") and value.data != "")
    one_name = bool(value.name) and not _COLUMNS_RE.search(value.name) and not line.startswith(_HIVE)
    bare = line.strip()
    two_rows = bare.count("REG_") > 1 and len(_TYPE_COLUMN_RE.findall(bare) or _TYPE_WORD_RE.findall(bare)) > 1
    return known and one_name and not two_rows and not _TWO_TYPES_RE.search(bare) and not _CONTROL_RE.search(line)


def _lacks_its_end(value: RegValue, bare: str) -> bool:
    """Return whether this is a list that reg.exe of NT5 would have ended with two zeros."""
    return value.type == TYPE_NAMES[REG_MULTI_SZ] and bool(value.data) and not bare.endswith(_STRING_SEPARATOR * 2)


def _is_remark(line: str) -> bool:
    """Return whether a line behind an empty one is a remark and not a damaged row: no indentation, type or key.

    A backslash stands in the remains of a key's line.
    """
    bare = line[0] not in " \t" and not _NO_BREAK_RE.match(line)
    return bare and not any(part in line for part in ("REG_", _HIVE, "\\"))


def _exact_value(line: str) -> RegValue | None:
    margin = len(_MARGIN) if line.startswith(_MARGIN) else 0
    found = _TYPED_RE.search(line, margin)
    if not found or (found.group(1).startswith("0") and _PASTED_RE.search(line, 0, found.start(1))):
        return None  # no value, or the number is the data of one whose tabs have become spaces
    data = line[found.end() :]
    return _value(line[margin : found.start()].strip(" \t"), found, data)


def _pasted_value(line: str) -> RegValue | None:
    found = _PASTED_RE.search(line)
    return _value(line[: found.start()].strip(), found, line[found.end() :]) if found else None


def _value(name: str, found: re.Match[str], data: str) -> RegValue:
    """Return the row's value. A list is empty only if a separator shows that there was a column for its data."""
    kind = found.group(1)
    if kind == TYPE_NAMES[REG_MULTI_SZ] and found.group().endswith(kind):
        return RegValue(name, kind, None)
    return RegValue(name, kind, _data_of(kind, data))


def _unindented(text: str) -> str:
    """Remove the margin of a listing that is indented as a whole. If a key is at the left edge, there is none."""
    if _LISTED_RE.search(text):
        return text
    for found in _INDENTED_RE.finditer(text):
        if _KEY_RE.match(found.group(2).rstrip()) and not _PASTED_RE.search(found.group()):  # no value named so
            return re.sub("^" + found.group(1), "", text, flags=re.MULTILINE)
    return text


def _data_of(kind: str, text: str) -> RegData:
    bare = text.strip()
    if kind in _NUMBER_TYPES:
        return int(bare, 16) if _HEX_NUMBER_RE.match(bare) else None
    if _NO_BREAK_RE.search(text):
        return None  # it may have been a space
    if kind == TYPE_NAMES[REG_MULTI_SZ]:
        return None if _LINE_END_RE.search(text) else _entries_of(text) if bare else []
    if kind == TYPE_NAMES[REG_BINARY]:
        return bare.upper() if _DIGITS_RE.match(bare) else None
    return text


def _entries_of(text: str) -> list[str] | None:
    r"""Return the strings of a list. NT5 prints ``a\0b\0\0``, later releases ``a\0b``.

    None if the end is missing (``a\0b\0`` continues on another line), or if text follows it, also in a separate
    column. An empty string in the middle stays: it is an entry that somebody must see.
    """
    ended, separator, behind = text.rpartition(_STRING_SEPARATOR * 2)
    if separator and behind and not behind.strip(" \t"):
        text = ended  # spaces behind the end
    entries = text.split(_STRING_SEPARATOR)
    cut = len(entries) > 1 and not entries[-1] and entries[-2]
    glued = bool(separator) and len(behind.lstrip()) < len(behind) and bool(behind.strip())
    if cut or glued or any(_COLUMNS_RE.search(entry) for entry in entries):
        return None
    return _without_empty_tail(entries)


def _without_empty_tail(entries: list[str]) -> list[str]:
    """Remove the empty strings that the terminators leave at the end."""
    end = len(entries)
    while end and not entries[end - 1]:
        end -= 1
    return entries[:end]


def _from_file(source: RegFile) -> RegDump:
    dump = RegDump(stray=source.stray)
    for path, values in source.keys.items():
        key = dump.open(path)
        key.ended = path in source.ended
        for name, raw in values.items():
            key.add(RegValue(name, type_name(raw[0]), typed_data(raw)))
    for path, name in source.inexact:
        if path in dump.keys:
            dump.keys[path].ambiguous.add(name)
    return dump


def is_damaged_name(found: str, name: str) -> bool:
    """Return whether a value's name is the wanted one with characters in it that do not belong there.

    Added letters make another name, as somebody gives it to a value to keep it.
    """
    if found.lower() == name.lower():
        return False
    found, name = unicodedata.normalize("NFKC", found).lower(), name.lower()
    if _JUNK_RE.sub("", found) == _JUNK_RE.sub("", name) != "":
        return True
    differing = [letter for letter, wanted in zip(found, name, strict=False) if letter != wanted]
    few = len(found) == len(name) and len(differing) * _DAMAGED_PART <= len(name)
    return few and all(map(_NO_WORD_RE.match, differing))


def type_name(kind: int) -> str:
    """Return the name of a registry type, or its number in hexadecimal if it has none."""
    return TYPE_NAMES.get(kind, f"0x{kind:x}")


def typed_data(raw: RawValue) -> RegData:
    """Convert the exact bytes of a value to data, see `RegValue.data`."""
    kind, data = raw
    if kind == REG_DWORD:
        return int.from_bytes(data, "little") if len(data) == 4 else None
    if kind == REG_QWORD:
        return int.from_bytes(data, "little") if len(data) == 8 else None
    if kind not in STRING_TYPES:
        return data.hex().upper()
    text = data.decode("utf-16-le", "replace")
    if kind == REG_MULTI_SZ:
        return _without_empty_tail(text.split("\0")) if text[-1:] in ("", "\0") else None
    return text.split("\0", 1)[0]
