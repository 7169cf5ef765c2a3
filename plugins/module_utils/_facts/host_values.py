# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read single values of the facts. An impossible value is treated as not read."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TYPE_RE = re.compile(r"(?:REG_[A-Z_]{1,40}|(?:0x)?[0-9A-Fa-f]{1,8})\Z")
"""A registry type, or the number of one that has no name."""


def is_data(registry_type: object, data: object) -> bool:
    """Whether a value of the registry is one: what has its type but not its shape was not read."""
    if not isinstance(registry_type, str) or not _TYPE_RE.match(registry_type):
        return False
    if registry_type == "REG_DWORD":
        return number(data, 0, 0xFFFFFFFF) is not None
    return isinstance(data, (int, str, Sequence)) and not isinstance(data, bool)


def number(value: object, lowest: int, highest: int) -> int | None:
    """The number, None where it is none or lies outside of its bounds."""
    good = isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest
    return value if good and isinstance(value, int) else None
