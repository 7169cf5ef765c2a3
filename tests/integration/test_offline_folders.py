# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The carried scripts work in folders with any name, and touch no other folder."""

from __future__ import annotations

import dataclasses
import re

import pytest

from ansible_collections.portkeeper.windows_dns.plugins.module_utils._offline.script import DONE
from carrier import Carrier, carrier

FOLDERS = ("Smith & Sons", "a (1) & b", "x ^ y")
TEMPORARY = "data & temp"
"""Of an account whose temporary folder begins like another folder."""


@pytest.fixture(scope="module")
def person(lab_host) -> Carrier:
    """Carries files to and from an SBS 2003 host."""
    return carrier(lab_host, "SBS2003")


@dataclasses.dataclass
class Elsewhere(Carrier):
    """Runs the scripts in another folder, for an account with another temporary folder."""

    def run(self, script: str) -> tuple[int, str]:
        """Exit code and output of a script."""
        line = (
            rf'set "TEMP=C:\{TEMPORARY}"&cd /d "C:\{self.folder.name}"&{script} /q'
            r" & call echo rc=%^errorlevel%"
        )
        said = self.host.exec(line, check=False)
        return int(re.findall(r"rc=(\d+)", said)[-1]), said


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_may_have_any_name(person, name: str) -> None:
    drive = person.folder.parent
    folder = drive / name
    folder.mkdir()
    (folder / "collect.cmd").write_bytes((person.folder / "collect.cmd").read_bytes())
    for neighbour in ("data", "Smith", "a (1)"):
        (drive / neighbour).mkdir(exist_ok=True)
        (drive / neighbour / "kept.txt").write_text("precious\n")
    (drive / TEMPORARY).mkdir(exist_ok=True)
    elsewhere = Elsewhere(person.host, folder, person.name)
    before = elsewhere.registry()
    carried = elsewhere.collect()
    elsewhere.carry(carried)
    for script in ("apply.cmd", "rollback.cmd"):
        code, said = elsewhere.run(script)
        assert code == DONE, said
    assert re.findall(r"ReservedPorts.*", elsewhere.registry()) == re.findall(r"ReservedPorts.*", before)
    for neighbour in ("data", "Smith", "a (1)"):
        assert (drive / neighbour / "kept.txt").read_text() == "precious\n"
    assert not [path for path in (drive / TEMPORARY).iterdir() if path.name.startswith("portkeeper")]
