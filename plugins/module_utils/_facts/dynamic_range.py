# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read from the facts the dynamic port ranges of a host, and what it is configured with as its records write it."""

from __future__ import annotations

from collections.abc import Mapping

from .._parsers.netsh import DynamicRange, parse_dynamicport
from .._parsers.transcript import Transcript
from .._ports import HIGHEST_PORT, LOWEST_PORT, Range
from .._windows.settings import RANGE_PREFIX, RANGES, Setting, value_text
from .host import Host
from .host_values import number
from .reading import Reading

_NUMBERS = ("start", "count")


def current_range(host: Host, setting_id: str) -> Range | None:
    """Return first and last port of one of RANGES on the host; None if that was not read or is impossible."""
    ranges = host.facts.get("dynamic_ports")
    row = ranges.get(setting_id.removeprefix(RANGE_PREFIX)) if isinstance(ranges, Mapping) else None
    start, count = (number(row.get(name), 1, HIGHEST_PORT) if isinstance(row, Mapping) else None for name in _NUMBERS)
    if start is None or count is None or not LOWEST_PORT <= start <= start + count - 1 <= HIGHEST_PORT:
        return None
    return start, start + count - 1


def range_text(bounds: Range) -> str:
    """Return first and last port as ``a-b``."""
    return f"{bounds[0]}-{bounds[1]}"


def configured_text(host: Host, setting: Setting) -> str | None:
    """Return the host's value, or its range, as the record writes it; None for a range that was not read."""
    if setting.id not in RANGES:
        return value_text(host.setting(setting.id))
    found = current_range(host, setting.id)
    return None if found is None else range_text(found)


def read_range(reading: Reading, setting_id: str) -> DynamicRange | None:
    """Return one of RANGES as a transcript shows it; None if it is not there or cannot be read."""
    return parse_dynamicport(reading.text(setting_id)) if reading.succeeded(setting_id) else None


def shown_text(transcript: Transcript, setting_id: str) -> str | None:
    """Return the same as text: first and last port."""
    found = read_range(Reading(transcript), setting_id)
    return None if found is None else range_text((found.start, found.start + found.count - 1))
