# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the commands that show and set a dynamic UDP port range. They contain only literals and integers."""

from __future__ import annotations

from .._sections.table import SECTIONS
from .._windows.settings import NETSH, NETSH_PREFIX, RANGE_PREFIX, RANGES
from .cmd import BatchError, port_bounds


def shown_range(setting_id: str) -> str:
    """Render the command that shows one of RANGES.

    Raises:
        BatchError: it is not.
    """
    return SECTIONS[_checked(setting_id)].command


def set_range(setting_id: str, text: str) -> str:
    """Render the command that sets one of RANGES to ``a-b`` (KB929851), also for later boots.

    Raises:
        BatchError: one of them is malformed.
    """
    first, last = port_bounds(text)
    family = NETSH[_checked(setting_id).replace(RANGE_PREFIX, NETSH_PREFIX)]
    return f"netsh.exe interface {family} set dynamicport udp start={first} num={last - first + 1}"


def _checked(setting_id: str) -> str:
    if setting_id not in RANGES:
        raise BatchError(f"{setting_id!r} is not a dynamic port range.")
    return setting_id
