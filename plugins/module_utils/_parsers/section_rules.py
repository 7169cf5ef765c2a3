# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is tolerated in each section of a transcript, and what a part that cannot be read does.

Transcripts are copied out of windows, sent by mail and pasted into tickets. What came through unharmed is used; what
may have been harmed is null or a problem, never another fact. "Absent", "none" and "not installed" need proof too.
The same table is in docs/transcript.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from .._problems import Severity

SECTION = "section"
BLOCK = "block"
ROW = "row"
INFORMATION = "information"


@dataclass(frozen=True)
class SectionRule:
    """One section.

    Attributes:
        unit: how much cannot be used where something in it cannot be read: the section, the block of a service, or the
            row; `INFORMATION` where nothing is decided by it.
        severity: of the problem that an unreadable part is; None where it is none. An error makes the host unknown.
        allowed: what may stand in it besides what its command prints.
        effect: what an unreadable part does.
    """

    unit: str
    severity: Severity | None
    allowed: str
    effect: str


_ANY_FRONT = "any text in front of the first key"
_REMARK = f"{_ANY_FRONT}; a remark behind an empty line; no-break spaces between columns"
_TABLE = "any text in front of the rule of dashes"
_PEOPLE = SectionRule(INFORMATION, None, "anything", "none")
_VALUES = SectionRule(
    SECTION,
    "error",
    _REMARK,
    "no value of the section is known; a value is absent only where an empty line or another key is behind the values",
)
_DYNAMIC = SectionRule(SECTION, "error", _TABLE, "the range is not known")
_EXCLUDED = SectionRule(
    SECTION,
    "error",
    f"{_TABLE} or of the first row; the remark that begins with a star, and text behind it",
    "the ranges are not known; there are none only below the rule of dashes (on Vista and 2008 a warning)",
)

SECTION_RULES = {
    "computer_name": _PEOPLE,
    "clock": _PEOPLE,
    "ver": SectionRule(INFORMATION, None, "any text", "the registry says the version; if both differ, it is not known"),
    "current_version": SectionRule(
        ROW, "warning", _REMARK, "the version is that of the other rows and of `ver`; the product's name may be missing"
    ),
    "product_options": SectionRule(
        SECTION, "error", _REMARK, "it is not known whether this is a Small Business Server, where there is one"
    ),
    "tcpip": _VALUES,
    "dns": _VALUES,
    "services": SectionRule(
        BLOCK,
        "error",
        "any text between the blocks",
        "the state of that service is not known; a warning where no row of the catalogue is about it",
    ),
    "service_starts": SectionRule(
        BLOCK, "error", _ANY_FRONT, "how that service starts is not known; a service is missing only in a whole list"
    ),
    "dns_dependents": SectionRule(
        SECTION, "warning", "any text between the blocks", "what depends on DNS is not known"
    ),
    "tasklist": SectionRule(ROW, "warning", "any text in front of the first row", "that process has no name"),
    "netstat": SectionRule(
        ROW,
        "error",
        "any text in front of the first row; TCP rows; owners that `-b` prints",
        "the host is unknown where the row may concern DNS or a needed port; else a warning",
    ),
    "sql_ports": SectionRule(ROW, "warning", _REMARK, "that port is not among those of SQL Server"),
    "boot": SectionRule(SECTION, "warning", _REMARK, "the boot mark is not known, so nothing counts as restarted"),
    "state": SectionRule(
        SECTION,
        "error",
        _REMARK,
        "our records are not known; they are absent only where a key behind ours in the alphabet is listed",
    ),
    "hotfixes": _PEOPLE,
    "dynamicport_udp4": _DYNAMIC,
    "dynamicport_udp6": _DYNAMIC,
    "excluded_udp4": _EXCLUDED,
    "excluded_udp6": _EXCLUDED,
}
"""In the collector's order."""


def rule_rows() -> list[str]:
    """The rows of the table in docs/transcript.md; sections with the same rule share one."""
    shared: dict[SectionRule, list[str]] = {}
    for section_id, rule in SECTION_RULES.items():
        shared.setdefault(rule, []).append(f"`{section_id}`")
    return [
        f"| {', '.join(ids)} | {rule.unit} | {rule.allowed} | {rule.severity or 'no problem'}: {rule.effect} |"
        for rule, ids in shared.items()
    ]
