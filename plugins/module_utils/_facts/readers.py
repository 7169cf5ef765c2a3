# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The readers of facts that come from a single section: one row each, with the shape of the fact.

What takes several sections together (services, sockets, settings) is put together in `facts`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._problems import shown
from .reading import Reading
from .registry import (
    read_boot_mark,
    read_hotfixes,
    read_machine,
    read_sql_ports,
    read_state,
)

_NAME_RE = re.compile(r"[^\s%\\/:*?\"<>|\x00-\x1f]{1,63}\Z")
_TEXT = {"type": ["string", "null"]}


@dataclass(frozen=True)
class FactReader:
    """One fact.

    Attributes:
        read: makes the fact, JSON or a `PortSet`, and reports what it could not read; null where nothing is known.
        schema: the fact's shape in schemas/facts.schema.json; `scripts/generate.py` writes it there.
    """

    read: Callable[[Reading], Any]
    schema: Mapping[str, Any]


def read_computer_name(reading: Reading) -> str | None:
    """Return the fact ``computer_name``."""
    line = _first_line(reading.text("computer_name"))
    return shown(line) if _NAME_RE.match(line) else None


def read_clock(reading: Reading) -> str | None:
    """Return the fact ``collected``: the host's clock, for people only."""
    return shown(_first_line(reading.text("clock"))) or None


def _first_line(text: str) -> str:
    return next((line.strip() for line in text[:1000].split("\n") if line.strip()), "")


READERS: dict[str, FactReader] = {
    "computer_name": FactReader(read_computer_name, _TEXT),
    "collected": FactReader(read_clock, {"$ref": "#/$defs/clock"}),
    "sql_ports": FactReader(read_sql_ports, {"$ref": "#/$defs/ports"}),
    "hotfixes": FactReader(read_hotfixes, {"type": "array", "items": {"type": "string", "pattern": "^KB[0-9]+$"}}),
    "boot_mark": FactReader(read_boot_mark, _TEXT),
    "machine": FactReader(read_machine, {"$ref": "#/$defs/machine"}),
    "state": FactReader(read_state, {"$ref": "#/$defs/records"}),
}
"""By fact."""
