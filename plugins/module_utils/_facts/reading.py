# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all readers share: the sections, and the registry text in them. A reader returns the problems that it finds."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._parsers.reg_query import RegDump, RegKey, parse_reg
from .._parsers.transcript import Section, Transcript
from .._problems import Problem, make_problem
from .._sections.table import SECTIONS

_NOTHING = Section("", None)


@dataclass(frozen=True)
class Reading:
    """One transcript that is being converted to facts."""

    transcript: Transcript
    _dumps: dict[str, RegDump] = field(default_factory=dict)

    def section(self, section_id: str) -> Section | None:
        """Return the section; None if the transcript does not contain it."""
        return self.transcript.sections.get(section_id)

    def text(self, section_id: str) -> str:
        """Return the section's text; empty if the transcript does not contain it."""
        return self.transcript.sections.get(section_id, _NOTHING).text

    def succeeded(self, section_id: str) -> bool:
        """Return whether the section is there and its command did not fail. Without an exit code, it has not failed."""
        section = self.section(section_id)
        return section is not None and section.errorlevel in (0, None)

    def registry(self, section_id: str) -> RegDump:
        """Return the section as registry text, parsed once."""
        if section_id not in self._dumps:
            self._dumps[section_id] = parse_reg(self.text(section_id))
        return self._dumps[section_id]


def text_of(key: RegKey | None, name: str) -> str | None:
    """Return the text of a key's value, without spaces around it; None if it is not there, or is no text."""
    value = key.values.get(name.lower()) if key else None
    return value.data.strip() if value and isinstance(value.data, str) else None


def damaged(section_id: str, lines: int = 0) -> list[Problem]:
    """Return the problem of a section that was cut, wrapped or marked: a value that it does not show may still exist.

    Args:
        section_id: of one whose damage may be without consequence; then there is no problem.
        lines: how many of them could not be read.
    """
    severity = SECTIONS[section_id].rule.severity
    if severity is None:
        return []
    message = f"The section {section_id} is not as its command prints it: rows were cut, wrapped or changed on the way."
    return [make_problem("section_damaged", severity, message, section=section_id, lines=lines)]
