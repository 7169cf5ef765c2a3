# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program in place of OpenSSH's client: it plays a host with cmd.exe and writes down its calls."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.session import Session
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._connection.transports import refuse_foreign

_CLIENT = """\
import json, os, pathlib, sys, time
here = pathlib.Path(__file__).parent
case = json.loads((here / "case.json").read_text())
call = {"argv": sys.argv[1:], "askpass": os.environ.get("SSH_ASKPASS_REQUIRE"), "shared": None}
shared = os.environ.get("_ANSIBLE_SSH_ASKPASS_SHM")
if shared:
    call["shared"] = (pathlib.Path("/dev/shm") / shared.strip("/")).read_bytes().rstrip(bytes(1)).decode()
with open(here / "calls", "a") as calls:
    calls.write(json.dumps(call) + "\\n")
if "-G" in sys.argv:
    print("\\n".join(case["settings"]))
    sys.exit(0)
if "-O" in sys.argv:
    sys.exit(0)
sys.stderr.write(case.get("said", ""))
sys.stderr.flush()
banner = "Profile text\\r\\nMicrosoft Windows [Version 10.0.17763.1]\\r\\n(c) Text\\r\\n\\r\\n"
sys.stdout.write(case.get("greeting", banner))
sys.stdout.flush()
if "status" in case:
    sys.exit(case["status"])
if case.get("truncates"):
    time.sleep(60)
commands = list(case.get("commands", []))
for line in sys.stdin:
    if line.startswith("echo portkeeper-end-"):
        sys.stdout.write(line.split()[1] + " 0\\r\\n")
    else:
        with open(here / "lines", "a") as lines:
            lines.write(line)
        what = commands.pop(0) if commands else "answer"
        if what == "hang":
            time.sleep(60)
        elif what == "drop":
            sys.stderr.write("client_loop: send disconnect: Broken pipe\\n")
            sys.exit(255)
        elif what == "flood":
            for _turn in range(9000):
                sys.stdout.write("x" * 1024)
        sys.stdout.write("one\\r\\ntwo\\r\\n")
    sys.stdout.flush()
"""

_SSHPASS = """\
import os, pathlib, sys
here = pathlib.Path(__file__).parent
descriptor = int(next(word for word in sys.argv if word.startswith("-d"))[2:])
password = b""
while not password.endswith(b"\\n"):
    password += os.read(descriptor, 1)
(here / "password").write_bytes(password)
client = next(at for at, word in enumerate(sys.argv) if word.endswith("/ssh"))
os.execv(sys.argv[client], sys.argv[client:])
"""


class StandIn:
    """The program and what it was called for."""

    def __init__(self, folder: Path) -> None:
        """Make the programs `ssh` and `sshpass` in a folder."""
        self.folder = folder
        for name, text in (("ssh", _CLIENT), ("sshpass", _SSHPASS)):
            program = folder / name
            program.write_text(f"#!{sys.executable} -IS\n{text}", encoding="utf-8")
            program.chmod(0o700)
        self.plays()

    @property
    def program(self) -> str:
        """The path of the client."""
        return str(self.folder / "ssh")

    def plays(self, settings: dict[str, str] | None = None, **case: Any) -> None:
        """Play a case from now on; `settings` is what `ssh -G` prints."""
        shown = {"hostname": "srv.example", "port": "22", "stricthostkeychecking": "ask", **(settings or {})}
        lines = [f"{name} {value}" for name, value in shown.items()]
        (self.folder / "case.json").write_text(json.dumps({"settings": lines, **case}), encoding="utf-8")

    @property
    def calls(self) -> list[dict[str, Any]]:
        """All calls, in order."""
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    @property
    def sessions(self) -> list[list[str]]:
        """The arguments of the calls that contact the host."""
        return [call["argv"] for call in self.calls if not {"-G", "-O"} & set(call["argv"])]

    @property
    def lines(self) -> list[str]:
        """The command lines that have reached the host."""
        path = self.folder / "lines"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def session_of(connection: Any, **options: Any) -> Session:
    refuse_foreign(connection, "client01")
    return Session(connection, **options)


def option_values(words: list[str], name: str) -> list[str]:
    """Return the values of an option of the client, in order; the first one counts."""
    given = [words[at + 1].partition("=") for at, word in enumerate(words) if word == "-o"]
    return [value.strip('"') for key, _sign, value in given if key == name]
