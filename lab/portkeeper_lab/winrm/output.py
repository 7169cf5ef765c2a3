# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Divide the output of a command among several Receives."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable

from ..backend import Process
from .faults import SoapFault
from .quotas import READ_SLICE
from .soap import STREAM_OVERHEAD

Chunks = list[tuple[str, bytes]]
READ_SIZE = 64 * 1024
_SEGMENTS = ((1, 48), (49, 4096), (4097, 32768))


class Outlet:
    """Output that was read from a process and is not yet given to the client.

    With a random generator the stream is cut at positions which depend on the seed only: an answer never reaches over a
    cut, may end before it, and its bytes come in one to three elements. Half of the time the end of the command is sent
    in a separate answer. Without a generator an answer collects until it is full or the command has ended.
    """

    def __init__(self, process: Process, cuts: random.Random | None, silent: bool) -> None:
        """Take the process, the source of the cuts, and whether its output is thrown away."""
        self._process = process
        self._cuts = cuts
        self._silent = silent
        self._pending: deque[tuple[str, bytes]] = deque()
        self._size = 0
        self._segment = 0

    def receive(self, room: int, deadline: float, check: Callable[[], None]) -> tuple[Chunks, int | None]:
        """Return the next part of the output.

        Args:
            room: bytes the encoded streams may take.
            deadline: time.monotonic() at which OperationTimeout is over.
            check: raises when the shell has gone meanwhile.

        Returns:
            Chunks of (stream, bytes), and the exit code when the command is done and nothing is left.

        Raises:
            SoapFault: nothing came in time.
        """
        wanted = 1 if self._cuts else self._capacity(room)
        while self._size < wanted and self._pull(deadline, check):
            pass
        check()
        chunks = self._cut(room) if self._cuts else self._grouped(self._capacity(room))
        exit_code = self._process.exit_code if not self._size else None
        if self._cuts and chunks and exit_code is not None and self._cuts.random() < 0.5:
            exit_code = None
        if not chunks and exit_code is None:
            raise SoapFault("operation_timeout")
        return chunks, exit_code

    @staticmethod
    def _capacity(room: int) -> int:
        return max(1, (room - 2 * STREAM_OVERHEAD) // 4 * 3 - 6)

    def _pull(self, deadline: float, check: Callable[[], None]) -> bool:
        check()
        left = deadline - time.monotonic()
        chunks = self._process.read(READ_SIZE, max(0.0, min(left, READ_SLICE)))
        for stream, data in chunks if not self._silent else ():
            self._pending.append((stream, data))
            self._size += len(data)
        return bool(chunks) or (left > 0 and self._process.exit_code is None)

    def _take(self, count: int) -> list[tuple[str, bytes]]:
        taken = []
        while count > 0 and self._pending:
            stream, data = self._pending.popleft()
            if len(data) > count:
                self._pending.appendleft((stream, data[count:]))
                data = data[:count]
            taken.append((stream, data))
            count -= len(data)
            self._size -= len(data)
        return taken

    def _grouped(self, count: int) -> list[tuple[str, bytes]]:
        streams: dict[str, list[bytes]] = {}
        for stream, data in self._take(count):
            streams.setdefault(stream, []).append(data)
        return [(stream, b"".join(parts)) for stream, parts in streams.items()]

    def _cut(self, room: int) -> list[tuple[str, bytes]]:
        assert self._cuts is not None
        if not self._segment:
            self._segment = self._cuts.randint(*self._cuts.choice(_SEGMENTS))
        count = min(self._segment, self._size, self._capacity(room // 2))
        self._segment -= count
        pieces: list[tuple[str, bytes]] = []
        for stream, data in self._take(count):
            middle = self._cuts.randint(0, len(data)) if room > 4096 and len(pieces) < 8 else 0
            pieces += [(stream, part) for part in (data[:middle], data[middle:]) if part]
        return pieces
