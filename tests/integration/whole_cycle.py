# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check, change, a window while nothing but the stopped DNS knows the host's name, and a second run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from only_dns import OnlyDNS

DNS = r"HKLM\SYSTEM\CurrentControlSet\Services\DNS"
SETTLES_MS = 8000
"""How long DNS takes to start: longer than the pause before a lost connection is made again."""
SOCKETS = 100
"""Of DNS's pool, so that the sockets of a whole pool are not read at each step."""
IN_THE_WINDOW = 3
"""Number of the window's command whose connection is lost: it follows the script, which has stopped DNS by then."""

ASKED_IN_WINDOW = 2
"""How often the window and the second run behind it ask for the host's name, where only the host has one: once each.
A window that does not keep the address asks at each connection."""


def inventory(path: Path, host: str, **variables: Any) -> Path:
    """Write an inventory of one host."""
    path.write_text(yaml.safe_dump({"all": {"hosts": {host: variables}}}), encoding="utf-8")
    return path


def play(*tasks: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a play of tasks on all hosts."""
    return [{"hosts": "all", "gather_facts": False, "tasks": list(tasks)}]


def reserve(name: str, port: int, **keywords: Any) -> dict[str, Any]:
    """Return a task that keeps a port out of the pool; its host's own services stay as they are."""
    return {"name": name, "portkeeper.windows_dns.port_reservations": {"extra_ports": [str(port)]}, **keywords}


def slow_window(host: Any) -> None:
    """Let DNS take its time to start from now on."""
    host.exec(f"reg add {DNS}\\Parameters /v SocketPoolSize /t REG_DWORD /d {SOCKETS} /f")
    host.exec("net stop DNS & net start DNS")
    host.exec(f"reg add {DNS}\\Lab /v StartDelayMs /t REG_DWORD /d {SETTLES_MS} /f")


def run_cycle(controller: Any, names: OnlyDNS, host: Any, reached: Path, port: int) -> int:
    """Run the cycle with a port of its own; return how often its last two steps asked for the name.

    Args:
        controller: knows no other name server than `names`.
        names: the host's DNS.
        host: the lab host.
        reached: inventory, with the host's name.
        port: not reserved yet.
    """
    done = controller.playbook(
        play(reserve("Check", port, check_mode=True, diff=True), reserve("Change", port, diff=True)), reached
    )
    assert done.returncode == 0, done.stdout + done.stderr
    check, change = done.result("Check"), done.result("Change")
    assert check["changed"] is True and change["changed"] is True
    assert change["diff"] == check["diff"], "the check has shown it, and written nothing"
    host.winrm(op="fault", kind="drop_before", action="Command", request=IN_THE_WINDOW)
    before = names.answered
    window = {"name": "Window", "portkeeper.windows_dns.dns_restart": {}}
    done = controller.playbook(play(window, reserve("Second run", port)), reached)
    fired = [rule["fired"] for rule in host.winrm(op="faults")["faults"]]
    host.winrm(op="clear_faults")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.result("Window")["changed"] is True and fired == [1]
    assert done.result("Second run")["changed"] is False, "it is written, and effective"
    assert names.answered > before and names.failed == 0, "nobody asked for the name while DNS was down"
    return names.answered - before
