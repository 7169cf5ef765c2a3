# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SSH server as any Linux host has one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def debian(tmp_path: Path, free_port: int, **settings: str) -> Iterator[dict[str, Any]]:
    """Start a plain sshd of this machine, which logs to a file, and give the variables to reach it."""
    for name in ("host_key", "user_key"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True, capture_output=True
        )
    lines = {
        "ListenAddress": "127.0.0.1",
        "Port": free_port,
        "HostKey": tmp_path / "host_key",
        "AuthorizedKeysFile": tmp_path / "user_key.pub",
        "StrictModes": "no",
        "UsePAM": "no",
        "PidFile": "none",
        "PermitRootLogin": "yes",
        **settings,
    }
    config = tmp_path / "sshd_config"
    config.write_text("".join(f"{name} {value}\n" for name, value in lines.items()), encoding="ascii")
    kind, key = (tmp_path / "host_key.pub").read_text(encoding="ascii").split()[:2]
    (tmp_path / "known").write_text(f"[127.0.0.1]:{free_port} {kind} {key}\n", encoding="ascii")
    Path("/run/sshd").mkdir(exist_ok=True)
    with open(tmp_path / "sshd.log", "w", encoding="utf-8") as log:
        sshd = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(config)], stderr=log)
    yield {
        "ansible_ssh_args": "",
        "ansible_port": free_port,
        "ansible_user": "root",
        "ansible_shell_type": "sh",
        "ansible_ssh_private_key_file": str(tmp_path / "user_key"),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={tmp_path / 'known'}",
    }
    sshd.terminate()
    sshd.wait()
