# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validate the option ``catalogue_extra`` and convert its entries to catalogue rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._ports import PortError, PortSet
from .row import HOLDERS, HOLDS, PROTOCOLS, SERVICE_NAME_RE, CatalogueError, CatalogueRow, may_never_start, port_text

_NAME_RE = re.compile(r"\A[a-z][a-z0-9_]{0,39}\Z")
_TITLE_LENGTH = 80
_EXTRA_KEYS = frozenset(
    ("name", "title", "services", "ports", "protocol", "own_sockets", "hold", "holder", "start_while_dns_down")
)
_EXTRA_REQUIRED = ("name", "services", "ports")


def row_from_extra(entry: object, where: str) -> CatalogueRow:
    """Validate one entry and return its catalogue row.

    Args:
        entry: the entry as the user wrote it; keys that are null are treated as not given.
        where: what messages call the entry.

    Raises:
        CatalogueError: with one sentence, for anything that is not valid.
    """
    if not isinstance(entry, Mapping):
        raise CatalogueError(f"{where} is not a mapping")
    given = {key: value for key, value in entry.items() if value is not None}
    unknown = sorted(str(key) for key in set(given) - _EXTRA_KEYS)
    missing = [key for key in _EXTRA_REQUIRED if key not in given]
    if unknown or missing:
        wrong = f"unknown keys {', '.join(unknown)}" if unknown else f"{missing[0]} is missing"
        raise CatalogueError(f"{where}: {wrong}")
    name = given["name"]
    if not isinstance(name, str) or not _NAME_RE.match(name):
        raise CatalogueError(f"{where}: the name must be lower-case letters, digits and underscores")
    title = given.get("title", name)
    if not isinstance(title, str) or not 0 < len(title) <= _TITLE_LENGTH or not title.isprintable():
        raise CatalogueError(f"{where}: the title must be 1 to {_TITLE_LENGTH} printable characters")
    services = _extra_services(given["services"], where)
    start, own_sockets = (_extra_switch(given, key, where) for key in ("start_while_dns_down", "own_sockets"))
    if start and any(may_never_start(service) for service in services):
        raise CatalogueError(f"{where}: cluster, ISA and Exchange services are never started by this collection")
    return CatalogueRow(
        name=name,
        title=title,
        service_keys=services,
        ports=_extra_ports(given["ports"], where),
        protocol=_extra_choice(given, "protocol", PROTOCOLS, "udp", where),
        hold=_extra_choice(given, "hold", HOLDS, "when_running", where),
        holder=_extra_choice(given, "holder", HOLDERS, "service_pid", where),
        own_sockets=own_sockets,
        start_while_dns_down=start,
        source="the user's catalogue_extra",
    )


def _extra_services(value: object, where: str) -> tuple[str, ...]:
    services = value if isinstance(value, (list, tuple)) else ()
    if not services or not all(isinstance(name, str) and SERVICE_NAME_RE.match(name) for name in services):
        raise CatalogueError(f"{where}: services must be a list of service keys of letters, digits, spaces and _ . $ -")
    return tuple(services)


def _extra_ports(value: object, where: str) -> PortSet:
    entries = [port_text(entry) for entry in value] if isinstance(value, list) else ()
    try:
        ports = PortSet.from_text(entries)
    except PortError as error:
        raise CatalogueError(f"{where}: {error}") from error
    if not ports:
        raise CatalogueError(f"{where}: ports must be a list of ports or ranges a-b")
    return ports


def _extra_switch(given: Mapping[str, Any], key: str, where: str) -> bool:
    value = given.get(key, False)
    if not isinstance(value, bool):
        raise CatalogueError(f"{where}: {key} must be true or false")
    return value


def _extra_choice(given: Mapping[str, Any], key: str, choices: Sequence[str], default: str, where: str) -> str:
    value = given.get(key, default)
    if value not in choices:
        raise CatalogueError(f"{where}: {key} must be one of {', '.join(choices)}")
    return str(value)
