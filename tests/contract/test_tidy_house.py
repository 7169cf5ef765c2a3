# Copyright (c) 2026 portkeeper.windows_dns contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are short, and the tests of a package are in the folder of its name.

The length and the branches of a function are checked by ruff.
"""

from __future__ import annotations

from pathlib import Path

from checkout import CHECKOUT, listed_files

FILE_LINES_MAX = 400
NOT_BY_HAND = (".json", ".gz", ".png", ".txt", ".xsd")
"""Schemas, recordings, pictures, captures, licences, another project's schema: data, whose length nobody chose."""
OF_RELEASES = ("CHANGELOG.rst", "changelogs/changelog.yaml")
"""What antsibull-changelog writes; it grows with each release."""


def test_no_file_is_longer_than_one_can_read() -> None:
    names = [name for name in listed_files() if name not in OF_RELEASES]
    by_hand = [path for name in names if (path := CHECKOUT / name).suffix not in NOT_BY_HAND]
    assert Path(__file__).resolve() in by_hand
    lengths = {str(path.relative_to(CHECKOUT)): len(path.read_bytes().splitlines()) for path in by_hand}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES_MAX} == {}


def test_the_folders_of_the_unit_tests_mirror_the_packages() -> None:
    folders = {Path(name).parent for name in listed_files() if name.startswith("tests/unit/plugins/")}
    data = {Path("tests/unit/plugins/module_utils/_commands/golden")}
    mirrored = {folder.relative_to("tests/unit") for folder in folders - data}
    assert {folder for folder in mirrored if not (CHECKOUT / folder).is_dir()} == set()
    packages = {path.parent.relative_to(CHECKOUT) for path in (CHECKOUT / "plugins").glob("*_utils/_*/*.py")}
    assert packages - mirrored == set()
