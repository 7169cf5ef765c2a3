# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of one server: keys, configuration, and the accounts that it sees in place of this machine's."""

from __future__ import annotations

import ctypes
import os
import secrets
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from portkeeper_lab.paths import LabError
from portkeeper_lab.ssh import relay

SOCKET, CONFIG, USER_KEY, HOST_KEY, KNOWN_HOSTS = "relay", "sshd_config", "id_ed25519", "host_key", "known_hosts"

CONFIGURATION = """\
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
UseDNS no
PermitRootLogin yes
PubkeyAuthentication yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
AllowTcpForwarding local
AllowStreamLocalForwarding no
AllowAgentForwarding no
X11Forwarding no
PermitTunnel no
PermitTTY no
PermitUserRC no
PrintMotd no
PrintLastLog no
ForceCommand exec {command}
"""
"""Win32-OpenSSH forwards TCP as it comes. sshd runs as root, so that every account here is one of user id 0."""


def write_server_files(folder: Path) -> None:
    """Make keys and configuration in a folder that does not exist yet, and that only we can read."""
    folder.mkdir(mode=0o700)
    for name in (HOST_KEY, USER_KEY):
        _make_key(folder / name)
    (folder / "authorized_keys").write_bytes((folder / f"{USER_KEY}.pub").read_bytes())
    command = shlex.join([sys.executable, "-I", "-S", relay.__file__, str(folder / SOCKET)])
    (folder / CONFIG).write_text(CONFIGURATION.format(folder=folder, command=command), encoding="utf-8")


def write_files(folder: Path, passwords: Mapping[str, str]) -> None:
    """Make everything but known_hosts.

    Args:
        folder: does not exist yet.
        passwords: of the accounts.
    """
    write_server_files(folder)
    # Windows compares names without regard to case.
    names = {spelling: password for name, password in passwords.items() for spelling in (name, name.lower())}
    users = [f"{name}:x:0:0::{folder}:/bin/sh" for name in names]
    users.append("sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin")
    _write_private(folder / "passwd", "\n".join(users) + "\n", 0o644)
    hashes = {password: _hashed(password) for password in names.values()}
    shadow = "".join(f"{name}:{hashes[password]}:19000:0:99999:7:::\n" for name, password in names.items())
    _write_private(folder / "shadow", shadow, 0o600)
    _write_private(folder / "nsswitch.conf", "passwd: files\nshadow: files\ngroup: files\nhosts: files\n", 0o644)


def write_known_hosts(folder: Path, port: int) -> None:
    """Make the file with which a client knows the server, once its port is known."""
    kind, key = (folder / f"{HOST_KEY}.pub").read_text(encoding="ascii").split()[:2]
    (folder / KNOWN_HOSTS).write_text(f"[127.0.0.1]:{port} {kind} {key}\n", encoding="ascii")


def _make_key(path: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "portkeeper-lab", "-f", str(path)]
    try:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError(f"ssh-keygen could not make {path}: {error}") from error


def _write_private(path: Path, text: str, mode: int) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)


def _hashed(password: str) -> str:
    """Return the password as in /etc/shadow. Python 3.13 no longer has a module for it."""
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    made: bytes = library.crypt(password.encode(), f"$5${secrets.token_hex(8)}$".encode())
    return made.decode("ascii")
