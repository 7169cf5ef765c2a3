# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare two transcripts of one host, from a command line and from a script."""

from __future__ import annotations

from typing import Any

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._parsers.transcript import split_transcript

VOLATILE = {"clock", "tasklist", "netstat"}
"""The time, the processes that do the collecting, and what a command line packs: the facts tell that it is the same."""


def assert_same_host(line: str, script: str | bytes) -> tuple[set[str], dict[str, Any]]:
    """Assert that sections and facts agree; give the sections' ids and the facts without their time."""
    by_line, by_script = split_transcript(line), split_transcript(script)
    assert by_line.problems == by_script.problems == []
    assert by_line.sections.keys() == by_script.sections.keys()
    for name in by_line.sections.keys() - VOLATILE:
        assert by_line.sections[name] == by_script.sections[name], name
    facts, again = ({**parse_transcript(text), "collected": None} for text in (line, script))
    assert facts == again
    return set(by_line.sections), facts
