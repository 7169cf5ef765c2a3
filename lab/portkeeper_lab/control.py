# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the running hosts and send requests to their supervisors."""

from __future__ import annotations

import base64
import json
import socket
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from portkeeper_lab.paths import LabError, state_dir
from portkeeper_lab.state import host_dir, sweep


class Done(NamedTuple):
    """How a command on a host ended, and what it printed."""

    exit_code: int
    stdout: bytes
    stderr: bytes


def running_hosts() -> list[str]:
    """Return the sorted names of the hosts whose supervisor lives, and remove what killed ones have left behind."""
    names = sorted(path.name for path in state_dir().iterdir() if path.is_dir())
    return [name for name in names if not sweep(name)]


def ask(name: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Send a request and yield the answers, the last of which has "done".

    Raises:
        LabError: there is no such host, it went away, or it answered with an error.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(host_dir(name) / "control"))
        except OSError as error:
            raise LabError(f"There is no running host {name}; `lab list` shows those that run.") from error
        connection.sendall(json.dumps(request).encode() + b"\n")
        for line in connection.makefile("rb"):
            answer = json.loads(line)
            if "error" in answer:
                raise LabError(f"{name}: {answer['error']}")
            yield answer
            if answer.get("done"):
                return
    raise LabError(f"{name} went away before it had answered.")


def ask_once(name: str, request: dict[str, Any]) -> dict[str, Any]:
    """Send a request that has one answer."""
    return list(ask(name, request))[-1]


def execute(name: str, line: str) -> Done:
    """Run a cmd line on a host, not through WinRM, to its end."""
    output: dict[str, bytes] = defaultdict(bytes)
    for answer in ask(name, {"op": "exec", "line": line}):
        if "stream" in answer:
            output[answer["stream"]] += base64.b64decode(answer["data"])
    return Done(int(answer["exit_code"]), output["stdout"], output["stderr"])
