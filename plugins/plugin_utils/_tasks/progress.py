# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record before each phase how far a task got, on the controller's disk: a task can be killed at any moment.

A task's timeout, Ctrl-C, SIGTERM, a cancelled job: nothing that a task would do at its end can be relied on. So the
artifact says "did not end" before the host is contacted, and a file beside the host's backups says what is being done
while the host is changed. The file is locked while the task is at work; one that is there and not locked was left by a
task that was stopped, and the next task names it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from ansible.errors import AnsibleError

from .._connection.errors import HostFailure, Phase
from .._files import RUN_ID, now_text
from .._writer import open_private

NOTE = "unfinished.json"
"""Name of the file, in the folder of the host's backups."""

_NOTE_BYTES_MAX = 4096


@dataclass(frozen=True)
class Stopped:
    """A task that was stopped while it changed the host.

    Attributes:
        task: name of the module.
        call: of Ansible, as in artifacts and backups.
        phase: how far it got.
        at: UTC time of that, ISO 8601.
        dns_may_be_stopped: whether it was about to stop DNS.
    """

    task: str
    call: str
    phase: str
    at: str
    dns_may_be_stopped: bool

    @property
    def problem(self) -> dict[str, Any]:
        """The stopped task as a problem."""
        return {
            "id": "earlier_run_stopped",
            "severity": "warning",
            "message": self.sentence,
            "data": {"task": self.task, "call": self.call, "phase": self.phase, "at": self.at},
        }

    @property
    def sentence(self) -> str:
        """A sentence on what happened and what is done about it."""
        dns = " DNS may have been stopped." if self.dns_may_be_stopped else ""
        return (
            f"An earlier {self.task} (call {self.call}) was stopped in the phase {self.phase} at {self.at}.{dns} The"
            " host was read again, and a run without check mode finishes the work."
        )


class Progress:
    """The progress of one task.

    Attributes:
        phase: the last one that was entered.
        changed: whether the host may have been changed.
        dns_may_be_stopped: whether DNS may be stopped.
        earlier: an earlier task that was stopped, or None.
    """

    def __init__(self, task: str, folder: Path | None, save: Callable[[Progress], None]) -> None:
        """Read what an earlier task has left.

        Args:
            task: name of the module.
            folder: of the host's backups; None for a task that has nothing to do with them.
            save: writes the artifact of a task that did not end; called before each phase that changes the host.
        """
        self._task, self._save = task, save
        self._path = folder / NOTE if folder else None
        self._stream: TextIO | None = None
        self.phase: Phase = "read"
        self.changed = self.dns_may_be_stopped = False
        self.earlier = self._left()

    def enter(self, phase: Phase, *, dns_may_be_stopped: bool = False) -> None:
        """Record that the host is about to be changed.

        Raises:
            HostFailure: it could not be recorded on the controller, so the phase must not begin.
        """
        before = self.phase, self.changed, self.dns_may_be_stopped
        self.phase, self.changed = phase, True
        self.dns_may_be_stopped = self.dns_may_be_stopped or dns_may_be_stopped
        try:
            self._save(self)
            if self._path is not None:
                self._write(self._path, Stopped(self._task, RUN_ID, phase, now_text(), self.dns_may_be_stopped))
        except AnsibleError as error:
            self.phase, self.changed, self.dns_may_be_stopped = before
            raise HostFailure(
                f"Nothing was written on the host, because the controller could not record it first: {error}",
                "backup",
                changed=self.changed,
                dns_may_be_stopped=self.dns_may_be_stopped,
            ) from None

    def end(self, finished: Callable[[str], bool]) -> None:
        """Remove the file: the task has ended, and its result says what it did.

        Args:
            finished: whether nothing is left to be done of what the module of this name does; else an earlier task that
                was stopped is named again the next time.
        """
        if self._path is None or (self._stream is None and self.earlier is None):
            return
        with contextlib.suppress(OSError, AnsibleError):
            if self.earlier is not None and not finished(self.earlier.task):
                if self._stream is not None:
                    self._write(self._path, self.earlier)
            else:
                self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file. If the task has not ended properly, the next one finds it."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _write(self, path: Path, content: Stopped) -> None:
        try:
            if self._stream is None:
                self._stream = open_private(path)
                # Another task is at work on the same host: the lock on the host tells them apart, not this file.
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._stream.seek(0)
            self._stream.truncate()
            json.dump(vars(content), self._stream)
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise AnsibleError(f"The file {path} could not be written on the controller: {error.strerror}.") from None

    def _left(self) -> Stopped | None:
        """Return the task in a file that exists and is not locked. An unreadable file is treated as one."""
        if self._path is None:
            return None
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        with os.fdopen(handle, encoding="utf-8", errors="replace") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return _parsed(json.loads(stream.read(_NOTE_BYTES_MAX)))
            except BlockingIOError:
                return None
            except (OSError, ValueError):
                return _parsed({})


def _parsed(found: Any) -> Stopped:  # noqa: ANN401 (JSON)
    """Return a task, with "unknown" for what is not known."""
    known = found if isinstance(found, dict) else {}
    words = {name: str(known.get(name, "unknown")) for name in ("task", "call", "phase", "at")}
    return Stopped(**words, dns_may_be_stopped=known.get("dns_may_be_stopped") is not False)
