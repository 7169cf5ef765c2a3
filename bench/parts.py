# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure where the CPU time of one host goes: the parts of a worker process, and Ansible's main process."""

from __future__ import annotations

import json
import statistics
from typing import Any

from cases import JOBS

from controller import BIN, CHECKOUT, PLAYS, WORK, Controller
from hosts import Hosts

HOSTS = 50
ROWS: dict[str, tuple[str, tuple[str, ...]]] = {
    "facts out of the transcript": ("facts", ()),
    "plan": ("plan", ()),
    "artifact": ("artifact", ()),
    "arguments and variables": ("arguments", ()),
    "NTLM handshake": ("handshake", ()),
    "sealing and unsealing": ("sealing", ()),
    "the rest of the session: HTTP, XML, base64": ("session", ("handshake", "sealing")),
    "the rest of the action": ("action", ("session", "facts", "plan", "artifact", "arguments")),
    "the end of the session": ("close", ()),
    "Ansible in the worker process": ("worker", ("action", "close")),
}
"""By row: the part, and what it holds that has a row of its own."""


def parts(controller: Controller, hosts: int = HOSTS) -> dict[str, Any]:
    """Return milliseconds of CPU per host by part, for drift.yml and for a play that does nothing, in one run."""
    found: dict[str, Any] = {"hosts": hosts}
    log = WORK / "parts"
    with Hosts(["nt6"], hosts, "winrm3") as fleet:
        inventory = fleet.inventory(hosts)
        for name, play, state in (("drift.yml", JOBS["drift"].play, JOBS["drift"].state), ("no-op", _NOOP, {})):
            fleet.control(op="rewind", **state)
            log.unlink(missing_ok=True)
            command = [BIN / "python", CHECKOUT / "bench" / "timed.py", *play, "-i", inventory, "-f", "50"]
            cost = controller.run(command, PORTKEEPER_PARTS=str(log))
            if cost.code:
                raise SystemExit(f"{name} ended with {cost.code}:\n{cost.output[-3000:]}")
            rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
            found[name] = _of_a_host(rows, cost.cpu, hosts)
    return found


_NOOP = (PLAYS / "noop.yml",)


def _of_a_host(rows: list[dict[str, float]], cpu: float, hosts: int) -> dict[str, float]:
    working = [row for row in rows if "facts" in row] or rows
    middle = {part: statistics.median(row.get(part, 0.0) for row in working) for part in {*working[0]}}
    milliseconds = {
        title: 1000 * (middle.get(part, 0.0) - sum(middle.get(held, 0.0) for held in holds))
        for title, (part, holds) in ROWS.items()
        if part in middle
    }
    others = sum(row["worker"] for row in rows) - sum(row["worker"] for row in working)
    milliseconds["report and gate, once per run"] = 1000 * others / hosts
    main = cpu - sum(row["worker"] for row in rows)
    milliseconds["Ansible's main process: start-up, forks, results"] = 1000 * main / hosts
    return milliseconds
