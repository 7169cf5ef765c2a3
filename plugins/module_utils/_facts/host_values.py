# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read single values of the facts. An impossible value is treated as not read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .._ports import FAMILIES, HIGHEST_PORT, PortError, PortSet
from .._windows.configured_ports import PORT_VALUES

_TYPE_RE = re.compile(r"(?:REG_[A-Z_]{1,40}|(?:0x)?[0-9A-Fa-f]{1,8})\Z")
"""A registry type, or the number of one that has no name."""


def is_data(registry_type: object, data: object) -> bool:
    """Return whether a registry value has the form of its type. Otherwise it was not read."""
    if not isinstance(registry_type, str) or not _TYPE_RE.match(registry_type):
        return False
    if registry_type == "REG_DWORD":
        return number(data, 0, 0xFFFFFFFF) is not None
    return isinstance(data, (int, str, Sequence)) and not isinstance(data, bool)


def number(value: object, lowest: int, highest: int) -> int | None:
    """Return the number; None if it is not one, or is out of bounds."""
    good = isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest
    return value if good and isinstance(value, int) else None


def port_set(value: object) -> PortSet:
    """Return a set of ports that this process has read as it is, and read one that comes as JSON.

    Raises:
        PortError: it is neither.
    """
    return value if isinstance(value, PortSet) else PortSet.from_json(value)


def port_sets(value: object) -> dict[str, PortSet] | None:
    """Return the port sets of both address families; None if one of them could not be read."""
    if not isinstance(value, Mapping) or any(value.get(family) is None for family in FAMILIES):
        return None
    try:
        return {family: port_set(value[family]) for family in FAMILIES}
    except (PortError, TypeError, ValueError):
        return None


def port_values(fact: object, services: Iterable[str]) -> dict[str, dict[str, int | None]]:
    """Return the fact ``configured_ports`` by lower-case service key. An impossible value is treated as not read.

    Args:
        fact: what stands in the facts.
        services: for which of them nothing is known if the fact itself is impossible.
    """
    found = fact if isinstance(fact, Mapping) else dict.fromkeys(services)
    return {str(service).lower(): _values(values) for service, values in found.items()}


def _values(values: object) -> dict[str, int | None]:
    if not isinstance(values, Mapping):
        return dict.fromkeys(PORT_VALUES)
    return {str(name): number(data, 0, HIGHEST_PORT) for name, data in values.items()}


def as_json(value: object) -> Any:  # noqa: ANN401 (JSON)
    """Return a fact as JSON: its sets of ports, which may stand in mappings, as lists or packed."""
    if isinstance(value, PortSet):
        return value.to_json()
    return {name: as_json(part) for name, part in value.items()} if isinstance(value, dict) else value
