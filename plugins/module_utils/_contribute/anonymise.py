# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replace the names in a transcript. It still parses to the same facts, except for the names.

It does not search for names: every word that is not known to be harmless is replaced. A word stays only if it is on a
list below or in the catalogue. A number stays where the parsers read numbers. The data of a registry value stays only
if the facts need that value. A word has the same stand-in everywhere, without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from itertools import chain, count

from .._catalogue.sbs2003 import CATALOGUE
from .._parsers.listing import plain_lines
from .._parsers.reg_query import is_file, parse_reg
from .._parsers.transcript import Source, split_transcript
from .._sections.row import SectionRow, words
from .._sections.table import SECTIONS
from .._windows.settings import NETSH, RANGES, SETTINGS

_WORD = r"[^\t\n -/:-@\[-^`{-~]"
"""Letters, digits, the underscore, control characters and everything beyond ASCII."""
_ALONE = rf"(?<!{_WORD})(?:%s)(?!{_WORD})"
_NUMBER_RE = re.compile(r"[0-9]+|0x[0-9A-F]{1,16}|[0-9A-F]{1,2}|(?:KB|Q)[0-9]{6,7}|v[0-9]{1,2}", re.IGNORECASE)
_SERIAL = rf"{_WORD}+(?:-{_WORD}+){{3,}}"
"""SIDs, product ids, GUIDs, keys, hardware addresses: four and more groups. A port range has two, a date three."""
_IPV4 = r"(?<![.\w])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![.\w])"
_ENDPOINT = (
    r"(?<![^ \t,])(?:\[(?P<inner>[0-9A-Fa-f.:]+)(?:%(?P<zone>[^%\]\s]+))?\]|(?P<outer>[0-9A-Fa-f.:]+))"
    r"(?P<port>:[0-9]{1,5})(?![^ \t,])"
)
_TYPE_RE = re.compile(r"(?<![ \t])[ \t]+(?:REG_[A-Z_]+|0x[0-9A-Fa-f]{1,8})(?:[ \t]+|\Z)")
_DIGITS_RE = re.compile(r"[0-9A-F]+(?:-(?:0x)?[0-9A-F]+)?\Z", re.IGNORECASE)
_STAND_RE = re.compile(r"n[aä]me[0-9]+|2001:db8::[0-9a-f]+|[0-9]+(?:\.[0-9]+){3}")
"""What looks like a stand-in."""
_BANNER_RE = re.compile(r"[ \t]*! REG\.EXE VERSION [0-9.]+[ \t]*\Z")
_BANNER_WORDS = frozenset(("reg", "exe", "version"))
_MARK_RE = re.compile("#(?=portkeeper)", re.IGNORECASE)
_HARMLESS_ADDRESSES = frozenset(("0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1"))
_COMMON = words("""
    HKEY_LOCAL_MACHINE SYSTEM CurrentControlSet ControlSet001 ControlSet002 ControlSet003 Services SOFTWARE Wow6432Node
    Microsoft Windows NT CurrentVersion Control Parameters Tcpip DNS portkeeper state TriggerInfo
""")
"""Parts of registry paths that parsers look at.

A word that is missing here or in a section's row costs a contributed transcript some colour; a word too many may be
somebody's name.
"""
_DOCUMENTATION_NETS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "240.0.0.0/4")


def anonymise(source: Source, keep: Iterable[str] = ()) -> str:
    """Replace every name, address, SID and serial number of the transcript with a stand-in.

    Sections that are not whole, or that the collector does not print, are left out.

    Args:
        source: as `parse_transcript` takes it.
        keep: additional service keys that may be shown.

    Raises:
        TranscriptError: for a source of another type, invalid base64, or more than 8 MiB.
    """
    sections = split_transcript(source).sections
    writer = _Writer(keep, "\n".join(section.text for section in sections.values()))
    lines = ["#portkeeper transcript 1"]
    for row in SECTIONS.values():
        if row.id in sections:
            section = sections[row.id]
            level = "" if section.errorlevel is None else f" {section.errorlevel}"
            body = _MARK_RE.sub(".", writer.section(row, section.text)).lstrip("\n").removesuffix("\n")
            lines += [f"#portkeeper begin {row.id}", *([body] if body else []), f"#portkeeper end {row.id}{level}"]
    return "\n".join(lines) + "\n"


class _Stands:
    """Stand-ins by the text that they replace. None of them occurs in the source."""

    def __init__(self, source: str) -> None:
        self._taken = frozenset(_STAND_RE.findall(source.lower()))
        self._made: dict[str, str] = {}
        self._numbers = count(1)
        self._addresses = (str(host) for net in _DOCUMENTATION_NETS for host in ip_network(net).hosts())
        self._addresses6 = (f"2001:db8::{number:x}" for number in count(1))

    def word(self, text: str) -> str:
        """Return the stand-in of a word. It contains non-ASCII letters if the word does."""
        stem = "name" if text.isascii() else "näme"
        return self._stand(text.lower(), (f"{stem}{number}" for number in self._numbers))

    def address(self, text: str) -> str:
        """Return a stand-in from the address ranges that are reserved for documentation."""
        if text in _HARMLESS_ADDRESSES:
            return text
        return self._stand(text.lower(), self._addresses6 if ":" in text else self._addresses)

    def _stand(self, text: str, stands: Iterator[str]) -> str:
        if text not in self._made:
            self._made[text] = next(stand for stand in stands if stand not in self._taken)
        return self._made[text]


class _Writer:
    """Rewrites sections one after another."""

    def __init__(self, keep: Iterable[str], source: str) -> None:
        self._stands = _Stands(source)
        patterns = "|".join(
            (
                rf"(?P<serial>{_ALONE % _SERIAL})",
                rf"(?P<address>{_IPV4})",
                rf"(?P<key>{_ALONE % _any(chain(_KEYS, keep))}|(?<!{_WORD})(?:{_any(_PREFIXES)}))",
                rf"{_WORD}+",
            )
        )
        self._words = re.compile(patterns, re.IGNORECASE)
        self._endpoints = re.compile(f"{_ENDPOINT}|{patterns}", re.IGNORECASE)

    def section(self, row: SectionRow, text: str) -> str:
        """Return the text of a section with stand-ins."""
        if row.id == "computer_name":
            return self._stands.word(text.strip()) if text.strip() else ""
        if row.exports is not None:
            return self._registry(text, row)
        harmless = _harmless_in(row)
        pattern = self._endpoints if row.id == "netstat" else self._words
        return self._line("\n".join(plain_lines(text)), harmless, pattern)

    def _line(self, text: str, harmless: frozenset[str], pattern: re.Pattern[str] | None = None) -> str:
        """Replace all words of a line but the harmless ones."""

        def stand(found: re.Match[str]) -> str:
            whole = found.group()
            if found.lastgroup == "port":
                return self._endpoint(found)
            if found.lastgroup == "address":
                return self._stands.address(whole)
            if found.lastgroup == "key" or whole.lower() in harmless or _NUMBER_RE.fullmatch(whole):
                return whole
            return self._stands.word(whole)

        return (pattern or self._words).sub(stand, text)

    def _endpoint(self, found: re.Match[str]) -> str:
        if found["outer"]:
            return self._stands.address(found["outer"]) + found["port"]
        zone = found["zone"] or ""
        zone = f"%{zone if zone.isascii() and zone.isdigit() else self._stands.word(zone)}" if zone else ""
        return f"[{self._stands.address(found['inner'])}{zone}]{found['port']}"

    def _registry(self, text: str, row: SectionRow) -> str:
        lines = _listed(text) if is_file(text) else text.split("\n")
        harmless, settings = _harmless_in(row), row.setting_values
        kept, binary = row.values | settings, row.binary | settings
        return "\n".join(self._registry_line(line, harmless, kept, binary) for line in lines)

    def _registry_line(self, line: str, harmless: frozenset[str], kept: frozenset[str], binary: frozenset[str]) -> str:
        """Rewrite keys, values and the tool's banner; replace any other line of a registry section as a whole."""
        found = _TYPE_RE.search(line)
        is_key = line.strip().startswith("HKEY_")
        if is_key or not found:
            wanted = is_key or _BANNER_RE.match(line)
            margin = line[: len(line) - len(line.lstrip())]
            return self._line(line, harmless | _BANNER_WORDS) if wanted else f"{margin}?" if line.strip() else ""
        name, kind, data = line[: found.start()], found.group(), line[found.end() :]
        if name.strip().lower() not in kept:
            return self._line(name, harmless) + kind
        if not (name.strip().lower() in binary and _DIGITS_RE.match(data.strip())):
            data = "\\0".join(self._line(part, harmless) for part in data.split("\\0"))
        return name + kind + data


def _harmless_in(row: SectionRow) -> frozenset[str]:
    return _COMMON | row.words | frozenset((*SETTINGS, *NETSH, *RANGES))


def _any(names: Iterable[str]) -> str:
    """Return a pattern for any of these texts, the longest first."""
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name) or "(?!)"


_KEYS = tuple(key for row in CATALOGUE for key in row.service_keys + row.requires)
_PREFIXES = tuple(
    found.group()
    for row in CATALOGUE
    for pattern in row.service_patterns
    for found in [re.match("[A-Za-z_]+", pattern)]
    if found
)
"""What the keys of services begin with that the catalogue knows by a pattern."""


def _listed(text: str) -> list[str]:
    """Convert a registry file to the listing that `reg query` would print."""
    dump = parse_reg(text)
    lines = []
    for key in dump.keys.values():
        lines.append(key.path)
        for value in key.values.values():
            data = "\\0".join(value.data) if isinstance(value.data, list) else value.data
            shown = f"0x{data:x}" if isinstance(data, int) else data or ""
            lines.append(f"    {value.name or '(Default)'}    {value.type}    {shown}")
        lines += [""] if key.ended else []
    return [*lines, *(["    ?"] if dump.stray else []), ""]
