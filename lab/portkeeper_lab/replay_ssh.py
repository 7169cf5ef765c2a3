# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real sshd in front of a replayed host, for measurements: it runs as the current user, without namespaces.

It takes only its own key. A session gets a stand-in for a cmd.exe that reads its command lines from standard input.
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portkeeper_lab.backend import BootState, Launch, Stream
from portkeeper_lab.paths import LabError
from portkeeper_lab.replay import ReplayHost
from portkeeper_lab.ssh.files import CONFIG, SOCKET, write_known_hosts, write_server_files
from portkeeper_lab.ssh.sessions import Sessions
from portkeeper_lab.ssh.shells import Options

SSHD_FOLDER = Path("/run/sshd")
"""Must exist where sshd runs as root; it stays empty."""

OPENS_S = 10.0
BANNER = b"Microsoft Windows [Version]\r\n"
_MARK = re.compile(rb"echo (\S+) %errorlevel%\s*")


@dataclass(frozen=True)
class Accounts:
    """What a replayed host needs to have of a scenario."""

    limited_users: tuple[str, ...] = ()
    oem_codepage: int = 437
    windows_type: bool = False


class TypedCmd:
    """A cmd.exe that answers each line with what is recorded for it; see `backend.Process`."""

    def __init__(self, host: ReplayHost, counted: Counter[str]) -> None:
        """Take the host, and where to count bytes."""
        self._host = host
        self._counted = counted
        self._changed = threading.Condition()
        self._rest = b""
        self._output = BANNER
        self._level = 0
        self._ended = False

    def write_stdin(self, data: bytes, end: bool) -> None:
        """See the protocol."""
        with self._changed:
            self._counted["bytes_in"] += len(data)
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._output += b"".join(map(self._answered, lines))
            self._ended = self._ended or end
            self._changed.notify_all()

    def _answered(self, line: bytes) -> bytes:
        mark = _MARK.fullmatch(line)
        if mark is not None:
            return b"%b %d\r\n" % (mark[1], self._level)
        out, error, self._level = self._host.answer(line.decode("ascii").rstrip("\r"))
        return out + error

    def read(self, max_bytes: int, timeout: float) -> list[tuple[Stream, bytes]]:
        """See the protocol."""
        with self._changed:
            self._changed.wait_for(lambda: self._output or self._ended, timeout)
            data, self._output = self._output[:max_bytes], self._output[max_bytes:]
            self._counted["bytes_out"] += len(data)
            return [("stdout", data)] if data else []

    @property
    def exit_code(self) -> int | None:
        """See the protocol."""
        with self._changed:
            return 0 if self._ended and not self._output else None

    def kill_tree(self) -> None:
        """Nothing runs."""
        self.write_stdin(b"", end=True)

    def close(self) -> None:
        """See `kill_tree`."""
        self.kill_tree()


class ReplaySSH:
    """The server. Implements `backend.Backend` for its sessions."""

    def __init__(self, host: ReplayHost) -> None:
        """Start it.

        Raises:
            LabError: there is no sshd, or it does not start.
        """
        program = shutil.which("sshd", path="/usr/sbin:/sbin:/usr/local/sbin")
        if program is None:
            raise LabError("There is no sshd; install Debian's openssh-server.")
        self._host = host
        self._bytes: Counter[str] = Counter()
        # A path of the folder is that of a socket, too, and must be short.
        self._temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self._temporary.name) / "s"
        write_server_files(self.folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        write_known_hosts(self.folder, self.port)
        self._sessions = Sessions(self, Accounts(), Options(), lambda _line: None, lambda _connection: None)
        self._sessions.listen(self.folder / SOCKET)
        if os.geteuid() == 0:
            SSHD_FOLDER.mkdir(exist_ok=True)
        settings = (f"Port={self.port}", "ListenAddress=127.0.0.1", "PasswordAuthentication=no", "StrictModes=no")
        options = [part for setting in (*settings, "MaxStartups=1000") for part in ("-o", setting)]
        self._log = self.folder / "sshd.log"
        self._logons_before = 0
        command = [program, "-D", "-E", str(self._log), "-f", str(self.folder / CONFIG), *options]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._await_open()

    def _await_open(self) -> None:
        deadline = time.monotonic() + OPENS_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise LabError("sshd did not start.") from error
                time.sleep(0.05)
            else:
                return

    def facts(self) -> dict[str, Any]:
        """Return what a client needs to know of it."""
        return {"port": self.port, "folder": str(self.folder), "user": getpass.getuser()}

    def spawn(self, _launch: Launch) -> TypedCmd:
        """Start the stand-in for cmd.exe, whatever the client asks for."""
        return TypedCmd(self._host, self._bytes)

    def boot_state(self) -> BootState:
        """Always up."""
        return "up"

    def is_reachable(self) -> bool:
        """Always."""
        return True

    def counters(self) -> dict[str, int]:
        """Return logons, sessions, the lines that were typed, and the bytes in both directions before encryption."""
        counted = self._sessions.faults.control({"op": "counters"})
        logons = self._logons() - self._logons_before
        return {"lines": counted["lines"], "ssh_logons": logons, "ssh_sessions": counted["sessions"], **self._bytes}

    def _logons(self) -> int:
        return self._log.read_bytes().count(b"Accepted publickey for ") if self._log.exists() else 0

    def reset_counters(self) -> None:
        """Count from zero."""
        self._sessions.faults.control({"op": "reset_counters"})
        self._logons_before = self._logons()
        self._bytes.clear()

    def stop(self) -> None:
        """End it and remove its files."""
        self._process.terminate()
        self._process.wait()
        self._sessions.stop()
        self._temporary.cleanup()
