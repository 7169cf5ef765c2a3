# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start the replayed hosts in a separate process, whose CPU is not counted."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from controller import CHECKOUT, WORK

RECORDINGS = CHECKOUT / "bench" / "recordings"
ANSWERS = CHECKOUT / "bench" / "peer" / "answers.json"


def _name(number: int) -> str:
    return f"host{number:04}"


class Hosts:
    """A running `lab replay`."""

    def __init__(self, recordings: Sequence[str], count: int, profile: str, *, ssh: bool = False) -> None:
        """Start it.

        Args:
            recordings: names in bench/recordings; the hosts take them in turn.
            count: how many hosts.
            profile: of the WinRM servers.
            ssh: whether the first host has an SSH server, too.
        """
        command = [sys.executable, "-m", "portkeeper_lab", "replay"]
        command += [str(RECORDINGS / f"{name}.txt.gz") for name in recordings]
        command += ["--hosts", str(count), "--profile", profile, "--modules", str(ANSWERS)]
        command += ["--winrm", "full_chunks=true", *(["--ssh"] if ssh else [])]
        self._process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT / "lab")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        told = self._answer()
        self.ports: list[int] = told["ports"]
        self.user: str = told["user"]
        self.password: str = told["password"]
        self._ssh: dict[str, Any] | None = told["ssh"]

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the replayed hosts have gone"}
        if "error" in answer:
            raise SystemExit(f"lab replay: {answer['error']}")
        return answer

    def control(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - plain data
        """Steer it; see `replay_fleet.Fleet.control`."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def inventory(self, count: int, connection: str = "winrm", first: int = 0) -> Path:
        """Write an inventory of the first hosts and return its path; their names are numbered from `first` on."""
        hosts, common = self._over_ssh(count) if connection == "ssh" else self._over_winrm(count, first)
        # One recording plays all hosts, so they are one machine by what it says.
        common = {**common, "ansible_host": "127.0.0.1", "drift_same_machine": [list(hosts)]}
        path = WORK / f"inventory-{connection}-{first}-{count}.json"
        path.write_text(json.dumps({"all": {"hosts": hosts, "vars": common}}), encoding="utf-8")
        return path

    def _over_winrm(self, count: int, first: int) -> tuple[dict[str, Any], dict[str, Any]]:
        hosts = {_name(number): {"ansible_port": port} for number, port in enumerate(self.ports[:count], first)}
        return hosts, {
            "ansible_connection": "winrm",
            "ansible_winrm_scheme": "http",
            "ansible_winrm_transport": "ntlm",
            "ansible_winrm_message_encryption": "always",
            "ansible_user": self.user,
            "ansible_password": self.password,
        }

    def _over_ssh(self, count: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """All names lead to the one server. A shared connection would be one for all of them, so none is used."""
        assert self._ssh is not None
        folder = Path(self._ssh["folder"])
        known = ("-F", "none", "-o", f"UserKnownHostsFile={folder / 'known_hosts'}", "-o", "IdentitiesOnly=yes")
        return {_name(number): {} for number in range(count)}, {
            "ansible_connection": "ssh",
            "ansible_port": self._ssh["port"],
            "ansible_user": self._ssh["user"],
            "ansible_shell_type": "cmd",
            "ansible_ssh_private_key_file": str(folder / "id_ed25519"),
            "ansible_ssh_common_args": shlex.join(known),
            "ansible_ssh_args": "",
        }

    def __enter__(self) -> Hosts:
        """Nothing more to do."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
