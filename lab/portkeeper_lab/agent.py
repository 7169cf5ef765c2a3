# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talk to the agent inside a prefix: frames over two pipes, many commands at once."""

from __future__ import annotations

import itertools
import struct
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import IO

from portkeeper_lab.backend import STREAM_BUFFER, HostDown, SpawnError, Stream

MAGIC = b"portkeeper agent 1"
HEAD = struct.Struct("<IBI")
SPAWN, STDIN, CREDIT, KILL, CLOSE, BOOT, SHUTDOWN = range(1, 8)
HELLO, STARTED, FAILED, OUTPUT, STDIN_TAKEN, EXIT, CLOSED, DONE = range(1, 9)
STREAMS: tuple[Stream, Stream] = ("stdout", "stderr")
SKIP_SHELL, NO_STREAMS, LIMITED, INPUT_BY_READ = 1, 2, 4, 8

STDIN_CHUNK = 16 * 1024
START_TIMEOUT = 60.0
"""Seconds that the agent, or a command, may take to start."""
KILLED = 0xC000013A
"""Exit code of a command that was killed: STATUS_CONTROL_C_EXIT, as a terminated console program has it."""


class AgentProcess:
    """A command on the host; implements `backend.Process`."""

    def __init__(self, agent: Agent, number: int) -> None:
        """Take the agent and the number that its frames call this command by."""
        self._agent = agent
        self._number = number
        self._changed = threading.Condition()
        self._chunks: deque[tuple[int, bytes]] = deque()
        self._received = 0
        self._taken = 0
        self._stdin_under_way = 0
        self._exit: tuple[int, int] | None = None
        self._closed = False
        self._gone = False
        self.pid: int | None = None
        self.winerror: int | None = None

    def on_frame(self, kind: int, payload: bytes) -> None:
        """Take a frame from the agent's reader thread."""
        with self._changed:
            if kind == OUTPUT:
                self._chunks.append((payload[0], payload[1:]))
                self._received += len(payload) - 1
            elif kind == CLOSED:
                self._closed = True
            else:
                self._on_number(kind, int.from_bytes(payload, "little"))
            self._changed.notify_all()

    def _on_number(self, kind: int, number: int) -> None:
        if kind == STARTED:
            self.pid = number
        elif kind == FAILED:
            self.winerror = number
        elif kind == STDIN_TAKEN:
            self._stdin_under_way -= number
        elif kind == EXIT:
            self._exit = (number, self._received)

    def on_gone(self) -> None:
        """The agent has ended, and everything on the host with it."""
        with self._changed:
            self._gone = True
            self._changed.notify_all()

    def wait_started(self, line: str) -> None:
        """Wait until CreateProcess has succeeded or failed.

        Raises:
            SpawnError: it failed.
            HostDown: the host went away, or it did not answer within `START_TIMEOUT`.
        """
        with self._changed:
            self._changed.wait_for(lambda: self.pid or self.winerror is not None or self._gone, START_TIMEOUT)
        if self.winerror is not None:
            self.close()
            raise SpawnError(f"Windows could not start {line[:200]!r}: error {self.winerror}", self.winerror)
        if not self.pid:
            raise HostDown("the host went away while it started the command")

    def write_stdin(self, data: bytes, end: bool) -> None:
        """See `backend.Process.write_stdin`."""
        pieces = [data[at : at + STDIN_CHUNK] for at in range(0, len(data), STDIN_CHUNK)] or [b""]
        for index, piece in enumerate(pieces):
            with self._changed:
                self._changed.wait_for(lambda: self._stdin_under_way < STREAM_BUFFER or self._is_over())
                if self._is_over():
                    return
                self._stdin_under_way += len(piece)
            last = end and index == len(pieces) - 1
            self._agent.send(STDIN, self._number, bytes([last]) + piece)

    def read(self, max_bytes: int, timeout: float) -> list[tuple[Stream, bytes]]:
        """See `backend.Process.read`."""
        with self._changed:
            self._changed.wait_for(lambda: self._chunks or self._is_over(), timeout)
            if not self._chunks and self._gone and self._exit is None:
                raise HostDown("the host went away under the command")
            taken = self._take(max_bytes)
        credit = [sum(len(chunk) for stream, chunk in taken if stream == index) for index in (0, 1)]
        for index, count in enumerate(credit):
            if count and not self._gone:
                self._agent.send(CREDIT, self._number, struct.pack("<BI", index, count))
        return [(STREAMS[stream], chunk) for stream, chunk in taken]

    def _take(self, max_bytes: int) -> list[tuple[int, bytes]]:
        taken: list[tuple[int, bytes]] = []
        while self._chunks and max_bytes > 0:
            stream, chunk = self._chunks.popleft()
            if len(chunk) > max_bytes:
                self._chunks.appendleft((stream, chunk[max_bytes:]))
                chunk = chunk[:max_bytes]
            max_bytes -= len(chunk)
            self._taken += len(chunk)
            taken.append((stream, chunk))
        return taken

    def _is_over(self) -> bool:
        return self._exit is not None or self._gone or self._closed

    @property
    def exit_code(self) -> int | None:
        """See `backend.Process.exit_code`."""
        with self._changed:
            if self._exit is None or self._taken < self._exit[1]:
                return None
            return self._exit[0]

    def kill_tree(self) -> None:
        """See `backend.Process.kill_tree`."""
        if not self._gone and not self._closed:
            self._agent.send(KILL, self._number, struct.pack("<I", KILLED))

    def close(self) -> None:
        """See `backend.Process.close`."""
        with self._changed:
            if self._gone or (self._closed and self.winerror is None):
                return
        self._agent.send(CLOSE, self._number, b"")
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._gone, 5.0)
            self._closed = True
        self._agent.forget(self._number)


class Agent:
    """The agent inside one prefix, from its start to its end (it does not survive a reboot of the host)."""

    def __init__(self, command: list[str]) -> None:
        """Start the agent.

        Args:
            command: the command line for `subprocess` that runs agent.exe inside the host's namespace.

        Raises:
            HostDown: it did not come up.
        """
        self._popen = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        self._sending = threading.Lock()
        self._numbers = itertools.count(1)
        self._processes: dict[int, AgentProcess] = {}
        self._answers: dict[int, bytes] = {}
        self._answered = threading.Condition()
        self._gone = False
        threading.Thread(target=self._read_frames, name="agent", daemon=True).start()
        if self._wait_answer(0, START_TIMEOUT) != MAGIC:
            self.close()
            raise HostDown("the agent inside the prefix did not come up")

    @property
    def gone(self) -> bool:
        """Whether the agent has ended."""
        return self._gone

    def spawn(
        self,
        line: str,
        *,
        flags: int = 0,
        environment: Mapping[str, str] | None = None,
        directory: str = "",
        codepage: int = 437,
    ) -> AgentProcess:
        """Start a command; see `backend.Backend.spawn`.

        Args:
            line: the command line, see `flags`.
            flags: SKIP_SHELL takes the line as it is; NO_STREAMS gives it no pipes but NUL; LIMITED takes the
                administrator's rights away; INPUT_BY_READ makes each write of input a read of its own.
            environment: added to the agent's own.
            directory: a Windows path; "" is the agent's.
            codepage: console code page.
        """
        number = next(self._numbers)
        process = AgentProcess(self, number)
        with self._answered:
            self._processes[number] = process
        block = "".join(f"{name}={value}\0" for name, value in (environment or {}).items())
        texts = b"".join(struct.pack("<I", len(t)) + t for t in (x.encode() for x in (line, directory, block)))
        self.send(SPAWN, number, struct.pack("<II", flags, codepage) + texts)
        for index in (0, 1):
            self.send(CREDIT, number, struct.pack("<BI", index, STREAM_BUFFER))
        process.wait_started(line)
        return process

    def boot(self, timeout: float) -> list[tuple[str, int]]:
        """Boot the host: copy the reservations, start the services in order.

        Args:
            timeout: seconds for all of it.

        Returns:
            (service, exit code of its start) for each service that was started, in order.
        """
        lines = self._ask(BOOT, timeout)[4:].decode("ascii", "replace").splitlines()
        return [(name, int(code)) for name, _space, code in (line.rpartition(" ") for line in lines)]

    def note_shutdown(self) -> None:
        """Write ShutdownTime, as Windows does when it goes down."""
        self._ask(SHUTDOWN, 10.0)

    def send(self, kind: int, number: int, payload: bytes) -> None:
        """Send a frame.

        Raises:
            HostDown: the agent has gone.
        """
        data = HEAD.pack(len(payload), kind, number) + payload
        try:
            with self._sending:
                while data:
                    data = data[self._stdin().write(data) :]
        except (OSError, ValueError) as error:
            raise HostDown("the host is not up") from error

    def forget(self, number: int) -> None:
        """A command has been closed."""
        with self._answered:
            self._processes.pop(number, None)

    def close(self) -> None:
        """End the agent; what it started lives on until the namespace ends."""
        with self._sending:
            self._stdin().close()
        try:
            self._popen.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def _stdin(self) -> IO[bytes]:
        if self._popen.stdin is None:
            raise HostDown("the agent has no input")
        return self._popen.stdin

    def _ask(self, kind: int, timeout: float) -> bytes:
        number = next(self._numbers)
        self.send(kind, number, b"")
        answer = self._wait_answer(number, timeout)
        if answer is None:
            raise HostDown("the agent inside the prefix did not answer in time")
        return answer

    def _wait_answer(self, number: int, timeout: float) -> bytes | None:
        end = time.monotonic() + timeout
        with self._answered:
            while number not in self._answers and not self._gone and time.monotonic() < end:
                self._answered.wait(end - time.monotonic())
            return self._answers.pop(number, None)

    def _read_frames(self) -> None:
        while (head := self._read_exactly(HEAD.size)) is not None:
            size, kind, number = HEAD.unpack(head)
            payload = self._read_exactly(size)
            if payload is None:
                break
            if kind in (HELLO, DONE):
                with self._answered:
                    self._answers[number] = payload
                    self._answered.notify_all()
            elif process := self._processes.get(number):
                process.on_frame(kind, payload)
        with self._answered:
            self._gone = True
            processes = list(self._processes.values())
            self._answered.notify_all()
        for process in processes:
            process.on_gone()

    def _read_exactly(self, size: int) -> bytes | None:
        parts = b""
        while len(parts) < size:
            piece = self._popen.stdout.read(size - len(parts)) if self._popen.stdout else b""
            if not piece:
                return None
            parts += piece
        return parts
