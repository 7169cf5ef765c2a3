# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create the network, process and mount namespaces of one host, with the Wine root and the host's prefix inside.

Its first process reads a pipe that only the supervisor holds open. However the supervisor ends, SIGKILL included, the
pipe ends with it, that process ends, and the kernel takes everything in the namespace along.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from portkeeper_lab.paths import LabError, require_root

READY = b"ready\n"

SETUP = r"""
set -e
root=$1 prefix=$2 name=$3
mount --make-rprivate /
mount --bind "$root" "$root"
mount -o remount,ro,bind "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for node in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod -m 666 "$root/dev/${node%:*}" c 1 "${node#*:}"
done
mkdir "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mount -t tmpfs -o mode=700 home "$root/root"
mount --rbind "$prefix" "$root/prefix"
hostname "$name"
ip link set lo up
echo ready
exec env --ignore-signal=CHLD cat >/dev/null
"""
"""Arguments: root, prefix, host name. CHLD is ignored so that orphans of Wine's daemons do not stay as zombies."""

UNSHARE = ("unshare", "--net", "--pid", "--mount", "--uts", "--ipc", "--fork", "--kill-child", "sh", "-c", SETUP, "sh")

ENVIRONMENT = {
    "HOME": "/root",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC0",
    "WINEPREFIX": "/prefix",
    "WINEDEBUG": "-all",
    "WINEDLLOVERRIDES": "mscoree,mshtml=;winemenubuilder.exe=",
    "DISPLAY": "",
}


class FirstProcess:
    """The first process of new namespaces; everything in them ends with it, and it ends with us.

    Attributes:
        pid: the process id of `unshare`, which is in all the namespaces but the process one.
    """

    def __init__(self, command: list[str], name: str) -> None:
        """Make the namespaces.

        Args:
            command: `unshare` with a script that prints READY and reads its input to the end.
            name: whose they are, for a message.

        Raises:
            LabError: the kernel refused.
        """
        self._first = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.pid = self._first.pid
        if _stream(self._first.stdout).readline() != READY:
            message = _stream(self._first.stderr).read().decode(errors="replace").strip()
            self.close()
            raise LabError(f"The namespace for {name} could not be made: {message or 'no message'}")

    def enter(self, *namespaces: str) -> list[str]:
        """Return the beginning of a command line that runs something inside, always in the process namespace."""
        return ["nsenter", "-t", str(self.pid), *namespaces, f"--pid=/proc/{self.pid}/ns/pid_for_children"]

    def close(self) -> None:
        """End everything inside; may be called twice."""
        stdin = _stream(self._first.stdin)
        if not stdin.closed:
            stdin.close()
        try:
            self._first.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._first.kill()
            self._first.wait()
        _stream(self._first.stdout).close()
        _stream(self._first.stderr).close()


class Namespace:
    """The namespace of one host; needs root.

    Attributes:
        pid: the process id of `unshare`, which is in all the namespaces but the process one.
    """

    def __init__(self, root: Path, prefix: Path, name: str) -> None:
        """Make the namespace.

        Args:
            root: the Debian root with Wine; stays untouched, it is mounted read-only.
            prefix: the Wine prefix that appears as /prefix.
            name: the host name inside, which Wine makes the computer name.

        Raises:
            LabError: not root, or the kernel refused.
        """
        require_root("a lab host")
        self._root = root
        self._first = FirstProcess([*UNSHARE, str(root), str(prefix), name], name)
        self.pid = self._first.pid

    def command(self, arguments: list[str], extra: Mapping[str, str] | None = None) -> list[str]:
        """Return the command line that runs `arguments` inside, for `subprocess`.

        Args:
            arguments: a program of the root and its arguments.
            extra: environment variables on top of `ENVIRONMENT`.
        """
        enter = self._first.enter("-m", "-n", "-u", "-i")
        variables = [f"{key}={value}" for key, value in {**ENVIRONMENT, **(extra or {})}.items()]
        return [*enter, "chroot", str(self._root), "env", "-i", *variables, *arguments]

    def run(self, *arguments: str, timeout: float = 120.0) -> int:
        """Run a program inside with all streams redirected to nothing.

        Args:
            arguments: a program of the root and its arguments.
            timeout: in seconds.

        Returns:
            Its exit code.

        Raises:
            LabError: it did not end in time.
        """
        try:
            done = subprocess.run(
                self.command(list(arguments)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=timeout,
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LabError(f"{' '.join(arguments)} did not end within {timeout:.0f} s.") from error
        return done.returncode

    def close(self) -> None:
        """End everything inside; may be called twice."""
        self._first.close()


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise LabError("a stream of the namespace is missing")
    return stream
