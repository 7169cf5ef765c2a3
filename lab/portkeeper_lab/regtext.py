# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render values and keys as text of Wine's registry files (system.reg, user.reg), for prefixes that are not running.

Wine merges a key that occurs twice, so that keys are simply added at the end of the file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

HIVES = {
    "hklm\\system\\currentcontrolset": ("system.reg", "System\\ControlSet001"),
    "hklm": ("system.reg", ""),
    "hkcu": ("user.reg", ""),
}
"""Lower-case beginning of a key -> (file, what stands there instead); the first that matches counts.

CurrentControlSet is a registry link, which the file format cannot be written through."""

TYPES = {"REG_NONE": 0, "REG_SZ": 1, "REG_EXPAND_SZ": 2, "REG_BINARY": 3, "REG_DWORD": 4, "REG_MULTI_SZ": 7}


@dataclass(frozen=True)
class Value:
    """A registry value: the type's number and the bytes."""

    type: int
    data: bytes

    @classmethod
    def sz(cls, text: str) -> Value:
        """REG_SZ."""
        return cls(TYPES["REG_SZ"], _utf16(f"{text}\0"))

    @classmethod
    def dword(cls, number: int) -> Value:
        """REG_DWORD, unsigned 32 bits."""
        return cls(TYPES["REG_DWORD"], number.to_bytes(4, "little"))

    @classmethod
    def multi_sz(cls, entries: list[str]) -> Value:
        """REG_MULTI_SZ."""
        return cls(TYPES["REG_MULTI_SZ"], _utf16("".join(f"{entry}\0" for entry in entries) + "\0"))

    def text(self) -> str:
        """Return the value as it stands in the file."""
        return f"hex({self.type:x}):" + ",".join(f"{byte:02x}" for byte in self.data)


Keys = Mapping[str, Mapping[str, Value]]
"""Key with its hive (HKLM\\...) -> value name ("" is the default value) -> value."""


def add_keys(prefix: Path, keys: Keys) -> None:
    """Add keys and values to a prefix whose wineserver is not running; existing values are replaced.

    Raises:
        ValueError: a key is in a hive that is not kept in a file.
    """
    texts: dict[str, list[str]] = {}
    for key, values in keys.items():
        file, path = _place(key)
        lines = [f"\n[{_escaped(path)}] 1700000000"]
        lines += [f"{_name(name)}={value.text()}" for name, value in values.items()]
        texts.setdefault(file, []).extend([*lines, ""])
    for file, parts in texts.items():
        with (prefix / file).open("a", encoding="utf-8") as handle:
            handle.write("\n".join(parts))


def drop_values(prefix: Path, key: str, names: Collection[str]) -> None:
    """Remove values of a key from a prefix whose wineserver is not running.

    Args:
        prefix: the prefix.
        key: the key with its hive; where it is absent nothing happens.
        names: the values' names.
    """
    file, path = _place(key)
    section = f"[{_escaped(path)}]".lower()
    starts = tuple(f"{_name(name)}=".lower() for name in names)
    inside = dropping = False
    kept: list[str] = []
    with (prefix / file).open(encoding="utf-8") as handle:
        for line in handle:
            lower = line.lower()
            if lower.startswith("["):
                inside = lower.startswith(section)
            continued = dropping and line.startswith(" ")
            dropping = continued or (inside and lower.startswith(starts))
            if not dropping:
                kept.append(line)
    (prefix / file).write_text("".join(kept), encoding="utf-8")


def drop_keys(prefix: Path, keys: Collection[str], but: Collection[str] = ()) -> None:
    """Remove keys, with all below them, from a prefix whose wineserver is not running.

    Args:
        prefix: the prefix.
        keys: the keys with their hives; an absent one is no error.
        but: keys below them that stay, with all below.
    """
    for file in {_place(key)[0] for key in keys}:
        dropped, staying = (_beginnings(file, given) for given in (keys, but))
        dropping = False
        kept: list[str] = []
        with (prefix / file).open(encoding="utf-8") as handle:
            for line in handle:
                if line.startswith("["):
                    lower = line.lower()
                    dropping = lower.startswith(dropped) and not lower.startswith(staying)
                if not dropping:
                    kept.append(line)
        (prefix / file).write_text("".join(kept), encoding="utf-8")


def _beginnings(file: str, keys: Collection[str]) -> tuple[str, ...]:
    """Return how the lines begin that stand in a file above these keys and above all keys below them."""
    paths = [path for key in keys for where, path in [_place(key)] if where == file]
    return tuple(f"[{_escaped(path)}{end}".lower() for path in paths for end in ("]", "\\\\"))


def _place(key: str) -> tuple[str, str]:
    lower = key.lower()
    for start, (file, instead) in HIVES.items():
        if lower == start or lower.startswith(f"{start}\\"):
            return file, f"{instead}{key[len(start) :]}".removeprefix("\\")
    raise ValueError(f"{key} is neither below HKLM nor below HKCU")


def _name(name: str) -> str:
    return f'"{_escaped(name)}"' if name else "@"


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("[", "\\[").replace("]", "\\]")
    return "".join(char if char.isascii() else f"\\x{ord(char):04x}" for char in text)


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")
