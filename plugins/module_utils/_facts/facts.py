# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert a transcript to the facts of one host. All output of a host is read through this module.

The facts follow schemas/facts.schema.json. What could not be read is null, and a problem reports it. Nothing is
guessed, and no content of a transcript raises an exception.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

from .._catalogue.sbs2003 import CATALOGUE
from .._parsers.netsh import (
    is_empty_table,
    parse_dynamicport,
    parse_excludedportrange,
)
from .._parsers.transcript import (
    Source,
    Transcript,
    split_transcript,
)
from .._ports import FAMILIES, PortSet
from .._problems import ProblemList, Severity
from .._sections.table import SECTIONS
from .host import RAN_BEFORE_RECORD, Host
from .readers import READERS
from .reading import Reading
from .registry import read_send_port, read_settings
from .services import (
    DNS,
    Services,
    read_dependents,
    read_services,
    service_facts,
)
from .sockets import (
    Sockets,
    dns_ports,
    endpoint_facts,
    pool_present,
    ports_by_family,
    read_sockets,
)
from .system import read_os

FACTS_FORMAT = 1

_NEEDED = reduce(lambda ports, row: ports | row.ports | row.udp_ports, CATALOGUE, PortSet())
"""All ports of the catalogue."""
_OF_32_BIT_RE = re.compile(r"^[ \t[]*HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\", re.IGNORECASE | re.MULTILINE)


def parse_transcript(
    source: Source, extra_services: Iterable[str] = (), extra_ports: PortSet | None = None
) -> dict[str, Any]:
    """Convert a transcript to facts.

    Args:
        source: bytes in any code page, or text, or ``{"base64": text}``.
        extra_services: service keys to include in the facts, in addition to those of the catalogue.
        extra_ports: ports whose holders are included, in addition to the holders of the catalogue's ports.

    Returns:
        The facts; see docs/facts.md.

    Raises:
        TranscriptError: for a source of another type, invalid base64, or more than 8 MiB.
    """
    return read_facts(split_transcript(source), extra_services, extra_ports).to_json()


def read_facts(transcript: Transcript, extra_services: Iterable[str] = (), extra_ports: PortSet | None = None) -> Host:
    """Return the facts of a split transcript. Arguments and result are those of `parse_transcript`."""
    problems = ProblemList()
    problems.extend(transcript.problems)
    if _is_of_32_bit(transcript):
        problems.add(
            "collected_in_32_bit",
            "error",
            "The transcript was collected in a 32-bit process, which is shown another registry; nothing in it is used.",
        )
        transcript = replace(transcript, sections={})
    reading = Reading(transcript, problems)
    os_facts = read_os(reading)
    extra_services = [*extra_services]
    services = read_services(reading, extra_services)
    sockets = read_sockets(reading, services)
    settings = read_settings(reading, services.dns_installed)
    dependents = read_dependents(reading, services)
    own = {name: reader.read(reading) for name, reader in READERS.items()}
    earlier = _ran_before(own["state"])
    needed = _NEEDED | (extra_ports or PortSet())
    wanted = {DNS, *earlier, *(name.lower() for name in dependents or ()), *services.of_pids(sockets.pids_on(needed))}
    endpoints, truncated = endpoint_facts(sockets, services, needed)
    facts = {
        "format": FACTS_FORMAT,
        # The facts that people look for first come first.
        **{name: own[name] for name in ("computer_name", "collected")},
        "os": os_facts,
        "settings": settings,
        "dns": _dns(reading, services, sockets, settings, dependents),
        **_netsh(reading, os_facts["family"]),
        "services": service_facts(services, wanted, extra_services),
        "services_total": len(services.names) if services.known else None,
        "udp_endpoints": endpoints if sockets.known else None,
        "udp_endpoints_truncated": truncated,
        "udp_ports": ports_by_family(sockets.others) if sockets.known else None,
        **own,
    }
    _report_missing(reading, os_facts["family"])
    return Host({**facts, "problems": problems.as_list()})


def _ran_before(state: Mapping[str, Any]) -> set[str]:
    """Return the lower-case names of the services that, by the record, ran before a window stopped DNS."""
    value = (state["settings"].get(RAN_BEFORE_RECORD) or {}).get("value")
    return {name.strip().lower() for name in (value or "").split(",")} - {""}


def _is_of_32_bit(transcript: Transcript) -> bool:
    """Return whether keys were found below Wow6432Node, where only a 32-bit process finds them.

    Windows redirects a 32-bit process to that part of the registry. Only sections whose command does not ask for it are
    checked.
    """
    rows = (row for row in SECTIONS.values() if row.differs_in_32_bit and row.id in transcript.sections)
    return any(_OF_32_BIT_RE.search(transcript.sections[row.id].text) for row in rows)


def _dns(
    reading: Reading,
    services: Services,
    sockets: Sockets,
    settings: dict[str, Any],
    dependents: list[str] | None,
) -> dict[str, Any]:
    return {
        "installed": services.dns_installed,
        "state": services.dns.state if services.dns else None,
        "pid": services.dns_pid,
        "dependents": dependents,
        "send_port": read_send_port(reading),
        "udp_ports": dns_ports(sockets, services),
        "pool_present": pool_present(sockets, services, settings["socket_pool_size"]),
    }


def _netsh(reading: Reading, family: str | None) -> dict[str, Any]:
    """Return the facts ``dynamic_ports`` and ``exclusions``. A family is null on releases without such a table."""
    dynamic: dict[str, Any] = dict.fromkeys(FAMILIES)
    exclusions: dict[str, Any] = dict.fromkeys(FAMILIES)
    for name in FAMILIES:
        section_id = f"dynamicport_{name}"
        found = parse_dynamicport(reading.text(section_id)) if reading.succeeded(section_id) else None
        dynamic[name] = {"start": found.start, "count": found.count} if found else None
        if found is None and reading.section(section_id) is not None:
            reading.problems.add(
                "dynamic_ports_unreadable", "error", "The dynamic port range could not be read.", family=name
            )
        section_id = f"excluded_{name}"
        exclusions[name] = _exclusions(reading, section_id)
        if exclusions[name] is None and reading.section(section_id) is not None:
            severity: Severity = "error" if family == "nt6_r2" else "warning"
            reading.problems.add(
                "exclusions_unreadable", severity, "The excluded port ranges could not be read.", family=name
            )
    return {"dynamic_ports": dynamic, "exclusions": exclusions}


def _exclusions(reading: Reading, section_id: str) -> list[dict[str, Any]] | None:
    """Return the rows of the table; None if it could not be read.

    The list is empty only if the text shows an empty table, because netsh returns exit code 0 after some errors, too.
    """
    section = reading.section(section_id)
    if section is None or not reading.succeeded(section_id) or not section.text.strip():
        return None
    rows, unreadable = parse_excludedportrange(section.text)
    return [row._asdict() for row in rows] if (rows or is_empty_table(section.text)) and not unreadable else None


def _report_missing(reading: Reading, family: str | None) -> None:
    missing = [row.id for row in SECTIONS.values() if row.is_missed(family) and reading.section(row.id) is None]
    if missing:
        reading.problems.add(
            "sections_missing",
            "warning",
            f"The transcript lacks the sections {', '.join(missing)}; what they show is unknown.",
            sections=missing,
        )
