# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replayed hosts for tests that need neither root nor Wine."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from checkout import CHECKOUT, lab_environment


class Replayed:
    """Hosts that answer with the recordings of the benchmarks, in one process of their own.

    Attributes:
        hosts: their variables by name.
        inventory: a file that names them.
        inventory_over_ssh: a file that names the first of them, to be reached over ssh; None without an SSH server.
    """

    def __init__(self, folder: Path, recordings: Mapping[str, str], *, ssh: bool = False) -> None:
        """Start them; they begin with the first transcript of their recording.

        Args:
            folder: for the inventories.
            recordings: names in bench/recordings by name of the host.
            ssh: whether the first host has an SSH server, too.
        """
        files = [str(CHECKOUT / "bench" / "recordings" / f"{name}.txt.gz") for name in recordings.values()]
        command = [sys.executable, "-m", "portkeeper_lab", "replay", *files, "--hosts", str(len(files))]
        self._process = subprocess.Popen(
            [*command, "--winrm", "full_chunks=true", *(["--ssh"] if ssh else [])],
            env=lab_environment(),
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        answer = self._answer()
        common = {
            "ansible_connection": "winrm",
            "ansible_host": "127.0.0.1",
            "ansible_winrm_scheme": "http",
            "ansible_winrm_transport": "ntlm",
            "ansible_winrm_message_encryption": "always",
            "ansible_user": answer["user"],
            "ansible_password": answer["password"],
        }
        self.hosts = {
            name: {**common, "ansible_port": port} for name, port in zip(recordings, answer["ports"], strict=True)
        }
        self.inventory = folder / "replayed.json"
        self.inventory.write_text(json.dumps({"all": {"hosts": self.hosts}}), encoding="utf-8")
        self.inventory_over_ssh: Path | None = None
        if ssh:
            self.inventory_over_ssh = folder / "over-ssh.json"
            hosts = {next(iter(recordings)): _over_ssh(answer["ssh"])}
            self.inventory_over_ssh.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")

    def _answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer
        return answer

    def control(self, **request: Any) -> dict[str, Any]:
        """Steer the hosts; return their counters' sums."""
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def end(self) -> None:
        """End the hosts."""
        self._process.stdin.close()
        self._process.wait(30)


def _over_ssh(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that reach the SSH server; no connection is shared."""
    folder = Path(told["folder"])
    known = ("-F", "none", "-o", f"UserKnownHostsFile={folder / 'known_hosts'}", "-o", "IdentitiesOnly=yes")
    return {
        "ansible_connection": "ssh",
        "ansible_host": "127.0.0.1",
        "ansible_port": told["port"],
        "ansible_user": told["user"],
        "ansible_shell_type": "cmd",
        "ansible_ssh_private_key_file": str(folder / "id_ed25519"),
        "ansible_ssh_common_args": shlex.join(known),
        "ansible_ssh_args": "",
    }
