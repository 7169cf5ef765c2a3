# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Less evidence is never better for the exit code, the status or ``port_verify``."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from pathlib import Path as File
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.status import STATUSES
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._fleet.less_evidence import (
    Known,
    Loss,
    hosts,
    losses,
    outcome,
    pairs,
    safe_hosts,
)

pytestmark = pytest.mark.no_cover
HOSTS = {known.name: known for known in hosts()}
SAFE = {known.name: known for known in safe_hosts()}
PAIRS_PER_HOST = 40
CASES_MIN = 20_000
RECORDINGS = File(__file__).resolve().parents[5] / "bench" / "recordings"

EXCEPTIONS: tuple[tuple[str, str], ...] = (
    (
        r"services/[^/]+ taken",
        "A service is one row of the facts; whether it is really not there is settled where two lists are read.",
    ),
    (
        r"state/settings/ran_before taken|state/settings blank",
        "A record that is not there is the usual case: a window that went well leaves none.",
    ),
    (
        r"dns/udp_ports/udp[46](/[0-9]+ taken| blank)",
        "The facts hold what DNS holds once: one port less, port 53 apart, is what a new draw looks like.",
    ),
    (r"exclusions/udp[46](/[0-9]+ taken| blank)", "Blocks of Windows come and go; netsh's table is the only place."),
    (r"problems(/[0-9]+ taken| blank)", "A problem is itself the note that evidence is missing."),
)
"""Losses that leave a whole and well-formed value for which the facts have no second source, and why it is allowed."""


def _is_exception(loss: Loss) -> bool:
    told = f"{'/'.join(map(str, loss.path))} {loss.how}"
    return any(re.fullmatch(pattern, told) for pattern, _reason in EXCEPTIONS)


def _is_better(got: tuple[int, str, bool], known: tuple[int, str, bool]) -> bool:
    return got[0] < known[0] or got[1] == "safe" or (got[2] and not known[2])


def _after(known: Known, lost: tuple[Loss, ...]) -> tuple[int, str, bool]:
    found = known.facts
    for loss in lost:
        found = loss.of(found)
    return outcome(known, found)


def test_there_is_a_host_in_every_status_that_a_plan_can_have() -> None:
    found = {outcome(known, known.facts)[1] for known in (*HOSTS.values(), *SAFE.values())}
    assert found == set(STATUSES) - {"unreachable", "accepted"}
    assert {outcome(known, known.facts) for known in SAFE.values()} == {(0, "safe", True)}


def test_the_cases_are_enough_and_the_exceptions_are_few(record_property: Any) -> None:
    counts = Counter({name: len(list(losses(known.facts))) for name, known in HOSTS.items()})
    cases = counts.total() + PAIRS_PER_HOST * len(HOSTS)
    used = sum(_is_exception(loss) for known in HOSTS.values() for loss in losses(known.facts))
    print(f"\n{cases} cases on {len(HOSTS)} hosts; {len(EXCEPTIONS)} exceptions, which {used} single losses are")
    record_property("cases", cases)
    assert cases >= CASES_MIN
    assert len(EXCEPTIONS) <= 5
    assert used < counts.total() / 40


@pytest.mark.parametrize("name", HOSTS)
def test_less_evidence_is_never_better(name: str) -> None:
    known = HOSTS[name]
    before = outcome(known, known.facts)
    assert before[0] > 0
    assert before[1] != "safe"
    singles = list(losses(known.facts))
    cases: list[tuple[Loss, ...]] = [(loss,) for loss in singles]
    cases += pairs([loss for loss in singles if not _is_exception(loss)], PAIRS_PER_HOST, seed=len(name))
    better = [lost for lost in cases if _is_better(_after(known, lost), before)]
    assert [lost for lost in better if not any(map(_is_exception, lost))] == []


RESTS_ON = {
    "everywhere": (
        "services_total services udp_endpoints udp_ports problems os/family dns/state dns/installed dns/udp_ports"
        " dns/pid services/DNS services/DNS/state services/IAS/state boot_mark state state/settings os settings"
    ),
    "safe 0": "settings/max_user_port settings/reserved_ports os/sbs services/PolicyAgent/state",
    "safe 2": (
        "settings/socket_pool_size settings/socket_pool_excluded_port_ranges dynamic_ports dynamic_ports/udp4"
        " dynamic_ports/udp6 services/IKEEXT/pid"
    ),
    "safe 4": "exclusions/udp4 exclusions/udp6",
}
"""What the judgement of a host in order rests on."""


@pytest.mark.parametrize("name", SAFE)
def test_a_host_is_not_safe_without_what_that_rests_on(name: str) -> None:
    known = SAFE[name]
    for place in f"{RESTS_ON['everywhere']} {RESTS_ON.get(name, '')}".split():
        for how in ("taken", "null", "garbled"):
            loss = Loss(tuple(place.split("/")), how, False, "?" if how == "garbled" else None)
            code, status, _content = _after(known, (loss,))
            assert (code, status == "safe") == (2, False), (place, how)


def _recorded(name: str, number: int) -> str:
    """Return one of the recorded transcripts of a file, counted from 1."""
    text = gzip.decompress((RECORDINGS / name).read_bytes()).decode("utf-8", "replace")
    return re.split(r"(?m)^(?=#portkeeper transcript 1)", text)[number]


def _paused(text: str) -> str:
    """Return the transcript with DNS paused."""
    at = text.index("SERVICE_NAME: DNS\n" if "SERVICE_NAME: DNS\n" in text else "SERVICE_NAME: DNS\r\n")
    return text[:at] + re.sub(r"(: +)4( )", r"\g<1>7\2", text[at:], count=1)


TRANSCRIPTS: dict[str, tuple[str, dict[str, Any]]] = {
    "conflict nt5": (_recorded("nt5.txt.gz", 1), {}),
    "pending nt5": (_recorded("nt5.txt.gz", 10), {}),
    "conflict nt6": (_recorded("nt6.txt.gz", 1), {}),
    "paused nt6": (_paused(_recorded("nt6.txt.gz", 12)), {}),
    "drifted nt6": (_recorded("nt6.txt.gz", 12), {"extra_ports": ["50601"]}),
}


def cuts(text: str) -> dict[str, str]:
    """Return the transcript without a section, with an empty one, and with one whose head or tail is lost."""
    found = {}
    frame = r"(?ms)^(#portkeeper \S+ begin (\w+)\s*?\n)(.*?)^(#portkeeper \S+ end \w+ )(-?\d+)(\s*?\n)"
    for match in re.finditer(frame, text):
        begin, name, body, end, level, line_end = match.groups()
        lines = body.splitlines(keepends=True)
        parts = {
            "missing": "",
            "empty": f"{begin}{end}0{line_end}",
            "failed": f"{begin}{end}1{line_end}",
            "open": begin + body,
        }
        for quarter in (1, 2, 3):
            at = len(lines) * quarter // 4
            parts[f"head {quarter}/4"] = f"{begin}{''.join(lines[:at])}{end}{level}{line_end}"
            parts[f"tail {quarter}/4"] = f"{begin}{''.join(lines[at:])}{end}{level}{line_end}"
        for how, part in parts.items():
            if part != match.group(0):
                found[f"{name} {how}"] = text[: match.start()] + part + text[match.end() :]
    return found


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_no_part_of_a_transcript_makes_a_host_better_by_its_absence(name: str) -> None:
    text, options = TRANSCRIPTS[name]
    known = Known(name, parse_transcript(text), options)
    before = outcome(known, known.facts)
    assert before[0] > 0
    found = {what: outcome(known, parse_transcript(less)) for what, less in cuts(text).items()}
    assert len(found) > 100
    assert {what: got for what, got in found.items() if _is_better(got, before)} == {}
