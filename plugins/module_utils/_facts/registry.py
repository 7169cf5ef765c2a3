# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read facts from the registry: the settings, the collection's records, the boot mark, SQL Server's ports, hotfixes."""

from __future__ import annotations

import re
from typing import Any

from .._commands.machine_id import ID_VALUE, NAME_VALUE, machine_id
from .._commands.records import is_recorded
from .._parsers.reg_query import RegData, RegKey, RegValue, is_damaged_name, is_file, reg_lines
from .._ports import HIGHEST_PORT, PortSet, parse_entries
from .._problems import NAMED_MAX, Problem, listed, make_problem, shown
from .._sections.table import HOTFIXES, section_of
from .._windows.registry_file import long_key
from .._windows.settings import DNS_KEY, OWN_KEY, RECORDED_STOPPED, SETTINGS, STATE_KEY, TCPIP_KEY, Setting
from .reading import Reading, damaged, text_of

_KEY_PROBLEMS = {
    TCPIP_KEY: ("tcpip_key_unreadable", r"Services\Tcpip\Parameters"),
    DNS_KEY: ("dns_key_unreadable", r"Services\DNS\Parameters"),
}
_HOTFIX_RE = re.compile(r"\\(?:KB|Q)([0-9]{6,7})(?:-v[0-9]{1,2})?\Z", re.IGNORECASE)
_SQL_KEY = r"\supersocketnetlib\tcp"
_SQL_PARENT = "supersocketnetlib"
_SQL_CLIENT = "\\client\\"
_SQL_VALUES = frozenset(("tcpport", "tcpdynamicports"))
_STATE_KEY_RE = re.compile(rf"{re.escape(long_key(STATE_KEY))}\\([a-z0-9_]{{1,60}})\Z", re.IGNORECASE)
_OWN_KEY_RE = re.compile(rf"{re.escape(long_key(OWN_KEY))}(?:\\|\Z)", re.IGNORECASE)
_ROOT_KEY = long_key(OWN_KEY).lower()
_ALL_STATE_KEY = long_key(STATE_KEY).lower()
_DEPTH_OF_CHILDREN = 2
_OWN_NAME = OWN_KEY.rpartition("\\")[2]
_SOFTWARE_CHILD_RE = re.compile(r"HKEY_LOCAL_MACHINE\\SOFTWARE\\([^\\]+)\Z", re.IGNORECASE)
_SOFTWARE_KEY_RE = re.compile(r"HKEY_LOCAL_MACHINE\\SOFTWARE(?:\\|\Z)", re.IGNORECASE)
_FILETIME_RE = re.compile(r"[0-9A-Fa-f]{16}\Z")
"""ShutdownTime is a FILETIME: 8 bytes."""
_MARK_RE = re.compile(r"[0-9A-F]{16}(?:-[0-9A-F]{1,16})?\Z")
# Nothing, or a list of ranges of ports, numbers, words and service keys.
_RECORDED = r"(?:[0-9]+(?:-[0-9]+)?|(?! )[0-9_.$ -]*[A-Za-z][0-9A-Za-z_.$ -]*)"
_RECORD_RE = re.compile(rf"(?!.* {{2}})(?:{_RECORDED}(?:,{_RECORDED})*)?\Z")
_PID_RE = re.compile(r"[0-9]{1,10}\Z")
_DIGITS_RE = re.compile(r"[0-9]+\Z")
_WRONG_DIGITS = 20
"""Digits of a number that is no port which a message shows."""


def read_settings(reading: Reading, dns_installed: bool | None) -> tuple[dict[str, Any], list[Problem]]:
    """Return the fact ``settings``. If DNS is certainly not installed, its values are certainly absent."""
    found = {setting_id: _read_setting(reading, setting, dns_installed) for setting_id, setting in SETTINGS.items()}
    problems = [problem for _setting, of_setting in found.values() for problem in of_setting]
    return {setting_id: setting for setting_id, (setting, _problems) in found.items()}, problems


def _below_control_set(key: str) -> str:
    """Return the end of a key's path, by which it is found in any control set."""
    return key.partition("CurrentControlSet")[2]


def _setting(present: bool | None, value: RegValue | None = None) -> dict[str, Any]:
    return {
        "present": present,
        "type": value.type if value else None,
        "data": value.data if value else None,
        "ranges": [],
        "bad_entries": [],
    }


def _read_setting(reading: Reading, place: Setting, dns_installed: bool | None) -> tuple[dict[str, Any], list[Problem]]:
    section = section_of(place)
    dump = reading.registry(section)
    suffix = _below_control_set(place.key)
    key = dump.find(suffix)
    name = place.value_name.lower()
    if key is None and place.key == DNS_KEY and dns_installed is False and _level(reading, section) != 0:
        return _setting(False), []
    if key is None or name in key.ambiguous or dump.damaged:
        return _setting(None), _unread(reading, place, key)
    value = key.values.get(name)
    if value is None:
        if reading.succeeded(section) and key.ended and not dump.may_hold(suffix, name):
            return _setting(False), []
        return _setting(None), _unread(reading, place, None)
    setting, problems = _setting(True, value), []
    if value.data is None:
        found_type = shown(value.type)
        message = f"{place.value_name} is there, but its data cannot be read as {found_type}."
        data = {"value_name": place.value_name, "type": found_type}
        problems = [make_problem("value_unreadable", "error", message, **data)]
    if place.is_list:
        ports, bad, _canonical = parse_entries(_entries(value.data))
        setting.update(ranges=ports.to_json(), bad_entries=bad)
    return setting, problems


def _entries(data: RegData) -> list[str]:
    if isinstance(data, str):
        return [data.strip()] if data.strip() else []
    return data if isinstance(data, list) else []


def _unread(reading: Reading, place: Setting, key: RegKey | None) -> list[Problem]:
    section = section_of(place)
    stray = reading.registry(section).damaged
    if stray:
        return damaged(section, stray)
    if key is not None:
        message = f"{place.value_name} is listed more than once with different data, or its data is not certain."
        return [make_problem("value_ambiguous", "error", message, value_name=place.value_name)]
    if reading.section(section) is None:
        return []
    problem_id, shown_key = _KEY_PROBLEMS[place.key]
    message = f"The key {shown_key} could not be read to its end: a value that is not shown may be there."
    return [make_problem(problem_id, "error", message, section=section)]


def read_state(reading: Reading) -> tuple[dict[str, Any], list[Problem]]:
    """Return the fact ``state``: the collection's key, or the parent's listing that proves that it does not exist."""
    dump = reading.registry("state")
    if dump.damaged:
        return {"present": None, "settings": {}}, damaged("state", dump.damaged)
    keys = list(dump.keys.values())
    own = [key for key in keys if _OWN_KEY_RE.match(key.path)]
    others = [key.path for key in keys if not _OWN_KEY_RE.match(key.path)]
    listed = any(_SOFTWARE_KEY_RE.match(path) for path in others)
    # Behind the last value of our own key reg.exe prints an empty line.
    cut = bool(own) and (bool(others) or not keys[-1].ended or not all(map(_is_as_written, own)))
    if listed or cut or not own:
        proven = is_file(reading.text("state")) or _is_list_that_goes_further(others)
        present = False if listed and proven and not own and reading.succeeded("state") else None
        message = "Whether our own registry key is there, or what it holds, could not be read."
        unread = own or (listed and present is None)
        problems = [make_problem("state_unreadable", "error", message)] if unread else []
        return {"present": present, "settings": {}}, problems
    settings: dict[str, Any] = {}
    for key in own:
        match = _STATE_KEY_RE.match(key.path)
        if match:
            settings[match.group(1).lower()] = {
                "value": _matching(_RECORD_RE, text_of(key, "value")),
                "boot_mark": _mark(text_of(key, "boot_mark")),
                "dns_pid": _pid(text_of(key, "dns_pid")),
            }
    return {"present": True, "settings": dict(sorted(settings.items()))}, []


def read_machine(reading: Reading) -> tuple[dict[str, Any], list[Problem]]:
    """Return the fact ``machine``: the id that the first write gave to this machine, and its computer name then."""
    dump = reading.registry("state")
    key = dump.keys.get(_ROOT_KEY)
    if key is None or dump.damaged or key.ambiguous & {ID_VALUE, NAME_VALUE}:
        return {"id": None, "recorded_name": None}, []
    name = text_of(key, NAME_VALUE)
    return {"id": machine_id(text_of(key, ID_VALUE)), "recorded_name": shown(name) if name else None}, []


def _is_as_written(key: RegKey) -> bool:
    """Return whether this is one of the keys that the collection writes, with the rows of one key.

    Where a key's line is missing or damaged, its rows seem to belong to the key before.
    """
    if key.path.lower() in (_ROOT_KEY, _ALL_STATE_KEY):
        return not key.repeated and not (key.values and key.path.lower() == _ALL_STATE_KEY)
    match = _STATE_KEY_RE.match(key.path)
    return match is not None and is_recorded(match.group(1).lower()) and not key.repeated


def _is_list_that_goes_further(paths: list[str]) -> bool:
    """Return whether this is the listing of SOFTWARE's children, and contains one that comes after our key."""
    below = [path for path in paths if _SOFTWARE_KEY_RE.match(path)]
    children = [path for path in below if path.count("\\") <= _DEPTH_OF_CHILDREN]
    return len(children) == len(below) and any(map(_is_behind_own_key, children))


def _is_behind_own_key(path: str) -> bool:
    """Return whether a key in SOFTWARE's alphabetical listing comes after the collection's."""
    match = _SOFTWARE_CHILD_RE.match(path)
    return match is not None and match.group(1).lower() > _OWN_NAME


def _matching(pattern: re.Pattern[str], text: str | None) -> str | None:
    """Return the text; None if it is not in the form that the collection writes."""
    return text if text is not None and pattern.match(text) else None


def _mark(text: str | None) -> str | None:
    return _matching(_MARK_RE, text.upper().replace("-0X", "-") if text else None)


def _pid(text: str | None) -> int | str | None:
    """Return the PID, or that there was no process. 0 and anything else prove neither."""
    if text is not None and text.lower() == RECORDED_STOPPED:
        return RECORDED_STOPPED
    return int(text) or None if text and _PID_RE.match(text) else None


def read_send_port(reading: Reading) -> int | None:
    """Return the fact ``dns.send_port``: the fixed port from which DNS asks other servers; 0 means none."""
    key = reading.registry("dns").find(_below_control_set(DNS_KEY))
    value = key.values.get("sendport") if key and "sendport" not in key.ambiguous else None
    data = value.data if value else None
    return data if isinstance(data, int) and 1 <= data <= HIGHEST_PORT else None


def read_boot_mark(reading: Reading) -> tuple[str | None, list[Problem]]:
    """Return the fact ``boot_mark``: ShutdownTime in upper-case hex digits, and the boot counter if there is one.

    It is opaque: it may only be compared for equality.
    """
    dump = reading.registry("boot")
    windows = dump.find(r"\control\windows")
    prefetch = dump.find(r"\memory management\prefetchparameters")
    shutdown = windows.values.get("shutdowntime") if windows else None
    counter = prefetch.values.get("bootid") if prefetch else None
    known = shutdown is not None and shutdown.type == "REG_BINARY" and _FILETIME_RE.match(str(shutdown.data))
    number = counter.data if counter is not None else None
    # Another mark than the recorded one would say that the host was restarted: the exit code is that of the counter.
    lost = counter is None and _level(reading, "boot") == 0 and not is_file(reading.text("boot"))
    if not known or lost or dump.damaged or (counter is not None and not isinstance(number, int)):
        message = "ShutdownTime could not be read, so it is not known whether the host was restarted since a change."
        lacks = reading.section("boot") is None
        return None, [] if lacks else [make_problem("boot_mark_unreadable", "warning", message)]
    mark = str(shutdown.data).upper() + (f"-{number:X}" if isinstance(number, int) else "") if shutdown else None
    return mark, []


def _level(reading: Reading, section_id: str) -> int | None:
    section = reading.section(section_id)
    return section.errorlevel if section else None


def read_sql_ports(reading: Reading) -> tuple[PortSet, list[Problem]]:
    """Return the fact ``sql_ports``: TCP ports of all instances. The texts may be empty, "0" or comma separated.

    Values in front of the first key are those of another one, which the collector leaves out.
    """
    ports: set[int] = set()
    wrong: list[str] = []
    items = list(reg_lines(reading.text("sql_ports")))
    path, read, unread = "", 0, 0
    for item in items:
        if isinstance(item, str):
            path = item.lower()
        elif _SQL_KEY in path and any(is_damaged_name(item.name, name) for name in _SQL_VALUES):
            unread += 1
        elif _SQL_KEY in path and item.name.lower() in _SQL_VALUES:
            read += 1
            numbers = [part.strip() for part in item.data.split(",")] if isinstance(item.data, str) else ["?"]
            unread += numbers != [""] and not all(map(_DIGITS_RE.match, numbers))
            texts = [part for part in numbers if _DIGITS_RE.match(part)]
            ports.update(int(part) for part in texts if _is_port_or_zero(part))
            wrong += [shown(part, _WRONG_DIGITS) for part in texts if not _is_port_or_zero(part)]
    stray = reading.registry("sql_ports").stray
    lost = stray or unread or _lacks_sql_ports(reading, items, read)
    problems = damaged("sql_ports", stray or unread) if lost else []
    return PortSet.from_ports(ports - {0}), problems + _wrong_sql_ports(list(dict.fromkeys(wrong)))


def _is_port_or_zero(digits: str) -> bool:
    number = digits.lstrip("0")
    return len(number) <= len(str(HIGHEST_PORT)) and int(number or "0") <= HIGHEST_PORT


def _wrong_sql_ports(wrong: list[str]) -> list[Problem]:
    """Return the problem of numbers that are no port: which port their instance has is not known."""
    if not wrong:
        return []
    message = f"The registry gives SQL Server TCP {listed(wrong)}, which is no port: that of an instance is not known."
    return [make_problem("sql_port_invalid", "warning", message, section="sql_ports", values=wrong[:NAMED_MAX])]


def _lacks_sql_ports(reading: Reading, items: list[str | RegValue], read: int) -> bool:
    """Return whether rows of SQL Server are missing: an instance has these values, a client does not."""
    text = reading.text("sql_ports")
    front = text.partition("\nHKEY_")[0] if not text.startswith("HKEY_") else ""
    if is_file(text):
        return False
    if _SQL_PARENT in front.lower():
        return True
    keys = [item.lower() for item in items if isinstance(item, str)]
    # The exit code of findstr is 0 where it let a line through.
    return not read and _level(reading, "sql_ports") == 0 and not (keys and all(_SQL_CLIENT in key for key in keys))


def read_hotfixes(reading: Reading) -> tuple[list[str], list[Problem]]:
    """Return the fact ``hotfixes``: the relevant ones that Windows 2000 to 2003 lists, in ascending order."""
    found: set[str] = set()
    for item in reg_lines(reading.text("hotfixes")):
        match = _HOTFIX_RE.search(item) if isinstance(item, str) else None
        if match and match.group(1) in HOTFIXES:
            found.add(match.group(1))
    return [f"KB{number}" for number in sorted(found, key=int)], []
