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

from .._ports import HIGHEST_PORT
from .._problems import Problem, shown
from .configured_ports import read_configured_ports
from .reading import Reading
from .registry import read_boot_mark, read_hotfixes, read_machine, read_sql_ports, read_state

_NAME_RE = re.compile(r"[^\s%\\/:*?\"<>|\x00-\x1f]{1,63}\Z")
_TEXT = {"type": ["string", "null"]}
_PORT = {"type": ["integer", "null"], "minimum": 0, "maximum": HIGHEST_PORT}


@dataclass(frozen=True)
class FactReader:
    """One fact.

    Attributes:
        read: returns the fact, JSON or a `PortSet`, null where nothing is known; and the problems of what it could not
            read.
        schema: the fact's shape in schemas/facts.schema.json; `scripts/generate.py` writes it there.
    """

    read: Callable[[Reading], tuple[Any, list[Problem]]]
    schema: Mapping[str, Any]


def read_computer_name(reading: Reading) -> tuple[str | None, list[Problem]]:
    """Return the fact ``computer_name``."""
    line = _first_line(reading.text("computer_name"))
    return shown(line) if _NAME_RE.match(line) else None, []


def read_clock(reading: Reading) -> tuple[str | None, list[Problem]]:
    """Return the fact ``collected``: the host's clock, for people only."""
    return shown(_first_line(reading.text("clock"))) or None, []


def _first_line(text: str) -> str:
    return next((line.strip() for line in text[:1000].split("\n") if line.strip()), "")


READERS: dict[str, FactReader] = {
    "computer_name": FactReader(read_computer_name, _TEXT),
    "collected": FactReader(read_clock, {"$ref": "#/$defs/clock"}),
    "sql_ports": FactReader(read_sql_ports, {"$ref": "#/$defs/ports"}),
    "configured_ports": FactReader(
        read_configured_ports,
        {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _PORT}},
    ),
    "hotfixes": FactReader(read_hotfixes, {"type": "array", "items": {"type": "string", "pattern": "^KB[0-9]+$"}}),
    "boot_mark": FactReader(read_boot_mark, _TEXT),
    "machine": FactReader(read_machine, {"$ref": "#/$defs/machine"}),
    "state": FactReader(read_state, {"$ref": "#/$defs/records"}),
}
"""By fact."""
