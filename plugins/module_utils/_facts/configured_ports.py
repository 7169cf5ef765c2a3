# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the ports that services keep in the registry. They stand in the list of service keys, which is read anyway."""

from __future__ import annotations

import re

from .._parsers.reg_query import RegValue, is_damaged_name, reg_lines
from .._ports import HIGHEST_PORT, PortSet
from .._problems import Problem, listed, make_problem, shown
from .._windows.configured_ports import PORT_KEYS, PORT_VALUES, RANGE_END, RANGE_START, PortKey
from .._windows.settings import NUMBER_TYPE
from .host_values import number
from .reading import Reading
from .service_starts import SERVICE_KEY_RE

SECTION = "service_starts"

_PARAMETERS = "parameters"
_NAMES = {name.lower(): name for name in PORT_VALUES}
_MARKS_RE = re.compile("adam_|wdsserver", re.IGNORECASE)
"""Without one of these, the list is not read a second time."""

Found = dict[str, "dict[str, int | None]"]


def read_configured_ports(reading: Reading) -> tuple[Found, list[Problem]]:
    """Return the fact ``configured_ports``: by service the values that were found, null for an unreadable one.

    A value counts only in the service's own key Parameters. One that stands elsewhere below the service, or has a
    damaged name, may be the one that is missing there.
    """
    text = reading.text(SECTION)
    if not _MARKS_RE.search(text):
        return {}, []
    found: Found = {}
    doubtful: dict[str, set[str]] = {}
    service, own, key = "", False, None
    for item in reg_lines(text):
        if isinstance(item, str):
            service, own, key = _owner(item)
            if key:
                doubtful.setdefault(service, set())
        elif key and own and _NAMES.get(item.name.lower()) in key.values:
            _add(found.setdefault(service, {}), _NAMES[item.name.lower()], item)
        elif key:
            doubtful[service].update(_meant(item.name, key))
    damaged = bool(reading.registry(SECTION).damaged)
    for service, names in doubtful.items():
        lost = names | set(_values_of(service) if damaged else ())
        for name in sorted(lost - found.get(service, {}).keys()):
            found.setdefault(service, {})[name] = None
    return {service: dict(sorted(values.items())) for service, values in sorted(found.items())}, _problems(found)


def _owner(path: str) -> tuple[str, bool, PortKey | None]:
    """Return the service that a key belongs to, whether it is its key Parameters, and which values are looked for."""
    match = SERVICE_KEY_RE.match(path)
    if match is None:
        return "", False, None
    return match.group(1), (match.group(2) or "").lower() == _PARAMETERS, _port_key(match.group(1))


def _values_of(service: str) -> tuple[str, ...]:
    key = _port_key(service)
    return key.values if key else ()


def ports_in(found: Found) -> PortSet:
    """Return all ports that the values name, those between the two ends of a range included."""
    pairs = [(port, port) for values in found.values() for port in values.values() if port]
    ends = [(values.get(RANGE_START), values.get(RANGE_END)) for values in found.values()]
    pairs += [(first, last) for first, last in ends if first and last and first <= last]
    return PortSet.from_ranges(pairs)


def _port_key(service: str) -> PortKey | None:
    return next((key for key in PORT_KEYS.values() if key.matches(service)), None)


def _add(values: dict[str, int | None], name: str, item: RegValue) -> None:
    data = number(item.data, 0, HIGHEST_PORT) if item.type == NUMBER_TYPE else None
    values[name] = data if values.get(name, data) == data else None


def _meant(found: str, key: PortKey) -> list[str]:
    """Return the values that a line may be of."""
    return [name for name in key.values if found.lower() == name.lower() or is_damaged_name(found, name.lower())]


def _problems(found: Found) -> list[Problem]:
    unread = {
        shown(service): sorted(name for name, data in values.items() if data is None)
        for service, values in sorted(found.items())
        if None in values.values()
    }
    if not unread:
        return []
    named = listed([f"{listed(names)} of {service}" for service, names in unread.items()])
    message = f"The registry holds ports of services that could not be read: {named}."
    return [make_problem("configured_ports_unreadable", "warning", message, section=SECTION, services=[*unread])]
