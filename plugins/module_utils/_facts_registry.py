# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts out of the registry: the four settings, our own record, the boot mark, SQL Server's ports, hotfixes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._batch import HOTFIXES
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts_reading import Reading
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._host import RECORDED_STOPPED
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._machine import (
    ID_VALUE,
    MACHINE_KEY,
    NAME_VALUE,
    machine_id,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parse_reg import (
    RegData,
    RegKey,
    RegValue,
    reg_lines,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import HIGHEST_PORT, PortSet, parse_entries
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._problems import shown

_TCPIP = r"\services\tcpip\parameters"
_DNS = r"\services\dns\parameters"


@dataclass(frozen=True)
class _Place:
    section: str
    key: str
    value_name: str
    is_list: bool


_PLACES = {
    "max_user_port": _Place("tcpip", _TCPIP, "MaxUserPort", False),
    "reserved_ports": _Place("tcpip", _TCPIP, "ReservedPorts", True),
    "socket_pool_size": _Place("dns", _DNS, "SocketPoolSize", False),
    "socket_pool_excluded_port_ranges": _Place("dns", _DNS, "SocketPoolExcludedPortRanges", True),
}
_KEY_PROBLEMS = {
    "tcpip": ("tcpip_key_unreadable", r"Services\Tcpip\Parameters"),
    "dns": ("dns_key_unreadable", r"Services\DNS\Parameters"),
}
_HOTFIX_RE = re.compile(r"\\(?:KB|Q)([0-9]{6,7})(?:-v[0-9]{1,2})?\Z", re.IGNORECASE)
_SQL_KEY = r"\supersocketnetlib\tcp"
_SQL_VALUES = frozenset(("tcpport", "tcpdynamicports"))
_STATE_KEY_RE = re.compile(r"HKEY_LOCAL_MACHINE\\SOFTWARE\\portkeeper\\state\\([a-z0-9_]{1,60})\Z", re.IGNORECASE)
_OWN_KEY_RE = re.compile(r"HKEY_LOCAL_MACHINE\\SOFTWARE\\portkeeper(?:\\|\Z)", re.IGNORECASE)
_ROOT_KEY = MACHINE_KEY.replace("HKLM", "HKEY_LOCAL_MACHINE", 1).lower()
_SOFTWARE_KEY_RE = re.compile(r"HKEY_LOCAL_MACHINE\\SOFTWARE(?:\\|\Z)", re.IGNORECASE)
_PID_RE = re.compile(r"[0-9]{1,10}\Z")


def read_settings(reading: Reading, dns_installed: bool | None) -> dict[str, Any]:
    """The fact ``settings``; where DNS is known not to be installed, its values are known to be absent."""
    settings: dict[str, Any] = {}
    for setting_id, place in _PLACES.items():
        settings[setting_id] = _read_setting(reading, place, dns_installed)
    return settings


def _setting(present: bool | None, value: RegValue | None = None) -> dict[str, Any]:
    return {
        "present": present,
        "type": value.type if value else None,
        "data": value.data if value else None,
        "ranges": [],
        "bad_entries": [],
    }


def _read_setting(reading: Reading, place: _Place, dns_installed: bool | None) -> dict[str, Any]:
    key = reading.registry(place.section).find(place.key)
    name = place.value_name.lower()
    if key is None or name in key.ambiguous:
        if key is None and place.section == "dns" and dns_installed is False:
            return _setting(False)
        _report_unread(reading, place, key)
        return _setting(None)
    value = key.values.get(name)
    if value is None:
        if reading.succeeded(place.section):
            return _setting(False)
        _report_unread(reading, place, None)
        return _setting(None)
    setting = _setting(True, value)
    if value.data is None:
        reading.problems.add(
            "value_unreadable",
            "error",
            f"{place.value_name} is there, but its data cannot be read as {shown(value.type)}.",
            value_name=place.value_name,
            type=shown(value.type),
        )
    if place.is_list:
        ports, bad, _canonical = parse_entries(_entries(value.data))
        setting.update(ranges=ports.to_json(), bad_entries=bad)
    return setting


def _entries(data: RegData) -> list[str]:
    if isinstance(data, str):
        return [data.strip()] if data.strip() else []
    return data if isinstance(data, list) else []


def _report_unread(reading: Reading, place: _Place, key: RegKey | None) -> None:
    if key is not None:
        reading.problems.add(
            "value_ambiguous",
            "error",
            f"{place.value_name} is listed more than once with different data, or its data cannot be told.",
            value_name=place.value_name,
        )
    elif reading.section(place.section) is not None:
        problem_id, shown_key = _KEY_PROBLEMS[place.section]
        reading.problems.add(
            problem_id,
            "error",
            f"The key {shown_key} could not be read, so nothing is known of the values in it.",
            section=place.section,
        )


def read_state(reading: Reading) -> dict[str, Any]:
    """The fact ``state``: our own key, or the listing of its parent that proves that it is not there."""
    dump = reading.registry("state")
    own = [key for key in dump.keys.values() if _OWN_KEY_RE.match(key.path)]
    listed = any(_SOFTWARE_KEY_RE.match(key.path) and not _OWN_KEY_RE.match(key.path) for key in dump.keys.values())
    if listed or not own:
        present = False if listed and not own and reading.succeeded("state") else None
        if own:
            reading.problems.add("state_unreadable", "error", "Our own registry key is there but could not be read.")
        return {"present": present, "settings": {}}
    settings: dict[str, Any] = {}
    for key in own:
        match = _STATE_KEY_RE.match(key.path)
        if match and not key.ambiguous:
            settings[match.group(1).lower()] = {
                "value": _stored(key, "value"),
                "boot_mark": _mark(_stored(key, "boot_mark")),
                "dns_pid": _pid(_stored(key, "dns_pid")),
            }
    return {"present": True, "settings": dict(sorted(settings.items()))}


def read_machine(reading: Reading) -> dict[str, Any]:
    """The fact ``machine``: the id that our first write gave to this machine, and the computer name of that time."""
    key = reading.registry("state").keys.get(_ROOT_KEY)
    if key is None or key.ambiguous & {ID_VALUE, NAME_VALUE}:
        return {"id": None, "recorded_name": None}
    name = _stored(key, NAME_VALUE)
    return {"id": machine_id(_stored(key, ID_VALUE)), "recorded_name": shown(name) if name else None}


def _stored(key: RegKey, name: str) -> str | None:
    value = key.values.get(name)
    return value.data.strip() if value and isinstance(value.data, str) else None


def _mark(text: str | None) -> str | None:
    return text.upper().replace("-0X", "-") if text else None


def _pid(text: str | None) -> int | str | None:
    """The PID, or that there was no process; 0 and anything else is no evidence of either."""
    if text is not None and text.lower() == RECORDED_STOPPED:
        return RECORDED_STOPPED
    return int(text) or None if text and _PID_RE.match(text) else None


def read_send_port(reading: Reading) -> int | None:
    """The fact ``dns.send_port``: the fixed port from which DNS asks other servers; 0 means none."""
    key = reading.registry("dns").find(_DNS)
    value = key.values.get("sendport") if key and "sendport" not in key.ambiguous else None
    data = value.data if value else None
    return data if isinstance(data, int) and 1 <= data <= HIGHEST_PORT else None


def read_boot_mark(reading: Reading) -> str | None:
    """The fact ``boot_mark``: ShutdownTime in upper-case digits, and the boot counter's digits where there is one.

    It is opaque: it may only be compared for equality.
    """
    dump = reading.registry("boot")
    windows = dump.find(r"\control\windows")
    prefetch = dump.find(r"\memory management\prefetchparameters")
    shutdown = windows.values.get("shutdowntime") if windows else None
    counter = prefetch.values.get("bootid") if prefetch else None
    if shutdown is None or shutdown.type != "REG_BINARY" or not isinstance(shutdown.data, str) or not shutdown.data:
        if reading.section("boot") is not None:
            reading.problems.add(
                "boot_mark_unreadable",
                "warning",
                "ShutdownTime could not be read, so it cannot be told whether the host was restarted since a change.",
            )
        return None
    digits = f"-{counter.data:X}" if counter is not None and isinstance(counter.data, int) else ""
    return shutdown.data.upper() + digits


def read_sql_ports(reading: Reading) -> list[str] | dict[str, Any]:
    """The fact ``sql_ports``: TCP ports of all instances; their texts may be empty, "0" or comma separated."""
    ports: set[int] = set()
    under_tcp = False
    for item in reg_lines(reading.text("sql_ports")):
        if isinstance(item, str):
            under_tcp = _SQL_KEY in item.lower()
        elif under_tcp and item.name.lower() in _SQL_VALUES and isinstance(item.data, str):
            numbers = [part.strip() for part in item.data.split(",")]
            ports.update(int(part) for part in numbers if _PID_RE.match(part) and 1 <= int(part) <= HIGHEST_PORT)
    return PortSet.from_ports(ports).to_json()


def read_hotfixes(reading: Reading) -> list[str]:
    """The fact ``hotfixes``: those that matter here and are listed on Windows 2000 to 2003, ascending."""
    found: set[str] = set()
    for item in reg_lines(reading.text("hotfixes")):
        match = _HOTFIX_RE.search(item) if isinstance(item, str) else None
        if match and match.group(1) in HOTFIXES:
            found.add(match.group(1))
    return [f"KB{number}" for number in sorted(found, key=int)]
