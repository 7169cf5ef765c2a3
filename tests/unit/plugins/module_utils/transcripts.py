# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transcripts for the tests of the facts, and the facts of each, checked against their schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._facts.facts import parse_transcript

ROOT = Path(__file__).resolve().parents[4]
CAPTURES = ROOT / "tests" / "unit" / "captures"
VALIDATOR = jsonschema.Draft202012Validator(
    json.loads((ROOT / "plugins" / "plugin_utils" / "schemas" / "facts.schema.json").read_text(encoding="utf-8"))
)
SERVICES = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services"
TCPIP = rf"{SERVICES}\Tcpip\Parameters"
NT = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
OPTIONS = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ProductOptions"


def sbs2003() -> str:
    """Return the transcript of an SBS 2003 with the conflict."""
    return (CAPTURES / "transcript-sbs2003.txt").read_text(encoding="utf-8")


def facts_of(source: Any, **options: Any) -> dict[str, Any]:
    """Return facts that their schema allows."""
    facts = parse_transcript(source, **options)
    VALIDATOR.validate(facts)
    return facts


def section(name: str, body: str, level: int = 0) -> str:
    """Return a section as a transcript written by hand has it."""
    return f"#portkeeper begin {name}\n{body}#portkeeper end {name} {level}\n"


def facts_of_sections(*sections: str) -> dict[str, Any]:
    """Return facts of a transcript of these sections only."""
    return facts_of("".join(sections))


def sbs2003_with(name: str, body: str, level: int = 0) -> dict[str, Any]:
    """Return the SBS 2003 host with one section replaced."""
    text = sbs2003()
    begin = text.index(f"#portkeeper begin {name}\n")
    end = text.index("\n", text.index(f"#portkeeper end {name} ")) + 1
    return facts_of(text[:begin] + section(name, body, level) + text[end:])


def problem_ids(facts: dict[str, Any]) -> list[str]:
    """Return ids of the problems that the facts report."""
    return [problem["id"] for problem in facts["problems"]]
