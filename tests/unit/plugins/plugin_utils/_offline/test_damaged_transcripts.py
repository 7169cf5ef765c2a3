# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A transcript of which something is lost gives no scripts, or scripts that do nothing that the whole one's do not.

Two losses only add a port, which is safe: without the start types, a disabled service's port is reserved, too; without
the row of a socket, netsh is asked to exclude its port, and refuses it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import read_facts
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.order import OrderError, ScriptPlan
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import split_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._plan.plan import plan_host
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._policy import Policy
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._ports import PortSet, parse_entries
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._windows.registry_file import RawValue
from ansible_collections.portkeeper.windows_dns.plugins.plugin_utils._offline.hosts import scripts_for
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts import whole_hosts
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.test_round_trip import LANGUAGES

pytestmark = pytest.mark.no_cover
CAPTURE = Path(__file__).parents[3] / "captures" / "transcript-sbs2003.txt"
SECTION = re.compile(r"(?ms)^(#portkeeper (?:\S+ )?begin (\w+)\n)(.*?)^(#portkeeper (?:\S+ )?end \w+ -?\d+\n)")
EVERYTHING = {"use_netsh": True, "prune": True, "repair": True, "extra_ports": ["50601", "1701"]}


def whole(release: str) -> str:
    """Return the transcript of a host that needs something written."""
    if release == "sbs2003":
        return CAPTURE.read_text(encoding="ascii")
    return whole_hosts.host(release, LANGUAGES[0], "ascii", random.Random(release), 40).text()


def scripts_of(text: str, options: Mapping[str, Any]) -> ScriptPlan | None:
    """Return what the scripts do; None without scripts."""
    transcript, policy = split_transcript(text.encode()), Policy.from_options(options)
    host = read_facts(transcript, policy.extra_services, policy.watched_ports)
    try:
        return scripts_for(host.to_json(), plan_host(host, policy), transcript) or None
    except OrderError:
        return None


def cuts(text: str) -> Iterator[str]:
    """Yield the transcript without its end: cut behind each fifth line, and in the middle of the last one."""
    lines = text.splitlines(keepends=True)
    last = max(at for at, line in enumerate(lines) if " end " in line and line.startswith("#portkeeper"))
    yield "".join(lines[:last]) + lines[last][:8]
    for at in range(1, last + 1, 5):
        yield "".join(lines[:at])


def lost_sections(text: str) -> Iterator[tuple[str, str]]:
    """Yield the transcript without a section, without the line that ends it, and with it twice."""
    for found in SECTION.finditer(text):
        front, behind = text[: found.start()], text[found.end() :]
        yield f"without {found[2]}", front + behind
        yield f"{found[2]} open", f"{front}{found[1]}{found[3]}{behind}"
        yield f"{found[2]} twice", f"{front}{found[0]}{found[0]}{behind}"


def lost_lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield the transcript with a section that is empty, or lacks some of its lines."""
    for found in SECTION.finditer(text):
        lines = found[3].splitlines(keepends=True)
        for at in range(0, len(lines), max(1, len(lines) // 6)):
            for what, left in (("from", lines[:at]), ("up to", lines[at:]), ("only", [*lines[:at], *lines[at + 1 :]])):
                body = "".join(left)
                if body != found[3]:
                    lost = f"{found[2]} without lines, {what} {at}"
                    yield lost, text[: found.start()] + found[1] + body + found[4] + text[found.end() :]


def entries(value: RawValue | None) -> PortSet:
    texts = [text for text in value[1].decode("utf-16-le").split("\0") if text] if value else []
    return parse_entries(texts)[0]


def differences(less: ScriptPlan, known: ScriptPlan | None, ports_may_be_added: bool) -> list[str]:
    """Return what the scripts do that those of the whole transcript do not."""
    if known is None:
        return ["there are scripts"]
    by_id = {value.setting.id: value for value in known.values}
    found = []
    for value in less.values:
        other = by_id.get(value.setting.id)
        # apply.cmd changes nothing where the host does not have the bytes of the transcript.
        if other is None or value.before != other.before:
            found += [f"writes {value.setting.id}"] if other is None else []
            continue
        added = entries(value.after) - entries(value.before) - entries(other.after)
        removed = entries(value.before) - entries(value.after) - (entries(other.before) - entries(other.after))
        found += [f"reserves {added.strings()}"] if added and not ports_may_be_added else []
        found += [f"frees {removed.strings()}"] if removed else []
    found += [name for name in ("window", "reboot", "copied") if getattr(less, name) and not getattr(known, name)]
    for name in ("services_to_start", "services_to_restart", "dependents"):
        found += [f"{name}: {key}" for key in getattr(less, name) if key not in getattr(known, name)]
    for table, rows in less.removed.items():
        found += [f"deletes {row} of {table}" for row in rows if row not in known.removed.get(table, ())]
    return found


@pytest.mark.parametrize("options", [{"extra_ports": ["50601"]}, EVERYTHING], ids=["a port", "everything"])
@pytest.mark.parametrize("release", ["sbs2003", "2008", "2019"])
def test_nothing_is_done_for_less_that_the_whole_does_not_do(release: str, options: dict[str, Any]) -> None:
    text = whole(release)
    known = scripts_of(text, options)
    assert known is not None
    assert [at for at, cut in enumerate(cuts(text)) if scripts_of(cut, options)] == []
    worse = {}
    for what, less in (*lost_sections(text), *lost_lines(text)):
        made = scripts_of(less, options)
        worse[what] = differences(made, known, what.startswith("service_starts")) if made else []
    assert len(worse) > 100
    assert {what: found for what, found in worse.items() if found} == {}


@pytest.mark.parametrize("release", ["sbs2003", "2019"])
def test_without_a_whole_section_there_are_no_scripts(release: str) -> None:
    text = whole(release)
    assert [what for what, less in lost_sections(text) if scripts_of(less, {"extra_ports": ["50601"]})] == []
