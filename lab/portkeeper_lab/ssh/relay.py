# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sshd runs for each session: passes standard streams between it and the supervisor, on a unix socket.

A separate program that only uses the standard library, because it is started for each command. Arguments: the socket.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import sys
import threading

FRAME = struct.Struct(">BI")
STDOUT, STDERR, EXIT = 1, 2, 3
LOST = 255
"""Exit code when the host went away under the session."""


def main(path: str) -> int:
    """Serve one session and return the command's exit code."""
    with socket.socket(socket.AF_UNIX) as supervisor:
        supervisor.connect(path)
        head = {
            "user": os.environ.get("LOGNAME", ""),
            "client": os.environ.get("SSH_CONNECTION", ""),
            "command": os.environ.get("SSH_ORIGINAL_COMMAND"),
        }
        supervisor.sendall(json.dumps(head).encode() + b"\n")
        threading.Thread(target=_pass_input, args=(supervisor,), daemon=True).start()
        return _pass_output(supervisor)


def _pass_input(supervisor: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := os.read(0, 65536):
            supervisor.sendall(data)
        supervisor.shutdown(socket.SHUT_WR)


def _pass_output(supervisor: socket.socket) -> int:
    frames = supervisor.makefile("rb")
    while head := frames.read(FRAME.size):
        kind, size = FRAME.unpack(head)
        if kind == EXIT:
            return int(size)
        data = memoryview(frames.read(size))
        while data:
            data = data[os.write(kind, data) :]
    return LOST


if __name__ == "__main__":
    try:
        CODE = main(sys.argv[1])
    except OSError:
        CODE = LOST
    # The thread may hang in a read of standard input; sshd waits for the process only.
    os._exit(CODE)
