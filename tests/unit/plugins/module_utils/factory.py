# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts for the tests of the planner, in the form of schemas/facts.schema.json."""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet, parse_entries

ABSENT = {"present": False, "type": None, "data": None, "ranges": [], "bad_entries": []}
UNREAD = {"present": None, "type": None, "data": None, "ranges": [], "bad_entries": []}

DNS_PID = 1500
LSASS_PID = 460
IAS_PID = 900
BOOT_MARK = "40D2A1B3C4D5DA01"
NEXT_BOOT_MARK = "90E3B2C4D5E6DA01"

SBS_LIST = (
    "1080-1080 1433-1434 1645-1646 1701-1701 1718-1720 1745-1745 1801-1801 1812-1813 2883-2883 3343-3343 3500-3619"
    " 4070-4071 4500-4500"
).split()
"""The recommended list of the SBS 2003 article, written down by hand."""


def number(data: int, registry_type: str = "REG_DWORD") -> dict[str, Any]:
    """Return a number in the registry."""
    return {"present": True, "type": registry_type, "data": data, "ranges": [], "bad_entries": []}


def ranges(*entries: str, registry_type: str = "REG_MULTI_SZ") -> dict[str, Any]:
    """Return a list value in the registry."""
    data: Any = list(entries) if registry_type == "REG_MULTI_SZ" else entries[0]
    return {"present": True, "type": registry_type, "data": data, "ranges": [], "bad_entries": []}


def service(
    state: int = 4, start: int | None = 2, pid: int | None = None, exit_code: int | None = 0, trigger: bool = False
) -> dict[str, Any]:
    """Return one service; RUNNING and automatic unless said otherwise."""
    return {"state": state, "start": start, "pid": pid, "win32_exit_code": exit_code, "trigger_start": trigger}


def socket(port: int, pid: int | None, process: str | None, address: str = "0.0.0.0") -> dict[str, Any]:
    """Return one UDP socket that is not DNS's."""
    return {"address": address, "port": port, "pid": pid, "process": process, "connected": False}


def facts(**changes: Any) -> dict[str, Any]:
    """Return a healthy SBS 2003 with IPsec, IAS and DNS, nothing configured but 3343-3343, MaxUserPort 65534.

    Args:
        **changes: parts to replace; a mapping is merged into the part of that name.
    """
    made = _healthy_sbs2003()
    for name, value in copy.deepcopy(changes).items():
        if isinstance(value, dict) and isinstance(made[name], dict):
            made[name].update(value)
        else:
            made[name] = value
    return with_dns(made)


def _healthy_sbs2003() -> dict[str, Any]:
    return {
        "format": 1,
        "computer_name": "SBS2003",
        "collected": None,
        "os": {
            "release": "sbs2003",
            "family": "nt5",
            "nt": "5.2",
            "build": 3790,
            "product": "Microsoft Windows Server 2003 for Small Business Server",
            "product_type": "LanmanNT",
            "suites": ["Small Business(Restricted)"],
            "sbs": True,
        },
        "settings": {
            "max_user_port": number(65534),
            "reserved_ports": ranges("3343-3343"),
            "socket_pool_size": ABSENT,
            "socket_pool_excluded_port_ranges": ABSENT,
        },
        "dns": {
            "installed": True,
            "state": 4,
            "pid": DNS_PID,
            "dependents": [],
            "send_port": None,
            "udp_ports": {"udp4": ["53-53", "2000-2100"], "udp6": []},
            "pool_present": "yes",
        },
        "dynamic_ports": {"udp4": None, "udp6": None},
        "exclusions": {"udp4": None, "udp6": None},
        "services": {
            "DNS": service(pid=DNS_PID),
            "IAS": service(pid=IAS_PID),
            "PolicyAgent": service(pid=LSASS_PID),
            "RemoteAccess": service(state=1, start=4, exit_code=1077),
        },
        "services_total": 120,
        "udp_endpoints": [
            *(socket(port, LSASS_PID, "lsass.exe") for port in (500, 4500)),
            *(socket(port, IAS_PID, "svchost.exe") for port in (1645, 1646, 1812, 1813)),
        ],
        "udp_endpoints_truncated": False,
        "udp_ports": {"udp4": ["500-500", "1645-1646", "1812-1813", "4500-4500"], "udp6": []},
        "own_sockets": {},
        "sql_ports": [],
        "configured_ports": {},
        "hotfixes": ["KB951746"],
        "boot_mark": BOOT_MARK,
        "machine": {"id": None, "recorded_name": None},
        "state": {"present": False, "settings": {}},
        "problems": [],
    }


def with_dns(made: dict[str, Any]) -> dict[str, Any]:
    """Return the facts with DNS among the services as their part ``dns`` says; what was said of it otherwise stays."""
    if not made["dns"]["installed"]:
        made["services"].pop("DNS", None)
        made["dns"].update(state=None, pid=None, udp_ports={"udp4": [], "udp6": []})
        return made
    found = made["services"].setdefault("DNS", service())
    found.update(state=made["dns"]["state"], pid=made["dns"]["pid"])
    made["services"] = dict(sorted(made["services"].items(), key=lambda item: item[0].lower()))
    return made


def without_process(made: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the facts with DNS stopped: no process, no socket."""
    made["dns"].update(state=1, pid=None, udp_ports={"udp4": [], "udp6": []}, pool_present="unknown")
    made["services"]["DNS"].update(state=1, pid=None, win32_exit_code=0, **changes)
    return made


def conflict_facts(**changes: Any) -> dict[str, Any]:
    """Return the demo's host: DNS started first and holds 1645 and 4500, so IAS and PolicyAgent failed with 10048."""
    parts: dict[str, Any] = {
        "dns": {"udp_ports": {"udp4": ["53-53", "1645-1645", "4500-4500"], "udp6": []}},
        "services": {
            "IAS": service(state=1, exit_code=10048),
            "PolicyAgent": service(state=1, exit_code=10048),
        },
        "udp_endpoints": [],
        "udp_ports": {"udp4": [], "udp6": []},
    }
    return facts(**{**parts, **changes})


def server_2019(**changes: Any) -> dict[str, Any]:
    """Return a domain controller of a later release: own exclusions, both address families, default dynamic range."""
    parts: dict[str, Any] = {
        "os": {"release": "2019", "family": "nt6_r2", "nt": "10.0", "build": 17763, "suites": [], "sbs": False},
        "settings": {"max_user_port": ABSENT, "reserved_ports": ABSENT},
        "dns": {"udp_ports": {"udp4": ["53-53"], "udp6": ["53-53"]}},
        "dynamic_ports": {"udp4": {"start": 49152, "count": 16384}, "udp6": {"start": 49152, "count": 16384}},
        "exclusions": {"udp4": [], "udp6": []},
        "services": {
            "IAS": service(pid=IAS_PID),
            "IKEEXT": service(pid=LSASS_PID, trigger=True),
            "PolicyAgent": service(state=1, start=3, exit_code=1077, trigger=True),
        },
        "hotfixes": [],
    }
    made = facts(**{**parts, **changes})
    made["services"].pop("RemoteAccess", None)
    return made


def recorded(values: dict[str, str], boot_mark: str = BOOT_MARK, dns_pid: int | None = DNS_PID) -> dict[str, Any]:
    """Our own state key with a record per setting."""
    return {
        "present": True,
        "settings": {
            name: {"value": value, "boot_mark": boot_mark, "dns_pid": dns_pid} for name, value in values.items()
        },
    }


def applied(before: dict[str, Any], plan: dict[str, Any]) -> dict[str, Any]:
    """Return the facts after the plan's settings were written on the host and recorded there, with no restart yet."""
    after = copy.deepcopy(before)
    records = {name: {**record} for name, record in after["state"]["settings"].items()}
    for change in plan["settings"]:
        written = (
            change["after"] if change["id"] == "state" else {change["id"]: _text(change.get("ours", change["after"]))}
        )
        for name, value in written.items():
            if name == "computer_name":
                continue
            records[name] = {"value": value, "boot_mark": before["boot_mark"], "dns_pid": before["dns"]["pid"]}
        if change["id"] == "state":
            continue
        if change["id"].startswith("excluded_"):
            family = change["id"].removeprefix("excluded_")
            blocks = [row for row in after["exclusions"][family] if not row["administered"]]
            after["exclusions"][family] = sorted([*blocks, *starred(*change["after"])], key=lambda row: row["start"])
        elif change["after"] is None:
            after["settings"][change["id"]] = ABSENT
        elif isinstance(change["after"], int):
            after["settings"][change["id"]] = number(change["after"])
        else:
            after["settings"][change["id"]] = ranges(*change["after"])
    after["state"] = {"present": bool(records), "settings": records}
    return after


def starred(*entries: str) -> list[dict[str, Any]]:
    """Return rows of netsh's table that somebody added."""
    return [{**row, "administered": True} for row in block(*entries)]


def block(*entries: str) -> list[dict[str, Any]]:
    """Return rows of netsh's table that Windows itself made."""
    pairs = [entry.split("-") for entry in entries]
    return [{"start": int(first), "end": int(last), "administered": False} for first, last in pairs]


def windowed(before: dict[str, Any], plan: dict[str, Any]) -> dict[str, Any]:
    """Return the facts after the plan's window: deferred exclusions exist, and DNS is a new process with new ports."""
    after = copy.deepcopy(before)
    for action in plan["actions"]:
        for entry in action.get("deferred_exclusions", ()):
            after["exclusions"][entry["id"].removeprefix("excluded_")] += starred(*entry["ports"])
        for name in action.get("services_to_start", ()):
            after["services"][name].update(state=4, win32_exit_code=0, pid=IAS_PID)
    after["dns"].update(pid=before["dns"]["pid"] + 1, udp_ports={"udp4": ["53-53"], "udp6": ["53-53"]})
    return with_dns(after)


def _text(value: Any) -> str:
    if value is None:
        return "absent"
    return str(value) if isinstance(value, int) else ",".join(value)


def rebooted(before: dict[str, Any]) -> dict[str, Any]:
    """Return the facts after a boot: a new mark, a new DNS process."""
    after = copy.deepcopy(before)
    after["boot_mark"] = NEXT_BOOT_MARK
    after["dns"]["pid"] = DNS_PID + 1
    return with_dns(after)


def redrawn(before: dict[str, Any]) -> dict[str, Any]:
    """Return the facts with a pool that was drawn outside of what is reserved."""
    after = copy.deepcopy(before)
    lists = [after["settings"][name] for name in ("reserved_ports", "socket_pool_excluded_port_ranges")]
    entries = [entry for fact in lists if isinstance(fact["data"], list) for entry in fact["data"]]
    reserved = parse_entries(entries)[0] - PortSet.from_ports([53])
    held = after["dns"]["udp_ports"]
    for family in held:
        held[family] = (PortSet.from_json(held[family]) - reserved).to_json()
    return after
