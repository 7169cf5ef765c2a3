# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Immutable sets of UDP or TCP ports, with set operations, canonical text and compact JSON.

The canonical form of a set is what Windows must find in ReservedPorts: sorted ranges ``a-b``, overlapping and adjacent
ones joined, a single port as ``n-n``. Neighbours that are entered separately are not correctly reserved (KB812873).
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain, compress, count
from operator import sub
from typing import Any

LOWEST_PORT = 1
HIGHEST_PORT = 65535
LIST_RANGES_MAX = 200
"""Up to this number of ranges ``to_json`` gives a list; a set with more of them is packed."""

FAMILIES = ("udp4", "udp6")
"""UDP over IPv4 and over IPv6: separate port spaces."""

Range = tuple[int, int]

_ENTRY_RE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?\Z")
REG_SEPARATOR = r"\0"
"""What separates the entries for ``reg add``. With the wrong type, reg.exe writes it as these two characters."""
_SEPARATOR_RE = re.compile("[,;]")
_TEXT_SEPARATOR_RE = re.compile(rf"[,;]|{re.escape(REG_SEPARATOR)}")
_SPACED_DASH_RE = re.compile("([0-9]) *- *([0-9])")
_CARRY = 255
_ENDS_A_DIFFERENCE = bytes(_CARRY * (1,) + (0,))
"""By byte of packed ports, whether a port follows it."""
_PACKED_BYTES_MAX = HIGHEST_PORT + HIGHEST_PORT // _CARRY + 1
_PACKED_KEYS = frozenset(("count", "lowest", "highest", "packed"))


class PortError(ValueError):
    """An invalid port, range or packed set; the message names the invalid text."""


def address_family(address: str) -> str:
    """Return the member of FAMILIES for a socket with this local address."""
    return FAMILIES[":" in address]


def _checked_port(port: object) -> int:
    if isinstance(port, bool) or not isinstance(port, int) or not LOWEST_PORT <= port <= HIGHEST_PORT:
        raise PortError(f"{port!r} is not a port between {LOWEST_PORT} and {HIGHEST_PORT}")
    return port


def _joined(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Sort and validate ranges, and join those that overlap or touch."""
    checked = sorted((_checked_port(first), _checked_port(last)) for first, last in ranges)
    for first, last in checked:
        if first > last:
            raise PortError(f"{first}-{last} is a reversed range")
    return _merged(checked)


def _merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Join sorted ranges that overlap or touch."""
    joined: list[Range] = []
    end = -1
    for first, last in ranges:
        if first > end + 1:
            joined.append((first, last))
            end = last
        elif last > end:
            end = last
            joined[-1] = (joined[-1][0], last)
    return tuple(joined)


def _ranges_of(ports: Iterable[int]) -> tuple[Range, ...]:
    """Validate ports in any order and return canonical ranges. Only the lowest and the highest value are compared."""
    distinct = list(ports)
    if not set(map(type, distinct)) <= {int}:
        distinct = [_checked_port(port) for port in distinct]
    distinct = sorted(set(distinct))
    if not distinct:
        return ()
    _checked_port(distinct[0])
    _checked_port(distinct[-1])
    gaps = map(sub, distinct[1:], distinct)
    ends = list(compress(count(1), map((1).__ne__, gaps)))
    return tuple(
        zip([distinct[at] for at in (0, *ends)], [distinct[at - 1] for at in (*ends, len(distinct))], strict=True)
    )


def _parse_entry(text: object) -> Range:
    match = _ENTRY_RE.match(text) if isinstance(text, str) else None
    if match is None:
        raise PortError(f"{text!r} is neither a port nor a range a-b")
    first = int(match.group(1))
    last = first if match.group(2) is None else int(match.group(2))
    if first > last:
        raise PortError(f"{text!r} is a reversed range")
    return _checked_port(first), _checked_port(last)


@dataclass(frozen=True)
class PortSet:
    """An immutable, hashable set of ports between 1 and 65535.

    Attributes:
        ranges: ``(first, last)`` pairs in canonical form; the argument is converted to it.

    Raises:
        PortError: for a port outside 1-65535 or a range that runs backwards.
    """

    ranges: tuple[Range, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "ranges", _joined(self.ranges))

    @classmethod
    def from_ranges(cls, ranges: Iterable[Range]) -> PortSet:
        """Build a set from ``(first, last)`` pairs in any order."""
        return cls(tuple(ranges))

    @classmethod
    def from_ports(cls, ports: Iterable[int]) -> PortSet:
        """Build a set from single port numbers in any order."""
        return cls._canonical(_ranges_of(ports))

    @classmethod
    def _canonical(cls, ranges: tuple[Range, ...]) -> PortSet:
        """Return a set of ranges that are canonical already: results of set operations are not validated again."""
        made = object.__new__(cls)
        object.__setattr__(made, "ranges", ranges)
        return made

    @classmethod
    def from_text(cls, entries: Iterable[str]) -> PortSet:
        """Build a set from texts ``a-b`` or ``a``, strictly: no spaces, no signs, ASCII digits only.

        Raises:
            PortError: for the first entry that is neither.
        """
        if isinstance(entries, (str, bytes)):
            raise PortError(f"{entries!r} is a single text where a list of ranges is needed")
        return cls(tuple(_parse_entry(entry) for entry in entries))

    @classmethod
    def from_json(cls, value: object) -> PortSet:
        """Read the form that ``to_json`` writes: a list of ``a-b`` texts or the packed mapping.

        Raises:
            PortError: for any other shape, and for packed data that does not agree with its own count.
        """
        if isinstance(value, (list, tuple)):
            entries = tuple(value)
            is_short = len(entries) <= LIST_RANGES_MAX and set(map(type, entries)) <= {str}
            return _short_list(entries) if is_short else cls.from_text(entries)
        if not isinstance(value, dict) or set(value) != _PACKED_KEYS:
            raise PortError("a port set is a list of ranges or a mapping of count, lowest, highest and packed")
        ports = cls.from_ports(_unpack(value["packed"]))
        if not ports or (len(ports), ports.lowest, ports.highest) != (
            value["count"],
            value["lowest"],
            value["highest"],
        ):
            raise PortError("the packed port set does not agree with its count, lowest and highest port")
        return ports

    @classmethod
    def union(cls, sets: Iterable[PortSet]) -> PortSet:
        """Return the ports of all these sets."""
        return cls._canonical(_merged(sorted(pair for ports in sets for pair in ports.ranges)))

    @property
    def lowest(self) -> int | None:
        """The lowest port; None for the empty set."""
        return self.ranges[0][0] if self.ranges else None

    @property
    def highest(self) -> int | None:
        """The highest port; None for the empty set."""
        return self.ranges[-1][1] if self.ranges else None

    def strings(self) -> list[str]:
        """Return the canonical texts, ``a-b`` each, a single port as ``n-n``."""
        return [f"{first}-{last}" for first, last in self.ranges]

    def to_json(self) -> list[str] | dict[str, Any]:
        """Return the set as JSON: ``strings()``, or above 200 ranges a mapping with the packed ports.

        2,500 random ports are some 2,400 ranges: 32 KB as a list, 2-3 KB packed.
        """
        if len(self.ranges) <= LIST_RANGES_MAX:
            return self.strings()
        return {"count": len(self), "lowest": self.lowest, "highest": self.highest, "packed": _pack(self)}

    def __or__(self, other: PortSet) -> PortSet:
        if not self.ranges or not other.ranges:
            return self if self.ranges else other
        return PortSet._canonical(_merged(sorted(self.ranges + other.ranges)))

    def __and__(self, other: PortSet) -> PortSet:
        few, many = sorted((self.ranges, other.ranges), key=len)
        common: list[Range] = []
        for first, last in few:
            begin = bisect_right(many, (first, HIGHEST_PORT))
            begin -= 1 if begin and many[begin - 1][1] >= first else 0
            inside = list(many[begin : bisect_right(many, (last, HIGHEST_PORT))])
            if inside:
                inside[0] = max(first, inside[0][0]), inside[0][1]
                inside[-1] = inside[-1][0], min(last, inside[-1][1])
                common += inside
        return PortSet._canonical(tuple(common))

    def __sub__(self, other: PortSet) -> PortSet:
        return self & other.complement()

    def complement(self) -> PortSet:
        """Return all ports between 1 and 65535 that are not in this set."""
        gaps: list[Range] = []
        following = LOWEST_PORT
        for first, last in self.ranges:
            if following < first:
                gaps.append((following, first - 1))
            following = last + 1
        if following <= HIGHEST_PORT:
            gaps.append((following, HIGHEST_PORT))
        return PortSet._canonical(tuple(gaps))

    def isdisjoint(self, other: PortSet) -> bool:
        """Return whether the two sets have no port in common."""
        return not self & other

    def __le__(self, other: PortSet) -> bool:
        return not self - other

    def __ge__(self, other: PortSet) -> bool:
        return other <= self

    def __contains__(self, port: object) -> bool:
        if isinstance(port, bool) or not isinstance(port, int):
            return False
        index = bisect_right(self.ranges, (port, HIGHEST_PORT))
        return index > 0 and self.ranges[index - 1][1] >= port

    def __len__(self) -> int:
        return sum([last - first for first, last in self.ranges]) + len(self.ranges)

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(range(first, last + 1) for first, last in self.ranges)


@lru_cache(maxsize=1024)
def _short_list(entries: tuple[str, ...]) -> PortSet:
    """Return the set of these texts. The hosts of a fleet have few different lists, and share their sets."""
    return PortSet.from_text(entries)


def _pack(ports: PortSet) -> str:
    """Return base64(zlib(differences of the sorted ports)); each is a byte, and 255 means "255 more, and continue"."""
    numbers = list(chain.from_iterable([range(first, last + 1) for first, last in ports.ranges]))
    steps = list(map(sub, numbers, [0, *numbers]))
    differences = bytearray()
    done = 0
    for at in compress(count(), map(_CARRY.__le__, steps)):
        differences += bytes(steps[done:at])
        differences += bytes((_CARRY,)) * (steps[at] // _CARRY) + bytes((steps[at] % _CARRY,))
        done = at + 1
    differences += bytes(steps[done:])
    return base64.b64encode(zlib.compress(differences, 9)).decode("ascii")


def _unpack(packed: object) -> list[int]:
    if not isinstance(packed, str):
        raise PortError("the packed port set is not a text")
    try:
        inflater = zlib.decompressobj()
        differences = inflater.decompress(base64.b64decode(packed, validate=True), _PACKED_BYTES_MAX)
    except (ValueError, binascii.Error, zlib.error) as error:
        raise PortError("the packed port set is not base64 of zlib data") from error
    if not inflater.eof or inflater.unused_data:
        raise PortError("the packed port set is cut or has a tail")
    return list(compress(accumulate(differences), differences.translate(_ENDS_A_DIFFERENCE)))


def port_words(ports: Iterable[int]) -> list[str]:
    """Format ports for people, with neighbours joined: 135, 136, 137 and 500 as ``135-137`` and ``500``."""
    ranges = ports.ranges if isinstance(ports, PortSet) else _ranges_of(ports)
    return [str(first) if first == last else f"{first}-{last}" for first, last in ranges]


def single_ports(value: object) -> list[int]:
    """Return the sorted ports from the form of ``to_json``, without building a set: for pictures of hosts.

    Raises:
        PortError: as ``PortSet.from_json``; that a packed set agrees with its count is not looked at.
    """
    if isinstance(value, dict) and set(value) == _PACKED_KEYS:
        return _unpack(value["packed"])
    return list(PortSet.from_json(value))


def parse_entries(entries: Sequence[str]) -> tuple[PortSet, list[str], bool]:
    """Parse the entries of a registry value tolerantly.

    A bare ``n`` is known but not canonical (found in the field under SocketPoolExcludedPortRanges). Blank, reversed,
    spaced, textual and out-of-range entries are bad.

    Args:
        entries: the strings of the REG_MULTI_SZ value, in their order.

    Returns:
        The ports of the good entries, the bad entries in their order, and whether the value is canonical as it is:
        nothing bad, and the entries are exactly the sorted, joined ``a-b`` texts.
    """
    good: list[Range] = []
    bad: list[str] = []
    for entry in entries:
        try:
            good.append(_parse_entry(entry))
        except PortError:
            bad.append(entry)
    ports = PortSet.from_ranges(good)
    return ports, bad, not bad and list(entries) == ports.strings()


def split_entry(entry: str, is_text: bool = False) -> tuple[PortSet, list[str]]:
    """Return the ranges that an entry plainly means, and the parts of it that are none.

    Installation scripts write a whole list as one text. Commas and semicolons separate; spaces do so only if each part
    is a range. Beside the dash of a range, as in ``80 - 90``, they mean nothing.

    Args:
        entry: as it was found.
        is_text: whether it is a value of a text type, in which ``REG_SEPARATOR`` separates as well.
    """
    separator = _TEXT_SEPARATOR_RE if is_text else _SEPARATOR_RE
    ranges: list[Range] = []
    rest: list[str] = []
    for part in filter(None, (text.strip() for text in separator.split(entry))):
        try:
            ranges += [_parse_entry(word) for word in _SPACED_DASH_RE.sub(r"\1-\2", part).split()]
        except PortError:
            rest.append(part)
    return PortSet.from_ranges(ranges), rest if ranges or rest else [entry]
