# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSSH's own client, for the tests of the lab's SSH server."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import IO

from portkeeper_lab.ssh.files import KNOWN_HOSTS, USER_KEY
from portkeeper_lab.ssh.server import SSHServer


def command(folder: Path, port: int, *options: str, user: str = "Administrator") -> list[str]:
    """Return the client's command line up to the command to run. It never prompts and reads no configuration."""
    fixed = [
        "-F",
        "none",
        "-o",
        "BatchMode=yes",
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        f"UserKnownHostsFile={folder / KNOWN_HOSTS}",
    ]
    return ["ssh", "-T", "-p", str(port), "-i", str(folder / USER_KEY), *options, *fixed, f"{user}@127.0.0.1"]


def run(server: SSHServer, line: str, *options: str, stdin: bytes = b"", **more: str) -> tuple[int, bytes, bytes]:
    """Run a line and return the client's exit code, standard output and standard error."""
    done = subprocess.run(
        [*command(server.folder, server.port, *options, **more), line],
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def with_password(server: SSHServer, line: str, password: str, user: str = "Administrator") -> tuple[int, bytes]:
    """Run a line with a password in place of a key and return exit code and standard output."""
    asked = server.folder / "askpass"
    asked.write_text('#!/bin/sh\necho "$LAB_PASSWORD"\n', encoding="ascii")
    asked.chmod(0o700)
    options = ["-o", "BatchMode=no", "-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1"]
    environment = {**os.environ, "SSH_ASKPASS": str(asked), "SSH_ASKPASS_REQUIRE": "force", "LAB_PASSWORD": password}
    done = subprocess.run(
        [*command(server.folder, server.port, *options, user=user), line],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


class Session:
    """A client whose standard input stays open."""

    def __init__(self, folder: Path, port: int, line: str) -> None:
        """Start it."""
        self.client = subprocess.Popen(
            [*command(folder, port), line], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def send(self, text: str) -> None:
        """Send text, whose line ends become those of Windows."""
        stream = _open(self.client.stdin)
        stream.write(text.replace("\n", "\r\n").encode())
        stream.flush()

    def read_to(self, mark: str) -> list[str]:
        """Return the lines up to the one that is the mark, without it."""
        lines: list[str] = []
        while (line := _open(self.client.stdout).readline().decode().rstrip("\r\n")) != mark:
            assert line or self.client.poll() is None, f"ended before {mark}: {lines}"
            lines.append(line)
        return lines

    def end(self) -> int:
        """End the input and return the client's exit code."""
        _open(self.client.stdin).close()
        return self.client.wait(timeout=30)

    def cut(self) -> None:
        """Close the connection without an answer."""
        self.client.kill()
        self.client.wait()


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
