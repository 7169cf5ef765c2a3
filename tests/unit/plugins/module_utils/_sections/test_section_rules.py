# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of section rules is complete, and equals the documentation."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._sections.row import (
    BLOCK,
    INFORMATION,
    ROW,
    SectionRule,
)
from ansible_collections.portkeeper.windows_dns.plugins.module_utils._sections.table import SECTIONS
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils._facts.damage_unseen import (
    UNSEEN,
    unseen_rows,
)
from ansible_collections.portkeeper.windows_dns.tests.unit.plugins.module_utils.transcripts import (
    NT,
    OPTIONS,
    ROOT,
    TCPIP,
    problem_ids,
    sbs2003,
    sbs2003_with,
)

PAGE = (ROOT / "docs" / "transcript.md").read_text(encoding="utf-8")


def _table(heading: str) -> list[str]:
    part = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [line for line in part.split("\n") if line.startswith("| ")][1:]


def _rule_rows() -> list[str]:
    """Sections with the same rule share a row."""
    shared: dict[SectionRule, list[str]] = {}
    for row in SECTIONS.values():
        shared.setdefault(row.rule, []).append(f"`{row.id}`")
    return [
        f"| {', '.join(ids)} | {rule.unit} | {rule.allowed} | {rule.severity or 'no problem'}: {rule.effect} |"
        for rule, ids in shared.items()
    ]


def test_the_documentation_has_the_same_tables() -> None:
    assert _table("What is tolerated, and what is refused") == _rule_rows()
    assert _table("What cannot be seen") == unseen_rows(UNSEEN)


@pytest.mark.parametrize(
    ("section", "body"),
    [
        ("tcpip", f"{TCPIP}\n    MaxUserPort\tREG_DWORD\t0xfffe\n  -- More --\n\n"),
        ("dns", f"{TCPIP}\n".replace("Tcpip", "DNS") + "    SocketPoolSize\n    REG_DWORD    0x9c4\n\n"),
        ("product_options", f"{OPTIONS}\n    ProductType\tREG_SZ\tLanmanNT\n    ProductSuite\n\n"),
        ("state", "HKEY_LOCAL_MACHINE\\SOFTWARE\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Micro\nsoft\n"),
        ("current_version", f"{NT}\n    CurrentVersion\tREG_SZ\t5.2\n    ProductName\n"),
        ("sql_ports", "HKEY_LOCAL_MACHINE\\X\\SuperSocketNetLib\\Tcp\n    TcpPort\n    REG_SZ    1433\n"),
    ],
)
def test_a_damaged_section_is_as_severe_as_the_table_says(section: str, body: str) -> None:
    (problem,) = [row for row in sbs2003_with(section, body)["problems"] if row["id"] == "section_damaged"]
    assert problem["severity"] == SECTIONS[section].rule.severity
    assert problem["data"]["section"] == section


def _body(section: str) -> str:
    text = sbs2003()
    return text.partition(f"#portkeeper begin {section}\n")[2].partition(f"#portkeeper end {section} ")[0]


HARMED: dict[str, tuple[str, str, str, str, str]] = {
    "services": (r"(SERVICE_NAME: IAS\n(?:.*\n){2}.*: )\d", r"\1?", "service_blocks_unreadable", "IAS", "PolicyAgent"),
    "service_starts": (r"(\\IAS\n.*REG_DWORD\t)0x2", r"\1?", "service_starts_unreadable", "IAS", "PolicyAgent"),
    "tasklist": (r'"lsass.exe","444"', '"lsass.exe" 444', "process_rows_unreadable", "444", "892"),
    "netstat": (r"(UDP +\S+:1701 +)\*:\*", r"\1", "socket_rows_unreadable", "1701", "445"),
    "boot": (r"REG_BINARY", "", "boot_mark_unreadable", "", ""),
    "dns_dependents": (r"= 0", "= 3", "dns_dependents_unreadable", "", ""),
}
"""By section: what is replaced by what, the problem that it makes, what it harms, and what it leaves as it was."""


@pytest.mark.parametrize("section", HARMED)
def test_an_unreadable_part_does_what_the_table_says(section: str) -> None:
    pattern, instead, problem_id, harmed, unharmed = HARMED[section]
    body, rule = _body(section), SECTIONS[section].rule
    broken, count = re.subn(pattern, instead, body, count=1)
    assert count == 1 and broken != body
    level = int(sbs2003().partition(f"#portkeeper end {section} ")[2].split("\n")[0])
    facts, before = sbs2003_with(section, broken, level), sbs2003_with(section, body, level)
    (problem,) = [row for row in facts["problems"] if row not in before["problems"]]
    assert (problem["id"], problem["severity"]) == (problem_id, rule.severity)
    assert _known(section, before, harmed) and not _known(section, facts, harmed)
    if rule.unit in (ROW, BLOCK):
        stays = _known(section, before, unharmed)
        assert stays is not None and _known(section, facts, unharmed) == stays


def _known(section: str, facts: dict[str, Any], name: str) -> object:
    """Return what the facts say of a part of the section, None if they say nothing."""
    if section in ("services", "service_starts"):
        return facts["services"][name]["state" if section == "services" else "start"]
    if section == "tasklist":
        endpoints = facts["udp_endpoints"] or []
        return next((row["process"] for row in endpoints if str(row["pid"]) == name), None)
    if section == "netstat":
        return f"{name}-{name}" in facts["udp_ports"]["udp4"] or None
    return facts["boot_mark"] if section == "boot" else facts["dns"]["dependents"] is not None or None


@pytest.mark.parametrize("section", [row.id for row in SECTIONS.values() if row.rule.unit == INFORMATION])
def test_nothing_is_decided_by_information(section: str) -> None:
    if f"#portkeeper begin {section}\n" in sbs2003():
        assert problem_ids(sbs2003_with(section, "-- More --\n\x1b[0m?\n")) == []
