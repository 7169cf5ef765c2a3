# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-playbook in copies of a process that has loaded Ansible already.

Loading Ansible takes most of the time of a short play, and the tests run hundreds of them. Each run is still a process
of its own that begins where `ansible-playbook` begins; the collection is loaded in it, never before. Only its files are
compiled before: Ansible does not keep what it has compiled of a collection.

Run as a program, this file is the process that is copied: it ends when its standard input does.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from pathlib import Path

EXCEPTION = 250
"""The exit code of Ansible for what it did not expect."""


class LoadedAnsible:
    """Runs ansible-playbook. Ansible's settings come from the environment, so there is a process for each."""

    def __init__(self, folder: Path) -> None:
        """Take an empty folder for sockets and output."""
        self._folder = folder
        self._processes: dict[str, _Process] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def run(self, arguments: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run ansible-playbook to its end, its input at the end of file.

        Args:
            arguments: its own.
            folder: in which it runs.
            environment: all its variables.
        """
        key = json.dumps(environment, sort_keys=True)
        with self._lock:
            if key not in self._processes:
                self._processes[key] = _Process(self._folder / f"socket{next(self._numbers)}", environment)
        number = next(self._numbers)
        streams = [self._folder / f"{number}.{name}" for name in ("stdout", "stderr")]
        code = self._processes[key].run(
            {"arguments": arguments, "folder": str(folder), "streams": list(map(str, streams))}
        )
        stdout, stderr = (path.read_text(encoding="utf-8") for path in streams)
        if code is None:
            raise AssertionError(f"ansible-playbook {arguments} was killed\n{stdout}\n{stderr}")
        return subprocess.CompletedProcess(["ansible-playbook", *arguments], code, stdout, stderr)

    def close(self) -> None:
        """End the processes."""
        for process in self._processes.values():
            process.close()


class _Process:
    """The process that is copied for each run."""

    def __init__(self, path: Path, environment: dict[str, str]) -> None:
        self._path = path
        command = [sys.executable, __file__, str(path)]
        self._process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self._process.stdout is None or not self._process.stdout.readline():
            raise AssertionError("Ansible could not be loaded.")

    def run(self, request: dict[str, object]) -> int | None:
        """Run, and return the exit code; None if a signal ended the run."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            answer = connection.makefile("rb").readline()
        return int(answer) if answer else None

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait(timeout=30)


def serve(path: str) -> None:
    """Load Ansible, then take runs, each in a copy of this process, until standard input ends."""
    # Only the process that is copied loads it, with the plugins that each run of a playbook would load first.
    from ansible.cli import playbook  # noqa: F401, PLC0415
    from ansible.plugins import loader  # noqa: PLC0415

    for plugins in (loader.connection_loader, loader.shell_loader, loader.become_loader):
        list(plugins.all(class_only=True))
    _compile_collections(Path(os.environ["ANSIBLE_COLLECTIONS_PATH"]))
    # What is loaded stays: no copy looks through it for garbage.
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("ready", flush=True)
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection, _address = listener.accept()
            with connection:
                if os.fork() == 0:
                    listener.close()
                    _be_run(connection)


def _compile_collections(folder: Path) -> None:
    """Compile what Ansible's loader of collections would compile in each copy, with the arguments that it gives."""
    from ansible.utils.collection_loader import _collection_finder  # noqa: PLC0415

    remembering = functools.lru_cache(maxsize=None)(compile)
    _collection_finder.compile = remembering
    for path in folder.glob("ansible_collections/*/*/plugins/**/*.py"):
        remembering(source=path.read_bytes(), filename=str(path), mode="exec", flags=0, dont_inherit=True)


def _be_run(connection: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request = json.loads(connection.makefile("rb").readline())
    os.chdir(request["folder"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, stream in enumerate(request["streams"], 1):
        os.dup2(os.open(stream, os.O_WRONLY | os.O_CREAT, 0o600), number)
    code = _run_playbook(["ansible-playbook", *request["arguments"]])
    for output in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            output.flush()
    connection.sendall(f"{code}\n".encode())
    # Not sys.exit: Ansible would remove its folder for temporary files, which belongs to the process that was copied.
    os._exit(0)


def _run_playbook(arguments: list[str]) -> int:
    from ansible.cli.playbook import main  # noqa: PLC0415 - loaded already

    sys.argv = arguments
    try:
        main()
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
        return EXCEPTION
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
