# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns of a section row: its command, how far its output is trusted, and which words in it are harmless."""

from __future__ import annotations

from dataclasses import dataclass

from .._problems import Severity
from .._windows.settings import SETTINGS

SECTION = "section"
BLOCK = "block"
ROW = "row"
INFORMATION = "information"

PACKED = "packed"
"""The word that a line of packed rows begins with."""

_FAMILIES = {"nt5": ("nt5",), "nt6": ("nt6", "nt6_r2")}
"""By family of tools, the families of releases that have them."""


@dataclass(frozen=True)
class SectionRule:
    """What is tolerated in a section, and what an unreadable part of it causes.

    Transcripts are copied out of windows, sent by mail and pasted into tickets. What is undamaged is used;
    what may be damaged becomes null or a problem, never another fact. "Absent", "none" and "not installed" need proof
    too.

    Attributes:
        unit: how much cannot be used where something in it cannot be read: the section, the block of a service, or the
            row; `INFORMATION` where nothing is decided by it.
        severity: of the problem for an unreadable part; None if there is no problem. An error makes the host unknown.
        allowed: what may stand in it besides what its command prints.
        effect: what an unreadable part does.
    """

    unit: str
    severity: Severity | None
    allowed: str
    effect: str


@dataclass(frozen=True)
class Export:
    """The replacement of `reg query` on hosts without reg.exe.

    Attributes:
        key: what regedit exports.
        values: names whose lines are shown, data over several lines included, besides those of our settings.
        lines: otherwise the arguments of findstr for the lines that are shown.
    """

    key: str
    values: tuple[str, ...] = ()
    lines: str = ""

    @property
    def shown_values(self) -> tuple[str, ...]:
        """The names of the values whose lines are shown."""
        return (*self.values, *(setting.value_name for setting in SETTINGS.values() if setting.key == self.key))


def words(text: str) -> frozenset[str]:
    """Normalise words for comparison without regard to case."""
    return frozenset(text.lower().split())


@dataclass(frozen=True)
class SectionRow:
    """One section.

    Attributes:
        id: its id in the transcript.
        command: what cmd runs; must mean the same on a command line and in a script.
        rule: what is tolerated in it.
        only: "" for all releases, "nt5" or "nt6" where the tool or the key exists on one family only.
        line: what a command line for WinRM runs in its place: the same in fewer bytes.
        exports: what stands in for the command on a host without reg.exe; None for one that does not read the registry,
            empty where nothing can stand in for it.
        words: harmless words that an anonymous transcript keeps, in lower case: Windows or our own tools print them
            everywhere. What is harmless in one section may be a name in another.
        values: names of registry values whose data it keeps, as far as that is made of numbers and harmless words.
        binary: those of them whose data may be hexadecimal digits.
        missed_on: families of releases whose transcript must have the section; all that have the tool by default.
        shows_needs: whether a service that needs ports may be overlooked without it, so that nothing may be taken away.
    """

    id: str
    command: str
    rule: SectionRule
    only: str = ""
    line: str = ""
    exports: tuple[Export, ...] | None = None
    words: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    binary: frozenset[str] = frozenset()
    missed_on: tuple[str, ...] | None = None
    shows_needs: bool = False

    def is_missed(self, family: str | None) -> bool:
        """Return whether a transcript of a release of this family must have the section."""
        if self.missed_on is None:
            return not self.only or family in _FAMILIES[self.only]
        return family in self.missed_on

    @property
    def setting_values(self) -> frozenset[str]:
        """The lower-case names of the settings that the section shows."""
        keys = {export.key for export in self.exports or ()}
        return frozenset(setting.value_name.lower() for setting in SETTINGS.values() if setting.key in keys)

    @property
    def differs_in_32_bit(self) -> bool:
        """Whether a 32-bit process would see other keys, and the command does not ask for the 64-bit ones."""
        asked = self.command.lower()
        return r"hklm\software" in asked and "wow6432node" not in asked
