# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy files between the controller and a host, and run them with the host's cmd."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.collect import collect_script
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._offline.hosts import Carried, read_transcripts
from portkeeper_lab.control import ask_once

RUN = "0123456789abcdef"
TCPIP = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"


@dataclass
class Carrier:
    """A person between a host and the controller: all that is done on the host is done by its cmd."""

    host: Any
    folder: Path
    name: str

    def collect(self, options: dict[str, Any] | None = None, change: Callable[[bytes], bytes] | None = None) -> Carried:
        """Collects on the host; plans; carries what was made back."""
        self.run("collect.cmd")
        transcript = self.folder / f"{self.name}.txt"
        if change:
            transcript.write_bytes(change(transcript.read_bytes()))
        (carried,) = read_transcripts(transcript, Policy.from_options(options))
        return carried

    def carry(self, carried: Carried) -> None:
        for name, content in carried.files.items():
            (self.folder / name).write_bytes(content)

    def run(self, script: str) -> tuple[int, str]:
        """Exit code and output of a script."""
        said = self.host.exec(rf"cd /d C:\carry&{script} /q & call echo rc=%^errorlevel%", check=False)
        return int(re.findall(r"rc=(\d+)", said)[-1]), said

    def exported(self) -> bytes:
        """Return the lines of ReservedPorts in an export: its exact bytes."""
        self.host.exec(rf"del C:\carry\all.reg & reg export {TCPIP} C:\carry\all.reg")
        text = (self.folder / "all.reg").read_bytes().decode("utf-16")
        found = re.search(r'^"ReservedPorts"=(?:.*\\\r\n)*.*$', text, re.MULTILINE)
        return found[0].encode() if found else b""

    def registry(self) -> str:
        """Return all that the scripts may write."""
        return self.host.exec(rf"reg query {TCPIP} & reg query HKLM\SOFTWARE\portkeeper /s", check=False)


def carrier(host: Any, name: str) -> Carrier:
    folder = Path(ask_once(host.name, {"op": "info"})["prefix"]) / "drive_c" / "carry"
    folder.mkdir()
    (folder / "collect.cmd").write_bytes("".join(f"{line}\r\n" for line in collect_script(RUN)).encode("ascii"))
    return Carrier(host, folder, name)
