# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write bench/peer/answers.json: the answers of ansible.windows to the peer, in the form of its documentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RANGES = ["1645-1646", "1812-1813", "4500-4500"]


def _service(name: str) -> dict[str, Any]:
    """Return one entry of win_service_info with all its keys: what a host sends is part of the cost."""
    return {
        "checkpoint": 0,
        "controls_accepted": ["stop", "shutdown"],
        "dependencies": ["Tcpip", "Afd", "RpcSs"],
        "dependency_of": [],
        "description": "Answers what it is asked over the network.",
        "desktop_interact": False,
        "display_name": name,
        "error_control": "normal",
        "failure_actions": [{"delay_ms": 120000, "type": "restart"}] * 3,
        "failure_action_on_non_crash_failure": False,
        "failure_command": None,
        "failure_reboot_msg": None,
        "failure_reset_period_sec": 0,
        "launch_protection": "none",
        "load_order_group": "",
        "name": name,
        "path": rf"C:\Windows\system32\{name}.exe",
        "pre_shutdown_timeout_ms": 10000,
        "preferred_node": None,
        "process_id": 1508,
        "required_privileges": [],
        "service_exit_code": 0,
        "service_flags": [],
        "service_type": "win32_own_process",
        "sid_info": "none",
        "start_mode": "auto",
        "state": "started",
        "triggers": [],
        "username": r"NT AUTHORITY\SYSTEM",
        "wait_hint_ms": 0,
        "win32_exit_code": 0,
    }


def _row(module: str, result: dict[str, Any], **arguments: str) -> dict[str, Any]:
    return {"module": f"ansible.windows.{module}", "args": arguments, "result": result}


def _rows(fresh: bool) -> list[dict[str, Any]]:
    absent = {"changed": False, "exists": False}
    value = {"changed": False, "exists": True, "type": "REG_MULTI_SZ", "raw_value": RANGES, "value": RANGES}
    size = {"changed": False, "exists": True, "type": "REG_DWORD", "raw_value": 2500, "value": 2500}
    written = {"changed": fresh, "data_changed": fresh, "data_type_changed": False}
    return [
        _row("win_reg_stat", absent if fresh else value, name="SocketPoolExcludedPortRanges"),
        _row("win_reg_stat", absent if fresh else size, name="SocketPoolSize"),
        _row("win_regedit", written),
        *(
            _row("win_service_info", {"changed": False, "exists": True, "services": [_service(name)]}, name=name)
            for name in ("DNS", "IAS")
        ),
        _row("win_service", {"changed": True, "exists": True, **_service("DNS")}),
    ]


if __name__ == "__main__":
    path = Path(__file__).with_name("answers.json")
    path.write_text(json.dumps({"fresh": _rows(True), "steady": _rows(False)}, indent=1) + "\n", encoding="utf-8")
