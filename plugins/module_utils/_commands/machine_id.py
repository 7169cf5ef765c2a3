# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and render the id that identifies a machine, independent of its inventory name.

It is random, made on the controller, and written beside our records together with the host's first write. The computer
name of that moment is kept with it: an image that was copied takes the id along, but gets another name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._windows.settings import OWN_KEY
from .cmd import BatchError

ID_VALUE, NAME_VALUE = "machine_id", "computer_name"
"""Names of the two REG_SZ values of OWN_KEY."""

_ACTIVE_NAME = r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ActiveComputerName"
"""What %COMPUTERNAME% is made of."""

ID_BYTES = 16
"""Random bytes of an id; it is written as twice as many lower-case hex digits."""
_ID_RE = re.compile(rf"[0-9a-f]{{{2 * ID_BYTES}}}", re.ASCII)
_COMPARABLE_RE = re.compile(r"[A-Za-z0-9_-]{1,15}", re.ASCII)


def machine_id(text: object) -> str | None:
    """Return the id in lower case if the text is one, else None."""
    digits = text.strip().lower() if isinstance(text, str) else ""
    return digits if _ID_RE.fullmatch(digits) else None


def recorded_id(facts: Mapping[str, Any] | None) -> str | None:
    """Return the machine's id from the facts of a host; None if nothing was written yet or the id could not be read."""
    return machine_id(_machine(facts or {}).get("id"))


def cloned_from(facts: Mapping[str, Any]) -> str | None:
    """Return the computer name that was recorded with the id, if the host has another name now, else None.

    Names with other characters than letters, digits, ``-`` and ``_`` are not compared: two tools may show them
    differently, and that would be a clone every night.
    """
    recorded, now = _machine(facts).get("recorded_name"), facts.get("computer_name")
    if recorded_id(facts) is None or not _comparable(recorded) or not _comparable(now):
        return None
    return None if str(recorded).lower() == str(now).lower() else str(recorded)


def needs_id(facts: Mapping[str, Any]) -> bool:
    """Return whether the next write gives the machine an id: it has none, or that of another machine."""
    state = facts.get("state")
    if not isinstance(state, Mapping) or state.get("present") is None:
        return False
    return recorded_id(facts) is None or cloned_from(facts) is not None


def id_commands(new_id: str) -> list[str]:
    """Render the commands that record a new id and the computer's name. The host fills in the name itself.

    The name is read from the registry, because no environment variable may stand behind a variable of ``for`` on the
    same command line. An old name goes first: what could not be read must not leave it behind.

    Args:
        new_id: `2 * ID_BYTES` lower-case hex digits.

    Raises:
        BatchError: it is not an id.
    """
    if machine_id(new_id) != new_id:
        raise BatchError(f"{new_id!r} is not a machine id.")
    name = f"reg.exe query {_ACTIVE_NAME} /v ComputerName ^|findstr.exe REG_SZ"
    return [
        f"reg.exe add {OWN_KEY} /v {ID_VALUE} /t REG_SZ /d {new_id} /f",
        f"reg.exe delete {OWN_KEY} /v {NAME_VALUE} /f",
        f"""(for /f "tokens=2*" %a in ('{name}') do @reg.exe add {OWN_KEY} /v {NAME_VALUE} /t REG_SZ /d "%b" /f)""",
    ]


def _machine(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    machine = facts.get("machine")
    return machine if isinstance(machine, Mapping) else {}


def _comparable(name: object) -> bool:
    return isinstance(name, str) and _COMPARABLE_RE.fullmatch(name) is not None
