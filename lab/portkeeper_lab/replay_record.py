# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record the output of a host: a backend around another one that writes transcripts to a file as they are read."""

from __future__ import annotations

import threading
from pathlib import Path

from portkeeper_lab.backend import Backend, BootState, Launch, Process, Stream

TRANSCRIPT = b"#portkeeper transcript "


class RecordedProcess:
    """A process whose output is noted on its way."""

    def __init__(self, process: Process, path: Path, lock: threading.Lock) -> None:
        """Take the process, and the file with its lock."""
        self._process = process
        self._path = path
        self._lock = lock
        self._output = bytearray()

    def write_stdin(self, data: bytes, end: bool) -> None:
        """See the protocol."""
        self._process.write_stdin(data, end)

    def read(self, max_bytes: int, timeout: float) -> list[tuple[Stream, bytes]]:
        """See the protocol."""
        chunks = self._process.read(max_bytes, timeout)
        for stream, data in chunks:
            if stream == "stdout":
                self._output += data
        return chunks

    @property
    def exit_code(self) -> int | None:
        """See the protocol."""
        return self._process.exit_code

    def kill_tree(self) -> None:
        """See the protocol."""
        self._process.kill_tree()

    def close(self) -> None:
        """Append the output to the file, if it is a transcript."""
        self._process.close()
        output, self._output = bytes(self._output), bytearray()
        if output.startswith(TRANSCRIPT):
            with self._lock, self._path.open("ab") as stream:
                stream.write(output)


class Recorder:
    """The backend around a host."""

    def __init__(self, backend: Backend, path: Path) -> None:
        """Take the host and the file, which is emptied."""
        self._backend = backend
        self._path = path
        self._lock = threading.Lock()
        path.write_bytes(b"")

    def spawn(self, launch: Launch) -> RecordedProcess:
        """Start it on the host."""
        return RecordedProcess(self._backend.spawn(launch), self._path, self._lock)

    def boot_state(self) -> BootState:
        """That of the host."""
        return self._backend.boot_state()

    def is_reachable(self) -> bool:
        """That of the host."""
        return self._backend.is_reachable()
