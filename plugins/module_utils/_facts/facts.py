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
from typing import Any

from .._catalogue.sbs2003 import CATALOGUE
from .._parsers.netsh import has_no_table, is_empty_table, parse_excludedportrange
from .._parsers.transcript import Source, Transcript, split_transcript
from .._ports import FAMILIES, PortSet
from .._problems import Problem, Severity, make_problem, merged
from .._sections.table import SECTIONS
from .._windows.settings import NETSH, NETSH_PREFIX, RAN_BEFORE_RECORD
from .configured_ports import ports_in
from .dynamic_range import read_range
from .host import Host
from .own_sockets import read_own_sockets
from .readers import READERS
from .reading import Reading
from .registry import read_send_port, read_settings
from .services import DNS, Services, read_dependents, read_services, service_facts
from .sockets import Sockets, dns_ports, endpoint_facts, pool_present, ports_by_family, read_sockets
from .system import read_os

FACTS_FORMAT = 1
MISSING = "sections_missing"

_NEEDED = PortSet.union(ports for row in CATALOGUE for ports in (row.ports, row.udp_ports))
"""All ports of the catalogue."""
_LACKS_EXCLUSIONS = "6.1"
"""The NT version of 2008 R2 and Windows 7."""
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
    of_transcript = list(transcript.problems)
    if _is_of_32_bit(transcript):
        message = (
            "The transcript was collected in a 32-bit process, which is shown another registry; nothing in it is used."
        )
        of_transcript.append(make_problem("collected_in_32_bit", "error", message))
        transcript = replace(transcript, sections={})
    reading = Reading(transcript)
    os_facts, of_os = read_os(reading)
    extra_services = [*extra_services]
    services, of_services = read_services(reading, extra_services)
    sockets, of_sockets = read_sockets(reading, services)
    settings, of_settings = read_settings(reading, services.dns_installed)
    dependents, of_dependents = read_dependents(reading, services)
    read = {name: reader.read(reading) for name, reader in READERS.items()}
    own = {name: fact for name, (fact, _problems) in read.items()}
    netsh, of_netsh = _netsh(reading, os_facts)
    earlier = _ran_before(own["state"])
    needed = _NEEDED | (extra_ports or PortSet()) | ports_in(own["configured_ports"])
    wanted = {DNS, *earlier, *(name.lower() for name in dependents or ()), *services.of_pids(sockets.pids_on(needed))}
    endpoints, truncated = endpoint_facts(sockets, services, needed)
    facts = {
        "format": FACTS_FORMAT,
        # The facts that people look for first come first.
        **{name: own[name] for name in ("computer_name", "collected")},
        "os": os_facts,
        "settings": settings,
        "dns": _dns(reading, services, sockets, settings, dependents),
        **netsh,
        "services": service_facts(services, wanted, extra_services),
        "services_total": len(services.names) if services.known else None,
        "udp_endpoints": endpoints if sockets.known else None,
        "udp_endpoints_truncated": truncated,
        "udp_ports": ports_by_family(sockets.others) if sockets.known else None,
        "own_sockets": read_own_sockets(services, sockets, extra_services),
        **own,
    }
    of_single = (problems for _fact, problems in read.values())
    of_all = (of_transcript, of_os, of_services, of_sockets, of_settings, of_dependents, *of_single, of_netsh)
    return Host({**facts, "problems": merged(*of_all, _missing(reading, os_facts["family"]))})


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


def _netsh(reading: Reading, os_facts: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the facts ``dynamic_ports`` and ``exclusions``. A family is null on releases without such a table."""
    dynamic: dict[str, Any] = dict.fromkeys(FAMILIES)
    exclusions: dict[str, Any] = dict.fromkeys(FAMILIES)
    problems: list[Problem] = []
    for name in FAMILIES:
        section_id = f"dynamicport_{name}"
        found = read_range(reading, section_id)
        dynamic[name] = {"start": found.start, "count": found.count} if found else None
        if found is None and reading.section(section_id) is not None:
            message = f"The dynamic port range over {NETSH[NETSH_PREFIX + name]} could not be read."
            problems.append(make_problem("dynamic_ports_unreadable", "error", message, family=name))
        section_id = f"excluded_{name}"
        exclusions[name] = _exclusions(reading, section_id)
        if exclusions[name] is None and reading.section(section_id) is not None:
            problems.append(_unread_exclusions(reading, os_facts, name, found is not None))
    return {"dynamic_ports": dynamic, "exclusions": exclusions}, problems


def _unread_exclusions(reading: Reading, os_facts: Mapping[str, Any], family: str, has_range: bool) -> Problem:
    """Return an error, or a warning where the release may lack the command and nothing contradicts that.

    2008 R2 and Windows 7 have it only with hotfix 2665809 (KB3039044): without, netsh fails and prints no table, while
    it shows the dynamic range.
    """
    over, section_id = NETSH[NETSH_PREFIX + family], f"excluded_{family}"
    failed = has_range and not reading.succeeded(section_id) and has_no_table(reading.text(section_id))
    severity: Severity = "error" if os_facts["family"] == "nt6_r2" else "warning"
    message = f"The excluded port ranges over {over} could not be read."
    if os_facts["nt"] == _LACKS_EXCLUSIONS and failed:
        severity = "warning"
        message = f"netsh shows no excluded port ranges over {over}: this release has that only with hotfix 2665809."
    return make_problem("exclusions_unreadable", severity, message, family=family)


def _exclusions(reading: Reading, section_id: str) -> list[dict[str, Any]] | None:
    """Return the rows of the table; None if it could not be read.

    The list is empty only if the text shows an empty table, because netsh returns exit code 0 after some errors, too.
    """
    section = reading.section(section_id)
    if section is None or not reading.succeeded(section_id) or not section.text.strip():
        return None
    rows, unreadable = parse_excludedportrange(section.text)
    return [row._asdict() for row in rows] if (rows or is_empty_table(section.text)) and not unreadable else None


def _missing(reading: Reading, family: str | None) -> list[Problem]:
    missing = [row.id for row in SECTIONS.values() if row.is_missed(family) and reading.section(row.id) is None]
    message = f"The transcript lacks the sections {', '.join(missing)}; what they show is unknown."
    return [make_problem(MISSING, "warning", message, sections=missing)] if missing else []
