# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count requests, bytes and more, for tests and for people."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

NAMES = (
    "connections",
    "requests",
    "challenges",
    "auth_failures",
    "receives",
    "receive_timeouts",
    "sessions",
    "commands",
    "faults",
    "idle_deletes",
    "bytes_in",
    "bytes_out",
    "output_bytes",
)


class Counters:
    """Thread-safe counts since the start or the last reset.

    `requests` are HTTP requests, those of the NTLM handshake included; `challenges` are the 401 answers among them;
    `by_action` counts decoded messages by short name (Create, Command, ...); `receives` is the share of Receive;
    `sessions` and `commands` are shells and commands that came into being; `bytes_in` and `bytes_out` are whole HTTP
    messages as on the wire; `output_bytes` is stdout and stderr before encoding.
    """

    def __init__(self) -> None:
        """Start from zero."""
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._actions: Counter[str] = Counter()

    def add(self, name: str, amount: int = 1) -> None:
        """Add to one of NAMES."""
        if name not in NAMES:
            raise KeyError(name)
        with self._lock:
            self._counts[name] += amount

    def action(self, name: str) -> None:
        """Count one decoded message."""
        with self._lock:
            self._actions[name] += 1
            self._counts["receives"] += name == "Receive"

    def __getattr__(self, name: str) -> int:
        """Return the current count of one of NAMES."""
        if name not in NAMES:
            raise AttributeError(name)
        with self._lock:
            return self._counts[name]

    @property
    def by_action(self) -> dict[str, int]:
        """Decoded messages by short action name."""
        with self._lock:
            return dict(self._actions)

    def snapshot(self) -> dict[str, Any]:
        """Return all counts as plain data, every name present."""
        with self._lock:
            counts: dict[str, Any] = {name: self._counts[name] for name in NAMES}
            counts["by_action"] = dict(sorted(self._actions.items()))
        return counts

    def reset(self) -> None:
        """Start again from zero."""
        with self._lock:
            self._counts.clear()
            self._actions.clear()
